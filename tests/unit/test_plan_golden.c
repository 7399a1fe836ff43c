/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans as they were, case by case: tests/golden/plan/NAME/ holds
 *
 *   host        one line: a file of tests/hosts, or a server as in synthetic.h
 *   host.json   the same as Host JSON, for tests/check-plan; written, not read
 *   spec.yaml   absent: examples/NAME.yaml
 *   plan.json   what is expected
 *
 * BMSLICE_UPDATE=1 rewrites the two JSON files.
 */
#include <string.h>

#include "base/json.h"
#include "core/place.h"
#include "plan_check.h"
#include "synthetic.h"

static char *source_path(const char *relative)
{
    return g_build_filename(g_getenv("BMSLICE_SOURCE"), relative, NULL);
}

static char *case_path(const char *name, const char *file)
{
    g_autofree char *folder = source_path("tests/golden/plan");

    return g_build_filename(folder, name, file, NULL);
}

static char *read_text(const char *path)
{
    char *text = NULL;
    g_autoptr(GError) error = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

static void compare_json(const char *path, json_t *json)
{
    g_autofree char *text = json_write_text(json);
    g_autoptr(GError) error = NULL;

    json_decref(json);
    if (g_strcmp0(g_getenv("BMSLICE_UPDATE"), "1") == 0) {
        g_file_set_contents(path, text, -1, &error);
        g_assert_no_error(error);
    } else {
        g_autofree char *expected = read_text(path);

        g_assert_cmpstr(text, ==, expected);
    }
}

static Host *read_host(const char *name)
{
    g_autofree char *path = case_path(name, "host");
    g_autofree char *line = g_strstrip(read_text(path));
    g_autofree char *json_path = case_path(name, "host.json");
    Host *host;

    if (g_str_has_suffix(line, ".json")) {
        g_autofree char *folder = source_path("tests/hosts");
        g_autofree char *host_path = g_build_filename(folder, line, NULL);
        g_autofree char *text = read_text(host_path);
        g_autoptr(Tree) tree = tree_parse_json(line, text, strlen(text));
        g_autoptr(GPtrArray) findings = findings_new();

        host = host_from_tree(tree, findings);
        g_assert_nonnull(host);
        return host;
    }
    host = synthetic_host(line);
    compare_json(json_path, host_to_json(host));
    return host;
}

static Tree *read_spec_tree(const char *name)
{
    g_autofree char *own = case_path(name, "spec.yaml");
    g_autofree char *file = g_strconcat("examples/", name, ".yaml", NULL);
    g_autofree char *example = source_path(file);
    g_autofree char *text = read_text(g_file_test(own, G_FILE_TEST_EXISTS) ? own : example);

    return tree_parse_yaml("spec.yaml", text, strlen(text));
}

static void test_case(gconstpointer data)
{
    const char *name = data;
    g_autoptr(Host) host = read_host(name);
    g_autoptr(Tree) tree = read_spec_tree(name);
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Spec) spec = spec_from_tree(tree, findings);
    g_autofree char *path = case_path(name, "plan.json");
    const SpecHost *spec_host;
    g_autoptr(Plan) plan = NULL;

    g_assert_nonnull(spec);
    spec_host = spec_find_host(spec, host->hostname);
    g_assert_nonnull(spec_host);
    plan = place_slices(spec, spec_host, host, NULL);
    plan_check(tree, spec, spec_host, host, plan);
    compare_json(path, plan_to_json(plan));
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(int argc, char **argv)
{
    g_autofree char *folder = source_path("tests/golden/plan");
    g_autoptr(GDir) dir = NULL;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *entry;

    g_test_init(&argc, &argv, NULL);
    plan_check_start(g_getenv("BMSLICE_SOURCE"));
    dir = g_dir_open(folder, 0, NULL);
    g_assert_nonnull(dir);
    while ((entry = g_dir_read_name(dir))) {
        g_autofree char *path = case_path(entry, "host");

        if (g_file_test(path, G_FILE_TEST_EXISTS))
            g_ptr_array_add(names, g_strdup(entry));
    }
    g_ptr_array_sort(names, compare_names);
    g_assert_cmpint(names->len, >, 20);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *test = g_strconcat("/plan-golden/", names->pdata[i], NULL);

        g_test_add_data_func(test, names->pdata[i], test_case);
    }
    return g_test_run() | plan_check_end();
}
