/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

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

static void append_escape(GString *out, char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *at = strchr(from, c);

    if (at)
        g_string_append_printf(out, "\\%c", to[at - from]);
    else
        g_string_append_printf(out, "\\u%04X", (unsigned)(guchar)c);
}

void json_append_text(GString *out, const char *text)
{
    g_autofree char *valid = g_utf8_validate(text, -1, NULL) ? NULL : g_utf8_make_valid(text, -1);
    const char *start = valid ? valid : text, *at;

    g_string_append_c(out, '"');
    for (at = start; *at; at++) {
        if ((guchar)*at >= ' ' && *at != '"' && *at != '\\')
            continue;
        g_string_append_len(out, start, at - start);
        append_escape(out, *at);
        start = at + 1;
    }
    g_string_append_len(out, start, at - start);
    g_string_append_c(out, '"');
}

void json_set_text(json_t *object, const char *key, const char *text)
{
    if (text)
        json_object_set_new(object, key, json_new_text(text));
}
