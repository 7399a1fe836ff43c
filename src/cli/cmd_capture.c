/* SPDX-License-Identifier: Apache-2.0 */
/* capture: the files that discover and doctor read, for planning elsewhere and for bug reports. */
#include "cli/cmd.h"
#include "cli/show.h"

static gboolean anonymise_option;

const GOptionEntry CAPTURE_OPTIONS[] = {
    {"anonymise", 0, 0, G_OPTION_ARG_NONE, &anonymise_option,
     "other names for the host and its MAC addresses, the same everywhere", NULL},
    G_OPTION_ENTRY_NULL,
};

int cmd_capture(const Globals *globals, char *const *args, GError **error)
{
    g_autoptr(GPtrArray) findings = findings_new();
    guint entries;

    if (!ops_capture(args[0], anonymise_option, &entries, findings, error))
        return EXIT_FAILED;
    show_findings(&globals->err, findings, FINDING_INFO);
    if (!globals->quiet)
        term_print(&globals->err, TERM_PLAIN,
                   "%s: %u files; unpack it, and bmslice discover "
                   "--root reads it\n",
                   args[0], entries);
    return EXIT_FINE;
}
