/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the search; only place_search.c (the walk) and place_solve.c (what goes in and comes out).
 */
#pragma once

#include "core/place_internal.h"

/* Levels after the priority classes. */
enum {
    COST_CORES,
    COST_MOVES,
    COST_MULTI,
    COST_REMOTE,
    COST_DISTANCE,
    COST_WASTE,
    COST_ROOM,
    N_COSTS
};

typedef struct {
    const Demand *demand;
    guint class;           /* of priority, 0 the highest */
    bool twin;             /* alike to the one before it in the order */
    GArray *tuples;        /* guint16, the demand's that it fits on the empty host, best first */
    gint64 least[N_COSTS]; /* the least it must cost when placed */
    double share;          /* of the host that it takes: of its cores, or memory if that is more */
} Item;

typedef struct {
    bool placed, stays;
    guint tuple; /* number in Item.tuples */
    const guint16 *nodes;
    const Unit **units;
} Pick;

typedef struct {
    const Supply *supply;
    GPtrArray *items;            /* Item *, in the order of the search */
    guint *by_cores, *by_memory; /* positions in items, ascending */
    guint n_classes, n_levels, compare;
    Left *left;
    Left **saved; /* by depth */
    Pick *now, *best;
    gint64 *cost, *best_cost, *bound; /* n_levels each; bound: scratch of is_worth() */
    bool *cluster_used;
    bool *held;  /* by unit: a running slice has it */
    bool *plain; /* by supply node: nothing but its counts tells it from others */
    bool have_best, stop_at_first, out_of_budget;
    guint64 steps, budget;
} Search;

/* Walks on from @search's incumbent (best, best_cost; have_best false: accept its equal once) and
 * leaves the best it finds there. */
void search_walk(Search *search);
/* Cost of a choice of nodes, added to (@sign 1) or taken from (-1) @costs (N_COSTS). */
void search_node_costs(const Supply *supply, const Demand *demand, const guint16 *nodes, int sign,
                       gint64 *costs);
void search_unit_costs(const Supply *supply, const Demand *demand, const Want *want,
                       const Unit *unit, const guint16 *nodes, int sign, gint64 *costs);
void search_bound_costs(const Search *search, guint depth, gint64 *bound);
