/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes: steps that make settings of the host, one after the other, each journalled before it is
 * made, and taken back from the journal, the last first. Whoever makes changes holds the lock.
 */
#pragma once

#include "app/ops.h"
#include "port/hands.h"
#include "port/journal.h"

/* Whom a change is for: the host as a whole, or else a slice, by name. */
#define CHANGES_HOST ":host" /* no name of a slice */

typedef struct {
    const Hands *hands;
    Journal *journal;
    const OpsReport *report; /* or NULL */
    GPtrArray *refused;      /* char *: targets that the kernel keeps as they are, which may be */
    GPtrArray *findings;     /* what could not be made or taken back, and is no failure */
} Changes;

typedef enum {
    CHANGES_ALL,
    CHANGES_KEPT, /* what stays over a reboot: the rest goes by itself then */
} ChangesScope;

/* @hands and @report must outlive it. NULL with @error. */
Changes *changes_open(const Hands *hands, const OpsReport *report, GPtrArray *findings,
                      GError **error);
void changes_close(Changes *changes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Changes, changes_close)

/* Makes the step's setting unless it is so already. When it fails, it is taken back, and the error
 * says so if even that fails. *@ret_changed, where wanted: was there anything to do? */
bool changes_make(Changes *changes, const char *owner, const Step *step, bool *ret_changed,
                  GError **error);
/* All of @steps that make a setting, in order, up to the first that fails. What was changed is
 * appended to @done (Step *, of @steps). */
bool changes_make_all(Changes *changes, const char *owner, const GPtrArray *steps, GPtrArray *done,
                      GError **error);
/* Takes back all that was done for @owner (NULL: for anybody). What cannot be is an error finding,
 * what somebody else has changed since is left and is a warning; the rest goes on. false with
 * @error only when the journal itself fails. */
bool changes_undo(Changes *changes, ChangesScope scope, const char *owner, GError **error);
/* The same of what was done after the entry numbered @number. */
bool changes_undo_since(Changes *changes, gint64 number, const char *owner, GError **error);
/* The number of the last entry; 0: none. */
gint64 changes_last(const Changes *changes);
/* JournalEntry *: what changes_undo() would take back, the oldest first; the array is the caller's.
 */
GPtrArray *changes_list(const Changes *changes, const char *owner);
