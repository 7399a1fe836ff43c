/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pattern of a class that is worth most: a knapsack over the nodes of one host, depth first.
 *
 * Each node by itself first; their sum bounds the host. Where something joins the nodes (functions
 * of any node, limits, clusters' spread, slices over several nodes), they are then filled one after
 * the other (fleet_joint.c). A slice over several nodes counts for the bound as parts, one a node.
 */
#include "core/fleet_joint.h"

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
        item.rank = sack->table ? sack->table->rank[f] : 0;
        item.bit = fleet_flavour(sack->fleet, f)->bit;
        g_array_append_val(sack->items, item);
    }
}

guint fleet_list_levels(const Fleet *fleet, const FleetClass *class, int levels[FLEET_LEVELS])
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
        g_assert(n < FLEET_LEVELS);
        memmove(&levels[at + 1], &levels[at], (n - at) * sizeof *levels);
        levels[at] = service;
        n++;
    }
    return n;
}

/* The answer as the table has it, where nothing but cores and memory stands against it: into
 * @counts; false: something does. */
static bool read_table(const FleetSack *sack, const FleetClass *class, guint n, const int *room,
                       const guint *limits, bool parts, guint16 *counts)
{
    const FleetTable *table = sack->table;
    int rest[FLEET_ROW];
    guint64 clusters = 0;

    memcpy(rest, room, sizeof rest);
    for (guint r = parts ? 0 : table->n_joint; r < table->n;) {
        guint f = table->order[r];
        const FleetFlavour *flavour = fleet_flavour(sack->fleet, f);
        double worth = fleet_table_worth(table, r, rest[DIM_CORES], rest[DIM_MEMORY]);
        FleetItem item = {.flavour = f};

        if (fleet_table_worth(table, r + 1, rest[DIM_CORES], rest[DIM_MEMORY]) >= worth) {
            r++;
            continue;
        }
        if (counts[f] >= limits[f] || (flavour->bit & clusters) ||
            !item_set(&class->uses[f], n, rest, parts, &item))
            return false;
        clusters |= flavour->bit;
        counts[f]++;
        for (guint d = 0; d < FLEET_ROW; d++)
            rest[d] -= item.need[d];
    }
    return true;
}

/* The best of the sack's items into @best, if it is better. */
static void walk_node(FleetSack *sack, const int *rest, const FleetPrice *price, guint n_nodes,
                      NodeBest *best)
{
    double room = fleet_sack_prepare(sack, rest);

    sack->budget = price->budget;
    sack->slack = MAX(price->slack / n_nodes, FLEET_EPSILON);
    fleet_sack_walk(sack, rest, room);
    best->bound = MAX(best->bound, MAX(sack->best_value + FLEET_EPSILON, sack->open));
    if (sack->best_value <= best->value + FLEET_EPSILON)
        return;
    best->value = sack->best_value;
    memset(best->counts, 0, sack->fleet->flavours->len * sizeof *best->counts);
    for (guint i = 0; i < sack->items->len; i++)
        best->counts[g_array_index(sack->items, FleetItem, i).flavour] = sack->best[i];
}

/* By the table, if it will do. */
static bool look_up_node(FleetSack *sack, const FleetClass *class, guint n, const int *rest,
                         const FleetPrice *price, const guint *limits, bool parts, NodeBest *best)
{
    const FleetTable *table = sack->table;
    guint n_flavours = sack->fleet->flavours->len;
    double worth, value = 0;

    worth = fleet_table_worth(table, parts ? 0 : table->n_joint, rest[DIM_CORES], rest[DIM_MEMORY]);
    if (worth <= best->value + FLEET_EPSILON) {
        best->bound = MAX(best->bound, worth);
        return true;
    }
    memset(sack->counts, 0, n_flavours * sizeof *sack->counts);
    sack->total++;
    if (!read_table(sack, class, n, rest, limits, parts, sack->counts))
        return false;
    for (guint f = 0; f < n_flavours; f++)
        value += sack->counts[f] * price->values[f] / MAX(class->uses[f].n_nodes, 1);
    best->bound = MAX(best->bound, MAX(value, worth) + FLEET_EPSILON);
    if (value > best->value + FLEET_EPSILON) {
        best->value = value;
        memcpy(best->counts, sack->counts, n_flavours * sizeof *best->counts);
    }
    return true;
}

/* The best for node @n under @state. @parts: also parts of slices over several nodes. */
static void solve_node(FleetSack *sack, const FleetState *state, guint n, const FleetPrice *price,
                       const guint *limits, bool parts, NodeBest *best)
{
    const Fleet *fleet = sack->fleet;
    const FleetClass *class = fleet_class(fleet, state->class);
    int levels[FLEET_LEVELS];
    guint n_levels = fleet_list_levels(fleet, class, levels);

    best->value = best->bound = 0;
    memset(best->counts, 0, fleet->flavours->len * sizeof *best->counts);
    for (guint l = 0; l < n_levels; l++) {
        int rest[FLEET_ROW];

        if (l + 1 < n_levels && levels[l + 1] <= state->service[n])
            continue; /* those cores are spent already */
        memcpy(rest, state->rest[n], FLEET_DIMS * sizeof *rest);
        memcpy(rest + FLEET_DIMS, state->pools, FLEET_POOLS * sizeof *rest);
        rest[DIM_CORES] -= MAX(levels[l] - state->service[n], 0);
        if (rest[DIM_CORES] < 1)
            continue;
        sack->table =
            price->tables ? fleet_tables_find(price->tables, state->class, n, levels[l]) : NULL;
        if (sack->table && look_up_node(sack, class, n, rest, price, limits, parts, best))
            continue;
        sack_fill(sack, class, n, rest, price, limits, parts, levels[l]);
        if (sack->items->len > 0)
            walk_node(sack, rest, price, class->n_nodes, best);
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

/* May a node get the same as one before it, to which it was equal? Then it is the best for it too:
 * limits and the functions of any node only become less. */
static bool may_repeat(const Fleet *fleet, const FleetState *state, const NodeBest *best,
                       const guint *limits)
{
    const FleetClass *class = fleet_class(fleet, state->class);
    int pools[FLEET_POOLS];

    memcpy(pools, state->pools, sizeof pools);
    for (guint f = 0; f < fleet->flavours->len; f++) {
        if (best->counts[f] == 0)
            continue;
        if (best->counts[f] > limits[f])
            return false;
        for (guint k = 0; k < FLEET_POOLS; k++) {
            pools[k] -= best->counts[f] * class->uses[f].pool[k];
            if (pools[k] < 0)
                return false;
        }
    }
    return true;
}

double fleet_fill_nodes(FleetSack *sack, FleetState *state, const FleetPrice *price, guint *limits,
                        NodeBest *best, double *ret_bound)
{
    const FleetClass *class = fleet_class(sack->fleet, state->class);
    int rest[FLEET_DIMS], service = 0; /* of the node before, while it was empty */
    double value = 0;

    *ret_bound = 0;
    for (guint n = 0; n < class->n_nodes; n++) {
        if (n == 0 || class->kind_of[n] != class->kind_of[n - 1] || service != state->service[n] ||
            memcmp(rest, state->rest[n], sizeof rest) != 0 ||
            !may_repeat(sack->fleet, state, best, limits))
            solve_node(sack, state, n, price, limits, false, best);
        memcpy(rest, state->rest[n], sizeof rest);
        service = state->service[n];
        *ret_bound += best->bound;
        value += take_node(sack->fleet, state, n, best, price->values, limits);
    }
    return value;
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
    FleetState *state = NULL;
    g_autofree guint *limits = g_new(guint, MAX(n, 1));
    g_autofree guint16 *counts = g_new0(guint16, MAX(n, 1));
    NodeBest best = {.counts = counts};
    double bound = G_MAXDOUBLE, joint_bound;
    bool whole = (!ret_bound && !fleet_class(fleet, class)->has_multi) ||
                 fleet_is_joint(fleet, class, price);
    bool fits = false;

    for (guint f = 0; f < n; f++)
        limits[f] = sum_limits(fleet, price, f);
    if (!whole)
        state = solve_apart(sack, class, price, limits, &best, &bound, &fits);
    if (fits) {
        *ret_value = fleet_state_value(fleet, state, price->values);
        if (ret_bound)
            *ret_bound = bound;
        *steps += sack->total;
        return state;
    }
    fleet_state_free(state);
    if (ret_bound && fleet_class(fleet, class)->has_pools)
        bound = MIN(bound, bound_whole(sack, fleet_class(fleet, class), price));
    state = fleet_price_joint(sack, class, price, limits, &best, ret_value, &joint_bound);
    if (ret_bound)
        *ret_bound = whole ? MIN(bound, joint_bound) : bound;
    *steps += sack->total;
    return state;
}
