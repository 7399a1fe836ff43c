/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture: what discovery and doctor read of this host, as a tar that they read back the same
 * (--root). The readers themselves tell what they read, so that nothing they need is missing. What
 * is private is left out: addresses, mount points, other users; of programs only the names of a few
 * daemons.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Writes @path, "-" for standard output. @anonymise: other names for the host and its MAC
 * addresses. *@ret_entries: how many files, links and folders. What discovery finds wrong goes to
 * @findings. */
bool capture_write(const char *path, bool anonymise, guint *ret_entries, GPtrArray *findings,
                   GError **error);
