/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smallest changes that let a refused slice in: candidates from the least to the most painful,
 * each planned again with all the others. One that places the slice and drops none is told.
 */
#include "core/place_internal.h"

#define TRIAL_BUDGET 20000

/* vCPU cores a node that are tried to be given up one by one, before the most that is free as it
 * is. */
#define FEWER_CORES 4

/* The host keeps no less than this of a node's memory, whatever would help. */
#define LEAST_RESERVE (G_GINT64_CONSTANT(1) << 30)

#define NOBODY (-1)

/* What is planned again: the spec's entry of the slice, the host's entry, and one other slice, each
 * perhaps changed. */
typedef struct {
    const Supply *supply;
    const GPtrArray *demands;
    const Solution *solution;
    const Demand *demand;
    const Left *left; /* what the others leave */
    SpecSlice slice;
    GPtrArray *nics, *devices; /* flat copies */
    GArray *no_pin;
    SpecHost host;
    CpuSet *reserved;
    bool host_changed, alone;
    int moved, unpinned, left_out; /* Demand.index of another slice, or NOBODY */
    bool done;                     /* there is no further step */
} Trial;

static Trial *trial_new(const Supply *supply, const GPtrArray *demands, const Solution *solution,
                        const Demand *demand, const Left *left)
{
    Trial *trial = g_new0(Trial, 1);

    trial->supply = supply;
    trial->demands = demands;
    trial->solution = solution;
    trial->demand = demand;
    trial->left = left;
    trial->slice = *demand->slice;
    trial->host = *supply->spec_host;
    trial->moved = trial->unpinned = trial->left_out = NOBODY;
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
    cpuset_free(trial->reserved);
    g_free(trial);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Trial, trial_free)

/* Candidates. Each changes the trial and says so, @step by @step (from 1); NULL: nothing to try at
 * this step, and if trial->done, at no later one. */

static bool is_only_step(Trial *trial, guint step)
{
    trial->done = step > 1;
    return step == 1;
}

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
    if (!is_only_step(trial, step) || !changed)
        return NULL;
    return g_strdup("locality: preferred would let it in, at the price of a device on another "
                    "node");
}

static char *drop_pin(Trial *trial, guint step)
{
    if (!is_only_step(trial, step) || trial->slice.numa.pin->len == 0)
        return NULL;
    trial->slice.numa.pin = trial->no_pin;
    return g_strdup("without numa.pin it fits on another node");
}

static char *share_service(Trial *trial, guint step)
{
    if (!is_only_step(trial, step) || !trial->demand->own_service || trial->demand->service == 0)
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
    trial->done = step > FEWER_CORES;
    if (cores <= 0)
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

    if (!is_only_step(trial, step) || memory <= 0 || memory >= trial->slice.memory)
        return NULL;
    trial->slice.memory = memory;
    text = text_format_size(memory);
    return g_strdup_printf("memory: %s would fit", text);
}

/* Of 2 MiB, then ordinary ones. */
static char *smaller_pages(Trial *trial, guint step)
{
    trial->slice.hugepages += (int)step;
    trial->done = trial->slice.hugepages >= SPEC_HUGEPAGES_NONE;
    if (trial->slice.hugepages > SPEC_HUGEPAGES_NONE)
        return NULL;
    return g_strdup(trial->slice.hugepages == SPEC_HUGEPAGES_2MIB
                        ? "hugepages: 2MiB would let it in"
                        : "hugepages: none would let it in, on ordinary pages");
}

static char *pair_threads(Trial *trial, guint step)
{
    if (!is_only_step(trial, step) || trial->slice.smt != SPEC_SMT_ISOLATE ||
        trial->supply->threads < 2)
        return NULL;
    trial->slice.smt = SPEC_SMT_PAIRS;
    return g_strdup("smt: pairs would let it in: its vCPUs then share cores with each other");
}

/* As it is, then on pages of which half its memory is a whole number. */
static char *more_nodes(Trial *trial, guint step)
{
    bool small = step == 2;

    trial->done = small || trial->slice.hugepages != SPEC_HUGEPAGES_1GIB;
    if (trial->demand->n_nodes > 1 || trial->slice.vcpus % 2 || trial->slice.memory % 2)
        return NULL;
    trial->slice.numa.nodes = 2;
    trial->slice.numa.pin = trial->no_pin;
    if (small)
        trial->slice.hugepages = SPEC_HUGEPAGES_2MIB;
    return g_strdup_printf("numa: {nodes: 2}%s would let it in, over two nodes",
                           small ? " with hugepages: 2MiB" : "");
}

/* The host's reserved cores one by one, the last first. */
static char *release_core(Trial *trial, guint step)
{
    const GPtrArray *cores = trial->supply->host->cores;
    const HostCore *core;
    g_autofree char *list = NULL;
    g_autofree char *released = NULL;

    trial->done = step >= cores->len;
    if (step > cores->len)
        return NULL;
    core = g_ptr_array_index(cores, cores->len - step);
    if (!cpuset_intersects(core->cpus, trial->supply->reserved))
        return NULL;
    trial->reserved = cpuset_copy(trial->supply->reserved);
    cpuset_subtract(trial->reserved, core->cpus);
    trial->host.reserve.cpus = trial->reserved;
    trial->host.reserve.cores_per_node = RECORD_UNSET;
    trial->host_changed = true;
    list = cpuset_format(trial->reserved);
    released = cpuset_format(core->cpus);
    return g_strdup_printf("reserve: {cpus: \"%s\"} on the host would let it in: the host OS gives "
                           "up CPUs %s of node %" G_GINT64_FORMAT,
                           list, released, core->node);
}

static char *reserve_less(Trial *trial, guint step)
{
    gint64 missing = trial->demand->memory_per_node - most_left(trial, true);
    g_autofree char *text = NULL;

    trial->host.reserve.memory_per_node -= missing;
    if (!is_only_step(trial, step) || missing <= 0 ||
        trial->host.reserve.memory_per_node < LEAST_RESERVE)
        return NULL;
    trial->host_changed = true;
    text = text_format_size(trial->host.reserve.memory_per_node);
    return g_strdup_printf("reserve: {memory_per_node: %s} on the host would let it in", text);
}

/* The other slices that are placed, one by one: sets @index to that of this step. */
static const Demand *other_slice(Trial *trial, guint step)
{
    trial->done = step >= trial->demands->len;
    if (step > trial->demands->len || !trial->solution->choices[step - 1].placed)
        return NULL;
    return g_ptr_array_index(trial->demands, step - 1);
}

static char *move_other(Trial *trial, guint step)
{
    const Demand *other = other_slice(trial, step);

    if (!other || !trial->solution->choices[step - 1].stays)
        return NULL;
    trial->moved = (int)other->index;
    return g_strdup_printf("moving the running slice %s would make room (repack: true on the host)",
                           other->instance->name);
}

static char *unpin_other(Trial *trial, guint step)
{
    const Demand *other = other_slice(trial, step);

    if (!other || other->slice->numa.pin->len == 0 || trial->solution->choices[step - 1].stays)
        return NULL;
    trial->unpinned = (int)other->index;
    return g_strdup_printf("without numa.pin on slice %s there would be room for both",
                           other->instance->name);
}

/* Smallest first: how many others are smaller, or as small and later in the spec? */
static char *leave_other_out(Trial *trial, guint step)
{
    const Demand *found = NULL;

    trial->done = step >= trial->demands->len;
    for (guint i = 0; i < trial->demands->len && !found; i++) {
        const Demand *one = g_ptr_array_index(trial->demands, i);
        guint before = 0;

        for (guint j = 0; j < trial->demands->len; j++) {
            const Demand *other = g_ptr_array_index(trial->demands, j);

            before += demand_cores(other) < demand_cores(one) ||
                      (demand_cores(other) == demand_cores(one) && j > i);
        }
        if (before == step - 1)
            found = one;
    }
    if (!found || !trial->solution->choices[found->index].placed)
        return NULL;
    trial->left_out = (int)found->index;
    return g_strdup_printf("without slice %s it fits", found->instance->name);
}

static char *other_host(Trial *trial, guint step)
{
    trial->alone = true;
    return is_only_step(trial, step) ? g_strdup("another host like this one would hold it") : NULL;
}

/* Planning it. */

static Demand *plan_anew(const Trial *trial, const Supply *supply, const Spec *spec,
                         const GPtrArray *running, guint i)
{
    const Demand *before = g_ptr_array_index(trial->demands, i);
    SpecSlice slice = *before->slice;
    Demand *demand;

    if (before == trial->demand)
        return demand_new(supply, spec, before->instance, &trial->slice, i, NULL);
    if (trial->unpinned == (int)i) {
        slice.numa.pin = trial->no_pin;
        demand = demand_new(supply, spec, before->instance, &slice, i, running);
        demand->slice = before->slice; /* ours goes out of scope, and the pin has had its effect */
        return demand;
    }
    demand = demand_new(supply, spec, before->instance, before->slice, i, running);
    if (trial->moved == (int)i || !before->stay) /* two that claim one core: the first stays */
        g_clear_pointer(&demand->stay, g_array_unref);
    return demand;
}

static bool fits_alone(const Spec *spec, const Trial *trial)
{
    g_autoptr(GPtrArray) demands = g_ptr_array_new_with_free_func((GDestroyNotify)demand_free);
    g_autoptr(Solution) result = NULL;

    g_ptr_array_add(demands, demand_new(trial->supply, spec, trial->demand->instance,
                                        trial->demand->slice, 0, NULL));
    result = search_admission(trial->supply, demands, TRIAL_BUDGET);
    return result->admitted == 1;
}

/* Who was placed stays placed, but for the one that makes room. */
static bool must_be_in(const Trial *trial, guint i)
{
    return trial->left_out != (int)i &&
           (trial->solution->choices[i].placed || i == trial->demand->index);
}

static bool admits_all(const Trial *trial, const Solution *result)
{
    for (guint i = 0; i < trial->demands->len; i++)
        if (must_be_in(trial, i) && !result->choices[i].placed)
            return false;
    return true;
}

/* Beside those that must be in, the others only make it harder: most trials end here. */
static bool is_hopeless(const Trial *trial, const Supply *supply, const GPtrArray *demands)
{
    static char elsewhere[] = "elsewhere";
    bool hopeless;

    for (guint i = 0; i < demands->len; i++) {
        Demand *demand = demands->pdata[i];

        if (!must_be_in(trial, i) && !demand->flaw)
            demand->flaw = elsewhere;
    }
    hopeless = !search_may_admit(supply, demands, TRIAL_BUDGET);
    for (guint i = 0; i < demands->len; i++) {
        Demand *demand = demands->pdata[i];

        if (demand->flaw == elsewhere)
            demand->flaw = NULL;
    }
    return hopeless;
}

/* With a supply of its own where the host's entry is another one. */
static bool helps_with(const Spec *spec, const Trial *trial, const Supply *supply)
{
    g_autoptr(GPtrArray) running = g_ptr_array_new();
    g_autoptr(GPtrArray) changed = g_ptr_array_new_with_free_func((GDestroyNotify)demand_free);
    g_autoptr(Solution) result = NULL;

    for (guint i = 0; i < trial->demands->len; i++) {
        const Demand *demand = g_ptr_array_index(trial->demands, i);

        if (demand->running)
            g_ptr_array_add(running, (gpointer)demand->running);
    }
    for (guint i = 0; i < trial->demands->len; i++) {
        Demand *demand = plan_anew(trial, supply, spec, running, i);

        if (trial->left_out == (int)i && !demand->flaw)
            demand->flaw = g_strdup("left out");
        g_ptr_array_add(changed, demand);
    }
    if (is_hopeless(trial, supply, changed))
        return false;
    result = search_admission(supply, changed, TRIAL_BUDGET);
    return admits_all(trial, result);
}

static bool helps(const Spec *spec, const Trial *trial)
{
    g_autoptr(GPtrArray) findings = NULL;
    g_autoptr(GPtrArray) instances = NULL;
    g_autoptr(GPtrArray) running = NULL;
    g_autoptr(Supply) supply = NULL;

    if (trial->alone)
        return fits_alone(spec, trial);
    if (!trial->host_changed)
        return helps_with(spec, trial, trial->supply);
    findings = findings_new();
    instances = g_ptr_array_new();
    running = g_ptr_array_new();
    for (guint i = 0; i < trial->demands->len; i++) {
        const Demand *demand = g_ptr_array_index(trial->demands, i);

        g_ptr_array_add(instances, (gpointer)demand->instance);
        if (demand->running)
            g_ptr_array_add(running, (gpointer)demand->running);
    }
    supply = supply_new(trial->supply->host, &trial->host, demands_count_vfs(instances), running,
                        findings);
    return !findings_have(findings, FINDING_ERROR) && helps_with(spec, trial, supply);
}

typedef char *(*Candidate)(Trial *, guint);

static char *first_that_helps(const Supply *supply, const Spec *spec, const GPtrArray *demands,
                              const Solution *solution, const Demand *demand, const Left *left,
                              Candidate candidate)
{
    bool done = false;

    for (guint step = 1; !done; step++) {
        g_autoptr(Trial) trial = trial_new(supply, demands, solution, demand, left);
        g_autofree char *text = candidate(trial, step);

        done = trial->done;
        if (text && helps(spec, trial))
            return g_steal_pointer(&text);
    }
    return NULL;
}

GPtrArray *mend_list(const Supply *supply, const Spec *spec, const GPtrArray *demands,
                     const Solution *solution, const Demand *demand, guint most)
{
    static const Candidate candidates[] = {
        smaller_pages, prefer_locality, drop_pin,     share_service,   fewer_cores,
        less_memory,   more_nodes,      pair_threads, release_core,    reserve_less,
        move_other,    unpin_other,     other_host,   leave_other_out,
    };
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Left) left = left_new(supply);

    left_take_solution(left, supply, demands, solution);
    for (guint c = 0; c < G_N_ELEMENTS(candidates) && texts->len < most; c++) {
        char *text = first_that_helps(supply, spec, demands, solution, demand, left, candidates[c]);

        if (text)
            g_ptr_array_add(texts, text);
    }
    return texts;
}
