/* SPDX-License-Identifier: Apache-2.0 */
#include "model/spec_check.h"

#include "base/text.h"

/* Names listed in a hint before it grows too long to read. */
#define HINT_NAMES 8

Finding *spec_check_add(const SpecCheck *check, FindingSeverity severity, const char *code,
                        const TreeNode *node, const char *key, const char *subject,
                        const char *format, ...)
{
    const TreeEntry *entry = key ? tree_find(node, key) : NULL;
    g_autofree char *text = NULL;
    Finding *finding;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    finding = findings_add(check->findings, severity, code, subject, "%s", text);
    if (entry && entry->value->kind == TREE_SCALAR && entry->value->line > 0)
        finding_set_place(finding, check->tree, entry->value->line, entry->value->column);
    else if (entry)
        finding_set_place(finding, check->tree, entry->line, entry->column);
    else
        finding_set_place(finding, check->tree, node ? node->line : 0, node ? node->column : 0);
    return finding;
}

void spec_check_hint_names(Finding *finding, const char *word, const GPtrArray *objects)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *list = NULL;
    const char *nearest;

    for (guint i = 0; i < objects->len; i++) {
        const SpecImage *object = g_ptr_array_index(objects, i);

        if (object->name)
            g_ptr_array_add(names, object->name);
    }
    g_ptr_array_add(names, NULL);
    nearest = text_nearest(word, (const char *const *)names->pdata);
    if (nearest) {
        finding_set_hint(finding, "did you mean '%s'?", nearest);
    } else if (names->len > 1 && names->len - 1 <= HINT_NAMES) {
        list = g_strjoinv(", ", (char **)names->pdata);
        finding_set_hint(finding, "there is: %s", list);
    }
}

char *spec_check_slice_subject(const SpecSlice *slice)
{
    return slice->name ? g_strdup_printf("slice %s", slice->name) : g_strdup("slice without name");
}

void spec_check(const Spec *spec, const Tree *tree, GPtrArray *findings)
{
    const SpecCheck check = {spec, tree, findings};

    spec_check_hosts(&check);
    spec_check_names(&check);
    spec_check_slices(&check);
    spec_check_all_nics(&check);
}
