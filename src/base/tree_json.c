/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <string.h>

#include "base/text.h"
#include "base/tree.h"
#include "base/tree_build.h"

typedef struct {
    Tree *tree;
    guint depth, n_nodes;
} Builder;

/* A number, true, false or null, as JSON writes it. */
static char *scalar_text(const json_t *json)
{
    char *text = json_dumps(json, JSON_ENCODE_ANY);
    char *copy = g_strdup(text ? text : "null");

    free(text);
    return copy;
}

static TreeNode *build_node(Builder *builder, const json_t *json);

static bool build_list(Builder *builder, const json_t *json, TreeNode *list)
{
    for (gsize i = 0; i < json_array_size(json); i++) {
        TreeNode *item = build_node(builder, json_array_get(json, i));

        if (!item)
            return false;
        g_ptr_array_add(list->items, item);
    }
    return true;
}

static bool build_map(Builder *builder, json_t *json, TreeNode *map)
{
    const char *key;
    json_t *value;

    json_object_foreach(json, key, value)
    {
        TreeNode *node = build_node(builder, value);

        if (!node)
            return false;

        TreeEntry *entry = g_new0(TreeEntry, 1);

        entry->key = g_strdup(key);
        entry->value = node;
        g_ptr_array_add(map->items, entry);
    }
    return true;
}

/* NULL, with a problem, beyond the limits. */
static TreeNode *build_node(Builder *builder, const json_t *json)
{
    g_autoptr(TreeNode) node = tree_node_new(TREE_SCALAR, 0, 0);
    bool good = true;

    if (builder->depth >= TREE_MAX_DEPTH || ++builder->n_nodes > TREE_MAX_NODES) {
        tree_add_problem(builder->tree, 0, 0, NULL,
                         "the document is nested too deeply or too large");
        return NULL;
    }
    builder->depth++;
    if (json_is_array(json)) {
        tree_node_free(node);
        node = tree_node_new(TREE_LIST, 0, 0);
        good = build_list(builder, json, node);
    } else if (json_is_object(json)) {
        tree_node_free(node);
        node = tree_node_new(TREE_MAP, 0, 0);
        good = build_map(builder, (json_t *)json, node);
    } else if (json_is_string(json)) {
        node->quoted = true;
        node->text = g_strdup(json_string_value(json));
    } else {
        node->text = scalar_text(json);
    }
    builder->depth--;
    return good ? g_steal_pointer(&node) : NULL;
}

static void add_syntax_problem(Tree *tree, const json_error_t *error)
{
    g_autofree char *text = text_quote(error->text, 160);
    TreeCursor cursor = {0};
    const char *hint = NULL;

    if (json_error_code(error) == json_error_duplicate_key)
        hint = "each key stands once in an object";
    /* The position is behind the last byte of the token; jansson's lines end in LF alone. */
    tree_locate(tree, &cursor, error->position > 0 ? (gsize)error->position - 1 : 0);
    tree_add_problem(tree, cursor.line, cursor.column, hint, "this is not JSON: %s", text);
}

Tree *tree_parse_json(const char *name, const char *text, gsize length)
{
    g_autoptr(Tree) tree = tree_new(name, text, length);
    Builder builder = {.tree = tree};
    json_error_t error;

    if (tree->problems->len > 0)
        return g_steal_pointer(&tree);
    if (tree->source[strspn(tree->source, " \t\r\n")] == '\0') {
        tree_add_problem(tree, 0, 0, NULL, "the document is empty");
        return g_steal_pointer(&tree);
    }

    json_t *json = json_loads(tree->source, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

    if (json)
        tree->root = build_node(&builder, json);
    else
        add_syntax_problem(tree, &error);
    json_decref(json);
    return g_steal_pointer(&tree);
}
