/* SPDX-License-Identifier: Apache-2.0 */
/* Unified diffs, by diff of diffutils (man 1 diff). */
#pragma once

/* Of a file at @path: @before (NULL: there is none) against @after (NULL: removed). NULL when diff
 * cannot be run. Caller frees. */
char *diff_texts(const char *path, const char *before, const char *after);
