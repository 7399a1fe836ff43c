/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pattern of a class that is worth most: a knapsack over the nodes of one host, depth first.
 *
 * Each node by itself first; their sum bounds the host. Where something joins the nodes (functions
 * of any node, limits, clusters' spread, slices over several nodes), they are then filled one after
 * the other. A slice over several nodes counts for the bound as parts, one a node.
 */
#include "core/fleet_sack.h"

/* A spec gives a slice up to 64 service cores. */
#define MAX_LEVELS 66
/* Ways to lay the slices that span nodes that are tried. */
#define MAX_SPANS 64

/* What one flavour would take of node @n, of which @rest is left. */
static bool item_set(const FleetUse *use, guint n, const int *rest, bool parts, FleetItem *item)
{
    if (!use->possible || !(use->nodes >> n & 1) || (use->n_nodes > 1 && !parts))
        return false;
    item->service = parts && use->n_nodes > 1 ? 0 : use->service;
    item->value /= use->n_nodes;
    for (guint d = 0; d < FLEET_DIMS; d++) {
        item->need[d] = use->need[d];
    }
    if (use->n_nodes == 1) {
        item->need[DIM_CORES] += use->extra;
        for (guint k = 0; k < FLEET_POOLS; k++)
            item->need[FLEET_DIMS + k] = use->pool[k];
    }
    for (guint d = 0; d < FLEET_ROW; d++)
        if (item->need[d] > rest[d])
            return false;
    return item->need[DIM_CORES] > 0;
}

static void sack_fill(FleetSack *sack, const FleetClass *class, guint n, const int *rest,
                      const FleetPrice *price, const guint *limits, bool parts, int level)
{
    g_array_set_size(sack->items, 0);
    for (guint f = 0; f < sack->fleet->flavours->len; f++) {
        FleetItem item = {.flavour = f, .value = price->values[f], .most = limits[f]};

        if (item.value <= FLEET_EPSILON || item.most == 0 ||
            !item_set(&class->uses[f], n, rest, parts, &item) || item.service > level)
            continue;
        item.bit = fleet_flavour(sack->fleet, f)->bit;
        g_array_append_val(sack->items, item);
    }
}

/* Levels of shared service cores that flavours ask for, ascending; 0 is the first. */
static guint list_levels(const Fleet *fleet, const FleetClass *class, int levels[MAX_LEVELS])
{
    guint n = 1;

    levels[0] = 0;
    for (guint f = 0; f < fleet->flavours->len; f++) {
        int service = class->uses[f].service;
        guint at = 0;

        while (at < n && levels[at] < service)
            at++;
        if (at < n && levels[at] == service)
            continue;
        g_assert(n < MAX_LEVELS);
        memmove(&levels[at + 1], &levels[at], (n - at) * sizeof *levels);
        levels[at] = service;
        n++;
    }
    return n;
}

typedef struct {
    double value, bound;
    guint16 *counts; /* by flavour */
} NodeBest;

/* The best for node @n under @state. @parts: also parts of slices over several nodes. */
static void solve_node(FleetSack *sack, const FleetState *state, guint n, const FleetPrice *price,
                       const guint *limits, bool parts, NodeBest *best)
{
    const Fleet *fleet = sack->fleet;
    const FleetClass *class = fleet_class(fleet, state->class);
    int levels[MAX_LEVELS];
    guint n_levels = list_levels(fleet, class, levels);

    best->value = best->bound = 0;
    memset(best->counts, 0, fleet->flavours->len * sizeof *best->counts);
    for (guint l = 0; l < n_levels; l++) {
        int rest[FLEET_ROW];
        double room;

        if (l + 1 < n_levels && levels[l + 1] <= state->service[n])
            continue; /* those cores are spent already */
        memcpy(rest, state->rest[n], FLEET_DIMS * sizeof *rest);
        memcpy(rest + FLEET_DIMS, state->pools, FLEET_POOLS * sizeof *rest);
        rest[DIM_CORES] -= MAX(levels[l] - state->service[n], 0);
        sack_fill(sack, class, n, rest, price, limits, parts, levels[l]);
        if (sack->items->len == 0)
            continue;
        room = fleet_sack_prepare(sack, rest);
        sack->budget = price->budget;
        sack->slack = MAX(price->slack / class->n_nodes, FLEET_EPSILON);
        fleet_sack_walk(sack, rest, room);
        best->bound = MAX(best->bound, MAX(sack->best_value + FLEET_EPSILON, sack->open));
        if (sack->best_value <= best->value + FLEET_EPSILON)
            continue;
        best->value = sack->best_value;
        memset(best->counts, 0, fleet->flavours->len * sizeof *best->counts);
        for (guint i = 0; i < sack->items->len; i++)
            best->counts[g_array_index(sack->items, FleetItem, i).flavour] = sack->best[i];
    }
}

static guint sum_limits(const Fleet *fleet, const FleetPrice *price, guint f)
{
    guint most = fleet_flavour(fleet, f)->most;

    return price->limits ? MIN(most, price->limits[f]) : most;
}

/* Puts the node's best into @state, as far as the host allows it; the sum of what went in. */
static double take_node(const Fleet *fleet, FleetState *state, guint n, const NodeBest *best,
                        const double *values, guint *limits)
{
    double value = 0;

    for (guint f = 0; f < fleet->flavours->len; f++)
        for (guint i = 0; i < best->counts[f] && limits[f] > 0; i++) {
            int cluster = fleet_flavour(fleet, f)->cluster;

            fleet_state_take(fleet, state, f, (guint64)1 << n);
            value += values[f];
            limits[f]--;
            for (guint g = 0; cluster >= 0 && g < fleet->flavours->len; g++)
                if (fleet_flavour(fleet, g)->cluster == cluster)
                    limits[g] = 0;
        }
    return value;
}

/* Node by node, each knowing what the ones before took. */
static double fill_nodes(FleetSack *sack, FleetState *state, const FleetPrice *price, guint *limits,
                         NodeBest *best)
{
    guint n_nodes = fleet_class(sack->fleet, state->class)->n_nodes;
    double value = 0;

    for (guint n = 0; n < n_nodes; n++) {
        solve_node(sack, state, n, price, limits, false, best);
        value += take_node(sack->fleet, state, n, best, price->values, limits);
    }
    return value;
}

typedef struct {
    FleetSack *sack;
    const FleetPrice *price;
    NodeBest *scratch;
    FleetState *best;
    double best_value;
    guint tries;
} Spans;

/* All counts of slices over several nodes, from flavour @from on, then the nodes. */
static void try_spans(Spans *spans, guint from, const FleetState *state, const guint *limits,
                      double value)
{
    const Fleet *fleet = spans->sack->fleet;
    const FleetClass *class = fleet_class(fleet, state->class);
    g_autoptr(FleetState) filled = NULL;
    g_autofree guint *after = g_memdup2(limits, fleet->flavours->len * sizeof *limits);
    double sum;

    if (spans->tries++ >= MAX_SPANS)
        return;
    for (guint f = from; f < fleet->flavours->len; f++) {
        g_autoptr(FleetState) more = NULL;

        if (class->uses[f].n_nodes < 2 || limits[f] == 0 ||
            spans->price->values[f] <= FLEET_EPSILON)
            continue;
        more = fleet_state_copy(fleet, state);
        if (!fleet_state_add(fleet, more, f))
            continue;
        after[f]--;
        try_spans(spans, f, more, after, value + spans->price->values[f]);
        after[f]++;
    }
    filled = fleet_state_copy(fleet, state);
    for (guint f = 0; f < fleet->flavours->len; f++) /* the spread, under what is there */
        if (state->counts[f] > 0 && fleet_flavour(fleet, f)->cluster >= 0)
            for (guint g = 0; g < fleet->flavours->len; g++)
                if (fleet_flavour(fleet, g)->cluster == fleet_flavour(fleet, f)->cluster)
                    after[g] = 0;
    sum = value + fill_nodes(spans->sack, filled, spans->price, after, spans->scratch);
    if (sum > spans->best_value + FLEET_EPSILON || !spans->best) {
        fleet_state_free(spans->best);
        spans->best = g_steal_pointer(&filled);
        spans->best_value = sum;
    }
}

/* Nodes that are alike are solved once, and together they are the bound. *@ret_joint: they fit
 * together as they are. */
static FleetState *solve_apart(FleetSack *sack, guint class_number, const FleetPrice *price,
                               const guint *limits, NodeBest *best, double *ret_bound,
                               bool *ret_joint)
{
    const Fleet *fleet = sack->fleet;
    const FleetClass *class = fleet_class(fleet, class_number);
    FleetState *state = fleet_state_new(fleet, class_number);
    g_autoptr(FleetState) empty = fleet_state_new(fleet, class_number);
    g_autofree guint *left = g_memdup2(limits, fleet->flavours->len * sizeof *limits);

    *ret_bound = 0;
    *ret_joint = true;
    for (guint kind = 0; kind < class->n_kinds; kind++) {
        bool solved = false;

        for (guint n = 0; n < class->n_nodes; n++) {
            if (class->kind_of[n] != kind)
                continue;
            if (!solved)
                solve_node(sack, empty, n, price, limits, class->has_multi, best);
            solved = true;
            *ret_bound += best->bound;
            for (guint f = 0; f < fleet->flavours->len; f++) {
                *ret_joint = *ret_joint && best->counts[f] <= left[f] &&
                             (best->counts[f] == 0 || class->uses[f].n_nodes == 1);
                if (best->counts[f] > 0 && fleet_flavour(fleet, f)->cluster >= 0)
                    *ret_joint = *ret_joint && class->n_nodes == 1;
            }
            if (*ret_joint)
                take_node(fleet, state, n, best, price->values, left);
        }
    }
    for (guint k = 0; k < FLEET_POOLS; k++)
        *ret_joint = *ret_joint && state->pools[k] >= 0;
    return state;
}

static gint64 total_cap(const FleetClass *class, guint dim)
{
    gint64 total = 0;

    if (dim >= FLEET_DIMS)
        return class->pools[dim - FLEET_DIMS];
    for (guint n = 0; n < class->n_nodes; n++)
        total += class->caps[n][dim];
    return total;
}

/* The host as one node: what the nodes apart do not know of is its functions of any node. No
 * pattern is worth more than the worthiest flavour for its size would be if it filled the host. */
static double bound_whole(FleetSack *sack, const FleetClass *class, const FleetPrice *price)
{
    int rest[FLEET_ROW];
    double most = 0;

    g_array_set_size(sack->items, 0);
    for (guint d = 0; d < FLEET_ROW; d++)
        rest[d] = (int)MIN(total_cap(class, d), G_MAXINT);
    for (guint f = 0; f < sack->fleet->flavours->len; f++) {
        const FleetUse *use = &class->uses[f];
        FleetItem item = {.flavour = f, .value = price->values[f]};

        for (guint d = 0; d < FLEET_DIMS; d++)
            item.need[d] = use->need[d] * (int)use->n_nodes;
        item.need[DIM_CORES] += use->extra;
        for (guint k = 0; k < FLEET_POOLS; k++)
            item.need[FLEET_DIMS + k] = use->pool[k];
        if (use->possible && item.value > FLEET_EPSILON && item.need[DIM_CORES] > 0)
            g_array_append_val(sack->items, item);
    }
    if (sack->items->len == 0)
        return 0;
    (void)fleet_sack_prepare(sack, rest);
    for (guint i = 0; i < sack->items->len; i++)
        most = MAX(most, sack->rates[i]);
    return most * (1 + FLEET_EPSILON); /* the weighed room is 1 */
}

FleetState *fleet_price(const Fleet *fleet, guint class, const FleetPrice *price, double *ret_value,
                        double *ret_bound, guint64 *steps)
{
    guint n = fleet->flavours->len;
    g_autoptr(FleetSack) sack = fleet_sack_new(fleet);
    g_autoptr(FleetState) apart = NULL;
    g_autofree guint *limits = g_new(guint, n);
    g_autofree guint16 *counts = g_new0(guint16, n);
    NodeBest best = {.counts = counts};
    Spans spans = {.sack = sack, .price = price, .scratch = &best};
    bool joint;

    for (guint f = 0; f < n; f++)
        limits[f] = sum_limits(fleet, price, f);
    apart = solve_apart(sack, class, price, limits, &best, ret_bound, &joint);
    if (joint) {
        *ret_value = fleet_state_value(fleet, apart, price->values);
        *steps += sack->total;
        return g_steal_pointer(&apart);
    }
    if (fleet_class(fleet, class)->has_pools)
        *ret_bound = MIN(*ret_bound, bound_whole(sack, fleet_class(fleet, class), price));
    {
        g_autoptr(FleetState) empty = fleet_state_new(fleet, class);

        try_spans(&spans, 0, empty, limits, 0);
    }
    *ret_value = spans.best_value;
    *steps += sack->total;
    return spans.best;
}
