/* SPDX-License-Identifier: Apache-2.0 */
/* plan: placement, core map, steps and domain XML. Changes nothing but the files of --xml. */
#include "cli/cmd.h"
#include "cli/show.h"

static char **inventory_option;
static char *xml_option;

const GOptionEntry PLAN_OPTIONS[] = {
    {"inventory", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &inventory_option,
     "Host JSON, a folder of it, or JSON Lines; may be repeated (default: this host)", "PATH"},
    {"xml", 0, 0, G_OPTION_ARG_FILENAME, &xml_option, "write the domain XML of each slice", "DIR"},
    G_OPTION_ENTRY_NULL,
};

/* A spec that cannot be planned at all still gives a Plan JSON: one that holds its findings. */
static json_t *encode_plan(const Job *job)
{
    g_autoptr(Plan) empty = NULL;

    if (job->plan)
        return plan_to_json(job->plan);
    empty = plan_new();
    g_ptr_array_unref(empty->findings);
    empty->findings = g_ptr_array_ref(job->findings);
    return plan_to_json(empty);
}

int cmd_plan(const Globals *globals, char *const *args, GError **error)
{
    const JobOptions options = {
        .spec_path = args[0],
        .inventories = (const char *const *)inventory_option,
        .connect = globals->connect,
    };
    g_autoptr(Job) job = cmd_open_job(globals, &options, FINDING_INFO, error);

    if (!job)
        return EXIT_FAILED;
    if (globals->json)
        cmd_print_json(globals, encode_plan(job));
    else if (job->plan)
        show_plan(&globals->out, job->host, job->plan);
    if (xml_option && job->plan_host && !ops_write_xml(job, xml_option, error))
        return EXIT_FAILED;
    return cmd_is_refused(job) ? EXIT_FINDINGS : EXIT_FINE;
}
