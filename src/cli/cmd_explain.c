/* SPDX-License-Identifier: Apache-2.0 */
/* explain: why a slice landed where it did, or what would let it in. Changes nothing. */
#include "cli/cmd.h"
#include "cli/show.h"

static char **inventory_option;

const GOptionEntry EXPLAIN_OPTIONS[] = {
    {"inventory", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &inventory_option,
     "Host JSON, a folder of it, or JSON Lines; may be repeated (default: this host)", "PATH"},
    G_OPTION_ENTRY_NULL,
};

int cmd_explain(const Globals *globals, char *const *args, GError **error)
{
    const JobOptions options = {
        .spec_path = args[0],
        .inventories = (const char *const *)inventory_option,
        .connect = globals->connect,
    };
    g_autoptr(Job) job = cmd_open_job(globals, &options, FINDING_ERROR, error);
    g_autoptr(Explanation) explanation = NULL;

    if (!job)
        return EXIT_FAILED;
    if (!job->plan_host)
        return cmd_refuse(globals, job, "choices");
    if (!ops_explain(job, args[1], &explanation, error))
        return EXIT_FAILED;
    if (!explanation)
        return cmd_refuse(globals, job, "choices");
    if (globals->json) {
        json_t *json = explanation_to_json(explanation);

        json_object_set_new(json, "findings", findings_to_json(job->findings));
        cmd_print_json(globals, json);
    } else {
        show_explanation(&globals->out, explanation);
    }
    return explanation->placed ? EXIT_FINE : EXIT_FINDINGS;
}
