/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what stands between this host and slicing, worst first, each with its mend. */
#include "cli/cmd.h"
#include "cli/show.h"

static char *root_option;
static char **inventory_option;

const GOptionEntry DOCTOR_OPTIONS[] = {
    {"root", 0, 0, G_OPTION_ARG_FILENAME, &root_option,
     "judge the captured tree in DIR (DIR/sys, DIR/proc) instead of this host", "DIR"},
    {"inventory", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &inventory_option,
     "Host JSON of the hosts that share the spec, to compare with; may be repeated", "PATH"},
    G_OPTION_ENTRY_NULL,
};

static guint count_severity(const GPtrArray *findings, FindingSeverity severity)
{
    guint count = 0;

    for (guint i = 0; i < findings->len; i++)
        count += ((const Finding *)findings->pdata[i])->severity == severity;
    return count;
}

static void show_summary(const Globals *globals, const Job *job, const Condition *condition)
{
    const char *libvirt = condition ? condition_value(condition, CONDITION_LIBVIRT) : NULL;
    const char *qemu = condition ? condition_value(condition, CONDITION_QEMU) : NULL;
    guint errors = count_severity(job->findings, FINDING_ERROR);

    if (libvirt)
        term_print(&globals->out, TERM_DIM, "libvirt %s, QEMU %s\n", libvirt,
                   qemu ? qemu : "not there");
    term_print(&globals->out, errors ? TERM_RED : TERM_GREEN,
               "%u in the way, %u that cost performance or knowledge, %u to know\n", errors,
               count_severity(job->findings, FINDING_WARNING),
               count_severity(job->findings, FINDING_INFO));
}

/* The list alone. */
static json_t *encode_facts(const Condition *condition)
{
    json_t *json = condition ? record_encode(&CONDITION_RECORD, condition) : NULL;
    json_t *facts = json ? json_incref(json_object_get(json, "facts")) : json_array();

    json_decref(json);
    return facts;
}

int cmd_doctor(const Globals *globals, char *const *args, GError **error)
{
    const DoctorOptions options = {
        .spec_path = args ? args[0] : NULL,
        .root = root_option,
        .inventories = (const char *const *)inventory_option,
        .connect = globals->connect,
    };
    g_autoptr(Job) job = NULL;
    g_autoptr(Condition) condition = NULL;

    if (!ops_doctor(&options, &job, &condition, error))
        return EXIT_FAILED;
    if (globals->json) {
        cmd_print_json(globals, json_pack("{s:s?, s:o, s:o}", "host", job->host->hostname, "facts",
                                          encode_facts(condition), "findings",
                                          findings_to_json(job->findings)));
    } else {
        show_findings(&globals->out, job->findings, FINDING_INFO);
        show_summary(globals, job, condition);
    }
    return findings_have(job->findings, FINDING_ERROR) ? EXIT_FINDINGS : EXIT_FINE;
}
