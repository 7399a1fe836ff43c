/* SPDX-License-Identifier: Apache-2.0 */
/* What several verbs share: opening the job of a spec, reporting, writing JSON. */
#pragma once

#include <jansson.h>

#include "app/ops.h"
#include "cli/verbs.h"

/* Reads spec and host and plans. Findings of @least or worse go to standard error as text, unless
 * --json: then they belong into the verb's own object. Verbs that plan or change tell what the plan
 * costs (FINDING_INFO); the others need not repeat it (FINDING_ERROR). NULL with @error on failure.
 */
Job *cmd_open_job(const Globals *globals, const JobOptions *options, FindingSeverity least,
                  GError **error);

/* Findings that came after the first @shown, as text; nothing with --json. True when one is an
 * error. */
bool cmd_show_more(const Globals *globals, const GPtrArray *findings, guint shown);

/* True when the job cannot be carried out: errors among its findings, or slices without a place. */
bool cmd_is_refused(const Job *job);

/* The answer of a verb to a refused job: {"LIST": [], "findings": [...]} with --json, else nothing
 * more than the findings that cmd_open_job() showed. Returns the exit code. */
int cmd_refuse(const Globals *globals, const Job *job, const char *list);

/* Progress and messages on standard error; silent with --quiet. Valid as long as @globals. */
OpsReport cmd_open_report(const Globals *globals);

/* Writes the object to standard output and releases it. */
void cmd_print_json(const Globals *globals, json_t *json);

/* {"slice": ..., "state": ..., "needs_restart": ..., "differences": [...], "steps": [...]} of each.
 */
json_t *cmd_states_to_json(const GPtrArray *states);

json_t *cmd_steps_to_json(const GPtrArray *steps);
