/* SPDX-License-Identifier: Apache-2.0 */
/* What the domains of ours on the host hold now. */
#include "app/job.h"
#include "core/domain.h"

void held_free(Held *held)
{
    plan_slice_free(held->config);
    plan_slice_free(held->live);
    g_free(held);
}

static Held *read_held(const Observed *observed, GError **error)
{
    Held *held = g_new0(Held, 1);

    held->config = domain_read_xml(observed->config_xml, error);
    if (held->config && observed->active)
        held->live = domain_read_xml(observed->xml, error);
    if (held->config && (held->live || !observed->active))
        return held;
    g_prefix_error(error, "domain %s: ", observed->name);
    held_free(held);
    return NULL;
}

GPtrArray *job_read_running(Job *job, GError **error)
{
    Virt *virt = job_open_virt(job, error);
    g_autoptr(GPtrArray) ours = virt ? virt_list_ours(virt, error) : NULL;
    g_autoptr(GPtrArray) running = NULL;

    if (!ours)
        return NULL;
    running = g_ptr_array_new_with_free_func((GDestroyNotify)held_free);
    for (guint i = 0; i < ours->len; i++) {
        Held *held = read_held(ours->pdata[i], error);

        if (!held)
            return NULL;
        g_ptr_array_add(running, held);
    }
    return g_steal_pointer(&running);
}

GPtrArray *job_running_configs(const GPtrArray *running)
{
    GPtrArray *configs = g_ptr_array_new();

    for (guint i = 0; running && i < running->len; i++)
        g_ptr_array_add(configs, ((const Held *)running->pdata[i])->config);
    return configs;
}

/* CPUs of @slice that are not the host's own, where anybody's emulator threads may run. */
static CpuSet *own_cpus(const Job *job, const PlanSlice *slice)
{
    CpuSet *cpus = plan_slice_all_cpus(slice);

    if (job->plan_host->reserved_cpus)
        cpuset_subtract(cpus, job->plan_host->reserved_cpus);
    return cpus;
}

static const PlanDevice *find_device(const PlanSlice *slice, const char *address)
{
    for (guint i = 0; slice && address && i < slice->devices->len; i++) {
        const PlanDevice *device = slice->devices->pdata[i];

        if (g_strcmp0(device->address, address) == 0)
            return device;
    }
    return NULL;
}

static void add_overlap(Job *job, const PlanSlice *slice, const char *what, const PlanSlice *other,
                        bool in_spec)
{
    g_autofree char *subject = g_strdup_printf("slice %s", slice->name);
    Finding *finding = findings_add(job->findings, FINDING_ERROR, "slice-overlap", subject,
                                    "%s held by slice %s, %s", what, other->name,
                                    in_spec ? "which still runs with its former settings"
                                            : "which is not in this spec");

    if (in_spec)
        finding_set_hint(finding, "shut %s down, or apply without %s first, with --restart",
                         other->name, slice->name);
    else
        finding_set_hint(finding, "plan all slices of a host in one spec, or destroy %s",
                         other->name);
}

/* What the plan gives to @slice and @other has. @mine: what @slice itself runs with; it does not
 * take anew what it has already. */
static void check_pair(Job *job, const PlanSlice *slice, const PlanSlice *mine,
                       const PlanSlice *other, bool in_spec)
{
    g_autoptr(CpuSet) wanted = own_cpus(job, slice);
    g_autoptr(CpuSet) theirs = plan_slice_all_cpus(other);
    g_autoptr(CpuSet) had = mine ? plan_slice_all_cpus(mine) : cpuset_new();

    cpuset_intersect(wanted, theirs);
    /* service cores of a node may be shared by its slices */
    if (in_spec) {
        const PlanSlice *planned = plan_host_find_slice(job->plan_host, other->name);
        g_autoptr(CpuSet) shared = planned ? plan_slice_all_cpus(planned) : cpuset_new();

        cpuset_subtract(wanted, shared);
        cpuset_subtract(wanted, had);
    }
    if (!cpuset_is_empty(wanted)) {
        g_autofree char *list = cpuset_format(wanted);
        g_autofree char *what = g_strdup_printf("CPUs %s are", list);

        add_overlap(job, slice, what, other, in_spec);
    }
    for (guint i = 0; i < slice->devices->len; i++) {
        const char *address = ((const PlanDevice *)slice->devices->pdata[i])->address;
        g_autofree char *what = g_strdup_printf("device %s is", address);

        if (find_device(other, address) && !(in_spec && find_device(mine, address)))
            add_overlap(job, slice, what, other, in_spec);
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

static const PlanSlice *find_live(const GPtrArray *running, const char *name)
{
    for (guint i = 0; i < running->len; i++) {
        const Held *held = running->pdata[i];

        if (g_strcmp0(held->config->name, name) == 0)
            return held->live;
    }
    return NULL;
}

/* A slice that is not in the spec keeps what its configuration has too: it comes back with it. One
 * that is in the spec gets a new configuration, and what it runs with counts. */
void job_check_overlap(Job *job, const GPtrArray *running)
{
    const GPtrArray *slices = job->plan_host->slices;

    for (guint r = 0; r < running->len; r++) {
        const Held *held = running->pdata[r];
        bool in_spec = is_in_spec(job->spec, held->config->name);

        for (guint i = 0; i < slices->len; i++) {
            const PlanSlice *slice = slices->pdata[i];
            const PlanSlice *mine = find_live(running, slice->name);

            if (g_strcmp0(slice->name, held->config->name) == 0)
                continue;
            if (!in_spec)
                check_pair(job, slice, mine, held->config, false);
            if (held->live)
                check_pair(job, slice, mine, held->live, in_spec);
        }
    }
}
