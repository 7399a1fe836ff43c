/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of bad specs, word by word: tests/golden/spec/CASE.yaml and CASE.expected. */
#include "documents.h"
#include "model/spec.h"

#define FOLDER "tests/golden/spec"

/* Every case writes its passwords as this; none may show up anywhere. */
#define SECRET "TOPSECRET"

static void assert_no_secret(const GPtrArray *findings)
{
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);
        const char *texts[] = {finding->subject, finding->text, finding->hint, finding->excerpt};

        for (guint j = 0; j < G_N_ELEMENTS(texts); j++)
            g_assert_false(texts[j] && strstr(texts[j], SECRET));
    }
}

static void test_case(const void *data)
{
    const char *name = data;
    g_autofree char *path = g_build_filename(FOLDER, name, NULL);
    g_autofree char *full = source_path(path);
    g_autofree char *stem = g_strndup(full, strlen(full) - strlen(".yaml"));
    g_autofree char *expected = g_strconcat(stem, ".expected", NULL);
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Tree) tree = load_tree(path);
    g_autoptr(Spec) spec = spec_from_tree(tree, findings);
    g_autofree char *text = findings_text(findings);

    g_assert_cmpint(spec == NULL, ==, findings_have(findings, FINDING_ERROR));
    g_assert_cmpuint(findings->len, >, 0);
    assert_no_secret(findings);
    assert_golden(expected, text);
}

int main(int argc, char **argv)
{
    g_autofree char *folder = source_path(FOLDER);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    GDir *dir;
    const char *name;

    g_test_init(&argc, &argv, NULL);
    dir = g_dir_open(folder, 0, &error);
    g_assert_no_error(error);
    while ((name = g_dir_read_name(dir))) {
        if (g_str_has_suffix(name, ".yaml"))
            g_ptr_array_add(names, g_strdup(name));
    }
    g_dir_close(dir);
    g_assert_cmpuint(names->len, >=, 30);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_strdup_printf("/spec/golden/%s", (char *)names->pdata[i]);
        g_test_add_data_func(path, names->pdata[i], test_case);
    }
    return g_test_run();
}
