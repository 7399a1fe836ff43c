/* SPDX-License-Identifier: Apache-2.0 */
/* Sets the search up, runs it in stages, and hands out what it found and what it proved. */
#include "core/place_search.h"

#include <string.h>

/* The last level of cost only tidies up: a share of the budget is enough for it. */
#define ROOM_BUDGET_SHARE 10

void solution_free(Solution *solution)
{
    if (!solution)
        return;
    for (guint i = 0; i < solution->n; i++) {
        g_free(solution->choices[i].nodes);
        g_free(solution->choices[i].units);
    }
    g_free(solution->choices);
    g_free(solution);
}

static void item_free(Item *item)
{
    g_array_unref(item->tuples);
    g_free(item);
}

/* The least each want costs on these nodes; false when one of them cannot be met there. */
static bool add_least_unit_costs(const Supply *supply, const Demand *demand, const guint16 *nodes,
                                 gint64 *costs)
{
    for (guint w = 0; w < demand->wants->len; w++) {
        const Want *want = g_ptr_array_index(demand->wants, w);
        gint64 remote = G_MAXINT64, distance = G_MAXINT64;

        for (guint i = 0; i < want->units->len && (remote > 0 || distance > 0); i++) {
            const Unit *unit = g_ptr_array_index(want->units, i);
            gint64 one[N_COSTS] = {0};
            bool local;

            if (!want_accepts(want, supply, unit, nodes, demand->n_nodes, &local))
                continue;
            search_unit_costs(supply, demand, want, unit, nodes, 1, one);
            remote = MIN(remote, one[COST_REMOTE]);
            distance = MIN(distance, one[COST_DISTANCE]);
        }
        if (remote == G_MAXINT64)
            return false;
        costs[COST_REMOTE] += remote;
        costs[COST_DISTANCE] += distance;
    }
    return true;
}

typedef struct {
    gint64 costs[N_COSTS];
    guint number; /* of the tuple in the demand */
} RatedTuple;

static int compare_rated(gconstpointer a, gconstpointer b)
{
    const RatedTuple *x = a, *y = b;

    for (guint c = 0; c < N_COSTS; c++)
        if (x->costs[c] != y->costs[c])
            return x->costs[c] < y->costs[c] ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static double host_share(const Supply *supply, const Demand *demand)
{
    double cores = 0, memory = 0;

    for (guint n = 0; n < supply->nodes->len; n++) {
        const SupplyNode *node = g_ptr_array_index(supply->nodes, n);

        cores += node->cores->len;
        memory += (double)MAX(node->memory, 0);
    }
    return MAX(demand_cores(demand) / MAX(cores, 1.0),
               (double)demand->memory_per_node * demand->n_nodes / MAX(memory, 1.0));
}

/* The demand's choices of nodes that it could have on the empty host, cheapest first; NULL: none.
 */
static Item *item_new(const Supply *supply, const Demand *demand)
{
    g_autoptr(GArray) rated = g_array_new(false, true, sizeof(RatedTuple));
    g_autoptr(Left) empty = left_new(supply);
    g_autoptr(Left) left = left_new(supply);
    Item *item;

    for (guint t = 0; t < demand->tuples->len / demand->n_nodes; t++) {
        const guint16 *nodes = &g_array_index(demand->tuples, guint16, t * demand->n_nodes);
        RatedTuple one = {.number = t};

        left_copy_nodes(left, empty, supply);
        if (!left_take_nodes(left, supply, demand, nodes, false) ||
            !add_least_unit_costs(supply, demand, nodes, one.costs))
            continue;
        search_node_costs(supply, demand, nodes, 1, one.costs);
        g_array_append_val(rated, one);
    }
    if (rated->len == 0)
        return NULL;
    g_array_sort(rated, compare_rated);
    item = g_new0(Item, 1);
    item->demand = demand;
    item->share = host_share(supply, demand);
    item->tuples = g_array_new(false, false, sizeof(guint16));
    for (guint c = 0; c < N_COSTS; c++)
        item->least[c] = G_MAXINT64;
    for (guint r = 0; r < rated->len; r++) {
        const RatedTuple *one = &g_array_index(rated, RatedTuple, r);

        g_array_append_vals(item->tuples,
                            &g_array_index(demand->tuples, guint16, one->number * demand->n_nodes),
                            demand->n_nodes);
        for (guint c = 0; c < N_COSTS; c++)
            item->least[c] = MIN(item->least[c], one->costs[c]);
    }
    return item;
}

/* By priority, then the smallest first: the quick way to many. */
static int compare_shares(gconstpointer a, gconstpointer b)
{
    const Item *x = *(Item *const *)a, *y = *(Item *const *)b;

    if (x->demand->slice->priority != y->demand->slice->priority)
        return x->demand->slice->priority > y->demand->slice->priority ? -1 : 1;
    if (x->share != y->share)
        return x->share < y->share ? -1 : 1;
    return x->demand->index < y->demand->index ? -1 : x->demand->index > y->demand->index;
}

/* By priority, then what is hardest to place first. */
static int compare_items(gconstpointer a, gconstpointer b)
{
    const Demand *x = (*(Item *const *)a)->demand, *y = (*(Item *const *)b)->demand;
    gint64 keys[][2] = {
        {x->slice->priority, y->slice->priority}, {x->n_nodes, y->n_nodes},
        {demand_cores(x), demand_cores(y)},       {x->memory_per_node, y->memory_per_node},
        {x->wants->len, y->wants->len},           {y->index, x->index}, /* the order of the spec */
    };

    for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
        if (keys[i][0] != keys[i][1])
            return keys[i][0] > keys[i][1] ? -1 : 1;
    return 0;
}

static void number_classes(Search *search, bool flat)
{
    search->n_classes = 1;
    for (guint i = 1; i < search->items->len; i++) {
        Item *item = g_ptr_array_index(search->items, i);
        const Item *before = g_ptr_array_index(search->items, i - 1);

        if (!flat && item->demand->slice->priority != before->demand->slice->priority)
            search->n_classes++;
        item->class = search->n_classes - 1;
        item->twin = item->demand->slice == before->demand->slice && !item->demand->running &&
                     !before->demand->running;
    }
    search->n_levels = search->n_classes + N_COSTS;
}

typedef struct {
    const Search *search;
    bool memory;
} VolumeOrder;

static int compare_volume(gconstpointer a, gconstpointer b, gpointer data)
{
    const VolumeOrder *order = data;
    guint i = *(const guint *)a, j = *(const guint *)b;
    const Demand *x = ((const Item *)g_ptr_array_index(order->search->items, i))->demand;
    const Demand *y = ((const Item *)g_ptr_array_index(order->search->items, j))->demand;
    gint64 p = order->memory ? x->memory_per_node * x->n_nodes : demand_cores(x);
    gint64 q = order->memory ? y->memory_per_node * y->n_nodes : demand_cores(y);

    return p != q ? (p < q ? -1 : 1) : (i < j ? -1 : i > j);
}

static guint *order_by_volume(const Search *search, bool memory)
{
    guint n = search->items->len;
    guint *order = g_new(guint, n);
    VolumeOrder data = {search, memory};

    for (guint i = 0; i < n; i++)
        order[i] = i;
    g_qsort_with_data(order, (int)n, sizeof(guint), compare_volume, &data);
    return order;
}

/* Nodes that only their counts tell apart; see node_is_repeated(). */
static void find_plain_nodes(Search *search)
{
    const Supply *supply = search->supply;
    bool any = true;

    for (guint n = 0; n < supply->nodes->len; n++)
        search->plain[n] = !((const SupplyNode *)g_ptr_array_index(supply->nodes, n))->has_nic;
    for (guint i = 0; i < search->items->len; i++) {
        const Demand *demand = ((const Item *)g_ptr_array_index(search->items, i))->demand;

        any = any && demand->n_nodes == 1 && !demand->stay && demand->slice->numa.pin->len == 0;
        for (guint w = 0; w < demand->wants->len; w++) {
            const Want *want = g_ptr_array_index(demand->wants, w);

            any = any && want->locality == SPEC_LOCALITY_REQUIRED;
            for (guint u = 0; u < want->units->len; u++)
                for (guint n = 0; n < supply->nodes->len; n++) {
                    const SupplyNode *node = g_ptr_array_index(supply->nodes, n);
                    const Unit *unit = g_ptr_array_index(want->units, u);

                    if (unit->node == node->node->id)
                        search->plain[n] = false;
                }
        }
    }
    for (guint n = 0; n < supply->nodes->len; n++)
        search->plain[n] = search->plain[n] && any;
}

static void add_items(Search *search, const GPtrArray *demands, GCompareFunc order)
{
    search->items = g_ptr_array_new_with_free_func((GDestroyNotify)item_free);
    for (guint i = 0; i < demands->len; i++) {
        const Demand *demand = g_ptr_array_index(demands, i);
        Item *item = demand->flaw ? NULL : item_new(search->supply, demand);

        if (item)
            g_ptr_array_add(search->items, item);
        for (guint w = 0; w < demand->wants->len; w++) {
            const Want *want = g_ptr_array_index(demand->wants, w);

            if (want->held)
                search->held[want->held->index] = true;
        }
    }
    g_ptr_array_sort(search->items, order);
}

static Search *search_new(const Supply *supply, const GPtrArray *demands, GCompareFunc order,
                          bool flat)
{
    Search *search = g_new0(Search, 1);
    guint n, n_clusters = 1;

    search->supply = supply;
    search->held = g_new0(bool, supply->units->len);
    search->plain = g_new0(bool, supply->nodes->len);
    add_items(search, demands, order);
    number_classes(search, flat);
    find_plain_nodes(search);
    n = search->items->len;
    search->by_cores = order_by_volume(search, false);
    search->by_memory = order_by_volume(search, true);
    search->left = left_new(supply);
    search->saved = g_new0(Left *, n);
    search->now = g_new0(Pick, n);
    search->best = g_new0(Pick, n);
    search->cost = g_new0(gint64, search->n_levels);
    search->bound = g_new0(gint64, search->n_levels);
    search->best_cost = g_new(gint64, search->n_levels);
    for (guint i = 0; i < search->n_levels; i++)
        search->best_cost[i] = G_MAXINT64;
    for (guint i = 0; i < n; i++) {
        const Demand *demand = ((const Item *)g_ptr_array_index(search->items, i))->demand;

        n_clusters = MAX(n_clusters, demand->cluster + 1);
        search->saved[i] = left_new(supply);
        search->now[i].units = g_new0(const Unit *, demand->wants->len + 1);
        search->best[i].units = g_new0(const Unit *, demand->wants->len + 1);
    }
    search->cluster_used = g_new0(bool, n_clusters);
    return search;
}

static void search_free(Search *search)
{
    for (guint i = 0; i < search->items->len; i++) {
        left_free(search->saved[i]);
        g_free(search->now[i].units);
        g_free(search->best[i].units);
    }
    g_ptr_array_unref(search->items);
    left_free(search->left);
    g_free(search->saved);
    g_free(search->now);
    g_free(search->best);
    g_free(search->by_cores);
    g_free(search->by_memory);
    g_free(search->cost);
    g_free(search->best_cost);
    g_free(search->bound);
    g_free(search->cluster_used);
    g_free(search->held);
    g_free(search->plain);
    g_free(search);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Search, search_free)

/* true when the walk ended by itself: what it found is the best there is. */
static bool walk(Search *search, guint compare, guint64 budget)
{
    search->compare = compare;
    search->steps = 0;
    search->budget = budget;
    search->out_of_budget = false;
    search_walk(search);
    return !search->out_of_budget;
}

static guint count_placed(const Search *search)
{
    guint placed = 0;

    for (guint i = 0; i < search->items->len; i++)
        placed += search->best[i].placed;
    return placed;
}

/* Where not all can be placed, the first way down that places the small ones is a better start than
 * one that places the large ones. An equal plan that the walk finds replaces it. */
static void start_with_smallest(Search *search, const GPtrArray *demands, guint64 budget)
{
    g_autoptr(Search) dive = search_new(search->supply, demands, compare_shares, false);

    dive->stop_at_first = true;
    (void)walk(dive, dive->n_levels - 1, budget / ROOM_BUDGET_SHARE);
    if (!dive->have_best)
        return;
    memcpy(search->best_cost, dive->best_cost, search->n_levels * sizeof(gint64));
    for (guint i = 0; i < search->items->len; i++) {
        const Item *item = g_ptr_array_index(search->items, i);

        for (guint d = 0; d < dive->items->len; d++) {
            const Item *other = g_ptr_array_index(dive->items, d);
            const Pick *from = &dive->best[d];
            Pick *to = &search->best[i];

            if (other->demand != item->demand)
                continue;
            to->placed = from->placed;
            to->stays = from->stays;
            to->nodes = from->stays ? (const guint16 *)item->demand->stay->data
                                    : &g_array_index(item->tuples, guint16,
                                                     from->tuple * item->demand->n_nodes);
            memcpy(to->units, from->units, item->demand->wants->len * sizeof(*to->units));
        }
    }
}

/* No plan can place more: all of them; or what an ended walk that looks only at the number found;
 * or what the volume of cores and memory allows. */
static gint64 find_bound(const Supply *supply, const GPtrArray *demands, const Search *search,
                         bool proved, guint64 budget)
{
    g_autoptr(Search) flat = NULL;

    if (count_placed(search) == search->items->len || (proved && search->n_classes == 1))
        return count_placed(search);
    flat = search_new(supply, demands, compare_items, true);
    if (walk(flat, 1, budget))
        return count_placed(flat);
    search_bound_costs(flat, 0, flat->bound);
    return flat->items->len - flat->bound[0];
}

static Solution *solution_new(const Search *search, guint n)
{
    Solution *solution = g_new0(Solution, 1);

    solution->n = n;
    solution->choices = g_new0(Choice, n);
    solution->admitted = count_placed(search);
    for (guint i = 0; i < search->items->len; i++) {
        const Item *item = g_ptr_array_index(search->items, i);
        const Pick *pick = &search->best[i];
        Choice *choice = &solution->choices[item->demand->index];

        if (!pick->placed)
            continue;
        choice->placed = true;
        choice->stays = pick->stays;
        choice->nodes = g_memdup2(pick->nodes, item->demand->n_nodes * sizeof(guint16));
        choice->units = g_memdup2(pick->units, item->demand->wants->len * sizeof(*pick->units));
    }
    return solution;
}

/* Not all choices of nodes were looked at, so nothing is proved. */
static bool is_cut(const GPtrArray *demands)
{
    for (guint i = 0; i < demands->len; i++)
        if (((const Demand *)g_ptr_array_index(demands, i))->cut)
            return true;
    return false;
}

Solution *search_solve(const Supply *supply, const GPtrArray *demands, guint64 budget)
{
    g_autoptr(Search) search = search_new(supply, demands, compare_items, false);
    Solution *solution;
    gint64 bound;
    bool proved;

    start_with_smallest(search, demands, budget);
    proved = walk(search, search->n_levels - 1, budget);
    bound = find_bound(supply, demands, search, proved, budget);
    (void)walk(search, search->n_levels, budget / ROOM_BUDGET_SHARE);
    solution = solution_new(search, demands->len);
    solution->proved = proved && !is_cut(demands);
    solution->bound = is_cut(demands) ? demands->len : MAX(bound, solution->admitted);
    return solution;
}
