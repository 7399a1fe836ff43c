/* SPDX-License-Identifier: Apache-2.0 */
/* Prints what discovery makes of this machine, or of the captured tree DIR, as Host JSON; findings
 * go to stderr, one line each, those of host_check() too. Usage: print-host [DIR] */
#include <stdio.h>

#include "base/json.h"
#include "model/finding.h"
#include "port/discover.h"

int main(int argc, char **argv)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(Host) host = discover_host(argc > 1 ? argv[1] : NULL, findings, &error);
    g_autofree char *text = NULL;
    json_t *json;

    if (!host) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    host_check(host, findings);
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);

        fprintf(stderr, "%s: %s: %s [%s]\n", finding_severity_name(finding->severity),
                finding->subject, finding->text, finding->code);
    }
    json = host_to_json(host);
    text = json_write_text(json);
    json_decref(json);
    fputs(text, stdout);
    return 0;
}
