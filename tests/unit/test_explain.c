/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Explanations: each change that is told is made to the spec, and planning the changed spec must
 * place what was refused; other choices of nodes are judged at the right level.
 */
#include "core/explain.h"

#include <string.h>

#include "core/place.h"
#include "plan_check.h"
#include "synthetic.h"

#define SPEC(host, networks, slices)                                                               \
    "version: 1\nhosts: [{name: server1" host "}]\n" networks                                      \
    "clusters:\n  - {name: one, spread: none, slices: [" slices "]}\n"
#define FH "networks: {fh: {uplinks: [{host: server1, pf: nic0}]}}\n"

/* Slice a is refused; @change lets it in, and is what makes @after of @before. */
typedef struct {
    const char *host, *before, *change, *after;
} Case;

static const Case CASES[] = {
    {"core:6 mem:12", SPEC("", "", "{name: a, vcpus: 6, memory: 4GiB}"), "vcpus: 4 would fit",
     SPEC("", "", "{name: a, vcpus: 4, memory: 4GiB}")},
    {"core:6 page:2", SPEC("", "", "{name: a, vcpus: 2, memory: 8GiB}"),
     "hugepages: 2MiB would let it in",
     SPEC("", "", "{name: a, vcpus: 2, memory: 8GiB, hugepages: 2MiB}")},
    {"core:6 page:512", SPEC("", "", "{name: a, vcpus: 2, memory: 8GiB}"),
     "hugepages: none would let it in",
     SPEC("", "", "{name: a, vcpus: 2, memory: 8GiB, hugepages: none}")},
    {"numa:2 core:4 page:2 page:1024", SPEC("", "", "{name: a, vcpus: 4, memory: 3GiB}"),
     "numa: {nodes: 2} with hugepages: 2MiB would let it in",
     SPEC("", "", "{name: a, vcpus: 4, memory: 3GiB, hugepages: 2MiB, numa: {nodes: 2}}")},
    {"core:6 mem:12", SPEC("", "", "{name: a, vcpus: 2, memory: 9GiB}"), "memory: 8GiB would fit",
     SPEC("", "", "{name: a, vcpus: 2, memory: 8GiB}")},
    {"core:6 mem:12", SPEC("", "", "{name: a, vcpus: 2, memory: 9GiB}"),
     "reserve: {memory_per_node: 3GiB} on the host",
     SPEC(", reserve: {memory_per_node: 3GiB}", "", "{name: a, vcpus: 2, memory: 9GiB}")},
    {"numa:2 core:4 nic:1x4@0",
     SPEC("", FH,
          "{name: a, vcpus: 2, memory: 1GiB, numa: {pin: [1]}, "
          "nics: [{network: fh, mode: vf}]}"),
     "locality: preferred would let it in",
     SPEC("", FH,
          "{name: a, vcpus: 2, memory: 1GiB, numa: {pin: [1]}, "
          "nics: [{network: fh, mode: vf, locality: preferred}]}")},
    {"core:6 pu:2", SPEC("", "", "{name: a, vcpus: 6, memory: 1GiB, smt: isolate}"),
     "smt: pairs would let it in", SPEC("", "", "{name: a, vcpus: 6, memory: 1GiB, smt: pairs}")},
    {"numa:2 core:4", SPEC("", "", "{name: a, vcpus: 4, memory: 2GiB}"),
     "numa: {nodes: 2} would let it in",
     SPEC("", "", "{name: a, vcpus: 4, memory: 2GiB, numa: {nodes: 2}}")},
    {"numa:2 core:4", SPEC("", "", "{name: a, vcpus: 3, memory: 1GiB}"),
     "reserve: {cpus: \"0\"} on the host",
     SPEC(", reserve: {cpus: \"0\"}", "", "{name: a, vcpus: 3, memory: 1GiB}")},
    {"core:6",
     SPEC("", "",
          "{name: a, vcpus: 3, memory: 1GiB, service: {scope: slice}}, "
          "{name: b, vcpus: 1, memory: 1GiB, priority: 1}"),
     "service: {scope: node} would let it in",
     SPEC("", "",
          "{name: a, vcpus: 3, memory: 1GiB, service: {scope: node}}, "
          "{name: b, vcpus: 1, memory: 1GiB, priority: 1}")},
    {"core:6",
     SPEC("", "",
          "{name: a, vcpus: 4, memory: 1GiB}, "
          "{name: b, vcpus: 1, memory: 1GiB, priority: 1}"),
     "without slice b it fits", SPEC("", "", "{name: a, vcpus: 4, memory: 1GiB}")},
    {"core:6",
     SPEC("", "",
          "{name: a, vcpus: 4, memory: 1GiB}, "
          "{name: b, vcpus: 1, memory: 1GiB, priority: 1}"),
     "another host like this one would hold it", SPEC("", "", "{name: a, vcpus: 4, memory: 1GiB}")},
    {"numa:2 core:6",
     SPEC("", "",
          "{name: a, vcpus: 4, memory: 1GiB, numa: {pin: [0]}}, "
          "{name: b, vcpus: 4, memory: 1GiB, priority: 1, numa: {pin: [0]}}"),
     "without numa.pin on slice b",
     SPEC("", "",
          "{name: a, vcpus: 4, memory: 1GiB, numa: {pin: [0]}}, "
          "{name: b, vcpus: 4, memory: 1GiB, priority: 1}")},
};

static Plan *plan_of(const Host *host, const char *yaml, const GPtrArray *running)
{
    g_autoptr(Tree) tree = NULL;
    g_autoptr(Spec) spec = synthetic_spec(yaml, &tree);
    const SpecHost *spec_host = spec_find_host(spec, "server1");
    Plan *plan = place_slices(spec, spec_host, host, running);

    plan_check(tree, spec, spec_host, host, plan);
    return plan;
}

static Explanation *explain(const Host *host, const char *yaml, const GPtrArray *running,
                            const char *name)
{
    g_autoptr(Tree) tree = NULL;
    g_autoptr(Spec) spec = synthetic_spec(yaml, &tree);

    return explain_slice(spec, spec_find_host(spec, "server1"), host, running, name);
}

static bool has_change(const Explanation *explanation, const char *start)
{
    for (guint i = 0; i < explanation->changes->len; i++)
        if (g_str_has_prefix(g_ptr_array_index(explanation->changes, i), start))
            return true;
    return false;
}

static void test_changes(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        const Case *c = &CASES[i];
        g_autoptr(Host) host = synthetic_host(c->host);
        g_autoptr(Explanation) explanation = explain(host, c->before, NULL, "a");
        g_autoptr(Plan) after = plan_of(host, c->after, NULL);

        g_assert_false(explanation->placed);
        g_assert_nonnull(explanation->reason);
        if (!has_change(explanation, c->change))
            g_error("'%s' is not told for\n%s", c->change, c->before);
        g_assert_cmpint(after->unplaced->len, ==, 0);
    }
}

/* A running slice stays; the explanation says that moving it would help, and repack moves it. */
static void test_moving_helps(void)
{
    const char *first = SPEC("", "", "{name: r, vcpus: 2, memory: 1GiB, numa: {pin: [0]}}");
    const char *then = SPEC("", "",
                            "{name: r, vcpus: 2, memory: 1GiB}, "
                            "{name: a, vcpus: 4, memory: 1GiB, numa: {pin: [0]}}");
    const char *repack = SPEC(", repack: true", "",
                              "{name: r, vcpus: 2, memory: 1GiB}, "
                              "{name: a, vcpus: 4, memory: 1GiB, numa: {pin: [0]}}");
    g_autoptr(Host) host = synthetic_host("numa:2 core:6");
    g_autoptr(Plan) before = plan_of(host, first, NULL);
    const GPtrArray *running = ((const PlanHost *)before->hosts->pdata[0])->slices;
    g_autoptr(Explanation) explanation = explain(host, then, running, "a");
    g_autoptr(Plan) kept = plan_of(host, then, running);
    g_autoptr(Plan) moved = plan_of(host, repack, running);
    const PlanSlice *r = plan_host_find_slice(kept->hosts->pdata[0], "r");

    g_assert_false(explanation->placed);
    g_assert_true(has_change(explanation, "moving the running slice r would make room"));
    g_assert_cmpint(kept->unplaced->len, ==, 1);
    g_assert_cmpint(g_array_index(r->nodes, gint64, 0), ==, 0);
    g_assert_cmpint(moved->unplaced->len, ==, 0);
    r = plan_host_find_slice(moved->hosts->pdata[0], "r");
    g_assert_cmpint(g_array_index(r->nodes, gint64, 0), ==, 1);
}

static const ExplainChoice *choice_at(const Explanation *explanation, gint64 node)
{
    for (guint i = 0; i < explanation->choices->len; i++) {
        const ExplainChoice *choice = g_ptr_array_index(explanation->choices, i);

        if (choice->nodes->len == 1 && g_array_index(choice->nodes, gint64, 0) == node)
            return choice;
    }
    g_assert_not_reached();
}

/* Node 0 has the NIC, 1 has room, 2 is too small for both. */
static void test_choices(void)
{
    const char *yaml = SPEC("", FH,
                            "{name: a, vcpus: 2, memory: 1GiB, "
                            "nics: [{network: fh, mode: vf, locality: preferred}]}, "
                            "{name: b, vcpus: 4, memory: 1GiB}, "
                            "{name: c, vcpus: 4, memory: 1GiB}");
    g_autoptr(Host) host = synthetic_host("numa:3 core:6 nic:1x4@0");
    g_autoptr(Explanation) a = explain(host, yaml, NULL, "a");
    g_autoptr(Explanation) b = explain(host, yaml, NULL, "b");

    g_assert_true(a->placed);
    g_assert_cmpint(g_array_index(a->nodes, gint64, 0), ==, 0);
    g_assert_cmpuint(a->choices->len, ==, 2);
    g_assert_cmpstr(choice_at(a, 1)->level, ==, "remote-devices");
    g_assert_cmpint(choice_at(a, 1)->value, ==, 1);
    g_assert_cmpint(choice_at(a, 1)->best, ==, 0);
    g_assert_cmpint(g_array_index(b->nodes, gint64, 0), ==, 1);
    /* with b on node 0, a must do without its NIC's node */
    g_assert_cmpstr(choice_at(b, 0)->level, ==, "remote-devices");
    g_assert_null(choice_at(b, 2)->level); /* where c is now, and c where b is */
    g_assert_nonnull(choice_at(b, 2)->lack);
}

static void test_no_such_slice(void)
{
    g_autoptr(Host) host = synthetic_host("core:6");

    g_assert_null(explain(host, CASES[0].before, NULL, "x"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    plan_check_start(g_getenv("BMSLICE_SOURCE"));
    g_test_add_func("/explain/changes", test_changes);
    g_test_add_func("/explain/moving-helps", test_moving_helps);
    g_test_add_func("/explain/choices", test_choices);
    g_test_add_func("/explain/no-such-slice", test_no_such_slice);
    return g_test_run() | plan_check_end();
}
