/* SPDX-License-Identifier: Apache-2.0 */
/* The threads of a slice's QEMU process: is each where the plan wants it, and only there? */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "core/verify_private.h"

/* QEMU names its threads when libvirt starts it (debug-threads=on): "CPU 0/KVM", "CPU 0/TCG",
 * "IO iothread1". */
typedef enum { THREAD_VCPU, THREAD_IOTHREAD, THREAD_OTHER } ThreadRole;

static ThreadRole thread_role(const ObservedThread *thread, guint *ret_number)
{
    char accelerator[4] = "";
    int used = 0;

    if (sscanf(thread->name, "CPU %u/%3[A-Z]%n", ret_number, accelerator, &used) == 2 &&
        thread->name[used] == '\0')
        return THREAD_VCPU;
    if (sscanf(thread->name, "IO iothread%u%n", ret_number, &used) == 1 &&
        thread->name[used] == '\0')
        return THREAD_IOTHREAD;
    return THREAD_OTHER;
}

static void set_thread_evidence(Check *check, const Observed *observed,
                                const ObservedThread *thread)
{
    g_autofree char *allowed = verify_list(thread->allowed);
    g_autofree char *name = text_quote(thread->name, 16);

    check_set_evidence(check, "/proc/%d/task/%d/status: %s Cpus_allowed_list %s", observed->pid,
                       thread->tid, name, allowed);
}

static void check_vcpu_thread(const VerifyContext *context, const char *id,
                              const ObservedThread *thread, guint number)
{
    const CpuSet *allowed = thread->allowed;
    const PlanVcpu *vcpu = NULL;

    for (guint i = 0; i < context->slice->vcpus->len && !vcpu; i++) {
        const PlanVcpu *candidate = context->slice->vcpus->pdata[i];

        if (candidate->id == number)
            vcpu = candidate;
    }

    bool good =
        vcpu && allowed && cpuset_count(allowed) == 1 && cpuset_has(allowed, (guint)vcpu->cpu);
    Check *check = vcpu
                       ? verify_add(context, good, id, "thread of vCPU %u on CPU %" G_GINT64_FORMAT,
                                    number, vcpu->cpu)
                       : verify_add(context, false, id,
                                    "thread of vCPU %u, which the plan does not know", number);

    set_thread_evidence(check, context->observed, thread);
}

static void check_iothread_thread(const VerifyContext *context, const char *id,
                                  const ObservedThread *thread, guint number)
{
    const PlanIothread *iothread = NULL;

    for (guint i = 0; i < context->slice->iothreads->len && !iothread; i++) {
        const PlanIothread *candidate = context->slice->iothreads->pdata[i];

        if (candidate->id == number)
            iothread = candidate;
    }

    g_autofree char *wanted = verify_list(iothread ? iothread->cpus : NULL);
    Check *check = iothread
                       ? verify_add(context, cpuset_equal(iothread->cpus, thread->allowed), id,
                                    "thread of IOThread %u on CPUs %s", number, wanted)
                       : verify_add(context, false, id,
                                    "thread of IOThread %u, which the plan does not know", number);

    set_thread_evidence(check, context->observed, thread);
}

/* One line when all of them are where they may be; else one for each that is not. */
static void check_other_threads(const VerifyContext *context, const char *id)
{
    const CpuSet *wanted = context->slice->emulator_cpus;
    g_autofree char *list = verify_list(wanted);
    guint others = 0, strays = 0, number;

    for (guint i = 0; i < context->observed->threads->len; i++) {
        const ObservedThread *thread = context->observed->threads->pdata[i];

        if (thread_role(thread, &number) != THREAD_OTHER)
            continue;
        others++;
        if (wanted && thread->allowed && cpuset_is_subset(thread->allowed, wanted))
            continue;
        strays++;
        set_thread_evidence(verify_add(context, false, id, "emulator thread within CPUs %s", list),
                            context->observed, thread);
    }
    if (strays == 0 && others > 0)
        check_set_evidence(
            verify_add(context, true, id, "%u emulator threads within CPUs %s", others, list),
            "/proc/%d/task/*/status", context->observed->pid);
}

/* Each IOThread of the plan has its thread. */
static void check_iothreads_exist(const VerifyContext *context, const char *id)
{
    for (guint i = 0; i < context->slice->iothreads->len; i++) {
        const PlanIothread *iothread = context->slice->iothreads->pdata[i];
        bool found = false;

        for (guint t = 0; t < context->observed->threads->len && !found; t++) {
            guint number;

            found = thread_role(context->observed->threads->pdata[t], &number) == THREAD_IOTHREAD &&
                    number == iothread->id;
        }
        if (!found)
            check_set_evidence(verify_add(context, false, id,
                                          "IOThread %" G_GINT64_FORMAT " has a thread",
                                          iothread->id),
                               "/proc/%d/task: no thread IO iothread%" G_GINT64_FORMAT,
                               context->observed->pid, iothread->id);
    }
}

void verify_thread_affinity(const VerifyContext *context, const char *id)
{
    for (guint i = 0; i < context->observed->threads->len; i++) {
        const ObservedThread *thread = context->observed->threads->pdata[i];
        guint number;
        ThreadRole role = thread_role(thread, &number);

        if (role == THREAD_VCPU)
            check_vcpu_thread(context, id, thread, number);
        else if (role == THREAD_IOTHREAD)
            check_iothread_thread(context, id, thread, number);
    }
    check_iothreads_exist(context, id);
    check_other_threads(context, id);
}

/* CPUs that the plan gives to somebody else, and not to this slice too. */
static CpuSet *foreign_cpus(const VerifyContext *context)
{
    CpuSet *foreign = context->plan_host->reserved_cpus
                          ? cpuset_copy(context->plan_host->reserved_cpus)
                          : cpuset_new();
    g_autoptr(CpuSet) own = plan_slice_all_cpus(context->slice);

    for (guint i = 0; i < context->plan_host->slices->len; i++) {
        const PlanSlice *other = context->plan_host->slices->pdata[i];
        g_autoptr(CpuSet) cpus = plan_slice_all_cpus(other);

        if (strcmp(other->name, context->slice->name) != 0)
            cpuset_union(foreign, cpus);
    }
    cpuset_subtract(foreign, own);
    return foreign;
}

void verify_foreign_cpu(const VerifyContext *context, const char *id)
{
    g_autoptr(CpuSet) foreign = foreign_cpus(context);
    guint strays = 0;
    const ObservedThread *first = NULL;

    for (guint i = 0; i < context->observed->threads->len; i++) {
        const ObservedThread *thread = context->observed->threads->pdata[i];

        if (thread->allowed && !cpuset_intersects(thread->allowed, foreign))
            continue;
        strays++;
        first = first ? first : thread;
    }
    if (first)
        set_thread_evidence(verify_add(context, false, id,
                                       "%u threads may run on CPUs of the host or of other slices",
                                       strays),
                            context->observed, first);
    else
        check_set_evidence(verify_add(context, true, id,
                                      "no thread may run on a CPU of the host or of another slice"),
                           "/proc/%d/task/*/status, %u threads", context->observed->pid,
                           context->observed->threads->len);
}

void verify_vcpu_threads_complete(const VerifyContext *context, const char *id)
{
    g_autoptr(CpuSet) found = cpuset_new();
    g_autoptr(CpuSet) wanted = cpuset_new();
    guint number;

    for (guint i = 0; i < context->observed->threads->len; i++) {
        if (thread_role(context->observed->threads->pdata[i], &number) == THREAD_VCPU &&
            number < CPUSET_LIMIT)
            cpuset_add(found, number);
    }
    for (guint i = 0; i < context->slice->vcpus->len; i++)
        cpuset_add(wanted, (guint)((const PlanVcpu *)context->slice->vcpus->pdata[i])->id);

    g_autofree char *list = cpuset_format(found);

    check_set_evidence(verify_add(context, cpuset_equal(found, wanted), id,
                                  "each of %u vCPUs has a thread, and there are no others",
                                  context->slice->vcpus->len),
                       "/proc/%d/task: threads of vCPUs %s", context->observed->pid,
                       *list ? list : "(none)");
}
