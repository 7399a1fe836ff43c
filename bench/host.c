/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All slices of one host: how long the planner takes, how many it admits, and how often it proves
 * its answer. Times are CPU time of the thread (CLOCK_THREAD_CPUTIME_ID).
 *
 *   host-bench [--seeds N] [--only WORDS] [--dump DIR] [--check SOURCE-ROOT]
 *
 * --only "8x16 planted small": of each line of the table that begins like this.
 * Every plan is held against tests/unit/plan_check.c, which shares no code with the planner.
 * --check gives each to tests/check-plan too, with the domain XML. --dump writes sets.jsonl with
 * some planted sets, for bench/nova.py.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/place_internal.h"
#include "plan_check.h"
#include "sets.h"
#include "synthetic.h"

/* Planted sets of each kind that nova is given too: it takes its time. */
#define NOVA_SETS 40

typedef struct {
    guint seeds;
    const char *dump, *only;
} Options;

/* One line of the table. */
typedef struct {
    GArray *whole, *solve; /* double, microseconds */
    guint sets, all, proved, decided, optimal, slices, admitted, most_slices;
} Tally;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static Spec *read_spec(const char *yaml, Tree **ret_tree)
{
    g_autoptr(GPtrArray) findings = findings_new();
    Spec *spec;

    *ret_tree = tree_parse_yaml("set", yaml, strlen(yaml));
    spec = spec_from_tree(*ret_tree, findings);
    if (!spec)
        g_error("a generated spec is wrong:\n%s", yaml);
    return spec;
}

static int compare_times(gconstpointer a, gconstpointer b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double percentile(GArray *times, guint percent)
{
    g_array_sort(times, compare_times);
    return times->len ? g_array_index(times, double, (times->len - 1) * percent / 100) : 0;
}

/* What is left when the spec has been read, without the plan around it. */
static double time_solve(const Spec *spec, const Host *host, bool *ret_optimal)
{
    const SpecHost *spec_host = spec_find_host(spec, "server1");
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(GPtrArray) instances = spec_expand(spec);
    g_autoptr(Supply) supply =
        supply_new(host, spec_host, demands_count_vfs(instances), NULL, findings);
    g_autoptr(GPtrArray) demands = demands_new(supply, spec, instances, NULL);
    double start = now(), end;
    g_autoptr(Solution) solution = search_solve(supply, demands, PLACE_BUDGET);

    end = now();
    *ret_optimal = true;
    for (guint i = 0; i < solution->levels->len; i++) {
        const SolutionLevel *level = &g_array_index(solution->levels, SolutionLevel, i);

        *ret_optimal = *ret_optimal && level->value == level->bound;
    }
    return end - start;
}

/* For bench/nova.py. */
static void append_set(const Options *options, const SetShape *shape, bool small, guint seed,
                       const GArray *set)
{
    g_autofree char *path = g_build_filename(options->dump, "sets.jsonl", NULL);
    FILE *file = fopen(path, "a");

    if (!file)
        g_error("cannot write %s", path);
    fprintf(file,
            "{\"shape\": \"%s\", \"sizes\": \"%s\", \"seed\": %u, \"nodes\": %u, \"cores\": %u, "
            "\"memory_gib\": %u, \"vfs\": %u, \"slices\": [",
            shape->name, small ? "small" : "mixed", seed, shape->nodes, shape->cores,
            shape->memory_gib, shape->vfs);
    for (guint i = 0; i < set->len; i++) {
        const SetSlice *slice = &g_array_index(set, SetSlice, i);

        fprintf(file, "%s[%u, %u, %u]", i ? ", " : "", slice->cores, slice->memory_gib, slice->vfs);
    }
    fprintf(file, "]}\n");
    fclose(file);
}

static void run_set(const Options *options, const SetShape *shape, SetKind kind, bool small,
                    guint seed, const Host *host, Tally *tally)
{
    g_autoptr(GArray) set = set_new(shape, kind, small, seed);
    g_autofree char *yaml = set_spec_yaml(shape, set);
    g_autoptr(Tree) tree = NULL;
    g_autoptr(Spec) spec = read_spec(yaml, &tree);
    const SpecHost *spec_host = spec_find_host(spec, "server1");
    g_autoptr(Plan) plan = NULL;
    double start, whole, solve;
    bool optimal;

    start = now();
    plan = place_slices(spec, spec_host, host, NULL);
    whole = now() - start;
    solve = time_solve(spec, host, &optimal);
    plan_check(tree, spec, spec_host, host, plan);
    g_array_append_val(tally->whole, whole);
    g_array_append_val(tally->solve, solve);
    tally->sets++;
    tally->optimal += optimal;
    tally->slices += set->len;
    tally->admitted += (guint)plan->bounds.admitted;
    tally->most_slices = MAX(tally->most_slices, set->len);
    tally->all += plan->unplaced->len == 0;
    tally->proved += plan->bounds.admitted == plan->bounds.admitted_bound;
    tally->decided += solve <= 10000 && plan->bounds.admitted == plan->bounds.admitted_bound;
    if (options->dump && kind == SET_PLANTED && seed < NOVA_SETS)
        append_set(options, shape, small, seed, set);
}

static void run_shape(const Options *options, const SetShape *shape, SetKind kind, bool small)
{
    g_autofree char *name =
        g_strdup_printf("%s %s %s", shape->name, SET_KIND_NAMES[kind], small ? "small" : "mixed");
    g_autofree char *line = set_host_line(shape);
    g_autoptr(Host) host = synthetic_host(line);
    g_autoptr(GArray) whole = g_array_new(false, false, sizeof(double));
    g_autoptr(GArray) solve = g_array_new(false, false, sizeof(double));
    Tally tally = {.whole = whole, .solve = solve};

    if (options->only && !g_str_has_prefix(name, options->only))
        return;
    for (guint seed = 0; seed < options->seeds; seed++)
        run_set(options, shape, kind, small, seed, host, &tally);
    printf("%-5s %-8s %-6s %5.1f %4u  %6.1f%% %6.1f%% %6.1f%% %6.1f%%  %8.1f %8.1f %9.1f  %8.1f "
           "%8.1f\n",
           shape->name, SET_KIND_NAMES[kind], small ? "small" : "mixed",
           (double)tally.slices / tally.sets, tally.most_slices, 100.0 * tally.all / tally.sets,
           100.0 * tally.proved / tally.sets, 100.0 * tally.decided / tally.sets,
           100.0 * tally.optimal / tally.sets, percentile(solve, 50), percentile(solve, 99),
           percentile(solve, 100), percentile(whole, 50), percentile(whole, 99));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    int seeds = 1000;
    g_autofree char *dump = NULL, *only = NULL, *check = NULL;
    const GOptionEntry entries[] = {
        {"seeds", 0, 0, G_OPTION_ARG_INT, &seeds, "sets a line", "N"},
        {"only", 0, 0, G_OPTION_ARG_STRING, &only, "lines of the table", "WORDS"},
        {"dump", 0, 0, G_OPTION_ARG_FILENAME, &dump, "write sets", "DIR"},
        {"check", 0, 0, G_OPTION_ARG_FILENAME, &check, "with tests/check-plan", "SOURCE-ROOT"},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    Options options;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || seeds < 1) {
        fprintf(stderr, "%s\n", error ? error->message : "--seeds from 1");
        return 2;
    }
    options = (Options){(guint)seeds, dump, only};
    if (dump)
        g_mkdir_with_parents(dump, 0755);
    if (check)
        plan_check_start(check);
    printf("                     slices     all     proved   10 ms     best     solve us           "
           "          "
           "whole us\n"
           "shape set      sizes   mean max admitted                  p50      p99       max       "
           "p50      p99\n");
    for (guint kind = 0; kind < N_SET_KINDS; kind++)
        for (guint small = 0; small < 2; small++)
            for (guint s = 0; s < N_SET_SHAPES; s++)
                run_shape(&options, &SET_SHAPES[s], kind, small);
    return check ? plan_check_end() : 0;
}
