/* SPDX-License-Identifier: Apache-2.0 */
#include "model/kernel_words.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

/* Documentation/admin-guide/kernel-parameters.txt. One that ends in "." stands for all parameters
 * of that module. "_" is also "-", as for the kernel. */
static const char *const NAMES[] = {
    /* core/place_kernel.c, core/kernel.c, core/doctor*.c */
    "default_hugepagesz",
    "hugepages",
    "hugepagesz",
    "intel_iommu",
    "amd_iommu",
    "iommu",
    "irqaffinity",
    "isolcpus",
    "nohz_full",
    "rcu_nocbs",
    "cgroup_disable",
    "clocksource",
    "intel_idle.",
    "intremap",
    "nointremap",
    "nosmt",
    "pci",
    "processor.",
    "systemd.unified_cgroup_hierarchy",
    "tsc",
    "vfio_iommu_type1.",
    /* how the machine is run */
    "BOOT_IMAGE",
    "acpi",
    "amd_pstate",
    "apparmor",
    "biosdevname",
    "cgroup_no_v1",
    "console",
    "cpufreq.",
    "cpuidle.",
    "hugepage_alloc_threads",
    "hugetlb_cma",
    "hugetlb_free_vmemmap",
    "idle",
    "intel_pstate",
    "iommu.",
    "kvm.",
    "kvm_amd.",
    "kvm_intel.",
    "kthread_cpus",
    "lsm",
    "maxcpus",
    "mem",
    "memmap",
    "memory_corruption_check",
    "mitigations",
    "movable_node",
    "movablecore",
    "net.ifnames",
    "nmi_watchdog",
    "nohz",
    "nosoftlockup",
    "nr_cpus",
    "numa",
    "numa_balancing",
    "pci_stub.",
    "pcie_acs_override",
    "pcie_aspm",
    "possible_cpus",
    "preempt",
    "psi",
    "quiet",
    "rcu_nocb_poll",
    "rcupdate.",
    "rcutree.",
    "ro",
    "rw",
    "security",
    "selinux",
    "skew_tick",
    "splash",
    "swiotlb",
    "threadirqs",
    "transparent_hugepage",
    "vfio_pci.",
    "workqueue.",
    "x2apic_phys",
};

static bool may_be_told(const char *word)
{
    g_autofree char *name = g_strdelimit(g_strndup(word, strcspn(word, "=")), "-", '_');

    for (guint i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        if (g_str_has_suffix(NAMES[i], ".") ? g_str_has_prefix(name, NAMES[i])
                                            : strcmp(name, NAMES[i]) == 0)
            return true;
    }
    return false;
}

/* What stands behind "--" is for init. */
char *kernel_words_tell(const char *cmdline)
{
    g_auto(GStrv) words = g_strsplit_set(cmdline ? cmdline : "", " \t\n", -1);
    g_autoptr(GString) told = g_string_new(NULL);
    bool ours = true;

    for (char **word = words; *word; word++) {
        if (!**word)
            continue;
        ours = ours && strcmp(*word, "--") != 0;
        g_string_append_printf(told, "%s%s", told->len ? " " : "",
                               ours && may_be_told(*word) ? *word : KERNEL_WORD_LEFT_OUT);
    }
    return cmdline ? g_string_free(g_steal_pointer(&told), FALSE) : NULL;
}
