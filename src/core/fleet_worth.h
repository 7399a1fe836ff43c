/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns of thousands of unlike classes, quickly: the knapsack over the cores and the memory of a
 * node in one layer (Gilmore and Gomory 1966), without limits, so that a class costs but a look.
 * Where something else is scarce or joins the nodes, it says so, and fleet_price() has to search.
 * Inside the fleet planner.
 */
#pragma once

#include "core/fleet_table.h"

typedef struct FleetWorth FleetWorth;

FleetWorth *fleet_worth_new(const Fleet *fleet);
void fleet_worth_free(FleetWorth *worth);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FleetWorth, fleet_worth_free)
/* From now on for these values, which stay the caller's. */
void fleet_worth_set(FleetWorth *worth, const double *values);

/* The best pattern of the class: its slots into @slots, what it is worth, and what no pattern
 * exceeds. False: it is not known by cores and memory alone. @near: a good one will do; then false
 * only if nodes are joined. */
bool fleet_worth_find(FleetWorth *worth, guint class, bool near, GArray *slots, double *ret_value,
                      double *ret_bound);
