/* SPDX-License-Identifier: Apache-2.0 */
/* prepare: the host's own settings: kernel arguments, pages, VFs, interrupts; and all of it back.
 */
#include "app/prepare.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/show.h"

static gboolean dry_run_option, undo_option, reboot_option, confirm_option, boot_option,
    dead_man_option;
static char *confirm_within_option;

const GOptionEntry PREPARE_OPTIONS[] = {
    {"dry-run", 0, 0, G_OPTION_ARG_NONE, &dry_run_option, "print the steps and do nothing", NULL},
    {"reboot", 0, 0, G_OPTION_ARG_NONE, &reboot_option, "reboot the host if a step needs it", NULL},
    {"confirm-within", 0, 0, G_OPTION_ARG_STRING, &confirm_within_option,
     "take all back by itself unless --confirm comes in time (90s, 5min)", "TIME"},
    {"confirm", 0, 0, G_OPTION_ARG_NONE, &confirm_option, "keep what --confirm-within waits for",
     NULL},
    {"undo", 0, 0, G_OPTION_ARG_NONE, &undo_option, "take back all that was ever prepared here",
     NULL},
    /* for the systemd units that prepare writes */
    {"dead-man", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &dead_man_option, NULL, NULL},
    {"boot", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &boot_option, NULL, NULL},
    G_OPTION_ENTRY_NULL,
};

static void show_diffs(const Globals *globals, const GPtrArray *steps)
{
    for (guint i = 0; i < steps->len; i++) {
        g_autofree char *diff = prepare_diff(steps->pdata[i]);

        if (diff)
            term_print(&globals->out, TERM_PLAIN, "\n%s", diff);
    }
}

static int show_plan_of_host(const Globals *globals, const Job *job)
{
    g_autoptr(GPtrArray) steps = prepare_list(job);

    if (globals->json)
        cmd_print_json(globals, json_pack("{s:o, s:o}", "steps", cmd_steps_to_json(steps),
                                          "findings", findings_to_json(job->findings)));
    else if (steps->len == 0)
        term_print(&globals->out, TERM_PLAIN, "Nothing to do: the host is as the plan wants it.\n");
    else
        show_steps(&globals->out, steps);
    if (!globals->json)
        show_diffs(globals, steps);
    return EXIT_FINE;
}

static void show_outcome(const Globals *globals, const Job *job, const GPtrArray *done)
{
    g_autoptr(GPtrArray) steps = prepare_list(job);
    bool reboot = false;

    if (globals->json) {
        cmd_print_json(globals, json_pack("{s:o, s:o}", "steps", cmd_steps_to_json(done),
                                          "findings", findings_to_json(job->findings)));
        return;
    }
    for (guint i = 0; i < steps->len; i++)
        reboot = reboot || ((const Step *)steps->pdata[i])->kind == STEP_REBOOT;
    if (done->len > 0)
        term_print(&globals->out, TERM_GREEN, "Prepared: %u change%s.\n", done->len,
                   done->len == 1 ? "" : "s");
    else
        term_print(&globals->out, TERM_PLAIN, "Nothing to do%s.\n",
                   reboot ? " but to reboot" : ": the host is as the plan wants it");
    for (guint i = 0; reboot && i < steps->len; i++) {
        const Step *step = steps->pdata[i];

        if (step->kind == STEP_REBOOT && !reboot_option)
            term_print(&globals->out, TERM_YELLOW, "A reboot is needed (--reboot): %s\n",
                       step->why);
    }
    if (confirm_within_option && steps->len > 0)
        term_print(&globals->out, TERM_YELLOW,
                   "All of it goes back in %s unless you say: bmslice prepare --confirm\n",
                   confirm_within_option);
}

/* The last thing: whoever reads the outcome may lose the host with it. */
static int reboot(const Globals *globals, bool needed, GError **error)
{
    const OpsReport report = cmd_open_report(globals);

    fflush(globals->out.out);
    return !reboot_option || !needed || prepare_reboot(&report, error) ? EXIT_FINE : EXIT_FAILED;
}

static int make(const Globals *globals, const char *spec, guint confirm_within, GError **error)
{
    const JobOptions job_options = {
        .spec_path = spec, .connect = globals->connect, .live = true, .exclusive = !dry_run_option};
    const OpsReport report = cmd_open_report(globals);
    g_autoptr(Job) job = cmd_open_job(globals, &job_options, FINDING_INFO, error);
    g_autoptr(GPtrArray) done = NULL;
    guint shown;

    if (!job)
        return EXIT_FAILED;
    if (cmd_is_refused(job))
        return cmd_refuse(globals, job, "steps");
    if (dry_run_option)
        return show_plan_of_host(globals, job);
    shown = job->findings->len;
    if (!prepare_make(job, confirm_within, &report, &done, error))
        return EXIT_FAILED;
    show_outcome(globals, job, done);
    if (cmd_show_more(globals, job->findings, shown))
        return EXIT_FINDINGS;
    return reboot(globals, prepare_needs_reboot(job), error);
}

static int show_undo(const Globals *globals, GError **error)
{
    g_autoptr(GPtrArray) lines = prepare_list_undo(error);

    if (!lines)
        return EXIT_FAILED;
    for (guint i = 0; i < lines->len; i++)
        term_print(&globals->out, TERM_PLAIN, "  %2u. take back: %s\n", i + 1,
                   (char *)lines->pdata[i]);
    if (lines->len == 0)
        term_print(&globals->out, TERM_PLAIN, "Nothing to take back.\n");
    return EXIT_FINE;
}

static int undo(const Globals *globals, GError **error)
{
    const OpsReport report = cmd_open_report(globals);
    g_autoptr(GPtrArray) findings = findings_new();
    guint done = 0;
    bool needs_reboot = false, flawed;
    int code;

    if (dry_run_option)
        return show_undo(globals, error);
    if (!prepare_undo(dead_man_option, &report, findings, &done, &needs_reboot, error))
        return EXIT_FAILED;
    if (globals->json)
        cmd_print_json(globals, json_pack("{s:i, s:o}", "taken_back", (int)done, "findings",
                                          findings_to_json(findings)));
    else
        term_print(&globals->out, TERM_PLAIN, done ? "Taken back.\n" : "Nothing to take back.\n");
    if (needs_reboot && !reboot_option && !globals->json)
        term_print(&globals->out, TERM_YELLOW,
                   "This boot still has its kernel arguments: a reboot ends that (--reboot).\n");
    flawed = cmd_show_more(globals, findings, 0);
    code = reboot(globals, needs_reboot, error); /* all the more when something stayed */
    return code == EXIT_FINE && flawed ? EXIT_FINDINGS : code;
}

static int confirm(const Globals *globals, GError **error)
{
    const OpsReport report = cmd_open_report(globals);
    g_autoptr(GPtrArray) findings = findings_new();
    bool armed = false;

    if (!prepare_confirm(&report, findings, &armed, error))
        return EXIT_FAILED;
    term_print(&globals->out, TERM_PLAIN,
               armed ? "Confirmed: what was prepared stays.\n"
                     : "Nothing waits to be confirmed.\n");
    return cmd_show_more(globals, findings, 0) ? EXIT_FINDINGS : EXIT_FINE;
}

static int boot(const Globals *globals, GError **error)
{
    const OpsReport report = cmd_open_report(globals);
    g_autoptr(GPtrArray) findings = findings_new();
    guint held = 0;

    if (!prepare_boot(&report, findings, &held, error))
        return EXIT_FAILED;
    show_findings(&globals->err, findings, FINDING_WARNING);
    return held > 0 ? EXIT_FINDINGS : EXIT_FINE;
}

int cmd_prepare(const Globals *globals, char *const *args, GError **error)
{
    const char *spec = args ? args[0] : NULL;
    guint confirm_within = 0;

    if (confirm_within_option && !text_parse_seconds(confirm_within_option, &confirm_within, error))
        return EXIT_FAILED;
    if (boot_option)
        return boot(globals, error);
    if (undo_option)
        return undo(globals, error);
    if (confirm_option)
        return confirm(globals, error);
    if (spec)
        return make(globals, spec, confirm_within, error);
    g_set_error(error, BMS_ERROR, BMS_ERROR_USAGE,
                "a SPEC is missing (only --undo and --confirm need none)");
    return EXIT_FAILED;
}
