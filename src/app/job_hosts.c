/* SPDX-License-Identifier: Apache-2.0 */
/* Inventories: Host JSON files, folders of them, JSON Lines; or this host. */
#include <string.h>

#include "app/inventory.h"
#include "app/job.h"
#include "port/discover.h"

/* What of a list of names is told in a message. */
#define NAMES_MAX 8

typedef struct {
    GPtrArray *hosts, *findings;
} Reading;

static void read_host(const char *place, const char *text, gsize length, void *data)
{
    const Reading *reading = data;
    g_autoptr(Tree) tree = tree_parse_json(place, text, length);
    Host *host = host_from_tree(tree, reading->findings);

    if (!host)
        return;
    host->replayed = 1; /* a file is never this running host, whatever it says */
    g_ptr_array_add(reading->hosts, host);
}

GPtrArray *job_read_hosts(const char *const *inventories, GPtrArray *findings, GError **error)
{
    g_autoptr(GPtrArray) hosts = g_ptr_array_new_with_free_func((GDestroyNotify)host_free);
    Reading reading = {hosts, findings};

    if (!inventories || !inventories[0]) {
        Host *host = discover_host(NULL, findings, error);

        if (!host)
            return NULL;
        g_ptr_array_add(hosts, host);
        return g_steal_pointer(&hosts);
    }
    if (!inventory_read(inventories, read_host, &reading, error))
        return NULL;
    return g_steal_pointer(&hosts);
}

/* "a, b, c and 12 more" */
static void append_name(GString *names, guint index, guint count, const char *name)
{
    if (index < NAMES_MAX)
        g_string_append_printf(names, "%s%s", index > 0 ? ", " : "", name ? name : "(no name)");
    else if (index == NAMES_MAX)
        g_string_append_printf(names, " and %u more", count - NAMES_MAX);
}

static char *join_hosts(const GPtrArray *hosts)
{
    GString *names = g_string_new(NULL);

    for (guint i = 0; i < hosts->len; i++)
        append_name(names, i, hosts->len, ((const Host *)hosts->pdata[i])->hostname);
    return g_string_free(names, FALSE);
}

static char *join_spec_hosts(const Spec *spec)
{
    GString *names = g_string_new(NULL);

    for (guint i = 0; i < spec->hosts->len; i++)
        append_name(names, i, spec->hosts->len, ((const SpecHost *)spec->hosts->pdata[i])->name);
    return g_string_free(names, FALSE);
}

static Finding *add_host_finding(Job *job, FindingSeverity severity, const char *code,
                                 const char *text)
{
    Finding *finding = findings_add(job->findings, severity, code, "hosts", "%s", text);
    const SpecHost *first = job->spec->hosts->len > 0 ? job->spec->hosts->pdata[0] : NULL;

    if (first && first->node)
        finding_set_place(finding, job->tree, first->node->line, first->node->column);
    return finding;
}

static void tell_none(Job *job, guint count, const char *there, const char *first)
{
    g_autofree char *wanted = join_spec_hosts(job->spec);
    g_autofree char *text =
        count == 0 ? g_strdup("the inventory holds no host that can be planned")
                   : g_strdup_printf("the spec is for %s; the inventory holds %s", wanted, there);
    Finding *finding = add_host_finding(job, FINDING_ERROR, "host-unknown", text);

    if (count > 0)
        finding_set_hint(finding, "add \"- name: %s\" to hosts, or take that host's inventory",
                         first);
}

void job_tell_no_host(Job *job, const GPtrArray *names, guint count)
{
    g_autoptr(GString) there = g_string_new(NULL);

    for (guint i = 0; i < names->len; i++)
        append_name(there, i, count, names->pdata[i]);
    if (count > names->len)
        append_name(there, names->len, count, NULL);
    tell_none(job, count, there->str, names->len > 0 ? names->pdata[0] : NULL);
}

static void tell_many(Job *job, const GPtrArray *matching)
{
    g_autofree char *there = join_hosts(matching);
    g_autofree char *text = g_strdup_printf(
        "%u hosts of the inventory match: %s; one of them is meant here", matching->len, there);

    finding_set_hint(add_host_finding(job, FINDING_ERROR, "host-many", text),
                     "give the inventory of one host, or name one host in the spec");
}

/* All slices go onto the one host, also those that the user may have meant for the others. */
static void tell_absent(Job *job)
{
    g_autofree char *text = NULL;

    if (job->spec->hosts->len < 2)
        return;
    text = g_strdup_printf("the spec has %u host entries; all its slices are planned onto %s alone",
                           job->spec->hosts->len, job->host->hostname);
    finding_set_hint(add_host_finding(job, FINDING_WARNING, "host-absent", text),
                     "this version plans one host at a time: use one spec for each host");
}

void job_choose_host(Job *job, GPtrArray *hosts)
{
    g_autoptr(GPtrArray) matching = g_ptr_array_new();

    for (guint i = 0; i < hosts->len; i++) {
        const Host *host = hosts->pdata[i];

        if (host->hostname && spec_find_host(job->spec, host->hostname))
            g_ptr_array_add(matching, hosts->pdata[i]);
    }
    if (matching->len == 0) {
        g_autofree char *there = join_hosts(hosts);

        return tell_none(job, hosts->len, there,
                         hosts->len > 0 ? ((const Host *)hosts->pdata[0])->hostname : NULL);
    }
    if (matching->len > 1)
        return tell_many(job, matching);
    for (guint i = 0; i < hosts->len; i++) {
        if (hosts->pdata[i] == matching->pdata[0]) {
            job->host = g_ptr_array_steal_index(hosts, i);
            break;
        }
    }
    job->spec_host = spec_find_host(job->spec, job->host->hostname);
    tell_absent(job);
}
