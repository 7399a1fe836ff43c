/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb table: one row per verb, one file cmd_<verb>.c each. --help, usage errors and the man
 * page's list come from here; to add a verb, add its file and its row in verbs.c.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "cli/term.h"

/* Exit codes (design section 4). */
enum {
    EXIT_FINE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_FINDINGS = 3,
};

/* Options that every verb understands. */
typedef struct {
    char *connect; /* libvirt URI, or NULL: the spec's */
    gboolean json;
    gboolean quiet;
    Term out; /* stdout: results */
    Term err; /* stderr: progress, findings */
} Globals;

typedef struct {
    const char *name;
    const char *arguments;       /* "SPEC [SLICE...]" */
    const char *summary;         /* one line of --help */
    int min_args, max_args;      /* positional; max -1: any number */
    const GOptionEntry *options; /* or NULL */
    /* @args: NULL-terminated positional arguments; NULL when there are none. Returns an exit code,
     * or EXIT_FAILED with @error. */
    int (*run)(const Globals *globals, char *const *args, GError **error);
} Verb;

extern const Verb VERBS[];
extern const guint N_VERBS;

int cmd_discover(const Globals *globals, char *const *args, GError **error);
int cmd_capture(const Globals *globals, char *const *args, GError **error);
int cmd_doctor(const Globals *globals, char *const *args, GError **error);
int cmd_plan(const Globals *globals, char *const *args, GError **error);
int cmd_explain(const Globals *globals, char *const *args, GError **error);
int cmd_prepare(const Globals *globals, char *const *args, GError **error);
int cmd_apply(const Globals *globals, char *const *args, GError **error);
int cmd_diff(const Globals *globals, char *const *args, GError **error);
int cmd_status(const Globals *globals, char *const *args, GError **error);
int cmd_verify(const Globals *globals, char *const *args, GError **error);
int cmd_destroy(const Globals *globals, char *const *args, GError **error);

extern const GOptionEntry DISCOVER_OPTIONS[];
extern const GOptionEntry CAPTURE_OPTIONS[];
extern const GOptionEntry DOCTOR_OPTIONS[];
extern const GOptionEntry PLAN_OPTIONS[];
extern const GOptionEntry EXPLAIN_OPTIONS[];
extern const GOptionEntry PREPARE_OPTIONS[];
extern const GOptionEntry APPLY_OPTIONS[];
extern const GOptionEntry DESTROY_OPTIONS[];
