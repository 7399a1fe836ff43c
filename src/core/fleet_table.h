/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worth of every part of a node at once: by cores and memory alone, the most that slices are
 * worth that fit, for given values of the flavours (a knapsack by dynamic programming). Nothing
 * that fits in truth is worth more, so it cuts the walk over one node (fleet_sack.c) short, and
 * where nothing but cores and memory is scarce it is the answer. One table serves all classes whose
 * slices need the same. Inside the fleet planner.
 */
#pragma once

#include "core/fleet_internal.h"

/* What the flavours need of a node: equal for many classes. */
struct FleetShape {
    guint number;
    int *cores, *memory; /* by flavour, extra cores included; cores -1: never on the node */
    int *service;
    bool *joint; /* joins nodes: lies on several, or is its cluster's alone */
    int *parts;  /* nodes that a slice lies on */
    int max_cores, max_memory;
};

typedef struct {
    const FleetShape *shape;
    guint n;      /* flavours in it */
    guint *order; /* of the flavours: those that join nodes, as they come; then the worthiest */
    guint *rank;  /* of each flavour; G_MAXUINT: not in it */
    guint *from;  /* by flavour: how many of those that join nodes come before it */
    guint n_joint;
    gint64 unit; /* of memory, that cells are told apart in */
    gsize stride, layer;
    float *cells; /* by rank, cores, memory: of the flavours from that rank on */
    bool made;
} FleetTable;

/* Tables for one set of values; @values stay the caller's. NULL as a table: none, the walk has to
 * do without. */
FleetTables *fleet_tables_new(const Fleet *fleet);
/* From now on for these values. */
void fleet_tables_set(FleetTables *tables, const double *values);
const FleetTable *fleet_tables_find(FleetTables *tables, guint class, guint node, int level);
void fleet_tables_free(FleetTables *tables);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FleetTables, fleet_tables_free)

static inline double fleet_table_worth(const FleetTable *table, guint rank, int cores, int memory)
{
    return (double)table
        ->cells[rank * table->layer + (gsize)cores * table->stride + (gsize)(memory / table->unit)];
}
