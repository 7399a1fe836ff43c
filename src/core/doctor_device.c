/* SPDX-License-Identifier: Apache-2.0 */
/* Devices handed through: the IOMMU, vfio, SR-IOV, groups. */
#include <stdio.h>
#include <string.h>

#include "core/doctor_checks.h"

#define TABLES "sys/firmware/acpi/tables"
#define GROUPS "sys/kernel/iommu_groups"
#define CMDLINE "proc/cmdline"

/* Why there are no IOMMU groups though the firmware has an IOMMU. */
static void report_kernel_off(Doctor *doctor, bool intel)
{
    const char *cmdline = doctor->host->kernel.cmdline;
    static const char *const offs[] = {"intel_iommu=off", "amd_iommu=off", "iommu=off"};
    Finding *finding =
        doctor_report(doctor, FINDING_ERROR, CMDLINE,
                      "the firmware has an IOMMU (%s), and the kernel does not use it: no device "
                      "can be handed through",
                      intel ? "VT-d" : "AMD-Vi");

    finding_set_evidence(finding, cmdline);
    for (guint i = 0; i < G_N_ELEMENTS(offs); i++) {
        if (doctor_has_word(cmdline, offs[i])) {
            finding_set_hint(finding, "take %s out of the kernel arguments, and boot", offs[i]);
            return;
        }
    }
    if (intel)
        finding_set_hint(finding, "add the kernel arguments intel_iommu=on iommu=pt (in "
                                  "/etc/default/grub, then update-grub; on RHEL: grubby "
                                  "--update-kernel=ALL --args=\"...\"), and boot");
    else
        finding_set_hint(finding, "boot a kernel with CONFIG_AMD_IOMMU (journalctl -k -g AMD-Vi)");
}

void doctor_iommu(Doctor *doctor)
{
    const char *tables = doctor_value(doctor, TABLES);
    Finding *finding;

    if (doctor->host->kernel.iommu != 0)
        return;
    if (doctor_has_word(tables, "DMAR") || doctor_has_word(tables, "IVRS")) {
        report_kernel_off(doctor, doctor_has_word(tables, "DMAR"));
        return;
    }
    finding = doctor_report(doctor, FINDING_ERROR, tables ? TABLES : GROUPS,
                            tables ? "the firmware tells of no IOMMU (no table DMAR, IVRS or "
                                     "IORT): no device can be handed through"
                                   : "there are no IOMMU groups: no device can be handed through");
    finding_set_hint(finding, "%s",
                     doctor_is_guest(doctor)
                         ? "this host is a virtual machine: give it an emulated IOMMU"
                         : "switch on VT-d (Intel) or IOMMU/AMD-Vi (AMD) in the firmware setup; on "
                           "Intel also the kernel arguments intel_iommu=on iommu=pt");
}

/* The kernel puts "IR-" before the name of an interrupt chip whose interrupts it remaps. */
void doctor_remapping(Doctor *doctor)
{
    static const char chips[] = "sys/kernel/irq/*/chip_name";
    static const char unsafe[] = "sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts";
    const char *chip = doctor_value(doctor, chips), *allowed = doctor_value(doctor, unsafe);

    if (!chip || doctor->host->kernel.iommu != 1 || g_str_has_prefix(chip, "IR-"))
        return;
    if (allowed && strcmp(allowed, "Y") == 0)
        finding_set_hint(doctor_report(doctor, FINDING_WARNING, unsafe,
                                       "interrupts are not remapped, and vfio is told to go on: a "
                                       "guest can raise any interrupt of the host"),
                         "switch on x2APIC and interrupt remapping in the firmware setup; take out "
                         "intremap=off and allow_unsafe_interrupts");
    else
        finding_set_hint(doctor_report(doctor, FINDING_ERROR, chips,
                                       "interrupts are not remapped: vfio refuses to hand devices "
                                       "through"),
                         "switch on x2APIC and interrupt remapping in the firmware setup, and take "
                         "intremap=off or nointremap out of the kernel arguments (journalctl -k -g "
                         "remapping)");
}

void doctor_vfio(Doctor *doctor)
{
    static const char *const modules[] = {"vfio_iommu_type1", "vfio-pci"};
    const char *loaded = doctor_value(doctor, "sys/module");
    const char *release = doctor->host->kernel.release;

    for (guint i = 0; release && i < G_N_ELEMENTS(modules); i++) {
        g_autofree char *listed = g_strdup_printf("lib/modules/%s/modules.dep", release);
        g_autofree char *built_in = g_strdup_printf("lib/modules/%s/modules.builtin", release);
        g_autofree char *file = g_strconcat("/", modules[i], ".ko", NULL);
        g_autofree char *name = g_strdelimit(g_strdup(modules[i]), "-", '_');
        const char *files = doctor_value(doctor, listed), *parts = doctor_value(doctor, built_in);

        if (!loaded || !files || !parts || doctor_has_word(loaded, name) || strstr(files, file) ||
            strstr(parts, file))
            continue;
        finding_set_hint(doctor_report(doctor, FINDING_ERROR, listed,
                                       "the kernel has no %s: no device can be handed through",
                                       modules[i]),
                         "install the rest of the kernel's modules (linux-modules-extra-%s on "
                         "Ubuntu, kernel-modules on RHEL)",
                         release);
    }
}

/* Lines 7 to 12 of a function's resource file are the BARs of its VFs: start, end, flags
 * (Documentation/filesystems/sysfs-pci.rst; PCI_IOV_RESOURCES in linux/pci.h). One of a size that
 * stands at 0 has no place: the firmware left no room for VFs. That line, or NULL. */
static char *find_homeless(const char *resource)
{
    g_auto(GStrv) lines = g_strsplit(resource, "\n", -1);

    for (guint i = 7; i < g_strv_length(lines) && i < 13; i++) {
        unsigned long long start, end;

        if (sscanf(lines[i], "%llx %llx", &start, &end) == 2 && start == 0 && end > 0)
            return g_strdup(lines[i]);
    }
    return NULL;
}

/* Drivers whose NICs all can have VFs. */
static bool does_sriov(const char *driver)
{
    static const char *const drivers[] = {"ixgbe", "i40e",      "ice", "bnxt_en",
                                          "qede",  "mlx5_core", NULL};

    return driver && g_strv_contains(drivers, driver);
}

/* A capture in which nobody has the files of SR-IOV may just have been made without them. */
static bool knows_sriov(const Host *host)
{
    for (guint i = 0; i < host->pci->len; i++) {
        if (((const HostPci *)host->pci->pdata[i])->sriov)
            return true;
    }
    return host->replayed == 0;
}

void doctor_sriov(Doctor *doctor)
{
    bool known = knows_sriov(doctor->host);

    for (guint i = 0; i < doctor->host->pci->len; i++) {
        const HostPci *pci = doctor->host->pci->pdata[i];
        g_autofree char *path = g_strdup_printf("sys/bus/pci/devices/%s/resource", pci->address);
        const char *resource = pci->sriov ? doctor_value(doctor, path) : NULL;
        g_autofree char *homeless = resource ? find_homeless(resource) : NULL;

        if (homeless) {
            Finding *finding = doctor_report(doctor, FINDING_WARNING, path,
                                             "%s: the firmware left no room for its VFs: none can "
                                             "be made",
                                             pci->address);

            finding_set_evidence(finding, homeless);
            finding_set_hint(finding, "switch on SR-IOV and \"Above 4G Decoding\" in the firmware "
                                      "setup, or add the kernel argument pci=realloc");
        }
        if (!known || pci->sriov || pci->pf || !host_pci_is_nic(pci) || !does_sriov(pci->driver))
            continue;
        g_free(path);
        path = g_strdup_printf("sys/bus/pci/devices/%s/sriov_totalvfs", pci->address);
        finding_set_hint(doctor_report(doctor, FINDING_INFO, path,
                                       "%s (driver %s) shows no SR-IOV: it is switched off in the "
                                       "card's or the server's firmware",
                                       pci->address, pci->driver),
                         "switch it on in the firmware setup of the card (mlxconfig, bnxtnvm, or "
                         "the server's device settings), and boot");
    }
}

#define MAX_LISTED 8

/* "0000:05:00.0, 0000:06:00.0" */
static char *list_group(const HostPci *first, const GPtrArray *others)
{
    g_autoptr(GString) list = g_string_new(first->address);

    for (guint i = 0; i < MIN(others->len, MAX_LISTED); i++)
        g_string_append_printf(list, ", %s", ((const HostPci *)others->pdata[i])->address);
    if (others->len > MAX_LISTED)
        g_string_append_printf(list, " and %u more", others->len - MAX_LISTED);
    return g_string_free(g_steal_pointer(&list), FALSE);
}

/* Each group is told of once, at the first of its functions. */
static bool is_shared_nic(const HostPci *pci, const GPtrArray *others)
{
    bool nic = host_pci_is_nic(pci);

    for (guint i = 0; i < others->len; i++) {
        const HostPci *other = others->pdata[i];

        if (strcmp(other->address, pci->address) < 0)
            return false;
        nic |= host_pci_is_nic(other);
    }
    return nic && others->len > 0;
}

void doctor_acs(Doctor *doctor)
{
    for (guint i = 0; i < doctor->host->pci->len; i++) {
        const HostPci *pci = doctor->host->pci->pdata[i];
        g_autoptr(GPtrArray) others = host_pci_group_others(doctor->host, pci);
        g_autofree char *list = NULL;
        g_autofree char *path = NULL;
        Finding *finding;

        if (host_pci_is_bridge(pci) || !is_shared_nic(pci, others))
            continue;
        list = list_group(pci, others);
        path = g_strdup_printf(GROUPS "/%" G_GINT64_FORMAT "/devices", pci->iommu_group);
        finding = doctor_report(doctor, FINDING_WARNING, path,
                                "%s share one IOMMU group: they can only go to one slice, together",
                                list);
        finding_set_evidence(finding, list);
        finding_set_hint(finding,
                         "switch on ACS in the firmware setup, or move the card to a slot below "
                         "another root port");
    }
}
