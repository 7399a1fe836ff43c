/* SPDX-License-Identifier: Apache-2.0 */
/* discover: inventory of this host, a captured tree or libvirt's host, all of it or a part. */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/show.h"

static char *root_option, *host_option;

const GOptionEntry DISCOVER_OPTIONS[] = {
    {"root", 0, 0, G_OPTION_ARG_FILENAME, &root_option,
     "read the captured tree in DIR (DIR/sys, DIR/proc) instead of this host", "DIR"},
    {"host", 0, 0, G_OPTION_ARG_STRING, &host_option,
     "what libvirt at URI tells of its host (qemu+ssh://root@server1/system)", "URI"},
    G_OPTION_ENTRY_NULL,
};

typedef struct {
    const char *name;
    void (*show)(const Term *term, const Host *host);
    const char *members[3]; /* of the Host JSON */
} Part;

static const Part PARTS[] = {
    {"nics", show_host_nics, {"pci"}},
    {"cpus", show_host_cpus, {"cpu", "cores"}},
    {"memory", show_host_memory, {"nodes"}},
};

static const Part *find_part(const char *name, GError **error)
{
    g_autofree char *quoted = text_quote(name, 64);

    for (guint i = 0; i < G_N_ELEMENTS(PARTS); i++) {
        if (strcmp(PARTS[i].name, name) == 0)
            return &PARTS[i];
    }
    g_set_error(error, BMS_ERROR, BMS_ERROR_USAGE,
                "discover: no part '%s'; parts are nics, cpus and memory", quoted);
    return NULL;
}

static void keep_nics(const Host *host, json_t *pci)
{
    for (guint i = host->pci->len; i-- > 0;) {
        if (!host_pci_is_nic(host->pci->pdata[i]))
            json_array_remove(pci, i);
    }
}

/* The members that make up the part, as they are in the whole. */
static json_t *part_to_json(const Host *host, const Part *part)
{
    json_t *whole = host_to_json(host);
    json_t *json = json_object();

    for (guint i = 0; i < G_N_ELEMENTS(part->members) && part->members[i]; i++)
        json_object_set(json, part->members[i], json_object_get(whole, part->members[i]));
    json_decref(whole);
    if (json_object_get(json, "pci"))
        keep_nics(host, json_object_get(json, "pci"));
    return json;
}

static void print(const Globals *globals, const Host *host, const Part *part)
{
    if (globals->json) {
        cmd_print_json(globals, part ? part_to_json(host, part) : host_to_json(host));
    } else if (part) {
        show_host_head(&globals->out, host);
        part->show(&globals->out, host);
    } else {
        show_host(&globals->out, host);
    }
}

int cmd_discover(const Globals *globals, char *const *args, GError **error)
{
    const Part *part = args ? find_part(args[0], error) : NULL;
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Host) host = NULL;

    if (args && !part)
        return EXIT_USAGE;
    if (root_option && host_option) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_USAGE,
                    "discover: --root and --host name two hosts; give one of them");
        return EXIT_USAGE;
    }
    host = host_option ? ops_discover_libvirt(host_option, findings, error)
                       : ops_discover(root_option, findings, error);
    if (!host)
        return EXIT_FAILED;
    print(globals, host, part);
    show_findings(&globals->err, findings, FINDING_INFO);
    return findings_have(findings, FINDING_ERROR) ? EXIT_FINDINGS : EXIT_FINE;
}
