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
        g_ptr_array_add(journal->entries, g_steal_pointer(&entry));
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

static bool write_line(Journal *journal, json_t *json, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(journal->path);
    g_autofree char *line = NULL;
    char *text = json_dumps(json, JSON_COMPACT);
    bool is_new = access(journal->path, F_OK) != 0;

    json_decref(json);
    line = g_strconcat(text, "\n", NULL);
    free(text);
    hands_watch(journal->hands, "journal");
    return folder_make(folder, error) && append(journal, line, error) &&
           (!is_new || file_flush_folder(folder, error));
}

gint64 journal_last(const Journal *journal)
{
    guint length = journal->entries->len;

    return length ? ((const JournalEntry *)journal->entries->pdata[length - 1])->number : 0;
}

JournalEntry *journal_intend(Journal *journal, const char *owner, const char *text,
                             const Setting *wanted, const Setting *before, GError **error)
{
    JournalEntry *entry = record_new(&entry_record);

    entry->number = journal_last(journal) + 1;
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
    g_ptr_array_add(journal->entries, entry);
    hands_watch(journal->hands, "intended");
    return entry;
}

/* Nothing is left to take back: what others see then is a host that bmslice never touched. */
static bool forget(Journal *journal, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(journal->path);

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

bool journal_tidy(Journal *journal, GError **error)
{
    g_autoptr(GPtrArray) left = journal_list(journal);

    return left->len > 0 || forget(journal, error);
}
