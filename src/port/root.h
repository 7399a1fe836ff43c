/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Root: the one way to read /sys, /proc and /etc, of this host or of a captured tree. All paths are
 * relative to the root ("sys/devices/...") and never lead out of it: openat2(RESOLVE_IN_ROOT)
 * (man 2 openat2), so that a symlink of a capture resolves inside the capture. Reads are typed and
 * bounded; anything but a regular file is refused. It decides nothing.
 *
 * Paths take printf arguments. "Not there" and "cannot be read" are the same to callers here: the
 * value is unknown.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/cpuset.h"

/* The longest file that is read: /proc/cpuinfo of a server with 1024 CPUs takes 2 MiB. */
#define ROOT_MAX_BYTES (4 << 20)

typedef struct Root Root;

/* @directory: "/" for this host. NULL with @error when it is no directory. */
Root *root_open(const char *directory, GError **error);
void root_close(Root *root);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Root, root_close)

/* Tells @trace of all that is found from now on: the text of a file or the target of a symlink;
 * NULL for a folder that was listed and for what was seen to be there. */
typedef enum { ROOT_TEXT, ROOT_LINK, ROOT_LIST, ROOT_EXISTS } RootKind;
typedef void (*RootTrace)(RootKind kind, const char *path, const char *text, void *data);
void root_trace(Root *root, RootTrace trace, void *data);
/* For a caller that read more than it is to be told of: keeps the trace quiet, and tells itself. */
void root_trace_quiet(Root *root, bool quiet);
void root_tell(Root *root, RootKind kind, const char *text, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

bool root_exists(Root *root, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The whole file, at most ROOT_MAX_BYTES, as valid UTF-8, NUL-terminated, without white space at
 * its end; or NULL. */
char *root_read_text(Root *root, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Its first @bytes at most. */
char *root_read_head(Root *root, gsize bytes, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* A decimal or 0x number >= 0; RECORD_UNSET when absent, negative or nonsense. */
gint64 root_read_int(Root *root, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* A kernel list; or NULL. */
CpuSet *root_read_cpus(Root *root, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The last part of a symlink's target, dangling or not, as valid UTF-8; or NULL. */
char *root_read_link_name(Root *root, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The target of a symlink as it is written; or NULL. */
char *root_read_link(Root *root, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Names in a directory, sorted as versions (cpu2 before cpu10); empty when absent. */
GPtrArray *root_list(Root *root, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* For another library that reads a captured tree by itself: the first path, on the way to @path
 * or in it, that is neither folder, regular file of at most ROOT_MAX_BYTES nor a symlink that stays
 * in the root; NULL when all is well. */
char *root_find_odd(Root *root, const char *path);
