/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/show_table.h"

#include <string.h>

#include "base/text.h"

#define CELL_LIMIT 4096 /* characters: hundreds of interfaces of one card */
#define BELOW_INDENT 6
#define NO_TEXT "-"

typedef struct {
    const Column *column;
    GPtrArray *cells; /* char *, the title first */
    guint width;
    bool below;
} Filled;

static void free_filled(gpointer data)
{
    Filled *filled = data;

    g_ptr_array_unref(filled->cells);
    g_free(filled);
}

static guint text_width(const char *text)
{
    return (guint)g_utf8_strlen(text, -1);
}

/* NULL when the column is rare and has nothing to say. */
static Filled *fill_column(const Column *column, const Host *host, const GPtrArray *items)
{
    Filled *filled = g_new0(Filled, 1);
    bool says = false;

    filled->column = column;
    filled->cells = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(filled->cells, g_strdup(column->title));
    for (guint i = 0; i < items->len; i++) {
        g_autofree char *text = column->text(host, items->pdata[i]);

        says |= text != NULL;
        g_ptr_array_add(filled->cells, text_quote(text ? text : NO_TEXT, CELL_LIMIT));
    }
    for (guint i = 0; i < filled->cells->len; i++)
        filled->width = MAX(filled->width, text_width(filled->cells->pdata[i]));
    if (says || !column->rare)
        return filled;
    free_filled(filled);
    return NULL;
}

/* By rank each takes its room, if there is still enough. */
static void fit_columns(const Term *term, const GPtrArray *columns)
{
    guint total = 0, last = 0;

    for (guint i = 0; i < columns->len; i++)
        last = MAX(last, ((const Filled *)columns->pdata[i])->column->rank);
    for (guint rank = 0; rank <= last; rank++) {
        for (guint i = 0; i < columns->len; i++) {
            Filled *filled = columns->pdata[i];

            if (filled->column->rank != rank)
                continue;
            filled->below = rank > 0 && total + GAP + filled->width > term->width;
            total += filled->below ? 0 : GAP + filled->width;
        }
    }
}

static void show_line(const Term *term, const GPtrArray *columns, guint row)
{
    guint pending = 0; /* blanks before the next column; none are left at the end of the line */

    for (guint i = 0; i < columns->len; i++) {
        const Filled *filled = columns->pdata[i];
        const char *cell = filled->cells->pdata[row];

        if (filled->below)
            continue;
        term_print(term, row ? TERM_PLAIN : TERM_DIM, "%*s%s", (int)(pending + GAP), "", cell);
        pending = filled->width - text_width(cell);
    }
    term_print(term, TERM_PLAIN, "\n");
}

/* "label: text; label: text" of what had no room and has a text. */
static void show_below(const Term *term, const GPtrArray *columns, guint row)
{
    guint at = 0;

    for (guint i = 0; i < columns->len; i++) {
        const Filled *filled = columns->pdata[i];
        const char *cell = filled->cells->pdata[row];
        g_autofree char *label = g_ascii_strdown(filled->column->title, -1);
        g_autofree char *text = g_strconcat(label, ": ", cell, NULL);

        if (!filled->below || strcmp(cell, NO_TEXT) == 0)
            continue;
        if (at && at + 2 + text_width(text) > term->width) {
            term_print(term, TERM_PLAIN, "\n");
            at = 0;
        }
        if (at)
            term_print(term, TERM_PLAIN, "; ");
        else
            term_print(term, TERM_PLAIN, "%*s", BELOW_INDENT, "");
        at = term_wrap(term, at ? at + 2 : BELOW_INDENT, BELOW_INDENT + GAP, text);
    }
    if (at)
        term_print(term, TERM_PLAIN, "\n");
}

void show_table(const Term *term, const char *title, const Column *columns, guint n_columns,
                const Host *host, const GPtrArray *items)
{
    g_autoptr(GPtrArray) filled = g_ptr_array_new_with_free_func(free_filled);

    if (!items->len)
        return;
    for (guint i = 0; i < n_columns; i++) {
        Filled *column = fill_column(&columns[i], host, items);

        if (column)
            g_ptr_array_add(filled, column);
    }
    if (term->is_terminal)
        fit_columns(term, filled);
    term_print(term, TERM_BOLD, "\n%s\n", title);
    show_line(term, filled, 0);
    for (guint row = 1; row <= items->len; row++) {
        show_line(term, filled, row);
        show_below(term, filled, row);
    }
}
