/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host preparation: the use cases of `bmslice prepare`. Like those of app/ops.h they print nothing.
 */
#pragma once

#include "app/ops.h"

/* The host's steps of the plan, in order: Step *, the plan's; the array is the caller's. */
GPtrArray *prepare_list(const Job *job);
/* A unified diff of the file that @step would change; NULL: it changes no file. Caller frees. */
char *prepare_diff(const Step *step);

/* Does a step of the plan wait for a reboot? */
bool prepare_needs_reboot(const Job *job);
/* The host is gone some seconds later. */
bool prepare_reboot(const OpsReport *report, GError **error);

/* Makes them. @confirm_within: seconds until all of it goes back by itself, unless
 * prepare_confirm() comes; 0: it stays. *@ret_done: what was changed (Step *, the plan's). false
 * with @error when one could not be made: it was taken back, those before it stay, and the next run
 * goes on there. */
bool prepare_make(Job *job, guint confirm_within, const OpsReport *report, GPtrArray **ret_done,
                  GError **error);
/* Takes back all that was ever prepared here, not under running slices: with @dead_man, what the
 * disk keeps goes back under them too, and a reboot is to do the rest. *@ret_done: how many
 * changes; *@ret_reboot: this boot still has kernel arguments that were taken back. What could not
 * be taken back is in @findings. */
bool prepare_undo(bool dead_man, const OpsReport *report, GPtrArray *findings, guint *ret_done,
                  bool *ret_reboot, GError **error);
/* What prepare_undo() would take back, a line each, the first to go first (char *). */
GPtrArray *prepare_list_undo(GError **error);
/* Keeps what --confirm-within would have taken back. *@ret_armed: was there anything to confirm? */
bool prepare_confirm(const OpsReport *report, GPtrArray *findings, bool *ret_armed, GError **error);

/* At boot, before libvirt: makes the stored plan true again, and holds those slices whose settings
 * could not be made. *@ret_held: how many. */
bool prepare_boot(const OpsReport *report, GPtrArray *findings, guint *ret_held, GError **error);
/* How the host differs now from the plan that is stored on it; nothing where there is none. */
bool prepare_check(GPtrArray *findings, GError **error);
