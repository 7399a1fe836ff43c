/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema is for editors and for programs that write documents: it is a little stricter than the
 * reader, which takes null for "not given" and an unquoted number for a text.
 */
#include <string.h>

#include "model/record_private.h"

#define SIZE_PATTERN "^[0-9]+ *(B|K|KiB|M|MiB|G|GiB|T|TiB)?$"
#define CPUS_REGION "[0-9]+(-[0-9]+(:[0-9]+/[0-9]+)?)?"
#define CPUS_PATTERN "^(" CPUS_REGION "( *, *" CPUS_REGION ")*)?$"

static void set(json_t *json, const char *key, json_t *value)
{
    json_object_set_new(json, key, value);
}

static json_t *new_type(const char *type)
{
    json_t *json = json_object();

    set(json, "type", json_string(type));
    return json;
}

static json_t *new_pattern(const char *pattern)
{
    json_t *json = new_type("string");

    set(json, "pattern", json_string(pattern));
    return json;
}

static json_t *new_integer(const Field *field)
{
    json_t *json = new_type("integer");

    set(json, "minimum", json_integer(field->min));
    if (field->max > 0)
        set(json, "maximum", json_integer(field->max));
    return json;
}

static json_t *new_size(const Field *field)
{
    json_t *json = json_object();

    set(json, "anyOf", json_pack("[o,o]", new_integer(field), new_pattern(SIZE_PATTERN)));
    return json;
}

static json_t *new_enum(const Field *field)
{
    json_t *json = json_object();
    json_t *words = json_array();

    for (guint i = 0; field->words[i]; i++)
        json_array_append_new(words, json_string(field->words[i]));
    set(json, "enum", words);
    return json;
}

static json_t *new_text(const Field *field)
{
    return field->form ? new_pattern(field->form->pattern) : new_type("string");
}

/* A reference to the definition of @record, which is made at its first use. In a map the first
 * field is the key, so the entry is a definition of its own. */
static json_t *new_reference(json_t *definitions, const Record *record, bool entry);

static json_t *new_array(const Field *field, json_t *items)
{
    json_t *json = new_type("array");

    set(json, "items", items);
    if (field->flags & FIELD_NON_EMPTY)
        set(json, "minItems", json_integer(1));
    return json;
}

static json_t *new_map(const Field *field, json_t *definitions)
{
    const TextForm *form = field->record->fields[0].form;
    json_t *json = new_type("object");

    if (form)
        set(json, "propertyNames", json_pack("{s:s}", "pattern", form->pattern));
    set(json, "additionalProperties", new_reference(definitions, field->record, true));
    if (field->flags & FIELD_NON_EMPTY)
        set(json, "minProperties", json_integer(1));
    return json;
}

static json_t *new_field_type(const Field *field, json_t *definitions)
{
    switch (field->kind) {
    case FIELD_FLAG:
        return new_type("boolean");
    case FIELD_INT:
        return new_integer(field);
    case FIELD_SIZE:
        return new_size(field);
    case FIELD_TEXT:
        return new_text(field);
    case FIELD_ENUM:
        return new_enum(field);
    case FIELD_CPUS:
        return new_pattern(CPUS_PATTERN);
    case FIELD_INTS:
        return new_array(field, new_integer(field));
    case FIELD_TEXTS:
        return new_array(field, new_text(field));
    case FIELD_STRUCT:
        if (field->record->short_form)
            return json_pack("{s:[o, o]}", "anyOf",
                             new_field_type(&field->record->fields[0], definitions),
                             new_reference(definitions, field->record, false));
        return new_reference(definitions, field->record, false);
    case FIELD_POINTER:
        return new_reference(definitions, field->record, false);
    case FIELD_LIST:
        return new_array(field, new_reference(definitions, field->record, false));
    case FIELD_MAP:
        return new_map(field, definitions);
    }
    g_assert_not_reached();
}

/* The default as a value of its own type, as the document would hold it. */
static json_t *new_default(const Field *field)
{
    if (field->kind == FIELD_FLAG)
        return json_boolean(strcmp(field->fallback, "true") == 0);
    if (field->kind == FIELD_INT)
        return json_integer(g_ascii_strtoll(field->fallback, NULL, 10));
    return json_string(field->fallback);
}

static json_t *new_field(const Field *field, json_t *definitions)
{
    json_t *json = new_field_type(field, definitions);

    if (field->doc)
        set(json, "description", json_string(field->doc));
    if (field->fallback)
        set(json, "default", new_default(field));
    if (field->flags & FIELD_SECRET)
        set(json, "writeOnly", json_true());
    return json;
}

/* Adds the fields from @first on to @json. */
static void add_object(json_t *json, const Record *record, guint first, json_t *definitions)
{
    json_t *properties = json_object();
    json_t *required = json_array();

    for (guint i = first; i < record->n_fields; i++) {
        const Field *field = &record->fields[i];

        set(properties, field->name, new_field(field, definitions));
        if (field->flags & FIELD_REQUIRED)
            json_array_append_new(required, json_string(field->name));
    }
    set(json, "type", json_string("object"));
    set(json, "properties", properties);
    if (json_array_size(required) > 0)
        json_object_set(json, "required", required);
    json_decref(required);
    if (!record->open)
        set(json, "additionalProperties", json_false());
}

static json_t *new_reference(json_t *definitions, const Record *record, bool entry)
{
    g_autofree char *key = g_strconcat(record->name, entry ? "-entry" : "", NULL);
    g_autofree char *path = g_strconcat("#/$defs/", key, NULL);

    if (!json_object_get(definitions, key)) {
        json_t *json = json_object();

        set(definitions, key, json);
        add_object(json, record, entry ? 1 : 0, definitions);
    }

    json_t *reference = json_object();

    set(reference, "$ref", json_string(path));
    return reference;
}

json_t *record_schema(const Record *record, const char *id, const char *title)
{
    json_t *json = json_object();
    json_t *definitions = json_object();

    set(json, "$schema", json_string("https://json-schema.org/draft/2020-12/schema"));
    set(json, "$id", json_string(id));
    set(json, "title", json_string(title));
    add_object(json, record, 0, definitions);
    if (json_object_size(definitions) > 0)
        json_object_set(json, "$defs", definitions);
    json_decref(definitions);
    return json;
}
