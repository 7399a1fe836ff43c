/* SPDX-License-Identifier: Apache-2.0 */
/* A sample of very many unlike classes, each for those that are near it in size. */
#include "core/fleet_columns.h"

#define SAMPLE 64

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
    ret_view->many_classes = G_MAXUINT;
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

void fleet_sample_solve(FleetColumns *columns, double *ret_values, guint64 budget)
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
    lp = fleet_lp_solve_near(&view, columns->lp->unplaced, columns->lp->host, seeds, budget);
    fleet->steps = view.steps;
    memcpy(ret_values, lp->witness, n * sizeof *ret_values);
}
