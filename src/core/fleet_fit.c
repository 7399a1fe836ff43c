/* SPDX-License-Identifier: Apache-2.0 */
/* Slices into hosts without a linear program: best fit decreasing, and the patterns that are worth
 * most. Hosts that are alike are one bucket, and move together. */
#include "core/fleet_worth.h"

#define PATTERN_BUDGET 1500
/* Of a host: a pattern may be worth so much less than the best. */
#define PATTERN_SLACK 1e-3
/* With more of them the worthiest are looked at. */
#define FEW_CLASSES 16
/* Of one flavour. */
#define MAX_SQUEEZES 64

void fleet_add_bucket(const Fleet *fleet, GPtrArray *buckets, FleetState *state, guint hosts)
{
    FleetBucket *bucket;

    for (guint b = buckets->len; b-- > 0;) {
        bucket = g_ptr_array_index(buckets, b);
        if (!fleet_state_equal(fleet, bucket->state, state))
            continue;
        bucket->hosts += hosts;
        fleet_state_free(state);
        return;
    }
    bucket = g_new0(FleetBucket, 1);
    bucket->state = state;
    bucket->hosts = hosts;
    g_ptr_array_add(buckets, bucket);
}

/* Of the class's hosts, the share that a slice takes. */
static double share_of(const Fleet *fleet, guint flavour, guint number)
{
    const FleetClass *class = fleet_class(fleet, number);
    const FleetUse *use = &class->uses[flavour];
    double share = 0;

    for (guint d = 0; d < FLEET_DIMS; d++) {
        double need = (double)use->need[d] * use->n_nodes;

        need += d == DIM_CORES ? use->extra : 0;
        if (need > 0 && class->totals[d] > 0)
            share += need / class->totals[d] * (need / class->totals[d]);
    }
    return share;
}

typedef struct {
    const Fleet *fleet;
    double *sizes;
} Sizes;

static int compare_sizes(gconstpointer a, gconstpointer b, gpointer data)
{
    const Sizes *sizes = data;
    guint x = *(const guint *)a, y = *(const guint *)b;
    gint64 p = fleet_flavour(sizes->fleet, x)->slice->priority;
    gint64 q = fleet_flavour(sizes->fleet, y)->slice->priority;

    if (p != q)
        return p > q ? -1 : 1;
    if (sizes->sizes[x] != sizes->sizes[y])
        return sizes->sizes[x] > sizes->sizes[y] ? -1 : 1;
    return x < y ? -1 : 1;
}

/* By priority, then the largest first, by the most it takes of a host. */
static guint *order_flavours(const Fleet *fleet)
{
    guint n = fleet->flavours->len;
    guint *order = g_new(guint, n);
    Sizes sizes = {fleet, g_new0(double, n)};

    for (guint f = 0; f < n; f++) {
        order[f] = f;
        for (guint c = 0; c < fleet->classes->len; c++)
            if (fleet_class(fleet, c)->uses[f].possible)
                sizes.sizes[f] = MAX(sizes.sizes[f], share_of(fleet, f, c));
    }
    g_qsort_with_data(order, (int)n, sizeof *order, compare_sizes, &sizes);
    g_free(sizes.sizes);
    return order;
}

static FleetBucket *best_bucket(const Fleet *fleet, const GPtrArray *buckets, guint flavour,
                                guint64 *ret_nodes)
{
    FleetBucket *best = NULL;
    double least = G_MAXDOUBLE;

    for (guint b = 0; b < buckets->len; b++) {
        FleetBucket *bucket = g_ptr_array_index(buckets, b);
        guint64 nodes;
        double rest;

        if (bucket->hosts > 0 && fleet_state_fits(fleet, bucket->state, flavour, &nodes, &rest) &&
            rest < least - 1e-12) {
            least = rest;
            best = bucket;
            *ret_nodes = nodes;
        }
    }
    return best;
}

static bool has_class(const Fleet *fleet, const guint *free_hosts, guint flavour)
{
    for (guint c = 0; c < fleet->classes->len; c++)
        if (free_hosts[c] > 0 && fleet_class(fleet, c)->uses[flavour].possible)
            return true;
    return false;
}

/* The class whose free hosts hold the most of the flavour; -1: none can. @shares: of the flavour,
 * by class. */
static int best_class(const Fleet *fleet, const guint *free_hosts, guint flavour,
                      const double *shares)
{
    int best = -1;

    for (guint c = 0; c < fleet->classes->len; c++)
        if (free_hosts[c] > 0 && fleet_class(fleet, c)->uses[flavour].possible &&
            (best < 0 || shares[c] < shares[best] - 1e-12))
            best = (int)c;
    return best;
}

static double *list_shares(const Fleet *fleet, guint flavour)
{
    double *shares = g_new0(double, MAX(fleet->classes->len, 1));

    for (guint c = 0; c < fleet->classes->len; c++)
        if (fleet_class(fleet, c)->uses[flavour].possible)
            shares[c] = share_of(fleet, flavour, c);
    return shares;
}

/* New hosts of the class, each with as many of the flavour as fit, but no more than are left. */
static bool open_hosts(const Fleet *fleet, guint flavour, int class, guint *left, guint *free_hosts,
                       GPtrArray *buckets)
{
    g_autoptr(FleetState) state = class >= 0 ? fleet_state_new(fleet, (guint) class) : NULL;
    guint fit = 0, hosts;

    if (!state)
        return false;
    while (fit < *left && fleet_state_add(fleet, state, flavour))
        fit++;
    if (fit == 0)
        return false;
    hosts = MIN(*left / fit, free_hosts[class]);
    free_hosts[class] -= hosts;
    *left -= hosts * fit;
    fleet_add_bucket(fleet, buckets, g_steal_pointer(&state), hosts);
    return true;
}

/* Without those that all have become something else. */
static void drop_empty(GPtrArray *buckets)
{
    guint kept = 0;

    for (guint b = 0; b < buckets->len; b++) {
        FleetBucket *bucket = g_ptr_array_index(buckets, b);

        buckets->pdata[b] = buckets->pdata[kept];
        buckets->pdata[kept] = bucket;
        kept += bucket->hosts > 0;
    }
    g_ptr_array_set_size(buckets, (int)kept);
}

void fleet_fit_decreasing(const Fleet *fleet, guint *left, guint *free_hosts, GPtrArray *buckets)
{
    g_autofree guint *order = order_flavours(fleet);

    for (guint i = 0; i < fleet->flavours->len; i++) {
        guint flavour = order[i];
        g_autofree double *shares = left[flavour] > 0 ? list_shares(fleet, flavour) : NULL;

        while (left[flavour] > 0) {
            guint64 nodes;
            FleetBucket *bucket = best_bucket(fleet, buckets, flavour, &nodes);
            FleetState *state;
            guint hosts;

            if (!bucket) {
                int class = best_class(fleet, free_hosts, flavour, shares);

                if (!open_hosts(fleet, flavour, class, &left[flavour], free_hosts, buckets))
                    break;
                continue;
            }
            hosts = MIN(bucket->hosts, left[flavour]);
            state = fleet_state_copy(fleet, bucket->state);
            fleet_state_take(fleet, state, flavour, nodes);
            bucket->hosts -= hosts;
            left[flavour] -= hosts;
            fleet_add_bucket(fleet, buckets, state, hosts);
        }
        drop_empty(buckets);
    }
}

/* How often the pattern can be had from what is left. */
static guint repeats(const Fleet *fleet, const FleetState *state, const guint *left, guint hosts)
{
    for (guint f = 0; f < fleet->flavours->len; f++)
        if (state->counts[f] > 0)
            hosts = MIN(hosts, left[f] / state->counts[f]);
    return hosts;
}

typedef struct {
    guint class;
    double most; /* that one of its hosts is worth */
} Worth;

static int compare_worth(gconstpointer a, gconstpointer b)
{
    const Worth *x = a, *y = b;

    if (x->most != y->most)
        return x->most > y->most ? -1 : 1;
    return x->class < y->class ? -1 : x->class > y->class;
}

guint *fleet_order_classes(Fleet *fleet, const double *values)
{
    guint n = fleet->classes->len;
    guint *order = g_new(guint, MAX(n, 1));
    g_autofree Worth *worth = g_new(Worth, MAX(n, 1));
    g_autoptr(FleetTables) tables = fleet_tables_new(fleet);
    g_autoptr(FleetWorth) grids = fleet_worth_new(fleet);
    g_autoptr(GArray) slots = g_array_new(false, false, sizeof(FleetSlot));
    FleetPrice price = {.values = values, .budget = PATTERN_BUDGET, .tables = tables};

    fleet_tables_set(tables, values);
    fleet_worth_set(grids, values);
    for (guint c = 0; c < n; c++) {
        double value;

        worth[c] = (Worth){.class = c};
        if (n <= FEW_CLASSES) /* all of them are looked at */
            continue;
        if (!fleet_worth_find(grids, c, true, slots, &value, &worth[c].most))
            fleet_state_free(fleet_price(fleet, c, &price, &value, &worth[c].most, &fleet->steps));
    }
    qsort(worth, n, sizeof *worth, compare_worth);
    for (guint i = 0; i < n; i++)
        order[i] = worth[i].class;
    return order;
}

/* The best pattern of each class so far. What is left only becomes less, so one that still can be
 * had from it is still the best. */
typedef struct {
    FleetState *state; /* NULL: to be sought */
    double value;
} Offer;

static void clear_offers(Offer *offers, guint n)
{
    for (guint c = 0; c < n; c++)
        fleet_state_free(offers[c].state);
    g_free(offers);
}

static const FleetState *best_pattern(Fleet *fleet, const double *values, const guint *order,
                                      const guint *left, const guint *free_hosts, Offer *offers)
{
    FleetPrice price = {
        .values = values, .limits = left, .budget = PATTERN_BUDGET, .slack = PATTERN_SLACK};
    const FleetState *best = NULL;
    double most = 1e-9;
    guint tried = 0;

    for (guint i = 0; i < fleet->classes->len; i++) {
        guint c = order[i];
        Offer *offer = &offers[c];

        if (free_hosts[c] == 0)
            continue;
        if (best && tried++ >= FEW_CLASSES)
            break;
        if (offer->state && repeats(fleet, offer->state, left, 1) == 0)
            g_clear_pointer(&offer->state, fleet_state_free);
        if (!offer->state)
            offer->state = fleet_price(fleet, c, &price, &offer->value, NULL, &fleet->steps);
        if (offer->value <= most + 1e-9)
            continue;
        most = offer->value;
        best = offer->state;
    }
    return best;
}

void fleet_fit_patterns(Fleet *fleet, const double *values, const guint *order, guint *left,
                        guint *free_hosts, GPtrArray *buckets)
{
    Offer *offers = g_new0(Offer, MAX(fleet->classes->len, 1));

    for (;;) {
        const FleetState *state = best_pattern(fleet, values, order, left, free_hosts, offers);
        guint hosts;

        if (!state)
            break;
        hosts = repeats(fleet, state, left, free_hosts[state->class]);
        if (hosts > 1) /* a part at a time, so that the limits follow */
            hosts = (hosts + 1) / 2;
        free_hosts[state->class] -= hosts;
        for (guint f = 0; f < fleet->flavours->len; f++)
            left[f] -= hosts * state->counts[f];
        fleet_add_bucket(fleet, buckets, fleet_state_copy(fleet, state), hosts);
    }
    clear_offers(offers, fleet->classes->len);
}

/* For how many hosts the flavour is possible. */
static guint count_possible(const Fleet *fleet, guint flavour)
{
    guint hosts = 0;

    for (guint c = 0; c < fleet->classes->len; c++)
        if (fleet_class(fleet, c)->uses[flavour].possible)
            hosts += fleet_class(fleet, c)->hosts;
    return hosts;
}

static int compare_scarce(gconstpointer a, gconstpointer b, gpointer data)
{
    const guint *possible = data;
    guint x = *(const guint *)a, y = *(const guint *)b;

    return possible[x] != possible[y] ? (possible[x] < possible[y] ? -1 : 1) : (x < y ? -1 : x > y);
}

guint *fleet_order_scarce(const Fleet *fleet)
{
    guint n = fleet->flavours->len;
    guint *order = g_new(guint, MAX(n, 1));
    g_autofree guint *possible = g_new(guint, MAX(n, 1));

    for (guint f = 0; f < n; f++) {
        order[f] = f;
        possible[f] = count_possible(fleet, f);
    }
    g_qsort_with_data(order, (int)n, sizeof *order, compare_scarce, possible);
    return order;
}

/* A host of the bucket with one more of @flavour, and without what has no room beside it; NULL: it
 * would cost what could go nowhere else. @order: flavours, the scarcest first. */
static FleetState *squeeze(const Fleet *fleet, const GPtrArray *buckets, const guint *free_hosts,
                           const FleetState *from, guint flavour, const guint *order,
                           guint *ret_out)
{
    g_autoptr(FleetState) state = fleet_state_new(fleet, from->class);

    memset(ret_out, 0, fleet->flavours->len * sizeof *ret_out);
    if (!fleet_state_add(fleet, state, flavour))
        return NULL;
    for (guint i = 0; i < fleet->flavours->len; i++) {
        guint f = order[i];
        guint64 nodes;

        for (guint n = 0; n < from->counts[f]; n++) {
            if (fleet_state_add(fleet, state, f))
                continue;
            if (!has_class(fleet, free_hosts, f) && !best_bucket(fleet, buckets, f, &nodes))
                return NULL;
            ret_out[f]++;
        }
    }
    return ret_out[flavour] > 0 ? NULL : g_steal_pointer(&state);
}

static bool squeeze_in(const Fleet *fleet, guint flavour, const guint *order, guint *left,
                       guint *free_hosts, GPtrArray *buckets)
{
    g_autofree guint *out = g_new(guint, fleet->flavours->len);

    for (guint b = 0; b < buckets->len; b++) {
        FleetBucket *bucket = g_ptr_array_index(buckets, b);
        FleetState *state;

        if (bucket->hosts == 0 || !fleet_class(fleet, bucket->state->class)->uses[flavour].possible)
            continue;
        state = squeeze(fleet, buckets, free_hosts, bucket->state, flavour, order, out);
        if (!state)
            continue;
        bucket->hosts--;
        left[flavour]--;
        for (guint f = 0; f < fleet->flavours->len; f++)
            left[f] += out[f];
        fleet_add_bucket(fleet, buckets, state, 1);
        fleet_fit_decreasing(fleet, left, free_hosts, buckets);
        return true;
    }
    return false;
}

void fleet_fit_scarce(const Fleet *fleet, guint *left, guint *free_hosts, GPtrArray *buckets)
{
    guint n = fleet->flavours->len;
    g_autofree guint *order = fleet_order_scarce(fleet);

    for (guint i = 0; i < n; i++)
        for (guint tries = 0; left[order[i]] > 0 && tries < MAX_SQUEEZES; tries++)
            if (!squeeze_in(fleet, order[i], order, left, free_hosts, buckets))
                break;
}
