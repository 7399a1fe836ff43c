/* SPDX-License-Identifier: Apache-2.0 */
#include "port/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/tree.h"
#include "model/finding.h"
#include "port/change_kinds.h"
#include "port/file.h"
#include "port/folder.h"

#define MAX_BYTES ((gsize)64 << 20)

static const char *const state_words[] = {"intent", "done", "undone", NULL};

#define AT(member) offsetof(JournalEntry, member)
static const Field entry_fields[] = {
    {"number", FIELD_INT, AT(number), FIELD_REQUIRED, .min = 1, .doc = "of the change"},
    {"state", FIELD_ENUM, AT(state), FIELD_REQUIRED, .words = state_words, .doc = "how far it is"},
    {"boot", FIELD_TEXT, AT(boot), FIELD_OMIT_UNSET, .doc = "boot id of the kernel"},
    {"owner", FIELD_TEXT, AT(owner), FIELD_OMIT_UNSET, .doc = "the host, or a slice"},
    {"text", FIELD_TEXT, AT(text), FIELD_OMIT_UNSET, .doc = "in words"},
    {"wanted", FIELD_POINTER, AT(wanted), FIELD_OMIT_UNSET, .record = &SETTING_RECORD,
     .doc = "the change"},
    {"before", FIELD_POINTER, AT(before), FIELD_OMIT_UNSET, .record = &SETTING_RECORD,
     .doc = "what was there"},
};
static const Record entry_record = {"entry", sizeof(JournalEntry), .node_offset = -1, .open = true,
                                    RECORD_FIELDS(entry_fields)};
#undef AT

struct Journal {
    const Hands *hands;
    char *path, *boot;
    GPtrArray *entries; /* JournalEntry * */
    gssize torn_at;     /* where a line begins that a crash cut off; -1: none does */
    gint64 last;        /* the newest number, whether its entry is still kept or not */
};

static void entry_free(JournalEntry *entry)
{
    record_free(&entry_record, entry);
}

void journal_close(Journal *journal)
{
    if (!journal)
        return;
    g_ptr_array_unref(journal->entries);
    g_free(journal->path);
    g_free(journal->boot);
    g_free(journal);
}

static JournalEntry *find_entry(const Journal *journal, gint64 number)
{
    for (guint i = 0; i < journal->entries->len; i++) {
        JournalEntry *entry = journal->entries->pdata[i];

        if (entry->number == number)
            return entry;
    }
    return NULL;
}

static void add_entry(Journal *journal, JournalEntry *entry)
{
    g_ptr_array_add(journal->entries, entry);
    journal->last = MAX(journal->last, entry->number);
}

/* A line either tells of a new change or of the state of a former one. */
static bool take_line(Journal *journal, const char *line, gsize length, guint number,
                      GError **error)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Tree) tree = tree_parse_json(journal->path, line, length);
    JournalEntry *entry =
        tree->root ? record_decode(&entry_record, tree, tree->root, findings) : NULL;
    JournalEntry *known = entry ? find_entry(journal, entry->number) : NULL;
    bool whole = entry && findings->len == 0 && (known || (entry->wanted && entry->before));

    if (!whole)
        g_set_error(
            error, BMS_ERROR, BMS_ERROR_FAILED,
            "%s: line %u is none of bmslice's; nothing is changed before somebody has looked",
            journal->path, number);
    else if (known)
        known->state = entry->state;
    else
        add_entry(journal, g_steal_pointer(&entry));
    entry_free(entry);
    return whole;
}

static bool read_all(Journal *journal, GError **error)
{
    g_autofree char *text = NULL;
    gsize length = 0, begin = 0;

    if (access(journal->path, F_OK) != 0 && errno == ENOENT)
        return true;
    if (!file_read(journal->path, MAX_BYTES, &text, &length, error))
        return false;
    for (guint number = 1; begin < length; number++) {
        const char *end = memchr(text + begin, '\n', length - begin);

        if (!end) { /* cut off by a crash: it was not yet done */
            journal->torn_at = (gssize)begin;
            return true;
        }
        if (!take_line(journal, text + begin, (gsize)(end - text) - begin, number, error))
            return false;
        begin = (gsize)(end - text) + 1;
    }
    return true;
}

Journal *journal_open(const Hands *hands, GError **error)
{
    g_autoptr(Journal) journal = g_new0(Journal, 1);

    journal->hands = hands;
    journal->torn_at = -1;
    journal->path = hands_path(hands, JOURNAL_PATH);
    journal->boot = change_read_text(hands, "/proc/sys/kernel/random/boot_id");
    journal->entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
    if (!read_all(journal, error))
        return NULL;
    return g_steal_pointer(&journal);
}

bool journal_is_of_this_boot(const Journal *journal, const JournalEntry *entry)
{
    return g_strcmp0(entry->boot, journal->boot) == 0;
}

bool journal_is_in_force(const Journal *journal, const JournalEntry *entry)
{
    return !setting_is_volatile(entry->wanted) || journal_is_of_this_boot(journal, entry);
}

GPtrArray *journal_list_all(const Journal *journal)
{
    GPtrArray *list = g_ptr_array_new();

    for (guint i = 0; i < journal->entries->len; i++) {
        JournalEntry *entry = journal->entries->pdata[i];

        if (entry->state != JOURNAL_UNDONE)
            g_ptr_array_add(list, entry);
    }
    return list;
}

GPtrArray *journal_list(const Journal *journal)
{
    GPtrArray *list = journal_list_all(journal);

    for (guint i = list->len; i-- > 0;) {
        if (!journal_is_in_force(journal, list->pdata[i]))
            g_ptr_array_remove_index(list, i);
    }
    return list;
}

bool journal_has(const Journal *journal, const char *owner, SettingKind kind)
{
    g_autoptr(GPtrArray) list = journal_list_all(journal);

    for (guint i = 0; i < list->len; i++) {
        const JournalEntry *entry = list->pdata[i];

        if (entry->wanted->kind == (int)kind && strcmp(entry->owner, owner) == 0)
            return true;
    }
    return false;
}

/* The whole line and on the disk, or nothing of it: a next one must not join a fragment. */
static bool append_to(int fd, Journal *journal, const char *line)
{
    size_t length = strlen(line);
    struct stat status;
    int saved;

    if (fd < 0 || (journal->torn_at >= 0 && ftruncate(fd, journal->torn_at) != 0) ||
        fstat(fd, &status) != 0)
        return false;
    journal->torn_at = -1;
    if (write(fd, line, length) == (ssize_t)length && fsync(fd) == 0)
        return true;
    saved = errno;
    if (ftruncate(fd, status.st_size) != 0)
        journal->torn_at = status.st_size;
    errno = saved;
    return false;
}

static bool append(Journal *journal, const char *line, GError **error)
{
    int fd = open(journal->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = append_to(fd, journal, line);

    if (!good)
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "%s: %s", journal->path, g_strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return good;
}

/* Caller frees; @json is taken. */
static char *line_of(json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    char *line = g_strconcat(text, "\n", NULL);

    free(text);
    json_decref(json);
    return line;
}

static bool write_line(Journal *journal, json_t *json, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(journal->path);
    g_autofree char *line = line_of(json);
    bool is_new = access(journal->path, F_OK) != 0;

    hands_watch(journal->hands, "journal");
    return folder_make(folder, error) && append(journal, line, error) &&
           (!is_new || file_flush_folder(folder, error));
}

gint64 journal_last(const Journal *journal)
{
    return journal->last;
}

static JournalEntry *entry_copy(const JournalEntry *entry, const Setting *wanted)
{
    JournalEntry *copy = record_new(&entry_record);

    copy->number = entry->number;
    copy->boot = g_strdup(entry->boot);
    copy->owner = g_strdup(entry->owner);
    copy->text = g_strdup(entry->text);
    copy->state = entry->state;
    copy->wanted = setting_copy(wanted);
    copy->before = setting_copy(entry->before);
    return copy;
}

JournalEntry *journal_intend(Journal *journal, const char *owner, const char *text,
                             const Setting *wanted, const Setting *before, GError **error)
{
    JournalEntry *entry = record_new(&entry_record);

    entry->number = journal->last + 1;
    entry->boot = g_strdup(journal->boot);
    entry->owner = g_strdup(owner);
    entry->text = g_strdup(text);
    entry->state = JOURNAL_INTENT;
    entry->wanted = setting_copy(wanted);
    entry->before = setting_copy(before);
    if (!write_line(journal, record_encode(&entry_record, entry), error)) {
        entry_free(entry);
        return NULL;
    }
    add_entry(journal, entry);
    hands_watch(journal->hands, "intended");
    return entry;
}

/* Nothing is left to take back: what others see then is a host that bmslice never touched. */
static bool forget(Journal *journal, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(journal->path);
    g_autofree char *beside = g_strconcat(journal->path, FILE_BESIDE, NULL);

    (void)unlink(beside); /* of a run that was killed */
    if (unlink(journal->path) != 0 && errno != ENOENT) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "%s: %s", journal->path, g_strerror(errno));
        return false;
    }
    (void)rmdir(folder); /* when nothing else is in it */
    g_ptr_array_set_size(journal->entries, 0);
    return true;
}

bool journal_mark(Journal *journal, JournalEntry *entry, JournalState state, GError **error)
{
    json_t *line =
        json_pack("{s:I, s:s}", "number", (json_int_t)entry->number, "state", state_words[state]);

    entry->state = (int)state;
    return write_line(journal, line, error);
}

static bool is_same_change(const JournalEntry *a, const JournalEntry *b)
{
    return strcmp(a->owner, b->owner) == 0 && setting_is_same(a->wanted, b->wanted);
}

/* A reboot has ended it, and the same was made anew since. */
static bool is_made_anew(const Journal *journal, guint index)
{
    const JournalEntry *entry = journal->entries->pdata[index];

    if (journal_is_in_force(journal, entry))
        return false;
    for (guint i = index + 1; i < journal->entries->len; i++) {
        const JournalEntry *other = journal->entries->pdata[i];

        if (other->state != JOURNAL_UNDONE && is_same_change(entry, other))
            return true;
    }
    return false;
}

/* Did @later go on where @entry ended? Then taking back both is putting back what was there before
 * @entry. Only of what is a value and no more: what comes between may rest on anything else. */
static bool goes_on(const Journal *journal, const JournalEntry *entry, const Setting *wanted,
                    const JournalEntry *later)
{
    return (wanted->kind == SETTING_FILE || wanted->kind == SETTING_ATTRIBUTE) &&
           entry->state == JOURNAL_DONE && later->state == JOURNAL_DONE &&
           journal_is_in_force(journal, entry) && journal_is_in_force(journal, later) &&
           is_same_change(entry, later) && setting_is_met(wanted, later->before->value);
}

/* The entries that say all that counts: JournalEntry *, new ones; each with the number of the
 * oldest that it stands for. */
static GPtrArray *list_compact(const Journal *journal)
{
    GPtrArray *kept = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
    g_autoptr(GHashTable) taken = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < journal->entries->len; i++) {
        const JournalEntry *entry = journal->entries->pdata[i];
        const Setting *wanted = entry->wanted;

        if (entry->state == JOURNAL_UNDONE || g_hash_table_contains(taken, entry) ||
            is_made_anew(journal, i))
            continue;
        for (guint k = i + 1; k < journal->entries->len; k++) {
            JournalEntry *later = journal->entries->pdata[k];

            if (!goes_on(journal, entry, wanted, later))
                continue;
            wanted = later->wanted;
            g_hash_table_add(taken, later);
        }
        g_ptr_array_add(kept, entry_copy(entry, wanted));
    }
    return kept;
}

/* The old one stays until the new one is whole and on the disk; when that fails, it serves on. */
static void compact(Journal *journal)
{
    g_autoptr(GPtrArray) kept = list_compact(journal);
    g_autoptr(GString) text = g_string_new(NULL);

    if (kept->len * 2 > journal->entries->len)
        return; /* each entry is written once more for every one that goes, at most */
    for (guint i = 0; i < kept->len; i++) {
        g_autofree char *line = line_of(record_encode(&entry_record, kept->pdata[i]));

        g_string_append(text, line);
    }
    hands_watch(journal->hands, "compact");
    if (!file_write_mode(journal->path, text->str, 0600, NULL))
        return;
    hands_watch(journal->hands, "compacted");
    g_ptr_array_unref(journal->entries);
    journal->entries = g_steal_pointer(&kept);
    journal->torn_at = -1;
}

bool journal_tidy(Journal *journal, GError **error)
{
    g_autoptr(GPtrArray) left = journal_list_all(journal);

    if (left->len == 0)
        return forget(journal, error);
    compact(journal);
    return true;
}
