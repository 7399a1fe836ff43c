/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/show.h"

Job *cmd_open_job(const Globals *globals, const JobOptions *options, FindingSeverity least,
                  GError **error)
{
    Job *job = NULL;

    if (!ops_plan(options, &job, error))
        return NULL;
    if (!globals->json)
        show_findings(&globals->err, job->findings, least);
    return job;
}

bool cmd_show_more(const Globals *globals, const GPtrArray *findings, guint shown)
{
    g_autoptr(GPtrArray) more = g_ptr_array_new();

    for (guint i = shown; i < findings->len; i++)
        g_ptr_array_add(more, findings->pdata[i]);
    if (!globals->json)
        show_findings(&globals->err, more, FINDING_INFO);
    return findings_have(more, FINDING_ERROR);
}

bool cmd_is_refused(const Job *job)
{
    return !job->plan_host || findings_have(job->findings, FINDING_ERROR);
}

int cmd_refuse(const Globals *globals, const Job *job, const char *list)
{
    if (globals->json)
        cmd_print_json(globals,
                       json_pack("{s:[], s:o}", list, "findings", findings_to_json(job->findings)));
    return EXIT_FINDINGS;
}

static void report_message(const char *text, void *data)
{
    const Globals *globals = data;

    if (!globals->quiet)
        term_print(&globals->err, TERM_PLAIN, "%s\n", text);
}

#define BAR_WIDTH 30

/* A progress bar only on a terminal. */
static void report_progress(const char *what, gint64 done, gint64 total, void *data)
{
    const Globals *globals = data;
    g_autofree char *total_text = NULL;
    char bar[BAR_WIDTH + 1];
    int filled;

    if (globals->quiet || !globals->err.is_terminal || total <= 0)
        return;
    filled = (int)(done * BAR_WIDTH / total);
    memset(bar, '-', BAR_WIDTH);
    memset(bar, '#', (gsize)filled);
    bar[BAR_WIDTH] = '\0';
    total_text = text_format_size_short(total);
    term_print(&globals->err, TERM_PLAIN, "\r%s [%s] %3d%% of %s%s", what, bar,
               (int)(done * 100 / total), total_text, done >= total ? "\n" : "");
    fflush(globals->err.out);
}

OpsReport cmd_open_report(const Globals *globals)
{
    return (OpsReport){
        .message = report_message,
        .progress = report_progress,
        .data = (void *)globals,
    };
}

void cmd_print_json(const Globals *globals, json_t *json)
{
    g_autofree char *text = json_write_text(json);

    fputs(text, globals->out.out);
    json_decref(json);
}

json_t *cmd_steps_to_json(const GPtrArray *steps)
{
    json_t *array = json_array();

    for (guint i = 0; i < steps->len; i++)
        json_array_append_new(array, record_encode(&STEP_RECORD, steps->pdata[i]));
    return array;
}

json_t *cmd_states_to_json(const GPtrArray *states)
{
    json_t *array = json_array();

    for (guint i = 0; i < states->len; i++) {
        const SliceState *state = states->pdata[i];
        json_t *differences =
            state->differences ? differences_to_json(state->differences) : json_array();

        json_array_append_new(
            array, json_pack("{s:s, s:s, s:b, s:o, s:o}", "slice", state->slice->name, "state",
                             state->observed ? state->observed->state : "missing", "needs_restart",
                             (int)state->needs_restart, "differences", differences, "steps",
                             cmd_steps_to_json(state->steps)));
    }
    return array;
}
