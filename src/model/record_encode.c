/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "model/record_private.h"

static json_t *encode_ints(const GArray *ints)
{
    json_t *array = json_array();

    for (guint i = 0; i < ints->len; i++)
        json_array_append_new(array, json_integer(g_array_index(ints, gint64, i)));
    return array;
}

static json_t *encode_texts(const GPtrArray *texts)
{
    json_t *array = json_array();

    for (guint i = 0; i < texts->len; i++)
        json_array_append_new(array, json_new_text(g_ptr_array_index(texts, i)));
    return array;
}

/* The fields of @object from @first on. */
static json_t *encode_object(const Record *record, const void *object, guint first);

static json_t *encode_list(const Record *record, const GPtrArray *list)
{
    json_t *array = json_array();

    for (guint i = 0; i < list->len; i++)
        json_array_append_new(array, encode_object(record, g_ptr_array_index(list, i), 0));
    return array;
}

static json_t *encode_map(const Record *record, const GPtrArray *list)
{
    json_t *map = json_object();

    for (guint i = 0; i < list->len; i++) {
        const void *object = g_ptr_array_index(list, i);
        const char *name = *(char **)record_member(&record->fields[0], object);
        g_autofree char *key = g_utf8_make_valid(name ? name : "", -1);

        json_object_set_new(map, key, encode_object(record, object, 1));
    }
    return map;
}

/* The value of a member that is set. */
static json_t *encode_member(const Field *field, const void *object)
{
    const void *member = record_member(field, object);

    switch (field->kind) {
    case FIELD_FLAG:
        return json_boolean(*(const int *)member != 0);
    case FIELD_INT:
    case FIELD_SIZE:
        return json_integer(*(const gint64 *)member);
    case FIELD_TEXT:
        return json_new_text(*(char *const *)member);
    case FIELD_ENUM:
        return json_string(field->words[*(const int *)member]);
    case FIELD_CPUS: {
        g_autofree char *list = cpuset_format(*(CpuSet *const *)member);

        return json_string(list);
    }
    case FIELD_INTS:
        return encode_ints(*(GArray *const *)member);
    case FIELD_TEXTS:
        return encode_texts(*(GPtrArray *const *)member);
    case FIELD_STRUCT:
        return encode_object(field->record, member, 0);
    case FIELD_POINTER:
        return encode_object(field->record, *(void *const *)member, 0);
    case FIELD_LIST:
        return encode_list(field->record, *(GPtrArray *const *)member);
    case FIELD_MAP:
        return encode_map(field->record, *(GPtrArray *const *)member);
    }
    g_assert_not_reached();
}

static bool is_array(const Field *field)
{
    return record_field_is_list(field) || field->kind == FIELD_INTS || field->kind == FIELD_TEXTS;
}

bool record_is_written(const Field *field, const void *object)
{
    return !(field->flags & FIELD_SECRET) &&
           !((field->flags & FIELD_OMIT_UNSET) && record_is_unset(field, object));
}

bool record_is_null(const Field *field, const void *object)
{
    return record_is_unset(field, object) && (!is_array(field) || field->flags & FIELD_NULLABLE);
}

static json_t *encode_object(const Record *record, const void *object, guint first)
{
    json_t *json = json_object();

    for (guint i = first; i < record->n_fields; i++) {
        const Field *field = &record->fields[i];

        if (record_is_written(field, object))
            json_object_set_new(json, field->name,
                                record_is_null(field, object) ? json_null()
                                                              : encode_member(field, object));
    }
    return json;
}

json_t *record_encode(const Record *record, const void *object)
{
    return encode_object(record, object, 0);
}
