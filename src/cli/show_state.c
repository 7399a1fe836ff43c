/* SPDX-License-Identifier: Apache-2.0 */
/* What runs, and how it differs from what is wanted. */
#include "cli/show.h"

static void show_difference(const Term *term, const Difference *difference)
{
    term_print(term, TERM_PLAIN, "    %s%s\n", difference->setting,
               difference->live ? "" : "  (needs a restart)");
    if (difference->running)
        term_print(term, TERM_RED, "      - %s\n", difference->running);
    if (difference->wanted)
        term_print(term, TERM_GREEN, "      + %s\n", difference->wanted);
}

void show_differences(const Term *term, const char *slice, const GPtrArray *differences)
{
    if (differences->len == 0)
        return;
    term_print(term, TERM_BOLD, "~ %s\n", slice);
    for (guint i = 0; i < differences->len; i++)
        show_difference(term, differences->pdata[i]);
}

/* "1,3,5": the CPU of each vCPU, in order. */
static char *format_pins(const GPtrArray *pins)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < pins->len; i++) {
        g_autofree char *cpus = cpuset_format(pins->pdata[i]);

        g_string_append_printf(text, "%s%s", i ? "," : "", cpus ? cpus : "?");
    }
    return g_string_free(text, FALSE);
}

void show_status(const Term *term, const GPtrArray *observed)
{
    if (observed->len == 0) {
        term_print(term, TERM_PLAIN, "No slices on this host.\n");
        return;
    }
    term_print(term, TERM_BOLD, "%-32s %-12s %-9s %8s  %-12s %s\n", "SLICE", "STATE", "AUTOSTART",
               "PID", "EMULATOR", "VCPU PINS");
    for (guint i = 0; i < observed->len; i++) {
        const Observed *slice = observed->pdata[i];
        g_autofree char *emulator = cpuset_format(slice->emulator_pin);
        g_autofree char *pins = format_pins(slice->vcpu_pins);

        term_print(term, TERM_PLAIN, "%-32s %-12s %-9s %8d  %-12s %s\n", slice->name, slice->state,
                   slice->autostart ? "yes" : "no", slice->pid, emulator ? emulator : "-",
                   slice->active ? pins : "-");
        if (slice->held)
            term_print(term, TERM_RED, "  is held: %s\n", slice->held);
    }
}
