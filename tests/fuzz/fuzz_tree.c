/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target for the two readers of base/tree.h. An input must neither crash nor hang, and
 * what comes out must keep the promises of the header.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

static void check_node(const Tree *tree, const TreeNode *node, guint depth)
{
    require(node != NULL && depth <= 65);
    require(node->line <= tree->lines->len);
    if (node->kind == TREE_SCALAR) {
        require(node->text && g_utf8_validate(node->text, -1, NULL));
        return;
    }
    for (guint i = 0; i < node->items->len; i++) {
        const TreeNode *child;

        if (node->kind == TREE_MAP) {
            const TreeEntry *entry = g_ptr_array_index(node->items, i);

            require(g_utf8_validate(entry->key, -1, NULL));
            /* looking up every key of a huge map is quadratic */
            require(i > 100 || tree_find(node, entry->key) == entry);
            child = entry->value;
        } else {
            child = g_ptr_array_index(node->items, i);
        }
        check_node(tree, child, depth + 1);
    }
}

static void check_tree(Tree *tree)
{
    require(tree->root || tree->problems->len > 0);
    require(g_utf8_validate(tree->source, -1, NULL));
    for (guint i = 0; i < tree->problems->len; i++) {
        const TreeProblem *problem = g_ptr_array_index(tree->problems, i);
        g_autofree char *line = tree_source_line(tree, problem->line);

        require(problem->text && g_utf8_validate(problem->text, -1, NULL));
        require(problem->line == 0 || line != NULL);
        require(!line || problem->column <= (guint)g_utf8_strlen(line, -1) + 2);
    }
    if (tree->root)
        check_node(tree, tree->root, 1);
    tree_free(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_tree(tree_parse_yaml("input.yaml", (const char *)data, size));
    check_tree(tree_parse_json("input.json", (const char *)data, size));
    return 0;
}
