/* SPDX-License-Identifier: Apache-2.0 */
/* What the search decides on: slices, the nodes each could have and what that costs at least. */
#include "core/place_search.h"

#include <string.h>

static void item_free(Item *item)
{
    g_array_unref(item->tuples);
    g_array_unref(item->ranks);
    g_free(item->kinds);
    g_free(item);
}

static void kind_free(Kind *kind)
{
    g_free(kind->local);
    g_free(kind->start);
    g_free(kind->distance);
    g_free(kind);
}

static Kind *kind_new(const Supply *supply, const GPtrArray *units)
{
    Kind *kind = g_new0(Kind, 1);
    guint n_nodes = supply->nodes->len, count = 0;
    bool nowhere_else = supply->host->nodes->len == 1;

    kind->units = units;
    kind->dim = -1;
    kind->local = g_new(const Unit *, units->len + 1);
    kind->start = g_new0(guint, n_nodes + 1);
    for (guint n = 0; n < n_nodes; n++) {
        kind->start[n] = count;
        for (guint i = 0; i < units->len; i++) {
            const Unit *unit = g_ptr_array_index(units, i);

            if (unit->at == (int)n || nowhere_else)
                kind->local[count++] = unit;
        }
    }
    kind->start[n_nodes] = count;
    return kind;
}

static bool have_same_units(const GPtrArray *a, const GPtrArray *b)
{
    return a == b || (a->len == b->len && a->len > 0 &&
                      memcmp(a->pdata, b->pdata, a->len * sizeof(void *)) == 0);
}

static guint number_kind(Search *search, const GPtrArray *units)
{
    for (guint k = 0; k < search->kinds->len; k++)
        if (have_same_units(((const Kind *)g_ptr_array_index(search->kinds, k))->units, units))
            return k;
    g_ptr_array_add(search->kinds, kind_new(search->supply, units));
    return search->kinds->len - 1;
}

static void measure_kind(const Supply *supply, Kind *kind)
{
    kind->distance = g_new(gint64, supply->nodes->len);
    for (guint n = 0; n < supply->nodes->len; n++) {
        const SupplyNode *node = g_ptr_array_index(supply->nodes, n);

        kind->distance[n] = kind->start[n] < kind->start[n + 1] ? 0 : G_MAXINT64;
        for (guint i = 0; i < kind->units->len && kind->distance[n] > 0; i++) {
            const Unit *unit = g_ptr_array_index(kind->units, i);

            kind->distance[n] =
                MIN(kind->distance[n], supply_distance(supply, node->node->id, unit->node));
        }
    }
}

/* The least each want costs on these nodes; false when one of them cannot be met there. */
static bool add_least_unit_costs(const Search *search, const Item *item, const guint16 *nodes,
                                 gint64 *costs)
{
    const Demand *demand = item->demand;

    for (guint w = 0; w < demand->wants->len; w++) {
        const Want *want = g_ptr_array_index(demand->wants, w);
        Kind *kind = g_ptr_array_index(search->kinds, item->kinds[w]);
        gint64 distance = G_MAXINT64;
        bool local = false;

        for (guint i = 0; i < demand->n_nodes; i++)
            local |= kind->start[nodes[i]] < kind->start[nodes[i] + 1];
        if (local)
            continue;
        if (want->locality == SPEC_LOCALITY_REQUIRED || kind->units->len == 0)
            return false;
        if (!kind->distance)
            measure_kind(search->supply, kind);
        for (guint i = 0; i < demand->n_nodes; i++)
            distance = MIN(distance, kind->distance[nodes[i]]);
        costs[COST_REMOTE] += want->locality == SPEC_LOCALITY_PREFERRED;
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
    int order = search_compare_costs(x->costs, y->costs, N_COSTS);

    return order ? order : x->number < y->number ? -1 : x->number > y->number;
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

/* The demand's choices of nodes that it could have on the empty host, cheapest first, with the
 * costs of each. @scratch: of the caller. */
static GArray *rate_tuples(const Search *search, const Item *item, Left *scratch)
{
    const Demand *demand = item->demand;
    guint n_tuples = demand->tuples->len / demand->n_nodes;
    GArray *rated = g_array_sized_new(false, false, sizeof(RatedTuple), n_tuples);
    bool sorted = true; /* as they mostly are: nodes are mostly alike */

    for (guint t = 0; t < n_tuples; t++) {
        const guint16 *nodes = &g_array_index(demand->tuples, guint16, t * demand->n_nodes);
        RatedTuple one = {.number = t};

        left_copy_nodes(scratch, search->left, search->supply);
        if (!left_take_nodes(scratch, search->supply, demand, nodes, false) ||
            !add_least_unit_costs(search, item, nodes, one.costs))
            continue;
        search_node_costs(search->supply, demand, nodes, 1, one.costs);
        sorted =
            sorted && (rated->len == 0 ||
                       compare_rated(&g_array_index(rated, RatedTuple, rated->len - 1), &one) <= 0);
        g_array_append_val(rated, one);
    }
    if (!sorted)
        g_array_sort(rated, compare_rated);
    return rated;
}

static guint least_parts(const Supply *supply, const Demand *demand)
{
    guint most = 0;

    for (guint n = 0; n < supply->nodes->len; n++)
        most = MAX(most, ((const SupplyNode *)g_ptr_array_index(supply->nodes, n))->domain_cores);
    return most ? demand->n_nodes * ((demand->cores_per_node + most - 1) / most) : 0;
}

/* NULL: it fits nowhere. */
static Item *item_new(Search *search, const Demand *demand, Left *scratch)
{
    Item *item = g_new0(Item, 1);
    g_autoptr(GArray) rated = NULL;
    guint8 rank = 0;

    item->demand = demand;
    item->share = host_share(search->supply, demand);
    item->parts = least_parts(search->supply, demand);
    item->kinds = g_new(guint, demand->wants->len + 1);
    for (guint w = 0; w < demand->wants->len; w++)
        item->kinds[w] =
            number_kind(search, ((const Want *)g_ptr_array_index(demand->wants, w))->units);
    rated = rate_tuples(search, item, scratch);
    item->tuples = g_array_sized_new(false, false, sizeof(guint16), rated->len * demand->n_nodes);
    item->ranks = g_array_sized_new(false, false, sizeof(guint8), rated->len);
    for (guint c = 0; c < N_COSTS; c++)
        item->least[c] = G_MAXINT64;
    for (guint r = 0; r < rated->len; r++) {
        const RatedTuple *one = &g_array_index(rated, RatedTuple, r);

        if (r > 0 && search_compare_costs(one->costs, one[-1].costs, N_COSTS) != 0)
            rank = MIN(rank + 1, G_MAXUINT8 - 1);
        g_array_append_val(item->ranks, rank);
        g_array_append_vals(item->tuples,
                            &g_array_index(demand->tuples, guint16, one->number * demand->n_nodes),
                            demand->n_nodes);
        for (guint c = 0; c < N_COSTS; c++)
            item->least[c] = MIN(item->least[c], one->costs[c]);
    }
    if (rated->len > 0 || demand->stay)
        return item;
    item_free(item);
    return NULL;
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
    search->base = 1 + search->n_classes;
    search->n_levels = search->base + N_COSTS;
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
    gint64 p = order->memory ? demand_memory(x) : demand_cores(x);
    gint64 q = order->memory ? demand_memory(y) : demand_cores(y);

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

static guint *order_nodes(const Search *search)
{
    guint n = search->supply->nodes->len;
    guint *order = g_new(guint, 2 * n + 1);

    for (guint i = 0; i < n; i++)
        for (guint memory = 0; memory < 2; memory++) {
            const gint64 *left = memory ? search->left->memory : search->left->cores;
            guint *list = order + memory * n, j = i;

            while (j > 0 && left[list[j - 1]] < left[i]) {
                list[j] = list[j - 1];
                j--;
            }
            list[j] = i;
        }
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
        for (guint w = 0; w < demand->wants->len; w++)
            any = any && ((const Want *)g_ptr_array_index(demand->wants, w))->locality ==
                             SPEC_LOCALITY_REQUIRED;
    }
    for (guint k = 0; k < search->kinds->len; k++) {
        const Kind *kind = g_ptr_array_index(search->kinds, k);

        for (guint n = 0; n < supply->nodes->len; n++)
            search->plain[n] &= kind->start[n] == kind->start[n + 1];
    }
    for (guint n = 0; n < supply->nodes->len; n++)
        search->plain[n] = search->plain[n] && any;
}

static void add_items(Search *search, const GPtrArray *demands, GCompareFunc order)
{
    g_autoptr(Left) scratch = left_new(search->supply);

    search->items = g_ptr_array_new_with_free_func((GDestroyNotify)item_free);
    for (guint i = 0; i < demands->len; i++) {
        const Demand *demand = g_ptr_array_index(demands, i);
        Item *item = demand->flaw ? NULL : item_new(search, demand, scratch);

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

static void add_costs(Search *search)
{
    guint n = search->n_levels;

    search->cost = g_new0(gint64, 4 * n); /* all four */
    search->bound = search->cost + n;
    search->best_cost = search->bound + n;
    search->floor = search->best_cost + n;
    for (guint i = 0; i < n; i++) {
        search->best_cost[i] = G_MAXINT64;
        search->floor[i] = G_MININT64;
    }
}

Search *search_new(const Supply *supply, const GPtrArray *demands, bool smallest_first, bool flat)
{
    Search *search = g_new0(Search, 1);
    guint n, n_clusters = 1;

    search->supply = supply;
    search->repack = supply->spec_host->repack == true;
    search->held = g_new0(bool, supply->units->len);
    search->plain = g_new0(bool, supply->nodes->len);
    search->kinds = g_ptr_array_new_with_free_func((GDestroyNotify)kind_free);
    search->left = left_new(supply);
    add_items(search, demands, smallest_first ? compare_shares : compare_items);
    number_classes(search, flat);
    find_plain_nodes(search);
    n = search->items->len;
    search->by_cores = order_by_volume(search, false);
    search->by_memory = order_by_volume(search, true);
    search->node_order = order_nodes(search);
    search->saved = g_new0(Left *, n);
    search->now = g_new0(Pick, 2 * n + 1); /* both */
    search->best = search->now + n;
    add_costs(search);
    for (guint i = 0; i < n; i++) {
        const Demand *demand = ((const Item *)g_ptr_array_index(search->items, i))->demand;

        n_clusters = MAX(n_clusters, demand->cluster + 1);
        search->saved[i] = left_new(supply);
        if (demand->wants->len == 0)
            continue;
        search->now[i].units = g_new0(const Unit *, demand->wants->len);
        search->best[i].units = g_new0(const Unit *, demand->wants->len);
    }
    search->cluster_used = g_new0(bool, n_clusters);
    return search;
}

void search_free(Search *search)
{
    for (guint i = 0; i < search->items->len; i++) {
        left_free(search->saved[i]);
        g_free(search->now[i].units);
        g_free(search->best[i].units);
    }
    g_ptr_array_unref(search->items);
    g_ptr_array_unref(search->kinds);
    left_free(search->left);
    g_free(search->saved);
    g_free(search->now);
    g_free(search->by_cores);
    g_free(search->by_memory);
    g_free(search->node_order);
    g_free(search->cost);
    g_free(search->cluster_used);
    g_free(search->held);
    g_free(search->plain);
    g_free(search);
}
