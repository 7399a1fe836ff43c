/* SPDX-License-Identifier: Apache-2.0 */
/* The answer of the search as a plan: CPUs, devices and disks by name. */
#include "core/place_internal.h"

void *plan_member_new(const Record *record, const char *name)
{
    for (guint i = 0; i < record->n_fields; i++)
        if (g_str_equal(record->fields[i].name, name))
            return record_new(record->fields[i].record);
    g_assert_not_reached();
}

void finding_mark(Finding *finding, const TreeNode *node)
{
    if (node) {
        finding->line = node->line;
        finding->column = node->column;
    }
}

static void add_vcpus(const Demand *demand, const GPtrArray *cores, PlanSlice *slice)
{
    for (guint i = 0; i < cores->len; i++) {
        const HostCore *core = g_ptr_array_index(cores, i);
        int cpu = cpuset_next(core->cpus, 0);

        for (guint t = 0; t < demand->threads; t++) {
            PlanVcpu *vcpu = plan_member_new(&PLAN_SLICE_RECORD, "vcpus");

            vcpu->id = slice->vcpus->len;
            vcpu->cpu = cpu;
            g_ptr_array_add(slice->vcpus, vcpu);
            cpu = cpuset_next(core->cpus, (guint)cpu + 1);
        }
    }
}

/* Without service cores these threads run on the host's own CPUs: of the slice's first node, or of
 * all when that node reserves none. */
static CpuSet *service_cpus(const Supply *supply, const Demand *demand, const Choice *choice,
                            const CoreMap *map)
{
    const SupplyNode *node = g_ptr_array_index(supply->nodes, choice->nodes[0]);

    if (demand->service > 0)
        return cpuset_copy(demand->own_service ? map->service[demand->index]
                                               : map->shared[choice->nodes[0]]);
    return cpuset_copy(cpuset_is_empty(node->reserved) ? supply->reserved : node->reserved);
}

static void add_service(const Supply *supply, const Demand *demand, const Choice *choice,
                        const CoreMap *map, PlanSlice *slice, GPtrArray *findings)
{
    gint64 n_iothreads = demand->slice->iothreads;

    slice->emulator_cpus = service_cpus(supply, demand, choice, map);
    if (n_iothreads == RECORD_UNSET)
        n_iothreads = demand->slice->disk ? 1 : 0;
    for (gint64 i = 1; i <= n_iothreads; i++) {
        PlanIothread *iothread = plan_member_new(&PLAN_SLICE_RECORD, "iothreads");

        iothread->id = i;
        iothread->cpus = cpuset_copy(slice->emulator_cpus);
        g_ptr_array_add(slice->iothreads, iothread);
    }
    if (demand->service == 0) {
        g_autofree char *subject = g_strdup_printf("slice %s", slice->name);
        g_autofree char *cpus = cpuset_format(slice->emulator_cpus);
        Finding *finding = findings_add(findings, FINDING_WARNING, "no-service-core", subject,
                                        "its emulator threads and IOThreads run on the host's own "
                                        "CPUs %s: what the host does there delays its disk and "
                                        "its devices",
                                        cpus);

        finding_set_hint(finding, "service: {cores: 1}");
        finding_mark(finding, demand->slice->service.node ?: demand->slice->node);
    }
}

static void add_disk(const Supply *supply, const Spec *spec, const Demand *demand, PlanSlice *slice)
{
    const SpecDisk *disk = demand->slice->disk;
    const SpecImage *image = disk ? spec_find_image(spec, disk->image) : NULL;

    if (!image)
        return;
    slice->disk = plan_member_new(&PLAN_SLICE_RECORD, "disk");
    slice->disk->image = g_strdup(image->name);
    slice->disk->source = g_strdup(image->source);
    slice->disk->sha256 = g_strdup(image->sha256);
    slice->disk->path = g_strdup_printf("%s/%s.qcow2", supply->spec_host->disk_dir, slice->name);
    slice->disk->size_bytes = disk->size;
}

static PlanSlice *slice_new(const Supply *supply, const Spec *spec, const Demand *demand,
                            const Choice *choice, const CoreMap *map, GHashTable *macs,
                            GPtrArray *findings)
{
    PlanSlice *slice = plan_slice_new();

    slice->name = g_strdup(demand->instance->name);
    slice->cluster = g_strdup(demand->instance->cluster->name);
    slice->threads = demand->threads;
    slice->memory_bytes = demand->slice->memory;
    slice->hugepage_bytes = demand->hugepage_bytes;
    for (guint n = 0; n < demand->n_nodes; n++) {
        const SupplyNode *node = g_ptr_array_index(supply->nodes, choice->nodes[n]);

        g_array_append_val(slice->nodes, node->node->id);
    }
    add_vcpus(demand, map->cores[demand->index], slice);
    add_service(supply, demand, choice, map, slice, findings);
    assign_devices(supply, spec, demand, choice, macs, slice, findings);
    add_disk(supply, spec, demand, slice);
    return slice;
}

/* MAC addresses that the spec gives are taken before any is derived. */
static GHashTable *given_macs(const GPtrArray *demands)
{
    GHashTable *macs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < demands->len; i++) {
        const Demand *demand = g_ptr_array_index(demands, i);

        for (guint n = 0; n < demand->slice->nics->len; n++) {
            const SpecNic *nic = g_ptr_array_index(demand->slice->nics, n);

            if (nic->mac)
                g_hash_table_add(macs, g_ascii_strdown(nic->mac, -1));
        }
    }
    return macs;
}

/* All CPUs of cores that are a slice's or serve one, idle siblings too. */
static CpuSet *isolated_cpus(const CoreMap *map)
{
    CpuSet *cpus = cpuset_new();

    for (guint n = 0; n < map->n_nodes; n++)
        if (map->shared[n])
            cpuset_union(cpus, map->shared[n]);
    for (guint i = 0; i < map->n_demands; i++) {
        if (map->service[i])
            cpuset_union(cpus, map->service[i]);
        for (guint c = 0; c < map->cores[i]->len; c++)
            cpuset_union(cpus, ((const HostCore *)g_ptr_array_index(map->cores[i], c))->cpus);
    }
    return cpus;
}

gint64 assign_slices(const Supply *supply, const Spec *spec, const GPtrArray *demands,
                     const Solution *solution, PlanHost *plan_host, GPtrArray *findings)
{
    g_autoptr(CoreMap) map = core_map_new(supply, demands, solution);
    g_autoptr(GHashTable) macs = given_macs(demands);

    for (guint i = 0; i < demands->len; i++) {
        const Choice *choice = &solution->choices[i];

        if (choice->placed)
            g_ptr_array_add(plan_host->slices,
                            slice_new(supply, spec, g_ptr_array_index(demands, i), choice, map,
                                      macs, findings));
    }
    plan_host->isolated_cpus = isolated_cpus(map);
    return map->l3_shared;
}
