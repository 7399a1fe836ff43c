/* SPDX-License-Identifier: Apache-2.0 */
/* apply: everything up to running slices. */
#include "cli/cmd.h"
#include "cli/show.h"

static gboolean dry_run_option;
static gboolean restart_option;

const GOptionEntry APPLY_OPTIONS[] = {
    {"dry-run", 0, 0, G_OPTION_ARG_NONE, &dry_run_option, "print the steps and do nothing", NULL},
    {"restart", 0, 0, G_OPTION_ARG_NONE, &restart_option,
     "stop and start running slices where a change needs it", NULL},
    G_OPTION_ENTRY_NULL,
};

static guint count_steps(const GPtrArray *states)
{
    guint count = 0;

    for (guint i = 0; i < states->len; i++)
        count += ((const SliceState *)states->pdata[i])->steps->len;
    return count;
}

static bool show_needed_restarts(const Globals *globals, const GPtrArray *states)
{
    bool any = false;

    for (guint i = 0; i < states->len; i++) {
        const SliceState *state = states->pdata[i];

        if (!state->needs_restart)
            continue;
        any = true;
        if (!globals->json)
            term_print(&globals->err, TERM_YELLOW,
                       "%s: changed in its configuration; takes effect with --restart\n",
                       state->slice->name);
    }
    return any;
}

static void show_outcome(const Globals *globals, const Job *job, const GPtrArray *states)
{
    if (globals->json) {
        cmd_print_json(globals, json_pack("{s:o, s:o}", "slices", cmd_states_to_json(states),
                                          "findings", findings_to_json(job->findings)));
        return;
    }
    if (count_steps(states) == 0 && !findings_have(job->findings, FINDING_ERROR))
        term_print(&globals->out, TERM_PLAIN, "Nothing to do: %u slice%s as planned.\n",
                   states->len, states->len == 1 ? "" : "s");
    else if (!dry_run_option && count_steps(states) > 0)
        term_print(&globals->out, TERM_GREEN, "Applied: %u step%s, %u slice%s.\n",
                   count_steps(states), count_steps(states) == 1 ? "" : "s", states->len,
                   states->len == 1 ? "" : "s");
}

/* Makes what the slices cannot start without, then looks at the host again: VFs have got addresses.
 */
static bool prepare_host(const Globals *globals, const JobOptions *options, const OpsReport *report,
                         Job **job, GError **error)
{
    bool changed;

    if (!ops_apply_host(*job, report, &changed, error))
        return false;
    if (!changed)
        return true;
    g_clear_pointer(job, job_free);
    *job = cmd_open_job(globals, options, FINDING_ERROR, error);
    return *job != NULL;
}

/* The host's steps that apply makes, then those of the slices. */
static void show_dry_run(const Globals *globals, const Job *job, const GPtrArray *states)
{
    if (globals->json || !dry_run_option)
        return;
    show_steps_of_host(&globals->out, job->plan_host->steps);
    for (guint i = 0; i < states->len; i++)
        show_steps(&globals->out, ((const SliceState *)states->pdata[i])->steps);
}

int cmd_apply(const Globals *globals, char *const *args, GError **error)
{
    const JobOptions options = {.spec_path = args[0],
                                .connect = globals->connect,
                                .live = true,
                                .exclusive = !dry_run_option};
    const OpsReport report = cmd_open_report(globals);
    g_autoptr(Job) job = cmd_open_job(globals, &options, FINDING_INFO, error);
    g_autoptr(GPtrArray) states = NULL;
    bool flawed;
    guint shown;

    if (!job)
        return EXIT_FAILED;
    if (!cmd_is_refused(job) && !dry_run_option &&
        !prepare_host(globals, &options, &report, &job, error))
        return EXIT_FAILED;
    if (cmd_is_refused(job))
        return cmd_refuse(globals, job, "slices");
    shown = job->findings->len;
    states = ops_inspect(job, restart_option, error);
    if (!states)
        return EXIT_FAILED;
    if (!dry_run_option && !ops_apply(job, states, &report, error))
        return EXIT_FAILED;
    show_dry_run(globals, job, states);
    show_outcome(globals, job, states);
    flawed = cmd_show_more(globals, job->findings, shown);
    return show_needed_restarts(globals, states) || flawed ? EXIT_FINDINGS : EXIT_FINE;
}
