/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small text rules that more than one layer needs: sizes, names, "did you mean".
 * It must not read files or know any model.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* "8GiB", "512 MiB", "100G" (= GiB, as in QEMU and kernel arguments) or plain bytes -> bytes.
 * Units: B K M G T, KiB MiB GiB TiB; a fraction is an error. Overflow past 2^62 is an error. */
bool text_parse_size(const char *text, gint64 *ret_bytes, GError **error);

/* The largest binary unit that divides @bytes: 8589934592 -> "8GiB", 1025 -> "1025B".
 * Round-trips through text_parse_size(). Caller frees. */
char *text_format_size(gint64 bytes);

/* The same for eyes: one decimal at most, "15.6 GiB". Caller frees. */
char *text_format_size_short(gint64 bytes);

/* "90s", "5min", "1h" or plain seconds -> seconds, from 1 to a day. */
bool text_parse_seconds(const char *text, guint *ret_seconds, GError **error);

/* The member of the NULL-terminated @words nearest to @word by edit distance (transpositions count
 * one), if near enough to be a typing error; else NULL. The result points into @words. */
const char *text_nearest(const char *word, const char *const *words);

/* Cuts and escapes foreign text for messages: no control characters, at most @max characters
 * (then "..."), always valid UTF-8. Caller frees. */
char *text_quote(const char *text, gsize max);
