/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How to write for people: where to, whether in colour, how wide. Made once in main.c and handed to
 * every show_*.c. Machine output (--json) does not come through here.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

typedef struct {
    FILE *out;
    bool is_terminal;
    bool colour;
    guint width; /* columns; 100 when it is no terminal */
} Term;

typedef enum {
    TERM_PLAIN,
    TERM_BOLD,
    TERM_DIM,
    TERM_RED,
    TERM_GREEN,
    TERM_YELLOW,
    TERM_BLUE,
    TERM_MAGENTA,
    TERM_CYAN,
} TermStyle;

/* printf in a style; plain when the terminal has no colour. */
void term_print(const Term *term, TermStyle style, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Prints @text from the column @at on (0: the first). On a terminal a line that is too long goes on
 * below, after @indent blanks: it is broken at blanks; within a word that is longer than a line
 * behind a comma, or where it must be. Returns the column behind the text. */
guint term_wrap(const Term *term, guint at, guint indent, const char *text);
