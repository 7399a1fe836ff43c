/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The linear program over patterns: each flavour's slices are in a pattern or stay out, each class
 * gives no more hosts than it has; cost is hosts in use and slices out. Revised simplex with a
 * dense inverse; columns by fleet_price() (Gilmore and Gomory 1961).
 *
 * The bound holds at any time, also when the search was cut off: for any values p >= 0 of the
 * flavours, cost >= sum p d + sum over classes of hosts * min(0, cost of a host - best(p)), where
 * best(p) is what fleet_price() proves that no pattern of the class exceeds (Lagrange); scaled by
 * the largest best(p) it is Farley's (1990).
 */
#include "core/fleet_internal.h"

#define EPSILON 1e-9
/* The search of one node: at first little, more when it finds nothing better. */
#define FIRST_BUDGET 4000
#define LAST_BUDGET 2000000
#define MAX_PIVOTS 20000
/* So many classes or a bit more are priced in one round. */
#define PART 50
/* Pivots after which values and objective are reckoned from the basis again. */
#define RECKON_ANEW 64
/* Steps towards better values where the classes are bounded one by one, and how wide they are. */
#define BOUND_TURNS 2
#define FIRST_TURN 0.1
/* Of the newest values in their running mean. */
#define MEAN_SHARE 0.1
/* Good enough, as a part of a host and of the objective; and where the search is hard. */
#define SLACK 5e-5
#define LAST_SLACK 2e-4

void fleet_lp_free(FleetLp *lp)
{
    if (!lp)
        return;
    for (guint r = 0; r < lp->n_rows; r++)
        fleet_state_free(lp->patterns[r]);
    g_free(lp->patterns);
    g_free(lp->inverse);
    g_free(lp->x);
    g_free(lp->costs);
    g_free(lp->values);
    g_free(lp);
}

static guint n_slices(const Fleet *fleet, guint flavour)
{
    return fleet_flavour(fleet, flavour)->instances->len;
}

/* All slices out, no host in use. */
static FleetLp *lp_new(const Fleet *fleet, const double *unplaced)
{
    FleetLp *lp = g_new0(FleetLp, 1);
    guint n_flavours = fleet->flavours->len, n = n_flavours + fleet->classes->len;

    lp->n_rows = n;
    lp->inverse = g_new0(double, (gsize)n *n);
    lp->x = g_new0(double, n);
    lp->costs = g_new0(double, n);
    lp->values = g_new0(double, n);
    lp->patterns = g_new0(FleetState *, n);
    for (guint r = 0; r < n; r++) {
        lp->inverse[(gsize)r * n + r] = 1;
        lp->x[r] = r < n_flavours ? n_slices(fleet, r) : fleet_class(fleet, r - n_flavours)->hosts;
        lp->costs[r] = r < n_flavours ? unplaced[r] : 0;
    }
    return lp;
}

static void find_values(FleetLp *lp)
{
    guint n = lp->n_rows;

    memset(lp->values, 0, n * sizeof *lp->values);
    lp->objective = 0;
    for (guint r = 0; r < n; r++) {
        const double *row = &lp->inverse[(gsize)r * n];

        lp->objective += lp->costs[r] * lp->x[r];
        if (lp->costs[r] == 0)
            continue;
        for (guint c = 0; c < n; c++)
            lp->values[c] += lp->costs[r] * row[c];
    }
}

/* Brings a column (as the basis sees it) in for the row that it runs down to 0 first; false: none.
 * @state is taken over then. @reduced: by how much one more of it changes the cost. */
static bool pivot(FleetLp *lp, const double *column, FleetState *state, double cost, double reduced)
{
    guint n = lp->n_rows, out = n;
    double least = G_MAXDOUBLE;

    for (guint r = 0; r < n; r++)
        if (column[r] > EPSILON && lp->x[r] / column[r] < least - 1e-12) {
            least = lp->x[r] / column[r];
            out = r;
        }
    if (out == n)
        return false;
    for (guint c = 0; c < n; c++)
        lp->inverse[(gsize)out * n + c] /= column[out];
    lp->x[out] = MAX(least, 0);
    for (guint r = 0; r < n; r++) {
        double factor = column[r];

        if (r == out || (factor < EPSILON && factor > -EPSILON))
            continue;
        for (guint c = 0; c < n; c++)
            lp->inverse[(gsize)r * n + c] -= factor * lp->inverse[(gsize)out * n + c];
        lp->x[r] = MAX(lp->x[r] - factor * lp->x[out], 0);
    }
    fleet_state_free(lp->patterns[out]);
    lp->patterns[out] = state;
    lp->costs[out] = cost;
    if (++lp->pivots % RECKON_ANEW == 0) {
        find_values(lp); /* what was rounded away adds up */
        return true;
    }
    lp->objective += reduced * lp->x[out];
    for (guint c = 0; c < n; c++)
        lp->values[c] += reduced * lp->inverse[(gsize)out * n + c];
    return true;
}

/* A slice left out, or a host of a class left empty, where that has become cheaper. */
static bool enter_units(const Fleet *fleet, FleetLp *lp, const double *unplaced)
{
    guint n = lp->n_rows;
    g_autofree double *column = g_new(double, n);
    bool any = false;

    for (guint u = 0; u < n; u++) {
        double cost = u < fleet->flavours->len ? unplaced[u] : 0;

        if (cost - lp->values[u] >= -EPSILON)
            continue;
        for (guint r = 0; r < n; r++)
            column[r] = lp->inverse[(gsize)r * n + u];
        any |= pivot(lp, column, NULL, cost, cost - lp->values[u]);
    }
    return any;
}

/* Brings @state into the basis when that lowers the cost; takes it over. True: by a worthwhile part
 * of a host, @least. */
static bool enter(const Fleet *fleet, FleetLp *lp, FleetState *state, double cost, double least)
{
    guint n = lp->n_rows, n_flavours = fleet->flavours->len;
    g_autofree double *column = g_new(double, n);
    double reduced = cost - lp->values[n_flavours + state->class];

    for (guint f = 0; f < n_flavours; f++)
        reduced -= state->counts[f] * lp->values[f];
    for (guint r = 0; reduced < -EPSILON && r < n; r++) {
        const double *row = &lp->inverse[(gsize)r * n];

        column[r] = row[n_flavours + state->class];
        for (guint f = 0; f < n_flavours; f++)
            if (state->counts[f] > 0)
                column[r] += row[f] * state->counts[f];
    }
    if (reduced >= -EPSILON || !pivot(lp, column, state, cost, reduced)) {
        fleet_state_free(state);
        return false;
    }
    return reduced < -least;
}

typedef struct {
    double best; /* no pattern of the class is worth more */
    guint hosts;
} ClassBest;

static int compare_best(gconstpointer a, gconstpointer b)
{
    const ClassBest *x = a, *y = b;

    return x->best != y->best ? (x->best > y->best ? -1 : 1) : 0;
}

/* The Lagrangian bound for these values of the flavours, or for them all scaled by one factor,
 * which scales the classes' best too: as a function of the factor it is concave and bends where a
 * class's best is just the cost of a host. (Scaled by the largest best it is Farley's.) @best: by
 * class; *@ret_factor: the best factor, at most @largest. */
static double find_bound(const Fleet *fleet, const double *values, const double *best, double cost,
                         double largest, double *ret_factor)
{
    guint n = fleet->classes->len;
    g_autofree ClassBest *classes = g_new(ClassBest, MAX(n, 1));
    double sum = 0, paid = 0, found = 0;
    gint64 hosts = 0;

    for (guint f = 0; f < fleet->flavours->len; f++)
        sum += values[f] * n_slices(fleet, f);
    found = sum;
    *ret_factor = 1;
    for (guint c = 0; c < n; c++) {
        classes[c] = (ClassBest){best[c], fleet_class(fleet, c)->hosts};
        found += classes[c].hosts * MIN(0, cost - best[c]);
    }
    qsort(classes, n, sizeof *classes, compare_best);
    for (guint c = 0; c < n && classes[c].best * largest > cost; c++) {
        double factor = cost / classes[c].best;
        double bound = factor * (sum - paid) + (double)hosts * cost;

        if (bound > found) {
            found = bound;
            *ret_factor = factor;
        }
        paid += classes[c].hosts * classes[c].best;
        hosts += classes[c].hosts;
    }
    return found;
}

/* One round: a pattern of each class, or of each so manieth from @first on. True when one of them
 * came in. */
static bool price_classes(Fleet *fleet, FleetLp *lp, const double *values, double cost,
                          guint64 budget, double slack, guint first, guint every, double *best)
{
    bool better = false;
    FleetPrice price = {.values = values, .budget = budget, .slack = slack * cost};
    g_autofree FleetState **found = g_new0(FleetState *, fleet->classes->len);

    for (guint c = first; c < fleet->classes->len; c += every) {
        double value;

        best[c] = 0;
        if (fleet_class(fleet, c)->hosts > 0)
            found[c] = fleet_price(fleet, c, &price, &value, &best[c], &fleet->steps);
    }
    for (guint c = first; c < fleet->classes->len; c += every)
        if (found[c])
            better |= enter(fleet, lp, found[c], cost, slack);
    return better;
}

static void enter_seeds(const Fleet *fleet, FleetLp *lp, const GPtrArray *seeds, double cost)
{
    for (guint i = 0; seeds && i < seeds->len; i++) {
        const FleetBucket *bucket = g_ptr_array_index(seeds, i);

        (void)enter(fleet, lp, fleet_state_copy(fleet, bucket->state), cost, 0);
    }
}

static bool is_closed(const FleetLp *lp)
{
    return lp->objective - lp->bound <= SLACK * lp->objective;
}

FleetLp *fleet_lp_solve(Fleet *fleet, const double *unplaced, double host, const GPtrArray *seeds,
                        guint64 budget)
{
    FleetLp *lp = lp_new(fleet, unplaced);
    g_autofree double *best = g_new0(double, MAX(fleet->classes->len, 1));
    g_autofree double *values = g_new(double, lp->n_rows);
    g_autofree double *mean = g_new0(double, lp->n_rows);
    guint64 start = fleet->steps, node_budget = FIRST_BUDGET;
    guint parts = 1 + fleet->classes->len / PART;
    double factor;

    find_values(lp);
    enter_seeds(fleet, lp, seeds, host);
    for (guint pivots = 0; pivots < MAX_PIVOTS && fleet->steps - start < budget; pivots++) {
        double slack = node_budget < LAST_BUDGET ? SLACK : LAST_SLACK;
        bool better = enter_units(fleet, lp, unplaced);

        for (guint f = 0; f < fleet->flavours->len; f++) {
            values[f] = CLAMP(lp->values[f], 0, unplaced[f]);
            mean[f] = MEAN_SHARE * values[f] + (1 - MEAN_SHARE) * mean[f];
        }
        for (guint part = 0; parts > 1 && part < parts && !better; part++)
            better = price_classes(fleet, lp, values, host, node_budget, slack,
                                   (pivots + part) % parts, parts, best);
        if (parts == 1 || !better) { /* else some classes will do for now */
            better |= price_classes(fleet, lp, values, host, node_budget, slack, 0, 1, best);
            lp->bound = MAX(lp->bound, find_bound(fleet, values, best, host, 1, &factor));
        }
        if (is_closed(lp))
            break;
        if (better) { /* the longer it takes, the more is it worth to look well */
            node_budget =
                MAX(node_budget / 4, (guint64)FIRST_BUDGET << MIN(pivots / lp->n_rows, 8));
            continue;
        }
        if (node_budget >= LAST_BUDGET)
            break;
        node_budget *= 10;
    }
    find_values(lp);
    if (!is_closed(lp)) { /* the values jump about; their mean is the better witness */
        (void)price_classes(fleet, lp, mean, host, LAST_BUDGET, LAST_SLACK, 0, 1, best);
        lp->bound = MAX(lp->bound, find_bound(fleet, mean, best, host, 1, &factor));
    }
    return lp;
}

/* The values once more, as far as they may be scaled. */
static double largest_factor(const Fleet *fleet, const double *values, const double *unplaced)
{
    double largest = G_MAXDOUBLE;

    for (guint f = 0; f < fleet->flavours->len; f++)
        if (values[f] > EPSILON)
            largest = MIN(largest, unplaced[f] / values[f]);
    return largest;
}

/* What the best patterns hold too little of is worth more, what they hold too much of less: a step
 * along the bound's slope. @counts: of the best patterns of the hosts that are worth their cost. */
static void turn_values(const Fleet *fleet, const double *counts, const double *unplaced,
                        double step, double factor, double *values)
{
    for (guint f = 0; f < fleet->flavours->len; f++) {
        double wanted = MAX(n_slices(fleet, f), 1);
        double turn = CLAMP(step * (wanted - counts[f]) / wanted, -0.5, 0.5);

        values[f] = MIN(MAX(values[f], 1e-4) * factor * (1 + turn), unplaced[f]);
    }
}

double fleet_lp_bound(Fleet *fleet, const double *start, const double *unplaced, double host,
                      guint64 budget)
{
    guint n = fleet->flavours->len;
    g_autofree double *values = g_memdup2(start, n * sizeof *values);
    g_autofree double *best = g_new0(double, MAX(fleet->classes->len, 1));
    g_autofree double *counts = g_new(double, n);
    FleetPrice price = {.values = values, .budget = budget, .slack = SLACK * host};
    double bound = 0;

    for (guint turn = 0; turn < BOUND_TURNS; turn++) {
        g_autoptr(GPtrArray) found =
            g_ptr_array_new_with_free_func((GDestroyNotify)fleet_state_free);
        double factor;

        for (guint c = 0; c < fleet->classes->len; c++) {
            double value;

            g_ptr_array_add(found, fleet_price(fleet, c, &price, &value, &best[c], &fleet->steps));
        }
        bound = MAX(bound, find_bound(fleet, values, best, host,
                                      largest_factor(fleet, values, unplaced), &factor));
        memset(counts, 0, n * sizeof *counts);
        for (guint c = 0; c < fleet->classes->len; c++) {
            const FleetState *state = g_ptr_array_index(found, c);

            for (guint f = 0; best[c] * factor > host && f < n; f++)
                counts[f] += (double)fleet_class(fleet, c)->hosts * state->counts[f];
        }
        turn_values(fleet, counts, unplaced, FIRST_TURN / (1 + turn), factor, values);
    }
    return bound;
}
