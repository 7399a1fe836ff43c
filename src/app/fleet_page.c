/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of a fleet as a page: a picture of each host where there are few of them, else of each
 * way to fill one. */
#include "app/fleet.h"
#include "base/text.h"
#include "core/picture.h"
#include "core/picture_fleet.h"
#include "port/file.h"

/* So many hosts are drawn one by one; of more, so many ways to fill one. */
#define MAX_HOSTS 40
#define MAX_DRAWN 150

/* Hosts with the same pattern, in the order of the inventory. */
typedef struct {
    guint pattern;
    GArray *hosts; /* guint */
} Group;

static void group_free(Group *group)
{
    g_array_unref(group->hosts);
    g_free(group);
}

static int compare_groups(gconstpointer a, gconstpointer b)
{
    const Group *x = *(Group *const *)a, *y = *(Group *const *)b;

    if (x->hosts->len != y->hosts->len)
        return x->hosts->len > y->hosts->len ? -1 : 1;
    return x->pattern < y->pattern ? -1 : x->pattern > y->pattern;
}

/* Those of most hosts first. */
static GPtrArray *list_groups(const Fleet *fleet)
{
    GPtrArray *groups = g_ptr_array_new_with_free_func((GDestroyNotify)group_free);
    g_autofree Group **by_pattern = g_new0(Group *, MAX(fleet->patterns->len, 1));

    for (guint h = 0; h < fleet->hosts->len; h++) {
        int pattern = ((const FleetHost *)g_ptr_array_index(fleet->hosts, h))->pattern;

        if (pattern < 0)
            continue;
        if (!by_pattern[pattern]) {
            by_pattern[pattern] = g_new0(Group, 1);
            by_pattern[pattern]->pattern = (guint)pattern;
            by_pattern[pattern]->hosts = g_array_new(false, false, sizeof(guint));
            g_ptr_array_add(groups, by_pattern[pattern]);
        }
        g_array_append_val(by_pattern[pattern]->hosts, h);
    }
    g_ptr_array_sort(groups, compare_groups);
    return groups;
}

/* "3 x worker-{n}: 8 vCPUs, 16 GiB, 1 NIC" */
static GPtrArray *describe_slices(const Fleet *fleet, const FleetPattern *pattern)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

    for (guint f = 0; f < fleet->flavours->len; f++) {
        const SpecSlice *slice = ((FleetFlavour *)g_ptr_array_index(fleet->flavours, f))->slice;
        guint count = fleet_pattern_count(pattern, f);
        g_autofree char *size = NULL;
        GString *line;

        if (count == 0)
            continue;
        size = text_format_size_short(slice->memory);
        line = g_string_new(NULL);
        g_string_printf(line, "%u \u00d7 %s: %" G_GINT64_FORMAT " vCPUs, %s", count, slice->name,
                        slice->vcpus, size);
        if (slice->nics->len > 0)
            g_string_append_printf(line, ", %u NIC%s", slice->nics->len,
                                   slice->nics->len > 1 ? "s" : "");
        for (guint d = 0; d < slice->devices->len; d++) {
            const SpecDevice *device = g_ptr_array_index(slice->devices, d);

            g_string_append_printf(line, ", %" G_GINT64_FORMAT " of %s:%s", device->count,
                                   device->vendor, device->device);
        }
        g_ptr_array_add(lines, g_string_free(line, FALSE));
    }
    return lines;
}

static void append_names(const FleetJob *job, const Group *group, GString *out)
{
    for (guint i = 0; i < group->hosts->len; i++) {
        guint h = g_array_index(group->hosts, guint, i);
        g_autoptr(GPtrArray) names = fleet_host_names(job, h);

        picture_group_host(g_array_index(job->members, FleetMember, h).name, names, out);
    }
}

static bool append_groups(const FleetJob *job, const GPtrArray *groups, GString *out,
                          GError **error)
{
    for (guint g = 0; g < groups->len; g++) {
        const Group *group = g_ptr_array_index(groups, g), *largest = g_ptr_array_index(groups, 0);
        const FleetPattern *pattern = g_ptr_array_index(job->fleet->patterns, group->pattern);
        guint first = g_array_index(group->hosts, guint, 0);
        g_autoptr(GPtrArray) slices = describe_slices(job->fleet, pattern);
        g_autoptr(Host) host =
            fleet_member_host(job, &g_array_index(job->members, FleetMember, first));
        g_autoptr(Plan) plan = NULL;
        PictureGroup seen = {.number = g + 1,
                             .hosts = group->hosts->len,
                             .most = largest->hosts->len,
                             .slices = slices,
                             .host = host};

        if (g < MAX_DRAWN) {
            plan = fleet_member_plan(job, first, error);
            if (!plan)
                return false;
            seen.plan = plan;
        }
        picture_group_open(&seen, out);
        append_names(job, group, out);
        picture_group_close(out);
    }
    return true;
}

/* All hosts in use in one plan. */
static char *draw_each(const Job *job, GError **error)
{
    const Fleet *fleet = job->fleet->fleet;
    g_autoptr(Plan) all = plan_new();
    g_autoptr(GPtrArray) hosts = g_ptr_array_new_with_free_func((GDestroyNotify)host_free);

    g_ptr_array_unref(all->findings);
    all->findings = g_ptr_array_ref(job->findings);
    for (guint h = 0; h < fleet->hosts->len; h++) {
        g_autoptr(Plan) plan = NULL;

        if (((const FleetHost *)g_ptr_array_index(fleet->hosts, h))->pattern < 0)
            continue;
        plan = fleet_member_plan(job->fleet, h, error);
        if (!plan)
            return NULL;
        g_ptr_array_add(all->hosts, g_ptr_array_steal_index(plan->hosts, 0));
        g_ptr_array_add(hosts, fleet_member_host(job->fleet, &g_array_index(job->fleet->members,
                                                                            FleetMember, h)));
    }
    return picture_write_html(hosts, all);
}

bool ops_write_fleet_html(const Job *job, const char *path, GError **error)
{
    g_autoptr(GPtrArray) groups = NULL;
    g_autoptr(GString) out = NULL;

    if (job->plan->fleet->hosts_used <= MAX_HOSTS) {
        g_autofree char *text = draw_each(job, error);

        return text && file_write(path, text, error);
    }
    groups = list_groups(job->fleet->fleet);
    out = g_string_new(NULL);
    picture_fleet_open(job->plan, groups->len, MIN(groups->len, MAX_DRAWN), out);
    if (!append_groups(job->fleet, groups, out, error))
        return false;
    picture_fleet_close(out);
    return file_write(path, out->str, error);
}
