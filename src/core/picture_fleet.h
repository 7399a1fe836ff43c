/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page for many hosts, written piece by piece: the figures, what was found, then each way to fill
 * a host, drawn once, with the names of all hosts that are filled so and of what each holds. A way
 * is drawn of a plan in which tokens stand for names; it reads as its first host, and a small
 * script puts in those of the host that is asked for by the page's address (#host=NAME). A host of
 * its own thus costs its names, not a drawing. Without JavaScript the ways and the lists are there,
 * and the drawings of those that most hosts have: the others are packed. Nothing from elsewhere;
 * light and dark. Pure: appends HTML to @out, in the order below.
 */
#pragma once

#include "model/host.h"
#include "model/plan.h"

/* What stands for a name in the texts of a plan: the host's; that of the slice with this number
 * (from 0), and of its cluster. Caller frees. */
#define PICTURE_TOKEN_HOST 'h'
#define PICTURE_TOKEN_SLICE 's'
#define PICTURE_TOKEN_CLUSTER 'c'
char *picture_token(char kind, guint number);

/* Of one host. */
typedef struct {
    const char *host;
    const GPtrArray *slices, *clusters; /* const char *, by the numbers of the tokens */
} PictureNames;

/* Hosts that get the same. */
typedef struct {
    guint number;              /* from 1 */
    guint hosts;               /* that do */
    guint most;                /* the hosts of the largest way */
    const GPtrArray *kinds;    /* const char *: what each gets, a line for each kind of slice */
    const Host *host;          /* the first of them; */
    const Plan *plan;          /* its plan, with tokens, and its findings; */
    const PictureNames *names; /* and its names */
    bool packed;               /* its drawing, until the script unpacks it */
} PictureWay;

/* Words about memory: hosts of which these differ are drawn apart. @bytes, @used: of each node, in
 * all and in slices. Appends to @key. */
void picture_append_memory(const gint64 *bytes, const gint64 *used, guint n_nodes, GString *key);

/* @ways: how many will follow; @plain: so many of them are not packed. */
void picture_fleet_open(const Plan *plan, guint ways, guint plain, GString *out);
void picture_way_open(const PictureWay *way, GString *out);
void picture_way_host(const PictureNames *names, GString *out);
void picture_way_close(GString *out);
void picture_fleet_close(GString *out);
