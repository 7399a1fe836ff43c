/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/term.h"

#include <stdarg.h>
#include <string.h>

static const char *const STYLE_CODES[] = {
    [TERM_PLAIN] = "",        [TERM_BOLD] = "\033[1m",     [TERM_DIM] = "\033[2m",
    [TERM_RED] = "\033[31m",  [TERM_GREEN] = "\033[32m",   [TERM_YELLOW] = "\033[33m",
    [TERM_BLUE] = "\033[34m", [TERM_MAGENTA] = "\033[35m", [TERM_CYAN] = "\033[36m",
};

void term_print(const Term *term, TermStyle style, const char *format, ...)
{
    bool styled = term->colour && style != TERM_PLAIN;
    va_list arguments;

    if (styled)
        fputs(STYLE_CODES[style], term->out);
    va_start(arguments, format);
    vfprintf(term->out, format, arguments);
    va_end(arguments);
    if (styled)
        fputs("\033[0m", term->out);
}

/* How many bytes of @word are its first @room characters at most, behind a comma where there is
 * one.
 */
static gsize cut_word(const char *word, guint room)
{
    gsize most = (gsize)(g_utf8_offset_to_pointer(word, room) - word);
    gsize bytes = most;

    while (bytes > 0 && word[bytes - 1] != ',')
        bytes--;
    return bytes ? bytes : most;
}

static guint start_line(const Term *term, guint indent)
{
    term_print(term, TERM_PLAIN, "\n%*s", (int)indent, "");
    return indent;
}

static guint put_word(const Term *term, guint at, guint indent, const char *word)
{
    guint length = (guint)g_utf8_strlen(word, -1);

    while (term->is_terminal && at + length > term->width && indent < term->width) {
        bool whole = indent + length <= term->width;
        gsize bytes = whole || at >= term->width ? 0 : cut_word(word, term->width - at);

        term_print(term, TERM_PLAIN, "%.*s", (int)bytes, word);
        length -= (guint)g_utf8_strlen(word, (gssize)bytes);
        word += bytes;
        at = start_line(term, indent);
    }
    term_print(term, TERM_PLAIN, "%s", word);
    return at + length;
}

guint term_wrap(const Term *term, guint at, guint indent, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);

    for (char **word = words; *word; word++) {
        guint length = (guint)g_utf8_strlen(*word, -1);
        bool fits = !term->is_terminal || at + 1 + length <= term->width;

        if (word > words && !fits && at > indent) {
            at = start_line(term, indent);
        } else if (word > words) {
            term_print(term, TERM_PLAIN, " ");
            at++;
        }
        at = put_word(term, at, indent, *word);
    }
    return at;
}
