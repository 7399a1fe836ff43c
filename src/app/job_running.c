/* SPDX-License-Identifier: Apache-2.0 */
/* What the domains of ours on the host hold now. */
#include "app/job.h"
#include "base/text.h"
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

#define ANY_PAGES 0

/* A slice's share of what the host has: what it has now, and what it is to have. */
typedef struct {
    const PlanSlice *config, *live, *planned; /* each may be NULL */
    bool in_spec;
} Share;

static GArray *list_shares(const Job *job, const GPtrArray *running)
{
    const GPtrArray *slices = job->plan_host->slices;
    GArray *shares = g_array_new(false, false, sizeof(Share));

    for (guint i = 0; i < slices->len; i++) {
        const PlanSlice *slice = slices->pdata[i];
        Share share = {NULL, find_live(running, slice->name), slice, true};

        g_array_append_val(shares, share);
    }
    for (guint i = 0; i < running->len; i++) {
        const Held *held = running->pdata[i];
        Share share = {held->config, held->live, NULL, is_in_spec(job->spec, held->config->name)};

        if (!plan_host_find_slice(job->plan_host, held->config->name))
            g_array_append_val(shares, share);
    }
    return shares;
}

/* Bytes on the node, of pages of that size. */
static gint64 memory_on(const PlanSlice *slice, gint64 node, gint64 page_bytes)
{
    if (!slice || (page_bytes != ANY_PAGES && slice->hugepage_bytes != page_bytes))
        return 0;
    for (guint i = 0; i < slice->nodes->len; i++)
        if (g_array_index(slice->nodes, gint64, i) == node)
            return MAX(slice->memory_bytes, 0) / slice->nodes->len;
    return 0;
}

static gint64 memory_held(const Share *share, gint64 node, gint64 page_bytes)
{
    return MAX(memory_on(share->live, node, page_bytes),
               share->in_spec ? 0 : memory_on(share->config, node, page_bytes));
}

/* What the slices can have together on the node; of hugepages, those that are there or that the
 * plan brings. */
static gint64 memory_there(const Job *job, const HostNode *node, gint64 page_bytes)
{
    const GPtrArray *slices = job->plan_host->slices;
    const HostHugepages *pool = host_find_pool(node, page_bytes);
    gint64 planned = 0, total = 0;

    if (page_bytes == ANY_PAGES)
        return node->memory_bytes == RECORD_UNSET
                   ? G_MAXINT64
                   : node->memory_bytes - MAX(job->spec_host->reserve.memory_per_node, 0);
    for (guint i = 0; i < slices->len; i++)
        planned += memory_on(slices->pdata[i], node->id, page_bytes);
    if (pool)
        total = pool->total == RECORD_UNSET ? G_MAXINT64 : pool->total * page_bytes;
    return MAX(planned, total);
}

/* While those that are to have less, or to go, still hold what they have, can the others have what
 * they are to have? false: it has been told. */
static bool check_memory(Job *job, const GArray *shares, const HostNode *node, gint64 page_bytes)
{
    gint64 lacking = -memory_there(job, node, page_bytes);

    for (guint i = 0; i < shares->len; i++) {
        const Share *share = &g_array_index(shares, Share, i);

        lacking += MAX(memory_held(share, node->id, page_bytes),
                       memory_on(share->planned, node->id, page_bytes));
    }
    for (guint i = 0; i < shares->len && lacking > 0; i++) {
        const Share *share = &g_array_index(shares, Share, i);

        if (memory_on(share->planned, node->id, page_bytes) <=
            memory_held(share, node->id, page_bytes))
            continue;
        for (guint j = 0; j < shares->len; j++) {
            const Share *other = &g_array_index(shares, Share, j);
            gint64 held = memory_held(other, node->id, page_bytes) -
                          memory_on(other->planned, node->id, page_bytes);
            g_autofree char *size = text_format_size_short(MIN(held, lacking));
            g_autofree char *what =
                g_strdup_printf("%s of memory on node %" G_GINT64_FORMAT " are", size, node->id);

            if (held > 0)
                add_overlap(job, share->planned, what, other->live ?: other->config,
                            other->in_spec);
        }
    }
    return lacking <= 0;
}

static void check_nodes(Job *job, const GPtrArray *running)
{
    g_autoptr(GArray) shares = list_shares(job, running);

    for (guint n = 0; n < job->host->nodes->len; n++) {
        const HostNode *node = job->host->nodes->pdata[n];
        bool fits = true;

        for (int pages = SPEC_HUGEPAGES_1GIB; pages < SPEC_HUGEPAGES_NONE; pages++)
            fits = check_memory(job, shares, node, spec_hugepage_bytes(pages)) && fits;
        if (fits)
            check_memory(job, shares, node, ANY_PAGES);
    }
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
    check_nodes(job, running);
}
