/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the fleet planner; only fleet*.c includes this. The stages, each in its own file:
 *
 *   fleet.c          spec -> flavours
 *   fleet_class.c    a host as counts: its canonical form
 *   fleet_state.c    what is left of a host under some slices: the rules, in counts
 *   fleet_sack.c     the best for one node, for given values of the flavours: a knapsack
 *   fleet_table.c    what every part of a node is worth, by cores and memory
 *   fleet_price.c    the best for a host of a class
 *   fleet_joint.c    the same where slices join its nodes
 *   fleet_worth.c    the same by cores and memory alone, for thousands of classes
 *   fleet_lp.c       the linear program over patterns: its basis
 *   fleet_pool.c     which of its patterns it takes
 *   fleet_columns.c  the patterns that come into it; its bound
 *   fleet_many.c     the same for thousands of unlike classes
 *   fleet_sample.c   what the flavours are worth there
 *   fleet_dive.c     its answer in whole hosts
 *   fleet_fit.c      best fit decreasing; filling up a rounded answer
 *   fleet_solve.c    the order of the stages
 *   fleet_queue.c    which host is next
 *   fleet_deal.c     counts -> slices on hosts, under the clusters' spread
 *   fleet_bound.c    bounds by volume, reasons
 *   fleet_check.c    patterns through the single-host planner
 *   fleet_mend.c     a place for slices that it refuses, or that were dealt none
 *
 * Counts are a relaxation: what they allow, the single-host planner may still refuse (IOMMU groups,
 * bonds over few ports), but what they forbid is impossible. So the bound holds.
 */
#pragma once

#include <string.h>

#include "core/fleet.h"

/* Of one node: cores, whole cores, memory, then functions by kind. Kinds beyond these are left to
 * the single-host planner. */
#define FLEET_KINDS 13
#define FLEET_DIMS (3 + FLEET_KINDS)
#define FLEET_POOLS FLEET_KINDS
#define FLEET_ROW (FLEET_DIMS + FLEET_POOLS)
enum { DIM_CORES, DIM_WHOLE, DIM_MEMORY, DIM_KINDS };

#define FLEET_NODES 64

/* With more the linear program does not come to anything in the time it has. */
#define FLEET_MAX_FLAVOURS 400

/* With more the program begins with a sample of them. */
#define FLEET_MANY_CLASSES 128

/* What a slice of one flavour takes of a host of one class. */
typedef struct {
    bool possible;
    guint n_nodes;
    guint64 nodes;        /* those it may lie on */
    int need[FLEET_DIMS]; /* on each of its nodes; functions: on one node only, when n_nodes is 1 */
    int extra;            /* more cores on its first node: service cores of its own */
    int service;          /* cores on its first node that it shares with the others there */
    int pool[FLEET_POOLS]; /* functions of each kind, wherever they are */
} FleetUse;

typedef struct FleetShape FleetShape;
typedef struct FleetTables FleetTables;

struct FleetClass {
    guint hosts; /* how many there are */
    guint n_nodes;
    int (*caps)[FLEET_DIMS]; /* by node */
    double totals[FLEET_DIMS];
    int pools[FLEET_POOLS];
    const FleetUse *uses; /* by flavour; equal ones are shared between classes */
    const Host *host;     /* the first of it */
    const SpecHost *spec_host;
    /* for the search */
    guint n_kinds; /* of nodes: equal ones are looked at once */
    guint8 kind_of[FLEET_NODES];
    bool has_pools;      /* pools say more than the nodes' sums do */
    bool has_multi;      /* a possible flavour lies on several nodes */
    FleetShape **shapes; /* by node; NULL: none that many share */
};

/* Where a slice of the state lies. */
typedef struct {
    guint flavour;
    guint64 nodes;
} FleetSlot;

/* One host of a class under some slices. */
struct FleetState {
    guint class;
    guint slices;
    GArray *slots;           /* FleetSlot: one way to lay them */
    guint16 *counts;         /* by flavour */
    int (*rest)[FLEET_DIMS]; /* by node */
    int *service;            /* by node: shared service cores there */
    int pools[FLEET_POOLS];
};

/* Several hosts alike. */
typedef struct {
    FleetState *state;
    guint hosts;
} FleetBucket;

static inline FleetFlavour *fleet_flavour(const Fleet *fleet, guint number)
{
    return g_ptr_array_index(fleet->flavours, number);
}

static inline FleetClass *fleet_class(const Fleet *fleet, guint number)
{
    return g_ptr_array_index(fleet->classes, number);
}

/* fleet.c: of the cluster, with all counts. */
guint fleet_count_slices(const SpecCluster *cluster);

/* fleet_class.c */
void fleet_class_free(FleetClass *class);
/* Sets class->kind_of, has_pools and has_multi, once all is known. */
void fleet_class_finish(const Fleet *fleet, FleetClass *class);

/* fleet_state.c */
FleetState *fleet_state_new(const Fleet *fleet, guint class);
FleetState *fleet_state_copy(const Fleet *fleet, const FleetState *state);
void fleet_state_free(FleetState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FleetState, fleet_state_free)
bool fleet_state_equal(const Fleet *fleet, const FleetState *a, const FleetState *b);
/* Does one more slice of @flavour fit? *@ret_node: the best for it, with less than any left (the
 * first of the tuple when it lies on several); *@ret_rest: how much is left there then, the
 * smaller the better. */
bool fleet_state_fits(const Fleet *fleet, const FleetState *state, guint flavour,
                      guint64 *ret_nodes, double *ret_rest);
/* On these nodes, and of nothing less than none left. */
bool fleet_state_fits_at(const Fleet *fleet, const FleetState *state, guint flavour, guint64 nodes);
void fleet_state_take(const Fleet *fleet, FleetState *state, guint flavour, guint64 nodes);
/* One less of @flavour. */
void fleet_state_drop(const Fleet *fleet, FleetState *state, guint flavour);
/* Takes one if it fits. */
bool fleet_state_add(const Fleet *fleet, FleetState *state, guint flavour);
double fleet_state_value(const Fleet *fleet, const FleetState *state, const double *values);
void fleet_bucket_free(FleetBucket *bucket);

/* fleet_table.c: once all classes are finished. */
void fleet_find_shapes(Fleet *fleet);
GPtrArray *fleet_shapes_new(void);

/* fleet_price.c: what a flavour is worth, and how many of it a host may get at most. */
typedef struct {
    const double *values;
    const guint *limits; /* NULL: FleetFlavour.most only */
    guint64 budget;      /* search steps of one node */
    double slack;        /* what is better by no more is not looked for */
    FleetTables *tables; /* for these values; or NULL: walks alone */
} FleetPrice;

/* The pattern of @class that is worth most (by the search's budget): a new state. *@ret_bound: no
 * pattern is worth more; NULL: nobody wants to know, and it need not be quite the best. *@steps is
 * counted up. */
FleetState *fleet_price(const Fleet *fleet, guint class, const FleetPrice *price, double *ret_value,
                        double *ret_bound, guint64 *steps);

/* fleet_lp.c: a pattern, in short. */
typedef struct FleetColumn {
    struct FleetColumn *next; /* of the same class */
    guint class, n_slots;
    FleetSlot slots[];
} FleetColumn;

FleetState *fleet_column_state(const Fleet *fleet, const FleetColumn *column);

/* A variable. */
typedef struct {
    const FleetColumn *column; /* NULL: a slice that stays out, or a host that stays empty */
    int class;                 /* -1: a slice of @flavour that stays out */
    guint flavour;
    double cost, x;
} FleetBasic;

typedef struct {
    const Fleet *fleet;
    const double *unplaced; /* what a slice that stays out costs, by flavour */
    double host;            /* and a host in use */
    guint n_rows, n_classes, pivots;
    guint64 work;           /* of the pivots, in steps of the search */
    GPtrArray *pool;        /* FleetColumn *: all that were ever in */
    GHashTable *known;      /* the same */
    FleetColumn **of_class; /* the same; the latest first */
    double *inverse;        /* of the basis: by flavour, then row */
    gsize stride;           /* from one flavour to the next */
    FleetBasic *rows;       /* the variables of the basis but the keys */
    FleetBasic *keys;       /* one of each class */
    double *values;         /* of the flavours (duals) */
    double objective;
    double *raw, *column, *moves; /* room for a pivot: by row twice, by class */
    double bound;                 /* no plan costs less; fleet_columns.c */
    double *witness;              /* the flavours' values that say so */
} FleetLp;

/* All slices out, no host in use. @unplaced stays the caller's. */
FleetLp *fleet_lp_new(const Fleet *fleet, const double *unplaced, double host);
void fleet_lp_free(FleetLp *lp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FleetLp, fleet_lp_free)
/* A pattern of the class, for later; the program's. @slots: FleetSlot. */
const FleetColumn *fleet_lp_add(FleetLp *lp, guint class, const GArray *slots);
/* Brings it in when that lowers the cost by more than @least: by how much each host of it does. */
double fleet_lp_enter(FleetLp *lp, const FleetColumn *column, double least);
/* Slices left out and hosts left empty, where that has become cheaper. */
bool fleet_lp_enter_units(FleetLp *lp);
/* What a slice that stays out costs from now on. */
void fleet_lp_set_unplaced(FleetLp *lp, const double *unplaced);
/* All reckoned anew from the basis. */
void fleet_lp_finish(FleetLp *lp);
/* Its cost less what its slices are worth. */
double fleet_lp_net_cost(const FleetLp *lp, const FleetBasic *basic);
/* Adds @factor times what the variable holds of each flavour. */
void fleet_lp_add_counts(const FleetLp *lp, const FleetBasic *basic, double factor, double *sums);
/* The flavours' values and the objective, anew. */
void fleet_lp_find_values(FleetLp *lp);

/* fleet_pool.c: of a program that has nothing yet, what all hosts of a class get; by class, and as
 * far as there are slices for it. */
void fleet_lp_start(FleetLp *lp, const FleetColumn *const *chosen);
/* The patterns that there are, again and again, until that brings no more than @gain of the cost.
 */
void fleet_lp_settle(FleetLp *lp, double gain);

/* One attempt at an answer. */
typedef struct {
    GPtrArray *buckets; /* FleetBucket *: hosts in use */
    guint *left;        /* slices without a place, by flavour */
    guint *free_hosts;  /* by class */
    double cost;        /* slices left out, each as dear as its priority, then hosts */
} FleetAnswer;

void fleet_answer_free(FleetAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FleetAnswer, fleet_answer_free)

/* fleet_dive.c: the program's patterns in whole hosts, into @answer, which has nothing yet. */
void fleet_round_down(const Fleet *fleet, const FleetLp *lp, FleetAnswer *answer);
/* And the rest, as far as it comes. @order: of the classes, by worth. */
void fleet_dive(Fleet *fleet, const FleetLp *lp, const guint *order, FleetAnswer *answer);

/* fleet_columns.c: the linear program solved, as near as @budget search steps allow. @seeds:
 * FleetBucket *, patterns to begin with. */
FleetLp *fleet_lp_solve(Fleet *fleet, const double *unplaced, double host, const GPtrArray *seeds,
                        guint64 budget);

/* fleet_fit.c. @left: slices to be placed, by flavour, counted down; @free_hosts: by class, counted
 * down; @buckets (FleetBucket *): hosts in use, added to. */
void fleet_fit_decreasing(const Fleet *fleet, guint *left, guint *free_hosts, GPtrArray *buckets);
/* The classes, those first whose hosts are worth most; caller frees. */
guint *fleet_order_classes(Fleet *fleet, const double *values);
/* Opens hosts with the patterns that are worth most. @order: of the classes; of many only the first
 * that are free are looked at. */
void fleet_fit_patterns(Fleet *fleet, const double *values, const guint *order, guint *left,
                        guint *free_hosts, GPtrArray *buckets);

/* The flavours, those first that few hosts can hold; caller frees. */
guint *fleet_order_scarce(const Fleet *fleet);
/* What only few hosts can hold takes the place of what others can hold too. */
void fleet_fit_scarce(const Fleet *fleet, guint *left, guint *free_hosts, GPtrArray *buckets);

/* Adds hosts with this state, which is taken over. */
void fleet_add_bucket(const Fleet *fleet, GPtrArray *buckets, FleetState *state, guint hosts);

/* fleet_queue.c: the hosts of each class, one after the other. */
typedef struct FleetQueues FleetQueues;

/* Which pattern a host gets; NULL: none. */
typedef struct {
    FleetHost *host;
    FleetState *state;
} FleetTurn;

/* Does a cluster of the spec spread over racks? */
bool fleet_has_rack_spread(const Spec *spec);
FleetQueues *fleet_queues_new(Fleet *fleet);
void fleet_queues_free(FleetQueues *queues);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FleetQueues, fleet_queues_free)
/* Those first that have the least choice. */
void fleet_queues_sort(FleetQueues *queues, GPtrArray *buckets);
/* A host that has nothing yet, for this pattern, which must last until the next call; there must be
 * one of its class. */
FleetHost *fleet_queues_next(FleetQueues *queues, const FleetState *state);

/* Hosts change patterns until racks have of each flavour no more than they take, as far as that is
 * found. @turns: FleetTurn, all that fleet_queues_next() gave. */
void fleet_queues_balance(FleetQueues *queues, GArray *turns);

/* fleet_deal.c: buckets to hosts and their instances; what finds no place is in fleet->unplaced. */
void fleet_deal(Fleet *fleet, GPtrArray *buckets);
/* Fills fleet->in_racks, which from then on is kept: before fleet_may_join(). */
void fleet_find_racks(Fleet *fleet);
/* May @instance be on @host beside what is there and in its rack, by its cluster's spread? */
bool fleet_may_join(const Fleet *fleet, const FleetHost *host, guint instance);
void fleet_host_put(Fleet *fleet, FleetHost *host, guint instance);
/* By its place among the host's. */
void fleet_host_take(Fleet *fleet, FleetHost *host, guint index);

/* fleet_check.c: every pattern in use through the single-host planner; fleet->unplaced once more
 * onto hosts with room. */
void fleet_check_patterns(Fleet *fleet);
/* The host has this many of each flavour from now on; @state stays the caller's. */
void fleet_set_pattern(Fleet *fleet, FleetHost *host, FleetState *state);
/* The one with the state's counts; or NULL. */
FleetPattern *fleet_find_pattern(const Fleet *fleet, FleetState *state);
GHashTable *fleet_patterns_table(void);

/* fleet_mend.c: a host for each instance of @left, as far as they are found; the others are added
 * to fleet->unplaced. @visits: of hosts and patterns, after which nobody is moved any more. How
 * many have a host now: hosts may have new patterns, not yet checked. */
guint fleet_mend(Fleet *fleet, const GArray *left, guint64 visits);

/* Why the class's first host cannot hold even one slice of the flavour; NULL: it can. */
char *fleet_explain_alone(const Fleet *fleet, guint flavour, const FleetClass *class,
                          const char **ret_resource);

/* fleet_bound.c: for each resource, how many hosts it takes at least (PlanVolume *, added to
 * @volumes); the most of them. */
gint64 fleet_least_need(const Fleet *fleet, guint flavour, guint dim);
gint64 fleet_volumes(const Fleet *fleet, GPtrArray *volumes);
