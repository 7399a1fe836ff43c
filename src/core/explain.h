/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a slice is where it is, or why it is nowhere: every choice of nodes it has, each planned with
 * all the other slices, and how that plan is worse; and the changes that would let a refused slice
 * in, each planned too. Pure.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "model/host.h"
#include "model/plan.h"
#include "model/spec.h"

/* One choice of nodes. */
typedef struct {
    GArray *nodes; /* gint64, NUMA nodes */
    /* of a placed slice: the first level of PlanBounds at which the plan would be worse; NULL: none
     */
    char *level;
    gint64 value, best; /* at that level: with this choice, and of the plan; unset without level */
    char *
        lack; /* what is missing there beside the slices that are placed; NULL: nothing by itself */
} ExplainChoice;

typedef struct {
    char *slice;
    int placed;          /* flag */
    GArray *nodes;       /* gint64; empty when it is refused */
    char *resource;      /* of a refusal, as in PlanUnplaced; else NULL */
    char *reason;        /* of a refusal, one sentence; else NULL */
    char *hint;          /* of a refusal: the mend when there is but one; or NULL */
    GPtrArray *choices;  /* ExplainChoice *: the others, in the order of the nodes */
    gint64 choices_left; /* how many more there are, that were not looked at */
    GPtrArray *changes;  /* char *: what would let a refused slice in, the smallest change first */
} Explanation;

extern const Record EXPLANATION_RECORD;

/* @running as for place_slices(). NULL: the spec has no slice @name, or the host itself is
 * wrong (place_slices() says why). */
Explanation *explain_slice(const Spec *spec, const SpecHost *spec_host, const Host *host,
                           const GPtrArray *running, const char *name);
void explanation_free(Explanation *explanation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Explanation, explanation_free)
json_t *explanation_to_json(const Explanation *explanation);
