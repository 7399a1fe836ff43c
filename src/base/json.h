/* SPDX-License-Identifier: Apache-2.0 */
/* How JSON is written: two spaces, keys in the order given, a newline at the end, always UTF-8. */
#pragma once

#include <glib.h>
#include <jansson.h>

/* Caller frees with g_free(). */
char *json_write_text(const json_t *json);

/* Texts from the kernel and from other machines may hold any bytes, and JSON is UTF-8: what is not
 * is replaced by U+FFFD. json_set_text() leaves the key out when @text is NULL. */
json_t *json_new_text(const char *text);
/* Appends the text with its quotes. */
void json_append_text(GString *out, const char *text);
void json_set_text(json_t *object, const char *key, const char *text);
