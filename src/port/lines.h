/* SPDX-License-Identifier: Apache-2.0 */
/* A file line by line, for files too long to be held whole. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct Lines Lines;

/* A regular file or a pipe. NULL with @error, which names the path. */
Lines *lines_open(const char *path, GError **error);
void lines_close(Lines *lines); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lines, lines_close)

/* The next line, without its end and not NUL-terminated; valid until the next call. NULL at the
 * end, or with @error: also when a line is longer than @max_bytes. */
const char *lines_next(Lines *lines, gsize max_bytes, gsize *ret_length, GError **error);
