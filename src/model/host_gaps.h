/* SPDX-License-Identifier: Apache-2.0 */
/* How much of an inventory is not known, for whoever made it to tell. */
#pragma once

#include "model/host.h"

typedef struct {
    guint socket, l3, node;            /* of cores */
    guint memory, distances, pages;    /* of nodes; pages: those of a pool, all or free */
    guint ids, group, nics, nic_nodes; /* of functions; nics: how many there are */
    guint pfs, vfs; /* PFs there are; those of which the number of VFs is not known */
} HostGaps;

HostGaps host_find_gaps(const Host *host);
