/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the steps of the slices, one slice after the other. When a step of a slice fails, those that
 * were done for it are taken back, the last first: a slice is made whole or not at all.
 */
#include "app/boot_plan.h"
#include "app/job.h"
#include "app/report.h"
#include "base/error.h"
#include "core/domain.h"

typedef struct {
    Virt *virt;
    const OpsReport *report;
    const SliceState *state;
    Changes *changes;
    gint64 begin;      /* what was journalled before is not ours to take back */
    const Step *step;  /* the one that is run or taken back */
    bool disk_created; /* else it was there before, and what is on it stays */
} Run;

static bool set_device(Run *run, GError **error)
{
    return changes_make(run->changes, run->state->slice->name, run->step, NULL, error);
}

/* All functions of the slice at once: each is undone with the last of them. */
static bool undo_set_device(Run *run, GError **error)
{
    return changes_undo_since(run->changes, run->begin, run->state->slice->name, error);
}

static bool create_volume(Run *run, GError **error)
{
    const OpsReport *report = run->report;

    return virt_create_disk(run->virt, run->state->slice->disk, report ? report->progress : NULL,
                            report ? report->data : NULL, &run->disk_created, error);
}

static bool undo_create_volume(Run *run, GError **error)
{
    return !run->disk_created || virt_delete_disk(run->virt, run->state->slice->disk, error);
}

static bool grow_volume(Run *run, GError **error)
{
    return virt_grow_disk(run->virt, run->state->slice->name, run->state->slice->disk, error);
}

static bool define_domain(Run *run, GError **error)
{
    return virt_define_domain(run->virt, run->state->wanted_xml, error);
}

static bool undo_define_domain(Run *run, GError **error)
{
    return run->state->observed
               ? virt_define_domain(run->virt, run->state->observed->config_xml, error)
               : virt_undefine_domain(run->virt, run->state->slice->name, error);
}

static bool repin_domain(Run *run, GError **error)
{
    return virt_repin_domain(run->virt, run->state->slice, error);
}

static bool undo_repin_domain(Run *run, GError **error)
{
    g_autoptr(PlanSlice) before = domain_read_xml(run->state->observed->xml, error);

    return before && virt_repin_domain(run->virt, before, error);
}

static bool stop_domain(Run *run, GError **error)
{
    return virt_stop_domain(run->virt, run->state->slice->name, JOB_STOP_SECONDS, error);
}

static bool start_domain(Run *run, GError **error)
{
    job_release(run->state->slice->name);
    return virt_start_domain(run->virt, run->state->slice->name, error);
}

static bool resume_domain(Run *run, GError **error)
{
    return virt_resume_domain(run->virt, run->state->slice->name, error);
}

/* A guest that has just been started has nothing to save. */
static bool undo_start_domain(Run *run, GError **error)
{
    return virt_stop_domain(run->virt, run->state->slice->name, 0, error);
}

static bool set_autostart(Run *run, GError **error)
{
    return virt_set_autostart(run->virt, run->state->slice->name, true, error);
}

static bool undo_set_autostart(Run *run, GError **error)
{
    return virt_set_autostart(run->virt, run->state->slice->name, false, error);
}

typedef bool (*StepFunction)(Run *run, GError **error);

static const struct {
    StepFunction run;
    StepFunction undo; /* NULL: cannot be taken back */
    bool in_parts;     /* may be half done when it fails: is taken back then too */
} ACTIONS[] = {
    [STEP_DRIVER] = {set_device, undo_set_device},
    [STEP_VF] = {set_device, undo_set_device},
    [STEP_VOLUME_CREATE] = {create_volume, undo_create_volume, .in_parts = true},
    [STEP_VOLUME_GROW] = {grow_volume, NULL},
    [STEP_DOMAIN_DEFINE] = {define_domain, undo_define_domain},
    [STEP_DOMAIN_REPIN] = {repin_domain, undo_repin_domain, .in_parts = true},
    [STEP_DOMAIN_STOP] = {stop_domain, start_domain},
    [STEP_DOMAIN_RESUME] = {resume_domain, NULL},
    [STEP_DOMAIN_START] = {start_domain, undo_start_domain},
    [STEP_DOMAIN_AUTOSTART] = {set_autostart, undo_set_autostart},
};

/* Takes back the first @n_done steps; the words of what could not be, or NULL. */
static char *undo_steps(Run *run, guint n_done)
{
    GString *failures = NULL;

    for (guint i = n_done; i-- > 0;) {
        const Step *step = run->state->steps->pdata[i];
        g_autoptr(GError) error = NULL;

        if (!ACTIONS[step->kind].undo)
            continue;
        if (!step->setting)
            report_message(run->report, "taking back: %s", step->text);
        run->step = step;
        if (ACTIONS[step->kind].undo(run, &error))
            continue;
        if (!failures)
            failures = g_string_new(NULL);
        g_string_append_printf(failures, "%s%s (%s)", failures->len > 0 ? ", " : "", step->text,
                               error->message);
    }
    return failures ? g_string_free(failures, FALSE) : NULL;
}

static bool run_step(Run *run, const Step *step, GError **error)
{
    if ((gsize)step->kind >= G_N_ELEMENTS(ACTIONS) || !ACTIONS[step->kind].run) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "%s: no step of a slice", step->text);
        return false;
    }
    run->step = step;
    if (!step->setting) /* which tells by itself, if there is anything to do */
        report_message(run->report, "%s", step->text);
    return ACTIONS[step->kind].run(run, error);
}

static bool apply_slice(Virt *virt, Changes *changes, const SliceState *state,
                        const OpsReport *report, GError **error)
{
    Run run = {.virt = virt,
               .report = report,
               .state = state,
               .changes = changes,
               .begin = changes_last(changes)};

    for (guint i = 0; i < state->steps->len; i++) {
        const Step *step = state->steps->pdata[i];
        g_autofree char *left = NULL;

        if (run_step(&run, step, error))
            continue;
        left = undo_steps(&run, ACTIONS[step->kind].in_parts ? i + 1 : i);
        if (left)
            g_prefix_error(error, "slice %s was not applied, and could not be taken back: %s: ",
                           state->slice->name, left);
        else
            g_prefix_error(error, "slice %s was not applied: ", state->slice->name);
        return false;
    }
    return true;
}

static bool any_steps(const GPtrArray *states)
{
    for (guint i = 0; i < states->len; i++) {
        if (((const SliceState *)states->pdata[i])->steps->len > 0)
            return true;
    }
    return false;
}

bool ops_apply_host(Job *job, const OpsReport *report, bool *ret_changed, GError **error)
{
    g_autoptr(Changes) changes = changes_open(&HANDS_OF_HOST, report, job->findings, error);

    *ret_changed = false;
    if (!changes)
        return false;
    for (guint i = 0; i < job->plan_host->steps->len; i++) {
        const Step *step = job->plan_host->steps->pdata[i];
        bool changed = false;

        if (step->setting && step_is_needed_to_start(step) &&
            !changes_make(changes, CHANGES_HOST, step, &changed, error))
            return false;
        *ret_changed = *ret_changed || changed;
    }
    return true;
}

/* Better to refuse before a slice is touched. */
static bool check_host_steps(Job *job, GError **error)
{
    g_autoptr(GString) missing = g_string_new(NULL);

    for (guint i = 0; i < job->plan_host->steps->len; i++) {
        const Step *step = job->plan_host->steps->pdata[i];

        if (!step_is_needed_to_start(step))
            continue;
        finding_set_hint(findings_add(job->findings, FINDING_ERROR, "host-not-ready", step->subject,
                                      "%s", step->why),
                         "bmslice prepare SPEC --reboot: %s", step->text);
        g_string_append_printf(missing, "\n  %s: %s", step->subject, step->why);
    }
    if (missing->len == 0)
        return true;
    g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED,
                "host %s is not ready before a reboot (bmslice prepare SPEC --reboot):%s",
                job->plan_host->name, missing->str);
    return false;
}

/* The next boot is to know of these slices before they start. */
static bool keep_for_boot(const Job *job, Changes *changes, GError **error)
{
    g_autoptr(GPtrArray) existing = job_running_configs(job->running);

    return boot_plan_keep(changes, job->plan_host, existing, error);
}

bool ops_apply(Job *job, GPtrArray *states, const OpsReport *report, GError **error)
{
    Virt *virt = job_open_virt(job, error);
    g_autoptr(Changes) changes = NULL;

    if (!virt)
        return false;
    changes = changes_open(&HANDS_OF_HOST, report, job->findings, error);
    if (!changes || !keep_for_boot(job, changes, error))
        return false;
    if (!any_steps(states))
        return true;
    if (!check_host_steps(job, error))
        return false;
    for (guint i = 0; i < states->len; i++) {
        if (!apply_slice(virt, changes, states->pdata[i], report, error))
            return false;
    }
    return true;
}
