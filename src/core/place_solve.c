/* SPDX-License-Identifier: Apache-2.0 */
/* Sets the search up, runs it in stages, and hands out what it found and what it proved. */
#include "core/place_search.h"

#include <string.h>

/* The last levels of cost only tidy up: a share of the budget is enough for them. */
#define TIDY_BUDGET_SHARE 10

void solution_free(Solution *solution)
{
    if (!solution)
        return;
    for (guint i = 0; i < solution->n; i++) {
        g_free(solution->choices[i].nodes);
        g_free(solution->choices[i].units);
    }
    g_free(solution->choices);
    g_array_unref(solution->levels);
    g_free(solution);
}

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

/* The item's own choice of these nodes. */
static const guint16 *own_tuple(const Item *item, const Pick *pick)
{
    guint n = item->demand->n_nodes;

    if (!pick->placed || pick->stays)
        return pick->placed ? (const guint16 *)item->demand->stay->data : NULL;
    for (guint t = 0; t < item->tuples->len; t += n)
        if (memcmp(&g_array_index(item->tuples, guint16, t), pick->nodes, n * sizeof(guint16)) == 0)
            return &g_array_index(item->tuples, guint16, t);
    return NULL;
}

/* Where not all can be placed, the first way down that places the small ones is a better start than
 * one that places the large ones. */
static void start_with_smallest(Search *search, const GPtrArray *demands, guint64 budget)
{
    g_autoptr(Search) dive = search_new(search->supply, demands, true, false);
    g_autofree const guint16 **nodes = g_new0(const guint16 *, search->items->len + 1);

    dive->stop_at_first = true;
    (void)walk(dive, dive->n_levels - 1, budget / TIDY_BUDGET_SHARE);
    if (!dive->have_best)
        return;
    for (guint i = 0; i < search->items->len; i++) {
        const Item *item = g_ptr_array_index(search->items, i);

        for (guint d = 0; d < dive->items->len; d++)
            if (((const Item *)g_ptr_array_index(dive->items, d))->demand == item->demand)
                nodes[i] = own_tuple(item, &dive->best[d]);
    }
    (void)search_try(search, nodes);
}

/* No plan can place more. @low: what is proved of the search. */
static gint64 find_bound(const Supply *supply, const GPtrArray *demands, const Search *search,
                         const gint64 *low, guint64 budget)
{
    g_autoptr(Search) flat = NULL;

    if (count_placed(search) == search->items->len || search->n_classes == 1)
        return search->items->len - low[1];
    flat = search_new(supply, demands, false, true);
    search_admit(flat, budget);
    search_bound_costs(flat, 0, flat->bound);
    if (flat->have_best && flat->best_cost[1] == MAX(flat->bound[1], flat->floor[1]))
        return flat->items->len - flat->best_cost[1];
    if (walk(flat, 2, budget))
        return count_placed(flat);
    return flat->items->len - MAX(flat->bound[1], flat->floor[1]);
}

static Solution *solution_new(const Search *search, guint n)
{
    Solution *solution = g_new0(Solution, 1);

    solution->n = n;
    solution->choices = g_new0(Choice, n);
    solution->levels = g_array_new(false, false, sizeof(SolutionLevel));
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

/* The least that any plan costs, level by level. Below the slices refused it is the least of plans
 * that refuse no more than the incumbent does: whether fewer can be refused need not be known, and
 * who refuses more may cost less there. */
static void find_low(Search *search, gint64 *low)
{
    gsize size = search->n_classes * sizeof(gint64);

    memcpy(search->bound, search->floor + 1, size); /* lent */
    if (search->have_best)
        memcpy(search->floor + 1, search->best_cost + 1, size);
    search_bound_costs(search, 0, low);
    memcpy(search->floor + 1, search->bound, size);
    for (guint i = 0; i < search->n_levels; i++)
        low[i] = MAX(low[i], search->floor[i]);
}

/* Level after level: what is not known to be the least yet is walked for. Ends at the first level
 * that cannot be settled within its budget. */
static void settle_levels(Search *search, guint n_levels, guint64 budget, gint64 *low)
{
    find_low(search, low);
    for (guint i = 0; i < n_levels; i++) {
        bool tidies = i >= search->base + COST_L3, settled;

        if (search->have_best && search->best_cost[i] == low[i])
            continue;
        settled = walk(search, i + 1, tidies ? budget / TIDY_BUDGET_SHARE : budget);
        if (settled)
            search->floor[i] = search->best_cost[i];
        find_low(search, low); /* also of a walk that was cut short: its incumbent may be another */
        if (!settled)
            return;
    }
}

static void add_level(Solution *solution, const char *name, gint64 value, gint64 bound)
{
    SolutionLevel level = {name, RECORD_UNSET, value, bound};

    g_array_append_val(solution->levels, level);
}

/* Slices that no host like this could hold are not in the search, and refused all the same. */
static void tell_refused(const Search *search, const GPtrArray *demands, const gint64 *low,
                         Solution *solution)
{
    gint64 below = G_MAXINT64;

    for (;;) {
        SolutionLevel level = {"refused", G_MININT64, 0, 0};
        guint known = 0;

        for (guint i = 0; i < demands->len; i++) {
            gint64 priority = ((const Demand *)demands->pdata[i])->slice->priority;

            if (priority < below)
                level.priority = MAX(level.priority, priority);
        }
        if (level.priority == G_MININT64)
            return;
        below = level.priority;
        for (guint i = 0; i < demands->len; i++)
            level.bound += ((const Demand *)demands->pdata[i])->slice->priority == below;
        level.value = level.bound;
        for (guint i = 0; i < search->items->len; i++) {
            const Item *item = g_ptr_array_index(search->items, i);

            if (item->demand->slice->priority != below)
                continue;
            level.value -= search->best[i].placed;
            level.bound -= 1;
            if (known++ == 0)
                level.bound += low[1 + item->class];
        }
        g_array_append_val(solution->levels, level);
    }
}

static gint64 hopeless_cores(const Search *search, const GPtrArray *demands)
{
    gint64 cores = 0;

    for (guint i = 0; i < demands->len; i++)
        cores += demand_cores(g_ptr_array_index(demands, i));
    for (guint i = 0; i < search->items->len; i++)
        cores -= demand_cores(((const Item *)g_ptr_array_index(search->items, i))->demand);
    return cores;
}

static void tell_levels(const Search *search, const GPtrArray *demands, const gint64 *low,
                        Solution *solution)
{
    static const char *const names[N_COSTS] = {
        [COST_CORES] = "refused-cores",   [COST_MOVES] = "moved",       [COST_MULTI] = "over-nodes",
        [COST_REMOTE] = "remote-devices", [COST_DISTANCE] = "distance", [COST_L3] = PLAN_LEVEL_L3,
        [COST_WASTE] = "nic-nodes",       [COST_ROOM] = "room",
    };

    if (!search->repack)
        add_level(solution, names[COST_MOVES], search->best_cost[0], low[0]);
    tell_refused(search, demands, low, solution);
    for (guint c = 0; c < N_COSTS; c++) {
        gint64 sign = c == COST_ROOM ? -1 : 1;
        gint64 more = c == COST_CORES ? hopeless_cores(search, demands) : 0;

        if (c != COST_MOVES || search->repack)
            add_level(solution, names[c], sign * search->best_cost[search->base + c] + more,
                      sign * low[search->base + c] + more);
    }
}

static void find_best(Search *search, const GPtrArray *demands, guint n_levels, guint64 budget,
                      gint64 *low)
{
    search_admit(search, budget);
    if (!search->have_best)
        start_with_smallest(search, demands, budget);
    settle_levels(search, n_levels, budget, low);
}

bool search_may_admit(const Supply *supply, const GPtrArray *demands, guint64 budget)
{
    g_autoptr(Search) search = search_new(supply, demands, false, false);

    return search_admit_all(search, budget) != FILL_NONE;
}

Solution *search_admission(const Supply *supply, const GPtrArray *demands, guint64 budget)
{
    g_autoptr(Search) search = search_new(supply, demands, false, false);
    g_autofree gint64 *low = g_new0(gint64, search->n_levels);

    find_best(search, demands, search->base, budget, low);
    return solution_new(search, demands->len);
}

Solution *search_solve(const Supply *supply, const GPtrArray *demands, guint64 budget)
{
    g_autoptr(Search) search = search_new(supply, demands, false, false);
    g_autofree gint64 *low = g_new0(gint64, search->n_levels);
    Solution *solution;
    gint64 bound;

    find_best(search, demands, search->n_levels, budget, low);
    bound = find_bound(supply, demands, search, low, budget);
    solution = solution_new(search, demands->len);
    solution->cut = is_cut(demands);
    solution->proved =
        !solution->cut && memcmp(search->best_cost, low, (search->base + 1) * sizeof(gint64)) == 0;
    solution->bound = solution->cut ? demands->len : MAX(bound, solution->admitted);
    tell_levels(search, demands, low, solution);
    return solution;
}
