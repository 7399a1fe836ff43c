/* SPDX-License-Identifier: Apache-2.0 */
#include "app/prepare.h"

#include <string.h>

#include "app/boot_plan.h"
#include "app/deadman.h"
#include "app/job.h"
#include "app/report.h"
#include "base/error.h"
#include "core/boot_loader.h"
#include "port/change.h"
#include "port/diff.h"
#include "port/facts.h"
#include "port/lock.h"

GPtrArray *prepare_list(const Job *job)
{
    GPtrArray *list = g_ptr_array_new();

    for (guint i = 0; job->plan_host && i < job->plan_host->steps->len; i++) {
        Step *step = job->plan_host->steps->pdata[i];

        if (step_is_of_host(step))
            g_ptr_array_add(list, step);
    }
    return list;
}

char *prepare_diff(const Step *step)
{
    g_autofree char *before = NULL;

    if (!step->setting || step->setting->kind != SETTING_FILE ||
        !change_read(&HANDS_OF_HOST, step->setting, &before, NULL))
        return NULL;
    return diff_texts(step->setting->target, before, step->setting->value);
}

bool prepare_needs_reboot(const Job *job)
{
    g_autoptr(GPtrArray) steps = prepare_list(job);

    for (guint i = 0; i < steps->len; i++) {
        if (((const Step *)steps->pdata[i])->reboot == 1)
            return true;
    }
    return false;
}

bool prepare_reboot(const OpsReport *report, GError **error)
{
    const char *const argv[] = {"systemctl", "--no-block", "reboot", NULL};

    report_message(report, "rebooting this host");
    return hands_run(&HANDS_OF_HOST, argv, NULL, error);
}

/* What is stored for the boot becomes the plan of this spec alone. */
static void tell_others(const Job *job, const Changes *changes)
{
    g_autoptr(GPtrArray) said = findings_new();
    g_autoptr(GPtrArray) existing = job_running_configs(job->running);
    g_autoptr(Plan) stored = NULL;

    /* one that cannot be read is written anew */
    if (boot_plan_read(changes->hands, said, &stored, NULL) && stored)
        (void)boot_plan_tell_others(stored, job->plan_host, existing, changes->findings);
}

bool prepare_make(Job *job, guint confirm_within, const OpsReport *report, GPtrArray **ret_done,
                  GError **error)
{
    g_autoptr(Changes) changes = changes_open(&HANDS_OF_HOST, report, job->findings, error);
    g_autoptr(GPtrArray) steps = prepare_list(job);
    g_autoptr(GPtrArray) done = g_ptr_array_new();

    if (!changes)
        return false;
    tell_others(job, changes);
    if (confirm_within > 0 && steps->len > 0 && !deadman_arm(changes, confirm_within, error))
        return false;
    if (!changes_make_all(changes, CHANGES_HOST, steps, done, error)) {
        g_prefix_error(error, "host %s is prepared only in part: ", job->plan_host->name);
        return false;
    }
    *ret_done = g_steal_pointer(&done);
    return true;
}

/* Where libvirt does not answer, its guests run on. */
static bool check_no_qemu(const GError *silence, GError **error)
{
    static const char *const names[] = {"/proc/[0-9]*/comm", NULL};
    g_autoptr(Facts) facts = facts_read(&HANDS_OF_HOST, names);
    g_autoptr(GPtrArray) paths = facts_list(facts, "/proc/*/comm");

    for (guint i = 0; i < paths->len; i++) {
        if (!g_str_has_prefix(facts_get(facts, paths->pdata[i]), "qemu-system"))
            continue;
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED,
                    "guests run here, and whose they are cannot be asked: %s", silence->message);
        return false;
    }
    return true;
}

/* Pages, VFs and masks are not taken from under a guest. */
static bool check_no_guests(GError **error)
{
    g_autoptr(GError) silent = NULL;
    g_autoptr(Virt) virt = virt_open(JOB_DEFAULT_URI, &silent);
    g_autoptr(GPtrArray) ours = virt ? virt_list_ours(virt, error) : NULL;
    g_autoptr(GString) names = g_string_new(NULL);

    if (!virt)
        return check_no_qemu(silent, error);
    for (guint i = 0; ours && i < ours->len; i++) {
        const Observed *slice = ours->pdata[i];

        if (slice->active)
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", slice->name);
    }
    if (names->len > 0)
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED,
                    "slices run here: %s; nothing is taken from under them: destroy or stop them "
                    "first",
                    names->str);
    return ours && names->len == 0;
}

/* Are kernel arguments among them that this boot was made with? They stay until the next. */
static bool any_booted(const Changes *changes, const GPtrArray *entries)
{
    for (guint i = 0; i < entries->len; i++) {
        const JournalEntry *entry = entries->pdata[i];

        if (g_str_has_prefix(entry->text, STEPS_STAGE) &&
            !journal_is_of_this_boot(changes->journal, entry))
            return true;
    }
    return false;
}

/* Of the entries that staged kernel arguments: char *. */
static GPtrArray *list_staged(const GPtrArray *entries)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < entries->len; i++) {
        const JournalEntry *entry = entries->pdata[i];
        const char *list =
            g_str_has_prefix(entry->text, STEPS_STAGE) ? strstr(entry->text, "): ") : NULL;
        g_auto(GStrv) each = g_strsplit(list ? list + strlen("): ") : "", " ", -1);

        for (char **word = each; *word; word++) {
            if (!g_ptr_array_find_with_equal_func(words, *word, g_str_equal, NULL))
                g_ptr_array_add(words, g_strdup(*word));
        }
    }
    return words;
}

bool prepare_undo(bool dead_man, const OpsReport *report, GPtrArray *findings, guint *ret_done,
                  bool *ret_reboot, GError **error)
{
    g_autoptr(Lock) lock = lock_take(error);
    g_autoptr(Changes) changes =
        lock ? changes_open(&HANDS_OF_HOST, report, findings, error) : NULL;
    g_autoptr(GPtrArray) list = NULL;
    g_autoptr(GPtrArray) staged = NULL;
    g_autoptr(Facts) facts = NULL;
    g_autoptr(GError) silent = NULL;

    bool guests;

    if (!changes)
        return false;
    guests = !check_no_guests(&silent);
    if (guests && !dead_man) {
        g_propagate_error(error, g_steal_pointer(&silent));
        return false;
    }
    list = changes_list(changes, /* owner= */ NULL);
    *ret_done = list->len;
    *ret_reboot = any_booted(changes, list) || guests;
    staged = list_staged(list);
    if (!deadman_stop(changes, error) ||
        !changes_undo(changes, guests ? CHANGES_KEPT : CHANGES_ALL, /* owner= */ NULL, error))
        return false;
    facts = facts_read(&HANDS_OF_HOST, STEPS_FACTS);
    boot_words_tell_left(facts, staged, findings);
    return true;
}

GPtrArray *prepare_list_undo(GError **error)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Changes) changes = changes_open(&HANDS_OF_HOST, NULL, findings, error);
    g_autoptr(GPtrArray) list = changes ? changes_list(changes, /* owner= */ NULL) : NULL;
    GPtrArray *lines;

    if (!list)
        return NULL;
    lines = g_ptr_array_new_with_free_func(g_free);
    for (guint i = list->len; i-- > 0;)
        g_ptr_array_add(lines, g_strdup(((const JournalEntry *)list->pdata[i])->text));
    return lines;
}

bool prepare_confirm(const OpsReport *report, GPtrArray *findings, bool *ret_armed, GError **error)
{
    g_autoptr(Lock) lock = lock_take(error);
    g_autoptr(Changes) changes =
        lock ? changes_open(&HANDS_OF_HOST, report, findings, error) : NULL;

    return changes && deadman_disarm(changes, ret_armed, error);
}
