/* SPDX-License-Identifier: Apache-2.0 */
/* A host for people: what it is, its NUMA nodes, who is sibling of whom, its NICs. */
#include "cli/show.h"

#include <string.h>

#include "base/text.h"

/* One column of a table: title, and the text of one row (caller frees). */
typedef struct {
    const char *title;
    char *(*text)(const Host *host, const void *item);
    bool shrinks; /* cut when the line is too long */
} Column;

/* No column is cut below this. */
#define SHRUNK_WIDTH 12
#define GAP 2

/* The cells of one column, the title first: char *. */
static GPtrArray *fill_column(const Column *column, const Host *host, const GPtrArray *items)
{
    GPtrArray *cells = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(cells, g_strdup(column->title));
    for (guint i = 0; i < items->len; i++) {
        g_autofree char *text = column->text(host, items->pdata[i]);

        g_ptr_array_add(cells, text_quote(text ? text : "-", 200));
    }
    return cells;
}

static guint column_width(const GPtrArray *cells)
{
    guint width = 0;

    for (guint i = 0; i < cells->len; i++)
        width = MAX(width, (guint)g_utf8_strlen(cells->pdata[i], -1));
    return width;
}

/* The widths of all columns, the ones that may shrink cut down to what the terminal leaves. */
static void fit_widths(const Term *term, const Column *columns, guint n_columns,
                       const GPtrArray *texts, guint *widths)
{
    guint total = 0;

    for (guint i = 0; i < n_columns; i++) {
        widths[i] = column_width(texts->pdata[i]);
        total += GAP + widths[i];
    }
    for (guint i = 0; i < n_columns && total > term->width; i++) {
        guint most = widths[i] > SHRUNK_WIDTH ? widths[i] - SHRUNK_WIDTH : 0;
        guint cut = columns[i].shrinks ? MIN(total - term->width, most) : 0;

        widths[i] -= cut;
        total -= cut;
    }
}

/* What tells one model from another stands at its end: "...10-Gigabit X540-AT2". */
static char *cut_start(const char *cell, guint width)
{
    glong length = g_utf8_strlen(cell, -1);

    if (length <= (glong)width)
        return g_strdup(cell);
    return g_strconcat("...", g_utf8_offset_to_pointer(cell, length - (glong)width + 3), NULL);
}

static void show_table(const Term *term, const char *title, const Column *columns, guint n_columns,
                       const Host *host, const GPtrArray *items)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    g_autofree guint *widths = g_new0(guint, n_columns);

    if (!items->len)
        return;
    for (guint i = 0; i < n_columns; i++)
        g_ptr_array_add(texts, fill_column(&columns[i], host, items));
    fit_widths(term, columns, n_columns, texts, widths);
    term_print(term, TERM_BOLD, "\n%s\n", title);
    for (guint row = 0; row <= items->len; row++) {
        for (guint i = 0; i < n_columns; i++) {
            g_autofree char *cut = cut_start(((GPtrArray *)texts->pdata[i])->pdata[row], widths[i]);
            bool last = i + 1 == n_columns;
            int pad = last ? 0 : (int)(widths[i] - MIN(g_utf8_strlen(cut, -1), widths[i]));

            term_print(term, row ? TERM_PLAIN : TERM_DIM, "%*s%s%*s", GAP, "", cut, pad, "");
        }
        term_print(term, TERM_PLAIN, "\n");
    }
}

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
    {"CORES", node_cores},
    {"L3", node_l3},
    {"MEMORY", node_memory},
    {"HUGEPAGES FREE/ALL", node_hugepages},
    {"DISTANCES", node_distances},
    {"CPUS", node_cpus},
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

static char *pci_group(const Host *host, const void *item)
{
    return number_text(((const HostPci *)item)->iommu_group);
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

static const Column NIC_COLUMNS[] = {
    {"ADDRESS", pci_address}, {"NET", nic_names},   {"MODEL", pci_model, true},
    {"NODE", pci_node},       {"GROUP", pci_group}, {"DRIVER", pci_driver},
    {"VFS", nic_vfs},         {"LINK", nic_links},  {"USED BY HOST", nic_uses},
};

/* What else must not be handed to a slice. */
static const Column OTHER_COLUMNS[] = {
    {"ADDRESS", pci_address}, {"MODEL", pci_model, true}, {"NODE", pci_node},
    {"GROUP", pci_group},     {"DRIVER", pci_driver},     {"USED BY HOST", pci_uses},
};

static char *count_text(gint64 count, const char *what)
{
    return g_strdup_printf("%" G_GINT64_FORMAT " %s%s", count, what, count == 1 ? "" : "s");
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

static void show_head(const Term *term, const Host *host)
{
    g_autofree char *name = text_quote(host->hostname ? host->hostname : "(no name)", 100);
    g_autofree char *model = text_quote(host->cpu.model ? host->cpu.model : "unknown CPU", 100);
    g_autofree char *shape = cpu_shape(&host->cpu);
    g_autofree char *memory = memory_text(host);
    g_autofree char *isolated = cpuset_format(host->kernel.isolated);

    term_print(term, TERM_BOLD, "%s", name);
    term_print(term, TERM_PLAIN, ": %s, %s, %s, KVM %s, IOMMU %s", model, shape, memory,
               flag_text(host->kernel.kvm), flag_text(host->kernel.iommu));
    if (isolated && *isolated)
        term_print(term, TERM_PLAIN, ", isolated %s", isolated);
    if (host->replayed == 1)
        term_print(term, TERM_DIM, " (captured, not this host)");
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

/* The cores of one node and socket, as many on a line as fit. Cores of no known node are told last.
 */
static void show_node_cores(const Term *term, const Host *host, gint64 node)
{
    enum { INDENT = 20 };
    guint width = core_width(host);
    guint per_line = MAX((MAX(term->width, INDENT) - INDENT) / (width + GAP), 1);
    gint64 socket = RECORD_UNSET;
    guint on_line = 0;
    bool begun = false;
    int pending = 0; /* blanks before the next core; none are left at the end of a line */

    for (guint i = 0; i < host->cores->len; i++) {
        const HostCore *core = g_ptr_array_index(host->cores, i);
        g_autofree char *cpus = cpuset_format(core->cpus);

        if (core->node != node)
            continue;
        if (!begun || core->socket != socket) {
            g_autofree char *node_name = number_text(node);
            g_autofree char *socket_name = number_text(core->socket);
            g_autofree char *place = g_strdup_printf(
                "node %s, socket %s", node_name ? node_name : "?", socket_name ? socket_name : "?");

            term_print(term, TERM_DIM, "%s  %-*s", begun ? "\n" : "", INDENT - 2 * GAP, place);
            on_line = 0;
            pending = GAP;
        } else if (on_line == per_line) {
            term_print(term, TERM_PLAIN, "\n%*s", INDENT - GAP, "");
            on_line = 0;
            pending = GAP;
        }
        term_print(term, TERM_PLAIN, "%*s%s", pending, "", cpus);
        pending = (int)(width - strlen(cpus)) + GAP;
        socket = core->socket;
        begun = true;
        on_line++;
    }
    if (begun)
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

void show_host(const Term *term, const Host *host)
{
    g_autoptr(GPtrArray) nics = select_pci(host, true);
    g_autoptr(GPtrArray) others = select_pci(host, false);

    show_head(term, host);
    show_table(term, "NUMA nodes", NODE_COLUMNS, G_N_ELEMENTS(NODE_COLUMNS), host, host->nodes);
    term_print(term, TERM_BOLD, "\nCores (siblings together)\n");
    for (guint i = 0; i < host->nodes->len; i++)
        show_node_cores(term, host, ((const HostNode *)g_ptr_array_index(host->nodes, i))->id);
    show_node_cores(term, host, RECORD_UNSET);
    show_table(term, "NICs", NIC_COLUMNS, G_N_ELEMENTS(NIC_COLUMNS), host, nics);
    show_table(term, "Other devices the host uses", OTHER_COLUMNS, G_N_ELEMENTS(OTHER_COLUMNS),
               host, others);
}
