/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/term.h"

#include <stdarg.h>

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
