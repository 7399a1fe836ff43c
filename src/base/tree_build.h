/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of tree.h, one for YAML and one for JSON, share. Nobody else includes it. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/tree.h"

/* Far above what people write, far below what hurts: libfyaml itself promises a depth of 64. */
#define TREE_MAX_DEPTH 64
#define TREE_MAX_NODES 1000000
#define TREE_MAX_BYTES ((gsize)64 << 20)

/* A tree without root; looks at the text as a whole: its size and its encoding. When problems are
 * not empty afterwards, the text must not reach a parser. A byte order mark is left out of source.
 */
Tree *tree_new(const char *name, const char *text, gsize length);

TreeNode *tree_node_new(TreeKind kind, guint line, guint column);
void tree_node_free(TreeNode *node); /* NULL-safe, with all below it */
void tree_entry_free(TreeEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TreeNode, tree_node_free)

/* @hint may be NULL. */
void tree_add_problem(Tree *tree, guint line, guint column, const char *hint, const char *format,
                      ...) G_GNUC_PRINTF(5, 6);

/* The place of byte @offset of source. Cheap when the offsets asked for lie near each other. */
typedef struct {
    gsize offset;
    guint line, column; /* of offset; line 0: not used yet */
} TreeCursor;

void tree_locate(const Tree *tree, TreeCursor *cursor, gsize offset);
