/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The linear program of very many unlike classes. What the flavours are worth in a sample of the
 * classes bounds all of them (Lagrange). At those values most classes have several patterns that
 * are all but the best, and what counts is that together they need the slices that there are: so
 * the classes are dealt patterns, part by part, while the values follow what was dealt too much of
 * and too little. The program begins with what was dealt, and chooses.
 *
 * Slices out first cost little more than they are worth (a box around the values: du Merle and
 * others 1999): at their full price the program would run far astray from the start.
 */
#include "core/fleet_columns.h"

/* Of the classes; those of a part are priced with the same values. */
#define PARTS 24
#define DEALS 5
#define SWEEPS 12
/* How far the values are moved at most, at random; and how far they follow what was dealt. */
#define WIDTH 0.01
#define FOLLOW 7e-4
#define NARROWER 0.8
/* More than so many times what was wanted counts as so many times. */
#define MAX_EXCESS 9
/* Slices out cost so much more than they are worth; and so much more each time some stay out. */
#define BOX 1.1
#define WIDER 1.5
/* How far the values go to the program's in each sweep. */
#define TOWARDS 0.3
/* Good enough. */
#define GAP 1e-4
#define LAST_GAP 3e-5
#define LAST_ROUNDS 3
#define FIRST_SETTLED 1e-3
#define SETTLED 1e-4

typedef struct {
    FleetColumns *columns;
    guint64 seed;
    double width, follow;
    double *center; /* near these the values are: by flavour, as those below */
    double *values;
    double *boxes;             /* what a slice out costs, by what it is worth */
    double *soft;              /* what it costs so far */
    const FleetColumn **dealt; /* by class */
} Many;

/* The same on every machine: Marsaglia's xorshift. From -1 to 1. */
static double next_random(guint64 *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (double)(*seed >> 11) / (double)((guint64)1 << 52) - 1;
}

/* The values follow what these classes took, which should be their share of all slices. */
static void follow(Many *many, guint first, guint count)
{
    const Fleet *fleet = many->columns->fleet;
    const FleetLp *lp = many->columns->lp;
    g_autofree double *taken = g_new0(double, lp->n_rows);
    double hosts = 0;

    for (guint c = first; c < first + count; c++) {
        const FleetColumn *column = many->dealt[c];

        hosts += fleet_class(fleet, c)->hosts;
        for (guint i = 0; column && many->columns->best[c] >= lp->host && i < column->n_slots; i++)
            taken[column->slots[i].flavour] += fleet_class(fleet, c)->hosts;
    }
    for (guint f = 0; f < lp->n_rows; f++) {
        double share = fleet_flavour(fleet, f)->count * hosts / fleet->hosts->len;
        double lack = share > 0 ? 1 - taken[f] / share : 0;

        many->center[f] =
            MIN(many->center[f] * (1 + many->follow * MAX(lack, -MAX_EXCESS)), lp->unplaced[f]);
    }
}

/* Patterns of all classes, a part of them at a time, for values near the center. */
static void sweep(Many *many)
{
    const FleetLp *lp = many->columns->lp;
    guint part = (lp->n_classes + PARTS - 1) / PARTS;

    many->columns->near = true;
    for (guint first = 0; first < lp->n_classes; first += part) {
        guint count = MIN(part, lp->n_classes - first);

        for (guint f = 0; f < lp->n_rows; f++)
            many->values[f] = MIN(many->center[f] * (1 + many->width * next_random(&many->seed)),
                                  lp->unplaced[f]);
        (void)fleet_columns_price(many->columns, many->values, first, count, many->dealt);
        if (many->follow > 0)
            follow(many, first, count);
    }
    many->columns->near = false;
}

static void set_box(Many *many, const double *unplaced)
{
    FleetLp *lp = many->columns->lp;

    for (guint f = 0; f < lp->n_rows; f++)
        many->soft[f] = MIN(many->boxes[f] * lp->witness[f] + 1e-3, unplaced[f]);
    fleet_lp_set_unplaced(lp, many->soft);
}

/* Wider boxes for flavours of which some stay out. False: none does. */
static bool widen(Many *many)
{
    const FleetLp *lp = many->columns->lp;
    bool any = false;

    for (guint r = 0; r < lp->n_rows; r++) {
        if (lp->rows[r].class >= 0 || lp->rows[r].x < 1e-6)
            continue;
        many->boxes[lp->rows[r].flavour] *= WIDER;
        any = true;
    }
    return any;
}

static void deal(Many *many)
{
    for (guint i = 0; i < DEALS; i++) {
        sweep(many);
        many->width *= NARROWER;
        many->follow *= NARROWER;
    }
    many->follow = 0;
}

/* The program, with slices out cheap, until all are in and the bound is met. */
static void settle(Many *many, const double *unplaced, guint64 budget)
{
    FleetColumns *columns = many->columns;
    FleetLp *lp = columns->lp;
    guint64 start = columns->fleet->steps;

    for (guint i = 0; i < SWEEPS; i++) {
        bool out;

        set_box(many, unplaced);
        fleet_lp_settle(lp, i < 2 ? FIRST_SETTLED : SETTLED);
        out = widen(many);
        fleet_columns_values(lp, many->values);
        for (guint f = 0; f < lp->n_rows; f++)
            many->center[f] = lp->witness[f] + TOWARDS * (many->values[f] - lp->witness[f]);
        if (!out) {
            many->width *= NARROWER;
            (void)fleet_columns_round(columns, many->center);
        }
        if ((!out && fleet_columns_closed(lp, GAP)) ||
            columns->fleet->steps - start + lp->work > budget)
            break;
        sweep(many);
    }
}

void fleet_many_solve(FleetColumns *columns, guint64 budget)
{
    FleetLp *lp = columns->lp;
    const double *unplaced = lp->unplaced;
    guint n = MAX(lp->n_rows, 1);
    g_autofree double *center = g_new0(double, n);
    g_autofree double *values = g_new0(double, n);
    g_autofree double *boxes = g_new0(double, n);
    g_autofree double *soft = g_new0(double, n);
    g_autofree const FleetColumn **dealt = g_new0(const FleetColumn *, lp->n_classes);
    Many many = {.columns = columns,
                 .seed = 88172645463325252,
                 .width = WIDTH,
                 .follow = FOLLOW,
                 .center = center,
                 .values = values,
                 .boxes = boxes,
                 .soft = soft,
                 .dealt = dealt};

    for (guint f = 0; f < lp->n_rows; f++)
        boxes[f] = BOX;
    fleet_sample_solve(columns, center, budget);
    columns->look_up = columns->later = true;
    (void)fleet_columns_round(columns, center);
    deal(&many);
    set_box(&many, unplaced);
    fleet_lp_start(lp, dealt);
    settle(&many, unplaced, budget);
    fleet_lp_set_unplaced(lp, unplaced);
    fleet_lp_settle(lp, SETTLED);
    for (guint i = 0; i < LAST_ROUNDS && !fleet_columns_closed(lp, LAST_GAP); i++) {
        fleet_columns_values(lp, values);
        (void)fleet_columns_round(columns, values);
        fleet_lp_settle(lp, SETTLED);
    }
}
