/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts: the small files of a host that decide which of its settings must change, read in one go:
 * path and text. core/steps.h says which it wants to know (STEPS_FACTS); port/facts.h reads them.
 * No I/O here.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
    GTree *texts; /* char * path -> char * text, in the order of the paths */
} Facts;

Facts *facts_new(void);
void facts_free(Facts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Facts, facts_free)

/* Both are copied. */
void facts_add(Facts *facts, const char *path, const char *text);
/* NULL: not there, or not readable. */
const char *facts_get(const Facts *facts, const char *path);
bool facts_have(const Facts *facts, const char *path);
/* The paths that match @pattern (g_pattern_match_simple), in order: char *, theirs; the array is
 * the caller's. */
GPtrArray *facts_list(const Facts *facts, const char *pattern);
