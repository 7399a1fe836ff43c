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

        if (step_is_of_apply(step))
            show_step(term, ++number, step);
    }
}

/* Servers have hundreds of interrupts, and all of them go the same way. */
static guint count_interrupts(const GPtrArray *steps, guint from)
{
    guint count = 0;

    for (guint i = from; i < steps->len; i++) {
        const Step *step = g_ptr_array_index(steps, i);

        if (step->kind != STEP_INTERRUPT || !step->setting || step->setting->optional != 1)
            break;
        count++;
    }
    return count;
}

static void show_interrupts(const Term *term, const GPtrArray *steps, guint from, guint count)
{
    const Step *first = g_ptr_array_index(steps, from);

    term_print(term, TERM_PLAIN, "  %2u. send %u interrupts to CPUs %s:", from + 1, count,
               first->setting->value);
    for (guint i = from; i < from + count; i++)
        term_print(term, TERM_PLAIN, " %s", ((const Step *)g_ptr_array_index(steps, i))->subject);
    term_print(term, TERM_PLAIN, "\n");
    term_print(term, TERM_DIM, "      why:  they may interrupt the slices\n");
    term_print(term, TERM_DIM, "      undo: set each back to what it was\n");
}

void show_steps(const Term *term, const GPtrArray *steps)
{
    for (guint i = 0; i < steps->len; i++) {
        guint interrupts = count_interrupts(steps, i);

        if (interrupts < 2) {
            show_step(term, i + 1, g_ptr_array_index(steps, i));
            continue;
        }
        show_interrupts(term, steps, i, interrupts);
        i += interrupts - 1;
    }
}
