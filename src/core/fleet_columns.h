/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds of the column generation; only fleet_columns.c, fleet_sample.c,
 * fleet_many.c and fleet_dive.c. */
#pragma once

#include "core/fleet_worth.h"

typedef struct {
    Fleet *fleet;
    FleetLp *lp;
    FleetTables *tables;
    FleetWorth *worth; /* of many classes; or NULL */
    GArray *slots;     /* FleetSlot: room */
    double *best;      /* by class: no pattern is worth more */
    guint64 node_budget;
    bool look_up; /* tables are used */
    bool quick;   /* good patterns will do, and no bound is sought */
    bool later;   /* patterns are kept for fleet_lp_settle() */
    bool near;    /* patterns by the grids alone, which are nearly the best */
} FleetColumns;

/* A pattern of each class from @first on, @count of them, for these values of the flavours; into
 * @ret_found, by class, unless it is NULL. True when one of them came in. */
bool fleet_columns_price(FleetColumns *columns, const double *values, guint first, guint count,
                         const FleetColumn **ret_found);
/* Of all classes, so that a bound comes of it. */
bool fleet_columns_round(FleetColumns *columns, const double *values);
/* The program's values, within what a slice may cost. */
void fleet_columns_values(const FleetLp *lp, double *ret_values);
bool fleet_columns_closed(const FleetLp *lp, double gap);

/* fleet_sample.c: what the flavours are worth by a sample of the classes. */
void fleet_sample_solve(FleetColumns *columns, double *ret_values, guint64 budget);

/* fleet_many.c: the program of very many classes. */
void fleet_many_solve(FleetColumns *columns, guint64 budget);

/* As fleet_lp_solve(), with patterns that are nearly the best. */
FleetLp *fleet_lp_solve_near(Fleet *fleet, const double *unplaced, double host,
                             const GPtrArray *seeds, guint64 budget);
