/* SPDX-License-Identifier: Apache-2.0 */
#include "app/boot_plan.h"

#include <string.h>

#include "base/error.h"
#include "port/change.h"

static bool read_text(const Hands *hands, char **ret_text, GError **error)
{
    g_autoptr(Setting) setting = setting_new(SETTING_FILE, STEPS_BOOT_PLAN, /* value= */ NULL);

    return change_read(hands, setting, ret_text, error);
}

bool boot_plan_read(const Hands *hands, GPtrArray *findings, Plan **ret_plan, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(Tree) tree = NULL;
    g_autoptr(Plan) plan = NULL;

    *ret_plan = NULL;
    if (!read_text(hands, &text, error))
        return false;
    if (!text)
        return true;
    tree = tree_parse_json(STEPS_BOOT_PLAN, text, strlen(text));
    plan = plan_from_tree(tree, findings);
    if (!plan || plan->hosts->len != 1) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED,
                    STEPS_BOOT_PLAN
                    ": is no plan of one host; bmslice prepare SPEC writes it anew");
        return false;
    }
    *ret_plan = g_steal_pointer(&plan);
    return true;
}

bool boot_plan_tell_others(const Plan *stored, const PlanHost *plan_host, const GPtrArray *existing,
                           GPtrArray *findings)
{
    const PlanHost *before = stored->hosts->pdata[0];
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < existing->len; i++) {
        const char *name = ((const PlanSlice *)existing->pdata[i])->name;

        if (plan_host_find_slice(before, name) && !plan_host_find_slice(plan_host, name))
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", name);
    }
    if (names->len == 0)
        return false;
    finding_set_hint(findings_add(findings, FINDING_WARNING, "boot-plan-others", plan_host->name,
                                  "what a boot makes ready for %s is not in this spec", names->str),
                     "one spec with all slices of the host");
    return true;
}

/* Does any slice rest on what a reboot takes away? */
static bool any_to_lose(const PlanHost *plan_host)
{
    for (guint i = 0; i < plan_host->slices->len; i++) {
        const PlanSlice *slice = plan_host->slices->pdata[i];

        if (slice->devices->len > 0 || slice->hugepage_bytes > 0)
            return true;
    }
    return false;
}

static void tell_unkept(const PlanHost *plan_host, GPtrArray *findings)
{
    if (any_to_lose(plan_host))
        finding_set_hint(findings_add(findings, FINDING_WARNING, "not-kept-over-reboot",
                                      plan_host->name,
                                      "the host is not prepared: after a reboot its slices lack "
                                      "their pages, VFs and drivers"),
                         "bmslice prepare SPEC");
}

bool boot_plan_keep(Changes *changes, const PlanHost *plan_host, const GPtrArray *existing,
                    GError **error)
{
    g_autoptr(GPtrArray) said = findings_new();
    g_autoptr(Plan) stored = NULL;

    if (!boot_plan_read(changes->hands, said, &stored, error))
        return false;
    if (!stored) {
        tell_unkept(plan_host, changes->findings);
        return true;
    }
    for (guint i = 0; i < plan_host->steps->len; i++) {
        const Step *step = plan_host->steps->pdata[i];

        if (step->kind == STEP_BOOT_PLAN)
            return boot_plan_tell_others(stored, plan_host, existing, changes->findings) ||
                   changes_make(changes, CHANGES_HOST, step, NULL, error);
    }
    return true;
}
