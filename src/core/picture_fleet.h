/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page for many hosts, written piece by piece: the figures, what was found, then each way to fill
 * a host with a picture of one of them and the names of all, folded away until it is asked for. A
 * picture for each of ten thousand hosts would be a page that no browser opens. No script, nothing
 * from elsewhere; light and dark. Pure: appends HTML to @out, in the order below.
 */
#pragma once

#include "model/host.h"
#include "model/plan.h"

/* Hosts that get the same. */
typedef struct {
    guint number;            /* from 1 */
    guint hosts;             /* that do */
    guint most;              /* the hosts of the largest group */
    const GPtrArray *slices; /* const char *: what each gets, a line for each kind of slice */
    const Host *host;        /* one of them; */
    const Plan *plan;        /* its plan, that is drawn; NULL: none is */
} PictureGroup;

/* @groups: how many will follow; @drawn: the first so many of them with a picture. */
void picture_fleet_open(const Plan *plan, guint groups, guint drawn, GString *out);
void picture_group_open(const PictureGroup *group, GString *out);
/* @slices: const char *, their names. */
void picture_group_host(const char *name, const GPtrArray *slices, GString *out);
void picture_group_close(GString *out);
void picture_fleet_close(GString *out);
