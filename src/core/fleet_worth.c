/* SPDX-License-Identifier: Apache-2.0 */
/* The worth of a node by cores and memory, in one layer. */
#include "core/fleet_worth.h"

#include "core/fleet_joint.h"

/* Of one grid; with more, memory is told apart less finely: still less for a pattern that need not
 * be the best. */
#define MAX_CELLS ((gsize)1 << 20)
#define NEAR_CELLS ((gsize)1 << 16)
/* Cells that are reckoned in one go. */
#define LANES 8
/* What rounding in single precision may have taken away. */
#define ROUNDING 4e-6F
#define MAX_GRIDS 32

/* A flavour of a grid. */
typedef struct {
    guint flavour;
    int cores;
    gsize shift; /* of cells: its memory */
    float value;
    double rate;
} Option;

typedef struct {
    const FleetShape *shape;
    int level; /* cores that the slices of the node share */
    bool made, joint;
    GArray *options; /* Option: the worthiest for its size first */
    gint64 unit;     /* of memory */
    gsize stride;
    float *cells; /* by cores, then memory */
} Grid;

struct FleetWorth {
    const Fleet *fleet;
    const double *values;
    GPtrArray *grids;
};

static void grid_free(Grid *grid)
{
    g_array_unref(grid->options);
    g_free(grid->cells);
    g_free(grid);
}

FleetWorth *fleet_worth_new(const Fleet *fleet)
{
    FleetWorth *worth = g_new0(FleetWorth, 1);

    worth->fleet = fleet;
    worth->grids = g_ptr_array_new_with_free_func((GDestroyNotify)grid_free);
    return worth;
}

void fleet_worth_free(FleetWorth *worth)
{
    if (!worth)
        return;
    g_ptr_array_unref(worth->grids);
    g_free(worth);
}

void fleet_worth_set(FleetWorth *worth, const double *values)
{
    worth->values = values;
    for (guint i = 0; i < worth->grids->len; i++)
        ((Grid *)g_ptr_array_index(worth->grids, i))->made = false;
}

static int compare_options(gconstpointer a, gconstpointer b)
{
    const Option *x = a, *y = b;

    if (x->rate != y->rate)
        return x->rate > y->rate ? -1 : 1;
    return x->flavour < y->flavour ? -1 : 1;
}

static void list_options(const FleetWorth *worth, Grid *grid)
{
    const FleetShape *shape = grid->shape;

    g_array_set_size(grid->options, 0);
    grid->joint = false;
    for (guint f = 0; f < worth->fleet->flavours->len; f++) {
        double value = worth->values[f];
        Option option = {.flavour = f, .cores = shape->cores[f]};

        if (shape->cores[f] < 1 || value <= 0 || shape->service[f] > grid->level)
            continue;
        grid->joint |= shape->joint[f];
        option.shift = (gsize)(shape->memory[f] / grid->unit);
        option.value = (float)value * (1 + ROUNDING);
        option.rate = value / ((double)shape->cores[f] / MAX(shape->max_cores, 1) +
                               (double)shape->memory[f] / MAX(shape->max_memory, 1));
        g_array_append_val(grid->options, option);
    }
    g_array_sort(grid->options, compare_options);
}

/* Rows end in room for a whole step. */
static void raise_row(float *restrict row, const float *restrict less, gsize shift, gsize width,
                      float value)
{
    for (gsize m = shift; m < width; m += LANES)
        for (guint i = 0; i < LANES; i++) {
            float with = less[m - shift + i] + value;

            row[m + i] = with > row[m + i] ? with : row[m + i];
        }
}

static void fill_grid(const FleetWorth *worth, Grid *grid)
{
    gsize width = grid->stride - LANES;

    list_options(worth, grid);
    memset(grid->cells, 0, grid->stride * sizeof *grid->cells);
    for (int c = 1; c <= grid->shape->max_cores; c++) {
        float *row = grid->cells + (gsize)c * grid->stride;

        memcpy(row, row - grid->stride, grid->stride * sizeof *row);
        for (guint i = 0; i < grid->options->len; i++) {
            const Option *option = &g_array_index(grid->options, Option, i);

            if (option->cores <= c)
                raise_row(row, row - (gsize)option->cores * grid->stride, option->shift, width,
                          option->value);
        }
    }
    grid->made = true;
}

static gint64 find_unit(const FleetShape *shape, bool near)
{
    gsize rows = (gsize)shape->max_cores + 1, most = near ? NEAR_CELLS : MAX_CELLS;
    gint64 unit = 1;

    while (rows * ((gsize)(shape->max_memory / unit) + 1 + LANES) > most &&
           unit <= shape->max_memory)
        unit *= 2;
    return unit;
}

static Grid *grid_new(const FleetShape *shape, int level, gint64 unit)
{
    Grid *grid = g_new0(Grid, 1);
    gsize rows = (gsize)shape->max_cores + 1;

    grid->shape = shape;
    grid->level = level;
    grid->options = g_array_new(false, false, sizeof(Option));
    grid->unit = unit;
    grid->stride = (gsize)(shape->max_memory / grid->unit) + 1 + LANES;
    grid->cells = g_new0(float, rows * grid->stride);
    return grid;
}

/* NULL: the node has no shape that others share. */
static const Grid *find_grid(FleetWorth *worth, const FleetShape *shape, int level, bool near)
{
    gint64 unit = shape ? find_unit(shape, near) : 1;
    Grid *grid = NULL;

    for (guint i = 0; shape && i < worth->grids->len && !grid; i++) {
        Grid *other = g_ptr_array_index(worth->grids, i);

        if (other->shape == shape && other->level == level && other->unit == unit)
            grid = other;
    }
    if (!shape || (!grid && worth->grids->len >= MAX_GRIDS))
        return NULL;
    if (!grid) {
        grid = grid_new(shape, level, unit);
        g_ptr_array_add(worth->grids, grid);
    }
    if (!grid->made)
        fill_grid(worth, grid);
    return grid;
}

static float cell(const Grid *grid, int cores, int memory)
{
    return grid->cells[(gsize)cores * grid->stride + (gsize)(memory / grid->unit)];
}

/* What is left of the host while slots are chosen. */
typedef struct {
    const FleetWorth *worth;
    const FleetClass *class;
    const Grid *grid;
    int rest[FLEET_DIMS];
    guint node;
    bool near;
    GArray *slots;
    guint16 *counts; /* by flavour, of the host */
} Choice;

static bool may_take(const Choice *choice, guint flavour)
{
    const FleetUse *use = &choice->class->uses[flavour];

    if (!use->possible || !(use->nodes >> choice->node & 1) ||
        choice->counts[flavour] >= fleet_flavour(choice->worth->fleet, flavour)->most)
        return false;
    for (guint d = DIM_WHOLE; d < FLEET_DIMS; d++)
        if (use->need[d] > choice->rest[d])
            return false;
    return true;
}

/* The option that the grid's worth comes from; with others in the way, the best that there is. */
static const Option *choose(const Choice *choice)
{
    const Grid *grid = choice->grid;
    const int *rest = choice->rest;
    gsize width = (gsize)(rest[DIM_MEMORY] / grid->unit);
    float all = cell(grid, rest[DIM_CORES], rest[DIM_MEMORY]), most = 0;
    const Option *best = NULL;

    for (guint i = 0; i < grid->options->len; i++) {
        const Option *option = &g_array_index(grid->options, Option, i);
        float with;

        if (option->cores > rest[DIM_CORES] || option->shift > width)
            continue;
        with = grid->cells[(gsize)(rest[DIM_CORES] - option->cores) * grid->stride + width -
                           option->shift] +
               option->value;
        if (with <= most || (with < all && !choice->near) || !may_take(choice, option->flavour))
            continue;
        most = with;
        best = option;
        if (with >= all)
            break;
    }
    return best;
}

/* The node's slots; false: not all that the grid promises. */
static bool fill_node(Choice *choice)
{
    while (cell(choice->grid, choice->rest[DIM_CORES], choice->rest[DIM_MEMORY]) > 0) {
        const Option *option = choose(choice);
        const FleetUse *use;
        FleetSlot slot;

        if (!option)
            return choice->near;
        use = &choice->class->uses[option->flavour];
        for (guint d = DIM_WHOLE; d < FLEET_DIMS; d++)
            choice->rest[d] -= use->need[d];
        choice->rest[DIM_CORES] -= option->cores;
        slot = (FleetSlot){option->flavour, (guint64)1 << choice->node};
        choice->counts[option->flavour]++;
        g_array_append_val(choice->slots, slot);
    }
    return true;
}

/* The level of shared cores that lets the node be worth most; its grid. -1: nodes are joined. */
static double best_level(FleetWorth *worth, const FleetClass *class, guint node, const int *levels,
                         guint n_levels, bool near, const Grid **ret_grid)
{
    double most = 0;

    *ret_grid = NULL;
    for (guint l = 0; l < n_levels; l++) {
        const Grid *grid = find_grid(worth, class->shapes[node], levels[l], near);
        int cores = class->caps[node][DIM_CORES] - levels[l];
        double all;

        if (!grid || grid->joint)
            return -1;
        all = cores < 1 ? 0 : (double)cell(grid, cores, class->caps[node][DIM_MEMORY]);
        if (all <= most)
            continue;
        most = all;
        *ret_grid = grid;
    }
    return most;
}

bool fleet_worth_find(FleetWorth *worth, guint number, bool near, GArray *slots, double *ret_value,
                      double *ret_bound)
{
    const Fleet *fleet = worth->fleet;
    const FleetClass *class = fleet_class(fleet, number);
    g_autofree guint16 *counts = g_new0(guint16, MAX(fleet->flavours->len, 1));
    Choice choice = {worth, class, .near = near, .slots = slots, .counts = counts};
    int levels[FLEET_LEVELS];
    guint n_levels = fleet_list_levels(fleet, class, levels);

    if (class->has_multi || class->has_pools)
        return false;
    g_array_set_size(slots, 0);
    *ret_value = *ret_bound = 0;
    for (guint n = 0; n < class->n_nodes; n++) {
        double most = best_level(worth, class, n, levels, n_levels, near, &choice.grid);

        if (most < 0)
            return false;
        *ret_bound += most;
        if (!choice.grid)
            continue;
        memcpy(choice.rest, class->caps[n], sizeof choice.rest);
        choice.rest[DIM_CORES] -= choice.grid->level;
        choice.node = n;
        if (!fill_node(&choice))
            return false;
    }
    for (guint i = 0; i < slots->len; i++)
        *ret_value += worth->values[g_array_index(slots, FleetSlot, i).flavour];
    *ret_bound = MAX(*ret_bound, *ret_value);
    return true;
}
