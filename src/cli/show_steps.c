/* SPDX-License-Identifier: Apache-2.0 */
/* Steps, one a line, with what needs a reboot or a hand. */
#include "cli/show.h"

void show_steps(const Term *term, const GPtrArray *steps)
{
    for (guint i = 0; i < steps->len; i++) {
        const Step *step = g_ptr_array_index(steps, i);

        term_print(term, TERM_PLAIN, "  %2u. %s", i + 1, step->text);
        if (step->by_hand == 1)
            term_print(term, TERM_YELLOW, "  (by hand)");
        if (step->reboot == 1)
            term_print(term, TERM_YELLOW, "  (needs a reboot)");
        term_print(term, TERM_PLAIN, "\n");
        if (step->why)
            term_print(term, TERM_DIM, "      why:  %s\n", step->why);
        if (step->undo)
            term_print(term, TERM_DIM, "      undo: %s\n", step->undo);
    }
}
