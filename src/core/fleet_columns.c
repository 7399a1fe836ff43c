/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The linear program's columns, by fleet_price() for the values that the flavours have so far
 * (Gilmore and Gomory 1961), and its bound.
 *
 * The bound holds at any time, also when the search was cut off: for any values p >= 0 of the
 * flavours, cost >= sum p d + sum over classes of hosts * min(0, cost of a host - best(p)), where
 * best(p) is what fleet_price() proves that no pattern of the class exceeds (Lagrange); scaled by
 * the largest best(p) it is Farley's (1990).
 */
#include "core/fleet_columns.h"

/* The search of one node: at first little, more when it finds nothing better. */
#define FIRST_BUDGET 4000
#define LAST_BUDGET 400000
/* With more classes a table for all is sooner made than a walk for each. */
#define FEW_CLASSES 16
/* Of the newest values in their running mean. */
#define MEAN_SHARE 0.1
/* Good enough, as a part of a host and of the objective. */
#define SLACK 5e-5
/* And at first, while there is much to be gained. */
#define QUICK_SLACK 5e-3

typedef struct {
    double best; /* no pattern of the class is worth more */
    guint hosts;
} ClassBest;

static int compare_best(gconstpointer a, gconstpointer b)
{
    const ClassBest *x = a, *y = b;

    return x->best != y->best ? (x->best > y->best ? -1 : 1) : 0;
}

/* The Lagrangian bound for these values of the flavours, or for them all scaled by one factor of at
 * most 1, which scales the classes' best too: as a function of the factor it is concave and bends
 * where a class's best is just the cost of a host. (Scaled by the largest best it is Farley's.)
 * @best: by class. */
static double find_bound(const Fleet *fleet, const double *values, const double *best, double cost)
{
    guint n = fleet->classes->len;
    g_autofree ClassBest *classes = g_new(ClassBest, MAX(n, 1));
    double sum = 0, paid = 0, found = 0;
    gint64 hosts = 0;

    for (guint f = 0; f < fleet->flavours->len; f++)
        sum += values[f] * fleet_flavour(fleet, f)->count;
    found = sum;
    for (guint c = 0; c < n; c++) {
        classes[c] = (ClassBest){best[c], fleet_class(fleet, c)->hosts};
        found += classes[c].hosts * MIN(0, cost - best[c]);
    }
    qsort(classes, n, sizeof *classes, compare_best);
    for (guint c = 0; c < n && classes[c].best > cost; c++) {
        found = MAX(found, cost / classes[c].best * (sum - paid) + (double)hosts * cost);
        paid += classes[c].hosts * classes[c].best;
        hosts += classes[c].hosts;
    }
    return found;
}

/* The best pattern of class @c, in the program; by the grids where they will do. */
static const FleetColumn *price_class(FleetColumns *columns, const FleetPrice *price, guint c)
{
    g_autoptr(FleetState) state = NULL;
    double value;

    if (columns->worth && fleet_worth_find(columns->worth, c, columns->near, columns->slots, &value,
                                           &columns->best[c]))
        return fleet_lp_add(columns->lp, c, columns->slots);
    state = fleet_price(columns->fleet, c, price, &value, columns->quick ? NULL : &columns->best[c],
                        &columns->fleet->steps);
    return fleet_lp_add(columns->lp, c, state->slots);
}

bool fleet_columns_price(FleetColumns *columns, const double *values, guint first, guint count,
                         const FleetColumn **ret_found)
{
    Fleet *fleet = columns->fleet;
    double host = columns->lp->host;
    FleetPrice price = {.values = values, .budget = columns->node_budget, .slack = SLACK * host};
    g_autofree const FleetColumn **found = g_new0(const FleetColumn *, MAX(count, 1));
    bool better = false;

    if (columns->quick)
        price.slack = QUICK_SLACK * host;
    if (columns->worth)
        fleet_worth_set(columns->worth, values);
    if (columns->look_up) {
        fleet_tables_set(columns->tables, values);
        price.tables = columns->tables;
    }
    for (guint i = 0; i < count; i++) {
        columns->best[first + i] = 0;
        if (fleet_class(fleet, first + i)->hosts > 0)
            found[i] = price_class(columns, &price, first + i);
        if (ret_found)
            ret_found[first + i] = found[i];
    }
    for (guint i = 0; i < count; i++)
        if (found[i] && !columns->later)
            better |= fleet_lp_enter(columns->lp, found[i], 0) > SLACK * host;
    return better;
}

bool fleet_columns_round(FleetColumns *columns, const double *values)
{
    FleetLp *lp = columns->lp;
    bool better = fleet_columns_price(columns, values, 0, lp->n_classes, NULL);
    double bound;

    if (columns->quick)
        return better;
    bound = find_bound(columns->fleet, values, columns->best, lp->host);
    if (bound > lp->bound) {
        lp->bound = bound;
        memcpy(lp->witness, values, lp->n_rows * sizeof *values);
    }
    return better;
}

void fleet_columns_values(const FleetLp *lp, double *ret_values)
{
    for (guint f = 0; f < lp->n_rows; f++)
        ret_values[f] = CLAMP(lp->values[f], 0, lp->unplaced[f]);
}

bool fleet_columns_closed(const FleetLp *lp, double gap)
{
    return lp->objective - lp->bound <= gap * lp->objective;
}

/* Rounds over all classes until the bound is met, or the budget is spent. */
static void run(FleetColumns *columns, double *values, double *mean, guint64 budget)
{
    Fleet *fleet = columns->fleet;
    FleetLp *lp = columns->lp;
    bool many = fleet->classes->len > FEW_CLASSES;
    guint64 start = fleet->steps;

    columns->look_up = many;
    columns->quick = !many;
    while (fleet->steps - start + lp->work < budget) {
        bool better = fleet_lp_enter_units(lp);

        fleet_columns_values(lp, values);
        for (guint f = 0; f < lp->n_rows; f++)
            mean[f] = MEAN_SHARE * values[f] + (1 - MEAN_SHARE) * mean[f];
        better |= fleet_columns_round(columns, values);
        if (!columns->quick && fleet_columns_closed(lp, SLACK))
            return;
        if (better) {
            columns->look_up = many;
            columns->node_budget = FIRST_BUDGET;
        } else if (columns->quick) {
            columns->quick = false;
        } else if (columns->node_budget >= LAST_BUDGET) {
            return;
        } else {
            columns->node_budget *= columns->look_up ? 10 : 1;
            columns->look_up = true;
        }
    }
}

/* Into the program; of many classes only for later, for that begins with what it deals. */
static void enter_seeds(FleetLp *lp, const GPtrArray *seeds, bool later)
{
    for (guint i = 0; seeds && i < seeds->len; i++) {
        const FleetState *state = ((const FleetBucket *)g_ptr_array_index(seeds, i))->state;
        const FleetColumn *column = fleet_lp_add(lp, state->class, state->slots);

        if (!later)
            (void)fleet_lp_enter(lp, column, 0);
    }
}

static FleetLp *solve(Fleet *fleet, const double *unplaced, double host, const GPtrArray *seeds,
                      guint64 budget, bool near)
{
    guint n = MAX(fleet->flavours->len, 1);
    bool many = fleet->classes->len > fleet->many_classes;
    FleetLp *lp = fleet_lp_new(fleet, unplaced, host);
    g_autofree double *best = g_new0(double, MAX(fleet->classes->len, 1));
    g_autofree double *values = g_new0(double, n);
    g_autofree double *mean = g_new0(double, n);
    g_autoptr(FleetTables) tables = fleet_tables_new(fleet);
    g_autoptr(FleetWorth) worth = fleet->classes->len > FEW_CLASSES ? fleet_worth_new(fleet) : NULL;
    g_autoptr(GArray) slots = g_array_new(false, false, sizeof(FleetSlot));
    FleetColumns columns = {.fleet = fleet,
                            .lp = lp,
                            .tables = tables,
                            .worth = worth,
                            .slots = slots,
                            .best = best,
                            .near = near,
                            .node_budget = FIRST_BUDGET};

    enter_seeds(lp, seeds, many);
    if (many)
        fleet_many_solve(&columns, budget);
    else
        run(&columns, values, mean, budget);
    fleet_lp_finish(lp);
    if (fleet_columns_closed(lp, SLACK) || many)
        return lp;
    columns.quick = false;
    columns.look_up = true;
    columns.node_budget = LAST_BUDGET;
    fleet_columns_values(lp, values);
    (void)fleet_columns_round(&columns, values);
    (void)fleet_columns_round(&columns, mean); /* values jump about: it is the better witness */
    fleet_lp_finish(lp);
    return lp;
}

FleetLp *fleet_lp_solve(Fleet *fleet, const double *unplaced, double host, const GPtrArray *seeds,
                        guint64 budget)
{
    return solve(fleet, unplaced, host, seeds, budget, false);
}

FleetLp *fleet_lp_solve_near(Fleet *fleet, const double *unplaced, double host,
                             const GPtrArray *seeds, guint64 budget)
{
    return solve(fleet, unplaced, host, seeds, budget, true);
}
