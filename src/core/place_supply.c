/* SPDX-License-Identifier: Apache-2.0 */
/* What the host has for slices: reserved cores first, then free cores and memory by node. */
#include "core/place_internal.h"

static void supply_node_free(SupplyNode *node)
{
    g_ptr_array_unref(node->cores);
    cpuset_free(node->reserved);
    g_free(node);
}

static void unit_free(Unit *unit)
{
    g_free(unit->address);
    g_free(unit->flaw);
    g_free(unit->flaw_hint);
    g_free(unit);
}

void supply_free(Supply *supply)
{
    if (!supply)
        return;
    cpuset_free(supply->reserved);
    g_ptr_array_unref(supply->nodes);
    g_ptr_array_unref(supply->groups);
    g_ptr_array_unref(supply->units);
    g_ptr_array_unref(supply->wants);
    g_free(supply);
}

bool supply_core_is_whole(const Supply *supply, const HostCore *core)
{
    return cpuset_count(core->cpus) == supply->threads;
}

guint supply_parts(const Supply *supply, guint node, guint cores)
{
    guint most = ((const SupplyNode *)g_ptr_array_index(supply->nodes, node))->domain_cores;

    return most ? (cores + most - 1) / most : 0;
}

gint64 supply_distance(const Supply *supply, gint64 from, gint64 to)
{
    const Host *host = supply->host;
    const HostNode *node = host_find_node(host, from);
    gint64 largest = 0;

    if (from == to && from != RECORD_UNSET)
        return 0;
    for (guint i = 0; node && i < node->distances->len && i < host->nodes->len; i++) {
        const HostNode *other = g_ptr_array_index(host->nodes, i);

        if (other->id == to)
            return MAX(g_array_index(node->distances, gint64, i) - 10, 0);
    }
    for (guint n = 0; n < host->nodes->len; n++) {
        const HostNode *any = g_ptr_array_index(host->nodes, n);

        for (guint i = 0; i < any->distances->len; i++)
            largest = MAX(largest, g_array_index(any->distances, gint64, i) - 10);
    }
    return largest;
}

/* The lowest @count cores of each node that has CPUs. */
static void reserve_cores(Supply *supply, gint64 count)
{
    for (guint n = 0; n < supply->host->nodes->len; n++) {
        const HostNode *node = g_ptr_array_index(supply->host->nodes, n);
        gint64 left = count;

        for (guint i = 0; i < supply->host->cores->len && left > 0; i++) {
            const HostCore *core = g_ptr_array_index(supply->host->cores, i);

            if (core->node != node->id || cpuset_is_empty(core->cpus))
                continue;
            cpuset_union(supply->reserved, core->cpus);
            left--;
        }
    }
}

static void reserve_listed(Supply *supply, const CpuSet *cpus, GPtrArray *findings)
{
    g_autoptr(CpuSet) absent = cpuset_copy(cpus);
    g_autoptr(CpuSet) missing = cpuset_new();
    g_autofree char *subject = g_strdup_printf("host %s", supply->host->hostname);

    cpuset_union(supply->reserved, cpus);
    for (guint i = 0; i < supply->host->cores->len; i++) {
        const HostCore *core = g_ptr_array_index(supply->host->cores, i);

        cpuset_subtract(absent, core->cpus);
        if (cpuset_intersects(core->cpus, cpus))
            cpuset_union(missing, core->cpus);
    }
    cpuset_subtract(missing, cpus);
    if (!cpuset_is_empty(absent)) {
        g_autofree char *list = cpuset_format(absent);

        findings_add(findings, FINDING_ERROR, "reserve-absent-cpu", subject,
                     "reserve.cpus names CPUs that are not there or offline: %s", list);
    }
    if (!cpuset_is_empty(missing)) {
        g_autofree char *list = cpuset_format(missing);
        Finding *finding =
            findings_add(findings, FINDING_ERROR, "reserve-partial-core", subject,
                         "reserve.cpus cuts cores apart: the siblings %s are missing", list);

        finding_set_hint(finding, "reserve whole cores: add %s", list);
    }
}

/* Cores of no known node are nobody's. false: there are no others. */
static bool check_nodes(const Host *host, const char *subject, GPtrArray *findings)
{
    g_autoptr(CpuSet) lost = cpuset_new();
    g_autofree char *list = NULL;
    bool known = false;
    Finding *finding;

    for (guint i = 0; i < host->cores->len; i++) {
        const HostCore *core = g_ptr_array_index(host->cores, i);

        if (core->node == RECORD_UNSET)
            cpuset_union(lost, core->cpus);
        known |= core->node != RECORD_UNSET;
    }
    if (cpuset_is_empty(lost) && known)
        return true;
    list = cpuset_format(lost);
    if (known)
        finding = findings_add(findings, FINDING_WARNING, "core-node-unknown", subject,
                               "the inventory does not tell on which NUMA node CPUs %s are: no "
                               "slice gets them",
                               list);
    else
        finding =
            findings_add(findings, FINDING_ERROR, "nodes-unknown", subject,
                         "the inventory does not tell on which NUMA node any of its cores is");
    finding_set_hint(finding, "take the inventory on the running host");
    return known;
}

/* Rule 9 of design section 7: the host OS keeps a core, and one on its first node. */
static void check_reserved(const Supply *supply, GPtrArray *findings)
{
    g_autofree char *subject = g_strdup_printf("host %s", supply->host->hostname);
    Finding *finding;

    if (supply->spec_host->reserve.memory_per_node == 0) {
        finding = findings_add(findings, FINDING_ERROR, "reserve-no-memory", subject,
                               "all memory is given to guests: the host OS needs some of its own");
        finding_set_hint(finding, "reserve: {memory_per_node: 4GiB}");
        finding_mark(finding, supply->spec_host->reserve.node ?: supply->spec_host->node);
    }
    if (!check_nodes(supply->host, subject, findings))
        return;
    if (cpuset_is_empty(supply->reserved)) {
        finding = findings_add(findings, FINDING_ERROR, "reserve-nothing", subject,
                               "nothing is reserved: the host OS needs a core of its own");
        finding_set_hint(finding, "reserve: {cores_per_node: 1}");
        return;
    }
    for (guint n = 0; n < supply->host->nodes->len; n++) {
        const HostNode *node = g_ptr_array_index(supply->host->nodes, n);

        if (cpuset_is_empty(node->cpus))
            continue;
        if (!cpuset_intersects(node->cpus, supply->reserved)) {
            finding = findings_add(findings, FINDING_ERROR, "reserve-first-node", subject,
                                   "node %" G_GINT64_FORMAT " is given to guests whole: the host's "
                                   "interrupts and kernel threads start there",
                                   node->id);
            finding_set_hint(finding, "reserve a core of node %" G_GINT64_FORMAT, node->id);
        }
        return;
    }
}

static void count_domains(SupplyNode *node)
{
    g_autoptr(GHashTable) counts = g_hash_table_new(g_int64_hash, g_int64_equal);

    for (guint i = 0; i < node->cores->len; i++) {
        const HostCore *core = g_ptr_array_index(node->cores, i);
        guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, &core->l3)) + 1;

        g_hash_table_insert(counts, (gpointer)&core->l3, GUINT_TO_POINTER(count));
        node->domain_cores = MAX(node->domain_cores, count);
    }
    node->n_domains = g_hash_table_size(counts);
}

static void add_node(Supply *supply, const HostNode *node)
{
    SupplyNode *result = g_new0(SupplyNode, 1);
    gint64 reserve = MAX(supply->spec_host->reserve.memory_per_node, 0);

    result->node = node;
    result->cores = g_ptr_array_new();
    result->memory =
        node->memory_bytes == RECORD_UNSET ? RECORD_UNSET : MAX(node->memory_bytes - reserve, 0);
    result->reserved = cpuset_copy(node->cpus);
    cpuset_intersect(result->reserved, supply->reserved);
    for (guint i = 0; i < supply->host->cores->len; i++) {
        const HostCore *core = g_ptr_array_index(supply->host->cores, i);

        if (core->node != node->id || cpuset_is_empty(core->cpus) ||
            cpuset_intersects(core->cpus, supply->reserved))
            continue;
        g_ptr_array_add(result->cores, (gpointer)core);
        result->n_whole += supply_core_is_whole(supply, core);
    }
    count_domains(result);
    g_ptr_array_add(supply->nodes, result);
}

static void set_unit_nodes(Supply *supply)
{
    for (guint i = 0; i < supply->units->len; i++) {
        Unit *unit = g_ptr_array_index(supply->units, i);

        unit->at = -1;
        for (guint n = 0; n < supply->nodes->len && unit->node != RECORD_UNSET; n++)
            if (((const SupplyNode *)g_ptr_array_index(supply->nodes, n))->node->id == unit->node)
                unit->at = (int)n;
    }
}

static void mark_nic_nodes(Supply *supply)
{
    for (guint i = 0; i < supply->units->len; i++) {
        const Unit *unit = g_ptr_array_index(supply->units, i);

        if (unit->flaw || !host_pci_is_nic(unit->pci ? unit->pci : unit->pf))
            continue;
        for (guint n = 0; n < supply->nodes->len; n++) {
            SupplyNode *node = g_ptr_array_index(supply->nodes, n);

            node->has_nic |= node->node->id == unit->node;
        }
    }
}

Supply *supply_new(const Host *host, const SpecHost *spec_host, guint n_vfs,
                   const GPtrArray *running, GPtrArray *findings)
{
    Supply *supply = g_new0(Supply, 1);

    supply->host = host;
    supply->spec_host = spec_host;
    supply->threads = 1;
    supply->reserved = cpuset_new();
    supply->nodes = g_ptr_array_new_with_free_func((GDestroyNotify)supply_node_free);
    supply->units = g_ptr_array_new_with_free_func((GDestroyNotify)unit_free);
    supply->wants = g_ptr_array_new_with_free_func((GDestroyNotify)want_free);
    supply->groups = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    for (guint i = 0; i < host->cores->len; i++) {
        const HostCore *core = g_ptr_array_index(host->cores, i);

        supply->threads = MAX(supply->threads, cpuset_count(core->cpus));
    }
    if (spec_host->reserve.cpus)
        reserve_listed(supply, spec_host->reserve.cpus, findings);
    else
        reserve_cores(supply, spec_host->reserve.cores_per_node);
    check_reserved(supply, findings);
    for (guint n = 0; n < host->nodes->len; n++) {
        const HostNode *node = g_ptr_array_index(host->nodes, n);

        if (!cpuset_is_empty(node->cpus))
            add_node(supply, node);
    }
    supply_add_units(supply, n_vfs, running);
    set_unit_nodes(supply);
    mark_nic_nodes(supply);
    return supply;
}
