/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds by volume, one for each resource, and why slices were left out. */
#include "core/fleet_internal.h"

#include "base/text.h"

static int compare_down(gconstpointer a, gconstpointer b)
{
    gint64 x = ((const gint64 *)a)[0], y = ((const gint64 *)b)[0];

    return x > y ? -1 : x < y;
}

/* The least that a slice takes of a resource on any host. */
gint64 fleet_least_need(const Fleet *fleet, guint flavour, guint dim)
{
    gint64 least = G_MAXINT64;

    for (guint c = 0; c < fleet->classes->len; c++) {
        const FleetClass *class = fleet_class(fleet, c);
        const FleetUse *use = &class->uses[flavour];

        if (class->hosts > 0 && use->possible)
            least = MIN(least, dim < FLEET_DIMS ? (gint64)use->need[dim] * use->n_nodes +
                                                      (dim == DIM_CORES ? use->extra : 0)
                                                : use->pool[dim - FLEET_DIMS]);
    }
    return least == G_MAXINT64 ? 0 : least;
}

/* The hosts with the most of it first. */
static gint64 hosts_for(const Fleet *fleet, guint dim, gint64 need)
{
    g_autofree gint64(*classes)[2] = g_malloc0_n(MAX(fleet->classes->len, 1), sizeof *classes);
    gint64 hosts = 0;

    for (guint c = 0; c < fleet->classes->len; c++) {
        const FleetClass *class = fleet_class(fleet, c);

        for (guint n = 0; dim < FLEET_DIMS && n < class->n_nodes; n++)
            classes[c][0] += class->caps[n][dim];
        if (dim >= FLEET_DIMS)
            classes[c][0] = class->pools[dim - FLEET_DIMS];
        classes[c][1] = class->hosts;
    }
    qsort(classes, fleet->classes->len, sizeof *classes, compare_down);
    for (guint c = 0; c < fleet->classes->len && need > 0 && classes[c][0] > 0; c++) {
        gint64 of_class = MIN((need + classes[c][0] - 1) / classes[c][0], classes[c][1]);

        hosts += of_class;
        need -= of_class * classes[c][0];
    }
    return hosts;
}

static char *dim_name(const Fleet *fleet, guint dim)
{
    if (dim == DIM_CORES)
        return g_strdup("cores");
    if (dim == DIM_WHOLE)
        return g_strdup("whole cores");
    if (dim == DIM_MEMORY)
        return g_strdup("memory");
    return g_strdup_printf(
        "%s%s", (const char *)g_ptr_array_index(fleet->kinds, (dim - DIM_KINDS) % FLEET_KINDS),
        dim < FLEET_DIMS ? "" : " on any node");
}

gint64 fleet_volumes(const Fleet *fleet, GPtrArray *volumes)
{
    gint64 most = 0;

    for (guint d = 0; d < FLEET_ROW; d++) {
        PlanVolume *volume;
        gint64 need = 0;

        if (d >= DIM_KINDS && (d - DIM_KINDS) % FLEET_KINDS >= fleet->kinds->len)
            continue;
        for (guint f = 0; f < fleet->flavours->len; f++)
            need += fleet_least_need(fleet, f, d) * fleet_flavour(fleet, f)->instances->len;
        if (need == 0)
            continue;
        volume = plan_volume_new();
        volume->resource = dim_name(fleet, d);
        volume->hosts = hosts_for(fleet, d, need);
        most = MAX(most, volume->hosts);
        g_ptr_array_add(volumes, volume);
    }
    return most;
}

/* Is one of its slices of a cluster that spreads over racks? */
static bool has_rack_spread(const Fleet *fleet, guint number)
{
    const GArray *instances = fleet_flavour(fleet, number)->instances;

    for (guint i = 0; i < instances->len; i++) {
        const SpecInstance *instance =
            g_ptr_array_index(fleet->instances, g_array_index(instances, guint, i));

        if (instance->cluster->spread == SPEC_SPREAD_RACK)
            return true;
    }
    return false;
}

char *fleet_explain(const Fleet *fleet, guint flavour, const char **ret_resource)
{
    guint could = 0;

    for (guint p = 0; p < fleet->patterns->len; p++) { /* by the planner's own word */
        const FleetPattern *pattern = g_ptr_array_index(fleet->patterns, p);

        for (guint u = 0; pattern->refused && pattern->plan && u < pattern->plan->unplaced->len;
             u++) {
            const PlanUnplaced *unplaced = g_ptr_array_index(pattern->plan->unplaced, u);
            FleetMark mark;

            if (pattern->state->slices > 1 || !fleet_read_mark(unplaced->name, &mark) ||
                mark.flavour != flavour)
                continue;
            *ret_resource = unplaced->resource;
            return g_strdup(unplaced->reason);
        }
    }
    for (guint c = 0; c < fleet->classes->len; c++)
        if (fleet_class(fleet, c)->uses[flavour].possible)
            could += fleet_class(fleet, c)->hosts;
    *ret_resource = "host";
    if (could == 0 && fleet->classes->len > 0) {
        char *reason = fleet_explain_alone(fleet, flavour, fleet_class(fleet, 0), ret_resource);

        if (reason)
            return reason;
    }
    return g_strdup_printf("the %u hosts that could hold it are full, or hold a slice of its "
                           "cluster%s",
                           could, has_rack_spread(fleet, flavour) ? ", or their racks do" : "");
}
