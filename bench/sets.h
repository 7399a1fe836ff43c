/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generated sets of slices for one host, the same for the same seed everywhere.
 *
 * A planted set is a host cut up: the cores, the memory and the VFs of each NUMA node are cut apart
 * independently, so that all slices fit exactly and the best admission is known without a solver.
 */
#pragma once

#include <glib.h>

typedef struct {
    const char *name;
    guint nodes, cores, memory_gib, vfs; /* of each node, for slices */
    guint l3;                            /* domains a node */
} SetShape;

extern const SetShape SET_SHAPES[];
extern const guint N_SET_SHAPES;

typedef enum {
    SET_PLANTED, /* fits exactly */
    SET_SLACK,   /* one slice taken out */
    SET_SHIFTED, /* the same totals, memory moved between slices: may fit or not */
    SET_RANDOM,  /* drawn until some total exceeds 0.9 to 1.1 of the host */
    N_SET_KINDS
} SetKind;

extern const char *const SET_KIND_NAMES[];

typedef struct {
    guint cores, memory_gib, vfs;
} SetSlice;

/* SetSlice, in random order. @small: of 1 to 8 cores; else of 2 to 32. */
GArray *set_new(const SetShape *shape, SetKind kind, bool small, guint64 seed);
/* The host as in tests/unit/synthetic.h: with one reserved core and one service core a node, and
 * the host's memory, on top of what the shape has for slices. Caller frees. */
char *set_host_line(const SetShape *shape);
/* Caller frees. */
char *set_spec_yaml(const SetShape *shape, const GArray *set);
