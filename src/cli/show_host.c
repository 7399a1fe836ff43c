/* SPDX-License-Identifier: Apache-2.0 */
/* A host for people: what it is, its NUMA nodes, who is sibling of whom, its NICs. */
#include <string.h>

#include "base/text.h"
#include "cli/show.h"
#include "cli/show_table.h"

static char *number_text(gint64 number)
{
    return number == RECORD_UNSET ? NULL : g_strdup_printf("%" G_GINT64_FORMAT, number);
}

static char *join(const GPtrArray *words)
{
    g_autofree const char **strings = g_new0(const char *, words->len + 1);

    for (guint i = 0; i < words->len; i++)
        strings[i] = words->pdata[i];
    return words->len ? g_strjoinv(" ", (char **)strings) : NULL;
}

/* NUMA nodes. */

static char *node_id(const Host *host, const void *item)
{
    return number_text(((const HostNode *)item)->id);
}

static char *node_memory(const Host *host, const void *item)
{
    gint64 bytes = ((const HostNode *)item)->memory_bytes;

    return bytes == RECORD_UNSET ? NULL : text_format_size_short(bytes);
}

static char *node_cores(const Host *host, const void *item)
{
    gint64 n = 0;

    for (guint i = 0; i < host->cores->len; i++)
        n += ((const HostCore *)g_ptr_array_index(host->cores, i))->node ==
             ((const HostNode *)item)->id;
    return number_text(n);
}

static char *node_cpus(const Host *host, const void *item)
{
    const CpuSet *cpus = ((const HostNode *)item)->cpus;

    return cpus && !cpuset_is_empty(cpus) ? cpuset_format(cpus) : NULL;
}

/* "2MiB 0/16": free of all, each size. */
static char *node_hugepages(const Host *host, const void *item)
{
    const HostNode *node = item;
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < node->hugepages->len; i++) {
        const HostHugepages *pool = g_ptr_array_index(node->hugepages, i);
        g_autofree char *size = text_format_size(pool->size_bytes);
        g_autofree char *total = number_text(pool->total);
        g_autofree char *left = number_text(pool->free);

        g_ptr_array_add(words,
                        g_strdup_printf("%s %s/%s", size, left ? left : "?", total ? total : "?"));
    }
    return join(words);
}

static char *node_l3(const Host *host, const void *item)
{
    g_autoptr(CpuSet) domains = cpuset_new();

    for (guint i = 0; i < host->cores->len; i++) {
        const HostCore *core = g_ptr_array_index(host->cores, i);

        if (core->node == ((const HostNode *)item)->id && core->l3 >= 0 && core->l3 < CPUSET_LIMIT)
            cpuset_add(domains, (guint)core->l3);
    }
    return cpuset_is_empty(domains) ? NULL : cpuset_format(domains);
}

static char *node_distances(const Host *host, const void *item)
{
    const GArray *distances = ((const HostNode *)item)->distances;
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < distances->len; i++)
        g_ptr_array_add(words, number_text(g_array_index(distances, gint64, i)));
    return join(words);
}

static const Column NODE_COLUMNS[] = {
    {"NODE", node_id},
    {"CORES", node_cores, 1},
    {"L3", node_l3, 3},
    {"MEMORY", node_memory, 2},
    {"HUGEPAGES FREE/ALL", node_hugepages, 4},
    {"DISTANCES", node_distances, 6},
    {"CPUS", node_cpus, 5},
};

/* NICs. */

static char *pci_address(const Host *host, const void *item)
{
    return g_strdup(((const HostPci *)item)->address);
}

static char *pci_model(const Host *host, const void *item)
{
    const HostPci *pci = item;

    if (pci->name || !pci->vendor || !pci->device)
        return g_strdup(pci->name);
    return g_strdup_printf("%s:%s", pci->vendor, pci->device);
}

static char *pci_node(const Host *host, const void *item)
{
    return number_text(((const HostPci *)item)->node);
}

/* "12 free", "12 on vfio", "12 the host's", "12 with 0000:01:00.1": can its IOMMU group go to a
 * guest? It goes whole or not at all, so one member that the host uses keeps all of it. */
static char *pci_group(const Host *host, const void *item)
{
    const HostPci *pci = item;
    g_autoptr(GPtrArray) others = host_pci_group_others(host, pci);
    g_autoptr(GPtrArray) uses = host_pci_uses(pci);
    g_autofree char *group = number_text(pci->iommu_group);
    const char *neighbour = NULL, *state = NULL;

    for (guint i = 0; i < others->len; i++) {
        const HostPci *other = others->pdata[i];
        g_autoptr(GPtrArray) other_uses = host_pci_uses(other);

        neighbour = neighbour ? neighbour : other->address;
        if (other_uses->len > 0)
            return g_strdup_printf("%s with the host's %s", group, other->address);
    }
    if (!group)
        return NULL;
    if (uses->len > 0)
        state = "the host's";
    else if (!host_pci_use_is_known(pci))
        state = "not known";
    else if (!neighbour)
        state = g_strcmp0(pci->driver, "vfio-pci") == 0 ? "on vfio" : "free";
    return state ? g_strdup_printf("%s %s", group, state)
                 : g_strdup_printf("%s with %s", group, neighbour);
}

/* "8GT/s x8", and what it could be where that is more. */
static char *pci_link(const Host *host, const void *item)
{
    const HostLink *link = ((const HostPci *)item)->link;
    g_autofree char *now = NULL, *most = NULL;

    if (!link || link->width <= 0 || link->speed_mtps <= 0)
        return NULL;
    now =
        g_strdup_printf("%gGT/s x%" G_GINT64_FORMAT, (double)link->speed_mtps / 1000, link->width);
    if (link->max_width <= link->width && link->max_speed_mtps <= link->speed_mtps)
        return g_steal_pointer(&now);
    most = g_strdup_printf("%gGT/s x%" G_GINT64_FORMAT,
                           (double)MAX(link->max_speed_mtps, link->speed_mtps) / 1000,
                           MAX(link->max_width, link->width));
    return g_strdup_printf("%s of %s", now, most);
}

static char *pci_driver(const Host *host, const void *item)
{
    return g_strdup(((const HostPci *)item)->driver);
}

static char *pci_uses(const Host *host, const void *item)
{
    g_autoptr(GPtrArray) uses = host_pci_uses(item);

    return uses->len == 0 && !host_pci_use_is_known(item) ? g_strdup("not known") : join(uses);
}

static char *nic_names(const Host *host, const void *item)
{
    const HostPci *pci = item;
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (guint i = 0; i < pci->nets->len; i++)
        g_ptr_array_add(names, ((const HostNet *)g_ptr_array_index(pci->nets, i))->name);
    return join(names);
}

static char *nic_vfs(const Host *host, const void *item)
{
    const HostPci *pci = item;
    g_autofree char *made = pci->sriov ? number_text(pci->sriov->num_vfs) : NULL;

    if (pci->pf)
        return g_strdup_printf("of %s", pci->pf);
    if (!pci->sriov)
        return NULL;
    return g_strdup_printf("%s/%" G_GINT64_FORMAT, made ? made : "?", pci->sriov->total_vfs);
}

static char *net_link(const HostNet *net)
{
    if (net->carrier == 0)
        return g_strdup("down");
    if (net->speed_mbps == RECORD_UNSET)
        return g_strdup(net->carrier == RECORD_UNSET ? "?" : "up");
    return net->speed_mbps % 1000
               ? g_strdup_printf("%" G_GINT64_FORMAT "M", net->speed_mbps)
               : g_strdup_printf("%" G_GINT64_FORMAT "G", net->speed_mbps / 1000);
}

static char *nic_links(const Host *host, const void *item)
{
    const HostPci *pci = item;
    g_autoptr(GPtrArray) links = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < pci->nets->len; i++)
        g_ptr_array_add(links, net_link(g_ptr_array_index(pci->nets, i)));
    return join(links);
}

/* A captured NIC whose interface nobody recorded may well be in use. */
static char *nic_uses(const Host *host, const void *item)
{
    const HostPci *pci = item;

    if (host->replayed == 1 && !pci->nets->len && g_strcmp0(pci->driver, "vfio-pci") != 0)
        return g_strdup("unknown");
    return pci_uses(host, item);
}

/* The switch and its port at the other end, where LLDP tells. */
static char *nic_neighbours(const Host *host, const void *item)
{
    const HostPci *pci = item;
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < pci->nets->len; i++) {
        const HostNeighbour *neighbour = ((const HostNet *)pci->nets->pdata[i])->neighbour;

        if (neighbour)
            g_ptr_array_add(
                texts, g_strdup_printf("%s %s", neighbour->system ?: "?", neighbour->port ?: "?"));
    }
    return join(texts);
}

static const Column NIC_COLUMNS[] = {
    {"ADDRESS", pci_address},
    {"NET", nic_names, 1},
    {"MODEL", pci_model, 8},
    {"NODE", pci_node, 2},
    {"IOMMU GROUP", pci_group, 3},
    {"DRIVER", pci_driver, 7},
    {"VFS", nic_vfs, 6},
    {"LINK", nic_links, 4},
    {"PCIE", pci_link, 9, .rare = true},
    {"SWITCH", nic_neighbours, 10, .rare = true},
    {"USED BY HOST", nic_uses, 5},
};

/* What else must not be handed to a slice. */
static const Column OTHER_COLUMNS[] = {
    {"ADDRESS", pci_address},      {"MODEL", pci_model, 5},   {"NODE", pci_node, 2},
    {"IOMMU GROUP", pci_group, 3}, {"DRIVER", pci_driver, 4}, {"USED BY HOST", pci_uses, 1},
};

static char *count_text(gint64 count, const char *what)
{
    g_autofree char *number = number_text(count);

    return g_strdup_printf("%s %s%s", number ? number : "unknown", what, count == 1 ? "" : "s");
}

/* "2 sockets x 6 cores x 2 threads", or the sums where they do not divide. */
static char *cpu_shape(const HostCpu *cpu)
{
    bool whole = cpu->sockets > 0 && cpu->cores > 0 && cpu->cores % cpu->sockets == 0 &&
                 cpu->threads % cpu->cores == 0;
    g_autofree char *sockets = count_text(cpu->sockets, "socket");
    g_autofree char *cores = count_text(whole ? cpu->cores / cpu->sockets : cpu->cores, "core");
    g_autofree char *threads =
        count_text(whole ? cpu->threads / cpu->cores : cpu->threads, "thread");

    return whole ? g_strjoin(" x ", sockets, cores, threads, NULL)
                 : g_strjoin(", ", cores, threads, NULL);
}

static char *memory_text(const Host *host)
{
    gint64 bytes = 0;

    for (guint i = 0; i < host->nodes->len; i++) {
        gint64 node = ((const HostNode *)g_ptr_array_index(host->nodes, i))->memory_bytes;

        if (node == RECORD_UNSET)
            return g_strdup("memory unknown");
        bytes += node;
    }
    return text_format_size_short(bytes);
}

static const char *flag_text(int flag)
{
    return flag == RECORD_UNSET ? "unknown" : flag ? "yes" : "no";
}

void show_host_head(const Term *term, const Host *host)
{
    g_autofree char *name = text_quote(host->hostname ? host->hostname : "(no name)", 100);
    g_autofree char *model = text_quote(host->cpu.model ? host->cpu.model : "unknown CPU", 100);
    g_autofree char *shape = cpu_shape(&host->cpu);
    g_autofree char *memory = memory_text(host);
    g_autofree char *isolated = cpuset_format(host->kernel.isolated);
    g_autofree char *text = NULL;

    text = g_strdup_printf(": %s, %s, %s, KVM %s, IOMMU %s%s%s%s", model, shape, memory,
                           flag_text(host->kernel.kvm), flag_text(host->kernel.iommu),
                           isolated && *isolated ? ", isolated " : "", isolated ? isolated : "",
                           host->replayed == 1 ? " (captured, not this host)" : "");
    term_print(term, TERM_BOLD, "%s", name);
    term_wrap(term, (guint)g_utf8_strlen(name, -1), 2 * GAP, text);
    term_print(term, TERM_PLAIN, "\n");
}

static guint core_width(const Host *host)
{
    guint width = 0;

    for (guint i = 0; i < host->cores->len; i++) {
        g_autofree char *cpus =
            cpuset_format(((const HostCore *)g_ptr_array_index(host->cores, i))->cpus);

        width = MAX(width, cpus ? (guint)strlen(cpus) : 0);
    }
    return width;
}

static char *core_place(const HostCore *core)
{
    g_autofree char *node = number_text(core->node);
    g_autofree char *socket = number_text(core->socket);

    return g_strdup_printf("node %s, socket %s", node ? node : "?", socket ? socket : "?");
}

static guint place_width(const Host *host)
{
    guint width = 0;

    for (guint i = 0; i < host->cores->len; i++) {
        g_autofree char *place = core_place(host->cores->pdata[i]);

        width = MAX(width, (guint)strlen(place));
    }
    return width;
}

/* The cores of one node and socket, as many on a line as fit. Cores of no known node are told last.
 */
static void show_node_cores(const Term *term, const Host *host, gint64 node)
{
    guint width = core_width(host);
    guint indent = place_width(host) + 2 * GAP;
    guint per_line = MAX((MAX(term->width, indent) - indent + GAP) / (width + GAP), 1);
    const HostCore *before = NULL;
    guint on_line = 0;
    int pending = 0; /* blanks before the next core; none are left at the end of a line */

    for (guint i = 0; i < host->cores->len; i++) {
        const HostCore *core = g_ptr_array_index(host->cores, i);
        g_autofree char *cpus = cpuset_format(core->cpus);

        if (core->node != node)
            continue;
        if (!before || core->socket != before->socket) {
            g_autofree char *place = core_place(core);

            term_print(term, TERM_DIM, "%s  %-*s", before ? "\n" : "", (int)indent - 2 * GAP,
                       place);
            on_line = 0;
            pending = GAP;
        } else if (on_line == per_line) {
            term_print(term, TERM_PLAIN, "\n%*s", (int)indent - GAP, "");
            on_line = 0;
            pending = GAP;
        }
        term_print(term, TERM_PLAIN, "%*s%s", pending, "", cpus);
        pending = (int)(width - strlen(cpus)) + GAP;
        before = core;
        on_line++;
    }
    if (before)
        term_print(term, TERM_PLAIN, "\n");
}

static GPtrArray *select_pci(const Host *host, bool nics)
{
    GPtrArray *selected = g_ptr_array_new();

    for (guint i = 0; i < host->pci->len; i++) {
        HostPci *pci = g_ptr_array_index(host->pci, i);
        g_autoptr(GPtrArray) uses = host_pci_uses(pci);
        bool nic = host_pci_is_nic(pci) || pci->nets->len > 0;

        if (nics ? nic : !nic && uses->len > 0)
            g_ptr_array_add(selected, pci);
    }
    return selected;
}

void show_host_memory(const Term *term, const Host *host)
{
    show_table(term, "NUMA nodes", NODE_COLUMNS, G_N_ELEMENTS(NODE_COLUMNS), host, host->nodes);
}

void show_host_cpus(const Term *term, const Host *host)
{
    term_print(term, TERM_BOLD, "\nCores (siblings together)\n");
    for (guint i = 0; i < host->nodes->len; i++)
        show_node_cores(term, host, ((const HostNode *)g_ptr_array_index(host->nodes, i))->id);
    show_node_cores(term, host, RECORD_UNSET);
}

void show_host_nics(const Term *term, const Host *host)
{
    g_autoptr(GPtrArray) nics = select_pci(host, true);

    show_table(term, "NICs", NIC_COLUMNS, G_N_ELEMENTS(NIC_COLUMNS), host, nics);
}

static void show_others(const Term *term, const Host *host)
{
    g_autoptr(GPtrArray) others = select_pci(host, false);

    show_table(term, "Other devices the host uses", OTHER_COLUMNS, G_N_ELEMENTS(OTHER_COLUMNS),
               host, others);
}

void show_host(const Term *term, const Host *host)
{
    show_host_head(term, host);
    show_host_memory(term, host);
    show_host_cpus(term, host);
    show_host_nics(term, host);
    show_others(term, host);
}
