/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the stages: some answers in counts, the best of them dealt out and checked. */
#include "core/fleet_internal.h"

/* Search steps of a whole fleet; a good second. */
#define BUDGET 15000000
/* More than so many flavours get more of it: without, the program comes to nothing. */
#define FEW_FLAVOURS 256
#define LARGE_BUDGET 40000000
/* Ways to fill a rounded answer that are tried with each of two sets of values, unless one comes so
 * near to the bound. */
#define FILL_ROUNDS 6
#define VAIN_ROUNDS 2
#define GOOD_GAP 2e-4
/* Of more flavours each has too few slices left for a dive to be better. */
#define DIVE_FLAVOURS 128
/* By itself it would not be believed. */
#define POOR_GAP 5e-3

void fleet_answer_free(FleetAnswer *answer)
{
    if (!answer)
        return;
    g_ptr_array_unref(answer->buckets);
    g_free(answer->left);
    g_free(answer->free_hosts);
    g_free(answer);
}

static FleetAnswer *answer_new(const Fleet *fleet)
{
    FleetAnswer *answer = g_new0(FleetAnswer, 1);

    answer->buckets = g_ptr_array_new_with_free_func((GDestroyNotify)fleet_bucket_free);
    answer->left = g_new(guint, fleet->flavours->len);
    answer->free_hosts = g_new(guint, MAX(fleet->classes->len, 1));
    for (guint f = 0; f < fleet->flavours->len; f++)
        answer->left[f] = fleet_flavour(fleet, f)->count;
    for (guint c = 0; c < fleet->classes->len; c++)
        answer->free_hosts[c] = fleet_class(fleet, c)->hosts;
    return answer;
}

static void answer_rate(const Fleet *fleet, FleetAnswer *answer, const double *unplaced)
{
    answer->cost = 0;
    for (guint f = 0; f < fleet->flavours->len; f++)
        answer->cost += answer->left[f] * unplaced[f];
    for (guint c = 0; c < fleet->classes->len; c++)
        answer->cost += fleet_class(fleet, c)->hosts - answer->free_hosts[c];
}

/* The rest by worth, then into the gaps. Flavours that landed in poor patterns are worth more the
 * next time (sequential value correction: Mukhacheva, Belov). */
static void fill_up(Fleet *fleet, const guint *order, double *values, FleetAnswer *answer)
{
    guint rounded = answer->buckets->len;
    g_autofree double *most = g_new0(double, MAX(fleet->classes->len, 1));

    fleet_fit_patterns(fleet, values, order, answer->left, answer->free_hosts, answer->buckets);
    for (guint pass = 0; pass < 2; pass++)
        for (guint b = rounded; b < answer->buckets->len; b++) {
            const FleetBucket *bucket = g_ptr_array_index(answer->buckets, b);
            double value = fleet_state_value(fleet, bucket->state, values);
            double *best = &most[bucket->state->class];

            *best = MAX(*best, value);
            for (guint f = 0; pass == 1 && f < fleet->flavours->len; f++)
                if (bucket->state->counts[f] > 0)
                    values[f] *= 0.5 + 0.5 * MIN(*best / value, 3);
        }
    fleet_fit_decreasing(fleet, answer->left, answer->free_hosts, answer->buckets);
}

/* A slice out costs more than any number of hosts; one of a higher priority far more than one of a
 * lower. Beyond a few classes of priority the highest are alike. */
static double *unplaced_costs(const Fleet *fleet)
{
    guint n = fleet->flavours->len;
    double *costs = g_new(double, n);

    for (guint f = 0; f < n; f++) {
        gint64 below = -1;
        guint rank = 0;

        for (;;) { /* how many priorities are lower */
            gint64 next = G_MAXINT64;

            for (guint g = 0; g < n; g++) {
                gint64 other = fleet_flavour(fleet, g)->slice->priority;

                if (other > below)
                    next = MIN(next, other);
            }
            if (next >= fleet_flavour(fleet, f)->slice->priority)
                break;
            below = next;
            rank++;
        }
        costs[f] = 100;
        for (guint i = 0; i < MIN(rank, 3); i++)
            costs[f] *= 50;
    }
    return costs;
}

/* No flavour is worthless: what is in nobody's way still wants a place. */
static double *floor_values(const Fleet *fleet, const double *from)
{
    double *values = g_new(double, fleet->flavours->len);

    for (guint f = 0; f < fleet->flavours->len; f++)
        values[f] = MAX(from[f], 1e-4);
    return values;
}

static guint round_up(double value)
{
    guint whole = (guint)MAX(value, 0);

    return value - whole > 1e-4 ? whole + 1 : whole;
}

static guint64 budget_of(const Fleet *fleet)
{
    return fleet->flavours->len > FEW_FLAVOURS ? LARGE_BUDGET : BUDGET;
}

/* No plan admits more: by the linear program where a host costs nothing. */
static void bound_admission(Fleet *fleet, const FleetAnswer *answer)
{
    g_autofree double *ones = g_new(double, MAX(fleet->flavours->len, 1));
    g_autoptr(FleetLp) lp = NULL;

    for (guint f = 0; f < fleet->flavours->len; f++)
        ones[f] = 1;
    lp = fleet_lp_solve(fleet, ones, 0, answer->buckets, budget_of(fleet));
    fleet->admitted_bound = fleet->instances->len - round_up(lp->bound);
}

static FleetAnswer *solve_greedy(const Fleet *fleet, const double *unplaced)
{
    FleetAnswer *answer = answer_new(fleet);

    fleet_fit_decreasing(fleet, answer->left, answer->free_hosts, answer->buckets);
    fleet_fit_scarce(fleet, answer->left, answer->free_hosts, answer->buckets);
    answer_rate(fleet, answer, unplaced);
    return answer;
}

/* The cheaper one. */
static FleetAnswer *better_answer(FleetAnswer *a, FleetAnswer *b)
{
    FleetAnswer *better = a->cost <= b->cost ? a : b;

    fleet_answer_free(better == a ? b : a);
    return better;
}

static bool comes_near(const FleetAnswer *answer, const FleetLp *lp, double gap)
{
    return answer->cost <= round_up(lp->bound) * (1 + gap);
}

static bool is_good(const Fleet *fleet, const FleetLp *lp, const FleetAnswer *answer)
{
    return comes_near(answer, lp, GOOD_GAP) || fleet->steps > MAX(BUDGET, budget_of(fleet) / 2);
}

/* Answers by these values of the flavours, changed in each round, until some bring nothing better
 * than @best; the best of them. @dive: the first of them. */
static FleetAnswer *fill_rounds(Fleet *fleet, const FleetLp *lp, const guint *order,
                                const double *from, bool dive, FleetAnswer *best)
{
    g_autofree double *values = floor_values(fleet, from);

    for (guint round = 0, vain = 0; round < FILL_ROUNDS && vain < VAIN_ROUNDS; round++) {
        FleetAnswer *answer = answer_new(fleet);
        double before = best->cost;

        if (round == 0 && dive)
            fleet_dive(fleet, lp, order, answer);
        else
            fleet_round_down(fleet, lp, answer);
        fill_up(fleet, order, values, answer);
        fleet_fit_scarce(fleet, answer->left, answer->free_hosts, answer->buckets);
        answer_rate(fleet, answer, lp->unplaced);
        best = better_answer(best, answer);
        vain = best->cost < before ? 0 : vain + 1;
        if (is_good(fleet, lp, best))
            break;
    }
    return best;
}

static FleetAnswer *solve_few(Fleet *fleet, const double *unplaced)
{
    FleetAnswer *best = solve_greedy(fleet, unplaced);
    g_autoptr(FleetLp) lp = fleet_lp_solve(fleet, unplaced, 1, best->buckets, budget_of(fleet));
    g_autofree double *values = floor_values(fleet, lp->witness);
    g_autofree guint *order = fleet_order_classes(fleet, values);

    best = fill_rounds(fleet, lp, order, lp->witness, fleet->flavours->len <= DIVE_FLAVOURS, best);
    if (!is_good(fleet, lp, best) &&
        memcmp(lp->values, lp->witness, lp->n_rows * sizeof *lp->values) != 0)
        best = fill_rounds(fleet, lp, order, lp->values, false, best);
    fleet->figures->hosts_bound = round_up(lp->bound);
    return best;
}

/* Best fit decreasing takes long for many classes, so it has to be worth it. */
static FleetAnswer *solve_many(Fleet *fleet, const double *unplaced)
{
    g_autoptr(FleetLp) lp = fleet_lp_solve(fleet, unplaced, 1, NULL, budget_of(fleet));
    g_autofree double *values = floor_values(fleet, lp->witness);
    g_autofree guint *order = fleet_order_classes(fleet, values);
    FleetAnswer *answer = answer_new(fleet);

    fleet_dive(fleet, lp, order, answer);
    fill_up(fleet, order, values, answer);
    answer_rate(fleet, answer, unplaced);
    if (!comes_near(answer, lp, POOR_GAP)) {
        fleet_fit_scarce(fleet, answer->left, answer->free_hosts, answer->buckets);
        answer_rate(fleet, answer, unplaced);
    }
    if (!comes_near(answer, lp, POOR_GAP))
        answer = better_answer(answer, solve_greedy(fleet, unplaced));
    fleet->figures->hosts_bound = round_up(lp->bound);
    return answer;
}

/* The spread of a cluster alone asks for so many hosts. */
static guint largest_cluster(const Fleet *fleet)
{
    guint largest = 0;

    for (guint i = 0; i < fleet->spec->clusters->len; i++) {
        const SpecCluster *cluster = g_ptr_array_index(fleet->spec->clusters, i);

        if (cluster->spread != SPEC_SPREAD_NONE)
            largest = MAX(largest, fleet_count_slices(cluster));
    }
    return largest;
}

/* Slices of clusters that want more hosts, or racks, than there are. */
static guint count_excess(const Fleet *fleet)
{
    guint excess = 0;

    for (guint i = 0; i < fleet->spec->clusters->len; i++) {
        const SpecCluster *cluster = g_ptr_array_index(fleet->spec->clusters, i);
        guint slices = fleet_count_slices(cluster);
        guint most = cluster->spread == SPEC_SPREAD_RACK ? g_hash_table_size(fleet->racks)
                                                         : fleet->hosts->len;

        if (cluster->spread != SPEC_SPREAD_NONE && slices > most)
            excess += slices - most;
    }
    return excess;
}

static void set_figures(Fleet *fleet, bool linear, bool all)
{
    PlanFleet *figures = fleet->figures;
    gint64 bound = 0;

    figures->hosts = fleet->hosts->len;
    figures->slices = fleet->instances->len;
    figures->classes = fleet->classes->len;
    figures->flavours = fleet->flavours->len;
    if (all) { /* else hosts are not what is counted */
        bound = fleet_volumes(fleet, figures->volumes);
        bound = MAX(bound, linear ? figures->hosts_bound : 0);
        figures->hosts_bound = MAX(bound, largest_cluster(fleet));
    } else {
        figures->hosts_bound = RECORD_UNSET;
    }
    figures->hosts_used = figures->patterns = 0;
    for (guint p = 0; p < fleet->patterns->len; p++) {
        guint hosts = ((const FleetPattern *)g_ptr_array_index(fleet->patterns, p))->hosts;

        figures->hosts_used += hosts;
        figures->patterns += hosts > 0;
    }
    figures->hosts_bound = all ? MAX(bound, linear ? figures->hosts_bound : 0) : RECORD_UNSET;
}

void fleet_solve(Fleet *fleet)
{
    g_autoptr(FleetAnswer) answer = NULL;
    g_autofree double *unplaced = unplaced_costs(fleet);
    guint excess = count_excess(fleet);
    bool linear = fleet->flavours->len <= FLEET_MAX_FLAVOURS;

    for (guint c = 0; c < fleet->classes->len; c++)
        fleet_class_finish(fleet, fleet_class(fleet, c));
    fleet_find_shapes(fleet);
    if (!linear)
        answer = solve_greedy(fleet, unplaced);
    else if (fleet->classes->len > fleet->many_classes)
        answer = solve_many(fleet, unplaced);
    else
        answer = solve_few(fleet, unplaced);
    fleet->admitted_bound = fleet->instances->len;
    fleet_deal(fleet, answer->buckets);
    fleet_check_patterns(fleet);
    fleet->admitted = fleet->instances->len - fleet->unplaced->len;
    if (fleet->unplaced->len > 0 && linear)
        bound_admission(fleet, answer);
    fleet->admitted_bound =
        CLAMP(fleet->admitted_bound, fleet->admitted, (gint64)fleet->instances->len - excess);
    set_figures(fleet, linear, fleet->unplaced->len == 0);
}
