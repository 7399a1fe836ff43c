/* SPDX-License-Identifier: Apache-2.0 */
/* The patterns that the linear program has: which of them it starts with, and which it takes. */
#include "core/fleet_internal.h"

#define MAX_PASSES 200
#define MAX_AGAIN 8
/* Patterns have to bring so much of a host's cost: at first, and at last. */
#define FIRST_LEAST 0.08
#define LAST_LEAST 2e-4

static FleetBasic whole_class(const FleetLp *lp, guint class, const FleetColumn *column)
{
    return (FleetBasic){.column = column,
                        .class = (int)class,
                        .cost = lp->host,
                        .x = fleet_class(lp->fleet, class)->hosts};
}

/* Are there slices for all hosts of the class? */
static bool can_all_have(const FleetLp *lp, const FleetBasic *basic, const double *left)
{
    const FleetColumn *column = basic->column;

    for (guint i = 0; i < column->n_slots; i++) {
        guint flavour = column->slots[i].flavour, count = 0;

        for (guint k = 0; k <= i; k++)
            count += column->slots[k].flavour == flavour;
        if (left[flavour] < count * basic->x)
            return false;
    }
    return true;
}

/* The key of a class that is empty: the pattern that brings most, by more than @least, of those
 * that all of its hosts can have. @only: or none. */
static void set_key(FleetLp *lp, guint class, const FleetColumn *only, double least, double *left)
{
    double most = -least;
    const FleetColumn *best = NULL;
    FleetBasic key;

    for (const FleetColumn *column = only ? only : lp->of_class[class]; column;
         column = only ? NULL : column->next) {
        double cost;

        key = whole_class(lp, class, column);
        cost = fleet_lp_net_cost(lp, &key);
        if (cost >= most || !can_all_have(lp, &key, left))
            continue;
        most = cost;
        best = column;
    }
    if (!best)
        return;
    lp->keys[class] = key = whole_class(lp, class, best);
    fleet_lp_add_counts(lp, &key, -key.x, left);
}

void fleet_lp_start(FleetLp *lp, const FleetColumn *const *chosen)
{
    static const double least[] = {0.3, 0.1, 0.03, 0.01, 0};
    g_autofree double *left = g_new(double, lp->n_rows + 1);

    for (guint r = 0; r < lp->n_rows; r++)
        left[r] = lp->rows[r].x;
    for (guint i = 0; i < 2 * G_N_ELEMENTS(least); i++)
        for (guint c = 0; c < lp->n_classes; c++) {
            const FleetColumn *only = i < G_N_ELEMENTS(least) ? chosen[c] : NULL;

            if (!lp->keys[c].column && (only || i >= G_N_ELEMENTS(least)))
                set_key(lp, c, only, least[i % G_N_ELEMENTS(least)] * lp->host, left);
        }
    for (guint r = 0; r < lp->n_rows; r++)
        lp->rows[r].x = left[r];
    fleet_lp_find_values(lp);
}

/* Of the class's patterns the one that brings most comes in, when that is more than @least. Does
 * it? */
static bool enter_best(FleetLp *lp, guint class, double least)
{
    double most = fleet_lp_net_cost(lp, &lp->keys[class]) - least;
    const FleetColumn *best = NULL;

    for (const FleetColumn *column = lp->of_class[class]; column; column = column->next) {
        FleetBasic entering = whole_class(lp, class, column);
        double cost = fleet_lp_net_cost(lp, &entering);

        if (cost >= most)
            continue;
        most = cost;
        best = column;
    }
    return best && fleet_lp_enter(lp, best, least) > 0;
}

/* All classes; then again and again those that gained, while there are some. */
static void pass(FleetLp *lp, double least, guint *classes)
{
    guint n = 0;

    (void)fleet_lp_enter_units(lp);
    for (guint c = 0; c < lp->n_classes; c++)
        if (enter_best(lp, c, least))
            classes[n++] = c;
    for (guint again = 0; again < MAX_AGAIN && n > 0; again++) {
        guint kept = 0;

        for (guint i = 0; i < n; i++)
            if (enter_best(lp, classes[i], least))
                classes[kept++] = classes[i];
        n = kept;
    }
}

void fleet_lp_settle(FleetLp *lp, double gain)
{
    double least = FIRST_LEAST * lp->host;
    g_autofree guint *classes = g_new(guint, lp->n_classes + 1);

    for (guint i = 0; i < MAX_PASSES; i++) {
        double before = lp->objective;

        pass(lp, least, classes);
        if (before - lp->objective > gain * before)
            continue;
        if (least <= LAST_LEAST * lp->host)
            return;
        least /= 4;
    }
}
