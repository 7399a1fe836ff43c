/* SPDX-License-Identifier: Apache-2.0 */
/* Findings as compilers print them, so that editors can jump to the place. */
#include "cli/show.h"

static const TermStyle SEVERITY_STYLES[] = {
    [FINDING_ERROR] = TERM_RED,
    [FINDING_WARNING] = TERM_YELLOW,
    [FINDING_INFO] = TERM_CYAN,
};

/* Columns before the excerpt: "  1234 | ". */
#define GUTTER 9

static void show_place(const Term *term, const Finding *finding)
{
    if (!finding->file)
        return;
    if (finding->line > 0 && finding->column > 0)
        term_print(term, TERM_BOLD, "%s:%u:%u: ", finding->file, finding->line, finding->column);
    else if (finding->line > 0)
        term_print(term, TERM_BOLD, "%s:%u: ", finding->file, finding->line);
    else
        term_print(term, TERM_BOLD, "%s: ", finding->file);
}

/* The line, or the part of it around the column when it is too long; and a caret. */
static void show_excerpt(const Term *term, const Finding *finding)
{
    glong length, first = 0;
    glong room = MAX((glong)term->width, 20 + GUTTER) - GUTTER;
    g_autofree char *part = NULL;

    if (!finding->file || !finding->excerpt || finding->line == 0)
        return;
    length = g_utf8_strlen(finding->excerpt, -1);
    if (length > room && finding->column > room / 2)
        first = MIN(length - room, (glong)finding->column - room / 2);
    first = MAX(first, 0);
    part = g_utf8_substring(finding->excerpt, first, MIN(length, first + room));
    term_print(term, TERM_DIM, "  %4u | ", finding->line);
    term_print(term, TERM_PLAIN, "%s\n", part);
    if (finding->column == 0 || finding->column > length + 1)
        return;
    term_print(term, TERM_DIM, "       | ");
    term_print(term, TERM_GREEN, "%*s^\n", (int)(finding->column - 1 - first), "");
}

static void show_finding(const Term *term, const Finding *finding)
{
    TermStyle style = SEVERITY_STYLES[finding->severity];

    show_place(term, finding);
    term_print(term, style, "%s: ", finding_severity_name(finding->severity));
    if (finding->subject)
        term_print(term, TERM_PLAIN, "%s: ", finding->subject);
    term_print(term, TERM_PLAIN, "%s", finding->text);
    term_print(term, TERM_DIM, " [%s]\n", finding->code);
    show_excerpt(term, finding);
    if (finding->path)
        term_print(term, TERM_DIM, "  see: %s%s%s\n", finding->path,
                   finding->value && *finding->value ? ": " : "",
                   finding->value ? finding->value : "");
    if (finding->hint)
        term_print(term, TERM_CYAN, "  hint: %s\n", finding->hint);
}

void show_findings(const Term *term, const GPtrArray *findings, FindingSeverity least)
{
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = findings->pdata[i];

        if (finding->severity <= least)
            show_finding(term, finding);
    }
}
