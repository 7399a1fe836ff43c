/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Journal: what was changed about this host and what was there before, so that it can be taken back
 * after a crash, a reboot or a year. JSON Lines in /var/lib/bmslice/journal.jsonl; each line is on
 * the disk before the change it tells of is made. The one who writes holds port/lock.h.
 *
 * What was taken back or made anew since is left out when it is half of the file, and the journal
 * is forgotten as a whole when all in it has been taken back.
 */
#pragma once

#include "model/setting.h"
#include "port/hands.h"

#define JOURNAL_FOLDER "/var/lib/bmslice"
#define JOURNAL_PATH JOURNAL_FOLDER "/journal.jsonl"

typedef enum {
    JOURNAL_INTENT, /* may be made, half made, or not */
    JOURNAL_DONE,
    JOURNAL_UNDONE,
} JournalState;

typedef struct {
    gint64 number; /* from 1, in the order of the changes */
    char *boot;    /* of the kernel's boot id (/proc/sys/kernel/random/boot_id) */
    char *owner;   /* "host", or the slice that it was done for */
    char *text;    /* what was done, one line */
    int state;     /* JournalState */
    Setting *wanted, *before;
} JournalEntry;

typedef struct Journal Journal;

/* Reads what is there; a last line that was cut off by a crash is dropped. NULL with @error. */
Journal *journal_open(const Hands *hands, GError **error);
void journal_close(Journal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Journal, journal_close)

/* JournalEntry *, all that has not been undone and is still in force (a setting of the running
 * kernel ends with its boot), the oldest first. Theirs; the array is the caller's. */
GPtrArray *journal_list(const Journal *journal);

/* The same, with those that a reboot has ended. */
GPtrArray *journal_list_all(const Journal *journal);
/* Was such a setting made for @owner and not taken back since, in this boot or one before? */
bool journal_has(const Journal *journal, const char *owner, SettingKind kind);
/* The number of the newest entry, which only ever grows while the journal is open; 0: none. */
gint64 journal_last(const Journal *journal);
/* Or has a reboot ended it? */
bool journal_is_in_force(const Journal *journal, const JournalEntry *entry);
bool journal_is_of_this_boot(const Journal *journal, const JournalEntry *entry);

/* Before the change, and flushed. The entry is the journal's. NULL with @error. */
JournalEntry *journal_intend(Journal *journal, const char *owner, const char *text,
                             const Setting *wanted, const Setting *before, GError **error);
/* After it. */
bool journal_mark(Journal *journal, JournalEntry *entry, JournalState state, GError **error);
/* Forgets the journal when nothing in it is left to take back, and the folder that a run which was
 * killed before its first line may have made; else leaves out what no longer counts. No entry that
 * was handed out before is valid then. */
bool journal_tidy(Journal *journal, GError **error);
