/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files in and out, with limits. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* A regular file (or a pipe, for "/dev/stdin") of at most @max_bytes. Caller frees *@ret_text,
 * which is NUL-terminated. Errors name the path. */
bool file_read(const char *path, gsize max_bytes, char **ret_text, gsize *ret_length,
               GError **error);

/* What the new file is called until it takes the old one's place: always the same, so that one
 * which a crash left behind is found again. */
#define FILE_BESIDE ".bmslice-new"

/* Replaces @path, or what it is a symlink to, atomically (a new file beside it, fsync, rename). A
 * file that is there keeps its mode; a new one gets @mode, file_write()'s 0644. A device or a pipe
 * is written to. */
bool file_write(const char *path, const char *text, GError **error);
bool file_write_mode(const char *path, const char *text, int mode, GError **error);

/* The same piece by piece. What was not finished leaves nothing. */
typedef struct FileDraft FileDraft;
FileDraft *file_draft_open(const char *path, int mode, GError **error);
bool file_draft_append(FileDraft *draft, const char *text, gsize length, GError **error);
bool file_draft_finish(FileDraft *draft, GError **error);
void file_draft_free(FileDraft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FileDraft, file_draft_free)

/* Brings what others wrote to a file to the disk (man 2 fsync). */
bool file_flush(const char *path, GError **error);
/* Brings names that were added to or taken from a folder to the disk (man 2 fsync). */
bool file_flush_folder(const char *path, GError **error);
