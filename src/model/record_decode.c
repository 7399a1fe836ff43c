/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "model/finding.h"
#include "model/record_private.h"

/* More keys than this do not help in a hint. */
#define MAX_KEYS_IN_HINT 12

/* Reads the map @node into @object, fields from @first on: a map entry's name is its key. */
static bool decode_object(Decoder *decoder, const Record *record, guint first, const TreeNode *node,
                          void *object);

static void push_key(Decoder *decoder, const char *key)
{
    static const char plain[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-";
    g_autofree char *quoted = text_quote(key, RECORD_MAX_QUOTE);

    if (key[strspn(key, plain)] != '\0')
        g_string_append_printf(decoder->path, "[\"%s\"]", quoted);
    else
        g_string_append_printf(decoder->path, "%s%s", decoder->path->len > 0 ? "." : "", quoted);
}

static void read_list(Decoder *decoder, const Field *field, const TreeNode *node, GPtrArray *list)
{
    gsize path_length = decoder->path->len;

    for (guint i = 0; i < node->items->len; i++) {
        void *object = record_new(field->record);

        g_string_append_printf(decoder->path, "[%u]", i);
        if (decode_object(decoder, field->record, 0, g_ptr_array_index(node->items, i), object))
            g_ptr_array_add(list, object);
        else
            record_free(field->record, object);
        g_string_truncate(decoder->path, path_length);
    }
}

static void read_map(Decoder *decoder, const Field *field, const TreeNode *node, GPtrArray *list)
{
    const Field *name = &field->record->fields[0];
    gsize path_length = decoder->path->len;

    for (guint i = 0; i < node->items->len; i++) {
        const TreeEntry *entry = g_ptr_array_index(node->items, i);
        void *object = record_new(field->record);

        push_key(decoder, entry->key);
        if (record_check_text(decoder, name->form, entry->key, entry->line, entry->column) &&
            decode_object(decoder, field->record, 1, entry->value, object)) {
            *(char **)record_member(name, object) = g_strdup(entry->key);
            g_ptr_array_add(list, object);
        } else {
            record_free(field->record, object);
        }
        g_string_truncate(decoder->path, path_length);
    }
}

static bool is_short_form(const Field *field, const TreeNode *node)
{
    return field->kind == FIELD_STRUCT && field->record->short_form && node->kind == TREE_SCALAR;
}

/* The kind of node that holds a list or struct field; scalars say for themselves what they want. */
static bool has_right_kind(Decoder *decoder, const Field *field, const TreeNode *node)
{
    bool list =
        field->kind == FIELD_LIST || field->kind == FIELD_INTS || field->kind == FIELD_TEXTS;
    bool map =
        field->kind == FIELD_MAP || field->kind == FIELD_STRUCT || field->kind == FIELD_POINTER;

    if (list && node->kind != TREE_LIST)
        return record_report_type(decoder, node, field->kind,
                                  field->kind == FIELD_LIST ? "start each member with \"- \""
                                                            : "put it in brackets: [ ]");
    if (map && node->kind != TREE_MAP && !is_short_form(field, node))
        return record_report_type(decoder, node, field->kind, NULL);
    if ((list || field->kind == FIELD_MAP) && (field->flags & FIELD_NON_EMPTY) &&
        node->items->len == 0)
        record_report(decoder, node->line, node->column, "empty", NULL,
                      "must have at least one member");
    return true;
}

static void decode_field(Decoder *decoder, const Field *field, const TreeNode *node, void *object)
{
    void *member = record_member(field, object);

    if (!has_right_kind(decoder, field, node))
        return;
    switch (field->kind) {
    case FIELD_STRUCT:
        if (is_short_form(field, node))
            decode_field(decoder, &field->record->fields[0], node, member);
        else
            (void)decode_object(decoder, field->record, 0, node, member);
        break;
    case FIELD_POINTER:
        *(void **)member = record_new(field->record);
        (void)decode_object(decoder, field->record, 0, node, *(void **)member);
        break;
    case FIELD_LIST:
        read_list(decoder, field, node, *(GPtrArray **)member);
        break;
    case FIELD_MAP:
        read_map(decoder, field, node, *(GPtrArray **)member);
        break;
    default:
        record_read_value(decoder, field, node, object);
        break;
    }
}

static void report_unknown_key(Decoder *decoder, const Record *record, guint first,
                               const TreeEntry *entry)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new();
    g_autofree char *quoted = text_quote(entry->key, RECORD_MAX_QUOTE);
    g_autofree char *hint = NULL;

    for (guint i = first; i < record->n_fields; i++)
        g_ptr_array_add(keys, (char *)record->fields[i].name);
    g_ptr_array_add(keys, NULL);

    const char *nearest = text_nearest(entry->key, (const char *const *)keys->pdata);

    if (nearest) {
        hint = g_strdup_printf("did you mean '%s'?", nearest);
    } else if (keys->len - 1 <= MAX_KEYS_IN_HINT) {
        g_autofree char *known = g_strjoinv(", ", (char **)keys->pdata);

        hint = g_strdup_printf("the keys are: %s", known);
    }
    record_report(decoder, entry->line, entry->column, "unknown-key", hint,
                  "unknown key '%s' in this %s", quoted, record->name);
}

static void find_unknown_keys(Decoder *decoder, const Record *record, guint first,
                              const TreeNode *node)
{
    gsize path_length = decoder->path->len;

    for (guint i = 0; i < node->items->len; i++) {
        const TreeEntry *entry = g_ptr_array_index(node->items, i);
        bool known = false;

        for (guint k = first; k < record->n_fields && !known; k++)
            known = strcmp(entry->key, record->fields[k].name) == 0;
        if (known)
            continue;
        push_key(decoder, entry->key);
        report_unknown_key(decoder, record, first, entry);
        g_string_truncate(decoder->path, path_length);
    }
}

static bool decode_object(Decoder *decoder, const Record *record, guint first, const TreeNode *node,
                          void *object)
{
    gsize path_length = decoder->path->len;

    if (node->kind != TREE_MAP)
        return record_report_type(decoder, node, FIELD_STRUCT, NULL);
    if (record->node_offset >= 0)
        *(const TreeNode **)((char *)object + record->node_offset) = node;
    if (!record->open)
        find_unknown_keys(decoder, record, first, node);
    for (guint i = first; i < record->n_fields; i++) {
        const Field *field = &record->fields[i];
        const TreeNode *value = tree_get(node, field->name);

        if (value && !tree_is_null(value)) {
            push_key(decoder, field->name);
            decoder->secret = (field->flags & FIELD_SECRET) != 0;
            decode_field(decoder, field, value, object);
            decoder->secret = false;
            g_string_truncate(decoder->path, path_length);
        } else if (field->flags & FIELD_REQUIRED) {
            record_report(decoder, node->line, node->column, "missing-key", NULL,
                          "the key '%s' is missing", field->name);
        }
    }
    return true;
}

static Decoder decoder_start(const Tree *tree, GPtrArray *findings)
{
    return (Decoder){
        .tree = tree,
        .findings = findings,
        .path = g_string_new(NULL),
        .regexes = g_hash_table_new_full(g_str_hash, g_str_equal, /* key_destroy_func= */ NULL,
                                         (GDestroyNotify)g_regex_unref),
    };
}

static void decoder_end(Decoder *decoder)
{
    g_string_free(decoder->path, TRUE);
    g_hash_table_unref(decoder->regexes);
}

void *record_decode(const Record *record, const Tree *tree, const TreeNode *node,
                    GPtrArray *findings)
{
    void *object = record_new(record);
    Decoder decoder = decoder_start(tree, findings);

    /* Without a node the tree's own problems say why. */
    if (node)
        (void)decode_object(&decoder, record, 0, node, object);
    decoder_end(&decoder);
    return object;
}

void record_set_fallback(const Record *record, const Field *field, void *object)
{
    g_autoptr(GPtrArray) findings = findings_new();
    const TreeNode node = {.kind = TREE_SCALAR, .text = (char *)field->fallback};
    Decoder decoder = decoder_start(/* tree= */ NULL, findings);

    decode_field(&decoder, field, &node, object);
    decoder_end(&decoder);
    if (findings->len > 0)
        g_error("%s.%s: bad fallback '%s'", record->name, field->name, field->fallback);
}
