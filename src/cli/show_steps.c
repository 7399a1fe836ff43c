/* SPDX-License-Identifier: Apache-2.0 */
/* Steps, one a line, with what needs a reboot or a hand. */
#include "cli/show.h"

static void show_step(const Term *term, guint number, const Step *step)
{
    term_print(term, TERM_PLAIN, "  %2u. %s", number, step->text);
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

void show_steps_of_host(const Term *term, const GPtrArray *steps)
{
    guint number = 0;

    for (guint i = 0; i < steps->len; i++) {
        const Step *step = g_ptr_array_index(steps, i);

        if (step_is_needed_to_start(step))
            show_step(term, ++number, step);
    }
}

void show_steps(const Term *term, const GPtrArray *steps)
{
    for (guint i = 0; i < steps->len; i++)
        show_step(term, i + 1, g_ptr_array_index(steps, i));
}
