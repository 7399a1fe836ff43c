/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of documents: texts and files into trees, findings into text. */
#pragma once

#include <glib.h>
#include <string.h>

#include "base/tree.h"
#include "model/finding.h"

static inline char *source_path(const char *path)
{
    const char *root = g_getenv("BMSLICE_SOURCE");

    return g_build_filename(root ? root : ".", path, NULL);
}

/* @path is from the root of the source; JSON by its suffix, else YAML. */
static inline Tree *load_tree(const char *path)
{
    g_autofree char *full = source_path(path);
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    gsize length;

    g_file_get_contents(full, &text, &length, &error);
    g_assert_no_error(error);
    return g_str_has_suffix(path, ".json") ? tree_parse_json(name, text, length)
                                           : tree_parse_yaml(name, text, length);
}

static inline Tree *yaml(const char *text)
{
    return tree_parse_yaml("spec.yaml", text, strlen(text));
}

/* "file:line:column: severity: subject: text [code]", and the hint on a line of its own. */
static inline char *findings_text(const GPtrArray *findings)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);

        g_string_append_printf(text, "%s:%u:%u: %s: %s%s%s [%s]\n",
                               finding->file ? finding->file : "", finding->line, finding->column,
                               finding_severity_name(finding->severity),
                               finding->subject ? finding->subject : "",
                               finding->subject ? ": " : "", finding->text, finding->code);
        if (finding->hint)
            g_string_append_printf(text, "  %s\n", finding->hint);
    }
    return g_string_free(text, FALSE);
}

static inline const Finding *find_code(const GPtrArray *findings, const char *code)
{
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);

        if (strcmp(finding->code, code) == 0)
            return finding;
    }
    return NULL;
}

static inline void assert_no_findings(const GPtrArray *findings)
{
    g_autofree char *text = findings_text(findings);

    g_assert_cmpstr(text, ==, "");
}

/* The file is @text; with BMSLICE_UPDATE=1 it is written instead. */
static inline void assert_golden(const char *path, const char *text)
{
    g_autofree char *wanted = NULL;
    g_autoptr(GError) error = NULL;

    if (g_strcmp0(g_getenv("BMSLICE_UPDATE"), "1") == 0) {
        g_file_set_contents(path, text, -1, &error);
        g_assert_no_error(error);
        return;
    }
    g_file_get_contents(path, &wanted, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, wanted);
}
