/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where slices join the nodes of a host (they lie on several, or each is the only one of its
 * cluster there), these are laid first, depth first over their flavours and nodes; then each node
 * is filled by itself. With tables a branch is cut when the nodes' worth cannot make it better.
 */
#include "core/fleet_joint.h"

/* Ways to lay them that are tried, with tables and without. */
#define MAX_TRIES 3000
#define MAX_BLIND_TRIES 64

typedef struct {
    FleetSack *sack;
    const FleetPrice *price;
    NodeBest *scratch;
    guint class;
    guint *flavours, n; /* those to be laid, ascending */
    bool apart;         /* nothing that one node takes is short on another */
    FleetState *best;
    double best_value, bound;
    guint tries;
} Joint;

static bool is_joint(const Fleet *fleet, const FleetClass *class, const FleetPrice *price, guint f)
{
    const FleetUse *use = &class->uses[f];

    if (!use->possible || price->values[f] <= FLEET_EPSILON)
        return false;
    return use->n_nodes > 1 || (price->tables && fleet_flavour(fleet, f)->cluster >= 0);
}

/* Without a table of each node there is no bound to cut branches by. */
static bool has_tables(const Fleet *fleet, guint number, const FleetPrice *price)
{
    const FleetClass *class = fleet_class(fleet, number);
    int levels[FLEET_LEVELS];
    guint n_levels = fleet_list_levels(fleet, class, levels);

    for (guint n = 0; price->tables && n < class->n_nodes; n++)
        for (guint l = 0; l < n_levels; l++)
            if (!fleet_tables_find(price->tables, number, n, levels[l]))
                return false;
    return price->tables != NULL;
}

bool fleet_is_joint(const Fleet *fleet, guint number, const FleetPrice *price)
{
    const FleetClass *class = fleet_class(fleet, number);

    if (class->has_multi || !has_tables(fleet, number, price))
        return false;
    for (guint f = 0; f < fleet->flavours->len; f++)
        if (is_joint(fleet, class, price, f))
            return true;
    return false;
}

/* What the nodes can still be worth by the tables, once the flavours before @from are laid. */
static double nodes_worth(const Joint *joint, const FleetState *state, guint from)
{
    const Fleet *fleet = joint->sack->fleet;
    const FleetClass *class = fleet_class(fleet, joint->class);
    int levels[FLEET_LEVELS];
    guint n_levels = fleet_list_levels(fleet, class, levels);
    double sum = 0;

    for (guint n = 0; n < class->n_nodes; n++) {
        double most = 0;

        for (guint l = 0; l < n_levels; l++) {
            const FleetTable *table =
                fleet_tables_find(joint->price->tables, joint->class, n, levels[l]);
            int cores = state->rest[n][DIM_CORES] - MAX(levels[l] - state->service[n], 0);
            guint rank;

            if (!table)
                return G_MAXDOUBLE;
            rank = from < joint->n ? table->from[joint->flavours[from]] : table->n_joint;
            if (cores > 0 && state->rest[n][DIM_MEMORY] >= 0)
                most = MAX(most, fleet_table_worth(table, rank, cores, state->rest[n][DIM_MEMORY]));
        }
        sum += most;
    }
    return sum;
}

static void fill(Joint *joint, const FleetState *state, const guint *limits, double value,
                 double worth)
{
    const Fleet *fleet = joint->sack->fleet;
    g_autoptr(FleetState) filled = fleet_state_copy(fleet, state);
    g_autofree guint *left = g_memdup2(limits, fleet->flavours->len * sizeof *limits);
    double bound, filled_value;

    for (guint i = 0; i < joint->n; i++)
        left[joint->flavours[i]] = 0;
    for (guint f = 0; f < fleet->flavours->len; f++) /* the spread, under what is there */
        if (state->counts[f] > 0 && fleet_flavour(fleet, f)->cluster >= 0)
            for (guint g = 0; g < fleet->flavours->len; g++)
                if (fleet_flavour(fleet, g)->cluster == fleet_flavour(fleet, f)->cluster)
                    left[g] = 0;
    filled_value =
        fleet_fill_nodes(joint->sack, filled, joint->price, left, joint->scratch, &bound);
    joint->bound = MAX(joint->bound, value + (joint->apart ? MIN(bound, worth) : worth));
    value += filled_value;
    if (value > joint->best_value + FLEET_EPSILON || !joint->best) {
        fleet_state_free(joint->best);
        joint->best = g_steal_pointer(&filled);
        joint->best_value = value;
    }
}

/* Is there an earlier node just like it? */
static bool has_twin(const FleetClass *class, const FleetState *state, guint n)
{
    for (guint m = 0; m < n; m++)
        if (class->kind_of[m] == class->kind_of[n] && state->service[m] == state->service[n] &&
            memcmp(state->rest[m], state->rest[n], sizeof *state->rest) == 0)
            return true;
    return false;
}

static void lay(Joint *joint, guint from, const FleetState *state, guint *limits, double value);

/* One more of the flavour that lies on several nodes, on the first that do. */
static void lay_wide(Joint *joint, guint from, const FleetState *state, guint *limits, double value)
{
    const Fleet *fleet = joint->sack->fleet;
    g_autoptr(FleetState) more = fleet_state_copy(fleet, state);
    guint f = joint->flavours[from];

    if (!fleet_state_add(fleet, more, f))
        return;
    limits[f]--;
    lay(joint, from, more, limits, value + joint->price->values[f]);
    limits[f]++;
}

/* The one slice of the cluster, on each node that is like no other. */
static void lay_single(Joint *joint, guint from, const FleetState *state, const guint *limits,
                       double value)
{
    const Fleet *fleet = joint->sack->fleet;
    const FleetClass *class = fleet_class(fleet, joint->class);
    guint f = joint->flavours[from];

    for (guint n = 0; n < class->n_nodes; n++) {
        g_autoptr(FleetState) more = NULL;
        g_autofree guint *left = NULL;

        if (has_twin(class, state, n) || !fleet_state_fits_at(fleet, state, f, (guint64)1 << n))
            continue;
        more = fleet_state_copy(fleet, state);
        left = g_memdup2(limits, fleet->flavours->len * sizeof *limits);
        left[f] = 0; /* the others of the cluster are not let in beside it */
        fleet_state_take(fleet, more, f, (guint64)1 << n);
        lay(joint, from + 1, more, left, value + joint->price->values[f]);
    }
}

static void lay(Joint *joint, guint from, const FleetState *state, guint *limits, double value)
{
    const FleetTables *tables = joint->price->tables;
    double worth = tables ? nodes_worth(joint, state, from) : G_MAXDOUBLE;
    double slack = MAX(joint->price->slack, FLEET_EPSILON);

    joint->sack->total++;
    if (joint->tries++ >= (tables ? MAX_TRIES : MAX_BLIND_TRIES) ||
        (joint->best && value + worth <= joint->best_value + slack)) {
        joint->bound = MAX(joint->bound, value + worth);
        return;
    }
    if (from == joint->n) {
        fill(joint, state, limits, value, worth);
        return;
    }
    if (limits[joint->flavours[from]] > 0) {
        if (fleet_class(joint->sack->fleet, joint->class)->uses[joint->flavours[from]].n_nodes > 1)
            lay_wide(joint, from, state, limits, value);
        else
            lay_single(joint, from, state, limits, value);
    }
    lay(joint, from + 1, state, limits, value);
}

/* Can no node run into a limit on slices because of what another took? */
static bool is_apart(const Joint *joint, const FleetClass *class, const guint *limits)
{
    int cores = 0;

    for (guint n = 0; n < class->n_nodes; n++)
        cores += class->caps[n][DIM_CORES];
    for (guint f = 0; f < joint->sack->fleet->flavours->len; f++)
        if (class->uses[f].possible && fleet_flavour(joint->sack->fleet, f)->cluster < 0 &&
            limits[f] < (guint)(cores / MAX(class->uses[f].need[DIM_CORES], 1)))
            return false;
    return !class->has_pools;
}

FleetState *fleet_price_joint(FleetSack *sack, guint number, const FleetPrice *price,
                              const guint *limits, NodeBest *best, double *ret_value,
                              double *ret_bound)
{
    const Fleet *fleet = sack->fleet;
    const FleetClass *class = fleet_class(fleet, number);
    Joint joint = {.sack = sack, .price = price, .scratch = best, .class = number};
    g_autoptr(FleetState) empty = fleet_state_new(fleet, number);
    g_autofree guint *left = g_memdup2(limits, MAX(fleet->flavours->len, 1) * sizeof *limits);
    g_autofree guint *flavours = g_new(guint, MAX(fleet->flavours->len, 1));

    joint.flavours = flavours;
    joint.apart = is_apart(&joint, class, limits);
    for (guint f = 0; f < fleet->flavours->len; f++)
        if (is_joint(fleet, class, price, f))
            flavours[joint.n++] = f;
    lay(&joint, 0, empty, left, 0);
    *ret_value = joint.best_value;
    *ret_bound = MAX(joint.bound, joint.best_value + FLEET_EPSILON);
    return joint.best ? joint.best : fleet_state_copy(fleet, empty);
}
