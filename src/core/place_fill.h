/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Do all these slices fit on these nodes? Exact, by bin completion (Martello and Toth's dominance,
 * Fukunaga and Korf's search) over vectors of counts: the largest slice left goes onto a node, the
 * node is filled up with what else fits and closed, and so on; states that failed are remembered.
 * It knows counts only: of single-node slices, nodes and resources. Who is who, and whether the
 * counts can be turned into PCI functions, is the caller's business (place_admit.c).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

enum { FILL_MAX_NODES = 64, FILL_MAX_DIMS = 16, FILL_CORES = 0 };

/* Slices that are alike. */
typedef struct {
    gint64 need[FILL_MAX_DIMS];  /* FILL_CORES: cores */
    guint64 allowed;             /* mask of nodes */
    guint8 rank[FILL_MAX_NODES]; /* the lower the cheaper is the slice on that node */
    guint service;               /* service cores that the node's slices share; the most counts */
    double weight;               /* the larger is placed first; set by fill_new() */
} FillFlavour;

typedef struct {
    gint64 cap[FILL_MAX_DIMS];
    guint service; /* shared service cores it has already */
} FillNode;

typedef enum { FILL_FOUND, FILL_NONE, FILL_UNKNOWN } FillResult;

typedef struct Fill Fill;

/* Both arrays are copied. @flavours keeps its numbers. */
Fill *fill_new(const FillNode *nodes, guint n_nodes, guint n_dims, const FillFlavour *flavours,
               guint n_flavours);
void fill_free(Fill *fill);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fill, fill_free)

/* Of quick ways to place them the first that works: @way 0 spreads the slices over the nodes, 1
 * packs them, both where they are cheapest; 2 packs them wherever. @counts: by flavour. FILL_FOUND
 * or FILL_UNKNOWN. */
enum { FILL_WAYS = 3 };
FillResult fill_quick(Fill *fill, const guint *counts, guint way);

/* FILL_NONE is a proof. *@budget: search nodes at most; what was used is taken off. Called again
 * with other counts it remembers what it learnt. */
FillResult fill_exact(Fill *fill, const guint *counts, guint64 *budget);

/* After FILL_FOUND: how many of the flavour are on the node. */
guint fill_placed(const Fill *fill, guint flavour, guint node);
