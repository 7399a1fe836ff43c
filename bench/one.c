/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One 8-vCPU slice on one host: fit (which nodes and functions), pin (which CPUs) and claim (what
 * is left then), as nova's numa_fit_instance_to_host and numa_usage_from_instance_numa do it: the
 * host's supply and the slice's demand are in memory, as nova's objects are.
 *
 *   one-bench            median CPU time of a call, in microseconds
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/place_internal.h"
#include "plan_check.h"
#include "synthetic.h"

enum { CALLS = 2000, BATCH = 20 };

static const struct {
    const char *shape, *host;
} SHAPES[] = {
    {"2x6x2", "numa:2 core:6 pu:2 mem:28 nic:1x8vf@0 nic:1x8vf@1"},
    {"2x32x2", "numa:2 core:32 pu:2 mem:132 nic:1x8vf@0 nic:1x8vf@1"},
    {"2x64x2", "numa:2 core:64 pu:2 mem:260 nic:1x8vf@0 nic:1x8vf@1"},
    {"8x16x2", "numa:8 core:16 pu:2 mem:68 nic:1x8vf@0 nic:1x8vf@1 nic:1x8vf@2 nic:1x8vf@3 "
               "nic:1x8vf@4 nic:1x8vf@5 nic:1x8vf@6 nic:1x8vf@7"},
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static char *write_spec(guint n_nodes, const char *kind)
{
    GString *yaml = g_string_new("version: 1\nnetworks: {fh: {uplinks: [");

    for (guint n = 0; n < n_nodes; n++)
        g_string_append_printf(yaml, "%s{host: server1, pf: nic%u}", n ? ", " : "", n);
    g_string_append(yaml, "]}}\nhosts: [{name: server1}]\nclusters:\n  - name: one\n"
                          "    slices: [{name: a, vcpus: 8, memory: 8GiB");
    if (g_str_equal(kind, "isolate"))
        g_string_append(yaml, ", smt: isolate");
    else if (g_str_equal(kind, "2-nodes"))
        g_string_append(yaml, ", numa: {nodes: 2}");
    else if (g_str_equal(kind, "1-VF"))
        g_string_append(yaml, ", nics: [{network: fh, mode: vf}]");
    g_string_append(yaml, "}]\n");
    return g_string_free(yaml, FALSE);
}

static int compare_times(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static guint fit_pin_claim(const Supply *supply, const GPtrArray *demands, Left *left)
{
    g_autoptr(Solution) solution = search_admission(supply, demands, PLACE_BUDGET);
    g_autoptr(CoreMap) map = core_map_new(supply, demands, solution);

    left_take_solution(left, supply, demands, solution);
    return map->cores[0]->len;
}

static void run(const char *shape, const char *line, const char *kind)
{
    g_autoptr(Host) host = synthetic_host(line);
    g_autofree char *yaml = write_spec(host->nodes->len, kind);
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Tree) tree = tree_parse_yaml("one", yaml, strlen(yaml));
    g_autoptr(Spec) spec = spec_from_tree(tree, findings);
    g_autoptr(GPtrArray) instances = spec ? spec_expand(spec) : NULL;
    g_autoptr(Supply) supply = NULL;
    g_autoptr(GPtrArray) demands = NULL;
    g_autoptr(Plan) plan = NULL;
    double times[CALLS / BATCH];
    guint cores = 0;

    if (!spec)
        g_error("a generated spec is wrong:\n%s", yaml);
    plan = place_slices(spec, spec_find_host(spec, "server1"), host, NULL);
    plan_check(tree, spec, spec_find_host(spec, "server1"), host, plan);
    supply = supply_new(host, spec_find_host(spec, "server1"), demands_count_vfs(instances), NULL,
                        findings);
    demands = demands_new(supply, spec, instances, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(times); i++) {
        double start = now();

        for (guint call = 0; call < BATCH; call++) {
            g_autoptr(Left) left = left_new(supply);

            cores = fit_pin_claim(supply, demands, left);
        }
        times[i] = (now() - start) / BATCH;
    }
    qsort(times, G_N_ELEMENTS(times), sizeof(double), compare_times);
    printf("one %-7s %-8s %8.2f us%s\n", shape, kind, times[G_N_ELEMENTS(times) / 2],
           cores ? "" : "  does not fit");
}

int main(void)
{
    static const char *const kinds[] = {"pairs", "isolate", "2-nodes", "1-VF"};

    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++)
        for (guint s = 0; s < G_N_ELEMENTS(SHAPES); s++)
            run(SHAPES[s].shape, SHAPES[s].host, kinds[k]);
    return 0;
}
