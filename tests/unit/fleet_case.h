/* SPDX-License-Identifier: Apache-2.0 */
/* A fleet planned, for the tests of core/fleet.h. */
#pragma once

#include "core/fleet.h"

typedef struct {
    GPtrArray *hosts; /* Host * */
    Tree *tree;
    Spec *spec;
    Fleet *fleet;
} Case;

void case_clear(Case *c);
/* @kinds: synthetic hosts, NULL-terminated; each @count times in turns, named h0, h1 and so on.
 * Does not return when the spec is not sound. */
Case case_new(const char *const *kinds, guint count, const char *spec_text);
/* @many: planned as fleets of very many classes are. */
Case case_new_many(const char *const *kinds, guint count, const char *spec_text, bool many);
const FleetHost *host_at(const Case *c, guint number);
/* Of a host that has one. */
const FleetPattern *pattern_of(const Case *c, const FleetHost *host);
/* Every slice once, spreads kept, and the single-host planner has placed what each host has. */
void check_answer(const Case *c);
