/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, what moves it about, and the daemons that would undo a placement; hosts that differ. */
#include <string.h>

#include "base/text.h"
#include "core/doctor_checks.h"
#include "core/domain.h"
#include "core/place.h"

/* A block of order 9 is 2 MiB where a page is 4 KiB. */
#define PAGE_BYTES 4096
#define HUGE_ORDER 9
#define BUDDYINFO "proc/buddyinfo"

/* "Node 0, zone   Normal  1  2  3 ...": free blocks of order 0, 1, 2 ... (man 5 proc). Adds the
 * zones of @node up, and their lines to @zones. */
static void sum_blocks(const char *buddyinfo, gint64 node, gint64 *ret_free, gint64 *ret_huge,
                       GString *zones)
{
    g_auto(GStrv) lines = g_strsplit(buddyinfo, "\n", -1);

    *ret_free = *ret_huge = 0;
    for (char **line = lines; *line; line++) {
        g_autoptr(GPtrArray) words = g_ptr_array_new();
        g_auto(GStrv) parts = g_strsplit(*line, " ", -1);

        for (char **part = parts; *part; part++) {
            if (**part)
                g_ptr_array_add(words, *part);
        }
        if (words->len < 5 || g_ascii_strtoll(words->pdata[1], NULL, 10) != node)
            continue;
        g_string_append_printf(zones, "%s%s", zones->len ? "; " : "", *line);
        for (guint order = 0; order + 4 < words->len && order < 20; order++) {
            gint64 count = g_ascii_strtoll(words->pdata[order + 4], NULL, 10);
            gint64 bytes = CLAMP(count, 0, G_MAXINT32) * ((gint64)PAGE_BYTES << order);

            *ret_free += bytes;
            *ret_huge += order >= HUGE_ORDER ? bytes : 0;
        }
    }
}

void doctor_fragmentation(Doctor *doctor)
{
    const char *buddyinfo = doctor_value(doctor, BUDDYINFO);

    for (guint i = 0; buddyinfo && doctor_is_x86(doctor) && i < doctor->host->nodes->len; i++) {
        const HostNode *node = doctor->host->nodes->pdata[i];
        g_autofree char *free_text = NULL, *huge_text = NULL;
        g_autoptr(GString) zones = g_string_new(NULL);
        gint64 left, huge;
        Finding *finding;

        sum_blocks(buddyinfo, node->id, &left, &huge, zones);
        /* a node that is full is no fragmented one */
        if (huge * 2 >= left || (node->memory_bytes > 0 && left < node->memory_bytes / 8))
            continue;
        free_text = text_format_size_short(left);
        huge_text = text_format_size_short(huge);
        finding = doctor_report(doctor, FINDING_WARNING, BUDDYINFO,
                                "memory of node %" G_GINT64_FORMAT " is fragmented: of %s that are "
                                "free, %s lie in whole hugepages of 2 MiB",
                                node->id, free_text, huge_text);
        finding_set_evidence(finding, zones->str);
        finding_set_hint(finding, "reserve hugepages at boot (kernel arguments hugepagesz=, "
                                  "hugepages=); until then: echo 1 > /proc/sys/vm/compact_memory");
    }
}

/* Documentation/admin-guide/mm/hugetlbpage.rst */
#define POOLS "sys/devices/system/node/node*/hugepages"

typedef struct {
    gint64 total, free;
    bool known, offered;
    GString *values; /* "node 0: 3 free of 4, node 1: none" */
} Pages;

static Pages count_pages(const Host *host, gint64 size_bytes)
{
    Pages pages = {.known = host->nodes->len > 0, .values = g_string_new(NULL)};

    for (guint i = 0; i < host->nodes->len; i++) {
        const HostNode *node = host->nodes->pdata[i];
        const HostHugepages *pool = host_find_pool(node, size_bytes);

        g_string_append_printf(pages.values, "%snode %" G_GINT64_FORMAT ": ",
                               pages.values->len ? ", " : "", node->id);
        if (pool)
            g_string_append_printf(pages.values, "%" G_GINT64_FORMAT " free of %" G_GINT64_FORMAT,
                                   pool->free, pool->total);
        else
            g_string_append(pages.values, "none");
        if (node->hugepages->len == 0 || (pool && (pool->total < 0 || pool->free < 0)))
            pages.known = false;
        pages.offered |= pool != NULL;
        pages.total += pool ? pool->total : 0;
        pages.free += pool ? pool->free : 0;
    }
    return pages;
}

/* Is all of the spec for this host? */
static bool is_alone(const Doctor *doctor)
{
    const SpecHost *only = doctor->spec->hosts->len == 1 ? doctor->spec->hosts->pdata[0] : NULL;

    return only && g_strcmp0(only->name, doctor->host->hostname) == 0;
}

/* Of all slices that have pages of this size; where other hosts may take some, of the least of
 * them.
 */
static gint64 count_needed(const Doctor *doctor, SpecHugepages hugepages)
{
    g_autoptr(GPtrArray) instances = spec_expand(doctor->spec);
    gint64 size = spec_hugepage_bytes(hugepages), sum = 0, least = 0;

    for (guint i = 0; i < instances->len; i++) {
        const SpecSlice *slice = ((const SpecInstance *)instances->pdata[i])->slice;
        gint64 pages = slice->memory / size;

        if (slice->hugepages != (int)hugepages)
            continue;
        sum = pages < G_MAXINT64 - sum ? sum + pages : G_MAXINT64;
        least = least ? MIN(least, pages) : pages;
    }
    return is_alone(doctor) ? sum : least;
}

static Finding *report_few(Doctor *doctor, const char *path, const Pages *pages, gint64 needed,
                           const char *size, const char *argument)
{
    const char *whose = is_alone(doctor) ? "the slices of the spec need" : "a slice needs";
    g_autofree char *want =
        g_strdup_printf("%s %" G_GINT64_FORMAT " hugepages of %s", whose, needed, size);
    Finding *finding;

    if (pages->total < needed) {
        finding = doctor_report(doctor, FINDING_WARNING, path, "%s, the host has %" G_GINT64_FORMAT,
                                want, pages->total);
        finding_set_hint(finding,
                         "bmslice prepare SPEC reserves them on their nodes; or the kernel "
                         "arguments hugepagesz=%s hugepages=%" G_GINT64_FORMAT ", and boot",
                         argument, needed);
        return finding;
    }
    finding = doctor_report(doctor, FINDING_INFO, path,
                            "%s, and of %" G_GINT64_FORMAT " are %" G_GINT64_FORMAT
                            " free: others hold them, or these slices run already",
                            want, pages->total, pages->free);
    finding_set_hint(finding, "who holds them: grep -l huge /proc/[0-9]*/numa_maps");
    return finding;
}

/* The host has enough: has each node what the plan wants of it? Pages do not move. */
static void judge_nodes(Doctor *doctor, const Plan *plan, gint64 page_bytes, const char *size)
{
    for (guint i = 0; plan && i < doctor->host->nodes->len; i++) {
        const HostNode *node = doctor->host->nodes->pdata[i];
        const HostHugepages *pool = host_find_pool(node, page_bytes);
        gint64 needed = domain_pages_on_node(plan->hosts->pdata[0], node->id, page_bytes);
        gint64 there = pool ? pool->total : 0;
        g_autofree char *path = NULL;

        if (there >= needed)
            continue;
        path = g_strdup_printf("sys/devices/system/node/node%" G_GINT64_FORMAT
                               "/hugepages/hugepages-%" G_GINT64_FORMAT "kB/nr_hugepages",
                               node->id, page_bytes / 1024);
        Finding *finding = doctor_report(doctor, FINDING_WARNING, path,
                                         "the slices of the spec need %" G_GINT64_FORMAT
                                         " hugepages of %s on node %" G_GINT64_FORMAT
                                         ", which has %" G_GINT64_FORMAT ": other nodes have them",
                                         needed, size, node->id, there);
        g_autofree char *value = g_strdup_printf("%" G_GINT64_FORMAT, there);

        finding_set_evidence(finding, value);
        finding_set_hint(finding, "bmslice prepare SPEC reserves them on their nodes");
    }
}

static void judge_pages(Doctor *doctor, const Plan *plan, SpecHugepages hugepages,
                        const char *argument)
{
    gint64 size = spec_hugepage_bytes(hugepages), needed = count_needed(doctor, hugepages);
    Pages pages = count_pages(doctor->host, size);
    g_autofree char *values = g_string_free(pages.values, FALSE);
    g_autofree char *size_text = text_format_size_short(size);
    g_autofree char *path =
        g_strdup_printf(POOLS "/hugepages-%" G_GINT64_FORMAT "kB/free_hugepages", size / 1024);
    Finding *finding;

    if (!needed || !pages.known)
        return;
    if (pages.offered && pages.free >= needed) {
        judge_nodes(doctor, plan, size, size_text);
        return;
    }
    if (pages.offered) {
        finding = report_few(doctor, path, &pages, needed, size_text, argument);
    } else {
        finding = doctor_report(doctor, FINDING_ERROR, path,
                                "this CPU and kernel have no hugepages of %s", size_text);
        finding_set_hint(finding, "give the slices hugepages of another size, or none");
    }
    finding_set_evidence(finding, values);
}

void doctor_hugepages(Doctor *doctor)
{
    g_autoptr(Plan) plan = NULL;

    if (!doctor->spec)
        return; /* none may be needed */
    if (is_alone(doctor))
        plan = place_slices(doctor->spec, doctor->spec->hosts->pdata[0], doctor->host, NULL);
    judge_pages(doctor, plan, SPEC_HUGEPAGES_1GIB, "1G");
    judge_pages(doctor, plan, SPEC_HUGEPAGES_2MIB, "2M");
}

void doctor_ksm(Doctor *doctor)
{
    static const char path[] = "sys/kernel/mm/ksm/run";
    const char *run = doctor_value(doctor, path);

    if (run && strcmp(run, "1") == 0)
        finding_set_hint(doctor_report(doctor, FINDING_WARNING, path,
                                       "KSM merges equal pages of guests, which then have to be "
                                       "parted again on a write"),
                         "systemctl disable --now ksm ksmtuned; echo 2 > /%s", path);
}

void doctor_thp(Doctor *doctor)
{
    static const char path[] = "sys/kernel/mm/transparent_hugepage/enabled";
    const char *enabled = doctor_value(doctor, path);

    if (enabled && strstr(enabled, "[never]"))
        finding_set_hint(doctor_report(doctor, FINDING_INFO, path,
                                       "transparent hugepages are off: a slice without hugepages "
                                       "runs on pages of 4 KiB"),
                         "echo madvise > /%s (QEMU asks for them), or give the slice hugepages",
                         path);
}

void doctor_swap(Doctor *doctor)
{
    const char *swaps = doctor_value(doctor, "proc/swaps");
    const char *first = swaps ? strchr(swaps, '\n') : NULL; /* after the heading */

    if (!first)
        return;
    finding_set_hint(
        doctor_report(doctor, FINDING_WARNING, "proc/swaps",
                      "the host swaps: memory of a slice without hugepages and without "
                      "devices can go to disk"),
        "swapoff -a, and take the swap out of /etc/fstab; or sysctl vm.swappiness=0");
}

void doctor_numa_balancing(Doctor *doctor)
{
    static const char path[] = "proc/sys/kernel/numa_balancing";
    const char *value = doctor_value(doctor, path);

    if (value && strcmp(value, "0") != 0 && doctor->host->nodes->len > 1)
        finding_set_hint(doctor_report(doctor, FINDING_WARNING, path,
                                       "NUMA balancing takes pages away from running threads to "
                                       "see who uses them"),
                         "echo kernel.numa_balancing=0 > /etc/sysctl.d/90-slices.conf && sysctl "
                         "--system");
}

/* Who else would decide where threads, pages and interrupts are. */
static const struct {
    const char *name;
    FindingSeverity severity;
    const char *text, *mend;
} DAEMONS[] = {
    {"numad", FINDING_WARNING, "numad moves the threads and pages of guests between nodes",
     "systemctl disable --now numad"},
    {"irqbalance", FINDING_WARNING,
     "irqbalance moves interrupts, also onto the CPUs of slices that are not isolated at boot",
     "systemctl disable --now irqbalance, or IRQBALANCE_BANNED_CPULIST=<isolated CPUs> in "
     "/etc/default/irqbalance (/etc/sysconfig/irqbalance)"},
    {"ksmtuned", FINDING_WARNING, "ksmtuned switches KSM on when memory grows short",
     "systemctl disable --now ksmtuned"},
    {"tuned", FINDING_INFO, "tuned sets CPU affinities and kernel settings by its own profile",
     "let its profile agree with the plan (cpu-partitioning with isolated_cores=<isolated CPUs>), "
     "or systemctl disable --now tuned"},
};

void doctor_daemons(Doctor *doctor)
{
    for (guint i = 0; i < doctor->condition->facts->len; i++) {
        const Fact *fact = doctor->condition->facts->pdata[i];

        for (guint d = 0; d < G_N_ELEMENTS(DAEMONS); d++) {
            Finding *finding;

            if (!g_str_has_suffix(fact->path, "/comm") || strcmp(fact->value, DAEMONS[d].name) != 0)
                continue;
            finding = doctor_report(doctor, DAEMONS[d].severity, fact->path, "%s", DAEMONS[d].text);
            finding_set_evidence(finding, fact->value);
            finding_set_hint(finding, "%s", DAEMONS[d].mend);
        }
    }
}

/* What hosts of one spec had better have in common. */
static char *cpu_text(const Host *host)
{
    return g_strdup(host->cpu.model);
}

static char *shape_text(const Host *host)
{
    return g_strdup_printf("%u nodes, %" G_GINT64_FORMAT " cores, %" G_GINT64_FORMAT " threads",
                           host->nodes->len, host->cpu.cores, host->cpu.threads);
}

static char *release_text(const Host *host)
{
    return g_strdup(host->kernel.release);
}

static const struct {
    const char *what, *path;
    char *(*text)(const Host *host);
} COMMON[] = {
    {"CPU model", "proc/cpuinfo", cpu_text},
    {"shape", "sys/devices/system/cpu", shape_text},
    {"kernel", "proc/sys/kernel/osrelease", release_text},
};

void doctor_mixed(Doctor *doctor)
{
    const GPtrArray *fleet = doctor->fleet;

    for (guint c = 0; fleet && c < G_N_ELEMENTS(COMMON); c++) {
        g_autofree char *mine = COMMON[c].text(doctor->host);

        for (guint i = 0; i < fleet->len; i++) {
            const Host *other = fleet->pdata[i];
            g_autofree char *theirs = other == doctor->host ? NULL : COMMON[c].text(other);
            Finding *finding;

            if (!mine || !theirs || strcmp(mine, theirs) == 0)
                continue;
            finding = doctor_report(doctor, FINDING_WARNING, COMMON[c].path,
                                    "hosts of one spec differ in their %s: %s here, %s on %s; the "
                                    "same slice performs differently",
                                    COMMON[c].what, mine, theirs, other->hostname);
            finding_set_evidence(finding, mine);
            finding_set_hint(finding, "one spec for each kind of host, or make them alike");
            break;
        }
    }
}
