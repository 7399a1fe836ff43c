/* SPDX-License-Identifier: Apache-2.0 */
/* plan: placement, core map, steps, domain XML, pictures. Changes nothing but the files it is asked
 * for. */
#include "base/error.h"
#include "cli/cmd.h"
#include "cli/show.h"

static char **inventory_option;
static char *xml_option;
static char *svg_option;
static char *html_option;

const GOptionEntry PLAN_OPTIONS[] = {
    {"inventory", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &inventory_option,
     "Host JSON, a folder of it, or JSON Lines; may be repeated (default: this host)", "PATH"},
    {"xml", 0, 0, G_OPTION_ARG_FILENAME, &xml_option, "write the domain XML of each slice", "DIR"},
    {"svg", 0, 0, G_OPTION_ARG_FILENAME, &svg_option, "draw the server and its slices", "FILE"},
    {"html", 0, 0, G_OPTION_ARG_FILENAME, &html_option, "the same as a page for a browser", "FILE"},
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

static bool write_files(const Job *job, GError **error)
{
    if (svg_option && !ops_write_svg(job, svg_option, error))
        return false;
    if (html_option && !ops_write_html(job, html_option, error))
        return false;
    return !xml_option || ops_write_xml(job, xml_option, error);
}

static bool write_text(const char *text, gsize length, void *data)
{
    const Globals *globals = data;

    return fwrite(text, 1, length, globals->out.out) == length;
}

static int plan_fleet(const Globals *globals, const Job *job, GError **error)
{
    if (svg_option) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_USAGE,
                    "--svg draws one host, and the spec is for %" G_GINT64_FORMAT
                    " of the inventory: take --html, or the inventory of one",
                    job->plan->fleet->hosts);
        return EXIT_FAILED;
    }
    if (html_option && !ops_write_fleet_html(job, html_option, error))
        return EXIT_FAILED;
    if (xml_option && !ops_write_fleet_xml(job, xml_option, error))
        return EXIT_FAILED;
    if (!globals->json)
        show_fleet(&globals->out, job);
    else if (!ops_write_fleet(job, write_text, (void *)globals, error))
        return EXIT_FAILED;
    return findings_have(job->findings, FINDING_ERROR) ? EXIT_FINDINGS : EXIT_FINE;
}

int cmd_plan(const Globals *globals, char *const *args, GError **error)
{
    const JobOptions options = {
        .spec_path = args[0],
        .inventories = (const char *const *)inventory_option,
        .connect = globals->connect,
        .fleet = true,
    };
    g_autoptr(Job) job = cmd_open_job(globals, &options, FINDING_INFO, error);

    if (!job)
        return EXIT_FAILED;
    if (job->fleet)
        return plan_fleet(globals, job, error);
    if (globals->json)
        cmd_print_json(globals, encode_plan(job));
    else if (job->plan)
        show_plan(&globals->out, job->host, job->plan);
    if (job->plan_host && !write_files(job, error))
        return EXIT_FAILED;
    return cmd_is_refused(job) ? EXIT_FINDINGS : EXIT_FINE;
}
