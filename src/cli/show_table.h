/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of a host's parts, as wide as the terminal. */
#pragma once

#include "cli/term.h"
#include "model/host.h"

/* One column of a table: title, and the text of one row (caller frees; NULL: none). */
typedef struct {
    const char *title;
    char *(*text)(const Host *host, const void *item);
    bool shrinks; /* cut when the line is too long */
    bool rare;    /* left out when it has no text in any row */
} Column;

#define GAP 2 /* blanks before each column */

/* A title, the columns' titles, and a row for each of @items; nothing without items. */
void show_table(const Term *term, const char *title, const Column *columns, guint n_columns,
                const Host *host, const GPtrArray *items);
