/* SPDX-License-Identifier: Apache-2.0 */
#include "model/host_gaps.h"

#include <string.h>

static bool lacks_pages(const HostNode *node)
{
    for (guint i = 0; i < node->hugepages->len; i++) {
        const HostHugepages *pool = node->hugepages->pdata[i];

        if (pool->total == RECORD_UNSET || pool->free == RECORD_UNSET)
            return true;
    }
    return false;
}

void host_gap_add(HostGap *gap, guint index, bool lacks)
{
    if (lacks && gap->count++ == 0)
        gap->first = index;
}

static void add_function(HostGaps *gaps, guint i, const HostPci *pci)
{
    const HostSriov *sriov = pci->sriov;
    bool nic = host_pci_is_nic(pci);

    host_gap_add(&gaps->ids, i, !pci->vendor || !pci->device || !pci->class_code);
    host_gap_add(&gaps->group, i, pci->iommu_group == RECORD_UNSET);
    host_gap_add(&gaps->nic_nodes, i, nic && pci->node == RECORD_UNSET);
    host_gap_add(&gaps->vfs, i,
                 sriov && (sriov->total_vfs == RECORD_UNSET || sriov->num_vfs == RECORD_UNSET));
    gaps->nics += nic;
    gaps->pfs += sriov != NULL;
}

HostGaps host_find_gaps(const Host *host)
{
    HostGaps gaps = {0};

    for (guint i = 0; i < host->cores->len; i++) {
        const HostCore *core = host->cores->pdata[i];

        host_gap_add(&gaps.socket, i, core->socket == RECORD_UNSET);
        host_gap_add(&gaps.l3, i, core->l3 == RECORD_UNSET);
        host_gap_add(&gaps.node, i, core->node == RECORD_UNSET);
    }
    for (guint i = 0; i < host->nodes->len; i++) {
        const HostNode *node = host->nodes->pdata[i];

        host_gap_add(&gaps.memory, i, node->memory_bytes == RECORD_UNSET);
        host_gap_add(&gaps.distances, i, node->distances->len == 0);
        host_gap_add(&gaps.pages, i, lacks_pages(node));
    }
    for (guint i = 0; i < host->pci->len; i++)
        add_function(&gaps, i, host->pci->pdata[i]);
    return gaps;
}

HostGap host_drop_unknown_pfs(Host *host)
{
    HostGap dropped = {0};

    for (guint i = 0; i < host->pci->len; i++) {
        HostPci *vf = host->pci->pdata[i];
        const HostPci *pf = vf->pf ? host_find_pci(host, vf->pf) : NULL;

        if (vf->pf && (!pf || !pf->sriov)) {
            g_clear_pointer(&vf->pf, g_free);
            host_gap_add(&dropped, i, true);
        }
    }
    return dropped;
}

static const struct {
    const char *code, *mend;
} MENDS[] = {
    {"hostname-unknown", "hostnamectl set-hostname NAME"},
    {"cpu-model-unknown", "nothing: no rule of placement needs it"},
    {"core-socket-unknown", "nothing: placement goes by NUMA nodes and L3 domains"},
    {"core-l3-unknown",
     "update the firmware, which tells of the caches (Arm: ACPI table PPTT); until then slices are "
     "not kept within L3 domains"},
    {"core-node-unknown", "see dmesg for SRAT: the firmware names no node for these CPUs, or the "
                          "kernel was built without "
                          "CONFIG_NUMA; a slice needs cores whose node is known"},
    {"node-distance-unknown", "see dmesg for SLIT, and update the firmware; until then all other "
                              "nodes count as equally far"},
    {"nic-node-unknown",
     "update the firmware: its ACPI tables name no node (_PXM) for this slot, or one that is not "
     "there"},
    {"iommu-group-unknown", "see dmesg for DMAR or AMD-Vi: the firmware's tables leave this "
                            "function out, while others have "
                            "a group; without one it cannot be handed through"},
    {"sriov-unknown",
     "load the driver of the PF, and see dmesg for why its SR-IOV capability is broken"},
    {"vf-pf-unknown", "see dmesg for the PF: it was removed, or its driver failed"},
    {"nic-net-unknown",
     "load the driver of the NIC, or free it from a network namespace: ip -all netns exec ip link"},
    {"net-mac-unknown", "see ip link show: the driver of the NIC failed to read its address"},
    {"root-storage-unknown",
     "nothing where the root file system is not on PCI (a virtual disk, a RAM disk, NFS); else "
     "keep the function that holds it out of the spec"},
    {"pcie-narrow",
     "move the card to a slot with as many lanes, or seat it anew; see the server's manual for "
     "how its slots are wired"},
    {"pcie-slow",
     "set the slot's link speed to Auto in the firmware, seat the card anew, check the riser"},
};

const char *host_gap_mend(const char *code)
{
    for (guint i = 0; i < G_N_ELEMENTS(MENDS); i++) {
        if (strcmp(MENDS[i].code, code) == 0)
            return MENDS[i].mend;
    }
    return "run bmslice as root on the host itself, where all of /proc and /sys is mounted";
}
