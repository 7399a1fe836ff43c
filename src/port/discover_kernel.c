/* SPDX-License-Identifier: Apache-2.0 */
/* The running kernel: release, command line, isolation, IOMMU, KVM; name and architecture. */
#include <string.h>

#include "model/kernel_words.h"
#include "model/ownership.h"
#include "port/discover_parts.h"

static void discover_names(Discovery *discovery)
{
    Host *host = discovery->host;

    host->hostname = root_read_text(discovery->root, "proc/sys/kernel/hostname");
    if (!host->hostname)
        host->hostname = root_read_text(discovery->root, "etc/hostname");
    host->arch = root_read_text(discovery->root, "proc/sys/kernel/arch"); /* since 6.1 */
    host->kernel.release = root_read_text(discovery->root, "proc/sys/kernel/osrelease");
    if (discovery->asked && !host->arch)
        host->arch = g_strdup(discovery->asked->arch);
}

/* /proc/version of captures without /proc/sys: "Linux version 4.15.0-20-generic (buildd@...". */
static char *release_of_version(Root *root)
{
    g_autofree char *version = root_read_text(root, "proc/version");
    const char *release;

    if (!version || !g_str_has_prefix(version, "Linux version "))
        return NULL;
    release = version + strlen("Linux version ");
    return g_strndup(release, strcspn(release, " "));
}

/* What no file tells, hwloc-gather-topology writes into one of its own: "HostName: node1". */
static void discover_gathered(Discovery *discovery)
{
    Host *host = discovery->host;
    const struct {
        const char *label;
        char **text;
    } facts[] = {
        {"\nHostName: ", &host->hostname},
        {"\nArchitecture: ", &host->arch},
        {"\nOSRelease: ", &host->kernel.release},
    };
    g_autofree char *text = root_read_text(discovery->root, "proc/hwloc-nofile-info");
    g_autofree char *lines = text ? g_strconcat("\n", text, NULL) : NULL;

    for (guint i = 0; lines && i < G_N_ELEMENTS(facts); i++) {
        const char *line = strstr(lines, facts[i].label);
        const char *value = line ? line + strlen(facts[i].label) : "";

        if (!*facts[i].text && strcspn(value, "\n") > 0)
            *facts[i].text = g_strndup(value, strcspn(value, "\n"));
    }
}

/* What in /proc/cpuinfo only one architecture has: the "long mode" flag, and how the features of a
 * 64-bit Arm begin (arch/x86/kernel/cpu/proc.c, arch/arm64/kernel/cpuinfo.c). */
static const struct {
    const char *words, *arch;
} CPUINFO_WORDS[] = {
    {" lm ", "x86_64"},
    {"\nFeatures\t: fp asimd ", "aarch64"},
};

static void discover_arch(Discovery *discovery)
{
    const char *cpuinfo = discovery->cpuinfo;

    if (discovery->host->arch)
        return;
    for (guint i = 0; cpuinfo && i < G_N_ELEMENTS(CPUINFO_WORDS); i++) {
        if (!discovery->host->arch && strstr(cpuinfo, CPUINFO_WORDS[i].words))
            discovery->host->arch = g_strdup(CPUINFO_WORDS[i].arch);
    }
}

/* nohz_full is absent, "(null)" or empty where the kernel has none of it. */
static CpuSet *read_kernel_cpus(Discovery *discovery, const char *name)
{
    g_autofree char *text = root_read_text(discovery->root, "sys/devices/system/cpu/%s", name);

    if (!text)
        return NULL;
    return cpuset_parse(strcmp(text, "(null)") == 0 ? "" : text, NULL);
}

/* Documentation/admin-guide/cgroup-v2.rst: cpuset.cpus.partition. What is isolated in this way, the
 * kernel's own list of isolated CPUs does not have. */
static CpuSet *read_partition(Discovery *discovery)
{
    static const char cgroup[] = PARTITION_CGROUP;
    g_autofree char *state =
        root_read_text(discovery->root, "%s/cpuset.cpus.partition", cgroup + 1);
    g_autofree char *cpus = NULL;

    if (g_strcmp0(state, "isolated") != 0)
        return NULL;
    cpus = root_read_text(discovery->root, "%s/cpuset.cpus.effective", cgroup + 1);
    return cpus ? cpuset_parse(cpus, NULL) : NULL;
}

/* Another tool's capture that lacks the folder does not tell that the host lacks it. */
static int known_absent(Discovery *discovery, const char *folder)
{
    return discovery->asked || root_exists(discovery->root, "%s", folder) ? 0 : RECORD_UNSET;
}

static int discover_iommu(Discovery *discovery)
{
    g_autoptr(GPtrArray) groups = root_list(discovery->root, "sys/kernel/iommu_groups");

    return groups->len ? 1 : known_absent(discovery, "sys/kernel/iommu_groups");
}

/* KVM drives the CPU's own VT-x or AMD-V (vmx and svm among the flags of an x86 /proc/cpuinfo).
 * There are kernels whose /dev/kvm does without, inside rented machines: they cannot run
 * host-passthrough guests. */
static bool lacks_virtualization(Discovery *discovery)
{
    const char *cpuinfo = discovery->cpuinfo;
    const char *flags = cpuinfo ? strstr(cpuinfo, "\nflags\t") : NULL;

    if (!flags)
        return false;

    g_autofree char *line = g_strndup(flags + 1, strcspn(flags + 1, "\n"));
    g_auto(GStrv) words = g_strsplit(line, " ", -1);

    return !g_strv_contains((const char *const *)words, "vmx") &&
           !g_strv_contains((const char *const *)words, "svm");
}

static int discover_kvm(Discovery *discovery)
{
    if (lacks_virtualization(discovery))
        return 0;
    if (discovery->asked ? discovery->asked->kvm != NULL : root_exists(discovery->root, "dev/kvm"))
        return 1;
    if (discovery->asked) /* the module without its device node helps nobody */
        return 0;
    if (root_exists(discovery->root, "sys/devices/virtual/misc/kvm"))
        return 1;
    return known_absent(discovery, "sys/devices/virtual/misc");
}

static void report_gaps(Discovery *discovery)
{
    const Host *host = discovery->host;
    const struct {
        bool known;
        const char *code, *what, *path;
    } facts[] = {
        {host->hostname, "hostname-unknown", "the host's name", "proc/sys/kernel/hostname"},
        {host->arch, "arch-unknown", "the architecture", "proc/sys/kernel/arch"},
        {host->kernel.release, "kernel-unknown", "the kernel release", "proc/sys/kernel/osrelease"},
        {host->kernel.cmdline, "cmdline-unknown", "the kernel command line", "proc/cmdline"},
        {host->kernel.isolated, "isolated-unknown", "which CPUs are isolated",
         "sys/devices/system/cpu/isolated"},
        {host->kernel.kvm != RECORD_UNSET, "kvm-unknown", "whether KVM works",
         "sys/devices/virtual/misc/kvm"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(facts); i++) {
        if (facts[i].known)
            continue;
        discover_warn(discovery, facts[i].code, facts[i].path, "%s is not known", facts[i].what);
    }
}

void discover_kernel(Discovery *discovery)
{
    HostKernel *kernel = &discovery->host->kernel;
    g_autofree char *cmdline = root_read_text(discovery->root, "proc/cmdline");

    discover_names(discovery);
    if (!kernel->release)
        kernel->release = release_of_version(discovery->root);
    discover_gathered(discovery);
    discover_arch(discovery);
    kernel->cmdline = kernel_words_tell(cmdline);
    kernel->isolated = read_kernel_cpus(discovery, "isolated");
    kernel->nohz_full = read_kernel_cpus(discovery, "nohz_full");
    kernel->partition = read_partition(discovery);
    kernel->iommu = discover_iommu(discovery);
    kernel->kvm = discover_kvm(discovery);
    report_gaps(discovery);
}
