/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of a host's parts. On a terminal no line is longer than it is wide, and no text is cut:
 * what has no room beside the rest stands below its row. Elsewhere a row is one line, however long.
 */
#pragma once

#include "cli/term.h"
#include "model/host.h"

/* One column of a table: title, and the text of one row (caller frees; NULL: none). */
typedef struct {
    const char *title;
    char *(*text)(const Host *host, const void *item);
    guint rank; /* of its claim to room in the line: 0 always has it, 1 before 2 */
    bool rare;  /* left out when it has no text in any row */
} Column;

#define GAP 2 /* blanks before each column */

/* A title, the columns' titles, and a row for each of @items; nothing without items. */
void show_table(const Term *term, const char *title, const Column *columns, guint n_columns,
                const Host *host, const GPtrArray *items);
