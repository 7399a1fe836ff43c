/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generated servers and specs, in numbers that a search by hand understands, and that search: the
 * least of each level, by trying everything.
 */
#pragma once

#include "synthetic.h"

enum { MAX_SLICES = 6, MAX_NODES = 4, MAX_PFS = 4, MAX_NICS = 2 };

typedef struct {
    guint pfs; /* mask of the network's uplinks */
    bool vf, bond;
    int locality;
} CaseNic;

typedef struct {
    guint vcpus, memory_gib, nodes, service, n_nics, priority;
    int pin; /* -1: none */
    bool isolate, own_service;
    CaseNic nics[MAX_NICS];
} CaseSlice;

/* A generated server and spec, in numbers that the search by hand below understands. */
typedef struct {
    guint n_nodes, cores, pu, memory_gib, n_pfs, n_slices;
    guint pf_node[MAX_PFS], pf_vfs[MAX_PFS];
    bool spread_none;
    CaseSlice slices[MAX_SLICES];
} Case;

/* 0 to n - 1. */
static inline guint roll(GRand *rand, guint n)
{
    return (guint)g_rand_int_range(rand, 0, (gint32)n);
}

/* The same for the same seed of @rand. */
Case roll_case(GRand *rand);
Host *write_host(const Case *c);
/* As YAML, for host "server1". Caller frees. */
char *write_spec(const Case *c);

/* What plans are compared by, the most important first; the less the better. */
enum {
    LEVEL_HIGH,
    LEVEL_LOW,
    LEVEL_CORES,
    LEVEL_MULTI,
    LEVEL_REMOTE,
    LEVEL_DISTANCE,
    LEVEL_L3,
    LEVEL_WASTE,
    LEVEL_ROOM,
    N_LEVELS
};

typedef struct {
    const Case *c;
    bool any;
    int best[N_LEVELS];
    guint most; /* slices, whatever their priority */
} Trial;

/* All that can be tried, tried: the most that any plan admits. */
Trial try_all(const Case *c);
