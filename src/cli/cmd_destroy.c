/* SPDX-License-Identifier: Apache-2.0 */
/* destroy: remove slices and give their devices back. */
#include "cli/cmd.h"
#include "cli/show.h"

static gboolean delete_disks_option;

const GOptionEntry DESTROY_OPTIONS[] = {
    {"delete-disks", 0, 0, G_OPTION_ARG_NONE, &delete_disks_option,
     "delete the slices' disks too; without it they are kept", NULL},
    G_OPTION_ENTRY_NULL,
};

int cmd_destroy(const Globals *globals, char *const *args, GError **error)
{
    const JobOptions options = {
        .spec_path = args[0], .connect = globals->connect, .live = true, .exclusive = true};
    const OpsReport report = cmd_open_report(globals);
    g_autoptr(Job) job = cmd_open_job(globals, &options, FINDING_ERROR, error);
    g_autoptr(GPtrArray) steps = NULL;
    guint shown;

    if (!job)
        return EXIT_FAILED;
    if (!job->plan_host)
        return cmd_refuse(globals, job, "steps");
    shown = job->findings->len;
    if (!ops_destroy(job, (const char *const *)args + 1, delete_disks_option, &report, &steps,
                     error))
        return EXIT_FAILED;
    if (globals->json)
        cmd_print_json(globals, json_pack("{s:o, s:o}", "steps", cmd_steps_to_json(steps),
                                          "findings", findings_to_json(job->findings)));
    else if (steps->len == 0)
        term_print(&globals->out, TERM_PLAIN, "Nothing to do: none of these slices exists.\n");
    return cmd_show_more(globals, job->findings, shown) ? EXIT_FINDINGS : EXIT_FINE;
}
