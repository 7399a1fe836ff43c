/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tar archive in memory: ustar, with GNU's records for long names (https://www.gnu.org/software/
 * tar/manual/html_node/Standard.html). Owner root, no times: the same tree gives the same bytes.
 */
#pragma once

#include <glib.h>

typedef enum { TAR_FILE = '0', TAR_LINK = '2', TAR_FOLDER = '5' } TarKind;

/* @content: text of a file, target of a symlink; NULL for a folder. @path has no leading "/". */
void tar_add(GByteArray *tar, TarKind kind, const char *path, const char *content);
/* The two empty blocks at its end. */
void tar_end(GByteArray *tar);
