/* SPDX-License-Identifier: Apache-2.0 */
/* A host whose nodes something joins; only fleet_joint.c and fleet_price.c. */
#pragma once

#include "core/fleet_sack.h"

/* A spec gives a slice up to 64 service cores. */
#define FLEET_LEVELS 66

typedef struct {
    double value, bound;
    guint16 *counts; /* by flavour */
} NodeBest;

/* Levels of shared service cores that flavours ask for, ascending; 0 is the first. */
guint fleet_list_levels(const Fleet *fleet, const FleetClass *class, int levels[FLEET_LEVELS]);
/* Node by node, each knowing what the ones before took; the worth of what went in. *@ret_bound: no
 * more fits, as long as nothing that one node takes is short on another. @limits are counted down.
 */
double fleet_fill_nodes(FleetSack *sack, FleetState *state, const FleetPrice *price, guint *limits,
                        NodeBest *best, double *ret_bound);

/* Are the nodes of this class solved together, so that the joint bound is the one that counts? */
bool fleet_is_joint(const Fleet *fleet, guint class, const FleetPrice *price);
/* As fleet_price(). */
FleetState *fleet_price_joint(FleetSack *sack, guint class, const FleetPrice *price,
                              const guint *limits, NodeBest *best, double *ret_value,
                              double *ret_bound);
