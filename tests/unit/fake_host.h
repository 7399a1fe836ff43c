/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder that stands for the server of machine.h, below the seam port/hands.h: files of /etc,
 * /proc and /sys, and the few commands that bmslice runs, which do there what the real ones do. The
 * same changes are made to a real kernel in the lab.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "port/hands.h"

typedef struct {
    char *root;
    Hands hands;
    guint moves;   /* how often hands_watch() was called */
    guint kill_at; /* the process dies at this move (SIGKILL); 0: never */
    bool stubborn; /* a partition of CPUs says something else than what is written to it */
} FakeHost;

/* A new folder below the temporary one, with @link_state as `ip -json link show` says it. */
FakeHost *fake_host_new(void);
void fake_host_free(FakeHost *fake); /* with its folder */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeHost, fake_host_free)

/* Every folder, file (mode, content) and symlink, a line each, sorted: to be compared. Caller
 * frees. */
char *fake_host_state(const FakeHost *fake);
void fake_host_write(const FakeHost *fake, const char *path, const char *text);
char *fake_host_read(const FakeHost *fake, const char *path);
