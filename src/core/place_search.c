/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which nodes and PCI functions each slice gets: depth-first branch and bound over all slices of
 * the host together, exact for what it compares when it ends within its budget. The levels of cost
 * are in the header.
 *
 * Costs only grow along a path, so what a path has cost, with the least its rest must cost, bounds
 * all plans below it.
 */
#include "core/place_search.h"

#include <string.h>

int search_compare_costs(const gint64 *a, const gint64 *b, guint n)
{
    for (guint i = 0; i < n; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

/* Cost of a choice of nodes. */
void search_node_costs(const Supply *supply, const Demand *demand, const guint16 *nodes, int sign,
                       gint64 *costs)
{
    costs[COST_MULTI] += sign * (demand->n_nodes > 1);
    for (guint i = 0; i < demand->n_nodes; i++) {
        const SupplyNode *node = g_ptr_array_index(supply->nodes, nodes[i]);

        if (demand->wants->len == 0)
            costs[COST_WASTE] += sign * node->has_nic;
        for (guint j = 0; j < i; j++) {
            const SupplyNode *other = g_ptr_array_index(supply->nodes, nodes[j]);

            costs[COST_DISTANCE] += sign * supply_distance(supply, node->node->id, other->node->id);
        }
    }
}

static void add_unit_costs(const Supply *supply, const Demand *demand, const Want *want,
                           const Unit *unit, const guint16 *nodes, int sign, gint64 *costs)
{
    gint64 distance = G_MAXINT64;
    bool local;

    want_accepts(want, supply, unit, nodes, demand->n_nodes, &local);
    if (local)
        return;
    for (guint i = 0; i < demand->n_nodes; i++) {
        const SupplyNode *node = g_ptr_array_index(supply->nodes, nodes[i]);

        distance = MIN(distance, supply_distance(supply, node->node->id, unit->node));
    }
    costs[COST_REMOTE] += sign * (want->locality == SPEC_LOCALITY_PREFERRED);
    costs[COST_DISTANCE] += sign * distance;
}

static bool cluster_is_closed(const Search *search, const Demand *demand)
{
    return demand->alone_in_cluster && search->cluster_used[demand->cluster];
}

/* How many of the slices from @depth on, of class @class, could fit by volume alone. @order ascends
 * by the resource, of which @total is left. */
static guint count_by_volume(const Search *search, guint depth, guint class, const guint *order,
                             bool memory, gint64 total)
{
    guint count = 0;

    for (guint i = 0; i < search->items->len; i++) {
        const Item *item = g_ptr_array_index(search->items, order[i]);
        const Demand *demand = item->demand;
        gint64 need = memory ? demand_memory(demand) : demand_cores(demand);

        if (order[i] < depth || item->class != class || cluster_is_closed(search, demand))
            continue;
        if (need > total)
            break;
        total -= need;
        count++;
    }
    return count;
}

/* L3 domains shared at least: by the slices placed, and by the @rest that must be placed too. */
static gint64 shared_domains(const Search *search, gint64 rest)
{
    gint64 shared = 0, spare = 0;

    for (guint n = 0; n < search->supply->nodes->len; n++) {
        const SupplyNode *node = g_ptr_array_index(search->supply->nodes, n);

        if (search->left->parts[n] > node->n_domains)
            shared += search->left->parts[n] - node->n_domains;
        else
            spare += node->n_domains - search->left->parts[n];
    }
    return shared + MAX(rest - spare, 0);
}

/* Sums over the slices that are still to be decided. */
typedef struct {
    gint64 cores, memory, least[N_COSTS], parts;
    guint service; /* shared service cores that each of them brings onto all its nodes at least */
} Rest;

/* Of them @refused will be left out, whichever: those that count most in each sum. */
static Rest sum_rest(const Search *search, guint depth, gint64 refused)
{
    Rest rest = {.service = G_MAXUINT}, most = {0};

    for (guint i = depth; i < search->items->len; i++) {
        const Item *item = g_ptr_array_index(search->items, i);
        const Demand *demand = item->demand;
        gint64 cores = demand_cores(demand), memory = demand_memory(demand);

        rest.cores += cores;
        rest.memory += memory;
        rest.parts += item->parts;
        /* a slice on several nodes brings them onto its first only */
        rest.service =
            MIN(rest.service, demand->own_service || demand->n_nodes > 1 ? 0 : demand->service);
        most.cores = MAX(most.cores, cores);
        most.memory = MAX(most.memory, memory);
        most.parts = MAX(most.parts, item->parts);
        for (guint c = 0; c < N_COSTS && !demand->stay; c++) {
            rest.least[c] += item->least[c];
            most.least[c] = MAX(most.least[c], item->least[c]);
        }
    }
    if (refused == 0)
        return rest;
    rest.cores = MAX(rest.cores - refused * most.cores, 0);
    rest.memory = MAX(rest.memory - refused * most.memory, 0);
    rest.parts = MAX(rest.parts - refused * most.parts, 0);
    for (guint c = 0; c < N_COSTS; c++)
        rest.least[c] = MAX(rest.least[c] - refused * most.least[c], 0);
    return rest;
}

/* The most cores that one node can have left when the rest is placed: all that is left then, on as
 * few nodes as can hold the rest, for each node in use has its service cores. */
static gint64 most_room(const Search *search, const Rest *rest)
{
    const Left *left = search->left;
    gint64 cores = 0, memory = 0, total = 0, most = 0;
    guint n_nodes = search->supply->nodes->len;

    for (guint n = 0; n < n_nodes; n++) {
        total += left->cores[n];
        most = MAX(most, left->cores[n]);
        if (left->service[n] >= rest->service) {
            cores += left->cores[n];
            memory += MAX(left->memory[n], 0);
        }
    }
    total -= rest->cores;
    for (guint i = 0; i < n_nodes && (cores < rest->cores || memory < rest->memory); i++) {
        guint by_cores = search->node_order[i], by_memory = search->node_order[n_nodes + i];

        /* the largest in each: at least as much as any choice of so many nodes has */
        if (left->service[by_cores] < rest->service)
            cores += left->cores[by_cores] - (rest->service - left->service[by_cores]);
        if (left->service[by_memory] < rest->service)
            memory += MAX(left->memory[by_memory], 0);
        total -= rest->service;
    }
    return MIN(most, MAX(total, 0));
}

void search_bound_costs(const Search *search, guint depth, gint64 *bound)
{
    gint64 cores = 0, memory = 0, refused = 0;
    Rest rest;

    memcpy(bound, search->cost, search->n_levels * sizeof(gint64));
    for (guint n = 0; n < search->supply->nodes->len; n++) {
        cores += search->left->cores[n];
        memory += MAX(search->left->memory[n], 0);
    }
    for (guint k = 0; k < search->n_classes && depth < search->items->len; k++) {
        gint64 before = bound[1 + k];
        guint total = 0, fit;

        for (guint i = depth; i < search->items->len; i++)
            total += ((const Item *)g_ptr_array_index(search->items, i))->class == k;
        fit = MIN(count_by_volume(search, depth, k, search->by_cores, false, cores),
                  count_by_volume(search, depth, k, search->by_memory, true, memory));
        bound[1 + k] += total - fit;
        /* a plan that is as good in this as is known to be possible leaves out so many */
        refused += MAX(bound[1 + k], search->floor[1 + k]) - before;
    }
    for (guint i = depth; i < search->items->len && !search->repack; i++) {
        const Demand *demand = ((const Item *)g_ptr_array_index(search->items, i))->demand;

        bound[0] += demand->running && !demand->stay;
    }
    rest = sum_rest(search, depth, refused);
    for (guint c = 0; c < N_COSTS; c++)
        bound[search->base + c] += rest.least[c];
    bound[search->base + COST_L3] = shared_domains(search, rest.parts);
    bound[search->base + COST_ROOM] = -most_room(search, &rest);
}

static bool is_worth(Search *search, guint depth)
{
    int order;

    if (++search->steps > search->budget)
        search->out_of_budget = true;
    if (search->out_of_budget)
        return false;
    search_bound_costs(search, depth, search->bound);
    for (guint i = 0; i < search->n_levels; i++)
        search->bound[i] = MAX(search->bound[i], search->floor[i]);
    order = search_compare_costs(search->bound, search->best_cost, search->compare);
    return order < 0 || (order == 0 && !search->have_best);
}

static void keep_best(Search *search)
{
    for (guint i = 0; i < search->items->len; i++) {
        const Item *item = g_ptr_array_index(search->items, i);
        Pick *from = &search->now[i], *to = &search->best[i];
        const Unit **units = to->units;

        *to = *from;
        to->units = units;
        if (units)
            memcpy(units, from->units, item->demand->wants->len * sizeof(*units));
    }
    search_bound_costs(search, search->items->len, search->best_cost);
    search->have_best = true;
    search->out_of_budget |= search->stop_at_first;
}

static void visit(Search *search, guint depth);

static gint64 *cost_of_moves(Search *search)
{
    return search->repack ? &search->cost[search->base + COST_MOVES] : &search->cost[0];
}

/* VFs of one port are alike, and so are equal functions on one node: the lowest free one stands for
 * all of them. */
static bool are_alike(const Search *search, const Want *want, const Unit *a, const Unit *b)
{
    if (a->group || b->group || search->held[a->index] || search->held[b->index])
        return false;
    if (a->pf || b->pf)
        return a->pf == b->pf;
    return want->device && a->node == b->node && !a->pci->sriov && !b->pci->sriov &&
           !host_pci_is_nic(a->pci) && !host_pci_is_nic(b->pci);
}

static void visit_wants(Search *search, guint depth, guint number);

static void visit_unit(Search *search, guint depth, guint number, const Unit *unit)
{
    const Item *item = g_ptr_array_index(search->items, depth);
    const Demand *demand = item->demand;
    const Want *want = g_ptr_array_index(demand->wants, number);
    Pick *pick = &search->now[depth];
    gint64 *costs = search->cost + search->base;
    bool moves = pick->stays && want->held && want->held != unit;

    if (search->out_of_budget ||
        !left_allows_unit(search->left, search->supply, demand, number, unit, pick->units))
        return;
    search->left->owner[unit->index] = (int)demand->index;
    pick->units[number] = unit;
    add_unit_costs(search->supply, demand, want, unit, pick->nodes, 1, costs);
    *cost_of_moves(search) += moves;
    visit_wants(search, depth, number + 1);
    *cost_of_moves(search) -= moves;
    add_unit_costs(search->supply, demand, want, unit, pick->nodes, -1, costs);
    search->left->owner[unit->index] = -1;
}

static bool is_local(const Kind *kind, const Unit *unit, const guint16 *nodes, guint n_nodes)
{
    for (guint i = 0; i < n_nodes; i++)
        if (unit->at == nodes[i])
            return true;
    return kind->start[nodes[0]] == 0 && kind->start[nodes[0] + 1] == kind->units->len;
}

/* The unit that a running slice has first, then local ones, then the others. */
static void visit_wants(Search *search, guint depth, guint number)
{
    const Item *item = g_ptr_array_index(search->items, depth);
    const Demand *demand = item->demand;
    Pick *pick = &search->now[depth];
    const Unit *last = NULL;
    const Want *want;
    const Kind *kind;
    bool local;

    if (number == demand->wants->len) {
        if (units_close_groups(pick->units, number))
            visit(search, depth + 1);
        return;
    }
    want = g_ptr_array_index(demand->wants, number);
    kind = g_ptr_array_index(search->kinds, item->kinds[number]);
    if (++search->steps > search->budget)
        search->out_of_budget = true;
    if (want->held &&
        want_accepts(want, search->supply, want->held, pick->nodes, demand->n_nodes, &local))
        visit_unit(search, depth, number, want->held);
    for (guint i = 0; i < demand->n_nodes && !search->out_of_budget; i++)
        for (guint u = kind->start[pick->nodes[i]]; u < kind->start[pick->nodes[i] + 1]; u++) {
            const Unit *unit = kind->local[u];

            if (unit == want->held || search->left->owner[unit->index] >= 0 ||
                (last && are_alike(search, want, last, unit)))
                continue;
            last = unit;
            visit_unit(search, depth, number, unit);
        }
    last = NULL;
    for (guint u = 0;
         u < kind->units->len && want->locality != SPEC_LOCALITY_REQUIRED && !search->out_of_budget;
         u++) {
        const Unit *unit = g_ptr_array_index(kind->units, u);

        if (unit == want->held || search->left->owner[unit->index] >= 0 ||
            is_local(kind, unit, pick->nodes, demand->n_nodes) ||
            (last && are_alike(search, want, last, unit)))
            continue;
        last = unit;
        visit_unit(search, depth, number, unit);
    }
}

/* An earlier node in just the same state has been tried for this slice. */
static bool node_is_repeated(const Search *search, const Item *item, guint tuple)
{
    const Left *left = search->left;
    guint node = g_array_index(item->tuples, guint16, tuple);

    if (item->demand->n_nodes > 1 || !search->plain[node])
        return false;
    for (guint t = 0; t < tuple; t++) {
        guint other = g_array_index(item->tuples, guint16, t);

        if (search->plain[other] && left->whole[other] == left->whole[node] &&
            left->cores[other] == left->cores[node] && left->memory[other] == left->memory[node] &&
            left->service[other] == left->service[node])
            return true;
    }
    return false;
}

static void visit_nodes(Search *search, guint depth, const guint16 *nodes, bool stays)
{
    const Item *item = g_ptr_array_index(search->items, depth);
    const Demand *demand = item->demand;
    gint64 *costs = search->cost + search->base;
    bool moves = demand->running && !stays;
    bool closed = search->cluster_used[demand->cluster];

    left_copy_nodes(search->saved[depth], search->left, search->supply);
    if (!left_take_nodes(search->left, search->supply, demand, nodes, stays))
        return;
    search->now[depth].placed = true;
    search->now[depth].stays = stays;
    search->now[depth].nodes = nodes;
    search_node_costs(search->supply, demand, nodes, 1, costs);
    *cost_of_moves(search) += moves;
    search->cluster_used[demand->cluster] = true;
    visit_wants(search, depth, 0);
    search->cluster_used[demand->cluster] = closed;
    *cost_of_moves(search) -= moves;
    search_node_costs(search->supply, demand, nodes, -1, costs);
    left_copy_nodes(search->left, search->saved[depth], search->supply);
}

static void visit_refusal(Search *search, guint depth)
{
    const Item *item = g_ptr_array_index(search->items, depth);
    gint64 cores = demand_cores(item->demand);
    bool displaced = item->demand->running && !search->repack;

    search->now[depth].placed = false;
    search->cost[0] += displaced;
    search->cost[1 + item->class]++;
    search->cost[search->base + COST_CORES] += cores;
    visit(search, depth + 1);
    search->cost[search->base + COST_CORES] -= cores;
    search->cost[1 + item->class]--;
    search->cost[0] -= displaced;
}

/* The one choice there is; the first PCI functions that go with all of them end the walk. */
static void visit_fixed(Search *search, guint depth)
{
    const Item *item;
    const guint16 *nodes;

    if (++search->steps > search->budget)
        search->out_of_budget = true;
    if (search->out_of_budget)
        return;
    if (depth == search->items->len) {
        search_bound_costs(search, depth, search->bound);
        if (search_compare_costs(search->bound, search->best_cost, search->n_levels) < 0)
            keep_best(search);
        search->stop_at_first = true;
        search->out_of_budget = true;
        return;
    }
    item = g_ptr_array_index(search->items, depth);
    nodes = search->fixed[depth];
    if (!nodes)
        visit_refusal(search, depth);
    else
        visit_nodes(search, depth, nodes,
                    item->demand->stay && nodes == (const guint16 *)item->demand->stay->data);
}

static void visit(Search *search, guint depth)
{
    const Item *item;
    guint first = 0, n_tuples;

    if (search->fixed) {
        visit_fixed(search, depth);
        return;
    }
    if (!is_worth(search, depth))
        return;
    if (depth == search->items->len) {
        keep_best(search);
        return;
    }
    item = g_ptr_array_index(search->items, depth);
    n_tuples = item->tuples->len / item->demand->n_nodes;
    /* Of slices that are alike only one order is tried: first come, lower choice; refused last. */
    if (item->twin)
        first = search->now[depth - 1].placed ? search->now[depth - 1].tuple : n_tuples;
    if (!cluster_is_closed(search, item->demand)) {
        if (item->demand->stay)
            visit_nodes(search, depth, (const guint16 *)item->demand->stay->data, true);
        for (guint t = first; t < n_tuples && !search->out_of_budget; t++) {
            search->now[depth].tuple = t;
            if (!node_is_repeated(search, item, t))
                visit_nodes(search, depth,
                            &g_array_index(item->tuples, guint16, t * item->demand->n_nodes),
                            false);
        }
    }
    visit_refusal(search, depth);
}

void search_walk(Search *search)
{
    visit(search, 0);
}

/* Search nodes to find PCI functions with, when the choice of nodes is given. */
#define TRY_BUDGET 2000

bool search_try(Search *search, const guint16 **nodes)
{
    bool found;

    search->fixed = nodes;
    search->stop_at_first = false;
    search->out_of_budget = false;
    search->steps = 0;
    search->budget = TRY_BUDGET;
    visit(search, 0);
    found = search->stop_at_first;
    search->fixed = NULL;
    search->stop_at_first = false;
    search->out_of_budget = false;
    return found;
}
