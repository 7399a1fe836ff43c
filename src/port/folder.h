/* SPDX-License-Identifier: Apache-2.0 */
/* Folders: what is in them, and making them. Whole files are port/file.h. */
#pragma once

#include <glib.h>
#include <stdbool.h>

bool folder_exists(const char *path);

/* Paths of the entries of @path whose names end in @suffix, sorted (char *). NULL with @error. */
GPtrArray *folder_list(const char *path, const char *suffix, GError **error);

/* With its parents; one that is there is no error. */
bool folder_make(const char *path, GError **error);
