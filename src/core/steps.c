/* SPDX-License-Identifier: Apache-2.0 */
#include "core/steps.h"

#include <stdarg.h>

#include "core/steps_add.h"

static void step_free(void *step)
{
    record_free(&STEP_RECORD, step);
}

GPtrArray *steps_new(void)
{
    return g_ptr_array_new_with_free_func(step_free);
}

Step *steps_add(GPtrArray *steps, StepKind kind, const char *subject, const char *why,
                const char *undo, const char *text, ...)
{
    Step *step = record_new(&STEP_RECORD);
    va_list arguments;

    va_start(arguments, text);
    step->text = g_strdup_vprintf(text, arguments);
    va_end(arguments);
    step->kind = kind;
    step->subject = g_strdup(subject);
    step->why = g_strdup(why);
    step->undo = g_strdup(undo);
    step->reboot = step->by_hand = 0;
    g_ptr_array_add(steps, step);
    return step;
}
