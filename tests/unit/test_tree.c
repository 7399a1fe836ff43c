/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tree.h"

#include <string.h>

/* A tree as one line: {a: 'x', b: [1, ~]}; quoted scalars in single quotes. */
static void append_node(GString *text, const TreeNode *node)
{
    if (node->kind == TREE_SCALAR) {
        g_string_append_printf(text, node->quoted ? "'%s'" : "%s", node->text);
        return;
    }
    g_string_append_c(text, node->kind == TREE_MAP ? '{' : '[');
    for (guint i = 0; i < node->items->len; i++) {
        if (i > 0)
            g_string_append(text, ", ");
        if (node->kind == TREE_MAP) {
            const TreeEntry *entry = g_ptr_array_index(node->items, i);

            g_string_append_printf(text, "%s: ", entry->key);
            append_node(text, entry->value);
        } else {
            append_node(text, g_ptr_array_index(node->items, i));
        }
    }
    g_string_append_c(text, node->kind == TREE_MAP ? '}' : ']');
}

static char *tree_text(const Tree *tree)
{
    GString *text = g_string_new(NULL);

    if (tree->root)
        append_node(text, tree->root);
    else
        g_string_append(text, "nothing");
    return g_string_free(text, FALSE);
}

/* "2:1 what is wrong | 3:4 ..." */
static char *problems_text(const Tree *tree)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < tree->problems->len; i++) {
        const TreeProblem *problem = g_ptr_array_index(tree->problems, i);

        g_string_append_printf(text, "%s%u:%u %s", i > 0 ? " | " : "", problem->line,
                               problem->column, problem->text);
    }
    return g_string_free(text, FALSE);
}

static Tree *parse_yaml(const char *text)
{
    return tree_parse_yaml("t.yaml", text, strlen(text));
}

static Tree *parse_json(const char *text)
{
    return tree_parse_json("t.json", text, strlen(text));
}

static void test_yaml(void)
{
    static const struct {
        const char *text, *tree;
    } rows[] = {
        {"a: 1\nb: [x, 'y', \"z\"]\n", "{a: 1, b: [x, 'y', 'z']}"},
        {"a: {b: c, d: {}}\ne: []", "{a: {b: c, d: {}}, e: []}"},
        {"- a: 1\n  b: 2\n-\n- ~\n", "[{a: 1, b: 2}, , ~]"},
        {"a: 'it''s ''x'''", "{a: 'it's 'x''}"},
        {"a: |\n  x\n  y\nb: >\n  x\n  y\n", "{a: 'x\ny\n', b: 'x y\n'}"},
        {"pf: 0000:01:00.1 # a comment", "{pf: 0000:01:00.1}"},
        {"%YAML 1.2\n---\na: b\n...\n", "{a: b}"},
        {"\xef\xbb\xbf"
         "a: b",
         "{a: b}"},
        {"a: b\r\nc: d\r\n", "{a: b, c: d}"},
        {"{\"a\": [1, true, null]}", "{a: [1, true, null]}"},
        {"\xc3\xa9: \xe2\x82\xac", "{\xc3\xa9: \xe2\x82\xac}"},
        {"word", "word"},
        {"? a\n: b", "{a: b}"},
        {"a:\tb\nc: \td\n", "{a: b, c: d}"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Tree) tree = parse_yaml(rows[i].text);
        g_autofree char *text = tree_text(tree);
        g_autofree char *problems = problems_text(tree);

        g_assert_cmpstr(problems, ==, "");
        g_assert_cmpstr(text, ==, rows[i].tree);
    }
}

static void test_yaml_problems(void)
{
    static const struct {
        const char *text, *problems;
    } rows[] = {
        {"", "0:0 the document is empty"},
        {"# nothing\n", "0:0 the document is empty"},
        {"---\n", NULL}, /* an empty value is a value */
        {"a: 1\nb: 2\na: 3\n", "3:1 the key 'a' stands twice in this map, first on line 1"},
        {"x: {\xc3\xa9: 1, \"\xc3\xa9\": 2}",
         "1:11 the key '\xc3\xa9' stands twice in this map, first on line 1"},
        {"a: &x 1\nb: *x\n", "1:4 anchors (&name) are not read | 2:4 aliases (*name) are not read"},
        {"a: !!int 1\n", "1:4 tags (!name) are not read"},
        {"<<: {a: 1}\n", "1:1 merge keys (<<) are not read"},
        {"? [a, b]\n: c\n", "1:3 a list may not be a key"},
        {"? {a: b}\n: c\n", "1:3 a map may not be a key"},
        {"a: 1\n---\nb: 1\n", "2:1 a second document begins here, and only one is read"},
        {"a: \xff\n", "1:4 the byte 0xff is not UTF-8 text here"},
        {"a: b\nc: \x01\n", "2:4 the character U+0001 may not stand in a document"},
        {"a: \xe2\x80\xa8\n", "1:4 the character U+2028 may not stand in a document"},
        {"a: \"\\0\"\n", "1:4 this text holds an escape that is no character"},
        {"a:\n\t- b\n", "2:1 tab character may not be used as indentation"},
        {"a: 'it''s'\nb: 'x''''y'\n", "2:4 this quoted text cannot be read reliably"},
        {"a: ''''''''''''''''''''\n", "1:4 this quoted text cannot be read reliably"},
        /* the first would crash libfyaml 0.7.12 */
        {"? a:\t:", "1:5 a tab may not stand between ':' and ':'"},
        {"b: 1\na: \t - x\n", "2:4 a tab may not stand between ':' and '-'"},
        {"a: \"x\n", "1:5 double-quoted scalar without closing quote"},
        {"a: [1\nb: 2", "2:5 flow sequence without a closing bracket"},
        {"a: @b\n", "1:4 plain scalar cannot start with '@'"},
        {"a:\n  - b\n c: d\n", "3:2 invalid indentation in mapping"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Tree) tree = parse_yaml(rows[i].text);
        g_autofree char *problems = problems_text(tree);

        g_test_message("row %u", i);
        g_assert_cmpstr(problems, ==, rows[i].problems ? rows[i].problems : "");
    }
}

/* NUL ends a C string, not a file. */
static void test_nul(void)
{
    static const char text[] = "a: b\0c";
    g_autoptr(Tree) yaml = tree_parse_yaml("t", text, sizeof(text) - 1);
    g_autoptr(Tree) json = tree_parse_json("t", text, sizeof(text) - 1);
    g_autoptr(Tree) nothing = tree_parse_yaml("t", NULL, 0);
    g_autofree char *yaml_problems = problems_text(yaml);
    g_autofree char *json_problems = problems_text(json);

    g_assert_cmpstr(yaml_problems, ==, "1:5 the byte 0x00 is not UTF-8 text here");
    g_assert_cmpstr(json_problems, ==, yaml_problems);
    g_assert_null(yaml->root);
    g_assert_null(json->root);
    g_assert_null(nothing->root);
    g_assert_cmpuint(nothing->problems->len, ==, 1);
}

static void test_positions(void)
{
    g_autoptr(Tree) tree =
        parse_yaml("a: 1\n\xc3\xa9\xc3\xa9: {b: [x, \xc3\xa9, y]}\nc:\nd:\n  - e: f\n");
    const TreeNode *list = tree_get(tree_get(tree->root, "\xc3\xa9\xc3\xa9"), "b");
    const TreeNode *y = g_ptr_array_index(list->items, 2);
    const TreeEntry *c = tree_find(tree->root, "c");
    const TreeNode *map = g_ptr_array_index(tree_get(tree->root, "d")->items, 0);

    g_assert_cmpuint(list->line, ==, 2);
    g_assert_cmpuint(list->column, ==, 9);
    g_assert_cmpuint(y->line, ==, 2);
    g_assert_cmpuint(y->column, ==, 16);
    g_assert_cmpuint(c->line, ==, 3);
    g_assert_cmpuint(c->column, ==, 1);
    g_assert_true(tree_is_null(c->value));
    g_assert_cmpuint(c->value->line, ==, 3);
    g_assert_cmpuint(map->line, ==, 5);
    g_assert_cmpuint(map->column, ==, 5);

    g_autofree char *line = tree_source_line(tree, 5);
    g_autofree char *first = tree_source_line(tree, 1);

    g_assert_cmpstr(line, ==, "  - e: f");
    g_assert_cmpstr(first, ==, "a: 1");
    g_assert_null(tree_source_line(tree, 0));
    g_assert_null(tree_source_line(tree, 99));
}

static void test_null(void)
{
    static const struct {
        const char *text;
        bool null;
    } rows[] = {
        {"a: ", true},     {"a: ~", true},    {"a: null", true}, {"a: ''", false},
        {"a: '~'", false}, {"a: nul", false}, {"a: []", false},  {"a: {}", false},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Tree) tree = parse_yaml(rows[i].text);

        g_assert_true(tree_is_null(tree_get(tree->root, "a")) == rows[i].null);
    }
    g_assert_null(tree_find(NULL, "a"));
    tree_free(NULL);
}

static void test_json(void)
{
    static const struct {
        const char *text, *tree, *problems;
    } rows[] = {
        {"{\"b\": 1, \"a\": [true, null, \"x\", -3]}", "{b: 1, a: [true, null, 'x', -3]}", ""},
        {"  7\n", "7", ""},
        {"1.50", "1.5", ""},
        {"", "nothing", "0:0 the document is empty"},
        {"{\"a\": 1,\n \"a\": 2}", "nothing",
         "2:4 this is not JSON: duplicate object key near '\"a\"'"},
        {"{\"a\": 1,\n \"b\" 2}", "nothing", "2:6 this is not JSON: ':' expected near '2'"},
        {"{} x", "nothing", "1:4 this is not JSON: end of file expected near 'x'"},
        {"\"\\u0000\"", "nothing",
         "1:8 this is not JSON: \\u0000 is not allowed without JSON_ALLOW_NUL near '\"\\u0000\"'"},
        {"99999999999999999999", "nothing",
         "1:20 this is not JSON: too big integer near '99999999999999999999'"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Tree) tree = parse_json(rows[i].text);
        g_autofree char *text = tree_text(tree);
        g_autofree char *problems = problems_text(tree);

        g_assert_cmpstr(problems, ==, rows[i].problems);
        g_assert_cmpstr(text, ==, rows[i].tree);
    }
}

static char *repeat(const char *left, guint n, const char *right)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < n; i++)
        g_string_append(text, left);
    for (guint i = 0; i < n; i++)
        g_string_append(text, right);
    return g_string_free(text, FALSE);
}

static void test_limits(void)
{
    static const guint depths[] = {65, 1000, 100000};

    for (guint i = 0; i < G_N_ELEMENTS(depths); i++) {
        g_autofree char *text = repeat("[", depths[i], "]");
        g_autoptr(Tree) yaml = parse_yaml(text);
        g_autoptr(Tree) json = parse_json(text);

        g_assert_null(yaml->root);
        g_assert_cmpuint(yaml->problems->len, ==, 1);
        g_assert_null(json->root);
        g_assert_cmpuint(json->problems->len, ==, 1);
    }

    g_autofree char *fine = repeat("[", 60, "]");
    g_autoptr(Tree) yaml = parse_yaml(fine);
    g_autoptr(Tree) json = parse_json(fine);

    g_assert_nonnull(yaml->root);
    g_assert_nonnull(json->root);
}

static void test_problems_are_bounded(void)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < 5000; i++)
        g_string_append(text, "a: 1\n");

    g_autoptr(Tree) tree = parse_yaml(text->str);
    const TreeProblem *last = g_ptr_array_index(tree->problems, tree->problems->len - 1);

    g_assert_cmpuint(tree->problems->len, ==, 101);
    g_assert_cmpstr(last->text, ==, "there are more problems than are shown");
    g_assert_nonnull(tree->root);
    g_string_free(text, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tree/yaml", test_yaml);
    g_test_add_func("/tree/yaml-problems", test_yaml_problems);
    g_test_add_func("/tree/nul", test_nul);
    g_test_add_func("/tree/positions", test_positions);
    g_test_add_func("/tree/null", test_null);
    g_test_add_func("/tree/json", test_json);
    g_test_add_func("/tree/limits", test_limits);
    g_test_add_func("/tree/problems-are-bounded", test_problems_are_bounded);
    return g_test_run();
}
