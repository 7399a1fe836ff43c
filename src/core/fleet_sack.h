/* SPDX-License-Identifier: Apache-2.0 */
/* The knapsack over one node; only fleet_sack.c (the walk) and fleet_price.c (what goes in). */
#pragma once

#include "core/fleet_table.h"

#define FLEET_EPSILON 1e-9
/* Nodes with more dims than this are walked without a memory. */
#define FLEET_SEEN_DIMS 8

typedef struct {
    guint flavour, rank; /* rank: in the table, if there is one */
    double value, size;  /* size: the weighed sum of its needs, the node's room being about 1 */
    guint most;
    guint64 bit; /* of the cluster whose own the flavour is; 0: of none */
    int service;
    int need[FLEET_ROW]; /* of the node, then of the host's pools */
} FleetItem;

/* What was left when the walk came to an item, and the worth so far. */
typedef struct {
    double value;
    guint64 clusters;
    int rest[FLEET_SEEN_DIMS];
} FleetSeen;

typedef struct {
    const Fleet *fleet;
    GArray *items; /* FleetItem, the worthiest for its size first; or by the table's ranks */
    const FleetTable *table; /* or NULL */
    guint *dims;             /* those that any item needs, cores first */
    guint n_dims;
    double weights[FLEET_ROW]; /* of a unit of each dim: what is scarce for these values */
    double *rates;             /* by item: the most value that a weighed unit can still bring */
    double *ratios; /* by item and dim: the most value a unit can still bring; UNLIMITED */
    int *needs;     /* by item and dim */
    guint memory;   /* of the dims; n_dims: no item needs any */
    int all_memory; /* that the node has */
    guint16 *now, *best;
    guint16 *counts;          /* by flavour: room to read a table */
    double best_value, slack; /* slack: what is not more than this better is not looked for */
    double open;              /* what branches that were cut off could be worth */
    guint64 steps, budget, total;
    /* by item and cores left: states that were walked from there; NULL: not kept (yet) */
    FleetSeen *seen;
    guint8 *n_seen, *next_seen;
    int max_cores;
    bool started;
} FleetSack;

FleetSack *fleet_sack_new(const Fleet *fleet);
void fleet_sack_free(FleetSack *sack);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FleetSack, fleet_sack_free)

/* Once its items are set: their order and the bounds. @rest: what the node has; every item fits
 * into it, so it has something of each dim. The weighed sum of @rest. */
double fleet_sack_prepare(FleetSack *sack, const int *rest);
/* Leaves the best counts in sack->best, what it is worth in best_value, and in open what branches
 * that were not walked could be worth. */
void fleet_sack_walk(FleetSack *sack, const int *rest, double room);
