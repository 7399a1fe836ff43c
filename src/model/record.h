/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Record: the field table of a struct. One table per struct drives reading (with positions, unknown
 * keys and "did you mean"), default values, writing as JSON, the JSON Schema and freeing, so that
 * these cannot drift apart. To add a field to the spec, the Host JSON or the Plan JSON, add a
 * member to the struct and one row to its table.
 *
 * It must not know any particular model, and does no I/O.
 *
 * Structs are made by record_new(): numbers unset, text NULL, lists empty. "Unset" stands for "not
 * in the document" and for "unknown", and is written as null, never as 0 or -1.
 */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

#include "base/cpuset.h"
#include "base/tree.h"

#define RECORD_UNSET (-1)

typedef enum {
    FIELD_FLAG,    /* int: RECORD_UNSET, 0, 1                     <-> null, false, true */
    FIELD_INT,     /* gint64 >= 0, or RECORD_UNSET                <-> integer or null */
    FIELD_SIZE,    /* gint64 bytes, or RECORD_UNSET; reads "8GiB"  -> integer or null */
    FIELD_TEXT,    /* char *, or NULL                             <-> string or null */
    FIELD_ENUM,    /* int: index into words, or RECORD_UNSET      <-> one of the words or null */
    FIELD_CPUS,    /* CpuSet *, or NULL                           <-> kernel list or null */
    FIELD_INTS,    /* GArray * of gint64, never NULL               <-> array of integers */
    FIELD_TEXTS,   /* GPtrArray * of char *, never NULL            <-> array of strings */
    FIELD_STRUCT,  /* the struct itself, at the offset            <-> object */
    FIELD_POINTER, /* pointer to a struct, or NULL                <-> object or null */
    FIELD_LIST,    /* GPtrArray * of structs, never NULL           <-> array of objects */
    FIELD_MAP,     /* the same; the key is the first field of it  <-> object of objects */
} FieldKind;

/* What a FIELD_TEXT may hold. */
typedef struct {
    const char *pattern; /* anchored; PCRE and JSON Schema read it alike */
    const char *words;   /* for people: "a MAC address such as 52:54:00:12:34:56" */
} TextForm;

extern const TextForm TEXT_FORM_NAME;   /* [A-Za-z0-9][A-Za-z0-9_.-]{0,62} */
extern const TextForm TEXT_FORM_MAC;    /* unicast MAC address */
extern const TextForm TEXT_FORM_HEX4;   /* PCI vendor or device id */
extern const TextForm TEXT_FORM_SHA256; /* 64 hex digits */

enum {
    FIELD_REQUIRED = 1 << 0,   /* reading: absence is a finding */
    FIELD_NON_EMPTY = 1 << 1,  /* lists and maps: at least one member */
    FIELD_OMIT_UNSET = 1 << 2, /* writing: leave the key out instead of null or [] */
    FIELD_NULLABLE = 1 << 4,   /* FIELD_TEXTS: NULL is "unknown", which an empty list is not */
    FIELD_RAW = 1 << 5,        /* FIELD_TEXT: may hold line breaks and all else */
    FIELD_SECRET = 1 << 3,     /* never quoted in a finding, never written */
};

typedef struct Record Record;

typedef struct {
    const char *name; /* the key in the document */
    FieldKind kind;
    gsize offset;
    unsigned flags;
    gint64 min, max;          /* FIELD_INT, FIELD_SIZE; max 0: no limit */
    const char *const *words; /* FIELD_ENUM, NULL-terminated */
    const TextForm *form;     /* FIELD_TEXT and FIELD_TEXTS; NULL: any text */
    const Record *record;     /* FIELD_STRUCT, POINTER, LIST, MAP */
    const char *fallback;     /* default of a scalar as it would be written in the spec, or NULL */
    const char *doc;          /* one line for the JSON Schema and the man page */
} Field;

struct Record {
    const char *name; /* "slice" */
    gsize size;
    gssize node_offset; /* of a `const TreeNode *node` member that is set while reading, or -1 */
    bool short_form;    /* a scalar stands for a struct with only its first field */
    bool open;          /* unknown keys are passed over (files of a newer version), not findings */
    const Field *fields;
    guint n_fields;
};

#define RECORD_FIELDS(array) .fields = (array), .n_fields = G_N_ELEMENTS(array)

void *record_new(const Record *record);
void record_free(const Record *record, void *object); /* NULL-safe */
/* All that the fields say, and no more: nodes of a tree are not copied. */
void *record_copy(const Record *record, const void *object);

/* Reads @node of @tree into a new struct. Always returns one; every flaw is a finding with its
 * place and the path of keys as its subject, and leaves the field unset. The struct may point into
 * @tree (node members): free it first. */
void *record_decode(const Record *record, const Tree *tree, const TreeNode *node,
                    GPtrArray *findings);

/* Fills unset scalars that have a fallback, in nested structs too (not FIELD_POINTERs that are
 * NULL). */
void record_fill_defaults(const Record *record, void *object);

/* Appends the same as compact JSON text. */
void record_write(const Record *record, const void *object, GString *out);

/* Caller owns the result. */
json_t *record_encode(const Record *record, const void *object);

/* JSON Schema (draft 2020-12) of a document whose root is @record. Caller owns the result. */
json_t *record_schema(const Record *record, const char *id, const char *title);
