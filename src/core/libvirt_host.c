/* SPDX-License-Identifier: Apache-2.0 */
/* CPUs, nodes and memory: the <host> of capabilities. */
#include <string.h>

#include "base/error.h"
#include "base/xml.h"
#include "core/libvirt_parts.h"

#define CELLS "/capabilities/host/topology/cells/cell"
#define ITSELF 10 /* of the ACPI SLIT, and of the kernel where there is none */

static gint compare_nodes(gconstpointer a, gconstpointer b)
{
    const HostNode *left = *(HostNode *const *)a, *right = *(HostNode *const *)b;

    return left->id < right->id ? -1 : left->id > right->id;
}

static gint compare_pages(gconstpointer a, gconstpointer b)
{
    const HostHugepages *left = *(HostHugepages *const *)a, *right = *(HostHugepages *const *)b;

    return left->size_bytes < right->size_bytes ? -1 : left->size_bytes > right->size_bytes;
}

/* The smallest size is that of ordinary pages, which are no pool. */
static void read_pages(Xml *xml, XmlNode cell, HostNode *node)
{
    g_autoptr(GPtrArray) pages = xml_nodes(xml, cell, "pages");
    gint64 ordinary = G_MAXINT64;

    for (guint i = 0; i < pages->len; i++) {
        gint64 size = xml_bytes(xml, pages->pdata[i], "@size", "@unit");

        if (size > 0)
            ordinary = MIN(ordinary, size);
    }
    for (guint i = 0; i < pages->len; i++) {
        gint64 size = xml_bytes(xml, pages->pdata[i], "@size", "@unit");
        HostHugepages *pool;

        if (size <= ordinary || (size & (size - 1)) != 0 || host_find_pool(node, size))
            continue;
        pool = host_new_part("nodes.hugepages");
        pool->size_bytes = size;
        pool->total = xml_int(xml, pages->pdata[i], ".");
        g_ptr_array_add(node->hugepages, pool);
    }
    g_ptr_array_sort(node->hugepages, compare_pages);
}

/* Asked later than the total, which may have changed in between. */
static void ask_free_pages(const Host *host, LibvirtFreePages free_pages, void *data)
{
    for (guint i = 0; i < host->nodes->len; i++) {
        const HostNode *node = host->nodes->pdata[i];

        for (guint k = 0; k < node->hugepages->len; k++) {
            HostHugepages *pool = node->hugepages->pdata[k];
            gint64 count = free_pages(node->id, pool->size_bytes, data);

            pool->free = count <= pool->total ? count : RECORD_UNSET;
        }
    }
}

static gint64 cpu_id(Xml *xml, XmlNode cpu)
{
    gint64 id = xml_int(xml, cpu, "@id");

    return id < CPUSET_LIMIT ? id : XML_UNSET;
}

/* By its number, the <cpu> of each online CPU. */
static GHashTable *index_cpus(Xml *xml)
{
    g_autoptr(GPtrArray) cpus = xml_nodes(xml, NULL, CELLS "/cpus/cpu[@siblings]");
    GHashTable *table = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < cpus->len; i++) {
        gint64 id = cpu_id(xml, cpus->pdata[i]);

        if (id >= 0)
            g_hash_table_insert(table, GINT_TO_POINTER((gint)id), cpus->pdata[i]);
    }
    return table;
}

/* libvirt tells the siblings of a CPU, and where it sits, or neither
 * (virCapsHostNUMACellCPUFormat() in its src/conf/capabilities.c). Where it could read neither,
 * nobody knows that the CPU is online. */
static CpuSet *find_online(Xml *xml)
{
    g_autoptr(GPtrArray) cpus = xml_nodes(xml, NULL, CELLS "/cpus/cpu[@siblings]");
    CpuSet *online = cpuset_new();

    for (guint i = 0; i < cpus->len; i++) {
        gint64 id = cpu_id(xml, cpus->pdata[i]);

        if (id >= 0)
            cpuset_add(online, (guint)id);
    }
    return online;
}

/* Those of the cell's CPUs that are online and on no node before. */
static CpuSet *read_cell_cpus(Xml *xml, XmlNode cell, const Host *host)
{
    g_autoptr(GPtrArray) cpus = xml_nodes(xml, cell, "cpus/cpu");
    CpuSet *set = cpuset_new();

    for (guint i = 0; i < cpus->len; i++) {
        gint64 id = cpu_id(xml, cpus->pdata[i]);

        if (id >= 0 && cpuset_has(host->cpu.online, (guint)id))
            cpuset_add(set, (guint)id);
    }
    for (guint i = 0; i < host->nodes->len; i++)
        cpuset_subtract(set, ((const HostNode *)host->nodes->pdata[i])->cpus);
    return set;
}

static void read_cells(Xml *xml, Host *host)
{
    g_autoptr(GPtrArray) cells = xml_nodes(xml, NULL, CELLS);

    for (guint i = 0; i < cells->len; i++) {
        gint64 id = xml_int(xml, cells->pdata[i], "@id");
        HostNode *node;

        if (id < 0 || host_find_node(host, id))
            continue;
        node = host_new_part("nodes");
        node->id = id;
        node->cpus = read_cell_cpus(xml, cells->pdata[i], host);
        node->memory_bytes = xml_bytes(xml, cells->pdata[i], "memory", "memory/@unit");
        read_pages(xml, cells->pdata[i], node);
        g_ptr_array_add(host->nodes, node);
    }
    g_ptr_array_sort(host->nodes, compare_nodes);
}

/* Whole rows only; libvirt leaves them out where the firmware has no table. */
static void read_distances(Xml *xml, Host *host)
{
    for (guint i = 0; i < host->nodes->len; i++) {
        HostNode *node = host->nodes->pdata[i];

        for (guint j = 0; j < host->nodes->len; j++) {
            const HostNode *other = host->nodes->pdata[j];
            g_autofree char *expression =
                g_strdup_printf(CELLS "[@id=%" G_GINT64_FORMAT
                                      "]/distances/sibling[@id=%" G_GINT64_FORMAT "]/@value",
                                node->id, other->id);
            gint64 distance = xml_int(xml, NULL, expression);

            if (distance == XML_UNSET && host->nodes->len == 1)
                distance = ITSELF;
            if (distance == XML_UNSET) {
                g_array_set_size(node->distances, 0);
                break;
            }
            g_array_append_val(node->distances, distance);
        }
    }
}

static gint64 node_of_cpus(const Host *host, const CpuSet *cpus)
{
    for (guint i = 0; i < host->nodes->len; i++) {
        const HostNode *node = host->nodes->pdata[i];

        if (cpuset_is_subset(cpus, node->cpus))
            return node->id;
    }
    return RECORD_UNSET;
}

/* A core is named by its siblings: each of its CPUs tells the same, the lowest makes it. */
static void read_cores(Xml *xml, Host *host)
{
    g_autoptr(CpuSet) left = cpuset_copy(host->cpu.online);
    g_autoptr(GHashTable) cpus = index_cpus(xml);

    for (int cpu = cpuset_next(left, 0); cpu >= 0; cpu = cpuset_next(left, (guint)cpu + 1)) {
        XmlNode element = g_hash_table_lookup(cpus, GINT_TO_POINTER(cpu));
        g_autoptr(CpuSet) siblings = xml_cpus(xml, element, "@siblings");
        HostCore *core = host_new_part("cores");

        core->id = host->cores->len;
        core->cpus = cpuset_new();
        if (siblings)
            cpuset_union(core->cpus, siblings);
        cpuset_intersect(core->cpus, left);
        cpuset_add(core->cpus, (guint)cpu);
        cpuset_subtract(left, core->cpus);
        core->node = node_of_cpus(host, core->cpus);
        core->socket = xml_int(xml, element, "@socket_id");
        g_ptr_array_add(host->cores, core);
    }
}

/* Numbered as port/discover_cpu.c does: in the order of their lowest CPUs. */
static void read_l3(Xml *xml, Host *host)
{
    g_autoptr(GPtrArray) banks =
        xml_nodes(xml, NULL, "/capabilities/host/cache/bank[@level=3][@cpus]");
    gint64 next = 0;

    for (guint i = 0; i < host->cores->len; i++) {
        HostCore *core = host->cores->pdata[i];

        for (guint b = 0; core->l3 == RECORD_UNSET && b < banks->len; b++) {
            g_autoptr(CpuSet) cpus = xml_cpus(xml, banks->pdata[b], "@cpus");

            if (!cpus || !cpuset_intersects(cpus, core->cpus))
                continue;
            for (guint c = i; c < host->cores->len; c++) {
                HostCore *other = host->cores->pdata[c];

                if (cpuset_intersects(cpus, other->cpus))
                    other->l3 = next;
            }
            next++;
        }
    }
}

static void count_cpus(Host *host)
{
    g_autoptr(CpuSet) sockets = cpuset_new();

    for (guint i = 0; i < host->cores->len; i++) {
        gint64 socket = ((const HostCore *)host->cores->pdata[i])->socket;

        if (socket >= 0 && socket < CPUSET_LIMIT)
            cpuset_add(sockets, (guint)socket);
    }
    host->cpu.sockets = cpuset_is_empty(sockets) ? RECORD_UNSET : (gint64)cpuset_count(sockets);
    host->cpu.cores = host->cores->len;
    host->cpu.threads = cpuset_count(host->cpu.online);
}

/* A hypervisor here that cannot use KVM says nothing of the host. */
static void read_kernel(Xml *xml, Host *host)
{
    g_autofree char *iommu = xml_text(xml, NULL, "/capabilities/host/iommu/@support");
    g_autoptr(GPtrArray) kvm = xml_nodes(xml, NULL, "/capabilities/guest/arch/domain[@type='kvm']");

    if (iommu)
        host->kernel.iommu = strcmp(iommu, "yes") == 0;
    if (kvm->len > 0)
        host->kernel.kvm = 1;
}

static void report_gaps(const Host *host, guint unplaced, GPtrArray *findings)
{
    const HostGaps gaps = host_find_gaps(host);

    LIBVIRT_WARN("from-libvirt", "libvirt does not tell the CPU model, which CPUs are isolated, "
                                 "nor the kernel and its arguments");
    if (unplaced)
        LIBVIRT_WARN("cpu-place-unknown",
                     "where %u CPUs sit is not known: they do not count as online", unplaced);
    if (gaps.socket.count)
        LIBVIRT_WARN("core-socket-unknown", "the socket of %u of %u cores is not known",
                     gaps.socket.count, host->cores->len);
    if (gaps.l3.count)
        LIBVIRT_WARN("core-l3-unknown", "the L3 domain of %u of %u cores is not known",
                     gaps.l3.count, host->cores->len);
    if (gaps.node.count)
        LIBVIRT_WARN("core-node-unknown", "the NUMA node of %u of %u cores is not known",
                     gaps.node.count, host->cores->len);
    if (gaps.memory.count)
        LIBVIRT_WARN("node-memory-unknown", "the memory of %u of %u NUMA nodes is not known",
                     gaps.memory.count, host->nodes->len);
    if (gaps.pages.count)
        LIBVIRT_WARN("node-hugepages-unknown",
                     "how many hugepages are free is not known of %u of %u NUMA nodes",
                     gaps.pages.count, host->nodes->len);
    if (host->kernel.iommu == RECORD_UNSET)
        LIBVIRT_WARN("iommu-unknown", "whether the IOMMU is on is not known");
    if (host->kernel.kvm == RECORD_UNSET)
        LIBVIRT_WARN("kvm-unknown", "whether there is KVM is not known");
}

Host *host_from_libvirt(const LibvirtTold *told, LibvirtFreePages free_pages, void *data,
                        GPtrArray *findings, GError **error)
{
    g_autoptr(Xml) xml = xml_read(told->capabilities, error);
    g_autoptr(Host) host = host_new();
    g_autoptr(GPtrArray) unplaced = NULL;

    if (!xml) {
        g_prefix_error(error, "capabilities: ");
        return NULL;
    }
    host->hostname = g_strdup(told->hostname);
    host->arch = xml_text(xml, NULL, "/capabilities/host/cpu/arch");
    host->replayed = true; /* of a moment that is over, like a capture */
    host->cpu.online = find_online(xml);
    read_cells(xml, host);
    if (cpuset_is_empty(host->cpu.online) || host->nodes->len == 0) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED,
                    "capabilities: they tell of no online CPU (<topology>)");
        return NULL;
    }
    read_distances(xml, host);
    ask_free_pages(host, free_pages, data);
    read_cores(xml, host);
    read_l3(xml, host);
    count_cpus(host);
    read_kernel(xml, host);
    unplaced = xml_nodes(xml, NULL, CELLS "/cpus/cpu[not(@siblings)]");
    libvirt_read_devices(told, host, findings);
    report_gaps(host, unplaced->len, findings);
    host_check(host, findings);
    return g_steal_pointer(&host);
}
