/* SPDX-License-Identifier: Apache-2.0 */
/* discover: inventory of this host or of a captured tree. */
#include "cli/cmd.h"
#include "cli/show.h"

static char *root_option;

const GOptionEntry DISCOVER_OPTIONS[] = {
    {"root", 0, 0, G_OPTION_ARG_FILENAME, &root_option,
     "read the captured tree in DIR (DIR/sys, DIR/proc) instead of this host", "DIR"},
    G_OPTION_ENTRY_NULL,
};

int cmd_discover(const Globals *globals, char *const *args, GError **error)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Host) host = ops_discover(root_option, findings, error);

    if (!host)
        return EXIT_FAILED;
    if (globals->json)
        cmd_print_json(globals, host_to_json(host));
    else
        show_host(&globals->out, host);
    show_findings(&globals->err, findings, FINDING_INFO);
    return findings_have(findings, FINDING_ERROR) ? EXIT_FINDINGS : EXIT_FINE;
}
