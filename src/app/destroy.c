/* SPDX-License-Identifier: Apache-2.0 */
/* Removes the spec's slices. All is looked at before the first is touched. */
#include <string.h>

#include "app/changes.h"
#include "app/job.h"
#include "app/report.h"
#include "base/error.h"
#include "base/text.h"
#include "core/domain.h"

/* One slice that is to go. */
typedef struct {
    char *name;
    Observed *observed;     /* or NULL */
    PlanSlice *own;         /* as the domain says: its disk may lie elsewhere than planned now */
    const PlanSlice *slice; /* own, or the plan's; NULL: neither is there */
    GPtrArray *steps;
    guint stop_seconds; /* 0: a guest whose disk goes too has nothing to save */
} Target;

static void target_free(Target *target)
{
    g_free(target->name);
    observed_free(target->observed);
    plan_slice_free(target->own);
    g_ptr_array_unref(target->steps);
    g_free(target);
}

static bool check_names(const GPtrArray *instances, const char *const *names, GError **error)
{
    g_autoptr(GPtrArray) known = g_ptr_array_new();

    for (guint i = 0; i < instances->len; i++)
        g_ptr_array_add(known, ((const SpecInstance *)instances->pdata[i])->name);
    g_ptr_array_add(known, NULL);
    for (guint i = 0; names && names[i]; i++) {
        const char *nearest = text_nearest(names[i], (const char *const *)known->pdata);
        g_autofree char *quoted = text_quote(names[i], 64);

        if (g_strv_contains((const char *const *)known->pdata, names[i]))
            continue;
        g_set_error(error, BMS_ERROR, BMS_ERROR_USAGE, "no slice '%s' in this spec%s%s%s", quoted,
                    nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
        return false;
    }
    return true;
}

static bool look_at(const Job *job, Virt *virt, Target *target, bool delete_disks, GError **error)
{
    if (!virt_observe_domain(virt, target->name, &target->observed, error))
        return false;
    if (target->observed && !target->observed->ours) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED,
                    "domain %s was not made by bmslice: it is left alone, and nothing was removed",
                    target->name);
        return false;
    }
    if (target->observed) {
        target->own = domain_read_xml(target->observed->config_xml, error);
        if (!target->own)
            return false;
        target->slice = target->own;
    } else {
        target->slice = plan_host_find_slice(job->plan_host, target->name);
    }
    target->stop_seconds = delete_disks ? 0 : JOB_STOP_SECONDS;
    if (target->slice)
        steps_derive_destroy(target->slice, target->observed, delete_disks, target->steps);
    return true;
}

static GPtrArray *look_at_all(Job *job, Virt *virt, const char *const *names, bool delete_disks,
                              GError **error)
{
    g_autoptr(GPtrArray) targets = g_ptr_array_new_with_free_func((GDestroyNotify)target_free);
    g_autoptr(GPtrArray) instances = spec_expand(job->spec);

    if (!check_names(instances, names, error))
        return NULL;
    for (guint i = 0; i < instances->len; i++) {
        const SpecInstance *instance = instances->pdata[i];
        Target *target;

        if (names && names[0] && !g_strv_contains(names, instance->name))
            continue;
        target = g_new0(Target, 1);
        target->name = g_strdup(instance->name);
        target->steps = steps_new();
        g_ptr_array_add(targets, target);
        if (!look_at(job, virt, target, delete_disks, error))
            return NULL;
    }
    return g_steal_pointer(&targets);
}

static bool run_step(Virt *virt, const Target *target, const Step *step, GError **error)
{
    switch (step->kind) {
    case STEP_DOMAIN_STOP:
        return virt_stop_domain(virt, target->name, target->stop_seconds, error);
    case STEP_DOMAIN_UNDEFINE:
        return virt_undefine_domain(virt, target->name, error);
    case STEP_VOLUME_DELETE:
        return virt_delete_disk(virt, target->slice->disk, error);
    default:
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "%s: no step of destroy", step->text);
        return false;
    }
}

/* The step to delete a disk that is not there is not told; it still sweeps what an interrupted
 * apply may have left. */
static bool destroy_target(Virt *virt, Changes *changes, Target *target, const OpsReport *report,
                           GPtrArray *done, GError **error)
{
    while (target->steps->len > 0) {
        Step *step = g_ptr_array_steal_index(target->steps, 0);
        bool exists = true, good;

        g_ptr_array_add(done, step);
        good = step->kind != STEP_VOLUME_DELETE ||
               virt_has_disk(virt, target->slice->disk, &exists, error);
        if (good && exists)
            report_message(report, "%s", step->text);
        good = good && run_step(virt, target, step, error);
        if (!good || !exists)
            g_ptr_array_remove(done, step);
        if (!good) {
            g_prefix_error(error, "slice %s: ", target->name);
            return false;
        }
    }
    return changes_undo(changes, CHANGES_ALL, target->name, error);
}

bool ops_destroy(Job *job, const char *const *names, bool delete_disks, const OpsReport *report,
                 GPtrArray **ret_steps, GError **error)
{
    g_autoptr(GPtrArray) done = steps_new();
    g_autoptr(GPtrArray) targets = NULL;
    g_autoptr(Changes) changes = NULL;
    Virt *virt;

    if (!job->plan_host) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "the spec has errors: nothing was removed");
        return false;
    }
    virt = job_open_virt(job, error);
    targets = virt ? look_at_all(job, virt, names, delete_disks, error) : NULL;
    changes = targets ? changes_open(&HANDS_OF_HOST, report, job->findings, error) : NULL;
    if (!changes)
        return false;
    for (guint i = 0; i < targets->len; i++) {
        if (!destroy_target(virt, changes, targets->pdata[i], report, done, error))
            return false;
    }
    *ret_steps = g_steal_pointer(&done);
    return true;
}
