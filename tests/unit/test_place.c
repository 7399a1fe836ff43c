/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The planner on thousands of generated servers and specs: every plan keeps every hard rule, small
 * ones admit as much as trying everything does, and the same input gives the same bytes.
 */
#include "core/place.h"

#include <string.h>

#include "base/json.h"
#include "plan_check.h"
#include "synthetic.h"

enum { MAX_SLICES = 6, MAX_NODES = 4, MAX_PFS = 4, MAX_NICS = 2 };

typedef struct {
    guint pfs; /* mask of the network's uplinks */
    bool vf, bond;
    int locality;
} CaseNic;

typedef struct {
    guint vcpus, memory_gib, nodes, service, n_nics, priority;
    int pin; /* -1: none */
    bool isolate, own_service;
    CaseNic nics[MAX_NICS];
} CaseSlice;

/* A generated server and spec, in numbers that the search by hand below understands. */
typedef struct {
    guint n_nodes, cores, pu, memory_gib, n_pfs, n_slices;
    guint pf_node[MAX_PFS], pf_vfs[MAX_PFS];
    bool spread_none;
    CaseSlice slices[MAX_SLICES];
} Case;

static guint roll(GRand *rand, guint n)
{
    return (guint)g_rand_int_range(rand, 0, (gint32)n);
}

static void roll_nics(GRand *rand, const Case *c, CaseSlice *slice)
{
    slice->n_nics = c->n_pfs ? roll(rand, MAX_NICS + 1) : 0;
    for (guint i = 0; i < slice->n_nics; i++) {
        CaseNic *nic = &slice->nics[i];

        nic->pfs = 1 + roll(rand, (1u << c->n_pfs) - 1);
        nic->vf = roll(rand, 3) > 0;
        nic->locality = (int)roll(rand, 3);
    }
    if (slice->n_nics == 2 && roll(rand, 3) == 0)
        slice->nics[0].bond = slice->nics[1].bond = slice->nics[0].vf = slice->nics[1].vf = true;
}

static Case roll_case(GRand *rand)
{
    Case c = {.n_nodes = 1 + roll(rand, 3), .cores = 3 + roll(rand, 6), .pu = 1 + roll(rand, 2)};

    c.memory_gib = 10 + roll(rand, 24);
    c.n_pfs = roll(rand, MAX_PFS + 1);
    c.n_slices = 1 + roll(rand, 5);
    c.spread_none = roll(rand, 8) > 0;
    for (guint i = 0; i < c.n_pfs; i++) {
        c.pf_node[i] = roll(rand, c.n_nodes);
        c.pf_vfs[i] = roll(rand, 5);
    }
    for (guint i = 0; i < c.n_slices; i++) {
        CaseSlice *slice = &c.slices[i];

        slice->nodes = roll(rand, 5) == 0 ? MIN(2, c.n_nodes) : 1;
        slice->isolate = roll(rand, 4) == 0;
        slice->vcpus = (1 + roll(rand, 4)) * slice->nodes * (roll(rand, 8) ? c.pu : 1);
        slice->memory_gib = (1 + roll(rand, 8)) * slice->nodes;
        slice->service = roll(rand, 3);
        slice->own_service = roll(rand, 2);
        slice->pin = slice->nodes == 1 && roll(rand, 4) == 0 ? (int)roll(rand, c.n_nodes) : -1;
        slice->priority = roll(rand, 3) ? 0 : 5;
        roll_nics(rand, &c, slice);
    }
    return c;
}

static Host *write_host(const Case *c)
{
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_append_printf(text, "numa:%u core:%u pu:%u mem:%u", c->n_nodes, c->cores, c->pu,
                           c->memory_gib);
    for (guint i = 0; i < c->n_pfs; i++)
        g_string_append_printf(text, " nic:1x%u@%u", c->pf_vfs[i], c->pf_node[i]);
    return synthetic_host(text->str);
}

static void write_networks(const Case *c, GString *yaml)
{
    if (c->n_pfs == 0)
        return;
    g_string_append(yaml, "networks:\n");
    for (guint i = 0; i < c->n_slices; i++)
        for (guint n = 0; n < c->slices[i].n_nics; n++) {
            const char *comma = "";

            g_string_append_printf(yaml, "  net%u-%u: {uplinks: [", i, n);
            for (guint p = 0; p < c->n_pfs; p++)
                if (c->slices[i].nics[n].pfs >> p & 1) {
                    g_string_append_printf(yaml, "%s{host: server1, pf: nic%u}", comma, p);
                    comma = ", ";
                }
            g_string_append(yaml, "]}\n");
        }
    g_string_append(yaml, "  spare: {uplinks: [{host: server1, pf: nic0}]}\n");
}

static void write_slice(const CaseSlice *slice, guint number, GString *yaml)
{
    static const char *const localities[] = {"required", "preferred", "any"};

    g_string_append_printf(yaml,
                           "      - name: s%u\n        vcpus: %u\n        smt: %s\n"
                           "        memory: %uGiB\n        priority: %u\n"
                           "        service: {cores: %u, scope: %s}\n",
                           number, slice->vcpus, slice->isolate ? "isolate" : "pairs",
                           slice->memory_gib, slice->priority, slice->service,
                           slice->own_service ? "slice" : "node");
    if (slice->pin >= 0)
        g_string_append_printf(yaml, "        numa: {nodes: 1, pin: [%d]}\n", slice->pin);
    else
        g_string_append_printf(yaml, "        numa: {nodes: %u}\n", slice->nodes);
    g_string_append(yaml, "        nics: [");
    for (guint n = 0; n < slice->n_nics; n++)
        g_string_append_printf(yaml, "%s{network: net%u-%u, mode: %s, locality: %s%s}",
                               n ? ", " : "", number, n, slice->nics[n].vf ? "vf" : "pf",
                               localities[slice->nics[n].locality],
                               slice->nics[n].bond ? ", bond: b0" : "");
    g_string_append(yaml, "]\n");
}

static char *write_spec(const Case *c)
{
    GString *yaml = g_string_new("version: 1\n");

    write_networks(c, yaml);
    g_string_append_printf(yaml,
                           "hosts:\n  - {name: server1, reserve: {cores_per_node: 1, "
                           "memory_per_node: 2GiB}}\n"
                           "clusters:\n  - name: one\n    spread: %s\n    slices:\n",
                           c->spread_none ? "none" : "host");
    for (guint i = 0; i < c->n_slices; i++)
        write_slice(&c->slices[i], i, yaml);
    return g_string_free(yaml, FALSE);
}

/* All that can be tried, tried: the most that any plan admits. */

typedef struct {
    int cores[MAX_NODES], memory[MAX_NODES], service[MAX_NODES];
    bool pf_whole[MAX_PFS];
    guint pf_vfs[MAX_PFS];
    guint admitted[2], cores_admitted; /* by class: priority 5, priority 0 */
    guint slices[MAX_NODES];           /* that have vCPUs there */
    guint multi, remote, distance, waste;
    bool cluster_used;
} TryState;

/* What plans are compared by, the most important first; the less the better. */
enum {
    LEVEL_HIGH,
    LEVEL_LOW,
    LEVEL_CORES,
    LEVEL_MULTI,
    LEVEL_REMOTE,
    LEVEL_DISTANCE,
    LEVEL_L3,
    LEVEL_WASTE,
    LEVEL_ROOM,
    N_LEVELS
};

typedef struct {
    const Case *c;
    bool any;
    int best[N_LEVELS];
    guint most; /* slices, whatever their priority */
} Trial;

static void try_slice(Trial *trial, guint number, TryState state);

static void keep_better(Trial *trial, const TryState *state)
{
    int cost[N_LEVELS] = {
        [LEVEL_HIGH] = -(int)state->admitted[0],     [LEVEL_LOW] = -(int)state->admitted[1],
        [LEVEL_CORES] = -(int)state->cores_admitted, [LEVEL_MULTI] = (int)state->multi,
        [LEVEL_REMOTE] = (int)state->remote,         [LEVEL_DISTANCE] = (int)state->distance,
        [LEVEL_WASTE] = (int)state->waste,
    };
    guint level = 0;

    for (guint n = 0; n < trial->c->n_nodes; n++) {
        cost[LEVEL_L3] += MAX((int)state->slices[n] - 1, 0); /* one L3 domain a node */
        cost[LEVEL_ROOM] = MIN(cost[LEVEL_ROOM], -state->cores[n]);
    }
    while (trial->any && level < N_LEVELS && cost[level] == trial->best[level])
        level++;
    if (trial->any && (level == N_LEVELS || cost[level] > trial->best[level]))
        return;
    trial->any = true;
    memcpy(trial->best, cost, sizeof(cost));
}

static void try_nics(Trial *trial, guint number, guint nic, guint nodes, guint bond_pf,
                     TryState state)
{
    const CaseSlice *slice = &trial->c->slices[number];
    const CaseNic *wanted = &slice->nics[nic];

    if (nic == slice->n_nics) {
        try_slice(trial, number + 1, state);
        return;
    }
    for (guint p = 0; p < trial->c->n_pfs; p++) {
        TryState next = state;

        if (!(wanted->pfs >> p & 1) || state.pf_whole[p] || (wanted->bond && bond_pf == p))
            continue;
        if (wanted->locality == 0 && !(nodes >> trial->c->pf_node[p] & 1))
            continue;
        if (wanted->vf && next.pf_vfs[p]++ >= trial->c->pf_vfs[p])
            continue;
        if (!wanted->vf && next.pf_vfs[p] > 0)
            continue;
        next.pf_whole[p] = !wanted->vf;
        if (!(nodes >> trial->c->pf_node[p] & 1)) {
            next.distance += 11; /* SLIT 21 over the local 10 */
            next.remote += wanted->locality == 1;
        }
        try_nics(trial, number, nic + 1, nodes, p, next);
    }
}

static bool take(const Case *c, const CaseSlice *slice, guint nodes, TryState *state)
{
    guint threads = slice->isolate ? 1 : c->pu;
    guint per_node = slice->vcpus / slice->nodes;
    bool first = true;

    if (slice->vcpus % slice->nodes || per_node % threads)
        return false;
    for (guint n = 0; n < c->n_nodes; n++) {
        int service = 0;

        if (!(nodes >> n & 1))
            continue;
        if (first && slice->own_service)
            service = (int)slice->service;
        else if (first)
            service = MAX((int)slice->service - state->service[n], 0);
        if (first && !slice->own_service)
            state->service[n] = MAX(state->service[n], (int)slice->service);
        first = false;
        state->slices[n]++;
        for (guint p = 0; p < c->n_pfs && slice->n_nics == 0; p++)
            if (c->pf_node[p] == n) {
                state->waste++;
                break;
            }
        state->cores[n] -= (int)(per_node / threads) + service;
        state->memory[n] -= (int)(slice->memory_gib / slice->nodes);
        if (state->cores[n] < 0 || state->memory[n] < 0)
            return false;
    }
    state->admitted[slice->priority == 5 ? 0 : 1]++;
    state->cores_admitted += slice->vcpus / threads + (slice->own_service ? slice->service : 0);
    state->multi += slice->nodes > 1;
    state->distance += slice->nodes > 1 ? 11 : 0; /* of two nodes to each other */
    state->cluster_used = true;
    return true;
}

static void try_slice(Trial *trial, guint number, TryState state)
{
    const Case *c = trial->c;
    const CaseSlice *slice = &c->slices[number];

    if (number == c->n_slices) {
        trial->most = MAX(trial->most, state.admitted[0] + state.admitted[1]);
        keep_better(trial, &state);
        return;
    }
    for (guint nodes = 1; nodes < 1u << c->n_nodes; nodes++) {
        TryState next = state;

        if ((guint)__builtin_popcount(nodes) != slice->nodes ||
            (slice->pin >= 0 && nodes != 1u << slice->pin) ||
            (state.cluster_used && !c->spread_none))
            continue;
        if (take(c, slice, nodes, &next))
            try_nics(trial, number, 0, nodes, MAX_PFS, next);
    }
    try_slice(trial, number + 1, state);
}

static Trial try_all(const Case *c)
{
    Trial trial = {.c = c};
    TryState state = {.cluster_used = false};

    for (guint n = 0; n < c->n_nodes; n++) {
        state.cores[n] = (int)c->cores - 1;
        state.memory[n] = (int)c->memory_gib - 2;
    }
    try_slice(&trial, 0, state);
    return trial;
}

static Spec *read_spec(const char *yaml, Tree **ret_tree)
{
    g_autoptr(GPtrArray) findings = findings_new();
    Spec *spec;

    *ret_tree = tree_parse_yaml("generated", yaml, strlen(yaml));
    spec = spec_from_tree(*ret_tree, findings);
    for (guint i = 0; !spec && i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);

        g_test_message("%s: %s", finding->subject, finding->text);
    }
    return spec;
}

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
        g_autoptr(Spec) spec = read_spec(yaml, &tree);
        const SpecHost *spec_host;
        g_autoptr(Plan) plan = NULL;

        if (!spec)
            g_error("case %u: the spec is wrong\n%s", seed, yaml);
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
        g_autoptr(Spec) spec = read_spec(yaml, &tree);
        const SpecHost *spec_host;
        const PlanHost *plan_host;
        g_autoptr(Plan) plan = NULL;

        if (!spec)
            g_error("case %u: the spec is wrong\n%s", seed, yaml);
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
            g_autoptr(Spec) spec = read_spec(yaml, &tree);
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
        g_autoptr(Spec) spec = read_spec(yaml, &tree);
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
    g_autoptr(Spec) spec = read_spec(yaml, &tree);
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

static Plan *plan_of(const char *host_text, const char *yaml, const GPtrArray *running)
{
    g_autoptr(Host) host = synthetic_host(host_text);
    g_autoptr(Tree) tree = NULL;
    g_autoptr(Spec) spec = read_spec(yaml, &tree);
    const SpecHost *spec_host;
    Plan *plan;

    g_assert_nonnull(spec);
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
    g_autoptr(Spec) spec = read_spec(yaml, &tree);
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    plan_check_start(g_getenv("BMSLICE_SOURCE"));
    g_test_add_func("/place/generated", test_generated);
    g_test_add_func("/place/wild", test_wild);
    g_test_add_func("/place/same-bytes", test_same_bytes);
    g_test_add_func("/place/running-stays", test_running_stays);
    g_test_add_func("/place/one-more-one-less", test_one_more_one_less);
    g_test_add_func("/place/siblings", test_siblings);
    g_test_add_func("/place/offline-sibling", test_offline_sibling);
    g_test_add_func("/place/l3-domains", test_l3_domains);
    g_test_add_func("/place/nic-node-is-spared", test_nic_node_is_spared);
    g_test_add_func("/place/room-is-kept", test_room_is_kept);
    g_test_add_func("/place/running-nic-without-name", test_running_nic_without_name);
    g_test_add_func("/place/root-complex", test_root_complex);
    g_test_add_func("/place/large", test_large);
    return g_test_run() | plan_check_end();
}
