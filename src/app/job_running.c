/* SPDX-License-Identifier: Apache-2.0 */
/* What the domains of ours on the host hold now. */
#include "app/job.h"
#include "core/domain.h"

GPtrArray *job_read_running(Job *job, GError **error)
{
    Virt *virt = job_open_virt(job, error);
    g_autoptr(GPtrArray) ours = virt ? virt_list_ours(virt, error) : NULL;
    g_autoptr(GPtrArray) running = NULL;

    if (!ours)
        return NULL;
    running = g_ptr_array_new_with_free_func((GDestroyNotify)plan_slice_free);
    for (guint i = 0; i < ours->len; i++) {
        const Observed *observed = ours->pdata[i];
        /* the configuration, not the live XML: a pin that was changed behind our back must show as
         * a difference, not become the plan */
        PlanSlice *slice = domain_read_xml(observed->config_xml, error);

        if (!slice) {
            g_prefix_error(error, "domain %s: ", observed->name);
            return NULL;
        }
        g_ptr_array_add(running, slice);
    }
    return g_steal_pointer(&running);
}

static void check_cpus(Job *job, const PlanSlice *slice, const PlanSlice *other)
{
    g_autoptr(CpuSet) mine = plan_slice_all_cpus(slice);
    g_autoptr(CpuSet) theirs = plan_slice_all_cpus(other);
    g_autofree char *subject = NULL, *list = NULL;

    /* on the host's own CPUs anybody's emulator threads may run */
    if (job->plan_host->reserved_cpus)
        cpuset_subtract(mine, job->plan_host->reserved_cpus);
    cpuset_intersect(mine, theirs);
    if (cpuset_is_empty(mine))
        return;
    subject = g_strdup_printf("slice %s", slice->name);
    list = cpuset_format(mine);
    finding_set_hint(findings_add(job->findings, FINDING_ERROR, "slice-overlap", subject,
                                  "CPUs %s are held by slice %s, which is not in this spec", list,
                                  other->name),
                     "plan all slices of a host in one spec, or destroy %s", other->name);
}

static void check_devices(Job *job, const PlanSlice *slice, const PlanSlice *other)
{
    g_autofree char *subject = g_strdup_printf("slice %s", slice->name);

    for (guint i = 0; i < slice->devices->len; i++) {
        const PlanDevice *mine = slice->devices->pdata[i];

        for (guint n = 0; mine->address && n < other->devices->len; n++) {
            const PlanDevice *theirs = other->devices->pdata[n];

            if (g_strcmp0(mine->address, theirs->address) == 0)
                finding_set_hint(
                    findings_add(job->findings, FINDING_ERROR, "slice-overlap", subject,
                                 "device %s is held by slice %s, which is not in this spec",
                                 mine->address, other->name),
                    "plan all slices of a host in one spec, or destroy %s", other->name);
        }
    }
}

static bool is_in_spec(const Spec *spec, const char *name)
{
    g_autoptr(GPtrArray) instances = spec_expand(spec);

    for (guint i = 0; i < instances->len; i++) {
        if (g_strcmp0(((const SpecInstance *)instances->pdata[i])->name, name) == 0)
            return true;
    }
    return false;
}

void job_check_overlap(Job *job, const GPtrArray *running)
{
    for (guint r = 0; r < running->len; r++) {
        const PlanSlice *other = running->pdata[r];

        if (is_in_spec(job->spec, other->name))
            continue;
        for (guint i = 0; i < job->plan_host->slices->len; i++) {
            check_cpus(job, job->plan_host->slices->pdata[i], other);
            check_devices(job, job->plan_host->slices->pdata[i], other);
        }
    }
}
