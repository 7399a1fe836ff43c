/* SPDX-License-Identifier: Apache-2.0 */
/* What the files place_admit.c and place_leave.c share; nobody else includes this. */
#pragma once

#include "core/place_search.h"

typedef struct {
    Search *search;
    guint n;               /* items */
    const guint16 **nodes; /* by item, the answer; NULL: left out */
    bool *in;              /* by item: wanted in this attempt */
    guint *flavour;        /* by item: number, or G_MAXUINT: not the fill's business */
    GPtrArray *multi;      /* const Item *: on several nodes, free to choose them */
    Left *left;            /* with what stays */
    FillFlavour *flavours;
    guint n_flavours, n_dims;
    bool whole_dim; /* some cores are not whole, so these are counted too */
    guint *counts;  /* by flavour */
    Fill *fill;     /* while no slice on several nodes is in the way */
    guint64 budget;
    bool has_plan; /* one was found that PCI functions go with */
} Admit;

static inline const Item *item_at(const Admit *admit, guint i)
{
    return g_ptr_array_index(admit->search->items, i);
}

static inline bool is_fixed(const Admit *admit, guint i)
{
    return item_at(admit, i)->demand->stay && !admit->search->repack;
}

/* place_admit.c: can those that are "in" be admitted together? @all: so, nothing is left out. */
FillResult admit_try(Admit *admit, bool all);

/* place_leave.c: class by class, the highest first, the fewest that must be left out, given the
 * classes before; into the floor of the search. */
void admit_leave_out(Admit *admit);
