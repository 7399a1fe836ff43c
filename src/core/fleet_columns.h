/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds of the column generation; only fleet_columns.c and fleet_sample.c. */
#pragma once

#include "core/fleet_table.h"

/* With more classes a sample of them is solved first. */
#define FLEET_MANY_CLASSES 128

typedef struct {
    Fleet *fleet;
    FleetLp *lp;
    FleetTables *tables;
    double *best; /* by class: no pattern is worth more */
    guint64 node_budget;
    bool look_up; /* tables are used */
    bool quick;   /* good patterns will do, and no bound is sought */
    bool later;   /* patterns are kept for fleet_lp_settle() */
} FleetColumns;

/* A pattern of each class from @first on, @count of them, for these values of the flavours. True
 * when one of them came in. */
bool fleet_columns_price(FleetColumns *columns, const double *values, guint first, guint count);
/* Of all classes, so that a bound comes of it. */
bool fleet_columns_round(FleetColumns *columns, const double *values);
/* The program's values, within what a slice may cost. */
void fleet_columns_values(const FleetLp *lp, double *ret_values);
bool fleet_columns_closed(const FleetLp *lp, double gap);

/* fleet_sample.c: the same for very many classes. @values: room. */
void fleet_sample_solve(FleetColumns *columns, double *values, guint64 budget);
