/* SPDX-License-Identifier: Apache-2.0 */
/* The hosts of a fleet's plan one by one: by name, and each as a job of its own. */
#include <string.h>

#include "app/fleet.h"
#include "base/error.h"

/* const char *, the fleet's. All texts are there once a fleet is planned. */
static GPtrArray *slice_names(FleetJob *job, guint number)
{
    const FleetText *text = fleet_find_text(job, number, NULL);
    GPtrArray *names =
        fleet_text_instances(text, job->fleet, g_ptr_array_index(job->fleet->hosts, number));

    for (guint i = 0; i < names->len; i++)
        names->pdata[i] = ((const SpecInstance *)names->pdata[i])->name;
    return names;
}

void ops_each_fleet_host(const Job *job, void (*each)(const OpsFleetHost *host, void *data),
                         void *data)
{
    const Fleet *fleet = job->fleet->fleet;

    for (guint h = 0; h < fleet->hosts->len; h++) {
        const FleetHost *host = g_ptr_array_index(fleet->hosts, h);
        g_autoptr(GPtrArray) names = NULL;
        OpsFleetHost seen = {.name = g_array_index(job->fleet->members, FleetMember, h).name};

        if (host->pattern < 0)
            continue;
        seen.slices = names = slice_names(job->fleet, h);
        each(&seen, data);
    }
}

Plan *fleet_member_plan(const FleetJob *job, guint number, GError **error)
{
    const FleetMember *member = &g_array_index(job->members, FleetMember, number);
    const FleetText *text = fleet_find_text((FleetJob *)job, number, error);
    g_autoptr(GString) json = g_string_new("{\"version\":1,\"hosts\":[");
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Tree) tree = NULL;

    if (!text)
        return NULL;
    fleet_text_fill(text, job->fleet, g_ptr_array_index(job->fleet->hosts, number), member->name,
                    fleet_macs_of(job, member), json);
    g_string_append(json, "]}");
    tree = tree_parse_json(member->name, json->str, json->len);
    return plan_from_tree(tree, findings);
}

bool ops_each_fleet_job(const Job *job, OpsEachJob each, void *data, GError **error)
{
    for (guint h = 0; h < job->fleet->fleet->hosts->len; h++) {
        const FleetHost *fleet_host = g_ptr_array_index(job->fleet->fleet->hosts, h);
        const FleetMember *member = &g_array_index(job->fleet->members, FleetMember, h);
        g_autoptr(Host) host = NULL;
        g_autoptr(Plan) plan = NULL;
        Job one = *job;

        if (fleet_host->pattern < 0)
            continue;
        host = fleet_member_host(job->fleet, member);
        plan = fleet_member_plan(job->fleet, h, error);
        if (!plan)
            return false;
        one.fleet = NULL;
        one.host = host;
        one.spec_host = spec_find_host(job->spec, member->name);
        one.plan = plan;
        one.plan_host = g_ptr_array_index(plan->hosts, 0);
        if (!each(&one, data, error))
            return false;
    }
    return true;
}

static bool write_xml(const Job *one, void *data, GError **error)
{
    const char *name = one->host->hostname;
    g_autofree char *folder = g_build_filename(data, name, NULL);

    if (strchr(name, '/') || *name == '.') {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "host %s: no name for a folder", name);
        return false;
    }
    return ops_write_xml(one, folder, error);
}

bool ops_write_fleet_xml(const Job *job, const char *directory, GError **error)
{
    return ops_each_fleet_job(job, write_xml, (void *)directory, error);
}
