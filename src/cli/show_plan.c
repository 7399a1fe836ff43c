/* SPDX-License-Identifier: Apache-2.0 */
/* A plan: who owns each CPU, node by node; then the slices, what was refused, and what is to do. */
#include "cli/show.h"

#include <string.h>

#include "base/text.h"

static const char SLICE_LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const TermStyle SLICE_STYLES[] = {TERM_GREEN, TERM_BLUE, TERM_MAGENTA, TERM_CYAN};

/* Owners that are no slice. */
typedef struct {
    char mark;
    TermStyle style;
    const char *words;
} Owner;

static const Owner OWNER_HOST = {'#', TERM_YELLOW, "host"};
static const Owner OWNER_SERVICE = {'+', TERM_RED, "service"};
static const Owner OWNER_IDLE = {'-', TERM_DIM, "idle sibling"};
static const Owner OWNER_FREE = {'.', TERM_DIM, "free"};

static char slice_letter(guint index)
{
    return index < sizeof(SLICE_LETTERS) - 1 ? SLICE_LETTERS[index] : '?';
}

static Owner slice_owner(guint index)
{
    return (Owner){slice_letter(index), SLICE_STYLES[index % G_N_ELEMENTS(SLICE_STYLES)], NULL};
}

static bool core_has_vcpu(const PlanHost *plan_host, const HostCore *core)
{
    for (guint i = 0; i < plan_host->slices->len; i++) {
        g_autoptr(CpuSet) vcpus = plan_slice_vcpu_cpus(g_ptr_array_index(plan_host->slices, i));

        if (cpuset_intersects(vcpus, core->cpus))
            return true;
    }
    return false;
}

static Owner find_owner(const PlanHost *plan_host, const HostCore *core, guint cpu)
{
    if (plan_host->reserved_cpus && cpuset_has(plan_host->reserved_cpus, cpu))
        return OWNER_HOST;
    for (guint i = 0; i < plan_host->slices->len; i++) {
        const PlanSlice *slice = g_ptr_array_index(plan_host->slices, i);
        g_autoptr(CpuSet) vcpus = plan_slice_vcpu_cpus(slice);

        if (cpuset_has(vcpus, cpu))
            return slice_owner(i);
        if (slice->emulator_cpus && cpuset_has(slice->emulator_cpus, cpu))
            return OWNER_SERVICE;
    }
    return core_has_vcpu(plan_host, core) ? OWNER_IDLE : OWNER_FREE;
}

/* Width of the widest "12#,36#". */
static guint core_width(const Host *host)
{
    guint width = 0;

    for (guint i = 0; i < host->cores->len; i++) {
        const HostCore *core = g_ptr_array_index(host->cores, i);
        guint one = 0;

        for (int cpu = cpuset_next(core->cpus, 0); cpu >= 0;
             cpu = cpuset_next(core->cpus, (guint)cpu + 1)) {
            g_autofree char *number = g_strdup_printf("%d", cpu);

            one += (guint)strlen(number) + 2;
        }
        width = MAX(width, one ? one - 1 : 0);
    }
    return width;
}

/* Returns how many columns it took. */
static guint show_core(const Term *term, const PlanHost *plan_host, const HostCore *core)
{
    guint used = 0;

    for (int cpu = cpuset_next(core->cpus, 0); cpu >= 0;
         cpu = cpuset_next(core->cpus, (guint)cpu + 1)) {
        Owner owner = find_owner(plan_host, core, (guint)cpu);
        g_autofree char *text = g_strdup_printf("%d%c", cpu, owner.mark);

        if (used)
            term_print(term, TERM_DIM, ",");
        term_print(term, owner.style, "%s", text);
        used += (guint)strlen(text) + (used ? 1 : 0);
    }
    return used;
}

static void show_node_cores(const Term *term, const Host *host, const PlanHost *plan_host,
                            gint64 node)
{
    enum { INDENT = 10 };
    guint width = core_width(host) + 2;
    guint per_line = MAX((MAX(term->width, INDENT) - INDENT) / width, 1);
    guint gap = INDENT; /* printed before the next core, so that no line ends in blanks */
    guint n = 0;

    for (guint i = 0; i < host->cores->len; i++) {
        const HostCore *core = g_ptr_array_index(host->cores, i);

        if (core->node != node)
            continue;
        if (n > 0 && n % per_line == 0) {
            term_print(term, TERM_PLAIN, "\n");
            gap = INDENT;
        }
        term_print(term, TERM_PLAIN, "%*s", (int)gap, "");
        gap = width - show_core(term, plan_host, core);
        n++;
    }
    term_print(term, TERM_PLAIN, "\n");
}

static void show_legend(const Term *term, const PlanHost *plan_host)
{
    const Owner others[] = {OWNER_HOST, OWNER_SERVICE, OWNER_IDLE, OWNER_FREE};

    term_print(term, TERM_PLAIN, "\n ");
    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        term_print(term, TERM_PLAIN, " ");
        term_print(term, others[i].style, "%c", others[i].mark);
        term_print(term, TERM_PLAIN, " %s ", others[i].words);
    }
    term_print(term, TERM_PLAIN, " and a letter for each slice\n");
}

static void show_map(const Term *term, const Host *host, const PlanHost *plan_host)
{
    for (guint i = 0; i < host->nodes->len; i++) {
        const HostNode *node = g_ptr_array_index(host->nodes, i);
        g_autofree char *memory =
            node->memory_bytes == RECORD_UNSET ? NULL : text_format_size_short(node->memory_bytes);

        term_print(term, TERM_BOLD, "  node %-3" G_GINT64_FORMAT, node->id);
        term_print(term, TERM_DIM, "  %s of memory\n", memory ? memory : "unknown amount");
        if (!cpuset_is_empty(node->cpus))
            show_node_cores(term, host, plan_host, node->id);
    }
    show_legend(term, plan_host);
}

/* "4,16 6,18": a group for each guest core. */
static char *format_pins(const PlanSlice *slice)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < slice->vcpus->len; i++) {
        const PlanVcpu *vcpu = g_ptr_array_index(slice->vcpus, i);

        if (i > 0)
            g_string_append_c(text, slice->threads > 1 && i % slice->threads ? ',' : ' ');
        g_string_append_printf(text, "%" G_GINT64_FORMAT, vcpu->cpu);
    }
    return g_string_free(text, FALSE);
}

static char *format_nodes(const PlanSlice *slice)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < slice->nodes->len; i++)
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, i ? "," : "",
                               g_array_index(slice->nodes, gint64, i));
    return g_string_free(text, FALSE);
}

static char *format_memory(const PlanSlice *slice)
{
    g_autofree char *memory = text_format_size_short(slice->memory_bytes);
    g_autofree char *page = slice->hugepage_bytes == RECORD_UNSET
                                ? g_strdup("ordinary")
                                : text_format_size(slice->hugepage_bytes);

    return g_strdup_printf("%s in %s pages", memory, page);
}

static char *format_service(const PlanSlice *slice)
{
    g_autofree char *cpus = cpuset_format(slice->emulator_cpus);
    guint n = slice->iothreads->len;

    if (n == 0)
        return g_strdup_printf("%s for emulator threads", cpus ? cpus : "-");
    return g_strdup_printf("%s for emulator threads and %u IOThread%s", cpus ? cpus : "-", n,
                           n == 1 ? "" : "s");
}

static char *format_device(const PlanDevice *device)
{
    g_autofree char *node = device->node == RECORD_UNSET
                                ? g_strdup("of an unknown node")
                                : g_strdup_printf("on node %" G_GINT64_FORMAT, device->node);
    const char *address = device->address ? device->address : "address not known yet";

    switch (device->kind) {
    case PLAN_DEVICE_PF:
        return g_strdup_printf("%s  PF for %s, %s", address, device->network, node);
    case PLAN_DEVICE_VF:
        return g_strdup_printf("%s  VF %" G_GINT64_FORMAT " of %s for %s, %s, MAC %s", address,
                               device->vf, device->pf, device->network, node, device->mac);
    default:
        return g_strdup_printf("%s  %s:%s, %s", address, device->vendor, device->device, node);
    }
}

void show_row(const Term *term, const char *label, const char *words)
{
    enum { INDENT = 15 };
    g_auto(GStrv) parts = g_strsplit(words, " ", -1);
    guint column = INDENT;

    term_print(term, TERM_DIM, "      %-9s", label);
    for (guint i = 0; parts[i]; i++) {
        guint length = (guint)g_utf8_strlen(parts[i], -1);

        if (i > 0 && column + 1 + length > term->width) {
            term_print(term, TERM_PLAIN, "\n%*s", INDENT, "");
            column = INDENT;
        } else if (i > 0) {
            term_print(term, TERM_PLAIN, " ");
            column++;
        }
        term_print(term, TERM_PLAIN, "%s", parts[i]);
        column += length;
    }
    term_print(term, TERM_PLAIN, "\n");
}

static void show_slice(const Term *term, const PlanSlice *slice, guint index)
{
    Owner owner = slice_owner(index);
    g_autofree char *nodes = format_nodes(slice);
    g_autofree char *pins = format_pins(slice);
    g_autofree char *memory = format_memory(slice);
    g_autofree char *service = format_service(slice);

    term_print(term, owner.style, "  %c ", owner.mark);
    term_print(term, TERM_BOLD, "%s", slice->name);
    term_print(term, TERM_DIM, "  cluster %s, node %s\n", slice->cluster, nodes);
    show_row(term, "vCPUs", pins);
    show_row(term, "service", service);
    show_row(term, "memory", memory);
    for (guint i = 0; i < slice->devices->len; i++) {
        g_autofree char *device = format_device(g_ptr_array_index(slice->devices, i));

        show_row(term, i == 0 ? "devices" : "", device);
    }
    if (slice->disk)
        show_row(term, "disk", slice->disk->path);
}

static void show_plan_host(const Term *term, const Host *host, const PlanHost *plan_host)
{
    g_autofree char *reserved = cpuset_format(plan_host->reserved_cpus);
    g_autofree char *isolated = cpuset_format(plan_host->isolated_cpus);

    term_print(term, TERM_BOLD, "%s", plan_host->name);
    term_print(term, TERM_PLAIN, "  host keeps CPUs %s, isolated %s\n",
               reserved && *reserved ? reserved : "-", isolated && *isolated ? isolated : "-");
    show_map(term, host, plan_host);
    if (plan_host->slices->len)
        term_print(term, TERM_BOLD, "\nSlices\n");
    for (guint i = 0; i < plan_host->slices->len; i++)
        show_slice(term, g_ptr_array_index(plan_host->slices, i), i);
    if (plan_host->kernel_args->len) {
        term_print(term, TERM_BOLD, "\nKernel arguments\n");
        for (guint i = 0; i < plan_host->kernel_args->len; i++)
            term_print(term, TERM_PLAIN, "  %s\n",
                       (const char *)g_ptr_array_index(plan_host->kernel_args, i));
    }
    if (plan_host->steps->len) {
        term_print(term, TERM_BOLD, "\nSteps\n");
        show_steps(term, plan_host->steps);
    }
}

/* What the levels of Plan JSON are called, and what they count. */
static const struct {
    const char *level, *words;
} LEVEL_WORDS[] = {
    {"moved", "running slices moved"},
    {"refused", "slices refused"},
    {"refused-cores", "cores of refused slices"},
    {"over-nodes", "slices over several nodes"},
    {"remote-devices", "devices on another node"},
    {"distance", "NUMA distance"},
    {PLAN_LEVEL_L3, "slices that share an L3 domain"},
    {"nic-nodes", "slices without a NIC on the node of one"},
    {"room", "cores left on one node"},
};

const char *show_level_words(const char *level)
{
    for (guint i = 0; i < G_N_ELEMENTS(LEVEL_WORDS); i++)
        if (g_strcmp0(level, LEVEL_WORDS[i].level) == 0)
            return LEVEL_WORDS[i].words;
    return level;
}

/* Only what is not proved: the rest is as good as it can be. */
static void show_gaps(const Term *term, const PlanBounds *bounds)
{
    if (bounds->optimal == RECORD_UNSET)
        return;
    if (bounds->optimal) {
        term_print(term, TERM_PLAIN, "Proved to be the best plan there is.\n");
        return;
    }
    term_print(term, TERM_PLAIN, "Not proved to be the best plan:\n");
    for (guint i = 0; i < bounds->levels->len; i++) {
        const PlanLevel *level = g_ptr_array_index(bounds->levels, i);

        if (level->gap == 0)
            continue;
        term_print(term, TERM_PLAIN, "  %s", show_level_words(level->level));
        if (level->priority != RECORD_UNSET)
            term_print(term, TERM_PLAIN, " of priority %" G_GINT64_FORMAT, level->priority);
        term_print(term, TERM_PLAIN, ": %" G_GINT64_FORMAT, level->value);
        if (level->bound == RECORD_UNSET)
            term_print(term, TERM_PLAIN, ", no bound known\n");
        else
            term_print(term, TERM_PLAIN, ", no plan has %s than %" G_GINT64_FORMAT "\n",
                       level->value > level->bound ? "fewer" : "more", level->bound);
    }
}

static void show_bounds(const Term *term, const Plan *plan)
{
    const PlanBounds *bounds = &plan->bounds;
    gint64 wanted = bounds->admitted + plan->unplaced->len;

    term_print(term, TERM_PLAIN, "\n%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " slice%s placed",
               bounds->admitted, wanted, wanted == 1 ? "" : "s");
    if (bounds->admitted < wanted)
        term_print(term, TERM_PLAIN, "; no plan can place more than %" G_GINT64_FORMAT,
                   bounds->admitted_bound);
    term_print(term, TERM_PLAIN, ".\n");
    show_gaps(term, bounds);
}

void show_plan(const Term *term, const Host *host, const Plan *plan)
{
    for (guint i = 0; i < plan->hosts->len; i++)
        show_plan_host(term, host, g_ptr_array_index(plan->hosts, i));
    if (plan->unplaced->len)
        term_print(term, TERM_BOLD, "\nRefused\n");
    for (guint i = 0; i < plan->unplaced->len; i++) {
        const PlanUnplaced *unplaced = g_ptr_array_index(plan->unplaced, i);

        term_print(term, TERM_RED, "  %s", unplaced->name);
        term_print(term, TERM_BOLD, "  %s\n", unplaced->resource);
        show_row(term, "reason", unplaced->reason);
    }
    show_bounds(term, plan);
}
