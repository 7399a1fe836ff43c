/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <glib.h>
#include <stdlib.h>

char *json_write_text(const json_t *json)
{
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY);
    char *result = g_strconcat(text ? text : "null", "\n", NULL);

    free(text);
    return result;
}

json_t *json_new_text(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    return json_string(valid);
}

void json_set_text(json_t *object, const char *key, const char *text)
{
    if (text)
        json_object_set_new(object, key, json_new_text(text));
}
