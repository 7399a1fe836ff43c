/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/show_table.h"

#include <string.h>

#include "base/text.h"

/* No column is cut below this. */
#define SHRUNK_WIDTH 12
#define NO_TEXT "-"

/* The cells of one column, the title first: char *. */
static GPtrArray *fill_column(const Column *column, const Host *host, const GPtrArray *items)
{
    GPtrArray *cells = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(cells, g_strdup(column->title));
    for (guint i = 0; i < items->len; i++) {
        g_autofree char *text = column->text(host, items->pdata[i]);

        g_ptr_array_add(cells, text_quote(text ? text : NO_TEXT, 200));
    }
    return cells;
}

static guint column_width(const GPtrArray *cells)
{
    guint width = 0;

    for (guint i = 0; i < cells->len; i++)
        width = MAX(width, (guint)g_utf8_strlen(cells->pdata[i], -1));
    return width;
}

/* The widths of all columns, the ones that may shrink cut down to what the terminal leaves. */
static void fit_widths(const Term *term, const bool *shrinks, const GPtrArray *texts, guint *widths)
{
    guint total = 0;

    for (guint i = 0; i < texts->len; i++) {
        widths[i] = column_width(texts->pdata[i]);
        total += GAP + widths[i];
    }
    for (guint i = 0; i < texts->len && total > term->width; i++) {
        guint most = widths[i] > SHRUNK_WIDTH ? widths[i] - SHRUNK_WIDTH : 0;
        guint cut = shrinks[i] ? MIN(total - term->width, most) : 0;

        widths[i] -= cut;
        total -= cut;
    }
}

/* What tells one model from another stands at its end: "...10-Gigabit X540-AT2". */
static char *cut_start(const char *cell, guint width)
{
    glong length = g_utf8_strlen(cell, -1);

    if (length <= (glong)width)
        return g_strdup(cell);
    return g_strconcat("...", g_utf8_offset_to_pointer(cell, length - (glong)width + 3), NULL);
}

/* Without the title: is there a cell with a text? */
static bool has_text(const GPtrArray *cells)
{
    for (guint i = 1; i < cells->len; i++) {
        if (strcmp(cells->pdata[i], NO_TEXT) != 0)
            return true;
    }
    return false;
}

static void show_row(const Term *term, const GPtrArray *texts, const guint *widths, guint row)
{
    for (guint i = 0; i < texts->len; i++) {
        g_autofree char *cut = cut_start(((GPtrArray *)texts->pdata[i])->pdata[row], widths[i]);
        bool last = i + 1 == texts->len;
        int pad = last ? 0 : (int)(widths[i] - MIN(g_utf8_strlen(cut, -1), widths[i]));

        term_print(term, row ? TERM_PLAIN : TERM_DIM, "%*s%s%*s", GAP, "", cut, pad, "");
    }
    term_print(term, TERM_PLAIN, "\n");
}

void show_table(const Term *term, const char *title, const Column *columns, guint n_columns,
                const Host *host, const GPtrArray *items)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    g_autofree guint *widths = g_new0(guint, n_columns);
    g_autofree bool *shrinks = g_new0(bool, n_columns);

    if (!items->len)
        return;
    for (guint i = 0; i < n_columns; i++) {
        GPtrArray *cells = fill_column(&columns[i], host, items);

        if (columns[i].rare && !has_text(cells)) {
            g_ptr_array_unref(cells);
            continue;
        }
        shrinks[texts->len] = columns[i].shrinks;
        g_ptr_array_add(texts, cells);
    }
    fit_widths(term, shrinks, texts, widths);
    term_print(term, TERM_BOLD, "\n%s\n", title);
    for (guint row = 0; row <= items->len; row++)
        show_row(term, texts, widths, row);
}
