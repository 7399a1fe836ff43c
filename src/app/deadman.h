/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dead-man timer: what was prepared is taken back by itself unless somebody who can still reach the
 * host confirms it. A timer of systemd (man 5 systemd.timer) on the disk, so that it counts again
 * after a reboot into new kernel arguments.
 */
#pragma once

#include "app/changes.h"

/* Before the first change. */
bool deadman_arm(Changes *changes, guint seconds, GError **error);
/* Only the timer that is counting now; its files are in the journal. */
bool deadman_stop(Changes *changes, GError **error);
/* *@ret_armed: was it armed? */
bool deadman_disarm(Changes *changes, bool *ret_armed, GError **error);
