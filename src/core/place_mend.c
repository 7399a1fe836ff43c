/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smallest change that lets a refused slice in: candidates from the least to the most painful,
 * each planned again with all the others; the first that places it and drops none is told.
 */
#include "core/place_internal.h"

#define TRIAL_BUDGET 20000

/* vCPU cores a node that are tried to be given up one by one, before the most that is free as it
 * is. */
#define FEWER_CORES 4

/* A copy of the spec's entry that a candidate changes. */
typedef struct {
    const Supply *supply;
    const Demand *demand;
    const Left *left; /* what the others leave */
    SpecSlice slice;
    GPtrArray *nics, *devices; /* flat copies */
    GArray *no_pin;
} Trial;

static Trial *trial_new(const Supply *supply, const Demand *demand, const Left *left)
{
    Trial *trial = g_new0(Trial, 1);

    trial->supply = supply;
    trial->demand = demand;
    trial->left = left;
    trial->slice = *demand->slice;
    trial->nics = g_ptr_array_new_with_free_func(g_free);
    trial->devices = g_ptr_array_new_with_free_func(g_free);
    trial->no_pin = g_array_new(false, false, sizeof(gint64));
    for (guint i = 0; i < demand->slice->nics->len; i++)
        g_ptr_array_add(trial->nics,
                        g_memdup2(g_ptr_array_index(demand->slice->nics, i), sizeof(SpecNic)));
    for (guint i = 0; i < demand->slice->devices->len; i++)
        g_ptr_array_add(trial->devices, g_memdup2(g_ptr_array_index(demand->slice->devices, i),
                                                  sizeof(SpecDevice)));
    trial->slice.nics = trial->nics;
    trial->slice.devices = trial->devices;
    return trial;
}

static void trial_free(Trial *trial)
{
    g_ptr_array_unref(trial->nics);
    g_ptr_array_unref(trial->devices);
    g_array_unref(trial->no_pin);
    g_free(trial);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Trial, trial_free)

/* Candidates. Each changes the trial and says so, @step by @step (from 1); NULL: no more of it. */

static bool prefer(int *locality)
{
    if (*locality != SPEC_LOCALITY_REQUIRED)
        return false;
    *locality = SPEC_LOCALITY_PREFERRED;
    return true;
}

static char *prefer_locality(Trial *trial, guint step)
{
    bool changed = false;

    for (guint i = 0; i < trial->nics->len; i++)
        changed |= prefer(&((SpecNic *)g_ptr_array_index(trial->nics, i))->locality);
    for (guint i = 0; i < trial->devices->len; i++)
        changed |= prefer(&((SpecDevice *)g_ptr_array_index(trial->devices, i))->locality);
    if (step > 1 || !changed)
        return NULL;
    return g_strdup("locality: preferred would let it in, at the price of a device on another "
                    "node");
}

static char *drop_pin(Trial *trial, guint step)
{
    if (step > 1 || trial->slice.numa.pin->len == 0)
        return NULL;
    trial->slice.numa.pin = trial->no_pin;
    return g_strdup("without numa.pin it fits on another node");
}

static char *share_service(Trial *trial, guint step)
{
    if (step > 1 || !trial->demand->own_service || trial->demand->service == 0)
        return NULL;
    trial->slice.service.scope = SPEC_SCOPE_NODE;
    return g_strdup("service: {scope: node} would let it in: the slices of a node then share "
                    "their service cores");
}

/* The most vCPU cores a node, or bytes, that some choice of nodes has left. */
static gint64 most_left(const Trial *trial, bool memory)
{
    const Demand *demand = trial->demand;
    const Left *left = trial->left;
    gint64 most = 0;

    for (guint t = 0; t < demand->tuples->len; t += demand->n_nodes) {
        gint64 least = G_MAXINT64;

        for (guint i = 0; i < demand->n_nodes; i++) {
            guint node = g_array_index(demand->tuples, guint16, t + i);
            gint64 shared = MAX((gint64)demand->service - left->service[node], 0);
            gint64 service = i > 0 ? 0 : demand->own_service ? (gint64)demand->service : shared;
            gint64 cores = left->cores[node] - service;

            if (demand->whole)
                cores = MIN(cores, left->whole[node]);
            least = MIN(least, memory ? left->memory[node] : cores);
        }
        most = MAX(most, least);
    }
    return most;
}

static char *fewer_cores(Trial *trial, guint step)
{
    const Demand *demand = trial->demand;
    gint64 cores = (gint64)demand->cores_per_node - step;

    if (step == FEWER_CORES + 1)
        cores = MIN(cores, most_left(trial, false));
    if (step > FEWER_CORES + 1 || cores <= 0)
        return NULL;
    trial->slice.vcpus = cores * demand->threads * demand->n_nodes;
    return g_strdup_printf("vcpus: %" G_GINT64_FORMAT " would fit", trial->slice.vcpus);
}

static char *less_memory(Trial *trial, guint step)
{
    const Demand *demand = trial->demand;
    gint64 page = MAX(demand->hugepage_bytes, G_GINT64_CONSTANT(1) << 20);
    gint64 memory = most_left(trial, true) / page * page * demand->n_nodes;
    g_autofree char *text = NULL;

    if (step > 1 || memory <= 0 || memory >= trial->slice.memory)
        return NULL;
    trial->slice.memory = memory;
    text = text_format_size(memory);
    return g_strdup_printf("memory: %s would fit", text);
}

static char *more_nodes(Trial *trial, guint step)
{
    if (step > 1 || trial->demand->n_nodes > 1 || trial->slice.vcpus % 2 || trial->slice.memory % 2)
        return NULL;
    trial->slice.numa.nodes = 2;
    trial->slice.numa.pin = trial->no_pin;
    return g_strdup("numa: {nodes: 2} would let it in, over two nodes");
}

static bool helps(const Spec *spec, const GPtrArray *demands, const Solution *solution,
                  const Trial *trial)
{
    g_autoptr(GPtrArray) changed = g_ptr_array_new();
    g_autoptr(Demand) tried = demand_new(trial->supply, spec, trial->demand->instance,
                                         &trial->slice, trial->demand->index, NULL);
    g_autoptr(Solution) result = NULL;

    for (guint i = 0; i < demands->len; i++)
        g_ptr_array_add(changed, i == tried->index ? tried : g_ptr_array_index(demands, i));
    result = search_solve(trial->supply, changed, TRIAL_BUDGET);
    for (guint i = 0; i < demands->len; i++)
        if (!result->choices[i].placed && (solution->choices[i].placed || i == tried->index))
            return false;
    return true;
}

char *mend_find(const Supply *supply, const Spec *spec, const GPtrArray *demands,
                const Solution *solution, const Demand *demand)
{
    static char *(*const candidates[])(Trial *, guint) = {
        prefer_locality, drop_pin, share_service, fewer_cores, less_memory, more_nodes,
    };
    g_autoptr(Left) left = left_new(supply);

    left_take_solution(left, supply, demands, solution);
    for (guint c = 0; c < G_N_ELEMENTS(candidates); c++)
        for (guint step = 1;; step++) {
            g_autoptr(Trial) trial = trial_new(supply, demand, left);
            g_autofree char *text = candidates[c](trial, step);

            if (!text)
                break;
            if (helps(spec, demands, solution, trial))
                return g_steal_pointer(&text);
        }
    return NULL;
}
