/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of a host once some slices have their share, in counts. */
#include "core/fleet_internal.h"

FleetState *fleet_state_new(const Fleet *fleet, guint number)
{
    const FleetClass *class = fleet_class(fleet, number);
    FleetState *state = g_new0(FleetState, 1);

    state->class = number;
    state->slots = g_array_new(false, false, sizeof(FleetSlot));
    state->counts = g_new0(guint16, fleet->flavours->len);
    state->rest = g_memdup2(class->caps, class->n_nodes * sizeof *class->caps);
    state->service = g_new0(int, class->n_nodes);
    memcpy(state->pools, class->pools, sizeof state->pools);
    return state;
}

FleetState *fleet_state_copy(const Fleet *fleet, const FleetState *state)
{
    const FleetClass *class = fleet_class(fleet, state->class);
    FleetState *copy = g_memdup2(state, sizeof *state);

    copy->slots = g_array_copy(state->slots);
    copy->counts = g_memdup2(state->counts, fleet->flavours->len * sizeof *state->counts);
    copy->rest = g_memdup2(state->rest, class->n_nodes * sizeof *state->rest);
    copy->service = g_memdup2(state->service, class->n_nodes * sizeof *state->service);
    return copy;
}

void fleet_state_free(FleetState *state)
{
    if (!state)
        return;
    g_array_unref(state->slots);
    g_free(state->counts);
    g_free(state->rest);
    g_free(state->service);
    g_free(state);
}

bool fleet_state_equal(const Fleet *fleet, const FleetState *a, const FleetState *b)
{
    guint n_nodes = fleet_class(fleet, a->class)->n_nodes;

    return a->class == b->class && a->slices == b->slices &&
           memcmp(a->counts, b->counts, fleet->flavours->len * sizeof *a->counts) == 0 &&
           memcmp(a->rest, b->rest, n_nodes * sizeof *a->rest) == 0 &&
           memcmp(a->service, b->service, n_nodes * sizeof *a->service) == 0;
}

void fleet_bucket_free(FleetBucket *bucket)
{
    fleet_state_free(bucket->state);
    g_free(bucket);
}

static int cores_more(const FleetState *state, const FleetUse *use, guint node, bool first)
{
    return first ? use->extra + MAX(use->service - state->service[node], 0) : 0;
}

/* On this node; *@ret_rest: what is left of it, in shares of the whole, squared. */
static bool node_fits(const FleetClass *class, const FleetState *state, const FleetUse *use,
                      guint node, bool first, double *ret_rest)
{
    int more = cores_more(state, use, node, first);

    *ret_rest = 0;
    for (guint d = 0; d < FLEET_DIMS; d++) {
        int left = state->rest[node][d] - use->need[d] - (d == DIM_CORES ? more : 0);
        double share = class->caps[node][d] > 0 ? (double)left / class->caps[node][d] : 0;

        if (left < 0 && (use->need[d] > 0 || (d == DIM_CORES && more > 0)))
            return false;
        *ret_rest += share * share;
    }
    return true;
}

/* Does the clusters' spread allow one more here? */
static bool spread_allows(const Fleet *fleet, const FleetState *state, guint number)
{
    const FleetFlavour *flavour = fleet_flavour(fleet, number);

    if (state->counts[number] >= flavour->most)
        return false;
    for (guint f = 0; flavour->cluster >= 0 && f < fleet->flavours->len; f++)
        if (state->counts[f] > 0 && fleet_flavour(fleet, f)->cluster == flavour->cluster)
            return false;
    return true;
}

bool fleet_state_fits(const Fleet *fleet, const FleetState *state, guint flavour,
                      guint64 *ret_nodes, double *ret_rest)
{
    const FleetClass *class = fleet_class(fleet, state->class);
    const FleetUse *use = &class->uses[flavour];
    double best = G_MAXDOUBLE, total = 0;
    guint found = 0;

    if (!use->possible || !spread_allows(fleet, state, flavour))
        return false;
    for (guint k = 0; k < FLEET_POOLS; k++)
        if (state->pools[k] < use->pool[k])
            return false;
    *ret_nodes = 0;
    for (guint n = 0; n < class->n_nodes && (use->n_nodes == 1 || found < use->n_nodes); n++) {
        double rest;

        if (!(use->nodes >> n & 1) || !node_fits(class, state, use, n, found == 0, &rest))
            continue;
        if (use->n_nodes > 1) { /* the lowest that will do */
            *ret_nodes |= (guint64)1 << n;
            total += rest;
            found++;
        } else if (rest < best - 1e-12) {
            *ret_nodes = (guint64)1 << n;
            total = best = rest;
            found = 1;
        }
        if (use->n_nodes == 1)
            found = 0; /* each node is judged as a first one */
    }
    *ret_rest = total;
    return use->n_nodes == 1 ? *ret_nodes != 0 : found == use->n_nodes;
}

bool fleet_state_fits_at(const Fleet *fleet, const FleetState *state, guint flavour, guint64 nodes)
{
    const FleetClass *class = fleet_class(fleet, state->class);
    const FleetUse *use = &class->uses[flavour];
    bool first = true;

    if (!use->possible || (nodes & ~use->nodes) || !spread_allows(fleet, state, flavour))
        return false;
    for (guint k = 0; k < FLEET_POOLS; k++)
        if (state->pools[k] < use->pool[k])
            return false;
    for (guint n = 0; n < class->n_nodes; n++) {
        double rest;

        if (!(nodes >> n & 1))
            continue;
        if (!node_fits(class, state, use, n, first, &rest))
            return false;
        first = false;
    }
    return true;
}

void fleet_state_take(const Fleet *fleet, FleetState *state, guint flavour, guint64 nodes)
{
    const FleetClass *class = fleet_class(fleet, state->class);
    const FleetUse *use = &class->uses[flavour];
    FleetSlot slot = {flavour, nodes};
    bool first = true;

    for (guint n = 0; n < class->n_nodes; n++) {
        if (!(nodes >> n & 1))
            continue;
        state->rest[n][DIM_CORES] -= cores_more(state, use, n, first);
        if (first)
            state->service[n] = MAX(state->service[n], use->service);
        for (guint d = 0; d < FLEET_DIMS; d++)
            state->rest[n][d] -= use->need[d];
        first = false;
    }
    for (guint k = 0; k < FLEET_POOLS; k++)
        state->pools[k] -= use->pool[k];
    state->counts[flavour]++;
    state->slices++;
    g_array_append_val(state->slots, slot);
}

void fleet_state_drop(const Fleet *fleet, FleetState *state, guint flavour)
{
    g_autoptr(FleetState) anew = fleet_state_new(fleet, state->class);
    FleetState swap;
    guint drop = state->slots->len;

    for (guint i = 0; i < state->slots->len; i++)
        if (g_array_index(state->slots, FleetSlot, i).flavour == flavour)
            drop = i;
    for (guint i = 0; i < state->slots->len; i++) {
        const FleetSlot *slot = &g_array_index(state->slots, FleetSlot, i);

        if (i != drop)
            fleet_state_take(fleet, anew, slot->flavour, slot->nodes);
    }
    swap = *anew;
    *anew = *state;
    *state = swap;
}

bool fleet_state_add(const Fleet *fleet, FleetState *state, guint flavour)
{
    guint64 nodes;
    double rest;

    if (!fleet_state_fits(fleet, state, flavour, &nodes, &rest))
        return false;
    fleet_state_take(fleet, state, flavour, nodes);
    return true;
}

double fleet_state_value(const Fleet *fleet, const FleetState *state, const double *values)
{
    double value = 0;

    for (guint f = 0; f < fleet->flavours->len; f++)
        value += state->counts[f] * values[f];
    return value;
}
