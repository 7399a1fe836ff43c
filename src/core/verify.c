/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One function per check, and one table of those that need a running domain. The words of libvirt
 * and those of the kernel are separate checks: libvirt repeats what it was told, the kernel what
 * is.
 */
#include "core/verify.h"
#include "core/kernel.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "base/xml.h"
#include "core/domain.h"
#include "core/verify_private.h"
#include "model/spec.h"

#define MIB (1024 * 1024)

Check *verify_add(const VerifyContext *context, bool good, const char *id, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);

    g_autofree char *text = g_strdup_vprintf(format, arguments);

    va_end(arguments);
    return checks_add(context->checks, good ? CHECK_PASS : CHECK_FAIL, id, context->slice->name,
                      "%s", text);
}

void verify_skip(const VerifyContext *context, const char *id, const char *why)
{
    checks_add(context->checks, CHECK_SKIP, id, context->slice->name, "%s", why);
}

char *verify_list(const CpuSet *cpus)
{
    return cpus ? cpuset_format(cpus) : g_strdup("unknown");
}

static void check_vcpu_pin(const VerifyContext *context, const char *id)
{
    const GPtrArray *pins = context->observed->vcpu_pins;

    for (guint i = 0; i < context->slice->vcpus->len; i++) {
        const PlanVcpu *vcpu = context->slice->vcpus->pdata[i];
        const CpuSet *pin = vcpu->id < pins->len ? pins->pdata[vcpu->id] : NULL;
        g_autofree char *list = verify_list(pin);
        bool good = pin && cpuset_count(pin) == 1 && cpuset_has(pin, (guint)vcpu->cpu);

        check_set_evidence(verify_add(context, good, id,
                                      "vCPU %" G_GINT64_FORMAT " on CPU %" G_GINT64_FORMAT,
                                      vcpu->id, vcpu->cpu),
                           "libvirt: vcpupin %" G_GINT64_FORMAT ": %s", vcpu->id, list);
    }
}

static void check_emulator_pin(const VerifyContext *context, const char *id)
{
    g_autofree char *wanted = verify_list(context->slice->emulator_cpus);
    g_autofree char *pinned = verify_list(context->observed->emulator_pin);
    bool good = cpuset_equal(context->slice->emulator_cpus, context->observed->emulator_pin);

    check_set_evidence(verify_add(context, good, id, "emulator threads on CPUs %s", wanted),
                       "libvirt: emulatorpin: %s", pinned);
}

static void check_iothread_pin(const VerifyContext *context, const char *id)
{
    const GPtrArray *pins = context->observed->iothread_pins;

    if (context->slice->iothreads->len == 0)
        verify_skip(context, id, "the slice has no IOThreads");
    for (guint i = 0; i < context->slice->iothreads->len; i++) {
        const PlanIothread *iothread = context->slice->iothreads->pdata[i];
        const CpuSet *pin = iothread->id <= pins->len ? pins->pdata[iothread->id - 1] : NULL;
        g_autofree char *wanted = verify_list(iothread->cpus);
        g_autofree char *pinned = verify_list(pin);

        check_set_evidence(verify_add(context, cpuset_equal(pin, iothread->cpus), id,
                                      "IOThread %" G_GINT64_FORMAT " on CPUs %s", iothread->id,
                                      wanted),
                           "libvirt: iothreadpin %" G_GINT64_FORMAT ": %s", iothread->id, pinned);
    }
}

static void check_cpu_model(const VerifyContext *context, const char *id)
{
    bool kvm = context->plan_host->kvm > 0;
    g_autoptr(Xml) xml = xml_read(context->observed->xml, NULL);
    g_autofree char *type = xml ? xml_text(xml, NULL, "/domain/@type") : NULL;
    g_autofree char *mode = xml ? xml_text(xml, NULL, "/domain/cpu/@mode") : NULL;
    const char *wanted_type = kvm ? "kvm" : "qemu";
    const char *wanted_mode = kvm ? "host-passthrough" : "maximum";
    bool good = g_strcmp0(type, wanted_type) == 0 && g_strcmp0(mode, wanted_mode) == 0;

    check_set_evidence(
        verify_add(context, good, id, "CPU mode %s, domain type %s", wanted_mode, wanted_type),
        "libvirt: <domain type='%s'>, <cpu mode='%s'>", type ? type : "", mode ? mode : "");
}

static void check_cpu_topology(const VerifyContext *context, const char *id)
{
    const PlanSlice *slice = context->slice;
    g_autoptr(Xml) xml = xml_read(context->observed->xml, NULL);
    gint64 sockets = xml ? xml_int(xml, NULL, "/domain/cpu/topology/@sockets") : RECORD_UNSET;
    gint64 cores = xml ? xml_int(xml, NULL, "/domain/cpu/topology/@cores") : RECORD_UNSET;
    gint64 threads = xml ? xml_int(xml, NULL, "/domain/cpu/topology/@threads") : RECORD_UNSET;
    gint64 wanted_sockets = domain_guest_sockets(slice);
    gint64 wanted_threads = MAX(slice->threads, 1);
    gint64 wanted_cores = slice->vcpus->len / (wanted_sockets * wanted_threads);
    bool good = sockets == wanted_sockets && cores == wanted_cores && threads == wanted_threads;

    check_set_evidence(verify_add(context, good, id,
                                  "guest sees sockets %" G_GINT64_FORMAT ", cores %" G_GINT64_FORMAT
                                  ", threads %" G_GINT64_FORMAT,
                                  wanted_sockets, wanted_cores, wanted_threads),
                       "libvirt: <topology sockets='%" G_GINT64_FORMAT "' cores='%" G_GINT64_FORMAT
                       "' threads='%" G_GINT64_FORMAT "'>",
                       sockets, cores, threads);
}

static bool slice_has_node(const PlanSlice *slice, gint64 node)
{
    for (guint i = 0; i < slice->nodes->len; i++) {
        if (g_array_index(slice->nodes, gint64, i) == node)
            return true;
    }
    return false;
}

static void check_memory_node(const VerifyContext *context, const char *id)
{
    const GPtrArray *memory = context->observed->memory;
    g_autoptr(GString) where = g_string_new(NULL);
    bool good = true;

    if (context->slice->nodes->len == 0)
        return verify_skip(context, id, "the plan binds the memory to no node");
    if (memory->len == 0)
        return verify_skip(context, id, "where the guest's memory lies cannot be read from here");
    for (guint i = 0; i < memory->len; i++) {
        const ObservedMemory *part = memory->pdata[i];
        g_autofree char *size = text_format_size_short(part->bytes);

        if (part->bytes > 0 && !slice_has_node(context->slice, part->node))
            good = false;
        g_string_append_printf(where, "%s%s on node %" G_GINT64_FORMAT, i > 0 ? ", " : "", size,
                               part->node);
    }

    g_autoptr(GString) wanted = g_string_new(NULL);

    for (guint i = 0; i < context->slice->nodes->len; i++)
        g_string_append_printf(wanted, "%s%" G_GINT64_FORMAT, i > 0 ? "," : "",
                               g_array_index(context->slice->nodes, gint64, i));
    check_set_evidence(verify_add(context, good, id, "all guest memory on node %s", wanted->str),
                       "/proc/%d/numa_maps: %s", context->observed->pid, where->str);
}

static void check_memory_pages(const VerifyContext *context, const char *id)
{
    gint64 wanted = context->slice->hugepage_bytes;
    gint64 found = context->observed->memory_page_bytes;

    if (found == RECORD_UNSET)
        return verify_skip(context, id,
                           "the page size of the guest's memory cannot be read from here");

    g_autofree char *wanted_size = wanted > 0 ? text_format_size(wanted) : NULL;
    g_autofree char *found_size = text_format_size(found);

    /* Ordinary pages are 4 KiB to 64 KiB, by architecture. */
    check_set_evidence(verify_add(context, wanted > 0 ? found == wanted : found < MIB, id,
                                  "guest memory in %s pages",
                                  wanted_size ? wanted_size : "ordinary"),
                       "/proc/%d/numa_maps: pages of %s", context->observed->pid, found_size);
}

/* What must be there for a check to say anything. */
typedef enum { NEEDS_DOMAIN, NEEDS_PROCESS } CheckNeed;

static const struct {
    const char *id;
    CheckNeed need;
    void (*run)(const VerifyContext *context, const char *id);
} running_checks[] = {
    {"vcpu-pin", NEEDS_DOMAIN, check_vcpu_pin},
    {"emulator-pin", NEEDS_DOMAIN, check_emulator_pin},
    {"iothread-pin", NEEDS_DOMAIN, check_iothread_pin},
    {"vcpu-threads-complete", NEEDS_PROCESS, verify_vcpu_threads_complete},
    {"thread-affinity", NEEDS_PROCESS, verify_thread_affinity},
    {"foreign-cpu", NEEDS_PROCESS, verify_foreign_cpu},
    {"cpu-model", NEEDS_DOMAIN, check_cpu_model},
    {"cpu-topology", NEEDS_DOMAIN, check_cpu_topology},
    {"memory-node", NEEDS_PROCESS, check_memory_node},
    {"memory-pages", NEEDS_PROCESS, check_memory_pages},
    {"device-present", NEEDS_DOMAIN, verify_device_present},
    {"device-driver", NEEDS_DOMAIN, verify_device_driver},
    {"iommu-group", NEEDS_DOMAIN, verify_device_group},
};

void verify_slice(const Host *host, const PlanHost *plan_host, const PlanSlice *slice,
                  const Observed *observed, GPtrArray *checks)
{
    VerifyContext context = {host, plan_host, slice, observed, checks};
    bool ours = observed && observed->ours;

    check_set_evidence(verify_add(&context, ours && observed->active && !observed->paused,
                                  "domain-running", "domain %s runs", slice->name),
                       "libvirt: %s",
                       !observed         ? "no such domain"
                       : !ours           ? "a domain of that name that bmslice did not make"
                       : observed->state ? observed->state
                                         : "state unknown");
    if (!ours)
        return;
    check_set_evidence(
        verify_add(&context, observed->autostart, "autostart", "starts with the host"),
        "libvirt: autostart %s", observed->autostart ? "on" : "off");
    for (gsize i = 0; i < G_N_ELEMENTS(running_checks); i++) {
        if (!observed->active)
            verify_skip(&context, running_checks[i].id, "the domain does not run");
        else if (running_checks[i].need == NEEDS_PROCESS && observed->pid == 0)
            verify_skip(&context, running_checks[i].id,
                        "its QEMU process is not visible from here");
        else
            running_checks[i].run(&context, running_checks[i].id);
    }
}

static void check_isolated(const Host *host, const PlanHost *plan_host, GPtrArray *checks)
{
    const CpuSet *wanted = plan_host->isolated_cpus;
    bool runtime = plan_host->isolation == SPEC_ISOLATION_RUNTIME;
    const CpuSet *isolated = runtime ? host->kernel.partition : host->kernel.isolated;

    if (!wanted || cpuset_is_empty(wanted) || (!runtime && plan_host->kernel_args->len == 0)) {
        checks_add(checks, CHECK_SKIP, "isolated-cpus", plan_host->name,
                   "the spec asks for no isolation");
        return;
    }

    g_autofree char *list = cpuset_format(wanted);
    g_autofree char *found = verify_list(isolated);
    bool good = isolated && cpuset_is_subset(wanted, isolated);

    check_set_evidence(checks_add(checks, good ? CHECK_PASS : CHECK_FAIL, "isolated-cpus",
                                  plan_host->name, "CPUs %s are isolated from the scheduler", list),
                       "%s: %s",
                       runtime ? PARTITION_CGROUP "/cpuset.cpus.partition"
                               : "/sys/devices/system/cpu/isolated",
                       *found ? found : "(none)");
}

void verify_host(const Host *host, const PlanHost *plan_host, GPtrArray *checks)
{
    check_isolated(host, plan_host, checks);
    if (plan_host->kernel_args->len == 0)
        checks_add(checks, CHECK_SKIP, "kernel-args", plan_host->name,
                   "the plan needs no kernel arguments");
    for (guint i = 0; i < plan_host->kernel_args->len; i++) {
        const char *argument = plan_host->kernel_args->pdata[i];
        g_autofree char *word = NULL;
        bool good = kernel_argument_is_met(plan_host, host->kernel.cmdline, argument, &word);

        check_set_evidence(checks_add(checks, good ? CHECK_PASS : CHECK_FAIL, "kernel-args",
                                      plan_host->name, "kernel argument %s in force", argument),
                           "/proc/cmdline: %s", word ? word : "not in it");
    }
}
