/* SPDX-License-Identifier: Apache-2.0 */
/* A host as counts, as far as the slices of the spec can tell it from others: its canonical form.
 * Which functions are usable, and where a slice may lie, is the single-host planner's knowledge. */
#include "core/fleet_internal.h"
#include "core/place_internal.h"

/* More hosts that are wrong are not told of. */
#define MAX_TOLD 16

void fleet_class_free(FleetClass *class)
{
    g_free(class->caps);
    g_free(class->shapes);
    g_free(class);
}

/* "nic red 1", "8086:0d5c" */
static char *kind_name(const Want *want)
{
    return want->nic ? g_strdup_printf("nic %s %d", want->nic->network, want->nic->mode)
                     : g_strdup_printf("%s:%s", want->device->vendor, want->device->device);
}

static guint find_kind(Fleet *fleet, const Want *want)
{
    g_autofree char *name = kind_name(want);
    guint kind;

    if (g_ptr_array_find_with_equal_func(fleet->kinds, name, g_str_equal, &kind))
        return kind;
    g_ptr_array_add(fleet->kinds, g_steal_pointer(&name));
    return fleet->kinds->len - 1;
}

static bool same_units(const GPtrArray *a, const GPtrArray *b)
{
    return a->len == b->len && memcmp(a->pdata, b->pdata, a->len * sizeof *a->pdata) == 0;
}

/* Networks over the same ports share their functions: the first kind stands for all of them. */
static guint representative(const GPtrArray *units[FLEET_KINDS], guint kind)
{
    for (guint k = 0; k < kind; k++)
        if (units[k] && same_units(units[k], units[kind]))
            return k;
    return kind;
}

static void find_units(Fleet *fleet, const GPtrArray *demands, const GPtrArray *units[FLEET_KINDS])
{
    for (guint f = 0; f < demands->len; f++) {
        const Demand *demand = g_ptr_array_index(demands, f);

        for (guint w = 0; w < demand->wants->len; w++) {
            const Want *want = g_ptr_array_index(demand->wants, w);
            guint kind = find_kind(fleet, want);

            if (kind < FLEET_KINDS)
                units[kind] = want->units;
        }
    }
}

static void count_units(FleetClass *class, const Supply *supply, const GPtrArray *units, guint kind)
{
    for (guint u = 0; u < units->len; u++) {
        const Unit *unit = g_ptr_array_index(units, u);

        class->pools[kind]++;
        for (guint n = 0; n < class->n_nodes; n++) {
            const SupplyNode *node = g_ptr_array_index(supply->nodes, n);

            if (supply->host->nodes->len == 1 || unit->node == node->node->id)
                class->caps[n][DIM_KINDS + kind]++;
        }
    }
}

static void use_set_wants(Fleet *fleet, const Demand *demand, const GPtrArray *units[FLEET_KINDS],
                          FleetUse *use)
{
    for (guint w = 0; w < demand->wants->len; w++) {
        const Want *want = g_ptr_array_index(demand->wants, w);
        guint kind = find_kind(fleet, want);

        if (want->units->len == 0)
            use->possible = false;
        if (kind >= FLEET_KINDS)
            continue;
        kind = representative(units, kind);
        use->pool[kind]++;
        if (use->n_nodes == 1 && want->locality == SPEC_LOCALITY_REQUIRED)
            use->need[DIM_KINDS + kind]++;
    }
}

static void use_set(Fleet *fleet, const FleetClass *class, const Demand *demand,
                    const GPtrArray *units[FLEET_KINDS], FleetUse *use)
{
    use->possible = !demand->flaw && demand->tuples->len > 0;
    use->n_nodes = demand->n_nodes;
    for (guint i = 0; i < demand->tuples->len; i++)
        use->nodes |= (guint64)1 << g_array_index(demand->tuples, guint16, i) % FLEET_NODES;
    use->need[DIM_CORES] = (int)demand->cores_per_node;
    use->need[DIM_WHOLE] = demand->whole ? (int)demand->cores_per_node : 0;
    use->need[DIM_MEMORY] = (int)(demand->memory_per_node / fleet->memory_unit);
    use->extra = demand->own_service ? (int)demand->service : 0;
    use->service = demand->own_service ? 0 : (int)demand->service;
    if (use->possible)
        use_set_wants(fleet, demand, units, use);
    for (guint n = 0; n < class->n_nodes; n++) /* what the empty node cannot hold */
        for (guint d = 0; d < FLEET_DIMS; d++)
            if (class->caps[n][d] <
                use->need[d] +
                    (d == DIM_CORES && use->n_nodes == 1 ? use->extra + use->service : 0))
                use->nodes &= ~((guint64)1 << n);
    if ((guint)__builtin_popcountll(use->nodes) < use->n_nodes)
        use->possible = false;
    if (!use->possible)
        *use = (FleetUse){.n_nodes = demand->n_nodes};
}

/* Where all functions of a kind are wanted on the slice's own node, the nodes' counts say it all.
 */
static void drop_idle_pools(FleetClass *class, FleetUse *uses, guint n)
{
    for (guint k = 0; k < FLEET_KINDS; k++) {
        bool needed = false;

        for (guint f = 0; f < n; f++)
            needed |= uses[f].pool[k] > uses[f].need[DIM_KINDS + k];
        if (needed)
            continue;
        class->pools[k] = 0;
        for (guint f = 0; f < n; f++)
            uses[f].pool[k] = 0;
    }
}

static void fill_class(Fleet *fleet, FleetClass *class, const Supply *supply,
                       const GPtrArray *demands, FleetUse *uses)
{
    const GPtrArray *units[FLEET_KINDS] = {NULL};

    find_units(fleet, demands, units);
    for (guint n = 0; n < class->n_nodes; n++) {
        const SupplyNode *node = g_ptr_array_index(supply->nodes, n);

        class->caps[n][DIM_CORES] = (int)node->cores->len;
        class->caps[n][DIM_WHOLE] = (int)node->n_whole;
        class->caps[n][DIM_MEMORY] =
            (int)MIN(MAX(node->memory, 0) / fleet->memory_unit, (gint64)G_MAXINT / 2);
    }
    for (guint k = 0; k < FLEET_KINDS; k++)
        if (units[k] && representative(units, k) == k)
            count_units(class, supply, units[k], k);
    for (guint f = 0; f < demands->len; f++)
        use_set(fleet, class, g_ptr_array_index(demands, f), units, &uses[f]);
    drop_idle_pools(class, uses, demands->len);
}

/* Equal uses of flavours are kept once; so are classes. */
static guint intern_class(Fleet *fleet, FleetClass *class, FleetUse *uses)
{
    gsize uses_size = fleet->flavours->len * sizeof *uses;
    g_autoptr(GBytes) use_key = g_bytes_new_take(uses, uses_size);
    const GBytes *shared = g_hash_table_lookup(fleet->by_uses, use_key);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(GBytes) key = NULL;
    gpointer number;

    if (!shared) {
        shared = use_key;
        g_hash_table_add(fleet->by_uses, g_bytes_ref(use_key));
    }
    class->uses = g_bytes_get_data((GBytes *)shared, NULL);
    g_byte_array_append(bytes, (const guint8 *)&class->uses, sizeof class->uses);
    g_byte_array_append(bytes, (const guint8 *)&class->n_nodes, sizeof class->n_nodes);
    g_byte_array_append(bytes, (const guint8 *)class->caps,
                        class->n_nodes * (guint)sizeof *class->caps);
    g_byte_array_append(bytes, (const guint8 *)class->pools, sizeof class->pools);
    key = g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
    number = g_hash_table_lookup(fleet->by_key, key);
    if (number) {
        fleet_class_free(class);
        return GPOINTER_TO_UINT(number) - 1;
    }
    g_ptr_array_add(fleet->classes, class);
    g_hash_table_insert(fleet->by_key, g_steal_pointer(&key),
                        GUINT_TO_POINTER(fleet->classes->len));
    return fleet->classes->len - 1;
}

guint fleet_find_class(Fleet *fleet, const SpecHost *spec_host, const Host *host)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(GPtrArray) demands = g_ptr_array_new_with_free_func((GDestroyNotify)demand_free);
    g_autoptr(Supply) supply = supply_new(host, spec_host, fleet->instances->len, NULL, findings);
    FleetUse *uses = g_new0(FleetUse, fleet->flavours->len);
    FleetClass *class = g_new0(FleetClass, 1);

    class->host = host;
    class->spec_host = spec_host;
    if (!findings_have(findings, FINDING_ERROR) && supply->nodes->len <= FLEET_NODES)
        class->n_nodes = supply->nodes->len;
    class->caps = g_malloc0_n(MAX(class->n_nodes, 1), sizeof *class->caps);
    for (guint f = 0; f < fleet->flavours->len; f++) {
        const FleetFlavour *flavour = fleet_flavour(fleet, f);
        const SpecInstance *instance =
            g_ptr_array_index(fleet->instances, g_array_index(flavour->instances, guint, 0));

        g_ptr_array_add(demands,
                        demand_new(supply, fleet->spec, instance, flavour->slice, f, NULL));
    }
    if (class->n_nodes > 0)
        fill_class(fleet, class, supply, demands, uses);
    else if (fleet->findings->len < MAX_TOLD)
        findings_move(fleet->findings, findings);
    return intern_class(fleet, class, uses);
}

static bool nodes_are_alike(const Fleet *fleet, const FleetClass *class, guint a, guint b)
{
    if (memcmp(class->caps[a], class->caps[b], sizeof *class->caps) != 0)
        return false;
    for (guint f = 0; f < fleet->flavours->len; f++)
        if ((class->uses[f].nodes >> a & 1) != (class->uses[f].nodes >> b & 1))
            return false;
    return true;
}

void fleet_class_finish(const Fleet *fleet, FleetClass *class)
{
    for (guint n = 0; n < class->n_nodes; n++) {
        guint like = 0;

        while (like < n && !nodes_are_alike(fleet, class, like, n))
            like++;
        for (guint d = 0; d < FLEET_DIMS; d++)
            class->totals[d] += class->caps[n][d];
        class->kind_of[n] = like < n ? class->kind_of[like] : (guint8) class->n_kinds++;
    }
    for (guint k = 0; k < FLEET_POOLS; k++)
        class->has_pools |= class->pools[k] > 0;
    for (guint f = 0; f < fleet->flavours->len; f++)
        class->has_multi |= class->uses[f].possible && class->uses[f].n_nodes > 1;
}
