/* SPDX-License-Identifier: Apache-2.0 */
/* The quick patterns of fleets with very many classes, against trying everything. */
#include "core/fleet_worth.h"

#include "documents.h"
#include "synthetic.h"

/* @unit of memory: 1 GiB, or so little less that grids tell memory apart less finely. */
static Tree *make_spec(const char *unit)
{
    g_autofree char *text = g_strdup_printf(
        "version: 1\nnetworks: {n: {uplinks: [{host: \"*\", pf: nic0}]}}\n"
        "hosts: [{name: \"*\"}]\nclusters:\n  - name: a\n    spread: none\n    slices:\n"
        "      - {name: \"a{n}\", count: 9, hugepages: none, vcpus: 4, memory: 3%s}\n"
        "      - {name: \"b{n}\", count: 9, hugepages: none, vcpus: 6, memory: 11%s}\n"
        "      - {name: \"c{n}\", count: 9, hugepages: none, vcpus: 8, memory: 5%s,\n"
        "         service: {cores: 2}}\n"
        "      - {name: \"d{n}\", count: 9, hugepages: none, vcpus: 10, memory: 8%s,\n"
        "         service: {cores: 1, scope: slice}}\n"
        "      - {name: \"e{n}\", count: 9, hugepages: none, vcpus: 4, memory: 7%s,\n"
        "         service: {cores: 0}, nics: [{network: n, mode: vf}]}\n",
        unit, unit, unit, unit, unit);

    return yaml(text);
}

enum { N_FLAVOURS = 5 };

/* The most that slices are worth that fit beside @state, by the counts. */
static double try_all(const Fleet *fleet, const FleetState *state, guint from, guint node,
                      const double *values)
{
    double most = 0;

    for (guint f = from; f < N_FLAVOURS; f++) {
        g_autoptr(FleetState) next = NULL;

        if (!fleet_state_fits_at(fleet, state, f, (guint64)1 << node))
            continue;
        next = fleet_state_copy(fleet, state);
        fleet_state_take(fleet, next, f, (guint64)1 << node);
        most = MAX(most, values[f] + try_all(fleet, next, f, node, values));
    }
    return most;
}

static double best_of(const Fleet *fleet, guint class, const double *values)
{
    g_autoptr(FleetState) empty = fleet_state_new(fleet, class);
    double sum = 0;

    for (guint n = 0; n < fleet_class(fleet, class)->n_nodes; n++)
        sum += try_all(fleet, empty, 0, n, values);
    return sum;
}

/* Takes the slots one by one: each has to fit. */
static double worth_of(const Fleet *fleet, guint class, const GArray *slots, const double *values)
{
    g_autoptr(FleetState) state = fleet_state_new(fleet, class);

    for (guint i = 0; i < slots->len; i++) {
        const FleetSlot *slot = &g_array_index(slots, FleetSlot, i);

        g_assert_true(fleet_state_fits_at(fleet, state, slot->flavour, slot->nodes));
        fleet_state_take(fleet, state, slot->flavour, slot->nodes);
    }
    return fleet_state_value(fleet, state, values);
}

static void check_class(const Fleet *fleet, FleetWorth *worth, guint class, const double *values,
                        guint *known)
{
    g_autoptr(GArray) slots = g_array_new(false, false, sizeof(FleetSlot));
    double truth = best_of(fleet, class, values), value, bound;

    if (fleet_worth_find(worth, class, false, slots, &value, &bound)) {
        ++*known;
        g_assert_cmpfloat_with_epsilon(value, truth, 1e-9);
        g_assert_cmpfloat_with_epsilon(worth_of(fleet, class, slots, values), value, 1e-9);
        g_assert_cmpfloat(bound, >=, truth - 1e-9);
    }
    g_assert_true(fleet_worth_find(worth, class, true, slots, &value, &bound));
    g_assert_cmpfloat_with_epsilon(worth_of(fleet, class, slots, values), value, 1e-9);
    g_assert_cmpfloat(value, <=, truth + 1e-9);
    g_assert_cmpfloat(bound, >=, truth - 1e-9);
    g_assert_cmpfloat(bound, >=, value - 1e-9);
    g_assert_cmpfloat(value, >=, 0.5 * truth);
}

static Fleet *fleet_of(const Spec *spec, GPtrArray *hosts)
{
    Fleet *fleet = fleet_new(spec, hosts->len);

    for (guint i = 0; i < hosts->len; i++) {
        const Host *host = g_ptr_array_index(hosts, i);

        fleet_add_host(fleet, fleet_find_class(fleet, spec_find_host(spec, host->hostname), host),
                       NULL);
    }
    for (guint c = 0; c < fleet->classes->len; c++)
        fleet_class_finish(fleet, fleet_class(fleet, c));
    fleet_find_shapes(fleet);
    return fleet;
}

static void test_against_all(gconstpointer data)
{
    GRand *rand = g_rand_new_with_seed(3);
    g_autoptr(GPtrArray) hosts = g_ptr_array_new_with_free_func((GDestroyNotify)host_free);
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Tree) tree = make_spec(data);
    g_autoptr(Spec) spec = spec_from_tree(tree, findings);
    g_autoptr(Fleet) fleet = NULL;
    g_autoptr(FleetWorth) worth = NULL;
    guint known = 0, total = 0;

    g_assert_nonnull(spec);
    for (guint i = 0; i < 24; i++) {
        int nodes = g_rand_int_range(rand, 1, 3), cores = g_rand_int_range(rand, 6, 15);
        int memory = g_rand_int_range(rand, 12, 40), vfs = g_rand_int_range(rand, 1, 8);
        g_autofree char *text =
            g_strdup_printf("numa:%d core:%d pu:2 mem:%d nic:1x%dvf@0", nodes, cores, memory, vfs);

        g_ptr_array_add(hosts, synthetic_host(text));
    }
    fleet = fleet_of(spec, hosts);
    worth = fleet_worth_new(fleet);
    g_assert_cmpuint(fleet->flavours->len, ==, N_FLAVOURS);
    for (guint round = 0; round < 20; round++) {
        double values[N_FLAVOURS];

        for (guint f = 0; f < N_FLAVOURS; f++)
            values[f] = g_rand_int_range(rand, 0, 5) > 0 ? g_rand_double(rand) : 0;
        fleet_worth_set(worth, values);
        for (guint c = 0; c < fleet->classes->len; c++, total++)
            check_class(fleet, worth, c, values, &known);
    }
    g_test_message("%u of %u known by cores and memory alone", known, total);
    g_assert_cmpuint(known, >, total / 2);
    g_assert_cmpuint(known, <, total); /* else ports are never short */
    g_rand_free(rand);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/fleet-worth/against-all", "GiB", test_against_all);
    g_test_add_data_func("/fleet-worth/fine-memory", "001MiB", test_against_all);
    return g_test_run();
}
