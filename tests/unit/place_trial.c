/* SPDX-License-Identifier: Apache-2.0 */
/* All that can be tried, tried. */
#include <string.h>

#include "place_case.h"

typedef struct {
    int cores[MAX_NODES], memory[MAX_NODES], service[MAX_NODES];
    bool pf_whole[MAX_PFS];
    guint pf_vfs[MAX_PFS];
    guint admitted[2], cores_admitted; /* by class: priority 5, priority 0 */
    guint slices[MAX_NODES];           /* that have vCPUs there */
    guint multi, remote, distance, waste;
    bool cluster_used;
} TryState;

static void try_slice(Trial *trial, guint number, TryState state);

static void keep_better(Trial *trial, const TryState *state)
{
    int cost[N_LEVELS] = {
        [LEVEL_HIGH] = -(int)state->admitted[0],     [LEVEL_LOW] = -(int)state->admitted[1],
        [LEVEL_CORES] = -(int)state->cores_admitted, [LEVEL_MULTI] = (int)state->multi,
        [LEVEL_REMOTE] = (int)state->remote,         [LEVEL_DISTANCE] = (int)state->distance,
        [LEVEL_WASTE] = (int)state->waste,
    };
    guint level = 0;

    for (guint n = 0; n < trial->c->n_nodes; n++) {
        cost[LEVEL_L3] += MAX((int)state->slices[n] - 1, 0); /* one L3 domain a node */
        cost[LEVEL_ROOM] = MIN(cost[LEVEL_ROOM], -state->cores[n]);
    }
    while (trial->any && level < N_LEVELS && cost[level] == trial->best[level])
        level++;
    if (trial->any && (level == N_LEVELS || cost[level] > trial->best[level]))
        return;
    trial->any = true;
    memcpy(trial->best, cost, sizeof(cost));
}

static void try_nics(Trial *trial, guint number, guint nic, guint nodes, guint bond_pf,
                     TryState state)
{
    const CaseSlice *slice = &trial->c->slices[number];
    const CaseNic *wanted;

    if (nic >= MIN(slice->n_nics, MAX_NICS)) {
        try_slice(trial, number + 1, state);
        return;
    }
    wanted = &slice->nics[nic];
    for (guint p = 0; p < trial->c->n_pfs; p++) {
        TryState next = state;

        if (!(wanted->pfs >> p & 1) || state.pf_whole[p] || (wanted->bond && bond_pf == p))
            continue;
        if (wanted->locality == 0 && !(nodes >> trial->c->pf_node[p] & 1))
            continue;
        if (wanted->vf && next.pf_vfs[p]++ >= trial->c->pf_vfs[p])
            continue;
        if (!wanted->vf && next.pf_vfs[p] > 0)
            continue;
        next.pf_whole[p] = !wanted->vf;
        if (!(nodes >> trial->c->pf_node[p] & 1)) {
            next.distance += 11; /* SLIT 21 over the local 10 */
            next.remote += wanted->locality == 1;
        }
        try_nics(trial, number, nic + 1, nodes, p, next);
    }
}

static bool take(const Case *c, const CaseSlice *slice, guint nodes, TryState *state)
{
    guint threads = slice->isolate ? 1 : c->pu;
    guint per_node = slice->vcpus / slice->nodes;
    bool first = true;

    if (slice->vcpus % slice->nodes || per_node % threads)
        return false;
    for (guint n = 0; n < c->n_nodes; n++) {
        int service = 0;

        if (!(nodes >> n & 1))
            continue;
        if (first && slice->own_service)
            service = (int)slice->service;
        else if (first)
            service = MAX((int)slice->service - state->service[n], 0);
        if (first && !slice->own_service)
            state->service[n] = MAX(state->service[n], (int)slice->service);
        first = false;
        state->slices[n]++;
        for (guint p = 0; p < c->n_pfs && slice->n_nics == 0; p++)
            if (c->pf_node[p] == n) {
                state->waste++;
                break;
            }
        state->cores[n] -= (int)(per_node / threads) + service;
        state->memory[n] -= (int)(slice->memory_gib / slice->nodes);
        if (state->cores[n] < 0 || state->memory[n] < 0)
            return false;
    }
    state->admitted[slice->priority == 5 ? 0 : 1]++;
    state->cores_admitted += slice->vcpus / threads + (slice->own_service ? slice->service : 0);
    state->multi += slice->nodes > 1;
    state->distance += slice->nodes > 1 ? 11 : 0; /* of two nodes to each other */
    state->cluster_used = true;
    return true;
}

static void try_slice(Trial *trial, guint number, TryState state)
{
    const Case *c = trial->c;
    const CaseSlice *slice = &c->slices[number];

    if (number == c->n_slices) {
        trial->most = MAX(trial->most, state.admitted[0] + state.admitted[1]);
        keep_better(trial, &state);
        return;
    }
    for (guint nodes = 1; nodes < 1u << c->n_nodes; nodes++) {
        TryState next = state;

        if ((guint)__builtin_popcount(nodes) != slice->nodes ||
            (slice->pin >= 0 && nodes != 1u << slice->pin) ||
            (state.cluster_used && !c->spread_none))
            continue;
        if (take(c, slice, nodes, &next))
            try_nics(trial, number, 0, nodes, MAX_PFS, next);
    }
    try_slice(trial, number + 1, state);
}

Trial try_all(const Case *c)
{
    Trial trial = {.c = c};
    TryState state = {.cluster_used = false};

    for (guint n = 0; n < c->n_nodes; n++) {
        state.cores[n] = (int)c->cores - 1;
        state.memory[n] = (int)c->memory_gib - 2;
    }
    try_slice(&trial, 0, state);
    return trial;
}
