/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of record.h share. Nobody else includes it. */
#pragma once

#include "model/record.h"

/* The member of @object that @field describes. */
static inline void *record_member(const Field *field, const void *object)
{
    return (char *)object + field->offset;
}

static inline bool record_field_is_list(const Field *field)
{
    return field->kind == FIELD_LIST || field->kind == FIELD_MAP;
}

/* Whether a scalar, text, set of CPUs or pointer has no value, or a list no member. A FIELD_STRUCT
 * is never unset. */
bool record_is_unset(const Field *field, const void *object);

/* Whether the member stands in a document, and as null. */
bool record_is_written(const Field *field, const void *object);
bool record_is_null(const Field *field, const void *object);

/* Sets the member to the field's fallback; a fallback that cannot be read is a mistake in the
 * table, and ends the program. */
void record_set_fallback(const Record *record, const Field *field, void *object);

/* ---- reading: record_decode.c walks the structs, record_scalar.c reads their values ---- */

#define RECORD_MAX_QUOTE 60

typedef struct {
    const Tree *tree; /* NULL: a fallback of a table, not a document */
    GPtrArray *findings;
    guint n_findings;
    GString *path;       /* of keys: clusters[0].slices[1].vcpus */
    bool secret;         /* the value may not be shown */
    GHashTable *regexes; /* pattern -> GRegex: compiled once for a document */
} Decoder;

/* A finding about the current path. @hint may be NULL. */
void record_report(Decoder *decoder, guint line, guint column, const char *code, const char *hint,
                   const char *format, ...) G_GNUC_PRINTF(6, 7);
/* "wants a list, found ...". Returns false. */
bool record_report_type(Decoder *decoder, const TreeNode *node, FieldKind kind, const char *hint);

/* Whether @text may be a text of @form (NULL: any form); reports when not. */
bool record_check_text(Decoder *decoder, const TextForm *form, const char *text, guint line,
                       guint column);

/* Reads a scalar or a list of scalars into its member, or reports and leaves it unset. The node of
 * a list is a TREE_LIST. */
void record_read_value(Decoder *decoder, const Field *field, const TreeNode *node, void *object);
