/* SPDX-License-Identifier: Apache-2.0 */
/* What each slice needs, and on which nodes it could have it. */
#include "core/place_internal.h"

/* More choices of nodes than any server that is sold has for a sensible slice. */
#define MAX_TUPLES 20000

void demand_free(Demand *demand)
{
    if (!demand)
        return;
    g_ptr_array_unref(demand->wants);
    g_array_unref(demand->tuples);
    g_clear_pointer(&demand->stay, g_array_unref);
    g_free(demand->flaw);
    g_free(demand->flaw_hint);
    g_free(demand);
}

guint demand_cores(const Demand *demand)
{
    return demand->n_nodes * demand->cores_per_node + (demand->own_service ? demand->service : 0);
}

static void G_GNUC_PRINTF(4, 5)
    set_flaw(Demand *demand, const char *resource, char *hint, const char *format, ...)
{
    va_list arguments;

    if (demand->flaw) {
        g_free(hint);
        return;
    }
    va_start(arguments, format);
    demand->flaw = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    demand->flaw_resource = resource;
    demand->flaw_hint = hint;
}

static void size_cpus(Demand *demand, const Supply *supply)
{
    const SpecSlice *slice = demand->slice;
    gint64 unit = demand->n_nodes * supply->threads;

    demand->whole = slice->smt == SPEC_SMT_PAIRS && supply->threads > 1;
    demand->threads = demand->whole ? supply->threads : 1;
    demand->vcpus_per_node = (guint)slice->vcpus / demand->n_nodes;
    demand->cores_per_node = demand->vcpus_per_node / demand->threads;
    if (slice->vcpus % demand->n_nodes)
        set_flaw(demand, "numa", NULL,
                 "%" G_GINT64_FORMAT " vCPUs cannot be split evenly over %u nodes", slice->vcpus,
                 demand->n_nodes);
    else if (demand->vcpus_per_node % demand->threads)
        set_flaw(
            demand, "cores",
            g_strdup_printf("vcpus: %" G_GINT64_FORMAT ", or smt: isolate",
                            (slice->vcpus / unit + 1) * unit),
            "smt: pairs gives whole cores of %u threads, and %u vCPUs a node leave one in half",
            demand->threads, demand->vcpus_per_node);
}

/* The kernel has a pool for each size that it can make pages of, on each node, be there pages in it
 * or not (arch/x86/mm/hugetlbpage.c: 1 GiB if the CPU has "pdpe1gb"). */
static bool has_pages(const Host *host, gint64 bytes)
{
    bool known = false;

    for (guint n = 0; n < host->nodes->len; n++) {
        const HostNode *node = g_ptr_array_index(host->nodes, n);

        if (host_find_pool(node, bytes))
            return true;
        known |= node->hugepages->len > 0;
    }
    return !known;
}

static void size_memory(Demand *demand, const Supply *supply)
{
    const SpecSlice *slice = demand->slice;

    demand->memory_per_node = slice->memory / demand->n_nodes;
    demand->hugepage_bytes = spec_hugepage_bytes(slice->hugepages);
    if (demand->hugepage_bytes > 0 && !has_pages(supply->host, demand->hugepage_bytes)) {
        g_autofree char *page = text_format_size(demand->hugepage_bytes);

        set_flaw(demand, "hugepages", NULL, "the kernel of %s has no pages of %s",
                 supply->host->hostname, page);
    }
    if (slice->memory % demand->n_nodes)
        set_flaw(demand, "memory", NULL, "its memory cannot be split evenly over %u nodes",
                 demand->n_nodes);
    else if (demand->hugepage_bytes > 0 && demand->memory_per_node % demand->hugepage_bytes) {
        gint64 unit = demand->hugepage_bytes * demand->n_nodes;
        g_autofree char *page = text_format_size(demand->hugepage_bytes);
        g_autofree char *memory = text_format_size(demand->memory_per_node);
        g_autofree char *rounded = text_format_size((slice->memory / unit + 1) * unit);

        set_flaw(demand, "hugepages", g_strdup_printf("memory: %s, or hugepages: none", rounded),
                 "%s of memory on a node is no whole number of %s pages", memory, page);
    }
}

static bool pins_allow(const GArray *pin, const Supply *supply, const guint16 *nodes, guint n)
{
    guint hits = 0;

    for (guint p = 0; p < pin->len; p++)
        for (guint i = 0; i < n; i++) {
            const SupplyNode *node = g_ptr_array_index(supply->nodes, nodes[i]);

            hits += node->node->id == g_array_index(pin, gint64, p);
        }
    return hits == MIN(pin->len, n);
}

static void check_pins(Demand *demand, const Supply *supply)
{
    const GArray *pin = demand->slice->numa.pin;

    for (guint p = 0; p < pin->len; p++) {
        gint64 id = g_array_index(pin, gint64, p);
        bool found = false;

        for (guint n = 0; n < supply->nodes->len; n++) {
            const SupplyNode *node = g_ptr_array_index(supply->nodes, n);

            found |= node->node->id == id;
        }
        if (!found)
            set_flaw(demand, "numa", NULL, "%s has no node %" G_GINT64_FORMAT " with CPUs",
                     supply->host->hostname, id);
    }
}

/* All choices of n_nodes of the host's nodes, in ascending order, that the pins allow. */
static void list_tuples(Demand *demand, const Supply *supply)
{
    guint n = demand->n_nodes, total = supply->nodes->len;
    g_autofree guint16 *tuple = g_new0(guint16, n);
    int last;

    check_pins(demand, supply);
    if (n > total) {
        set_flaw(demand, "numa", g_strdup_printf("numa: {nodes: %u}", MAX(total, 1)),
                 "it wants %u NUMA nodes, and %s has %u", n, supply->host->hostname, total);
        return;
    }
    for (guint i = 0; i < n; i++)
        tuple[i] = (guint16)i;
    do {
        if (pins_allow(demand->slice->numa.pin, supply, tuple, n))
            g_array_append_vals(demand->tuples, tuple, n);
        for (last = (int)n - 1; last >= 0 && tuple[last] == total - n + last; last--)
            ;
        if (last < 0)
            break;
        tuple[last]++;
        for (guint i = (guint)last + 1; i < n; i++)
            tuple[i] = tuple[i - 1] + 1;
        demand->cut = demand->tuples->len / n >= MAX_TUPLES;
    } while (!demand->cut);
}

/* The core that holds exactly what vCPU @first of the running slice needs, and may be a slice's. */
static const HostCore *running_core(const Demand *demand, const Supply *supply,
                                    const SupplyNode *node, guint first)
{
    const PlanVcpu *vcpu = g_ptr_array_index(demand->running->vcpus, first);
    const HostCore *core = host_core_of_cpu(supply->host, (guint)vcpu->cpu);
    int cpu;

    if (!core || !g_ptr_array_find(node->cores, core, NULL) ||
        (demand->whole && !supply_core_is_whole(supply, core)))
        return NULL;
    cpu = cpuset_next(core->cpus, 0);
    for (guint t = 0; t < demand->threads; t++) {
        vcpu = g_ptr_array_index(demand->running->vcpus, first + t);
        if (vcpu->cpu != cpu)
            return NULL;
        cpu = cpuset_next(core->cpus, (guint)cpu + 1);
    }
    return core;
}

static bool running_fits_node(const Demand *demand, const Supply *supply, guint position,
                              guint supply_node, GHashTable *taken)
{
    const SupplyNode *node = g_ptr_array_index(supply->nodes, supply_node);

    for (guint c = 0; c < demand->cores_per_node; c++) {
        guint first = position * demand->vcpus_per_node + c * demand->threads;
        const HostCore *core = running_core(demand, supply, node, first);

        if (!core || !g_hash_table_add(taken, (gpointer)core))
            return false;
    }
    return true;
}

/* A running slice may stay when its pins are what this spec would give it on those nodes. */
static void find_stay(Demand *demand, const Supply *supply)
{
    const PlanSlice *running = demand->running;
    g_autoptr(GHashTable) taken = g_hash_table_new(NULL, NULL);
    g_autoptr(GArray) nodes = g_array_new(false, false, sizeof(guint16));

    if (!running || demand->flaw || running->nodes->len != demand->n_nodes ||
        running->vcpus->len != demand->n_nodes * demand->vcpus_per_node)
        return;
    for (guint i = 0; i < running->nodes->len; i++)
        for (guint n = 0; n < supply->nodes->len; n++) {
            const SupplyNode *node = g_ptr_array_index(supply->nodes, n);
            guint16 value = (guint16)n;

            if (node->node->id == g_array_index(running->nodes, gint64, i))
                g_array_append_val(nodes, value);
        }
    if (nodes->len != demand->n_nodes ||
        !pins_allow(demand->slice->numa.pin, supply, (const guint16 *)nodes->data, nodes->len))
        return;
    for (guint i = 0; i < nodes->len; i++)
        if ((i > 0 && g_array_index(nodes, guint16, i) <= g_array_index(nodes, guint16, i - 1)) ||
            !running_fits_node(demand, supply, i, g_array_index(nodes, guint16, i), taken))
            return;
    demand->stay = g_steal_pointer(&nodes);
}

static guint cluster_number(const Spec *spec, const SpecCluster *cluster)
{
    guint number = 0;

    g_ptr_array_find(spec->clusters, cluster, &number);
    return number;
}

Demand *demand_new(const Supply *supply, const Spec *spec, const SpecInstance *instance,
                   const SpecSlice *slice, guint index, const GPtrArray *running)
{
    Demand *demand = g_new0(Demand, 1);

    demand->instance = instance;
    demand->slice = slice;
    demand->index = index;
    demand->cluster = cluster_number(spec, instance->cluster);
    demand->alone_in_cluster = instance->cluster->spread != SPEC_SPREAD_NONE;
    demand->n_nodes = (guint)MAX(slice->numa.nodes, 1);
    demand->service = (guint)MAX(slice->service.cores, 0);
    demand->own_service = slice->service.scope == SPEC_SCOPE_SLICE;
    demand->wants = g_ptr_array_new_with_free_func((GDestroyNotify)want_free);
    demand->tuples = g_array_new(false, false, sizeof(guint16));
    for (guint i = 0; running && i < running->len; i++) {
        const PlanSlice *slice_now = g_ptr_array_index(running, i);

        if (g_strcmp0(slice_now->name, instance->name) == 0)
            demand->running = slice_now;
    }
    size_cpus(demand, supply);
    size_memory(demand, supply);
    list_tuples(demand, supply);
    find_stay(demand, supply);
    demand_add_wants(demand, supply, spec);
    return demand;
}

/* Two running slices that claim one core (somebody moved a pin by hand): the first keeps it. */
static void settle_stays(const GPtrArray *demands)
{
    g_autoptr(CpuSet) taken = cpuset_new();

    for (guint i = 0; i < demands->len; i++) {
        Demand *demand = g_ptr_array_index(demands, i);
        g_autoptr(CpuSet) cpus = demand->stay ? plan_slice_vcpu_cpus(demand->running) : NULL;

        if (!cpus)
            continue;
        if (cpuset_intersects(cpus, taken))
            g_clear_pointer(&demand->stay, g_array_unref);
        else
            cpuset_union(taken, cpus);
    }
}

guint demands_count_vfs(const GPtrArray *instances)
{
    guint count = 0;

    for (guint i = 0; i < instances->len; i++) {
        const SpecInstance *instance = g_ptr_array_index(instances, i);

        for (guint n = 0; n < instance->slice->nics->len; n++) {
            const SpecNic *nic = g_ptr_array_index(instance->slice->nics, n);

            count += nic->mode == SPEC_NIC_VF;
        }
    }
    return count;
}

GPtrArray *demands_new(const Supply *supply, const Spec *spec, const GPtrArray *instances,
                       const GPtrArray *running)
{
    GPtrArray *demands = g_ptr_array_new_with_free_func((GDestroyNotify)demand_free);

    for (guint i = 0; i < instances->len; i++) {
        const SpecInstance *instance = g_ptr_array_index(instances, i);

        g_ptr_array_add(demands, demand_new(supply, spec, instance, instance->slice, i, running));
    }
    settle_stays(demands);
    return demands;
}
