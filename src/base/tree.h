/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tree: one parsed YAML or JSON document as plain nodes with positions. Readers of the models
 * (model/record.h) walk it; they never see the parser's own types. YAML is read by libfyaml, JSON
 * by jansson. It must not know any model, and must not print.
 *
 * Documents come from users and from other machines: depth, node count and aliases are limited, and
 * every flaw is a TreeProblem with its position, all of them at once where the parser can go on.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum {
    TREE_SCALAR,
    TREE_LIST,
    TREE_MAP,
} TreeKind;

typedef struct TreeNode TreeNode;

typedef struct {
    char *key;
    guint line, column; /* of the key, from 1; 0: unknown (JSON) */
    TreeNode *value;    /* never NULL */
} TreeEntry;

struct TreeNode {
    TreeKind kind;
    guint line, column; /* from 1, in characters; 0: unknown (JSON) */
    bool quoted;        /* TREE_SCALAR: 'x', "x" or a block scalar, or a JSON string */
    char *text;         /* TREE_SCALAR: its text, valid UTF-8; "" when empty */
    GPtrArray *items;   /* TREE_LIST: TreeNode *; TREE_MAP: TreeEntry *, in document order */
};

typedef struct {
    guint line, column; /* from 1; 0: the document as a whole */
    char *text;         /* what is wrong, without position and without a full stop */
    char *hint;         /* the mend, or NULL */
} TreeProblem;

typedef struct {
    char *name;          /* for messages: a file name */
    char *source;        /* the text, to show the line of a finding; always valid UTF-8 */
    TreeNode *root;      /* NULL, with a problem, when the document is empty or cannot be read */
    GPtrArray *problems; /* TreeProblem *; empty when all is well */
    GArray *lines;       /* gsize: where in source each line starts; for tree_source_line() */
} Tree;

/* Never fail: what is wrong stands in problems. @text need not end in NUL. */
Tree *tree_parse_yaml(const char *name, const char *text, gsize length);
Tree *tree_parse_json(const char *name, const char *text, gsize length);

void tree_free(Tree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tree, tree_free)

/* An unquoted scalar that is empty, "~" or "null" (as written by JSON too). */
bool tree_is_null(const TreeNode *node);

/* The entry or value of @key in a map; NULL when @node is NULL, no map, or has no such key. */
const TreeEntry *tree_find(const TreeNode *node, const char *key);
const TreeNode *tree_get(const TreeNode *node, const char *key);

/* Line @line (from 1) of the source without its end, or NULL. Caller frees. */
char *tree_source_line(const Tree *tree, guint line);
