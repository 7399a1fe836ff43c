/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lock: one bmslice at a time changes this host (man 2 flock). The kernel lets go when its owner
 * ends, however it ends: a lock cannot be stale.
 */
#pragma once

#include <glib.h>

typedef struct Lock Lock;

/* Does not wait: NULL with @error, which names its pid, when another one is at work. */
Lock *lock_take(GError **error);
void lock_release(Lock *lock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lock, lock_release)
