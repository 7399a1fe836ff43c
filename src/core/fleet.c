/* SPDX-License-Identifier: Apache-2.0 */
/* A fleet: its slices as flavours, its hosts. */
#include "core/fleet_internal.h"

#include "core/place_internal.h"

/* A cluster with a slice on every so manieth host is a flavour of its own: its spread decides. */
#define LARGE_CLUSTER 4
#define MAX_LARGE 64 /* bits */

static void flavour_free(FleetFlavour *flavour)
{
    g_array_unref(flavour->instances);
    g_free(flavour);
}

static void host_free_members(FleetHost *host)
{
    g_clear_pointer(&host->instances, g_array_unref);
    g_free(host);
}

static void pattern_free(FleetPattern *pattern)
{
    fleet_state_free(pattern->state);
    plan_free(pattern->plan);
    g_free(pattern->refused);
    g_free(pattern);
}

void fleet_free(Fleet *fleet)
{
    if (!fleet)
        return;
    g_ptr_array_unref(fleet->instances);
    g_array_unref(fleet->cluster_of);
    g_array_unref(fleet->flavour_of);
    g_ptr_array_unref(fleet->flavours);
    g_ptr_array_unref(fleet->classes);
    g_ptr_array_unref(fleet->hosts);
    g_ptr_array_unref(fleet->patterns);
    g_array_unref(fleet->unplaced);
    g_ptr_array_unref(fleet->kinds);
    g_hash_table_unref(fleet->by_key);
    g_hash_table_unref(fleet->by_state);
    g_hash_table_unref(fleet->by_uses);
    g_hash_table_unref(fleet->racks);
    g_free(fleet->in_racks);
    g_ptr_array_unref(fleet->shapes);
    g_ptr_array_unref(fleet->findings);
    plan_fleet_free(fleet->figures);
    g_free(fleet);
}

static gint64 gcd(gint64 a, gint64 b)
{
    while (b != 0) {
        gint64 rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* All that a slice is but its name, its number and its guest's login. */
static char *flavour_key(const SpecSlice *slice)
{
    const Record *record = NULL;
    json_t *json;
    char *text, *key;

    for (guint i = 0; i < SPEC_RECORD.n_fields; i++)
        if (g_str_equal(SPEC_RECORD.fields[i].name, "clusters"))
            record = SPEC_RECORD.fields[i].record;
    for (guint i = 0; i < record->n_fields; i++)
        if (g_str_equal(record->fields[i].name, "slices")) {
            record = record->fields[i].record;
            break;
        }
    json = record_encode(record, slice);
    json_object_del(json, "name");
    json_object_del(json, "count");
    json_object_del(json, "login");
    text = json_dumps(json, JSON_COMPACT);
    key = g_strdup(text);
    free(text);
    json_decref(json);
    return key;
}

static FleetFlavour *find_flavour(Fleet *fleet, GHashTable *by_key, const char *shape,
                                  const SpecSlice *slice, int cluster)
{
    g_autofree char *key = g_strdup_printf("%d %s", cluster, shape);
    FleetFlavour *flavour = g_hash_table_lookup(by_key, key);

    if (flavour)
        return flavour;
    flavour = g_new0(FleetFlavour, 1);
    flavour->slice = slice;
    flavour->cluster = cluster;
    flavour->instances = g_array_new(false, false, sizeof(guint));
    g_ptr_array_add(fleet->flavours, flavour);
    g_hash_table_insert(by_key, g_steal_pointer(&key), flavour);
    return flavour;
}

guint fleet_count_slices(const SpecCluster *cluster)
{
    guint count = 0;

    for (guint i = 0; i < cluster->slices->len; i++) {
        const SpecSlice *slice = g_ptr_array_index(cluster->slices, i);

        count += slice->count == RECORD_UNSET ? 1 : (guint)slice->count;
    }
    return count;
}

/* Clusters of at least @large slices that spread. */
static guint count_large(const Spec *spec, guint large)
{
    guint count = 0;

    for (guint i = 0; i < spec->clusters->len; i++) {
        const SpecCluster *cluster = g_ptr_array_index(spec->clusters, i);

        count += cluster->spread != SPEC_SPREAD_NONE && fleet_count_slices(cluster) >= large;
    }
    return count;
}

/* Each cluster with flavours of its own has a bit. */
static void set_bits(Fleet *fleet)
{
    int cluster = -1;
    guint64 bit = 0;

    for (guint f = 0; f < fleet->flavours->len; f++) {
        FleetFlavour *flavour = fleet_flavour(fleet, f);

        if (flavour->cluster < 0)
            continue;
        if (flavour->cluster != cluster) /* those of a cluster come in a row */
            bit = bit ? bit << 1 : 1;
        cluster = flavour->cluster;
        flavour->bit = bit;
    }
}

/* @large: clusters of at least so many slices get flavours of their own. */
static void list_flavours(Fleet *fleet, guint large)
{
    g_autoptr(GHashTable) by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const SpecSlice *slice = NULL;
    FleetFlavour *flavour = NULL;
    guint number = 0;

    g_array_set_size(fleet->flavour_of, 0);
    g_ptr_array_set_size(fleet->flavours, 0);
    for (guint i = 0; i < fleet->instances->len; i++) {
        const SpecInstance *instance = g_ptr_array_index(fleet->instances, i);
        guint cluster = g_array_index(fleet->cluster_of, guint, i);

        if (instance->slice != slice) {
            g_autofree char *key = flavour_key(instance->slice);
            bool own = instance->cluster->spread != SPEC_SPREAD_NONE &&
                       fleet_count_slices(instance->cluster) >= large;

            slice = instance->slice;
            flavour = find_flavour(fleet, by_key, key, slice, own ? (int)cluster : -1);
            /* on one host: one of each cluster that spreads, any of the others */
            if (instance->cluster->spread == SPEC_SPREAD_NONE)
                flavour->most = G_MAXUINT16;
            else if (flavour->most < G_MAXUINT16 && flavour->last_cluster != cluster + 1)
                flavour->most++;
            flavour->last_cluster = cluster + 1;
            g_ptr_array_find(fleet->flavours, flavour, &number);
        }
        flavour->count++;
        g_array_append_val(fleet->flavour_of, number);
        g_array_append_val(flavour->instances, i);
    }
}

static void find_memory_unit(Fleet *fleet)
{
    for (guint i = 0; i < fleet->instances->len; i++) {
        const SpecInstance *instance = g_ptr_array_index(fleet->instances, i);

        fleet->memory_unit =
            gcd(instance->slice->memory / MAX(instance->slice->numa.nodes, 1), fleet->memory_unit);
    }
    fleet->memory_unit = MAX(fleet->memory_unit, 1);
}

static void number_clusters(Fleet *fleet)
{
    const SpecCluster *cluster = NULL;
    guint number = 0;

    for (guint i = 0; i < fleet->instances->len; i++) {
        const SpecInstance *instance = g_ptr_array_index(fleet->instances, i);

        if (instance->cluster != cluster)
            g_ptr_array_find(fleet->spec->clusters, instance->cluster, &number);
        cluster = instance->cluster;
        g_array_append_val(fleet->cluster_of, number);
    }
}

Fleet *fleet_new(const Spec *spec, guint n_hosts)
{
    Fleet *fleet = g_new0(Fleet, 1);
    guint large = MAX(n_hosts / LARGE_CLUSTER, 2);

    fleet->spec = spec;
    fleet->many_classes = FLEET_MANY_CLASSES;
    fleet->instances = spec_expand(spec);
    fleet->cluster_of = g_array_new(false, false, sizeof(guint));
    fleet->flavours = g_ptr_array_new_with_free_func((GDestroyNotify)flavour_free);
    fleet->classes = g_ptr_array_new_with_free_func((GDestroyNotify)fleet_class_free);
    fleet->hosts = g_ptr_array_new_with_free_func((GDestroyNotify)host_free_members);
    fleet->patterns = g_ptr_array_new_with_free_func((GDestroyNotify)pattern_free);
    fleet->unplaced = g_array_new(false, false, sizeof(guint));
    fleet->kinds = g_ptr_array_new_with_free_func(g_free);
    fleet->by_key =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    fleet->by_uses =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    fleet->flavour_of = g_array_new(false, false, sizeof(guint));
    fleet->by_state = fleet_patterns_table();
    fleet->racks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    fleet->shapes = fleet_shapes_new();
    fleet->findings = findings_new();
    fleet->figures = plan_fleet_new();
    number_clusters(fleet);
    find_memory_unit(fleet);
    while (count_large(spec, large) > MAX_LARGE)
        large *= 2;
    list_flavours(fleet, large);
    if (fleet->flavours->len >
        FLEET_MAX_FLAVOURS) /* too fine: the spread is dealt with afterwards */
        list_flavours(fleet, G_MAXUINT);
    set_bits(fleet);
    return fleet;
}

void fleet_add_host(Fleet *fleet, guint class, const char *rack)
{
    FleetHost *host = g_new0(FleetHost, 1);

    if (rack) {
        host->rack = GPOINTER_TO_UINT(g_hash_table_lookup(fleet->racks, rack));
        if (host->rack == 0) {
            host->rack = g_hash_table_size(fleet->racks) + 1;
            g_hash_table_insert(fleet->racks, g_strdup(rack), GUINT_TO_POINTER(host->rack));
        }
    }
    host->class = class;
    host->pattern = -1;
    fleet_class(fleet, class)->hosts++;
    g_ptr_array_add(fleet->hosts, host);
}

const Host *fleet_class_host(const Fleet *fleet, guint class)
{
    return fleet_class(fleet, class)->host;
}

guint fleet_pattern_count(const FleetPattern *pattern, guint flavour)
{
    return pattern->state->counts[flavour];
}

guint fleet_pattern_slices(const FleetPattern *pattern)
{
    return pattern->state->slices;
}
