/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hands: the one way in which settings of a host are changed: below which folder, and how commands
 * are run. hands_of_host() is this host; tests stand in for the kernel here and watch each move.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Runs a command without a shell, without standard input, and waits. @argv is NULL-terminated.
 * *@ret_output, where wanted: its standard output; the caller frees it. A non-zero exit is an error
 * with what it said on standard error. */
typedef bool (*HandsRun)(const char *const *argv, char **ret_output, void *data, GError **error);

typedef struct {
    const char *root; /* "" for this host, else a folder: paths are appended to it */
    HandsRun run;
    void (*watch)(const char *what, void *data); /* before and after each move; may be NULL */
    void *data;
} Hands;

extern const Hands HANDS_OF_HOST;

/* @path below the root; the caller frees it. */
char *hands_path(const Hands *hands, const char *path);
bool hands_run(const Hands *hands, const char *const *argv, char **ret_output, GError **error);
void hands_watch(const Hands *hands, const char *what);
