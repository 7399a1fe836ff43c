/* SPDX-License-Identifier: Apache-2.0 */
/* What of an inventory is not known, for whoever made it to tell; and the mend. */
#pragma once

#include "model/host.h"

/* How many lack something, and the index of the first of them. */
typedef struct {
    guint count, first;
} HostGap;

/* One more, when it @lacks. */
void host_gap_add(HostGap *gap, guint index, bool lacks);

typedef struct {
    HostGap socket, l3, node;         /* of cores */
    HostGap memory, distances, pages; /* of nodes; pages: those of a pool, all or free */
    HostGap ids, group, nic_nodes;    /* of functions */
    HostGap vfs;                      /* of functions: PFs whose number of VFs is not known */
    guint nics, pfs;                  /* how many there are */
} HostGaps;

HostGaps host_find_gaps(const Host *host);

/* A VF whose PF the inventory lacks, or that names a function that is none, is a VF of nothing we
 * know: its pf is unset. Returns how many, and which was the first. */
HostGap host_drop_unknown_pfs(Host *host);

/* What to do about a finding of discovery, by its code, where the host itself does not tell. The
 * same for all codes that the table does not have: to look at the whole of /proc and /sys. */
const char *host_gap_mend(const char *code);
