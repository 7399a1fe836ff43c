/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The linear program over patterns: each flavour's slices are in a pattern or stay out, each class
 * gives no more hosts than it has; cost is hosts in use and slices out.
 *
 * A host is in one class only, so classes need no rows of the basis (generalized upper bounds:
 * Dantzig and Van Slyke 1967). Of each class one variable is its key, which has what the others
 * leave; the rows are the flavours', and in them every other variable of a class stands for the
 * difference to its key. So ten thousand classes cost a pivot no more than one.
 */
#include <math.h>

#include "core/fleet_internal.h"

#define EPSILON 1e-9
/* Pivots after which all is reckoned anew: what was rounded away adds up. */
#define RECKON_ANEW 200
/* Multiplications that take as long as a step of the search. */
#define FLOPS_A_STEP 200
/* Numbers that are reckoned in one go: rows of the inverse end in room for them. */
#define LANES 8

void fleet_lp_free(FleetLp *lp)
{
    if (!lp)
        return;
    g_hash_table_unref(lp->known);
    g_ptr_array_unref(lp->pool);
    g_free(lp->of_class);
    g_free(lp->rows);
    g_free(lp->keys);
    g_free(lp->inverse);
    g_free(lp->column);
    g_free(lp->raw);
    g_free(lp->moves);
    g_free(lp->values);
    g_free(lp->witness);
    g_free(lp);
}

static guint column_hash(gconstpointer data)
{
    const FleetColumn *column = data;
    guint hash = column->class;

    for (guint i = 0; i < column->n_slots; i++) {
        hash = (hash ^ column->slots[i].flavour) * 0x9e3779b1U;
        hash = (hash ^ (hash >> 15) ^ (guint)column->slots[i].nodes) * 0x85ebca6bU;
    }
    return hash ^ (hash >> 13);
}

static gboolean column_equal(gconstpointer a, gconstpointer b)
{
    const FleetColumn *x = a, *y = b;

    if (x->class != y->class || x->n_slots != y->n_slots)
        return false;
    for (guint i = 0; i < x->n_slots; i++)
        if (x->slots[i].flavour != y->slots[i].flavour || x->slots[i].nodes != y->slots[i].nodes)
            return false;
    return true;
}

static FleetColumn *column_new(guint class, const GArray *slots)
{
    gsize size = slots->len * sizeof(FleetSlot);
    FleetColumn *column = g_malloc0(sizeof *column + size);

    column->class = class;
    column->n_slots = slots->len;
    if (size > 0) /* else there is no data to copy from */
        memcpy(column->slots, slots->data, size);
    return column;
}

FleetState *fleet_column_state(const Fleet *fleet, const FleetColumn *column)
{
    FleetState *state = fleet_state_new(fleet, column->class);

    for (guint i = 0; i < column->n_slots; i++)
        fleet_state_take(fleet, state, column->slots[i].flavour, column->slots[i].nodes);
    return state;
}

FleetLp *fleet_lp_new(const Fleet *fleet, const double *unplaced, double host)
{
    FleetLp *lp = g_new0(FleetLp, 1);
    guint n = fleet->flavours->len;

    lp->fleet = fleet;
    lp->unplaced = unplaced;
    lp->host = host;
    lp->n_rows = n;
    lp->pool = g_ptr_array_new_with_free_func(g_free);
    lp->known = g_hash_table_new(column_hash, column_equal);
    lp->n_classes = fleet->classes->len;
    lp->of_class = g_new0(FleetColumn *, MAX(lp->n_classes, 1));
    lp->stride = (n + LANES - 1) / LANES * LANES;
    lp->inverse = g_new0(double, MAX((gsize)n * lp->stride, 1));
    lp->rows = g_new0(FleetBasic, MAX(n, 1));
    lp->keys = g_new0(FleetBasic, MAX(lp->n_classes, 1));
    lp->column = g_new0(double, lp->stride + 1);
    lp->raw = g_new0(double, MAX(n, 1));
    lp->moves = g_new0(double, MAX(lp->n_classes, 1));
    lp->values = g_new0(double, MAX(n, 1));
    lp->witness = g_new0(double, MAX(n, 1));
    for (guint r = 0; r < n; r++) {
        guint slices = fleet_flavour(fleet, r)->count;

        lp->rows[r] = (FleetBasic){.class = -1, .flavour = r, .cost = unplaced[r], .x = slices};
        lp->inverse[r * lp->stride + r] = 1;
        lp->values[r] = unplaced[r];
        lp->objective += unplaced[r] * slices;
    }
    for (guint c = 0; c < lp->n_classes; c++)
        lp->keys[c] = (FleetBasic){.class = (int)c, .x = fleet_class(fleet, c)->hosts};
    return lp;
}

void fleet_lp_add_counts(const FleetLp *lp, const FleetBasic *basic, double factor, double *sums)
{
    if (basic->class < 0)
        sums[basic->flavour] += factor;
    for (guint i = 0; basic->column && i < basic->column->n_slots; i++)
        sums[basic->column->slots[i].flavour] += factor;
}

/* The variable as a column of the rows: less its class's key. */
static void make_column(const FleetLp *lp, const FleetBasic *basic, double *column)
{
    memset(column, 0, lp->n_rows * sizeof *column);
    fleet_lp_add_counts(lp, basic, 1, column);
    if (basic->class >= 0)
        fleet_lp_add_counts(lp, &lp->keys[basic->class], -1, column);
}

void fleet_lp_find_values(FleetLp *lp)
{
    guint n = lp->n_rows;
    g_autofree double *costs = g_new0(double, n + 1);

    lp->objective = 0;
    for (guint c = 0; c < lp->n_classes; c++)
        lp->objective += lp->keys[c].cost * lp->keys[c].x;
    for (guint r = 0; r < n; r++) {
        const FleetBasic *basic = &lp->rows[r];

        lp->objective += basic->cost * basic->x;
        costs[r] = basic->cost - (basic->class >= 0 ? lp->keys[basic->class].cost : 0);
    }
    for (guint f = 0; f < n; f++) {
        const double *own = &lp->inverse[f * lp->stride];

        lp->values[f] = 0;
        for (guint r = 0; r < n; r++)
            lp->values[f] += costs[r] * own[r];
    }
}

/* Adds @factor times @from. Both have room for whole steps. */
static void add_scaled(double *restrict to, const double *restrict from, double factor, gsize n)
{
    for (gsize at = 0; at < n; at += LANES)
        for (guint i = 0; i < LANES; i++)
            to[at + i] += factor * from[at + i];
}

/* Divides row @out of the inverse, and takes it from the others, so that @column becomes a unit. */
static void eliminate(guint n, gsize stride, double *inverse, const double *column, guint out)
{
    for (guint f = 0; f < n; f++) {
        double *own = &inverse[f * stride], pivot = own[out] / column[out];

        if (own[out] == 0)
            continue;
        add_scaled(own, column, -pivot, stride);
        own[out] = pivot;
    }
}

static void multiply(const double *inverse, guint n, gsize stride, const double *column,
                     double *product)
{
    memset(product, 0, stride * sizeof *product);
    for (guint f = 0; f < n; f++)
        if (column[f] != 0)
            add_scaled(product, &inverse[f * stride], column[f], stride);
}

/* The values of all variables, from those of the flavours and classes. */
static void find_x(FleetLp *lp)
{
    guint n = lp->n_rows;
    g_autofree double *left = g_new(double, n + 1);
    g_autofree double *x = g_new(double, lp->stride + 1);

    for (guint f = 0; f < n; f++)
        left[f] = fleet_flavour(lp->fleet, f)->count;
    for (guint c = 0; c < lp->n_classes; c++) {
        lp->keys[c].x = fleet_class(lp->fleet, c)->hosts;
        fleet_lp_add_counts(lp, &lp->keys[c], -lp->keys[c].x, left);
    }
    multiply(lp->inverse, n, lp->stride, left, x);
    for (guint r = 0; r < n; r++) {
        lp->rows[r].x = MAX(x[r], 0);
        if (lp->rows[r].class >= 0)
            lp->keys[lp->rows[r].class].x -= lp->rows[r].x;
    }
    for (guint c = 0; c < lp->n_classes; c++)
        lp->keys[c].x = MAX(lp->keys[c].x, 0);
}

/* The inverse from the columns, the largest element first. Rows keep their variables, in another
 * order; when the columns are not sound the old inverse stays. */
static void reckon_anew(FleetLp *lp)
{
    guint n = lp->n_rows;
    gsize stride = lp->stride, size = n * stride * sizeof(double);
    g_autofree double *inverse = g_malloc0(size);
    g_autofree FleetBasic *rows = g_memdup2(lp->rows, n * sizeof *rows);
    g_autofree bool *done = g_new0(bool, n);
    g_autofree double *column = g_new(double, n);
    g_autofree double *product = g_new(double, stride);

    for (guint r = 0; r < n; r++)
        inverse[r * stride + r] = 1;
    for (guint r = 0; r < n; r++) {
        guint out = n;

        make_column(lp, &lp->rows[r], column);
        multiply(inverse, n, stride, column, product);
        for (guint i = 0; i < n; i++)
            if (!done[i] && (out == n || fabs(product[i]) > fabs(product[out])))
                out = i;
        if (out == n || fabs(product[out]) < EPSILON)
            return;
        eliminate(n, stride, inverse, product, out);
        done[out] = true;
        rows[out] = lp->rows[r];
    }
    memcpy(lp->inverse, inverse, size);
    memcpy(lp->rows, rows, n * sizeof *rows);
    find_x(lp);
}

/* A variable of the rows takes the place of its class's key, and the key its. */
static void swap_key(FleetLp *lp, guint class, guint row)
{
    guint n = lp->n_rows;
    FleetBasic key = lp->keys[class];

    for (guint r = 0; r < n; r++)
        for (guint f = 0; r != row && lp->rows[r].class == (int)class && f < n; f++)
            lp->inverse[f * lp->stride + row] += lp->inverse[f * lp->stride + r];
    for (guint f = 0; f < n; f++)
        lp->inverse[f * lp->stride + row] *= -1;
    lp->keys[class] = lp->rows[row];
    lp->rows[row] = key;
}

/* How far the entering variable can go. Moves: by how much each class's key falls for each unit of
 * it. What runs down to 0 first: *@ret_row, or *@ret_class's key. */
static double find_leaving(FleetLp *lp, int class, int *ret_row, int *ret_class)
{
    double least = G_MAXDOUBLE;

    *ret_row = *ret_class = -1;
    for (guint r = 0; r < lp->n_rows; r++)
        if (lp->rows[r].class >= 0)
            lp->moves[lp->rows[r].class] = 0;
    if (class >= 0)
        lp->moves[class] = 1;
    for (guint r = 0; r < lp->n_rows; r++) {
        const FleetBasic *basic = &lp->rows[r];

        if (basic->class >= 0)
            lp->moves[basic->class] -= lp->column[r];
        if (lp->column[r] > EPSILON && basic->x / lp->column[r] < least - 1e-12) {
            least = basic->x / lp->column[r];
            *ret_row = (int)r;
        }
    }
    for (guint r = 0; r <= lp->n_rows; r++) {
        int c = r < lp->n_rows ? lp->rows[r].class : class;

        if (c >= 0 && lp->moves[c] > EPSILON && lp->keys[c].x / lp->moves[c] < least - 1e-12) {
            least = lp->keys[c].x / lp->moves[c];
            *ret_class = c;
            *ret_row = -1;
        }
    }
    return least;
}

static void move_all(FleetLp *lp, int class, double step)
{
    for (guint r = 0; r < lp->n_rows; r++) {
        int c = lp->rows[r].class;

        lp->rows[r].x = MAX(lp->rows[r].x - step * lp->column[r], 0);
        if (c >= 0 && c != class && lp->moves[c] != 0) {
            lp->keys[c].x = MAX(lp->keys[c].x - step * lp->moves[c], 0);
            lp->moves[c] = 0; /* once */
        }
    }
    if (class >= 0)
        lp->keys[class].x = MAX(lp->keys[class].x - step * lp->moves[class], 0);
}

static guint largest_of(const FleetLp *lp, guint class)
{
    guint best = lp->n_rows;

    for (guint r = 0; r < lp->n_rows; r++)
        if (lp->rows[r].class == (int)class &&
            (best == lp->n_rows || lp->rows[r].x > lp->rows[best].x))
            best = r;
    return best;
}

/* Brings the variable in. @reduced: by how much one more of it
 * changes the cost. */
static bool pivot(FleetLp *lp, FleetBasic entering, const double *raw, double reduced)
{
    guint n = lp->n_rows, out;
    int row, class;
    double step, element;

    multiply(lp->inverse, n, lp->stride, raw, lp->column);
    step = find_leaving(lp, entering.class, &row, &class);
    if (row < 0 && class < 0)
        return false;
    element = class >= 0 ? lp->moves[class] : lp->column[row];
    move_all(lp, entering.class, step);
    entering.x = MAX(step, 0);
    lp->objective += reduced * entering.x;
    lp->pivots++;
    lp->work += (guint64)n * n / FLOPS_A_STEP;
    out = class >= 0 ? largest_of(lp, (guint) class) : (guint)row;
    if (out == n) { /* the key was alone */
        lp->keys[class] = entering;
        return true;
    }
    if (class >= 0) {
        swap_key(lp, (guint) class, out);
        lp->column[out] = element;
    }
    eliminate(n, lp->stride, lp->inverse, lp->column, out);
    lp->rows[out] = entering;
    for (guint f = 0; f < n; f++)
        lp->values[f] += reduced * lp->inverse[f * lp->stride + out];
    if (lp->pivots % RECKON_ANEW == 0) {
        reckon_anew(lp);
        fleet_lp_find_values(lp);
    }
    return true;
}

double fleet_lp_net_cost(const FleetLp *lp, const FleetBasic *basic)
{
    double cost = basic->cost;

    if (basic->class < 0)
        cost -= lp->values[basic->flavour];
    for (guint i = 0; basic->column && i < basic->column->n_slots; i++)
        cost -= lp->values[basic->column->slots[i].flavour];
    return cost;
}

/* Brings the variable in when that lowers the cost by more than nothing; by how much each unit of
 * it does. */
static double enter(FleetLp *lp, FleetBasic entering, double least)
{
    double reduced = fleet_lp_net_cost(lp, &entering);

    if (entering.class >= 0)
        reduced -= fleet_lp_net_cost(lp, &lp->keys[entering.class]);
    if (reduced >= -least)
        return 0;
    make_column(lp, &entering, lp->raw);
    return pivot(lp, entering, lp->raw, reduced) ? -reduced : 0;
}

bool fleet_lp_enter_units(FleetLp *lp)
{
    bool any = false;

    for (guint f = 0; f < lp->n_rows; f++) {
        FleetBasic out = {.class = -1, .flavour = f, .cost = lp->unplaced[f]};

        any |= enter(lp, out, EPSILON) > 0;
    }
    for (guint c = 0; c < lp->n_classes; c++) {
        FleetBasic empty = {.class = (int)c};

        if (lp->keys[c].column)
            any |= enter(lp, empty, EPSILON) > 0;
    }
    return any;
}

const FleetColumn *fleet_lp_add(FleetLp *lp, guint class, const GArray *slots)
{
    FleetColumn *column = column_new(class, slots);
    const FleetColumn *known = g_hash_table_lookup(lp->known, column);

    if (known) {
        g_free(column);
        return known;
    }
    column->next = lp->of_class[class];
    lp->of_class[class] = column;
    g_ptr_array_add(lp->pool, column);
    g_hash_table_add(lp->known, column);
    return column;
}

double fleet_lp_enter(FleetLp *lp, const FleetColumn *column, double least)
{
    FleetBasic entering = {.column = column, .class = (int)column->class, .cost = lp->host};

    return enter(lp, entering, MAX(least, EPSILON));
}

void fleet_lp_set_unplaced(FleetLp *lp, const double *unplaced)
{
    lp->unplaced = unplaced;
    for (guint r = 0; r < lp->n_rows; r++)
        if (lp->rows[r].class < 0)
            lp->rows[r].cost = unplaced[lp->rows[r].flavour];
    fleet_lp_find_values(lp);
}

void fleet_lp_finish(FleetLp *lp)
{
    if (lp->n_rows > 0)
        reckon_anew(lp);
    fleet_lp_find_values(lp);
}
