/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the search. place_items.c says what there is to decide, place_admit.c finds which slices
 * can be admitted together and proves it (counts only, place_fill.h), place_search.c walks over all
 * decisions for the levels below, place_solve.c calls them and says how good the result is.
 */
#pragma once

#include "core/place_fill.h"
#include "core/place_internal.h"

/*
 * Costs are vectors, the first difference counts:
 *
 *   [0]               running slices displaced, where the spec does not allow it (repack)
 *   [1 ... n_classes] refused slices by priority, the highest first
 *   then these:
 */
enum {
    COST_CORES,    /* of refused slices */
    COST_MOVES,    /* running slices moved, where the spec allows it */
    COST_MULTI,    /* slices over several nodes */
    COST_REMOTE,   /* devices on another node whose locality is preferred */
    COST_DISTANCE, /* ACPI SLIT, of slices' nodes to each other and to devices */
    COST_L3,       /* L3 domains shared: for each, its slices but one; a lower bound, see below */
    COST_WASTE,    /* NIC-local nodes given to slices without a NIC */
    COST_ROOM,     /* negative: the most cores left on one node */
    N_COSTS
};

/* Wants that the same PCI functions would serve. */
typedef struct {
    const GPtrArray *units;
    const Unit **local; /* those on nodes with CPUs, by node */
    guint *start;       /* by supply node: its first in local; one more at the end */
    gint64 *distance;   /* by supply node: to the nearest unit; NULL: not needed yet */
    int dim;            /* of place_fill, for wants whose locality is required; -1: none */
} Kind;

typedef struct {
    const Demand *demand;
    guint class;           /* of priority, 0 the highest */
    bool twin;             /* alike to the one before it in the order */
    guint *kinds;          /* by want: number in Search.kinds */
    GArray *tuples;        /* guint16, the demand's that it fits on the empty host, best first */
    GArray *ranks;         /* guint8, by tuple: equal ones cost the same */
    gint64 least[N_COSTS]; /* the least it must cost when placed */
    guint parts;           /* L3 domains it needs at least */
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
    GPtrArray *items;                         /* Item *, in the order of the search */
    GPtrArray *kinds;                         /* Kind * */
    guint *by_cores, *by_memory;              /* positions in items, ascending */
    guint *node_order;                        /* nodes by cores, then again by memory, most first */
    guint n_classes, base, n_levels, compare; /* base: of the N_COSTS levels in a vector */
    Left *left;
    Left **saved; /* by depth */
    Pick *now, *best;
    /* n_levels each; bound: scratch; floor: no plan costs less (G_MININT64: not known) */
    gint64 *cost, *best_cost, *bound, *floor;
    bool *cluster_used;
    bool *held;            /* by unit: a running slice has it */
    bool *plain;           /* by supply node: nothing but its counts tells it from others */
    const guint16 **fixed; /* by item: the only choice of nodes there is, NULL: refused; or NULL */
    bool repack, have_best, stop_at_first, out_of_budget;
    guint64 steps, budget;
} Search;

/* place_items.c. @flat: all in one class. */
Search *search_new(const Supply *supply, const GPtrArray *demands, bool smallest_first, bool flat);
void search_free(Search *search);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Search, search_free)

/* Walks on from @search's incumbent (best, best_cost; have_best false: accept its equal once) and
 * leaves the best it finds there. */
void search_walk(Search *search);
/* Makes it the incumbent if PCI functions can be found for it and it is better. @nodes: by item;
 * NULL: refused. false: no functions were found. */
bool search_try(Search *search, const guint16 **nodes);
/* Cost of a choice of nodes, added to (@sign 1) or taken from (-1) @costs (N_COSTS). */
void search_node_costs(const Supply *supply, const Demand *demand, const guint16 *nodes, int sign,
                       gint64 *costs);
/* Fills @bound with the least that any completion of the first @depth decisions costs; of all of
 * them: what it costs. */
void search_bound_costs(const Search *search, guint depth, gint64 *bound);
int search_compare_costs(const gint64 *a, const gint64 *b, guint n);

/* place_admit.c: finds an admission of all, as the incumbent. @budget: search nodes. */
FillResult search_admit_all(Search *search, guint64 budget);
/* Or the best one; search->floor is raised to what is proved. */
void search_admit(Search *search, guint64 budget);
