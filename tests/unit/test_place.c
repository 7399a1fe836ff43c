/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The planner on thousands of generated servers and specs: every plan keeps every hard rule, small
 * ones admit as much as trying everything does, and the same input gives the same bytes.
 */
#include "core/place.h"

#include <string.h>

#include "base/json.h"
#include "place_case.h"
#include "plan_check.h"

static char *plan_text(const Plan *plan)
{
    json_t *json = plan_to_json(plan);
    char *text = json_write_text(json);

    json_decref(json);
    return text;
}

static void assert_same(const char *what, guint seed, gint64 found, gint64 expected,
                        const char *yaml)
{
    if (found != expected)
        g_error("case %u: %s: the plan has %d, trying everything gives %d\n%s", seed, what,
                (int)found, (int)expected, yaml);
}

static gint64 level_value(const Plan *plan, const char *name, gint64 priority)
{
    for (guint i = 0; i < plan->bounds.levels->len; i++) {
        const PlanLevel *level = g_ptr_array_index(plan->bounds.levels, i);

        if (g_str_equal(level->level, name) && level->priority == priority)
            return level->value;
    }
    return 0;
}

/* At every level, and the plan knows that it is the best. */
static void compare_with_trial(const Case *c, guint seed, const Plan *plan, const char *yaml)
{
    static const struct {
        guint level;
        const char *name;
    } below[] = {
        {LEVEL_MULTI, "over-nodes"}, {LEVEL_REMOTE, "remote-devices"}, {LEVEL_DISTANCE, "distance"},
        {LEVEL_L3, "l3-shared"},     {LEVEL_WASTE, "nic-nodes"},       {LEVEL_ROOM, "room"},
    };
    const PlanHost *plan_host = g_ptr_array_index(plan->hosts, 0);
    const Trial trial = try_all(c);
    gint64 wanted[2] = {0, 0}, cores = 0;

    for (guint i = 0; i < c->n_slices; i++)
        wanted[c->slices[i].priority == 5 ? 0 : 1]++;
    for (guint i = 0; i < plan_host->slices->len; i++) {
        const PlanSlice *planned = g_ptr_array_index(plan_host->slices, i);
        const CaseSlice *slice = &c->slices[planned->name[1] - '0'];

        cores += slice->vcpus / (guint)planned->threads + (slice->own_service ? slice->service : 0);
    }
    assert_same("slices of priority 5", seed, level_value(plan, "refused", 5),
                wanted[0] + trial.best[LEVEL_HIGH], yaml);
    assert_same("slices of priority 0", seed, level_value(plan, "refused", 0),
                wanted[1] + trial.best[LEVEL_LOW], yaml);
    assert_same("cores", seed, cores, -trial.best[LEVEL_CORES], yaml);
    for (guint i = 0; i < G_N_ELEMENTS(below); i++) {
        gint64 value = level_value(plan, below[i].name, RECORD_UNSET);

        assert_same(below[i].name, seed, below[i].level == LEVEL_ROOM ? -value : value,
                    trial.best[below[i].level], yaml);
    }
    assert_same("optimal", seed, plan->bounds.optimal, true, yaml);
    assert_same("bound", seed, plan->bounds.admitted_bound, trial.most, yaml);
}

static void test_generated(void)
{
    guint placed = 0, refused = 0;

    for (guint seed = 0; seed < 2000; seed++) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
        const Case c = roll_case(rand);
        g_autoptr(Host) host = write_host(&c);
        g_autofree char *yaml = write_spec(&c);
        g_autoptr(Tree) tree = NULL;
        g_autoptr(Spec) spec = synthetic_spec(yaml, &tree);
        const SpecHost *spec_host;
        g_autoptr(Plan) plan = NULL;

        spec_host = spec_find_host(spec, "server1");
        plan = place_slices(spec, spec_host, host, NULL);
        plan_check(tree, spec, spec_host, host, plan);
        compare_with_trial(&c, seed, plan, yaml);
        placed += (guint)plan->bounds.admitted;
        refused += plan->unplaced->len;
    }
    g_test_message("%u slices placed, %u refused", placed, refused);
    g_assert_cmpint(placed, >, 2000); /* the cases are neither all trivial nor all hopeless */
    g_assert_cmpint(refused, >, 1000);
}

/* Stranger servers than the trial above can follow: only the rules are checked. */
static char *roll_wild_host(GRand *rand, guint *ret_nics)
{
    static const char *const words[] = {"nic:1x4", "nic:1", "vfs:3", "used", "pair", "dev:2"};
    guint n_nodes = 1 + roll(rand, 4), l3 = 1 + roll(rand, 3), cores = 1 + roll(rand, 6);
    guint pu = 1 + roll(rand, 2), n_cpus = n_nodes * l3 * cores * pu;
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "numa:%u l3:%u core:%u pu:%u mem:%u%s", n_nodes, l3, cores, pu,
                           8 + roll(rand, 60), roll(rand, 2) ? " sib:near" : "");
    for (guint i = 0; n_cpus > 8 && i < roll(rand, 4); i++)
        g_string_append_printf(text, " off:%u", 4 + roll(rand, n_cpus - 4));
    for (guint i = 0; i < 5; i++) {
        guint kind = roll(rand, G_N_ELEMENTS(words));

        g_string_append_printf(text, " %s@%u/%u0", words[kind], roll(rand, n_nodes), roll(rand, 2));
        *ret_nics += kind == 5 ? 0 : kind == 4 ? 2 : 1;
    }
    return g_string_free(text, FALSE);
}

static char *roll_wild_spec(GRand *rand, guint n_nics)
{
    static const char *const localities[] = {"required", "preferred", "any"};
    static const char *const pages[] = {"1GiB", "2MiB", "none"};
    GString *yaml = g_string_new("version: 1\nnetworks:\n");
    guint n = 1 + roll(rand, 12);

    g_string_append(yaml, "  spare: {uplinks: [{host: server1, pf: nic0}]}\n");
    for (guint i = 0; i < n_nics; i++)
        g_string_append_printf(yaml,
                               "  n%u: {uplinks: [{host: server1, pf: nic%u}, "
                               "{host: server1, pf: nic%u}]}\n",
                               i, i, i ? i - 1 : n_nics);
    g_string_append(yaml, "hosts: [{name: \"serv*\"}]\nclusters:\n"
                          "  - {name: one, spread: none, slices: [\n");
    for (guint i = 0; i < n; i++) {
        g_string_append_printf(yaml,
                               "    {name: s%u, vcpus: %u, memory: %uGiB, hugepages: %s, smt: %s, "
                               "numa: {nodes: %u}, service: {cores: %u, scope: %s}",
                               i, 2 * (1 + roll(rand, 5)), 2 * (1 + roll(rand, 6)),
                               pages[roll(rand, 3)], roll(rand, 3) ? "pairs" : "isolate",
                               1 + roll(rand, 4) / 3, roll(rand, 3),
                               roll(rand, 2) ? "node" : "slice");
        if (roll(rand, 4) == 0)
            g_string_append(yaml, ", devices: [{vendor: \"8086\", device: 0d5c, count: 2, "
                                  "locality: preferred}]");
        g_string_append(yaml, ", nics: [");
        for (guint k = 0; n_nics > 0 && k < roll(rand, 3); k++)
            g_string_append_printf(yaml, "%s{network: n%u, mode: %s, locality: %s}", k ? ", " : "",
                                   roll(rand, n_nics), roll(rand, 2) ? "vf" : "pf",
                                   localities[roll(rand, 3)]);
        g_string_append(yaml, "]},\n");
    }
    g_string_append(yaml, "    ]}\n");
    return g_string_free(yaml, FALSE);
}

static void test_wild(void)
{
    guint placed = 0, devices = 0;

    for (guint seed = 0; seed < 800; seed++) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
        guint n_nics = 0;
        g_autofree char *line = roll_wild_host(rand, &n_nics);
        g_autofree char *yaml = roll_wild_spec(rand, n_nics);
        g_autoptr(Host) host = synthetic_host(line);
        g_autoptr(Tree) tree = NULL;
        g_autoptr(Spec) spec = synthetic_spec(yaml, &tree);
        const SpecHost *spec_host;
        const PlanHost *plan_host;
        g_autoptr(Plan) plan = NULL;

        spec_host = spec_find_host(spec, "server1");
        plan = place_slices(spec, spec_host, host, NULL);
        plan_check(tree, spec, spec_host, host, plan);
        plan_host = g_ptr_array_index(plan->hosts, 0);
        placed += plan_host->slices->len;
        for (guint i = 0; i < plan_host->slices->len; i++)
            devices += ((const PlanSlice *)plan_host->slices->pdata[i])->devices->len;
    }
    g_test_message("%u slices placed, with %u devices", placed, devices);
    g_assert_cmpint(placed, >, 800);
    g_assert_cmpint(devices, >, 300);
}

static void test_same_bytes(void)
{
    for (guint seed = 0; seed < 200; seed++) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
        const Case c = roll_case(rand);
        g_autofree char *yaml = write_spec(&c);
        g_autofree char *before = NULL;

        for (guint turn = 0; turn < 2; turn++) {
            g_autoptr(Host) host = write_host(&c);
            g_autoptr(Tree) tree = NULL;
            g_autoptr(Spec) spec = synthetic_spec(yaml, &tree);
            g_autoptr(Plan) plan = place_slices(spec, spec_find_host(spec, "server1"), host, NULL);
            g_autofree char *text = plan_text(plan);

            if (before)
                g_assert_cmpstr(before, ==, text);
            else
                before = g_steal_pointer(&text);
        }
    }
}

/* What runs stays where it is, to the CPU and the VF, when others come. */
static void test_running_stays(void)
{
    guint stayed = 0;

    for (guint seed = 0; seed < 300; seed++) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
        Case c = roll_case(rand);
        g_autoptr(Host) host = write_host(&c);
        g_autofree char *yaml = write_spec(&c);
        g_autoptr(Tree) tree = NULL;
        g_autoptr(Spec) spec = synthetic_spec(yaml, &tree);
        const SpecHost *spec_host = spec_find_host(spec, "server1");
        g_autoptr(Plan) first = place_slices(spec, spec_host, host, NULL);
        const PlanHost *running = g_ptr_array_index(first->hosts, 0);
        g_autoptr(GPtrArray) part = g_ptr_array_new();
        g_autoptr(Plan) second = NULL;
        const PlanHost *after;

        for (guint i = 0; i < running->slices->len; i++)
            if (roll(rand, 2))
                g_ptr_array_add(part, g_ptr_array_index(running->slices, i));
        second = place_slices(spec, spec_host, host, part);
        plan_check(tree, spec, spec_host, host, second);
        after = g_ptr_array_index(second->hosts, 0);
        g_assert_cmpint(first->bounds.admitted, ==, second->bounds.admitted);
        for (guint i = 0; i < part->len; i++) {
            const PlanSlice *was = g_ptr_array_index(part, i);
            const PlanSlice *is = plan_host_find_slice(after, was->name);

            g_assert_nonnull(is);
            for (guint v = 0; v < was->vcpus->len; v++)
                g_assert_cmpint(((const PlanVcpu *)g_ptr_array_index(was->vcpus, v))->cpu, ==,
                                ((const PlanVcpu *)g_ptr_array_index(is->vcpus, v))->cpu);
            for (guint d = 0; d < was->devices->len; d++)
                g_assert_cmpstr(((const PlanDevice *)g_ptr_array_index(was->devices, d))->address,
                                ==,
                                ((const PlanDevice *)g_ptr_array_index(is->devices, d))->address);
            stayed++;
        }
    }
    g_assert_cmpint(stayed, >, 100);
}

/* Pins, memory, nodes and functions: all but the service cores, which slices of a node share. */
static char *slice_text(const PlanSlice *slice)
{
    json_t *json = record_encode(&PLAN_SLICE_RECORD, slice);
    char *text;

    json_object_del(json, "emulator_cpus");
    json_object_del(json, "iothreads");
    text = json_write_text(json);
    json_decref(json);
    return text;
}

/* Each slice of @before that is in @after is there as it was, and its service cores still serve. */
static guint assert_kept(guint seed, const Plan *before, const Plan *after)
{
    const PlanHost *was = before->hosts->pdata[0], *is = after->hosts->pdata[0];
    guint kept = 0;

    for (guint i = 0; i < was->slices->len; i++) {
        const PlanSlice *old = was->slices->pdata[i];
        const PlanSlice *new = plan_host_find_slice(is, old->name);
        g_autofree char *old_text = slice_text(old);
        g_autofree char *new_text = new ? slice_text(new) : NULL;

        if (!new)
            continue;
        if (!g_str_equal(old_text, new_text))
            g_error("case %u: slice %s has changed:\n%s%s", seed, old->name, old_text, new_text);
        g_assert_true(cpuset_intersects(old->emulator_cpus, new->emulator_cpus));
        kept++;
    }
    return kept;
}

static Plan *plan_case(const Case *c, const Host *host, const GPtrArray *running)
{
    g_autofree char *yaml = write_spec(c);
    g_autoptr(Tree) tree = NULL;
    g_autoptr(Spec) spec = synthetic_spec(yaml, &tree);
    const SpecHost *spec_host = spec_find_host(spec, "server1");
    Plan *plan = place_slices(spec, spec_host, host, running);

    plan_check(tree, spec, spec_host, host, plan);
    return plan;
}

/* One slice more moves none of the others, not even for one of a higher priority; one less changes
 * nothing else; and both give the same bytes again. */
static void test_one_more_one_less(void)
{
    guint added = 0, refused = 0, kept = 0;

    for (guint seed = 0; seed < 1500; seed++) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(seed + 10000);
        const Case all = roll_case(rand);
        Case less = all;
        g_autoptr(Host) host = write_host(&all);
        g_autoptr(Plan) before = NULL;
        g_autoptr(Plan) more = NULL;
        g_autoptr(Plan) again = NULL;
        g_autoptr(Plan) after = NULL;
        g_autofree char *text = NULL;
        g_autofree char *text_again = NULL;
        const PlanHost *was, *is;

        if (all.n_slices < 2)
            continue;
        less.n_slices--;
        before = plan_case(&less, host, NULL);
        was = before->hosts->pdata[0];
        more = plan_case(&all, host, was->slices);
        is = more->hosts->pdata[0];
        again = plan_case(&all, host, was->slices);
        g_assert_cmpint(assert_kept(seed, before, more), ==, was->slices->len);
        text = plan_text(more);
        text_again = plan_text(again);
        g_assert_cmpstr(text, ==, text_again);
        after = plan_case(&less, host, is->slices);
        kept += assert_kept(seed, more, after);
        added += is->slices->len > was->slices->len;
        refused += is->slices->len == was->slices->len;
    }
    g_test_message("%u added, %u not, %u kept", added, refused, kept);
    g_assert_cmpint(added, >, 200);
    g_assert_cmpint(refused, >, 200);
    g_assert_cmpint(kept, >, 1000);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    plan_check_start(g_getenv("BMSLICE_SOURCE"));
    g_test_add_func("/place/generated", test_generated);
    g_test_add_func("/place/wild", test_wild);
    g_test_add_func("/place/same-bytes", test_same_bytes);
    g_test_add_func("/place/running-stays", test_running_stays);
    g_test_add_func("/place/one-more-one-less", test_one_more_one_less);
    return g_test_run() | plan_check_end();
}
