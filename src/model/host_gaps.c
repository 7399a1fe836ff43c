/* SPDX-License-Identifier: Apache-2.0 */
#include "model/host_gaps.h"

static bool lacks_pages(const HostNode *node)
{
    for (guint i = 0; i < node->hugepages->len; i++) {
        const HostHugepages *pool = node->hugepages->pdata[i];

        if (pool->total == RECORD_UNSET || pool->free == RECORD_UNSET)
            return true;
    }
    return false;
}

static void add_function(HostGaps *gaps, const HostPci *pci)
{
    bool nic = host_pci_is_nic(pci);

    gaps->ids += !pci->vendor || !pci->device || !pci->class_code;
    gaps->group += pci->iommu_group == RECORD_UNSET;
    gaps->nics += nic;
    gaps->nic_nodes += nic && pci->node == RECORD_UNSET;
    gaps->pfs += pci->sriov != NULL;
    gaps->vfs += pci->sriov &&
                 (pci->sriov->total_vfs == RECORD_UNSET || pci->sriov->num_vfs == RECORD_UNSET);
}

HostGaps host_find_gaps(const Host *host)
{
    HostGaps gaps = {0};

    for (guint i = 0; i < host->cores->len; i++) {
        const HostCore *core = host->cores->pdata[i];

        gaps.socket += core->socket == RECORD_UNSET;
        gaps.l3 += core->l3 == RECORD_UNSET;
        gaps.node += core->node == RECORD_UNSET;
    }
    for (guint i = 0; i < host->nodes->len; i++) {
        const HostNode *node = host->nodes->pdata[i];

        gaps.memory += node->memory_bytes == RECORD_UNSET;
        gaps.distances += node->distances->len == 0;
        gaps.pages += lacks_pages(node);
    }
    for (guint i = 0; i < host->pci->len; i++)
        add_function(&gaps, host->pci->pdata[i]);
    return gaps;
}
