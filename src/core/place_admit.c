/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which slices can be admitted together: all of them; else the fewest left out by priority, and of
 * these choices the fewest cores. Each choice is decided by place_fill.c on counts. What the counts
 * do not know (PCI functions that several networks share, IOMMU groups, bonds, locality that is
 * only preferred) is looked at when they say yes; their no is a no all the same.
 */
#include "core/place_admit.h"

#include <string.h>

/* More slices on several nodes than this, or choices of nodes for them, are left to the walk. */
#define MAX_MULTI 6

enum { DIM_MEMORY = 1, DIM_FIRST_KIND = 2 };

/* A resource for each kind of function that somebody must have on the own node. */
static void number_dims(Admit *admit)
{
    const Supply *supply = admit->search->supply;

    admit->n_dims = DIM_FIRST_KIND;
    for (guint n = 0; n < supply->nodes->len; n++) {
        const SupplyNode *node = g_ptr_array_index(supply->nodes, n);

        admit->whole_dim |= node->n_whole != node->cores->len;
    }
    admit->n_dims += admit->whole_dim;
    for (guint i = 0; i < admit->n; i++) {
        const Demand *demand = item_at(admit, i)->demand;

        for (guint w = 0; w < demand->wants->len; w++) {
            const Want *want = g_ptr_array_index(demand->wants, w);
            Kind *kind = g_ptr_array_index(admit->search->kinds, item_at(admit, i)->kinds[w]);

            if (want->locality == SPEC_LOCALITY_REQUIRED && kind->dim < 0 &&
                admit->n_dims < FILL_MAX_DIMS)
                kind->dim = (int)admit->n_dims++;
        }
    }
}

static FillFlavour flavour_of(const Admit *admit, const Item *item)
{
    const Demand *demand = item->demand;
    FillFlavour flavour = {.service = demand->own_service ? 0 : demand->service};

    flavour.need[FILL_CORES] = demand->cores_per_node + (demand->own_service ? demand->service : 0);
    flavour.need[DIM_MEMORY] = demand->memory_per_node;
    if (admit->whole_dim)
        flavour.need[DIM_FIRST_KIND] = demand->whole ? demand->cores_per_node : 0;
    for (guint w = 0; w < demand->wants->len; w++) {
        const Want *want = g_ptr_array_index(demand->wants, w);
        const Kind *kind = g_ptr_array_index(admit->search->kinds, item->kinds[w]);

        if (want->locality == SPEC_LOCALITY_REQUIRED && kind->dim >= 0)
            flavour.need[kind->dim]++;
    }
    for (guint t = 0; t < item->tuples->len; t++) {
        guint16 node = g_array_index(item->tuples, guint16, t);

        flavour.allowed |= G_GUINT64_CONSTANT(1) << node;
        flavour.rank[node] = g_array_index(item->ranks, guint8, t);
    }
    return flavour;
}

static bool are_equal(const FillFlavour *a, const FillFlavour *b, guint n_nodes)
{
    return a->allowed == b->allowed && a->service == b->service &&
           memcmp(a->need, b->need, sizeof(a->need)) == 0 &&
           memcmp(a->rank, b->rank, n_nodes * sizeof(a->rank[0])) == 0;
}

static void number_flavours(Admit *admit)
{
    admit->flavours = g_new(FillFlavour, admit->n + 1);
    for (guint i = 0; i < admit->n; i++) {
        const Item *item = item_at(admit, i);
        FillFlavour flavour;
        guint f = 0;

        admit->flavour[i] = G_MAXUINT;
        if (is_fixed(admit, i))
            continue;
        if (item->demand->n_nodes > 1) {
            g_ptr_array_add(admit->multi, GUINT_TO_POINTER(i));
            continue;
        }
        flavour = flavour_of(admit, item);
        while (f < admit->n_flavours &&
               !are_equal(&admit->flavours[f], &flavour, admit->search->supply->nodes->len))
            f++;
        if (f == admit->n_flavours)
            admit->flavours[admit->n_flavours++] = flavour;
        admit->flavour[i] = f;
    }
}

/* Slices that run stay, with what they have. false: they get in each other's way. */
static bool take_fixed(Admit *admit)
{
    for (guint i = 0; i < admit->n; i++) {
        const Demand *demand = item_at(admit, i)->demand;

        if (!is_fixed(admit, i))
            continue;
        admit->nodes[i] = (const guint16 *)demand->stay->data;
        if (!left_take_nodes(admit->left, admit->search->supply, demand, admit->nodes[i], true))
            return false;
        for (guint w = 0; w < demand->wants->len; w++) {
            const Want *want = g_ptr_array_index(demand->wants, w);

            if (want->held)
                admit->left->owner[want->held->index] = (int)demand->index;
        }
    }
    return true;
}

/* Two slices of a cluster that must not share a host: the walk knows that, counts do not. */
static bool has_rivals(const Admit *admit)
{
    for (guint i = 0; i < admit->n; i++)
        for (guint j = 0; j < i; j++) {
            const Demand *a = item_at(admit, i)->demand, *b = item_at(admit, j)->demand;

            if (a->cluster == b->cluster && a->alone_in_cluster)
                return true;
        }
    return false;
}

static bool is_free(const Admit *admit, const Left *left, const Unit *unit)
{
    return left->owner[unit->index] < 0 && !(unit->pf && left->owner[unit->pf_unit] >= 0);
}

static Fill *fill_of(const Admit *admit, const Left *left)
{
    const Supply *supply = admit->search->supply;
    FillNode nodes[FILL_MAX_NODES];

    memset(nodes, 0, supply->nodes->len * sizeof(*nodes));
    for (guint n = 0; n < supply->nodes->len; n++) {
        nodes[n].cap[FILL_CORES] = left->cores[n];
        nodes[n].cap[DIM_MEMORY] = left->memory[n];
        if (admit->whole_dim)
            nodes[n].cap[DIM_FIRST_KIND] = left->whole[n];
        nodes[n].service = left->service[n];
    }
    for (guint k = 0; k < admit->search->kinds->len; k++) {
        const Kind *kind = g_ptr_array_index(admit->search->kinds, k);

        for (guint n = 0; n < supply->nodes->len && kind->dim >= 0; n++)
            for (guint u = kind->start[n]; u < kind->start[n + 1]; u++)
                nodes[n].cap[kind->dim] += is_free(admit, left, kind->local[u]);
    }
    return fill_new(nodes, supply->nodes->len, admit->n_dims, admit->flavours, admit->n_flavours);
}

/* The choice of nodes of a single-node item that is this node. */
static const guint16 *tuple_of(const Item *item, guint node)
{
    for (guint t = 0; t < item->tuples->len; t++)
        if (g_array_index(item->tuples, guint16, t) == node)
            return &g_array_index(item->tuples, guint16, t);
    return NULL;
}

/* Turns counts into an incumbent: equal slices onto ascending nodes. */
static bool keep_fill(Admit *admit, const Fill *fill)
{
    guint n_nodes = admit->search->supply->nodes->len;

    for (guint f = 0; f < admit->n_flavours; f++) {
        guint node = 0, used = 0;

        for (guint i = 0; i < admit->n; i++) {
            if (admit->flavour[i] != f)
                continue;
            admit->nodes[i] = NULL;
            if (!admit->in[i])
                continue;
            while (node < n_nodes && used == fill_placed(fill, f, node)) {
                node++;
                used = 0;
            }
            admit->nodes[i] = tuple_of(item_at(admit, i), node);
            used++;
        }
    }
    if (!search_try(admit->search, admit->nodes))
        return false;
    admit->has_plan = true;
    return true;
}

/* Nothing can be better than the incumbent. */
static bool is_perfect(const Admit *admit)
{
    const Search *search = admit->search;

    search_bound_costs(search, 0, search->bound);
    return admit->has_plan &&
           search_compare_costs(search->best_cost, search->bound, search->n_levels) <= 0;
}

static FillResult try_fill(Admit *admit, Fill *fill, bool all)
{
    bool found = false, unmatched = false;
    FillResult result;

    for (guint way = 0; way < FILL_WAYS && !is_perfect(admit); way++) {
        if (!all && way == 0)
            continue;
        if (fill_quick(fill, admit->counts, way) != FILL_FOUND)
            continue;
        if (keep_fill(admit, fill))
            found = true;
        else
            unmatched = true;
    }
    if (found)
        return FILL_FOUND;
    result = fill_exact(fill, admit->counts, &admit->budget);
    if (result == FILL_FOUND)
        return keep_fill(admit, fill) ? FILL_FOUND : FILL_UNKNOWN;
    return unmatched ? FILL_UNKNOWN : result;
}

/* Slices on several nodes first, in every way there is; then the others beside them. */
static FillResult try_multi(Admit *admit, guint number, bool all)
{
    const Search *search = admit->search;
    g_autoptr(Left) before = NULL;
    const Item *item;
    FillResult result = FILL_NONE;
    guint i;

    if (number == admit->multi->len) {
        g_autoptr(Fill) fill = fill_of(admit, admit->left);

        return try_fill(admit, fill, all);
    }
    i = GPOINTER_TO_UINT(g_ptr_array_index(admit->multi, number));
    item = item_at(admit, i);
    admit->nodes[i] = NULL;
    if (!admit->in[i])
        return try_multi(admit, number + 1, all);
    before = left_new(search->supply);
    left_copy_nodes(before, admit->left, search->supply);
    for (guint t = 0; t < item->tuples->len; t += item->demand->n_nodes) {
        const guint16 *nodes = &g_array_index(item->tuples, guint16, t);
        FillResult one;

        if (admit->budget == 0)
            return FILL_UNKNOWN;
        admit->budget--;
        if (!left_take_nodes(admit->left, search->supply, item->demand, nodes, false))
            continue;
        admit->nodes[i] = nodes;
        one = try_multi(admit, number + 1, all);
        left_copy_nodes(admit->left, before, search->supply);
        if (one == FILL_FOUND)
            return FILL_FOUND;
        if (one == FILL_UNKNOWN)
            result = FILL_UNKNOWN;
    }
    return result;
}

FillResult admit_try(Admit *admit, bool all)
{
    memset(admit->counts, 0, admit->n_flavours * sizeof(guint));
    for (guint i = 0; i < admit->n; i++)
        if (admit->in[i] && admit->flavour[i] != G_MAXUINT)
            admit->counts[admit->flavour[i]]++;
    if (admit->multi->len > 0)
        return try_multi(admit, 0, all);
    if (!admit->fill)
        admit->fill = fill_of(admit, admit->left);
    return try_fill(admit, admit->fill, all);
}

/* @leave_out: when not all can be, the best of them. */
static FillResult admit(Search *search, guint64 budget, bool leave_out)
{
    Admit admit = {.search = search, .n = search->items->len, .budget = budget};
    guint n = admit.n;
    g_autofree void *space =
        g_malloc0(n * (sizeof(*admit.nodes) + 2 * sizeof(guint) + sizeof(bool)) + 1);
    g_autoptr(GPtrArray) multi = g_ptr_array_new();
    g_autoptr(Left) left = left_new(search->supply);
    FillResult result = FILL_UNKNOWN;

    admit.nodes = space;
    admit.flavour = (guint *)(admit.nodes + n);
    admit.counts = admit.flavour + n;
    admit.in = (bool *)(admit.counts + n);
    admit.multi = multi;
    admit.left = left;
    if (search->supply->nodes->len > FILL_MAX_NODES || has_rivals(&admit) || !take_fixed(&admit))
        return FILL_UNKNOWN;
    number_dims(&admit);
    number_flavours(&admit);
    memset(admit.in, true, n * sizeof(bool));
    if (multi->len <= MAX_MULTI)
        result = admit_try(&admit, true);
    if (result == FILL_NONE && leave_out)
        admit_leave_out(&admit);
    g_free(admit.flavours);
    fill_free(admit.fill);
    return result;
}

FillResult search_admit_all(Search *search, guint64 budget)
{
    return admit(search, budget, false);
}

void search_admit(Search *search, guint64 budget)
{
    (void)admit(search, budget, true);
}
