/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the spec_check*.c files only: the parts of spec_check(), and how they report. Members
 * that decoding left unset have been told of and are passed over.
 */
#pragma once

#include "model/finding.h"
#include "model/spec.h"

typedef struct {
    const Spec *spec;
    const Tree *tree;
    GPtrArray *findings;
} SpecCheck;

/* A finding placed at @key of @node, or at @node where it has no such key (or @key is NULL). */
Finding *spec_check_add(const SpecCheck *check, FindingSeverity severity, const char *code,
                        const TreeNode *node, const char *key, const char *subject,
                        const char *format, ...) G_GNUC_PRINTF(7, 8);
#define SPEC_ERROR(code, ...) spec_check_add(check, FINDING_ERROR, code, __VA_ARGS__)
#define SPEC_WARNING(code, ...) spec_check_add(check, FINDING_WARNING, code, __VA_ARGS__)

/* Hints for @word, a reference that is not among the names of @objects: the nearest name, or all of
 * them. @objects: SpecImage *, SpecNetwork * or SpecHost *, which share their first two members. */
void spec_check_hint_names(Finding *finding, const char *word, const GPtrArray *objects);

void spec_check_names(const SpecCheck *check);    /* clusters and slices: forms, unique */
void spec_check_hosts(const SpecCheck *check);    /* hosts, images, networks */
void spec_check_slices(const SpecCheck *check);   /* every slice but for its NICs */
void spec_check_all_nics(const SpecCheck *check); /* NICs, bonds, MAC addresses */

/* "slice NAME". Caller frees. */
char *spec_check_slice_subject(const SpecSlice *slice);
