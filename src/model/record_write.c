/* SPDX-License-Identifier: Apache-2.0 */
/* Records as JSON text at once: what record_encode() makes, without a tree in between. */
#include "base/json.h"
#include "model/record_private.h"

static void write_object(const Record *record, const void *object, guint first, GString *out);

static void write_ints(const GArray *ints, GString *out)
{
    for (guint i = 0; i < ints->len; i++)
        g_string_append_printf(out, "%s%" G_GINT64_FORMAT, i > 0 ? "," : "",
                               g_array_index(ints, gint64, i));
}

static void write_texts(const GPtrArray *texts, GString *out)
{
    for (guint i = 0; i < texts->len; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        json_append_text(out, g_ptr_array_index(texts, i));
    }
}

static void write_list(const Record *record, const GPtrArray *list, GString *out)
{
    for (guint i = 0; i < list->len; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        write_object(record, g_ptr_array_index(list, i), 0, out);
    }
}

static void write_map(const Record *record, const GPtrArray *list, GString *out)
{
    for (guint i = 0; i < list->len; i++) {
        const void *object = g_ptr_array_index(list, i);
        const char *name = *(char **)record_member(&record->fields[0], object);

        if (i > 0)
            g_string_append_c(out, ',');
        json_append_text(out, name ? name : "");
        g_string_append_c(out, ':');
        write_object(record, object, 1, out);
    }
}

static void write_scalar(const Field *field, const void *member, GString *out)
{
    if (field->kind == FIELD_FLAG) {
        g_string_append(out, *(const int *)member != 0 ? "true" : "false");
    } else if (field->kind == FIELD_TEXT) {
        json_append_text(out, *(char *const *)member);
    } else if (field->kind == FIELD_ENUM) {
        json_append_text(out, field->words[*(const int *)member]);
    } else if (field->kind == FIELD_CPUS) {
        g_autofree char *list = cpuset_format(*(CpuSet *const *)member);

        json_append_text(out, list);
    } else {
        g_string_append_printf(out, "%" G_GINT64_FORMAT, *(const gint64 *)member);
    }
}

static bool is_array(const Field *field)
{
    return field->kind == FIELD_INTS || field->kind == FIELD_TEXTS || field->kind == FIELD_LIST;
}

/* The value of a member that is set. */
static void write_member(const Field *field, const void *object, GString *out)
{
    const void *member = record_member(field, object);

    if (is_array(field))
        g_string_append_c(out, '[');
    if (field->kind == FIELD_INTS)
        write_ints(*(GArray *const *)member, out);
    else if (field->kind == FIELD_TEXTS)
        write_texts(*(GPtrArray *const *)member, out);
    else if (field->kind == FIELD_LIST)
        write_list(field->record, *(GPtrArray *const *)member, out);
    else if (field->kind == FIELD_STRUCT)
        write_object(field->record, member, 0, out);
    else if (field->kind == FIELD_POINTER)
        write_object(field->record, *(void *const *)member, 0, out);
    else if (field->kind == FIELD_MAP) {
        g_string_append_c(out, '{');
        write_map(field->record, *(GPtrArray *const *)member, out);
        g_string_append_c(out, '}');
    } else
        write_scalar(field, member, out);
    if (is_array(field))
        g_string_append_c(out, ']');
}

static void write_object(const Record *record, const void *object, guint first, GString *out)
{
    bool any = false;

    g_string_append_c(out, '{');
    for (guint i = first; i < record->n_fields; i++) {
        const Field *field = &record->fields[i];

        if (!record_is_written(field, object))
            continue;
        if (any)
            g_string_append_c(out, ',');
        any = true;
        json_append_text(out, field->name);
        g_string_append_c(out, ':');
        if (record_is_null(field, object))
            g_string_append(out, "null");
        else
            write_member(field, object, out);
    }
    g_string_append_c(out, '}');
}

void record_write(const Record *record, const void *object, GString *out)
{
    write_object(record, object, 0, out);
}
