/* SPDX-License-Identifier: Apache-2.0 */
#include "model/record.h"

#include "model/record_private.h"

const TextForm TEXT_FORM_NAME = {
    .pattern = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$",
    .words = "a name: up to 63 letters, digits, '.', '_' and '-', the first a letter or digit",
};
const TextForm TEXT_FORM_MAC = {
    .pattern = "^[0-9a-fA-F][02468aceACE](:[0-9a-fA-F]{2}){5}$",
    .words = "a unicast MAC address such as 52:54:00:12:34:56",
};
const TextForm TEXT_FORM_HEX4 = {
    .pattern = "^[0-9a-f]{4}$",
    .words = "a PCI id such as 8086: four hex digits, lower case, without 0x",
};
const TextForm TEXT_FORM_SHA256 = {
    .pattern = "^[0-9a-f]{64}$",
    .words = "a SHA-256 as sha256sum prints it: 64 hex digits, lower case",
};

static void init_object(const Record *record, void *object);

static void init_member(const Field *field, void *object)
{
    void *member = record_member(field, object);

    switch (field->kind) {
    case FIELD_FLAG:
    case FIELD_ENUM:
        *(int *)member = RECORD_UNSET;
        break;
    case FIELD_INT:
    case FIELD_SIZE:
        *(gint64 *)member = RECORD_UNSET;
        break;
    case FIELD_TEXT:
    case FIELD_CPUS:
    case FIELD_POINTER:
        break; /* NULL already */
    case FIELD_INTS:
        *(GArray **)member = g_array_new(FALSE, FALSE, sizeof(gint64));
        break;
    case FIELD_TEXTS:
        if (!(field->flags & FIELD_NULLABLE))
            *(GPtrArray **)member = g_ptr_array_new_with_free_func(g_free);
        break;
    case FIELD_LIST:
    case FIELD_MAP:
        /* The members are freed by clear_member(): a GDestroyNotify does not know their record. */
        *(GPtrArray **)member = g_ptr_array_new();
        break;
    case FIELD_STRUCT:
        init_object(field->record, member);
        break;
    }
}

static void init_object(const Record *record, void *object)
{
    for (guint i = 0; i < record->n_fields; i++)
        init_member(&record->fields[i], object);
}

void *record_new(const Record *record)
{
    void *object = g_malloc0(record->size);

    init_object(record, object);
    return object;
}

static void clear_object(const Record *record, void *object);

static void clear_member(const Field *field, void *object)
{
    void *member = record_member(field, object);

    switch (field->kind) {
    case FIELD_FLAG:
    case FIELD_ENUM:
    case FIELD_INT:
    case FIELD_SIZE:
        break;
    case FIELD_TEXT:
        g_free(*(char **)member);
        break;
    case FIELD_CPUS:
        cpuset_free(*(CpuSet **)member);
        break;
    case FIELD_INTS:
        g_clear_pointer((GArray **)member, g_array_unref);
        break;
    case FIELD_TEXTS:
        g_clear_pointer((GPtrArray **)member, g_ptr_array_unref);
        break;
    case FIELD_LIST:
    case FIELD_MAP: {
        GPtrArray *list = *(GPtrArray **)member;

        for (guint i = 0; list && i < list->len; i++)
            record_free(field->record, g_ptr_array_index(list, i));
        g_clear_pointer((GPtrArray **)member, g_ptr_array_unref);
        break;
    }
    case FIELD_STRUCT:
        clear_object(field->record, member);
        break;
    case FIELD_POINTER:
        record_free(field->record, *(void **)member);
        break;
    }
}

static void clear_object(const Record *record, void *object)
{
    for (guint i = 0; i < record->n_fields; i++)
        clear_member(&record->fields[i], object);
}

void record_free(const Record *record, void *object)
{
    if (!object)
        return;
    clear_object(record, object);
    g_free(object);
}

bool record_is_unset(const Field *field, const void *object)
{
    const void *member = record_member(field, object);

    switch (field->kind) {
    case FIELD_FLAG:
    case FIELD_ENUM:
        return *(const int *)member == RECORD_UNSET;
    case FIELD_INT:
    case FIELD_SIZE:
        return *(const gint64 *)member == RECORD_UNSET;
    case FIELD_TEXT:
    case FIELD_CPUS:
    case FIELD_POINTER:
        return *(void *const *)member == NULL;
    case FIELD_INTS:
        return (*(GArray *const *)member)->len == 0;
    case FIELD_TEXTS:
        if (field->flags & FIELD_NULLABLE)
            return *(void *const *)member == NULL;
        return (*(GPtrArray *const *)member)->len == 0;
    case FIELD_LIST:
    case FIELD_MAP:
        return (*(GPtrArray *const *)member)->len == 0;
    case FIELD_STRUCT:
        return false;
    }
    g_assert_not_reached();
}

static void fill_member(const Record *record, const Field *field, void *object)
{
    void *member = record_member(field, object);

    if (field->kind == FIELD_STRUCT) {
        record_fill_defaults(field->record, member);
    } else if (field->kind == FIELD_POINTER && *(void **)member) {
        record_fill_defaults(field->record, *(void **)member);
    } else if (record_field_is_list(field)) {
        const GPtrArray *list = *(GPtrArray **)member;

        for (guint i = 0; i < list->len; i++)
            record_fill_defaults(field->record, g_ptr_array_index(list, i));
    } else if (field->fallback && record_is_unset(field, object)) {
        record_set_fallback(record, field, object);
    }
}

void record_fill_defaults(const Record *record, void *object)
{
    for (guint i = 0; i < record->n_fields; i++)
        fill_member(record, &record->fields[i], object);
}

static void copy_object(const Record *record, const void *from, void *to);

static void copy_texts(const GPtrArray *from, GPtrArray **to)
{
    g_clear_pointer(to, g_ptr_array_unref);
    if (!from)
        return;
    *to = g_ptr_array_new_full(from->len, g_free);
    for (guint i = 0; i < from->len; i++)
        g_ptr_array_add(*to, g_strdup(g_ptr_array_index(from, i)));
}

static void copy_list(const Record *record, const GPtrArray *from, GPtrArray *to)
{
    for (guint i = 0; i < from->len; i++)
        g_ptr_array_add(to, record_copy(record, g_ptr_array_index(from, i)));
}

/* @to is as record_new() made it. */
static void copy_member(const Field *field, const void *from_object, void *to_object)
{
    const void *from = record_member(field, from_object);
    void *to = record_member(field, to_object);

    switch (field->kind) {
    case FIELD_FLAG:
    case FIELD_ENUM:
        *(int *)to = *(const int *)from;
        break;
    case FIELD_INT:
    case FIELD_SIZE:
        *(gint64 *)to = *(const gint64 *)from;
        break;
    case FIELD_TEXT:
        *(char **)to = g_strdup(*(char *const *)from);
        break;
    case FIELD_CPUS:
        *(CpuSet **)to = *(CpuSet *const *)from ? cpuset_copy(*(CpuSet *const *)from) : NULL;
        break;
    case FIELD_INTS:
        g_array_append_vals(*(GArray **)to, (*(GArray *const *)from)->data,
                            (*(GArray *const *)from)->len);
        break;
    case FIELD_TEXTS:
        copy_texts(*(GPtrArray *const *)from, to);
        break;
    case FIELD_STRUCT:
        copy_object(field->record, from, to);
        break;
    case FIELD_POINTER:
        *(void **)to =
            *(void *const *)from ? record_copy(field->record, *(void *const *)from) : NULL;
        break;
    case FIELD_LIST:
    case FIELD_MAP:
        copy_list(field->record, *(GPtrArray *const *)from, *(GPtrArray **)to);
        break;
    }
}

static void copy_object(const Record *record, const void *from, void *to)
{
    for (guint i = 0; i < record->n_fields; i++)
        copy_member(&record->fields[i], from, to);
}

void *record_copy(const Record *record, const void *object)
{
    void *copy = record_new(record);

    copy_object(record, object, copy);
    return copy;
}
