/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/show.h"

static const TermStyle VERDICT_STYLES[] = {
    [CHECK_PASS] = TERM_GREEN,
    [CHECK_FAIL] = TERM_RED,
    [CHECK_SKIP] = TERM_YELLOW,
};

static void show_check(const Term *term, const Check *check)
{
    term_print(term, VERDICT_STYLES[check->verdict], "  %s", check_verdict_name(check->verdict));
    term_print(term, TERM_PLAIN, "  %-18s %s\n", check->id, check->text);
    if (check->evidence)
        term_print(term, TERM_DIM, "        %-18s %s\n", "", check->evidence);
}

void show_checks(const Term *term, const GPtrArray *checks)
{
    const char *subject = NULL;

    for (guint i = 0; i < checks->len; i++) {
        const Check *check = checks->pdata[i];

        if (g_strcmp0(check->subject, subject) != 0)
            term_print(term, TERM_BOLD, "%s\n", check->subject);
        subject = check->subject;
        show_check(term, check);
    }
}
