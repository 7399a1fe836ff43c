/* SPDX-License-Identifier: Apache-2.0 */
#include "port/examine.h"

#include <string.h>

#include "port/root.h"

typedef enum {
    TAKE_TEXT,     /* the whole file */
    TAKE_LINES,    /* its lines that match @pick */
    TAKE_GROUPS,   /* the groups kvm, and those that have a member that matches @pick: these only */
    TAKE_WORDS,    /* the words of its first paragraph that match @pick, each once */
    TAKE_NAMES,    /* the names in this folder that match @pick */
    TAKE_EACH,     /* of all files that the one "*" of the path stands for, if they match @pick */
    TAKE_EACH_CPU, /* the same for the "cpu*" of each online CPU; later "*" are those of the first
                    */
    TAKE_FUNCTION, /* the file of each PF, whose address is the "*" */
    TAKE_DEVICE,   /* /dev/kvm: "mode=0660 uid=0 gid=107" (port/asked.h) */
} Take;

/* Longer values are no facts but files of another kind. */
#define MAX_VALUE 65536

/* Where the kernel describes these: Documentation/admin-guide/kernel-parameters.txt,
 * Documentation/admin-guide/mm/, Documentation/admin-guide/pm/, Documentation/ABI/. */
static const struct {
    const char *path; /* "%s": the kernel release */
    Take take;
    const char *pick; /* patterns (* and ?), separated by blanks; NULL: all */
} FACTS[] = {
    {"proc/cpuinfo", TAKE_WORDS, "vmx svm hypervisor GenuineIntel AuthenticAMD HygonGenuine"},
    {"dev/kvm", TAKE_DEVICE},
    {"etc/libvirt/qemu.conf", TAKE_LINES, "user?=* user=*"},
    {"etc/passwd", TAKE_LINES, "root:* qemu:* libvirt-qemu:*"},
    {"etc/group", TAKE_GROUPS, "qemu libvirt-qemu"},
    {"sys/firmware/acpi/tables", TAKE_NAMES, "DMAR IVRS IORT"},
    {"sys/kernel/irq/*/chip_name", TAKE_EACH, "*IO-APIC*"},
    {"sys/module", TAKE_NAMES, "vfio* kvm*"},
    {"lib/modules/%s/modules.dep", TAKE_LINES, "*/vfio_iommu_type1.ko*:* */vfio-pci.ko*:*"},
    {"lib/modules/%s/modules.builtin", TAKE_LINES, "*/vfio_iommu_type1.ko */vfio-pci.ko"},
    {"sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", TAKE_TEXT},
    {"sys/module/kvm_intel/parameters/nested", TAKE_TEXT},
    {"sys/module/kvm_amd/parameters/nested", TAKE_TEXT},
    {"sys/fs/cgroup", TAKE_NAMES, "cgroup.controllers cpuset unified"},
    {"sys/fs/cgroup/cgroup.controllers", TAKE_TEXT},
    {"sys/module/apparmor/parameters/enabled", TAKE_TEXT},
    {"sys/fs/selinux/enforce", TAKE_TEXT},
    {"proc/buddyinfo", TAKE_TEXT},
    {"sys/devices/system/cpu/smt/control", TAKE_TEXT},
    {"sys/devices/system/cpu/present", TAKE_TEXT},
    {"sys/devices/system/cpu/cpu*/cpuidle/state*/latency", TAKE_EACH_CPU},
    {"sys/devices/system/cpu/cpu*/cpuidle/state*/disable", TAKE_EACH_CPU},
    {"sys/devices/system/cpu/cpu*/cpufreq/scaling_governor", TAKE_EACH_CPU},
    {"sys/devices/system/clocksource/clocksource0/current_clocksource", TAKE_TEXT},
    {"sys/devices/system/clocksource/clocksource0/available_clocksource", TAKE_TEXT},
    {"proc/*/comm", TAKE_EACH, "tuned irqbalance numad ksmtuned"},
    {"etc/tuned/active_profile", TAKE_TEXT},
    {"sys/kernel/mm/ksm/run", TAKE_TEXT},
    {"sys/kernel/mm/transparent_hugepage/enabled", TAKE_TEXT},
    {"proc/swaps", TAKE_TEXT},
    {"proc/sys/vm/swappiness", TAKE_TEXT},
    {"proc/sys/kernel/numa_balancing", TAKE_TEXT},
    {"sys/bus/pci/devices/*/resource", TAKE_FUNCTION},
};

typedef struct {
    Root *root;
    const Asked *asked; /* or NULL */
    const Host *host;
    GPtrArray *patterns; /* GPatternSpec *; empty: everything matches */
    Condition *condition;
} Examination;

static GPtrArray *compile(const char *pick)
{
    GPtrArray *patterns = g_ptr_array_new_with_free_func((GDestroyNotify)g_pattern_spec_free);
    g_auto(GStrv) words = g_strsplit(pick ? pick : "", " ", -1);

    for (char **word = words; *word; word++) {
        if (**word)
            g_ptr_array_add(patterns, g_pattern_spec_new(*word));
    }
    return patterns;
}

static bool is_picked(const Examination *examination, const char *text)
{
    const GPtrArray *patterns = examination->patterns;

    for (guint i = 0; i < patterns->len; i++) {
        if (g_pattern_spec_match_string(patterns->pdata[i], text))
            return true;
    }
    return patterns->len == 0;
}

static void tell_text(const Examination *examination, const char *path, const char *text)
{
    root_tell(examination->root, ROOT_TEXT, text, "%s", path);
}

static void add_value(Examination *examination, const char *path, const char *value, CpuSet *cpus)
{
    if (value && strlen(value) <= MAX_VALUE)
        condition_add(examination->condition, path, value, cpus);
    else
        cpuset_free(cpus);
}

/* The parts of @parts that are picked, each once, in their order. */
static char *join_picked(const Examination *examination, char *const *parts, const char *separator)
{
    g_autoptr(GPtrArray) picked = g_ptr_array_new();

    for (; *parts; parts++) {
        if (**parts && is_picked(examination, *parts) &&
            !g_ptr_array_find_with_equal_func(picked, *parts, g_str_equal, NULL))
            g_ptr_array_add(picked, *parts);
    }
    g_ptr_array_add(picked, NULL);
    return g_strjoinv(separator, (char **)picked->pdata);
}

static void take_lines(Examination *examination, const char *path)
{
    g_autofree char *text = root_read_text(examination->root, "%s", path);
    g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;
    g_autofree char *value = lines ? join_picked(examination, lines, "\n") : NULL;

    if (value)
        tell_text(examination, path, value);
    add_value(examination, path, value, NULL);
}

/* Who else is a member is nobody's business. */
static void take_groups(Examination *examination, const char *path)
{
    g_autofree char *text = root_read_text(examination->root, "%s", path);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    g_autoptr(GString) value = g_string_new(NULL);

    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, ":", -1);
        g_auto(GStrv) members = NULL;
        g_autofree char *kept = NULL;

        if (g_strv_length(fields) != 4)
            continue;
        members = g_strsplit(fields[3], ",", -1);
        kept = join_picked(examination, members, ",");
        if (*kept || strcmp(fields[0], "kvm") == 0)
            g_string_append_printf(value, "%s%s:x:%s:%s", value->len ? "\n" : "", fields[0],
                                   fields[2], kept);
    }
    if (!text)
        return;
    tell_text(examination, path, value->str);
    add_value(examination, path, value->str, NULL);
}

static void take_words(Examination *examination, const char *path)
{
    g_autofree char *text = root_read_text(examination->root, "%s", path);
    char *end = text ? strstr(text, "\n\n") : NULL;
    g_auto(GStrv) words = NULL;
    g_autofree char *value = NULL;

    if (end)
        *end = '\0';
    words = text ? g_strsplit_set(text, " \t\n", -1) : NULL;
    value = words ? join_picked(examination, words, " ") : NULL;
    if (value)
        tell_text(examination, path, value);
    add_value(examination, path, value, NULL);
}

static void take_names(Examination *examination, const char *path)
{
    g_autoptr(GPtrArray) names = root_list(examination->root, "%s", path);
    g_autofree char *value = NULL;

    if (!names->len && !root_exists(examination->root, "%s", path))
        return;
    root_tell(examination->root, ROOT_LIST, NULL, "%s", path);
    for (guint i = 0; i < names->len; i++) {
        if (is_picked(examination, names->pdata[i]))
            root_tell(examination->root, ROOT_EXISTS, NULL, "%s/%s", path, (char *)names->pdata[i]);
    }
    g_ptr_array_add(names, NULL);
    value = join_picked(examination, (char **)names->pdata, " ");
    add_value(examination, path, value, NULL);
}

/* One fact for each value, in the order met; with the CPUs that have it. */
typedef struct {
    GPtrArray *values; /* char * */
    GPtrArray *cpus;   /* CpuSet * or NULL */
} Merge;

static void merge(Merge *merged, const char *value, int cpu)
{
    guint i;

    if (!g_ptr_array_find_with_equal_func(merged->values, value, g_str_equal, &i)) {
        i = merged->values->len;
        g_ptr_array_add(merged->values, g_strdup(value));
        g_ptr_array_add(merged->cpus, cpu >= 0 ? cpuset_new() : NULL);
    }
    if (cpu >= 0)
        cpuset_add(merged->cpus->pdata[i], (guint)cpu);
}

static void add_merged(Examination *examination, const char *path, Merge *merged)
{
    for (guint i = 0; i < merged->values->len; i++)
        add_value(examination, path, merged->values->pdata[i], merged->cpus->pdata[i]);
    g_ptr_array_unref(merged->values);
    g_ptr_array_unref(merged->cpus);
}

static Merge new_merge(void)
{
    return (Merge){g_ptr_array_new_with_free_func(g_free), g_ptr_array_new()};
}

static void take_each(Examination *examination, const char *path)
{
    g_auto(GStrv) halves = g_strsplit(path, "*", 2);
    g_autoptr(GPtrArray) names = root_list(examination->root, "%s", halves[0]);
    Merge merged = new_merge();

    for (guint i = 0; i < names->len; i++) {
        g_autofree char *text = NULL;

        if (!g_ascii_isdigit(*(char *)names->pdata[i])) /* processes and interrupts are numbers */
            continue;
        text = root_read_text(examination->root, "%s%s%s", halves[0], (char *)names->pdata[i],
                              halves[1]);
        if (!text || !is_picked(examination, text))
            continue;
        root_tell(examination->root, ROOT_TEXT, text, "%s%s%s", halves[0], (char *)names->pdata[i],
                  halves[1]);
        merge(&merged, text, -1);
    }
    add_merged(examination, path, &merged);
}

/* @before, the number of a CPU, @after: no "*" is left in these. */
static void take_cpus(Examination *examination, const char *before, const char *after)
{
    const CpuSet *online = examination->host->cpu.online;
    g_autofree char *path = g_strconcat(before, "*", after, NULL);
    Merge merged = new_merge();

    for (int cpu = cpuset_next(online, 0); cpu >= 0; cpu = cpuset_next(online, cpu + 1)) {
        g_autofree char *text = root_read_text(examination->root, "%s%d%s", before, cpu, after);

        if (!text)
            continue;
        root_tell(examination->root, ROOT_TEXT, text, "%s%d%s", before, cpu, after);
        merge(&merged, text, cpu);
    }
    add_merged(examination, path, &merged);
}

/* "cpu*" and perhaps "state*": the CPUs of one host have the same states. */
static void take_each_cpu(Examination *examination, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "*", 3);
    const char *prefix = strrchr(parts[1], '/') + 1;
    g_autofree char *folder = g_strndup(parts[1], (gsize)(prefix - parts[1]));
    g_autoptr(GPtrArray) names = NULL;

    if (!parts[2]) {
        take_cpus(examination, parts[0], parts[1]);
        return;
    }
    names = root_list(examination->root, "%s%d%s", parts[0],
                      cpuset_next(examination->host->cpu.online, 0), folder);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *after = g_strconcat(folder, names->pdata[i], parts[2], NULL);

        if (g_str_has_prefix(names->pdata[i], prefix))
            take_cpus(examination, parts[0], after);
    }
}

static void take_function(Examination *examination, const char *path)
{
    g_auto(GStrv) halves = g_strsplit(path, "*", 2);

    for (guint i = 0; i < examination->host->pci->len; i++) {
        const HostPci *pci = examination->host->pci->pdata[i];
        g_autofree char *file = g_strconcat(halves[0], pci->address, halves[1], NULL);
        g_autofree char *text = pci->sriov ? root_read_text(examination->root, "%s", file) : NULL;

        if (text)
            tell_text(examination, file, text);
        add_value(examination, file, text, NULL);
    }
}

static void take_device(Examination *examination, const char *path)
{
    if (examination->asked)
        add_value(examination, path, examination->asked->kvm, NULL);
}

static void take_text(Examination *examination, const char *path)
{
    g_autofree char *text = root_read_text(examination->root, "%s", path);

    if (text)
        tell_text(examination, path, text);
    add_value(examination, path, text, NULL);
}

static void (*const TAKERS[])(Examination *examination, const char *path) = {
    [TAKE_GROUPS] = take_groups,     [TAKE_TEXT] = take_text,         [TAKE_LINES] = take_lines,
    [TAKE_WORDS] = take_words,       [TAKE_NAMES] = take_names,       [TAKE_EACH] = take_each,
    [TAKE_EACH_CPU] = take_each_cpu, [TAKE_FUNCTION] = take_function, [TAKE_DEVICE] = take_device,
};

/* The release comes from a file: it must not lead elsewhere. */
static char *fill_release(const char *path, const char *release)
{
    g_auto(GStrv) halves = g_strsplit(path, "%s", 2);

    if (!halves[1])
        return g_strdup(path);
    return release && !strchr(release, '/') ? g_strjoinv(release, halves) : NULL;
}

Condition *examine_host(const char *root_directory, const Host *host, GError **error)
{
    g_autoptr(Root) root = root_open(root_directory ? root_directory : "/", error);
    g_autoptr(Asked) asked = NULL;

    if (!root)
        return NULL;
    asked = root_directory ? asked_read(root) : asked_new_live();
    return examine_root(root, asked, host);
}

Condition *examine_root(Root *root, const Asked *asked, const Host *host)
{
    Condition *condition = condition_new();

    root_trace_quiet(root, true); /* each tells what it took, not what it read */
    for (guint i = 0; i < G_N_ELEMENTS(FACTS); i++) {
        g_autofree char *path = fill_release(FACTS[i].path, host->kernel.release);
        g_autoptr(GPtrArray) patterns = compile(FACTS[i].pick);
        Examination examination = {root, asked, host, patterns, condition};

        if (path)
            TAKERS[FACTS[i].take](&examination, path);
    }
    root_trace_quiet(root, false);
    return condition;
}
