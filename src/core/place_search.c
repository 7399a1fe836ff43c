/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which nodes and PCI functions each slice gets: depth-first branch and bound over all slices of
 * the host together, exact for what it compares when it ends within its budget:
 *
 *   refused slices by priority class (highest first), refused cores, running slices that move,
 * slices over several nodes, remote devices, distance, NIC-local nodes spent on slices without a
 * NIC, and last the largest room left on one node.
 *
 * Costs only grow along a path, so what a path has cost, with the least its rest must cost, bounds
 * all plans below it. L3 domains are shared out afterwards (place_cores.c). Not here yet: several
 * hosts, and bin completion by node, which proves large full hosts faster than this order over
 * slices does.
 */
#include "core/place_search.h"

#include <string.h>

static int compare_costs(const gint64 *a, const gint64 *b, guint n)
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

void search_unit_costs(const Supply *supply, const Demand *demand, const Want *want,
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

static guint max_left(const Search *search)
{
    gint64 most = 0;

    for (guint n = 0; n < search->supply->nodes->len; n++)
        most = MAX(most, search->left->cores[n]);
    return (guint)most;
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
        gint64 need = memory ? demand->memory_per_node * demand->n_nodes : demand_cores(demand);

        if (order[i] < depth || item->class != class || cluster_is_closed(search, demand))
            continue;
        if (need > total)
            break;
        total -= need;
        count++;
    }
    return count;
}

/* Fills @bound with the least that any completion of the first @depth decisions costs. */
void search_bound_costs(const Search *search, guint depth, gint64 *bound)
{
    gint64 cores = 0, memory = 0, rest = 0;
    bool all_fit = true;

    memcpy(bound, search->cost, search->n_levels * sizeof(gint64));
    for (guint n = 0; n < search->supply->nodes->len; n++) {
        cores += search->left->cores[n];
        memory += MAX(search->left->memory[n], 0);
    }
    for (guint k = 0; k < search->n_classes; k++) {
        guint total = 0, fit;

        for (guint i = depth; i < search->items->len; i++)
            total += ((const Item *)g_ptr_array_index(search->items, i))->class == k;
        fit = MIN(count_by_volume(search, depth, k, search->by_cores, false, cores),
                  count_by_volume(search, depth, k, search->by_memory, true, memory));
        bound[k] += total - fit;
        all_fit = all_fit && fit == total;
    }
    for (guint i = depth; all_fit && i < search->items->len; i++) {
        const Item *item = g_ptr_array_index(search->items, i);

        for (guint c = 0; c < N_COSTS; c++)
            bound[search->n_classes + c] += item->least[c];
        rest += demand_cores(item->demand);
    }
    bound[search->n_classes + COST_ROOM] =
        -MIN((gint64)max_left(search), cores - (all_fit ? rest : 0));
}

static bool is_worth(Search *search, guint depth)
{
    int order;

    if (++search->steps > search->budget)
        search->out_of_budget = true;
    if (search->out_of_budget)
        return false;
    search_bound_costs(search, depth, search->bound);
    order = compare_costs(search->bound, search->best_cost, search->compare);
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
        memcpy(units, from->units, item->demand->wants->len * sizeof(*units));
    }
    search_bound_costs(search, search->items->len, search->best_cost);
    search->have_best = true;
    search->out_of_budget |= search->stop_at_first;
}

static void visit(Search *search, guint depth);

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
    gint64 *costs = search->cost + search->n_classes;
    bool moves = pick->stays && want->held && want->held != unit;

    search->left->owner[unit->index] = (int)demand->index;
    pick->units[number] = unit;
    search_unit_costs(search->supply, demand, want, unit, pick->nodes, 1, costs);
    costs[COST_MOVES] += moves;
    visit_wants(search, depth, number + 1);
    costs[COST_MOVES] -= moves;
    search_unit_costs(search->supply, demand, want, unit, pick->nodes, -1, costs);
    search->left->owner[unit->index] = -1;
}

/* Local ones first, then the others; with the unit that a running slice has before both. */
static void visit_wants(Search *search, guint depth, guint number)
{
    const Item *item = g_ptr_array_index(search->items, depth);
    const Demand *demand = item->demand;
    Pick *pick = &search->now[depth];
    const Want *want;

    if (number == demand->wants->len) {
        if (units_close_groups(pick->units, number))
            visit(search, depth + 1);
        return;
    }
    want = g_ptr_array_index(demand->wants, number);
    if (++search->steps > search->budget)
        search->out_of_budget = true;
    for (guint turn = 0; turn < 3; turn++) {
        const Unit *last = NULL;

        for (guint i = 0; i < want->units->len && !search->out_of_budget; i++) {
            const Unit *unit = g_ptr_array_index(want->units, i);
            guint rank;
            bool local;

            if (!want_accepts(want, search->supply, unit, pick->nodes, demand->n_nodes, &local))
                continue;
            rank = unit == want->held ? 0 : local ? 1 : 2;
            if (rank != turn || (last && are_alike(search, want, last, unit)) ||
                !left_allows_unit(search->left, search->supply, demand, number, unit, pick->units))
                continue;
            last = unit;
            visit_unit(search, depth, number, unit);
        }
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
    gint64 *costs = search->cost + search->n_classes;
    bool moves = demand->running && !stays;
    bool closed = search->cluster_used[demand->cluster];

    left_copy_nodes(search->saved[depth], search->left, search->supply);
    if (!left_take_nodes(search->left, search->supply, demand, nodes, stays))
        return;
    search->now[depth].placed = true;
    search->now[depth].stays = stays;
    search->now[depth].nodes = nodes;
    search_node_costs(search->supply, demand, nodes, 1, costs);
    costs[COST_MOVES] += moves;
    search->cluster_used[demand->cluster] = true;
    visit_wants(search, depth, 0);
    search->cluster_used[demand->cluster] = closed;
    costs[COST_MOVES] -= moves;
    search_node_costs(search->supply, demand, nodes, -1, costs);
    left_copy_nodes(search->left, search->saved[depth], search->supply);
}

static void visit_refusal(Search *search, guint depth)
{
    const Item *item = g_ptr_array_index(search->items, depth);
    gint64 cores = demand_cores(item->demand);

    search->now[depth].placed = false;
    search->cost[item->class]++;
    search->cost[search->n_classes + COST_CORES] += cores;
    visit(search, depth + 1);
    search->cost[search->n_classes + COST_CORES] -= cores;
    search->cost[item->class]--;
}

static void visit(Search *search, guint depth)
{
    const Item *item;
    guint first = 0, n_tuples;

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
