/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The linear program of very many unlike classes. A sample of them, each for those that are near it
 * in size, tells what the flavours are worth; those values bound all classes (Lagrange). For values
 * close by every class gets some good patterns, and of these the program chooses.
 */
#include "core/fleet_columns.h"

#define SAMPLE 64
/* Classes that are priced with the same values. */
#define PART 128
#define SWEEPS 24
/* Only patterns are sought in these. */
#define FIRST_SWEEPS 6
/* After so many the center is moved. */
#define MOVE 3
/* How far the values are moved at most: less in each sweep. */
#define FIRST_WIDTH 0.05
#define NARROWER 0.8
/* Good enough. */
#define GAP 3e-4
#define SETTLED 1e-4

typedef struct {
    guint class;
    const FleetClass *of;
    gint64 cores, memory;
} Sized;

static int compare_numbers(gint64 a, gint64 b)
{
    return a < b ? -1 : a > b;
}

static int shape_number(const FleetClass *class)
{
    return class->n_nodes > 0 && class->shapes[0] ? (int)class->shapes[0]->number : -1;
}

static int compare_sized(gconstpointer a, gconstpointer b)
{
    const Sized *x = a, *y = b;
    int order = compare_numbers(x->of->n_nodes, y->of->n_nodes);

    order = order ? order : compare_numbers(shape_number(x->of), shape_number(y->of));
    order = order ? order : compare_numbers(x->cores, y->cores);
    order = order ? order : compare_numbers(x->memory, y->memory);
    return order ? order : compare_numbers(x->class, y->class);
}

static Sized *size_classes(const Fleet *fleet)
{
    guint n = fleet->classes->len;
    Sized *sized = g_new0(Sized, n);

    for (guint c = 0; c < n; c++) {
        const FleetClass *class = fleet_class(fleet, c);

        sized[c] = (Sized){.class = c, .of = class};
        for (guint i = 0; i < class->n_nodes; i++) {
            sized[c].cores += class->caps[i][DIM_CORES];
            sized[c].memory += class->caps[i][DIM_MEMORY];
        }
    }
    qsort(sized, n, sizeof *sized, compare_sized);
    return sized;
}

/* Classes in the order of their size, in runs of about as many hosts: the middle of each run stands
 * for it. The view's classes are shallow copies, freed with its array. */
static void take_sample(const Fleet *fleet, Fleet *ret_view)
{
    g_autofree Sized *sized = size_classes(fleet);
    guint n = fleet->classes->len, first = 0, hosts = 0;

    *ret_view = *fleet;
    ret_view->classes = g_ptr_array_new_with_free_func(g_free);
    for (guint c = 0; c < n; c++) {
        bool last = c + 1 == n || sized[c + 1].of->n_nodes != sized[c].of->n_nodes ||
                    shape_number(sized[c + 1].of) != shape_number(sized[c].of);
        FleetClass *copy;

        hosts += sized[c].of->hosts;
        if (!last && hosts < fleet->hosts->len / SAMPLE)
            continue;
        copy = g_memdup2(sized[(first + c) / 2].of, sizeof *copy);
        copy->hosts = hosts;
        g_ptr_array_add(ret_view->classes, copy);
        hosts = 0;
        first = c + 1;
    }
}

/* What the flavours are worth by a sample. */
static void solve_sample(FleetColumns *columns, double *ret_values, guint64 budget)
{
    Fleet *fleet = columns->fleet;
    guint n = fleet->flavours->len;
    Fleet view;
    g_autoptr(GPtrArray) classes = NULL;
    g_autoptr(GPtrArray) seeds = g_ptr_array_new_with_free_func((GDestroyNotify)fleet_bucket_free);
    g_autoptr(FleetLp) lp = NULL;
    g_autofree guint *left = g_new(guint, n);
    g_autofree guint *free_hosts = NULL;

    take_sample(fleet, &view);
    classes = view.classes;
    free_hosts = g_new(guint, classes->len);
    for (guint f = 0; f < n; f++)
        left[f] = fleet_flavour(fleet, f)->count;
    for (guint c = 0; c < classes->len; c++)
        free_hosts[c] = fleet_class(&view, c)->hosts;
    fleet_fit_decreasing(&view, left, free_hosts, seeds);
    lp = fleet_lp_solve(&view, columns->lp->unplaced, columns->lp->host, seeds, budget);
    fleet->steps = view.steps;
    memcpy(ret_values, lp->witness, n * sizeof *ret_values);
}

/* The same on every machine: Marsaglia's xorshift. From -1 to 1. */
static double next_random(guint64 *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (double)(*seed >> 11) / (double)((guint64)1 << 52) - 1;
}

/* A sweep over all classes, a part of them at a time, with values near @center. */
static void sweep_classes(FleetColumns *columns, const double *center, double width, double *values,
                          guint64 *seed)
{
    const FleetLp *lp = columns->lp;

    for (guint first = 0; first < lp->n_classes; first += PART) {
        for (guint f = 0; f < lp->n_rows; f++)
            values[f] = MIN(center[f] * (1 + width * next_random(seed)), lp->unplaced[f]);
        (void)fleet_columns_price(columns, values, first, MIN(PART, lp->n_classes - first));
    }
}

/* Half the way to what the program says by now: there when the bound is better. */
static void move_center(FleetColumns *columns, double *center, double *values)
{
    FleetLp *lp = columns->lp;
    double before = lp->bound;

    fleet_columns_values(lp, values);
    for (guint f = 0; f < lp->n_rows; f++)
        values[f] = (values[f] + center[f]) / 2;
    (void)fleet_columns_round(columns, values);
    if (lp->bound > before)
        memcpy(center, values, lp->n_rows * sizeof *values);
}

void fleet_sample_solve(FleetColumns *columns, double *values, guint64 budget)
{
    FleetLp *lp = columns->lp;
    g_autofree double *center = g_new(double, MAX(lp->n_rows, 1));
    guint64 seed = 88172645463325252, start = columns->fleet->steps;
    double width = FIRST_WIDTH;

    solve_sample(columns, center, budget);
    columns->look_up = columns->later = true;
    (void)fleet_columns_round(columns, center);
    for (guint sweep = 1; sweep <= SWEEPS; sweep++, width *= NARROWER) {
        sweep_classes(columns, center, width, values, &seed);
        if (sweep < FIRST_SWEEPS)
            continue;
        fleet_lp_settle(lp, SETTLED);
        if (fleet_columns_closed(lp, GAP) || columns->fleet->steps - start + lp->work > budget)
            return;
        if (sweep % MOVE == 0)
            move_center(columns, center, values);
    }
}
