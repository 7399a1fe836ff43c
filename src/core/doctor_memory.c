/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, what moves it about, and the daemons that would undo a placement; hosts that differ. */
#include <string.h>

#include "base/text.h"
#include "core/doctor_checks.h"

/* A block of order 9 is 2 MiB where a page is 4 KiB. */
#define PAGE_BYTES 4096
#define HUGE_ORDER 9

/* "Node 0, zone   Normal  1  2  3 ...": free blocks of order 0, 1, 2 ... (man 5 proc). Adds the
 * zones of @node up. */
static void sum_blocks(const char *buddyinfo, gint64 node, gint64 *ret_free, gint64 *ret_huge)
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
    const char *buddyinfo = doctor_value(doctor, "proc/buddyinfo");

    for (guint i = 0; buddyinfo && doctor_is_x86(doctor) && i < doctor->host->nodes->len; i++) {
        const HostNode *node = doctor->host->nodes->pdata[i];
        g_autofree char *free_text = NULL, *huge_text = NULL;
        gint64 left, huge;
        Finding *finding;

        sum_blocks(buddyinfo, node->id, &left, &huge);
        /* a node that is full is no fragmented one */
        if (huge * 2 >= left || (node->memory_bytes > 0 && left < node->memory_bytes / 8))
            continue;
        free_text = text_format_size_short(left);
        huge_text = text_format_size_short(huge);
        finding = doctor_report(doctor, FINDING_WARNING, NULL,
                                "memory of node %" G_GINT64_FORMAT " is fragmented: of %s that are "
                                "free, %s lie in whole hugepages of 2 MiB",
                                node->id, free_text, huge_text);
        finding_set_path(finding, "proc/buddyinfo");
        finding_set_hint(finding, "reserve hugepages at boot (kernel arguments hugepagesz=, "
                                  "hugepages=); until then: echo 1 > /proc/sys/vm/compact_memory");
    }
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
            finding = doctor_report(doctor, DAEMONS[d].severity, NULL, "%s", DAEMONS[d].text);
            finding_set_evidence(finding, fact->path, fact->value);
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
    const char *what;
    char *(*text)(const Host *host);
} COMMON[] = {{"CPU model", cpu_text}, {"shape", shape_text}, {"kernel", release_text}};

void doctor_mixed(Doctor *doctor)
{
    const GPtrArray *fleet = doctor->fleet;

    for (guint c = 0; fleet && c < G_N_ELEMENTS(COMMON); c++) {
        g_autofree char *mine = COMMON[c].text(doctor->host);

        for (guint i = 0; i < fleet->len; i++) {
            const Host *other = fleet->pdata[i];
            g_autofree char *theirs = other == doctor->host ? NULL : COMMON[c].text(other);

            if (!mine || !theirs || strcmp(mine, theirs) == 0)
                continue;
            finding_set_hint(doctor_report(doctor, FINDING_WARNING, NULL,
                                           "hosts of one spec differ in their %s: %s here, %s on "
                                           "%s; the same slice performs differently",
                                           COMMON[c].what, mine, theirs, other->hostname),
                             "one spec for each kind of host, or make them alike");
            break;
        }
    }
}
