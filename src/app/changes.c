/* SPDX-License-Identifier: Apache-2.0 */
#include "app/changes.h"

#include <string.h>

#include "app/report.h"
#include "port/change.h"

Changes *changes_open(const Hands *hands, const OpsReport *report, GPtrArray *findings,
                      GError **error)
{
    g_autoptr(Changes) changes = g_new0(Changes, 1);

    changes->hands = hands;
    changes->report = report;
    changes->findings = g_ptr_array_ref(findings);
    changes->refused = g_ptr_array_new_with_free_func(g_free);
    changes->journal = journal_open(hands, error);
    return changes->journal ? g_steal_pointer(&changes) : NULL;
}

void changes_close(Changes *changes)
{
    if (!changes)
        return;
    journal_close(changes->journal);
    g_ptr_array_unref(changes->refused);
    g_ptr_array_unref(changes->findings);
    g_free(changes);
}

/* Those of @list that were done for @owner. */
static GPtrArray *keep_owners(GPtrArray *list, const char *owner)
{
    for (guint i = list->len; owner && i-- > 0;) {
        if (strcmp(((const JournalEntry *)list->pdata[i])->owner, owner) != 0)
            g_ptr_array_remove_index(list, i);
    }
    return list;
}

GPtrArray *changes_list(const Changes *changes, const char *owner)
{
    return keep_owners(journal_list(changes->journal), owner);
}

/* What a command makes of a file follows the file: it runs again, for who knows whether it did. And
 * a file or symlink that was being made may have left its new one beside it. */
static bool is_back(const JournalEntry *entry, const char *value)
{
    SettingKind kind = entry->wanted->kind;
    bool half = (kind == SETTING_FILE || kind == SETTING_LINK) && entry->state == JOURNAL_INTENT;

    return !half && entry->before->command->len == 0 && setting_is_met(entry->before, value);
}

/* What was refused as a whole is as it was, and would be refused again. */
static bool take_back(Changes *changes, JournalEntry *entry, GError **error)
{
    g_autofree char *value = NULL;

    return change_read(changes->hands, entry->wanted, &value, error) &&
           (is_back(entry, value) || change_make(changes->hands, entry->before, error)) &&
           journal_mark(changes->journal, entry, JOURNAL_UNDONE, error);
}

/* It did not work: what is half done goes back at once. */
static bool give_up(Changes *changes, JournalEntry *entry, const Setting *wanted, GError *cause,
                    GError **error)
{
    g_autoptr(GError) again = NULL;
    bool undone = take_back(changes, entry, &again); /* the entry may be gone then */

    if (undone && wanted->optional == 1) {
        g_ptr_array_add(changes->refused, g_strdup(wanted->target));
        g_error_free(cause);
        return true;
    }
    g_propagate_error(error, cause);
    if (!undone)
        g_prefix_error(error, "(and it could not be taken back: %s) ", again->message);
    return false;
}

static bool make_setting(Changes *changes, const char *owner, const char *text,
                         const Setting *wanted, bool *ret_changed, GError **error)
{
    g_autofree char *value = NULL;
    g_autofree char *touched = NULL;
    g_autoptr(Setting) before = NULL;
    GError *cause = NULL;
    JournalEntry *entry;
    bool met;

    if (!change_is_met(changes->hands, wanted, &met, &value, &cause)) {
        if (wanted->optional != 1) {
            g_propagate_error(error, cause);
            return false;
        }
        g_error_free(cause); /* an interrupt that is gone by now */
        return true;
    }
    if (met)
        return true;
    if (wanted->optional != 1) /* most of these are refused, and told of once they are not */
        report_message(changes->report, "%s", text);
    touched = setting_touched(wanted, value);
    before = setting_with_value(wanted, touched);
    entry = journal_intend(changes->journal, owner, text, wanted, before, error);
    if (!entry)
        return false;
    if (!change_make(changes->hands, wanted, &cause))
        return give_up(changes, entry, wanted, cause, error);
    if (wanted->optional == 1)
        report_message(changes->report, "%s", text);
    *ret_changed = true;
    return journal_mark(changes->journal, entry, JOURNAL_DONE, error);
}

/* Folders that are missing on the way are changes too: undone, they are gone again. */
static bool make_folders(Changes *changes, const char *owner, const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autoptr(Setting) setting = setting_new(SETTING_FOLDER, folder, "there");
    g_autofree char *text = g_strdup_printf("make folder %s", folder);
    bool changed = false;

    if (strcmp(folder, "/") == 0 || strcmp(folder, JOURNAL_FOLDER) == 0)
        return true;
    return make_folders(changes, owner, folder, error) &&
           make_setting(changes, owner, text, setting, &changed, error);
}

bool changes_make(Changes *changes, const char *owner, const Step *step, bool *ret_changed,
                  GError **error)
{
    const Setting *setting = step->setting;
    bool changed = false;
    bool done;

    done = ((setting->kind != SETTING_FILE && setting->kind != SETTING_LINK) ||
            make_folders(changes, owner, setting->target, error)) &&
           make_setting(changes, owner, step->text, setting, &changed, error);
    if (ret_changed)
        *ret_changed = changed;
    if (!done)
        g_prefix_error(error, "%s: ", step->text);
    return done;
}

/* One line for all of them: they are many, and nothing is to be done about them. */
static void tell_refused(Changes *changes)
{
    if (changes->refused->len == 0)
        return;
    findings_add(changes->findings, FINDING_INFO, "setting-refused", NULL,
                 "the kernel keeps %u setting%s as they are: %s%s", changes->refused->len,
                 changes->refused->len == 1 ? "" : "s", (char *)changes->refused->pdata[0],
                 changes->refused->len == 1 ? "" : " ...");
    g_ptr_array_set_size(changes->refused, 0);
}

bool changes_make_all(Changes *changes, const char *owner, const GPtrArray *steps, GPtrArray *done,
                      GError **error)
{
    for (guint i = 0; i < steps->len; i++) {
        Step *step = steps->pdata[i];
        bool changed = false;

        if (step->setting && !changes_make(changes, owner, step, &changed, error))
            return false;
        if (changed)
            g_ptr_array_add(done, step);
    }
    tell_refused(changes);
    return journal_tidy(changes->journal, error);
}

/* Is it as we left it, or may have? A slice's VF is ours whatever it says: libvirt puts back its
 * own idea of it when the guest ends. So is the slice of systemd that has our name. */
static bool is_ours(const JournalEntry *entry, const char *value)
{
    if (entry->wanted->kind == SETTING_FOLDER)
        return g_strcmp0(value, "in use") != 0;
    return entry->state == JOURNAL_INTENT || entry->wanted->kind == SETTING_VF ||
           entry->wanted->kind == SETTING_PARTITION || setting_is_met(entry->wanted, value) ||
           setting_is_met(entry->before, value) ||
           setting_is_between(entry->wanted, entry->before, value);
}

static void tell_failure(Changes *changes, const JournalEntry *entry, const GError *cause)
{
    findings_add(changes->findings, FINDING_ERROR, "not-undone", entry->wanted->target,
                 "\"%s\" could not be taken back: %s", entry->text, cause->message);
}

static bool undo_entry(Changes *changes, JournalEntry *entry, GError **error)
{
    g_autofree char *value = NULL;
    g_autoptr(GError) cause = NULL;

    if (!change_read(changes->hands, entry->wanted, &value, &cause)) {
        if (entry->wanted->optional == 1)
            return journal_mark(changes->journal, entry, JOURNAL_UNDONE, error);
        tell_failure(changes, entry, cause);
        return true;
    }
    if (is_back(entry, value))
        return journal_mark(changes->journal, entry, JOURNAL_UNDONE, error);
    if (!is_ours(entry, value)) {
        findings_add(changes->findings, FINDING_WARNING, "changed-since", entry->wanted->target,
                     "somebody else has changed it since bmslice did: it is left as it is");
        return journal_mark(changes->journal, entry, JOURNAL_UNDONE, error);
    }
    report_message(changes->report, "taking back: %s", entry->text);
    if (!change_make(changes->hands, entry->before, &cause)) {
        tell_failure(changes, entry, cause);
        return true;
    }
    return journal_mark(changes->journal, entry, JOURNAL_UNDONE, error);
}

/* Of what was done to one VF over time, the oldest tells how it was; it comes last. */
static void keep_vf(GPtrArray *vfs, const Setting *before)
{
    if (before->kind != SETTING_VF)
        return;
    for (guint i = 0; i < vfs->len; i++) {
        if (setting_is_same(vfs->pdata[i], before)) {
            g_ptr_array_remove_index(vfs, i);
            break;
        }
    }
    g_ptr_array_add(vfs, setting_copy(before));
}

/* A driver that comes back may set its VF anew: igb gives one without a MAC address a random one
 * when the VF is reset. What was put back before it is looked at once more, unless the VF has gone
 * too. */
static void check_vfs(Changes *changes, const GPtrArray *vfs)
{
    for (guint i = 0; i < vfs->len; i++) {
        const Setting *before = vfs->pdata[i];
        g_autoptr(GError) error = NULL;
        bool met = false;

        if (!change_is_met(changes->hands, before, &met, NULL, NULL) || met ||
            change_make(changes->hands, before, &error))
            continue;
        findings_add(changes->findings, FINDING_WARNING, "not-undone", before->target,
                     "its VF %" G_GINT64_FORMAT " is not as it was: %s", before->vf,
                     error->message);
    }
}

static bool undo_some(Changes *changes, ChangesScope scope, gint64 since, const char *owner,
                      GError **error)
{
    g_autoptr(GPtrArray) list = keep_owners(journal_list_all(changes->journal), owner);
    g_autoptr(GPtrArray) vfs = g_ptr_array_new_with_free_func((GDestroyNotify)setting_free);

    for (guint i = list->len; i-- > 0;) {
        JournalEntry *entry = list->pdata[i];
        bool ended = !journal_is_in_force(changes->journal, entry);

        if (entry->number <= since || (scope == CHANGES_KEPT && setting_is_volatile(entry->wanted)))
            continue;
        if (!ended)
            keep_vf(vfs, entry->before);
        if (ended ? !journal_mark(changes->journal, entry, JOURNAL_UNDONE, error)
                  : !undo_entry(changes, entry, error))
            return false;
    }
    check_vfs(changes, vfs);
    return journal_tidy(changes->journal, error);
}

bool changes_undo(Changes *changes, ChangesScope scope, const char *owner, GError **error)
{
    return undo_some(changes, scope, /* since= */ 0, owner, error);
}

bool changes_undo_since(Changes *changes, gint64 number, const char *owner, GError **error)
{
    return undo_some(changes, CHANGES_ALL, number, owner, error);
}

gint64 changes_last(const Changes *changes)
{
    return journal_last(changes->journal);
}
