/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fleets of many unlike hosts: classes that nearly equal each other are merged into one that holds
 * what they do on the average. The linear program over the merged classes tells what the flavours
 * are worth, which bounds the real ones (Lagrange), and its patterns go to the smallest real hosts
 * that hold them.
 */
#include "core/fleet_internal.h"

#define CLASS_BUDGET 1000

typedef struct {
    double tight[FLEET_DIMS]; /* what all slices need, as a share of what all hosts have */
    gint64 step[FLEET_DIMS];  /* caps are told apart in these units */
    int largest[FLEET_DIMS];
} Grid;

static void grid_init(const Fleet *fleet, Grid *grid)
{
    for (guint d = 0; d < FLEET_DIMS; d++) {
        double need = 0, have = 0;

        grid->step[d] = 1;
        grid->largest[d] = 0;
        for (guint c = 0; c < fleet->classes->len; c++) {
            const FleetClass *class = fleet_class(fleet, c);

            for (guint n = 0; n < class->n_nodes; n++) {
                have += (double)class->caps[n][d] * class->hosts;
                grid->largest[d] = MAX(grid->largest[d], class->caps[n][d]);
            }
        }
        for (guint f = 0; f < fleet->flavours->len; f++)
            need += (double)fleet_least_need(fleet, f, d) * fleet_flavour(fleet, f)->instances->len;
        grid->tight[d] = have > 0 ? need / have : 0;
    }
}

/* The dim of which twice the step blurs least, that it matters; FLEET_DIMS: all are as coarse as
 * can be. */
static guint loosest(const Grid *grid)
{
    guint best = FLEET_DIMS;
    double least = G_MAXDOUBLE;

    for (guint d = 0; d < FLEET_DIMS; d++) {
        double blur = grid->tight[d] * (double)grid->step[d] / MAX(grid->largest[d], 1);

        if (grid->step[d] <= grid->largest[d] && blur < least) {
            least = blur;
            best = d;
        }
    }
    return best;
}

static GBytes *grid_key(const FleetClass *class, const Grid *grid)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    g_byte_array_append(bytes, (const guint8 *)&class->n_nodes, sizeof class->n_nodes);
    for (guint n = 0; n < class->n_nodes; n++)
        for (guint d = 0; d < FLEET_DIMS; d++) {
            gint64 cell = (class->caps[n][d] + grid->step[d] - 1) / grid->step[d];

            g_byte_array_append(bytes, (const guint8 *)&cell, sizeof cell);
        }
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

/* Number of its merged class for each class. */
static guint *group_classes(const Fleet *fleet, const Grid *grid, guint *ret_groups)
{
    guint *groups = g_new(guint, fleet->classes->len);
    g_autoptr(GHashTable) numbers =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);

    for (guint c = 0; c < fleet->classes->len; c++) {
        GBytes *key = grid_key(fleet_class(fleet, c), grid);
        gpointer number = g_hash_table_lookup(numbers, key);

        if (number) {
            g_bytes_unref(key);
        } else {
            number = GUINT_TO_POINTER(g_hash_table_size(numbers) + 1);
            g_hash_table_insert(numbers, key, number);
        }
        groups[c] = GPOINTER_TO_UINT(number) - 1;
    }
    *ret_groups = g_hash_table_size(numbers);
    return groups;
}

static void merge_use(const FleetUse *from, FleetUse *to)
{
    if (!from->possible)
        return;
    if (!to->possible) {
        *to = *from;
        return;
    }
    to->nodes |= from->nodes;
    for (guint d = 0; d < FLEET_DIMS; d++)
        to->need[d] = MIN(to->need[d], from->need[d]);
    for (guint k = 0; k < FLEET_POOLS; k++)
        to->pool[k] = MIN(to->pool[k], from->pool[k]);
    to->extra = MIN(to->extra, from->extra);
    to->service = MIN(to->service, from->service);
}

static int mean(int a, guint n_a, int b, guint n_b)
{
    return n_a + n_b == 0 ? a : (int)(((gint64)a * n_a + (gint64)b * n_b) / (n_a + n_b));
}

static void merge_class(const Fleet *fleet, const FleetClass *from, FleetClass *to)
{
    FleetUse *uses = (FleetUse *)to->uses;

    if (!to->caps)
        to->caps = g_malloc0_n(MAX(from->n_nodes, 1), sizeof *to->caps);
    to->n_nodes = from->n_nodes;
    for (guint n = 0; n < from->n_nodes; n++)
        for (guint d = 0; d < FLEET_DIMS; d++)
            to->caps[n][d] = mean(to->caps[n][d], to->hosts, from->caps[n][d], from->hosts);
    for (guint k = 0; k < FLEET_POOLS; k++)
        to->pools[k] = mean(to->pools[k], to->hosts, from->pools[k], from->hosts);
    to->hosts += from->hosts;
    for (guint f = 0; f < fleet->flavours->len; f++)
        merge_use(&from->uses[f], &uses[f]);
}

static void merged_free(FleetClass *class)
{
    g_free((FleetUse *)class->uses);
    fleet_class_free(class);
}

guint *fleet_merge(const Fleet *fleet, guint most, Fleet *ret_view)
{
    Grid grid;
    guint n_groups;
    g_autofree guint *groups = NULL;

    grid_init(fleet, &grid);
    for (;;) {
        guint dim = loosest(&grid);

        g_free(groups);
        groups = group_classes(fleet, &grid, &n_groups);
        if (n_groups <= most || dim == FLEET_DIMS)
            break;
        grid.step[dim] *= 2;
    }
    *ret_view = *fleet;
    ret_view->classes = g_ptr_array_new_with_free_func((GDestroyNotify)merged_free);
    for (guint g = 0; g < n_groups; g++) {
        FleetClass *class = g_new0(FleetClass, 1);

        class->uses = g_new0(FleetUse, MAX(fleet->flavours->len, 1));
        g_ptr_array_add(ret_view->classes, class);
    }
    for (guint c = 0; c < fleet->classes->len; c++)
        merge_class(fleet, fleet_class(fleet, c), fleet_class(ret_view, groups[c]));
    for (guint g = 0; g < n_groups; g++)
        fleet_class_finish(fleet, fleet_class(ret_view, g));
    return g_steal_pointer(&groups);
}

/* How much a class has, each resource as dear as it is tight. */
typedef struct {
    guint class;
    double size;
} Sized;

static int compare_sized(gconstpointer a, gconstpointer b)
{
    const Sized *x = a, *y = b;

    return x->size != y->size ? (x->size < y->size ? -1 : 1)
                              : (x->class < y->class ? -1 : x->class > y->class);
}

static Sized *size_classes(const Fleet *fleet)
{
    Sized *sized = g_new(Sized, fleet->classes->len);
    Grid grid;

    grid_init(fleet, &grid);
    for (guint c = 0; c < fleet->classes->len; c++) {
        const FleetClass *class = fleet_class(fleet, c);

        sized[c] = (Sized){c, 0};
        for (guint n = 0; n < class->n_nodes; n++)
            for (guint d = 0; d < FLEET_DIMS; d++)
                if (grid.largest[d] > 0)
                    sized[c].size += grid.tight[d] * class->caps[n][d] / grid.largest[d];
    }
    qsort(sized, fleet->classes->len, sizeof *sized, compare_sized);
    return sized;
}

/* The pattern on an empty host of @class, each slice on the same nodes; NULL: it does not fit. */
static FleetState *transfer(const Fleet *fleet, const FleetState *pattern, guint class)
{
    g_autoptr(FleetState) state = fleet_state_new(fleet, class);

    for (guint i = 0; i < pattern->slots->len; i++) {
        const FleetSlot *slot = &g_array_index(pattern->slots, FleetSlot, i);

        if (!fleet_state_fits_at(fleet, state, slot->flavour, slot->nodes))
            return NULL;
        fleet_state_take(fleet, state, slot->flavour, slot->nodes);
    }
    return g_steal_pointer(&state);
}

static guint hosts_for_pattern(const Fleet *fleet, const FleetState *state, const guint *left,
                               double wanted)
{
    guint hosts = (guint)(wanted + 1e-6);

    for (guint f = 0; hosts > 0 && f < fleet->flavours->len; f++)
        if (state->counts[f] > 0)
            hosts = MIN(hosts, left[f] / state->counts[f]);
    return hosts;
}

static void take_hosts(const Fleet *fleet, FleetState *state, guint hosts, guint *left,
                       guint *free_hosts, GPtrArray *buckets)
{
    for (guint f = 0; f < fleet->flavours->len; f++)
        left[f] -= hosts * state->counts[f];
    free_hosts[state->class] -= hosts;
    fleet_add_bucket(fleet, buckets, state, hosts);
}

void fleet_fit_merged(Fleet *fleet, const FleetLp *lp, const guint *groups, const double *values,
                      guint *left, guint *free_hosts, GPtrArray *buckets)
{
    g_autofree Sized *sized = size_classes(fleet);
    guint n = fleet->classes->len;

    for (guint r = 0; r < lp->n_rows; r++) {
        const FleetState *pattern = lp->patterns[r];
        guint hosts = pattern ? hosts_for_pattern(fleet, pattern, left, lp->x[r]) : 0;

        for (guint i = 0; i < n && hosts > 0; i++) { /* the smallest that do */
            guint class = sized[i].class;
            guint here = MIN(hosts, free_hosts[class]);
            FleetState *state =
                here > 0 && groups[class] == pattern->class ? transfer(fleet, pattern, class)
                                                            : NULL;

            if (!state)
                continue;
            take_hosts(fleet, state, here, left, free_hosts, buckets);
            hosts -= here;
        }
    }
    for (guint i = n; i-- > 0;) { /* the rest into the largest that are free */
        guint class = sized[i].class;

        while (free_hosts[class] > 0) {
            FleetPrice price = {.values = values, .limits = left, .budget = CLASS_BUDGET};
            double value, bound;
            FleetState *state = fleet_price(fleet, class, &price, &value, &bound, &fleet->steps);

            if (value <= 1e-9) {
                fleet_state_free(state);
                break;
            }
            take_hosts(fleet, state, hosts_for_pattern(fleet, state, left, free_hosts[class]), left,
                       free_hosts, buckets);
        }
    }
}
