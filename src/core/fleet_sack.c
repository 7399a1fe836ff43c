/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depth first over the items, the worthiest for their size first. A branch is cut when what is left
 * cannot become worth more than the best: by each dim alone, and by all of them weighed. In hard
 * cases the walk remembers where it has been: a state with no more left and no more worth is not
 * walked again.
 */
#include "core/fleet_sack.h"

#define UNLIMITED (-1.0)
#define WEIGHT_ROUNDS 30
/* After so many steps the walk remembers where it has been. */
#define SEEN_FROM 300
#define SEEN_EACH 12
#define SEEN_ROWS 100000

FleetSack *fleet_sack_new(const Fleet *fleet)
{
    guint n = fleet->flavours->len;
    FleetSack *sack = g_new0(FleetSack, 1);

    sack->fleet = fleet;
    sack->items = g_array_sized_new(false, false, sizeof(FleetItem), n);
    sack->rates = g_new(double, n);
    sack->dims = g_new(guint, FLEET_ROW);
    sack->ratios = g_new(double, (gsize)n *FLEET_ROW);
    sack->needs = g_new(int, (gsize)n *FLEET_ROW);
    sack->now = g_new0(guint16, n);
    sack->best = g_new0(guint16, n);
    sack->counts = g_new0(guint16, n);
    return sack;
}

void fleet_sack_free(FleetSack *sack)
{
    g_array_unref(sack->items);
    g_free(sack->dims);
    g_free(sack->rates);
    g_free(sack->ratios);
    g_free(sack->needs);
    g_free(sack->now);
    g_free(sack->best);
    g_free(sack->counts);
    g_free(sack);
}

/* @rest: here and below by sack->dims. */
static double rest_value(const FleetSack *sack, guint index, const int *rest, double room)
{
    const double *ratios = &sack->ratios[index * sack->n_dims];
    double bound = room * sack->rates[index] + FLEET_EPSILON;

    for (guint k = 0; k < sack->n_dims; k++)
        if (ratios[k] >= 0)
            bound = MIN(bound, rest[k] * ratios[k]);
    if (sack->table)
        bound =
            MIN(bound, fleet_table_worth(
                           sack->table, g_array_index(sack->items, FleetItem, index).rank, rest[0],
                           sack->memory < sack->n_dims ? rest[sack->memory] : sack->all_memory));
    return bound;
}

static guint most_of(const FleetSack *sack, guint index, const int *rest)
{
    const int *needs = &sack->needs[index * sack->n_dims];
    guint most = g_array_index(sack->items, FleetItem, index).most;

    for (guint k = 0; k < sack->n_dims; k++)
        if (needs[k] > rest[k])
            return 0;
    for (guint k = 0; k < sack->n_dims; k++)
        if (needs[k] > 0)
            most = MIN(most, (guint)(rest[k] / needs[k]));
    return most;
}

static void start_seen(FleetSack *sack)
{
    gsize rows = (gsize)sack->items->len * ((gsize)sack->max_cores + 1);

    sack->started = true;
    if (sack->n_dims > FLEET_SEEN_DIMS || rows > SEEN_ROWS)
        return;
    sack->seen = g_new(FleetSeen, rows * SEEN_EACH);
    sack->n_seen = g_new0(guint8, rows);
    sack->next_seen = g_new0(guint8, rows);
}

static void stop_seen(FleetSack *sack)
{
    sack->started = false;
    g_clear_pointer(&sack->seen, g_free);
    g_clear_pointer(&sack->n_seen, g_free);
    g_clear_pointer(&sack->next_seen, g_free);
}

/* Has the walk been here with as much left, as much worth and no other clusters? Else it is noted.
 */
static bool was_seen(FleetSack *sack, guint index, const int *rest, guint64 clusters, double value)
{
    gsize row = (gsize)index * ((gsize)sack->max_cores + 1) + (gsize)rest[0];
    FleetSeen *seen = &sack->seen[row * SEEN_EACH];

    for (guint s = 0; s < sack->n_seen[row]; s++) {
        bool covered = seen[s].value >= value - 1e-12 && !(seen[s].clusters & ~clusters);

        for (guint k = 0; covered && k < sack->n_dims; k++)
            covered = seen[s].rest[k] >= rest[k];
        if (covered)
            return true;
    }
    seen += sack->next_seen[row];
    seen->value = value;
    seen->clusters = clusters;
    for (guint k = 0; k < sack->n_dims; k++)
        seen->rest[k] = rest[k];
    sack->next_seen[row] = (guint8)((sack->next_seen[row] + 1) % SEEN_EACH);
    sack->n_seen[row] = (guint8)MIN(sack->n_seen[row] + 1, SEEN_EACH);
    return false;
}

/* @room: the weighed sum of @rest. @clusters: those that have a slice here already. */
static void walk(FleetSack *sack, guint index, const int *rest, double room, guint64 clusters,
                 double value)
{
    const int *needs;
    double bound;
    guint most;

    sack->steps++;
    if (value > sack->best_value + FLEET_EPSILON) {
        sack->best_value = value;
        memcpy(sack->best, sack->now, sack->items->len * sizeof *sack->best);
    }
    for (;; index++) {
        if (index == sack->items->len)
            return;
        bound = value + rest_value(sack, index, rest, room);
        if (bound <= sack->best_value + sack->slack) {
            if (bound > sack->best_value + FLEET_EPSILON)
                sack->open = MAX(sack->open, bound);
            return;
        }
        most = most_of(sack, index, rest);
        if (most > 0 && !(g_array_index(sack->items, FleetItem, index).bit & clusters))
            break;
    }
    if (!sack->started && sack->steps >= SEEN_FROM)
        start_seen(sack);
    if (sack->seen && was_seen(sack, index, rest, clusters, value))
        return;
    if (sack->steps > sack->budget) {
        sack->open = MAX(sack->open, bound);
        return;
    }
    needs = &sack->needs[index * sack->n_dims];
    for (guint count = most + 1; count-- > 0;) {
        const FleetItem *item = &g_array_index(sack->items, FleetItem, index);
        int after[FLEET_ROW];

        for (guint k = 0; k < sack->n_dims; k++)
            after[k] = rest[k] - (int)count * needs[k];
        sack->now[index] = (guint16)count;
        walk(sack, index + 1, after, room - count * item->size,
             count > 0 ? clusters | item->bit : clusters, value + count * item->value);
    }
    sack->now[index] = 0;
}

static int compare_items(gconstpointer a, gconstpointer b)
{
    const FleetItem *x = a, *y = b;
    double p = x->value * y->size, q = y->value * x->size;

    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return p != q ? (p > q ? -1 : 1) : (x->flavour < y->flavour ? -1 : x->flavour > y->flavour);
}

/* Those that say something: whole cores mostly are the cores once more. */
static void find_dims(FleetSack *sack, const int *rest)
{
    sack->n_dims = 0;
    for (guint d = 0; d < FLEET_ROW; d++) {
        bool used = false;

        for (guint i = 0; i < sack->items->len && !used; i++) {
            const FleetItem *item = &g_array_index(sack->items, FleetItem, i);

            used = item->need[d] > 0 && (d != DIM_WHOLE || rest[DIM_WHOLE] < rest[DIM_CORES] ||
                                         item->need[DIM_WHOLE] > item->need[DIM_CORES]);
        }
        if (used)
            sack->dims[sack->n_dims++] = d;
    }
}

/* How dear each dim is: the weights under which the worthiest item for its size is worth least,
 * which makes the bound tight. Found by raising again and again what that item takes. */
static void find_weights(FleetSack *sack, const int *rest)
{
    double shares[FLEET_ROW], best[FLEET_ROW], weights[FLEET_ROW], least = G_MAXDOUBLE, total;

    for (guint k = 0; k < sack->n_dims; k++)
        shares[k] = best[k] = 1.0 / sack->n_dims;
    for (guint round = 1; round <= WEIGHT_ROUNDS; round++) {
        const FleetItem *worst = NULL;
        double most = 0;

        for (guint k = 0; k < sack->n_dims; k++)
            weights[k] = shares[k] / rest[sack->dims[k]];

        for (guint i = 0; i < sack->items->len; i++) {
            const FleetItem *item = &g_array_index(sack->items, FleetItem, i);
            double size = 0;

            for (guint k = 0; k < sack->n_dims; k++)
                size += weights[k] * item->need[sack->dims[k]];
            if (item->value > most * size) {
                most = item->value / size;
                worst = item;
            }
        }
        if (most < least) {
            least = most;
            memcpy(best, shares, sizeof best);
        }
        total = 0;
        for (guint k = 0; worst && k < sack->n_dims; k++) {
            double share = (double)worst->need[sack->dims[k]] / rest[sack->dims[k]];

            shares[k] = (shares[k] + 1e-6) * (1 + 2 * share / (1 + round / 8.0));
            total += shares[k];
        }
        for (guint k = 0; k < sack->n_dims; k++)
            shares[k] /= total > 0 ? total : 1;
    }
    for (guint k = 0; k < sack->n_dims; k++)
        sack->weights[k] = best[k] / rest[sack->dims[k]];
}

double fleet_sack_prepare(FleetSack *sack, const int *rest)
{
    guint n = sack->items->len;
    double room = 0;

    find_dims(sack, rest);
    find_weights(sack, rest);
    for (guint i = 0; i < n; i++) {
        FleetItem *item = &g_array_index(sack->items, FleetItem, i);

        item->size = 0;
        for (guint k = 0; k < sack->n_dims; k++)
            item->size += sack->weights[k] * item->need[sack->dims[k]];
    }
    g_array_sort(sack->items, compare_items);
    for (guint k = 0; k < sack->n_dims; k++)
        room += sack->weights[k] * rest[sack->dims[k]];
    sack->memory = 0;
    while (sack->memory < sack->n_dims && sack->dims[sack->memory] != DIM_MEMORY)
        sack->memory++;
    sack->all_memory = rest[DIM_MEMORY];
    for (guint i = n; i-- > 0;) {
        const FleetItem *item = &g_array_index(sack->items, FleetItem, i);

        sack->rates[i] = MAX(item->value / item->size, i + 1 < n ? sack->rates[i + 1] : 0);
        for (guint k = 0; k < sack->n_dims; k++) {
            int need = item->need[sack->dims[k]];
            double after = i + 1 < n ? sack->ratios[(i + 1) * sack->n_dims + k] : 0;
            bool unlimited = need == 0 || after < 0;

            sack->needs[i * sack->n_dims + k] = need;
            sack->ratios[i * sack->n_dims + k] =
                unlimited ? UNLIMITED : MAX(item->value / need, after);
        }
    }
    return room;
}

void fleet_sack_walk(FleetSack *sack, const int *rest, double room)
{
    int by_dim[FLEET_ROW];

    g_assert(sack->dims[0] == DIM_CORES); /* every item needs some */
    for (guint k = 0; k < sack->n_dims; k++)
        by_dim[k] = rest[sack->dims[k]];
    sack->best_value = sack->open = 0;
    sack->steps = 0;
    sack->max_cores = rest[DIM_CORES];
    memset(sack->now, 0, sack->fleet->flavours->len * sizeof *sack->now);
    memset(sack->best, 0, sack->fleet->flavours->len * sizeof *sack->best);
    walk(sack, 0, by_dim, room, 0, 0);
    stop_seen(sack);
    sack->total += sack->steps;
}
