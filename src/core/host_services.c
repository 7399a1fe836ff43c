/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One owner of interrupts, CPUs and memory: services that would undo what is set here are told of,
 * and stopped only where the spec says so (take_over).
 */
#include <string.h>

#include "core/steps_host.h"

static const struct {
    const char *name, *unit, *does;
} OWNERS[] = {
    {"irqbalance", "irqbalance.service", "moves interrupts between CPUs"},
    {"tuned", "tuned.service", "sets interrupts, governors and kernel arguments of its own"},
    {"numad", "numad.service", "moves processes and memory between nodes"},
};

static bool runs(const Facts *facts, const char *name)
{
    g_autoptr(GPtrArray) paths = facts_list(facts, "/proc/*/comm");

    for (guint i = 0; i < paths->len; i++) {
        if (strcmp(facts_get(facts, paths->pdata[i]), name) == 0)
            return true;
    }
    return false;
}

static bool may_take_over(const PlanHost *plan_host, const char *name)
{
    return g_ptr_array_find_with_equal_func(plan_host->take_over, name, g_str_equal, NULL);
}

void host_services(const HostInput *input, GPtrArray *steps, GPtrArray *findings)
{
    g_autofree char *subject = g_strdup_printf("host %s", input->plan_host->name);

    for (guint i = 0; input->facts && i < G_N_ELEMENTS(OWNERS); i++) {
        const char *name = OWNERS[i].name;

        if (!plan_host_isolates(input->plan_host) || !runs(input->facts, name))
            continue;
        if (may_take_over(input->plan_host, name)) {
            host_add_setting(steps, STEP_SERVICE, name,
                             setting_new(SETTING_SERVICE, OWNERS[i].unit, "masked"), "what it was",
                             "take_over in the spec", "stop and mask %s", OWNERS[i].unit);
            continue;
        }
        finding_set_hint(findings_add(findings, FINDING_WARNING, "other-owner", subject,
                                      "%s runs and %s: it will undo what is set for the slices",
                                      name, OWNERS[i].does),
                         "take_over: [%s]", name);
    }
}
