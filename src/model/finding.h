/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding: one piece of news about data: a mistake in a spec, a refusal of the planner, a risk of a
 * host. Findings are collected, all of them at once, and reported as text or JSON. A failure (it
 * could not be done) is a GError instead. Nothing here prints.
 */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

#include "base/tree.h"

typedef enum {
    FINDING_ERROR,   /* the request cannot be fulfilled: exit 3 */
    FINDING_WARNING, /* it works, and costs something that is named */
    FINDING_INFO,
} FindingSeverity;

typedef struct {
    FindingSeverity severity;
    const char *code; /* stable, kebab-case, a literal: "nic-remote-node" */
    char *subject;    /* what it is about: "slice Blue_worker1", "clusters[0].name"; may be NULL */
    char *text;       /* what is wrong, one sentence without the subject */
    char *hint;       /* the mend; may be NULL */
    char *path;       /* evidence: a sysfs path; may be NULL */
    char *value;      /* what stands there; may be NULL */
    char *file;       /* place in a document; NULL when it has none */
    guint line, column; /* from 1; 0: unknown */
    char *excerpt;      /* the source line, for the caret; may be NULL */
} Finding;

/* A list of findings owns them. */
GPtrArray *findings_new(void);

/* Appends; the list owns the result, which the caller may refine with the setters below.
 * @subject is copied and may be NULL. */
Finding *findings_add(GPtrArray *findings, FindingSeverity severity, const char *code,
                      const char *subject, const char *format, ...) G_GNUC_PRINTF(5, 6);

/* Moves all of @from to the end of @findings; @from is empty afterwards. */
void findings_move(GPtrArray *findings, GPtrArray *from);

/* Every problem of @tree as an error, code "syntax", with its place. */
void findings_add_tree_problems(GPtrArray *findings, const Tree *tree);

bool findings_have(const GPtrArray *findings, FindingSeverity severity);

/* The place is taken from @tree and @line, @column (from 1; 0: unknown). The excerpt has the
 * columns of the source line; password hashes in it are starred out. */
void finding_set_place(Finding *finding, const Tree *tree, guint line, guint column);
void finding_set_hint(Finding *finding, const char *format, ...) G_GNUC_PRINTF(2, 3);
void finding_set_path(Finding *finding, const char *path);
/* What stands there: made fit for one line. */
void finding_set_value(Finding *finding, const char *value);
/* The same of what may be NULL, there is no such thing: "(absent)"; or "", "(empty)". */
void finding_set_evidence(Finding *finding, const char *value);
/* Errors first, then warnings; otherwise as they were. */
void findings_sort_worst_first(GPtrArray *findings);

const char *finding_severity_name(FindingSeverity severity); /* "error", "warning", "info" */

/* The findings of design "Plan JSON": an array of objects, NULL members left out. Caller owns. */
json_t *findings_to_json(const GPtrArray *findings);
