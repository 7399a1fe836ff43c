/* SPDX-License-Identifier: Apache-2.0 */
#include "model/finding.h"

#include <string.h>

#include "base/json.h"
#include "model/check.h"

static Tree *parse(const char *text)
{
    return tree_parse_yaml("spec.yaml", text, strlen(text));
}

static void test_list(void)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(GPtrArray) more = findings_new();

    g_assert_false(findings_have(findings, FINDING_ERROR));
    findings_add(findings, FINDING_WARNING, "slow", "slice a", "%d cores", 2);
    g_assert_false(findings_have(findings, FINDING_ERROR));
    g_assert_true(findings_have(findings, FINDING_WARNING));
    findings_add(more, FINDING_ERROR, "bad", NULL, "it is");
    findings_move(findings, more);
    findings_move(findings, more);
    g_assert_cmpuint(more->len, ==, 0);
    g_assert_cmpuint(findings->len, ==, 2);
    g_assert_true(findings_have(findings, FINDING_ERROR));

    const Finding *first = g_ptr_array_index(findings, 0);
    const Finding *second = g_ptr_array_index(findings, 1);

    g_assert_cmpstr(first->text, ==, "2 cores");
    g_assert_cmpstr(first->subject, ==, "slice a");
    g_assert_cmpstr(second->code, ==, "bad");
    g_assert_null(second->subject);
    g_assert_cmpstr(finding_severity_name(FINDING_INFO), ==, "info");
}

static void test_place(void)
{
    g_autoptr(Tree) tree = parse("a: 1\n\xc3\xa9:\t2\n");
    g_autoptr(GPtrArray) findings = findings_new();
    Finding *finding = findings_add(findings, FINDING_ERROR, "x", NULL, "text");

    finding_set_place(finding, tree, 2, 4);
    g_assert_cmpstr(finding->file, ==, "spec.yaml");
    g_assert_cmpuint(finding->line, ==, 2);
    g_assert_cmpuint(finding->column, ==, 4);
    g_assert_cmpstr(finding->excerpt, ==, "\xc3\xa9: 2");
    finding_set_place(finding, tree, 0, 0);
    g_assert_null(finding->excerpt);
    g_assert_cmpuint(finding->line, ==, 0);
}

/* The excerpt keeps the columns, is bounded, and shows no password hash. */
static void test_excerpt(void)
{
    static const struct {
        const char *line, *excerpt;
    } rows[] = {
        {"login: {password_hash: \"$6$salt$abc./DEF\", user: x}",
         "login: {password_hash: \"****************\", user: x}"},
        {"h: $y$j9T$abc$def", "h: **************"},
        {"price: $5 and $x", "price: $5 and $x"},
        {"a: b # $2b$12$xx, $6$yy", "a: b # ********* ******"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Tree) tree = parse(rows[i].line);
        g_autoptr(GPtrArray) findings = findings_new();
        Finding *finding = findings_add(findings, FINDING_ERROR, "x", NULL, "text");

        finding_set_place(finding, tree, 1, 1);
        g_assert_cmpuint(strlen(finding->excerpt), ==, strlen(rows[i].line));
        if (i < 3)
            g_assert_cmpstr(finding->excerpt, ==, rows[i].excerpt);
        g_assert_null(strstr(finding->excerpt, "$6$"));
    }

    g_autofree char *line = g_strnfill(5000, 'x');
    g_autoptr(Tree) tree = parse(line);
    g_autoptr(GPtrArray) findings = findings_new();
    Finding *finding = findings_add(findings, FINDING_ERROR, "x", NULL, "text");

    finding_set_place(finding, tree, 1, 10);
    g_assert_cmpuint(strlen(finding->excerpt), ==, 200);
    finding_set_place(finding, tree, 1, 4000);
    g_assert_null(finding->excerpt);
}

static void test_tree_problems(void)
{
    g_autoptr(Tree) tree = parse("a: 1\na: 2\n");
    g_autoptr(GPtrArray) findings = findings_new();

    findings_add_tree_problems(findings, tree);
    g_assert_cmpuint(findings->len, ==, 1);

    const Finding *finding = g_ptr_array_index(findings, 0);

    g_assert_cmpstr(finding->code, ==, "syntax");
    g_assert_cmpint(finding->severity, ==, FINDING_ERROR);
    g_assert_cmpuint(finding->line, ==, 2);
    g_assert_cmpstr(finding->excerpt, ==, "a: 2");
    g_assert_cmpstr(finding->hint, ==, "keep one of the two");
}

static void test_json(void)
{
    g_autoptr(GPtrArray) findings = findings_new();
    Finding *finding = findings_add(findings, FINDING_WARNING, "nic", "slice \xff", "far away");

    finding_set_path(finding, "/sys/x");
    finding_set_hint(finding, "move it %d", 1);
    findings_add(findings, FINDING_INFO, "plain", NULL, "text");

    json_t *json = findings_to_json(findings);
    g_autofree char *text = json_write_text(json);

    g_assert_cmpstr(text, ==,
                    "[\n  {\n    \"severity\": \"warning\",\n    \"code\": \"nic\",\n"
                    "    \"subject\": \"slice \xef\xbf\xbd\",\n    \"text\": \"far away\",\n"
                    "    \"hint\": \"move it 1\",\n    \"path\": \"/sys/x\"\n  },\n"
                    "  {\n    \"severity\": \"info\",\n    \"code\": \"plain\",\n"
                    "    \"text\": \"text\"\n  }\n]\n");
    json_decref(json);
}

static void test_checks(void)
{
    g_autoptr(GPtrArray) checks = checks_new();
    Check *check = checks_add(checks, CHECK_FAIL, "vcpu-pin", "a", "vCPU %d", 3);

    check_set_evidence(check, "/proc/%d", 1);
    checks_add(checks, CHECK_SKIP, "disk", NULL, "none");
    g_assert_cmpstr(check_verdict_name(check->verdict), ==, "FAIL");

    json_t *json = checks_to_json(checks);
    g_autofree char *text = json_write_text(json);

    g_assert_cmpstr(text, ==,
                    "[\n  {\n    \"verdict\": \"fail\",\n    \"id\": \"vcpu-pin\",\n"
                    "    \"subject\": \"a\",\n    \"text\": \"vCPU 3\",\n"
                    "    \"evidence\": \"/proc/1\"\n  },\n"
                    "  {\n    \"verdict\": \"skip\",\n    \"id\": \"disk\",\n"
                    "    \"text\": \"none\"\n  }\n]\n");
    json_decref(json);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/finding/list", test_list);
    g_test_add_func("/finding/place", test_place);
    g_test_add_func("/finding/excerpt", test_excerpt);
    g_test_add_func("/finding/tree-problems", test_tree_problems);
    g_test_add_func("/finding/json", test_json);
    g_test_add_func("/finding/checks", test_checks);
    return g_test_run();
}
