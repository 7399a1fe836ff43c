/* SPDX-License-Identifier: Apache-2.0 */
/*
 * At boot: the plan that is stored on the host is made true again before libvirt starts its slices.
 * All of them are held first; each is let go when what it needs is there. The hook of
 * core/host_boot_unit.c keeps the others from starting.
 */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "app/boot_plan.h"
#include "app/job.h"
#include "app/prepare.h"
#include "app/report.h"
#include "core/boot.h"
#include "port/discover.h"
#include "port/facts.h"
#include "port/file.h"
#include "port/folder.h"
#include "port/lock.h"

#define PLAN_MAX_BYTES ((gsize)16 << 20)
/* Drivers of NICs are loaded while we run: so long a port may take to appear. */
#define WAIT_SECONDS 60

static Host *wait_for_ports(const PlanHost *plan_host, GPtrArray *findings, GError **error)
{
    for (guint i = 0;; i++) {
        g_autoptr(GPtrArray) said = findings_new();
        g_autoptr(Host) host = discover_host(NULL, said, error);

        if (!host || i == WAIT_SECONDS || boot_ports_are_there(host, plan_host)) {
            findings_move(findings, said);
            return g_steal_pointer(&host);
        }
        g_usleep(G_USEC_PER_SEC);
    }
}

static bool hold(const PlanSlice *slice, const char *why, GError **error)
{
    g_autofree char *path = g_build_filename(STEPS_HELD, slice->name, NULL);
    g_autofree char *line = g_strconcat(why, "\n", NULL);

    return folder_make(STEPS_HELD, error) && file_write(path, line, error);
}

static bool hold_all(const PlanHost *plan_host, GError **error)
{
    for (guint i = 0; i < plan_host->slices->len; i++) {
        if (!hold(plan_host->slices->pdata[i],
                  "the host is not yet ready for it (bmslice-boot.service)", error))
            return false;
    }
    return true;
}

/* What keeps a slice from starting, or NULL; the caller frees it. */
static char *prepare_slice(Changes *changes, const Host *host, const PlanSlice *slice,
                           const GPtrArray *steps, char **failures)
{
    g_autoptr(GPtrArray) own = steps_new();
    char *flaw = boot_find_flaw(host, slice);
    /* what is only planned leaves the host its functions until it is applied */
    bool applied = journal_has(changes->journal, slice->name, SETTING_DRIVER);

    for (guint i = 0; !flaw && i < steps->len; i++) {
        if (failures[i] && boot_step_concerns(steps->pdata[i], slice))
            flaw = g_strdup(failures[i]);
    }
    steps_derive_devices(slice, own);
    for (guint i = 0; !flaw && i < own->len; i++) {
        const Step *step = own->pdata[i];
        g_autoptr(GError) error = NULL;

        if ((applied || step->kind != STEP_DRIVER) &&
            !changes_make(changes, slice->name, step, NULL, &error))
            flaw = g_strdup(error->message);
    }
    return flaw;
}

void job_release(const char *slice)
{
    g_autofree char *path = g_build_filename(STEPS_HELD, slice, NULL);

    (void)unlink(path);
}

/* One that cannot be made is told, and its error kept for the slices that need it. */
static char **make_steps(Changes *changes, const GPtrArray *steps)
{
    char **failures = g_new0(char *, steps->len + 1);

    for (guint i = 0; i < steps->len; i++) {
        Step *step = steps->pdata[i];
        g_autoptr(GError) error = NULL;

        if (!step->setting || !setting_is_volatile(step->setting) ||
            changes_make(changes, CHANGES_HOST, step, NULL, &error))
            continue;
        failures[i] = g_strdup(error->message);
        findings_add(changes->findings, FINDING_WARNING, "not-prepared", step->subject, "%s",
                     error->message);
    }
    return failures;
}

static bool prepare_slices(Changes *changes, const Host *host, const PlanHost *plan_host,
                           guint *ret_held, GError **error)
{
    g_autoptr(GPtrArray) steps = steps_new();
    g_autoptr(Facts) facts = facts_read(&HANDS_OF_HOST, STEPS_FACTS);
    char **failures;

    steps_derive_host(host, plan_host, facts, /* program= */ NULL, steps, changes->findings);
    failures = make_steps(changes, steps);
    *ret_held = 0;
    for (guint i = 0; i < plan_host->slices->len; i++) {
        const PlanSlice *slice = plan_host->slices->pdata[i];
        g_autofree char *flaw = prepare_slice(changes, host, slice, steps, failures);

        if (!flaw) {
            job_release(slice->name);
            continue;
        }
        ++*ret_held;
        findings_add(changes->findings, FINDING_ERROR, "slice-held", slice->name,
                     "is not started: %s", flaw);
        if (!hold(slice, flaw, error))
            break;
    }
    for (guint i = 0; i < steps->len; i++)
        g_free(failures[i]);
    g_free(failures);
    return (!error || !*error) && journal_tidy(changes->journal, error);
}

bool prepare_boot(const OpsReport *report, GPtrArray *findings, guint *ret_held, GError **error)
{
    g_autoptr(Plan) plan = NULL;
    g_autoptr(Lock) lock = NULL;
    g_autoptr(Changes) changes = NULL;
    g_autoptr(Host) host = NULL;

    *ret_held = 0;
    if (!boot_plan_read(&HANDS_OF_HOST, findings, &plan, error))
        return false;
    if (!plan) {
        report_message(report, "no plan is stored on this host: nothing to do");
        return true;
    }
    if (!hold_all(plan->hosts->pdata[0], error))
        return false;
    lock = lock_take(error);
    host = lock ? wait_for_ports(plan->hosts->pdata[0], findings, error) : NULL;
    changes = host ? changes_open(&HANDS_OF_HOST, report, findings, error) : NULL;
    return changes && prepare_slices(changes, host, plan->hosts->pdata[0], ret_held, error);
}

/* What stands in the file of a held slice, or NULL. */
char *job_read_held(const char *slice)
{
    g_autofree char *path = g_build_filename(STEPS_HELD, slice, NULL);
    char *text = NULL;

    return file_read(path, PLAN_MAX_BYTES, &text, NULL, NULL) ? g_strchomp(text) : NULL;
}

bool prepare_check(GPtrArray *findings, GError **error)
{
    g_autoptr(GPtrArray) steps = steps_new();
    g_autoptr(GPtrArray) said = findings_new();
    g_autoptr(Plan) plan = NULL;
    g_autoptr(Host) host = NULL;
    g_autoptr(Facts) facts = facts_read(&HANDS_OF_HOST, STEPS_FACTS);

    if (!boot_plan_read(&HANDS_OF_HOST, said, &plan, error))
        return false;
    if (!plan)
        return true;
    host = discover_host(NULL, said, error);
    if (!host)
        return false;
    steps_derive_host(host, plan->hosts->pdata[0], facts, /* program= */ NULL, steps, findings);
    for (guint i = 0; i < steps->len; i++) {
        const Step *step = steps->pdata[i];

        if (step->setting && step->setting->optional == 1)
            continue; /* interrupts that the kernel keeps for itself look like this for good */
        finding_set_hint(findings_add(findings, FINDING_WARNING, "host-differs", step->subject,
                                      "is not as it was prepared: %s", step->why),
                         "%s", step->text);
    }
    return true;
}
