/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans and findings as people read them, against tests/golden/show/NAME.txt (BMSLICE_UPDATE=1
 * rewrites them). The plans are those of tests/golden/plan.
 */
#include "cli/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/place.h"
#include "plan_check.h"
#include "synthetic.h"

typedef struct {
    const char *name, *host, *spec;
    guint width;
} Case;

static const Case CASES[] = {
    {"red-blue", "seed.json", "examples/red-blue.yaml", 100},
    {"red-blue-narrow", "seed.json", "examples/red-blue.yaml", 50},
    {"vfs", "numa:2 core:8 nic:1x8@0 vfs:2@0 nic:1x8@1", "tests/golden/plan/vfs/spec.yaml", 80},
    {"isolate", "core:8 pu:2 off:11", "tests/golden/plan/isolate/spec.yaml", 80},
    {"refuse-cores", "numa:2 core:6 pu:2", "tests/golden/plan/refuse-cores/spec.yaml", 80},
};

static char *source_path(const char *relative)
{
    return g_build_filename(g_getenv("BMSLICE_SOURCE"), relative, NULL);
}

static char *read_text(const char *relative)
{
    g_autofree char *path = source_path(relative);
    char *text = NULL;
    g_autoptr(GError) error = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

static Host *read_host(const char *name)
{
    g_autofree char *relative = g_strconcat("tests/hosts/", name, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Tree) tree = NULL;
    Host *host;

    if (!g_str_has_suffix(name, ".json"))
        return synthetic_host(name);
    text = read_text(relative);
    tree = tree_parse_json(name, text, strlen(text));
    host = host_from_tree(tree, findings);
    g_assert_nonnull(host);
    return host;
}

static void compare_text(const char *name, const char *text)
{
    g_autofree char *relative = g_strconcat("tests/golden/show/", name, ".txt", NULL);
    g_autofree char *path = source_path(relative);
    g_autofree char *expected = NULL;

    if (g_strcmp0(g_getenv("BMSLICE_UPDATE"), "1") == 0) {
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        return;
    }
    expected = read_text(relative);
    g_assert_cmpstr(text, ==, expected);
}

static void assert_lines_fit(const char *text, guint width)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i]; i++) {
        g_assert_false(g_str_has_suffix(lines[i], " "));
        if (strchr(lines[i], '#')) /* the core map */
            g_assert_cmpint(g_utf8_strlen(lines[i], -1), <=, width);
    }
}

static void test_case(gconstpointer data)
{
    const Case *c = data;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    const Term term = {.out = out, .width = c->width};
    g_autofree char *yaml = read_text(c->spec);
    g_autoptr(Tree) tree = tree_parse_yaml("spec.yaml", yaml, strlen(yaml));
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Host) host = read_host(c->host);
    g_autoptr(Spec) spec = spec_from_tree(tree, findings);
    g_autoptr(Plan) plan = NULL;

    g_assert_nonnull(spec);
    plan = place_slices(spec, spec_find_host(spec, host->hostname), host, NULL);
    plan_check(tree, spec, spec_find_host(spec, host->hostname), host, plan);
    show_plan(&term, host, plan);
    for (guint i = 0; i < plan->findings->len; i++) {
        Finding *finding = g_ptr_array_index(plan->findings, i);

        if (finding->line)
            finding_set_place(finding, tree, finding->line, finding->column);
    }
    show_findings(&term, plan->findings, FINDING_INFO);
    fclose(out);
    if (c->width >= 80)
        assert_lines_fit(text, c->width);
    compare_text(c->name, text);
    free(text);
}

typedef struct {
    const char *name, *host;
    guint width;
} HostCase;

/* Terminals of that width; 0: none. */
static const HostCase HOST_CASES[] = {
    {"host-80", "sub-numa.json", 80},
    {"host-120", "sub-numa.json", 120},
    {"host-whole", "sub-numa.json", 0},
    {"host-40", "seed.json", 40},
    {"host-group-80", "stacked-net.json", 80},
    {"host-many-80", "numa:2 core:64 pu:2 nic:1x8@0 vfs:3@0", 80},
    {"host-many-120", "numa:2 core:64 pu:2 nic:1x8@0 vfs:3@0", 120},
};

static char *format_host(const HostCase *c, const Host *host)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    const Term term = {.out = out, .is_terminal = c->width > 0, .width = c->width ? c->width : 100};

    show_host(&term, host);
    fclose(out);
    return text;
}

static void test_host_case(gconstpointer data)
{
    const HostCase *c = data;
    g_autoptr(Host) host = read_host(c->host);
    char *text = format_host(c, host);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i]; i++) {
        g_assert_false(g_str_has_suffix(lines[i], " "));
        g_assert_true(!c->width || g_utf8_strlen(lines[i], -1) <= c->width);
    }
    compare_text(c->name, text);
    free(text);
}

/* All of the words of @whole are in @text, whatever lines they are on, titles of columns apart. */
static void assert_says_all(const char *text, const char *whole)
{
    g_auto(GStrv) words = g_strsplit_set(whole, " \n", -1);

    for (char **word = words; *word; word++)
        g_assert_true(strspn(*word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ/") == strlen(*word) ||
                      strstr(text, *word));
}

/* However narrow the terminal, nothing is lost and, from 40 columns on, nothing sticks out. */
static void test_host_widths(void)
{
    static const char *const hosts[] = {"sub-numa.json", "seed.json", "stacked-net.json",
                                        "lab-sriov.json"};

    for (guint i = 0; i < G_N_ELEMENTS(hosts); i++) {
        g_autoptr(Host) host = read_host(hosts[i]);
        char *whole = format_host(&(HostCase){.width = 0}, host);

        for (guint width = 40; width <= 200; width++) {
            char *text = format_host(&(HostCase){.width = width}, host);
            g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
            g_auto(GStrv) parts = g_strsplit_set(text, " \n", -1);
            g_autofree char *joined = NULL;

            for (guint n = 0; lines[n]; n++)
                g_assert_cmpint(g_utf8_strlen(lines[n], -1), <=, width);
            joined = g_strjoinv("", parts); /* a list of CPUs may be on two lines */
            assert_says_all(joined, whole);
            free(text);
        }
        free(whole);
    }
}

/* A word that is longer than a line is broken behind a comma, or where it must be. */
static void test_wrap(void)
{
    static const struct {
        const char *text, *wrapped;
        guint at;
    } cases[] = {
        {"one two three", "one two\n  three", 0},
        {"one two three", "\n  one two\n  three", 9},
        {"0,2,4,6,8,10", "0,2,4,6,8,\n  10", 0},
        {"a 0,2,4,6,8,10", "a 0,2,4,6,\n  8,10", 0},
        {"0123456789abcdefghij", "0123456789\n  abcdefgh\n  ij", 0},
        {"\303\244\303\244\303\244\303\244\303\244 12345",
         "\303\244\303\244\303\244\303\244\303\244\n  12345", 0},
        {"", "", 0},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *text = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&text, &length);
        const Term term = {.out = out, .is_terminal = true, .width = 10};

        term_wrap(&term, cases[i].at, 2, cases[i].text);
        fclose(out);
        g_assert_cmpstr(text, ==, cases[i].wrapped);
        free(text);
    }
}

/* The caret stands under its column, also when the line is cut. */
static void test_long_line(void)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    const Term term = {.out = out, .width = 60};
    g_autoptr(GString) line = g_string_new(NULL);
    g_autoptr(Tree) tree = NULL;
    g_autoptr(GPtrArray) findings = findings_new();
    g_auto(GStrv) lines = NULL;
    Finding *finding = findings_add(findings, FINDING_ERROR, "x", NULL, "wrong");

    g_string_append(line, "a: [");
    for (guint i = 0; i < 20; i++)
        g_string_append(line, "word, ");
    g_string_append(line, "XHERE]");
    tree = tree_parse_yaml("long", line->str, line->len);
    finding_set_place(finding, tree, 1, 4 + 20 * 6 + 1);
    show_findings(&term, findings, FINDING_INFO);
    fclose(out);
    lines = g_strsplit(text, "\n", -1);
    g_assert_cmpint(strlen(lines[1]), <=, 60);
    g_assert_cmpint(lines[1][strlen(lines[2]) - 1], ==, 'X');
    free(text);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/show/wrap", test_wrap);
    g_test_add_func("/show/host-widths", test_host_widths);
    for (guint i = 0; i < G_N_ELEMENTS(HOST_CASES); i++) {
        g_autofree char *path = g_strconcat("/show/", HOST_CASES[i].name, NULL);

        g_test_add_data_func(path, &HOST_CASES[i], test_host_case);
    }
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *path = g_strconcat("/show/", CASES[i].name, NULL);

        g_test_add_data_func(path, &CASES[i], test_case);
    }
    g_test_add_func("/show/long-line", test_long_line);
    return g_test_run();
}
