/* SPDX-License-Identifier: Apache-2.0 */
/* The planner on servers and specs made by hand: one rule or one preference each. */
#include "core/place.h"

#include <string.h>

#include "plan_check.h"
#include "synthetic.h"

static Plan *plan_of(const char *host_text, const char *yaml, const GPtrArray *running)
{
    g_autoptr(Host) host = synthetic_host(host_text);
    g_autoptr(Tree) tree = NULL;
    g_autoptr(Spec) spec = synthetic_spec(yaml, &tree);
    const SpecHost *spec_host;
    Plan *plan;

    spec_host = spec_find_host(spec, "server1");
    g_assert_nonnull(spec_host);
    plan = place_slices(spec, spec_host, host, running);
    plan_check(tree, spec, spec_host, host, plan);
    return plan;
}

#define HEAD                                                                                       \
    "version: 1\n"                                                                                 \
    "hosts: [{name: server1}]\n"                                                                   \
    "clusters:\n  - {name: one, spread: none, slices: ["

static const PlanSlice *first_slice(const Plan *plan)
{
    const PlanHost *plan_host = g_ptr_array_index(plan->hosts, 0);

    g_assert_cmpint(plan_host->slices->len, >, 0);
    return g_ptr_array_index(plan_host->slices, 0);
}

static gint64 cpu_of(const PlanSlice *slice, guint vcpu)
{
    return ((const PlanVcpu *)g_ptr_array_index(slice->vcpus, vcpu))->cpu;
}

/* Siblings n and n + 12, or n and n + 1: consecutive vCPUs are siblings either way. */
static void test_siblings(void)
{
    const char *yaml = HEAD "{name: a, vcpus: 4, memory: 1GiB}]}\n";
    g_autoptr(Plan) far = plan_of("core:6 pu:2", yaml, NULL);
    g_autoptr(Plan) near = plan_of("core:6 pu:2 sib:near", yaml, NULL);

    g_assert_cmpint(cpu_of(first_slice(far), 0), ==, 2);
    g_assert_cmpint(cpu_of(first_slice(far), 1), ==, 8);
    g_assert_cmpint(cpu_of(first_slice(far), 2), ==, 3);
    g_assert_cmpint(cpu_of(first_slice(near), 0), ==, 4);
    g_assert_cmpint(cpu_of(first_slice(near), 1), ==, 5);
    g_assert_cmpint(cpu_of(first_slice(near), 2), ==, 6);
}

/* A core with an offline sibling serves isolated vCPUs and service threads, never a pair. */
static void test_offline_sibling(void)
{
    const char *yaml = HEAD "{name: a, vcpus: 4, memory: 1GiB}, "
                            "{name: b, vcpus: 1, memory: 1GiB, smt: isolate}]}\n";
    g_autoptr(Plan) plan = plan_of("core:5 pu:2 off:6 off:9", yaml, NULL);
    const PlanHost *plan_host = g_ptr_array_index(plan->hosts, 0);

    g_assert_cmpint(plan_host->slices->len, ==, 2);
    g_assert_cmpint(cpu_of(plan_host->slices->pdata[0], 0), ==, 2);
    g_assert_cmpint(cpu_of(plan_host->slices->pdata[1], 0), ==, 4);
}

/* Two slices that fit into an L3 domain each do not share one. */
static void test_l3_domains(void)
{
    const char *yaml = HEAD "{name: a, vcpus: 3, memory: 1GiB, service: {cores: 0}}, "
                            "{name: b, vcpus: 4, memory: 1GiB, service: {cores: 0}}]}\n";
    g_autoptr(Plan) plan = plan_of("l3:2 core:4", yaml, NULL);
    const PlanHost *plan_host = g_ptr_array_index(plan->hosts, 0);

    g_assert_cmpint(plan_host->slices->len, ==, 2);
    g_assert_cmpint(cpu_of(plan_host->slices->pdata[0], 0), ==, 1);
    g_assert_cmpint(cpu_of(plan_host->slices->pdata[1], 0), ==, 4);
}

/* A slice without NICs leaves the node of the NICs free. */
static void test_nic_node_is_spared(void)
{
    const char *yaml = HEAD "{name: a, vcpus: 2, memory: 1GiB}]}\n";
    g_autoptr(Plan) plan = plan_of("numa:2 core:6 nic:1@0", yaml, NULL);

    g_assert_cmpint(g_array_index(first_slice(plan)->nodes, gint64, 0), ==, 1);
}

/* Slices go together where that shares no more L3 domains, so that the largest room stays on one
 * node. */
static void test_room_is_kept(void)
{
    const char *yaml = HEAD "{name: a, vcpus: 3, memory: 1GiB}, {name: b, vcpus: 1, memory: 1GiB}, "
                            "{name: c, vcpus: 1, memory: 1GiB}]}\n";
    g_autoptr(Plan) plan = plan_of("numa:2 core:8", yaml, NULL);
    const PlanHost *plan_host = g_ptr_array_index(plan->hosts, 0);
    gint64 nodes[3];

    for (guint i = 0; i < 3; i++)
        nodes[i] =
            g_array_index(((const PlanSlice *)plan_host->slices->pdata[i])->nodes, gint64, 0);
    /* 1 and 1 + 3 beside a service core each: 5 of 7 cores left on the one; 3 and 1 + 1 leave 4 */
    g_assert_true((nodes[0] == nodes[1]) != (nodes[0] == nodes[2]));
    g_assert_true(plan->bounds.optimal);
}

/* While vfio has a function its netdev name is gone; the running slice says which it was. */
static void test_running_nic_without_name(void)
{
    const char *yaml = "version: 1\nhosts: [{name: server1}]\n"
                       "networks: {red: {uplinks: [{host: server1, pf: nic0}]}}\n"
                       "clusters:\n  - {name: one, slices: [{name: a, vcpus: 2, memory: 1GiB, "
                       "nics: [{network: red, mode: pf}]}]}\n";
    g_autoptr(Plan) first = plan_of("core:6 nic:1@0", yaml, NULL);
    const PlanHost *running = g_ptr_array_index(first->hosts, 0);
    g_autoptr(Host) host = synthetic_host("core:6 bare@0");
    const HostPci *pci = g_ptr_array_index(host->pci, 0);
    g_autoptr(Tree) tree = NULL;
    g_autoptr(Spec) spec = synthetic_spec(yaml, &tree);
    g_autoptr(Plan) second = NULL;

    second = place_slices(spec, spec_find_host(spec, "server1"), host, running->slices);
    g_assert_cmpint(second->unplaced->len, ==, 0);
    g_assert_cmpstr(((const PlanDevice *)first_slice(second)->devices->pdata[0])->address, ==,
                    pci->address);
}

#define ROOTS "core:8 nic:1x4vf@0/00 nic:1x4vf@0/20 nic:1x4vf@0/20"
#define FRONT_AND_BACK(front)                                                                      \
    "version: 1\nhosts: [{name: server1}]\n"                                                       \
    "networks: {front: {uplinks: [" front "]}, back: {uplinks: [{host: server1, pf: nic2}]}}\n"    \
    "clusters:\n  - {name: one, slices: [{name: a, vcpus: 2, memory: 1GiB, "                       \
    "nics: [{network: front, mode: vf}, {network: back, mode: vf}]}]}\n"

static const char *first_pf(const Plan *plan)
{
    return ((const PlanDevice *)first_slice(plan)->devices->pdata[0])->pf;
}

/* Of two ports that would do, the one below the other NIC's root complex; but what runs stays. */
static void test_root_complex(void)
{
    const char *one = FRONT_AND_BACK("{host: server1, pf: nic0}");
    const char *two = FRONT_AND_BACK("{host: server1, pf: nic0}, {host: server1, pf: nic1}");
    g_autoptr(Plan) fresh = plan_of(ROOTS, two, NULL);
    g_autoptr(Plan) before = plan_of(ROOTS, one, NULL);
    g_autoptr(Plan) after =
        plan_of(ROOTS, two, ((const PlanHost *)before->hosts->pdata[0])->slices);

    g_assert_cmpstr(first_pf(fresh), ==, "0000:05:00.0");
    g_assert_cmpstr(first_pf(before), ==, "0000:01:00.0");
    g_assert_cmpstr(first_pf(after), ==, "0000:01:00.0");
}

/* The plan ends in time on a host that is too large to be searched through. */
static void test_large(void)
{
    g_autoptr(GString) yaml = g_string_new(HEAD);
    g_autoptr(Plan) plan = NULL;

    for (guint i = 0; i < 48; i++)
        g_string_append_printf(yaml, "%s{name: s%u, vcpus: %u, memory: %uGiB, service: {cores: 0}}",
                               i ? ", " : "", i, 2 * (1 + i * 7 % 5), 1 + i * 5 % 13);
    g_string_append(yaml, "]}\n");
    plan = plan_of("numa:8 core:16 pu:2 mem:44", yaml->str, NULL);
    g_assert_cmpint(plan->bounds.admitted, >=, 40);
}

static guint next(guint *state, guint n)
{
    *state = (*state * 1103515245u + 12345u) & 0x7fffffffu;
    return (*state >> 16) % n;
}

/* Far too many of several priorities, of which a walk that is cut short admits others than were
 * admitted before it: the bounds are of plans that refuse no more than these. */
static void test_crowded(void)
{
    g_autoptr(GString) yaml = g_string_new(HEAD);
    g_autoptr(Plan) plan = NULL;
    guint state = 56;

    for (guint i = 0; i < 60; i++) {
        guint vcpus = 2 * (1 + next(&state, 12)), memory = 1 + next(&state, 20);

        g_string_append_printf(yaml, "%s{name: s%u, vcpus: %u, memory: %uGiB, priority: %u}",
                               i ? ", " : "", i, vcpus, memory, next(&state, 3));
    }
    g_string_append(yaml, "]}\n");
    plan = plan_of("numa:8 core:16 pu:2 mem:48", yaml->str, NULL);
    g_assert_false(plan->bounds.optimal);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    plan_check_start(g_getenv("BMSLICE_SOURCE"));
    g_test_add_func("/place-rules/siblings", test_siblings);
    g_test_add_func("/place-rules/offline-sibling", test_offline_sibling);
    g_test_add_func("/place-rules/l3-domains", test_l3_domains);
    g_test_add_func("/place-rules/nic-node-is-spared", test_nic_node_is_spared);
    g_test_add_func("/place-rules/room-is-kept", test_room_is_kept);
    g_test_add_func("/place-rules/running-nic-without-name", test_running_nic_without_name);
    g_test_add_func("/place-rules/root-complex", test_root_complex);
    g_test_add_func("/place-rules/large", test_large);
    g_test_add_func("/place-rules/crowded", test_crowded);
    return g_test_run() | plan_check_end();
}
