/* SPDX-License-Identifier: Apache-2.0 */
/* diff: wanted against running, setting by setting. */
#include "cli/cmd.h"
#include "cli/show.h"

static bool is_as_planned(const SliceState *state)
{
    return state->observed && state->observed->ours && state->observed->active &&
           !state->observed->paused && state->differences->len == 0 && state->steps->len == 0;
}

static void show_state(const Globals *globals, const SliceState *state)
{
    if (!state->observed)
        term_print(&globals->out, TERM_GREEN, "+ %s: to be created\n", state->slice->name);
    else if (!state->observed->ours)
        term_print(&globals->out, TERM_RED, "! %s: the domain of that name is not a slice\n",
                   state->slice->name);
    else if (state->observed->paused)
        term_print(&globals->out, TERM_YELLOW, "~ %s: %s, to be resumed\n", state->slice->name,
                   state->observed->state);
    else if (!state->observed->active)
        term_print(&globals->out, TERM_YELLOW, "~ %s: %s, to be started\n", state->slice->name,
                   state->observed->state);
    if (state->differences)
        show_differences(&globals->out, state->slice->name, state->differences);
}

int cmd_diff(const Globals *globals, char *const *args, GError **error)
{
    const JobOptions options = {.spec_path = args[0], .connect = globals->connect, .live = true};
    g_autoptr(Job) job = cmd_open_job(globals, &options, FINDING_ERROR, error);
    g_autoptr(GPtrArray) states = NULL;
    bool equal = true;
    guint shown;

    if (!job)
        return EXIT_FAILED;
    if (cmd_is_refused(job))
        return cmd_refuse(globals, job, "slices");
    shown = job->findings->len;
    states = ops_inspect(job, /* restart= */ true, error);
    if (!states)
        return EXIT_FAILED;
    for (guint i = 0; i < states->len; i++) {
        equal = equal && is_as_planned(states->pdata[i]);
        if (!globals->json)
            show_state(globals, states->pdata[i]);
    }
    if (globals->json)
        cmd_print_json(globals, json_pack("{s:o, s:o}", "slices", cmd_states_to_json(states),
                                          "findings", findings_to_json(job->findings)));
    else if (equal)
        term_print(&globals->out, TERM_PLAIN, "No differences.\n");
    cmd_show_more(globals, job->findings, shown);
    return equal ? EXIT_FINE : EXIT_FINDINGS;
}
