/* SPDX-License-Identifier: Apache-2.0 */
/* PCI functions (Documentation/ABI/testing/sysfs-bus-pci). */
#include <string.h>

#include "port/discover_parts.h"
#include "port/pci_names.h"

#define DEVICES "sys/bus/pci/devices"

/* "0x8086\n" without the 0x, lower case, of @digits digits; or NULL. */
static char *read_hex(Root *root, const char *address, const char *file, guint digits)
{
    gint64 number = root_read_int(root, DEVICES "/%s/%s", address, file);

    return number < 0 || number >> (4 * digits)
               ? NULL
               : g_strdup_printf("%0*x", (int)digits, (unsigned)number);
}

static gint64 read_group(Root *root, const char *address)
{
    g_autofree char *name = root_read_link_name(root, DEVICES "/%s/iommu_group", address);

    return name ? discover_numbered(name, "") : RECORD_UNSET;
}

/* SR-IOV's own registers have 16 bits for each (NumVFs, First VF Offset, VF Stride). */
static gint64 read_sriov_number(Root *root, const char *address, const char *file)
{
    gint64 number = root_read_int(root, DEVICES "/%s/%s", address, file);

    return number <= G_MAXUINT16 ? number : RECORD_UNSET;
}

/* What makes no sense is unknown. */
static HostSriov *read_sriov(Root *root, const char *address)
{
    gint64 total = root_read_int(root, DEVICES "/%s/sriov_totalvfs", address);
    HostSriov *sriov;

    if (total <= 0)
        return NULL;
    sriov = host_new_part("pci.sriov");
    sriov->total_vfs = total <= G_MAXUINT16 ? total : RECORD_UNSET;
    sriov->num_vfs = read_sriov_number(root, address, "sriov_numvfs");
    sriov->offset = read_sriov_number(root, address, "sriov_offset");
    sriov->stride = read_sriov_number(root, address, "sriov_stride");
    if (sriov->num_vfs > sriov->total_vfs)
        sriov->num_vfs = RECORD_UNSET;
    return sriov;
}

static HostPci *read_function(Discovery *discovery, const char *address)
{
    Root *root = discovery->root;
    HostPci *pci = host_new_part("pci");
    g_autofree char *pf = root_read_link_name(root, DEVICES "/%s/physfn", address);

    pci->address = g_strdup(address);
    pci->uses = g_ptr_array_new_with_free_func(g_free); /* discover_storage.c fills it */
    pci->vendor = read_hex(root, address, "vendor", 4);
    pci->device = read_hex(root, address, "device", 4);
    pci->class_code = read_hex(root, address, "class", 6);
    pci->driver = root_read_link_name(root, DEVICES "/%s/driver", address);
    pci->node =
        host_node_of_device(discovery->host, root_read_int(root, DEVICES "/%s/numa_node", address));
    pci->iommu_group = read_group(root, address);
    if (pf && discover_is_pci_address(pf))
        pci->pf = g_steal_pointer(&pf);
    else
        pci->sriov = read_sriov(root, address);
    return pci;
}

/* The file of the function that lacks something. */
static char *path_of(const Host *host, HostGap gap, const char *file)
{
    return gap.count
               ? g_strdup_printf(DEVICES "/%s/%s",
                                 ((const HostPci *)host->pci->pdata[gap.first])->address, file)
               : NULL;
}

static const char *id_file(const HostPci *pci)
{
    return !pci->vendor ? "vendor" : !pci->device ? "device" : "class";
}

static void report_gaps(Discovery *discovery, HostGap no_pf)
{
    const Host *host = discovery->host;
    const HostGaps gaps = host_find_gaps(host);
    g_autofree char *node = path_of(host, gaps.nic_nodes, "numa_node");
    g_autofree char *group = path_of(host, gaps.group, "iommu_group");
    g_autofree char *pf = path_of(host, no_pf, "physfn");

    if (gaps.nic_nodes.count)
        discover_warn(discovery, "nic-node-unknown", node,
                      "the NUMA node of %u of %u NICs is not known", gaps.nic_nodes.count,
                      gaps.nics);
    if (gaps.ids.count) {
        g_autofree char *id = path_of(host, gaps.ids, id_file(host->pci->pdata[gaps.ids.first]));
        discover_warn(discovery, "pci-id-unknown", id,
                      "what %u of %u PCI functions are is not known", gaps.ids.count,
                      host->pci->len);
    }
    if (host->kernel.iommu == RECORD_UNSET)
        discover_warn(discovery, "iommu-unknown", "sys/kernel/iommu_groups",
                      "whether the IOMMU is on is not known");
    else if (gaps.group.count && gaps.group.count < host->pci->len)
        discover_warn(discovery, "iommu-group-unknown", group,
                      "the IOMMU group of %u of %u PCI functions is not known", gaps.group.count,
                      host->pci->len);
    if (gaps.vfs.count) {
        const HostPci *first = host->pci->pdata[gaps.vfs.first];
        bool total = first->sriov->total_vfs == RECORD_UNSET;
        g_autofree char *vfs = path_of(host, gaps.vfs, total ? "sriov_totalvfs" : "sriov_numvfs");

        discover_warn(discovery, "sriov-unknown", vfs,
                      "how many VFs %u of %u PFs have or can have is not known", gaps.vfs.count,
                      gaps.pfs);
    }
    if (no_pf.count)
        discover_warn(discovery, "vf-pf-unknown", pf, "the PF of %u VFs is not known", no_pf.count);
}

static int compare_functions(gconstpointer a, gconstpointer b)
{
    const HostPci *first = *(HostPci *const *)a, *second = *(HostPci *const *)b;

    return strcmp(first->address, second->address);
}

void discover_pci(Discovery *discovery)
{
    Host *host = discovery->host;
    g_autoptr(GPtrArray) names = root_list(discovery->root, DEVICES);

    for (guint i = 0; i < names->len; i++) {
        if (discover_is_pci_address(names->pdata[i]))
            g_ptr_array_add(host->pci, read_function(discovery, names->pdata[i]));
    }
    g_ptr_array_sort(host->pci, compare_functions);
    /* A capture without /sys/kernel may have groups all the same. */
    for (guint i = 0; i < host->pci->len && host->kernel.iommu == RECORD_UNSET; i++) {
        if (((const HostPci *)g_ptr_array_index(host->pci, i))->iommu_group != RECORD_UNSET)
            host->kernel.iommu = 1;
    }
    pci_names_look_up(host->pci);
    report_gaps(discovery, host_drop_unknown_pfs(host));
}
