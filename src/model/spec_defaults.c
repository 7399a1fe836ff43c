/* SPDX-License-Identifier: Apache-2.0 */
/* Defaults that hang on other fields; the plain ones stand in the tables of spec_fields.c. */
#include "model/spec.h"

static void fill_host(SpecHost *host)
{
    if (host->reserve.cores_per_node == RECORD_UNSET && !host->reserve.cpus)
        host->reserve.cores_per_node = 1;
}

static void fill_nic(SpecNic *nic)
{
    /* On a PF these stay unset: the host has no say there, and spec_check() tells who asks. */
    if (nic->mode != SPEC_NIC_VF)
        return;
    if (nic->trust == RECORD_UNSET)
        nic->trust = false;
    if (nic->spoofchk == RECORD_UNSET)
        nic->spoofchk = true;
}

static void fill_slice(SpecSlice *slice)
{
    if (slice->numa.nodes == RECORD_UNSET && slice->numa.pin->len > 0)
        slice->numa.nodes = slice->numa.pin->len;
    if (slice->iothreads == RECORD_UNSET)
        slice->iothreads = slice->disk ? 1 : 0;
    for (guint i = 0; i < slice->nics->len; i++)
        fill_nic(g_ptr_array_index(slice->nics, i));
}

void spec_fill_defaults(Spec *spec)
{
    for (guint i = 0; i < spec->hosts->len; i++)
        fill_host(g_ptr_array_index(spec->hosts, i));
    for (guint i = 0; i < spec->clusters->len; i++) {
        const SpecCluster *cluster = g_ptr_array_index(spec->clusters, i);

        for (guint j = 0; j < cluster->slices->len; j++)
            fill_slice(g_ptr_array_index(cluster->slices, j));
    }
    record_fill_defaults(&SPEC_RECORD, spec);
}
