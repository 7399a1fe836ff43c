/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of worth by cores and memory. */
#include "core/fleet_table.h"

/* Of one table; with more, memory is told apart less finely. */
#define MAX_CELLS ((gsize)4 << 20)
/* Cells that are reckoned in one go. */
#define LANES 8
/* What rounding in single precision may have taken away. */
#define ROUNDING 4e-6F
#define MAX_SHAPES 8
#define MAX_TABLES 16

struct FleetTables {
    const Fleet *fleet;
    const double *values;
    GPtrArray *tables; /* FleetTable *: by shape and level */
    GArray *levels;    /* int, of each */
};

static void table_free(FleetTable *table)
{
    g_free(table->order);
    g_free(table->rank);
    g_free(table->from);
    g_free(table->cells);
    g_free(table);
}

FleetTables *fleet_tables_new(const Fleet *fleet)
{
    FleetTables *tables = g_new0(FleetTables, 1);

    tables->fleet = fleet;
    tables->tables = g_ptr_array_new_with_free_func((GDestroyNotify)table_free);
    tables->levels = g_array_new(false, false, sizeof(int));
    return tables;
}

void fleet_tables_free(FleetTables *tables)
{
    if (!tables)
        return;
    g_ptr_array_unref(tables->tables);
    g_array_unref(tables->levels);
    g_free(tables);
}

void fleet_tables_set(FleetTables *tables, const double *values)
{
    tables->values = values;
    for (guint i = 0; i < tables->tables->len; i++)
        ((FleetTable *)g_ptr_array_index(tables->tables, i))->made = false;
}

typedef struct {
    guint flavour;
    bool joint;
    double rate;
} Ranked;

static int compare_ranked(gconstpointer a, gconstpointer b)
{
    const Ranked *x = a, *y = b;

    if (x->joint != y->joint)
        return x->joint ? -1 : 1;
    if (!x->joint && x->rate != y->rate)
        return x->rate > y->rate ? -1 : 1;
    return x->flavour < y->flavour ? -1 : 1;
}

static void rank_flavours(FleetTable *table, const double *values, guint n_flavours, int level)
{
    const FleetShape *shape = table->shape;
    g_autofree Ranked *ranked = g_new(Ranked, n_flavours);

    table->n = table->n_joint = 0;
    for (guint f = 0; f < n_flavours; f++) {
        double size = (double)shape->cores[f] / MAX(shape->max_cores, 1) +
                      (double)shape->memory[f] / MAX(shape->max_memory, 1);

        table->rank[f] = G_MAXUINT;
        table->from[f] = table->n_joint;
        if (shape->cores[f] < 1 || values[f] <= 0 || shape->service[f] > level)
            continue;
        ranked[table->n++] = (Ranked){f, shape->joint[f], values[f] / size};
        table->n_joint += shape->joint[f];
    }
    qsort(ranked, table->n, sizeof *ranked, compare_ranked);
    for (guint i = 0; i < table->n; i++) {
        table->order[i] = ranked[i].flavour;
        table->rank[ranked[i].flavour] = i;
    }
}

/* The worth of one row of memory: without the flavour, or with one more of it. Rows end in room for
 * a whole step. */
static void fill_row(float *restrict row, const float *restrict without, const float *restrict less,
                     gsize shift, gsize width, float value)
{
    memcpy(row, without, MIN(shift, width) * sizeof *row);
    for (gsize m = shift; m < width; m += LANES)
        for (guint i = 0; i < LANES; i++) {
            float with = less[m - shift + i] + value;

            row[m + i] = with > without[m + i] ? with : without[m + i];
        }
}

/* Flavour by flavour, from the last: with none of it, or with one more. */
static void fill_table(FleetTable *table, const double *values, gsize width)
{
    const FleetShape *shape = table->shape;
    guint rows = (guint)shape->max_cores + 1;

    memset(table->cells + table->n * table->layer, 0, table->layer * sizeof *table->cells);
    for (guint i = table->n; i-- > 0;) {
        guint f = table->order[i], need = (guint)shape->cores[f];
        gsize shift = (gsize)(shape->memory[f] / table->unit);
        float value = (float)(values[f] / shape->parts[f]) * (1 + ROUNDING);
        float *own = table->cells + i * table->layer, *next = own + table->layer;

        memcpy(own, next, MIN(need, rows) * table->stride * sizeof *own);
        for (guint c = need; c < rows; c++)
            fill_row(own + c * table->stride, next + c * table->stride,
                     own + (c - need) * table->stride, shift, width, value);
    }
}

static void make_table(const FleetTables *tables, FleetTable *table, int level)
{
    const FleetShape *shape = table->shape;
    gsize rows = (gsize)shape->max_cores + 1, width;

    rank_flavours(table, tables->values, tables->fleet->flavours->len, level);
    width = (gsize)(shape->max_memory / table->unit) + 1;
    if (!table->cells) {
        gsize layers = tables->fleet->flavours->len + 1;

        while (rows * layers * (width + LANES) > MAX_CELLS && width > 1) {
            table->unit *= 2;
            width = (gsize)(shape->max_memory / table->unit) + 1;
        }
        table->stride = width + LANES;
        table->layer = rows * table->stride;
        table->cells = g_new0(float, table->layer *layers);
    }
    fill_table(table, tables->values, width);
    table->made = true;
}

const FleetTable *fleet_tables_find(FleetTables *tables, guint class_number, guint node, int level)
{
    const FleetShape *shape = fleet_class(tables->fleet, class_number)->shapes[node];
    FleetTable *table = NULL;

    for (guint i = 0; shape && i < tables->tables->len && !table; i++) {
        FleetTable *other = g_ptr_array_index(tables->tables, i);

        if (other->shape == shape && g_array_index(tables->levels, int, i) == level)
            table = other;
    }
    if (!shape || (!table && tables->tables->len >= MAX_TABLES))
        return NULL;
    if (!table) {
        guint n = MAX(tables->fleet->flavours->len, 1);

        table = g_new0(FleetTable, 1);
        table->shape = shape;
        table->unit = 1;
        table->order = g_new(guint, n);
        table->rank = g_new(guint, n);
        table->from = g_new(guint, n);
        g_ptr_array_add(tables->tables, table);
        g_array_append_val(tables->levels, level);
    }
    if (!table->made)
        make_table(tables, table, level);
    return table;
}

static void shape_free(FleetShape *shape)
{
    g_free(shape->cores);
    g_free(shape->memory);
    g_free(shape->service);
    g_free(shape->joint);
    g_free(shape->parts);
    g_free(shape);
}

GPtrArray *fleet_shapes_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)shape_free);
}

/* The first class that can hold the flavour at all; NULL: none. */
static const FleetUse *any_use(const Fleet *fleet, guint flavour)
{
    for (guint c = 0; c < fleet->classes->len; c++)
        if (fleet_class(fleet, c)->uses[flavour].possible)
            return &fleet_class(fleet, c)->uses[flavour];
    return NULL;
}

static int cores_of(const FleetUse *use)
{
    return use->need[DIM_CORES] + (use->n_nodes == 1 ? use->extra : 0);
}

/* A flavour that the node is too small for needs what it needs elsewhere: the table sees by itself
 * that it does not fit. */
static FleetShape *shape_new(const Fleet *fleet, const FleetUse *const *any,
                             const FleetClass *class, guint node)
{
    guint n = MAX(fleet->flavours->len, 1);
    FleetShape *shape = g_new0(FleetShape, 1);

    shape->cores = g_new(int, n);
    shape->memory = g_new0(int, n);
    shape->service = g_new0(int, n);
    shape->joint = g_new0(bool, n);
    shape->parts = g_new0(int, n);
    for (guint f = 0; f < fleet->flavours->len; f++) {
        const FleetUse *use = &class->uses[f];

        shape->cores[f] = -1;
        if (!use->possible || !(use->nodes >> node & 1)) {
            use = any[f];
            if (!use || (cores_of(use) + (use->n_nodes == 1 ? use->service : 0) <=
                             class->caps[node][DIM_CORES] &&
                         use->need[DIM_MEMORY] <= class->caps[node][DIM_MEMORY]))
                continue;
        }
        shape->cores[f] = cores_of(use);
        shape->memory[f] = use->need[DIM_MEMORY];
        shape->service[f] = use->n_nodes > 1 ? 0 : use->service;
        shape->parts[f] = (int)use->n_nodes;
        shape->joint[f] = use->n_nodes > 1 || fleet_flavour(fleet, f)->cluster >= 0;
    }
    return shape;
}

static bool same_shape(const FleetShape *a, const FleetShape *b, guint n)
{
    return memcmp(a->cores, b->cores, n * sizeof *a->cores) == 0 &&
           memcmp(a->memory, b->memory, n * sizeof *a->memory) == 0 &&
           memcmp(a->service, b->service, n * sizeof *a->service) == 0 &&
           memcmp(a->joint, b->joint, n * sizeof *a->joint) == 0 &&
           memcmp(a->parts, b->parts, n * sizeof *a->parts) == 0;
}

static FleetShape *intern_shape(Fleet *fleet, FleetShape *shape)
{
    for (guint i = 0; i < fleet->shapes->len; i++) {
        FleetShape *other = g_ptr_array_index(fleet->shapes, i);

        if (!same_shape(shape, other, fleet->flavours->len))
            continue;
        shape_free(shape);
        return other;
    }
    if (fleet->shapes->len >= MAX_SHAPES) {
        shape_free(shape);
        return NULL;
    }
    shape->number = fleet->shapes->len;
    g_ptr_array_add(fleet->shapes, shape);
    return shape;
}

void fleet_find_shapes(Fleet *fleet)
{
    g_autofree const FleetUse **any = g_new(const FleetUse *, MAX(fleet->flavours->len, 1));

    for (guint f = 0; f < fleet->flavours->len; f++)
        any[f] = any_use(fleet, f);
    for (guint c = 0; c < fleet->classes->len; c++) {
        FleetClass *class = fleet_class(fleet, c);

        class->shapes = g_new0(FleetShape *, MAX(class->n_nodes, 1));
        for (guint n = 0; n < class->n_nodes; n++) {
            FleetShape *shape = n > 0 && class->kind_of[n] == class->kind_of[n - 1]
                                    ? class->shapes[n - 1]
                                    : intern_shape(fleet, shape_new(fleet, any, class, n));

            class->shapes[n] = shape;
            if (!shape)
                continue;
            shape->max_cores = MAX(shape->max_cores, class->caps[n][DIM_CORES]);
            shape->max_memory = MAX(shape->max_memory, class->caps[n][DIM_MEMORY]);
        }
    }
}
