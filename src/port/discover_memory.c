/* SPDX-License-Identifier: Apache-2.0 */
/* NUMA nodes: their CPUs, memory, hugepages and distances
 * (Documentation/ABI/stable/sysfs-devices-node). */
#include <string.h>

#include "port/discover_parts.h"

#define NODES "sys/devices/system/node"

/* More than any processor can address: a number above it is none. */
#define MAX_MEMORY_BYTES ((gint64)1 << 52)

/* "MemTotal:   33554432 kB", in a node's file after "Node 0 ". */
static gint64 read_mem_total(Root *root, const char *path)
{
    g_autofree char *text = root_read_text(root, "%s", path);
    const char *line = text ? strstr(text, "MemTotal:") : NULL;
    guint64 kib = line ? g_ascii_strtoull(line + strlen("MemTotal:"), NULL, 10) : 0;

    return kib && kib <= MAX_MEMORY_BYTES >> 10 ? (gint64)(kib << 10) : RECORD_UNSET;
}

/* The kernel's own list, or else its mask, or else the links to its CPUs. */
static CpuSet *read_node_cpus(Root *root, gint64 id)
{
    g_autofree char *list = g_strdup_printf(NODES "/node%d/cpulist", (int)id);
    g_autofree char *mask = g_strdup_printf(NODES "/node%d/cpumap", (int)id);
    CpuSet *cpus = discover_read_cpus(root, list, mask);
    g_autoptr(GPtrArray) names = NULL;

    if (cpus)
        return cpus;
    cpus = cpuset_new();
    names = root_list(root, NODES "/node%d", (int)id);
    for (guint i = 0; i < names->len; i++) {
        gint64 cpu = discover_numbered(names->pdata[i], "cpu");

        if (cpu >= 0 && cpu < CPUSET_LIMIT)
            cpuset_add(cpus, cpu);
    }
    return cpus;
}

static void read_hugepages(Root *root, const char *folder, HostNode *node)
{
    g_autoptr(GPtrArray) names = root_list(root, "%s", folder);

    /* Sorted as versions, so ascending by size. */
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *number =
            g_str_has_suffix(name, "kB") ? g_strndup(name, strlen(name) - 2) : NULL;
        gint64 kib = number ? discover_numbered(number, "hugepages-") : -1;
        HostHugepages *pool;

        if (kib <= 0 || (kib & (kib - 1)) != 0)
            continue;
        pool = host_new_part("nodes.hugepages");
        pool->size_bytes = kib << 10;
        pool->total = root_read_int(root, "%s/%s/nr_hugepages", folder, name);
        pool->free = root_read_int(root, "%s/%s/free_hugepages", folder, name);
        if (pool->free > pool->total || pool->total > MAX_MEMORY_BYTES / pool->size_bytes)
            pool->free = pool->total = RECORD_UNSET;
        g_ptr_array_add(node->hugepages, pool);
    }
}

/* One distance for each node, or none at all. */
static void read_distances(Root *root, HostNode *node, guint n_nodes)
{
    g_autofree char *text = root_read_text(root, NODES "/node%d/distance", (int)node->id);
    g_auto(GStrv) words = g_strsplit_set(text ? text : "", " \t", -1);

    for (char **word = words; *word; word++) {
        gint64 distance = g_ascii_strtoll(*word, NULL, 10);

        if (**word && distance > 0)
            g_array_append_val(node->distances, distance);
    }
    if (node->distances->len != n_nodes)
        g_array_set_size(node->distances, 0);
    if (n_nodes == 1 && node->distances->len == 0) {
        gint64 itself = 10;

        g_array_append_val(node->distances, itself);
    }
}

static HostNode *read_node(Discovery *discovery, gint64 id)
{
    HostNode *node = host_new_part("nodes");
    g_autofree char *meminfo = g_strdup_printf(NODES "/node%d/meminfo", (int)id);
    g_autofree char *hugepages = g_strdup_printf(NODES "/node%d/hugepages", (int)id);

    node->id = id;
    node->cpus = read_node_cpus(discovery->root, id);
    cpuset_intersect(node->cpus, discovery->host->cpu.online);
    node->memory_bytes = read_mem_total(discovery->root, meminfo);
    read_hugepages(discovery->root, hugepages, node);
    return node;
}

/* What the whole host has is what its one node has. */
static void complete_only_node(Discovery *discovery, HostNode *node)
{
    if (cpuset_is_empty(node->cpus))
        cpuset_union(node->cpus, discovery->host->cpu.online);
    if (node->memory_bytes == RECORD_UNSET)
        node->memory_bytes = read_mem_total(discovery->root, "proc/meminfo");
    if (node->hugepages->len == 0)
        read_hugepages(discovery->root, "sys/kernel/mm/hugepages", node);
}

/* A CPU that two nodes claim stays with the first: only a broken capture has it. */
static void keep_cpus_apart(Host *host)
{
    g_autoptr(CpuSet) seen = cpuset_new();

    for (guint i = 0; i < host->nodes->len; i++) {
        HostNode *node = g_ptr_array_index(host->nodes, i);

        cpuset_subtract(node->cpus, seen);
        cpuset_union(seen, node->cpus);
    }
}

static void set_core_nodes(Host *host)
{
    for (guint c = 0; c < host->cores->len; c++) {
        HostCore *core = g_ptr_array_index(host->cores, c);

        for (guint n = 0; n < host->nodes->len; n++) {
            const HostNode *node = g_ptr_array_index(host->nodes, n);

            if (cpuset_is_subset(core->cpus, node->cpus))
                core->node = node->id;
        }
    }
}

static void report_gap(Discovery *discovery, HostGap gap, const char *code, const char *file,
                       const char *what)
{
    const GPtrArray *nodes = discovery->host->nodes;
    g_autofree char *path = NULL;

    if (!gap.count)
        return;
    path = g_strdup_printf(NODES "/node%" G_GINT64_FORMAT "/%s",
                           ((const HostNode *)nodes->pdata[gap.first])->id, file);
    discover_warn(discovery, code, path, "the %s of %u of %u NUMA nodes %s not known", what,
                  gap.count, nodes->len, g_str_has_suffix(what, "s") ? "are" : "is");
}

static void report_gaps(Discovery *discovery)
{
    const Host *host = discovery->host;
    const HostGaps gaps = host_find_gaps(host);

    report_gap(discovery, gaps.memory, "node-memory-unknown", "meminfo", "memory");
    report_gap(discovery, gaps.pages, "node-hugepages-unknown", "hugepages", "hugepages");
    report_gap(discovery, gaps.distances, "node-distance-unknown", "distance", "distances");
    if (gaps.node.count)
        discover_warn(discovery, "core-node-unknown", NODES,
                      "the NUMA node of %u of %u cores is not known", gaps.node.count,
                      host->cores->len);
}

void discover_memory(Discovery *discovery)
{
    Host *host = discovery->host;
    g_autoptr(GPtrArray) names = root_list(discovery->root, NODES);

    /* Sorted as versions, so ascending by number. */
    for (guint i = 0; i < names->len; i++) {
        gint64 id = discover_numbered(names->pdata[i], "node");

        if (id >= 0)
            g_ptr_array_add(host->nodes, read_node(discovery, id));
    }
    if (host->nodes->len == 0) /* a kernel without NUMA: all is on node 0 */
        g_ptr_array_add(host->nodes, read_node(discovery, 0));
    if (host->nodes->len == 1)
        complete_only_node(discovery, g_ptr_array_index(host->nodes, 0));
    keep_cpus_apart(host);
    for (guint i = 0; i < host->nodes->len; i++)
        read_distances(discovery->root, g_ptr_array_index(host->nodes, i), host->nodes->len);
    set_core_nodes(host);
    report_gaps(discovery);
}
