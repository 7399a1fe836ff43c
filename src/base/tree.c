/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tree.h"

#include <string.h>

#include "base/tree_build.h"

/* A document with more flaws than this is not the document that was meant. */
#define MAX_PROBLEMS 100

static void tree_problem_free(TreeProblem *problem)
{
    g_free(problem->text);
    g_free(problem->hint);
    g_free(problem);
}

void tree_add_problem(Tree *tree, guint line, guint column, const char *hint, const char *format,
                      ...)
{
    if (tree->problems->len > MAX_PROBLEMS)
        return;

    TreeProblem *problem = g_new0(TreeProblem, 1);

    problem->line = line;
    problem->column = column;
    if (tree->problems->len == MAX_PROBLEMS) {
        problem->text = g_strdup("there are more problems than are shown");
    } else {
        va_list arguments;

        va_start(arguments, format);
        problem->text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        problem->hint = g_strdup(hint);
    }
    g_ptr_array_add(tree->problems, problem);
}

TreeNode *tree_node_new(TreeKind kind, guint line, guint column)
{
    TreeNode *node = g_new0(TreeNode, 1);

    node->kind = kind;
    node->line = line;
    node->column = column;
    if (kind == TREE_LIST)
        node->items = g_ptr_array_new_with_free_func((GDestroyNotify)tree_node_free);
    else if (kind == TREE_MAP)
        node->items = g_ptr_array_new_with_free_func((GDestroyNotify)tree_entry_free);
    return node;
}

void tree_node_free(TreeNode *node)
{
    if (!node)
        return;
    g_free(node->text);
    if (node->items)
        g_ptr_array_unref(node->items);
    g_free(node);
}

void tree_entry_free(TreeEntry *entry)
{
    if (!entry)
        return;
    g_free(entry->key);
    tree_node_free(entry->value);
    g_free(entry);
}

/* Lines end in LF, CR LF or CR, as in YAML 1.2. */
static void index_lines(Tree *tree)
{
    const char *source = tree->source;
    gsize start = 0;

    g_array_append_val(tree->lines, start);
    for (gsize i = 0; source[i] != '\0'; i++) {
        if (source[i] == '\n' || (source[i] == '\r' && source[i + 1] != '\n')) {
            start = i + 1;
            g_array_append_val(tree->lines, start);
        }
    }
}

static guint find_line(const Tree *tree, gsize offset)
{
    guint low = 0, high = tree->lines->len;

    while (high - low > 1) {
        guint middle = low + (high - low) / 2;

        if (g_array_index(tree->lines, gsize, middle) <= offset)
            low = middle;
        else
            high = middle;
    }
    return low + 1;
}

void tree_locate(const Tree *tree, TreeCursor *cursor, gsize offset)
{
    guint line = find_line(tree, offset);

    if (line != cursor->line) {
        cursor->line = line;
        cursor->column = 1;
        cursor->offset = g_array_index(tree->lines, gsize, line - 1);
    }

    const char *source = tree->source;

    while (cursor->offset < offset && source[cursor->offset] != '\0') {
        cursor->offset = (gsize)(g_utf8_next_char(source + cursor->offset) - source);
        cursor->column++;
    }
    while (cursor->offset > offset) {
        cursor->offset = (gsize)(g_utf8_prev_char(source + cursor->offset) - source);
        cursor->column--;
    }
}

/* What YAML and JSON forbid in a text, and the line ends that editors and parsers count
 * differently. */
static bool is_forbidden(gunichar c)
{
    if (c < ' ')
        return c != '\t' && c != '\n' && c != '\r';
    return (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff ||
           (c & 0xfffe) == 0xfffe;
}

static void check_characters(Tree *tree)
{
    for (const char *p = tree->source; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        TreeCursor cursor = {0};

        if (!is_forbidden(c))
            continue;
        tree_locate(tree, &cursor, (gsize)(p - tree->source));
        tree_add_problem(tree, cursor.line, cursor.column, "delete the character",
                         "the character U+%04X may not stand in a document", c);
        return;
    }
}

static void check_encoding(Tree *tree, const char *text, gsize length)
{
    const char *bad;

    if (g_utf8_validate_len(text, length, &bad))
        return;

    /* make_valid() keeps what stands before the first bad byte, so that the offset holds. */
    TreeCursor cursor = {0};
    const char *hint = *bad == '\0' ? "this looks like a binary file, or UTF-16: save it as UTF-8"
                                    : "save the file as UTF-8";

    tree_locate(tree, &cursor, (gsize)(bad - text));
    tree_add_problem(tree, cursor.line, cursor.column, hint,
                     "the byte 0x%02x is not UTF-8 text here", (guchar)*bad);
}

Tree *tree_new(const char *name, const char *text, gsize length)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    Tree *tree = g_new0(Tree, 1);

    tree->name = g_strdup(name);
    tree->problems = g_ptr_array_new_with_free_func((GDestroyNotify)tree_problem_free);
    tree->lines = g_array_new(FALSE, FALSE, sizeof(gsize));
    if (length > TREE_MAX_BYTES) {
        tree->source = g_strdup("");
        index_lines(tree);
        tree_add_problem(tree, 0, 0, NULL, "the document is larger than %u MiB",
                         (guint)(TREE_MAX_BYTES >> 20));
        return tree;
    }
    if (length >= 3 && memcmp(text, byte_order_mark, 3) == 0) {
        text += 3;
        length -= 3;
    }
    tree->source = g_utf8_make_valid(length > 0 ? text : "", (gssize)length);
    index_lines(tree);
    check_encoding(tree, text, length);
    if (tree->problems->len == 0)
        check_characters(tree);
    return tree;
}

void tree_free(Tree *tree)
{
    if (!tree)
        return;
    g_free(tree->name);
    g_free(tree->source);
    tree_node_free(tree->root);
    g_ptr_array_unref(tree->problems);
    g_array_unref(tree->lines);
    g_free(tree);
}

bool tree_is_null(const TreeNode *node)
{
    if (node->kind != TREE_SCALAR || node->quoted)
        return false;
    return *node->text == '\0' || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0;
}

const TreeEntry *tree_find(const TreeNode *node, const char *key)
{
    if (!node || node->kind != TREE_MAP)
        return NULL;
    for (guint i = 0; i < node->items->len; i++) {
        const TreeEntry *entry = g_ptr_array_index(node->items, i);

        if (strcmp(entry->key, key) == 0)
            return entry;
    }
    return NULL;
}

const TreeNode *tree_get(const TreeNode *node, const char *key)
{
    const TreeEntry *entry = tree_find(node, key);

    return entry ? entry->value : NULL;
}

char *tree_source_line(const Tree *tree, guint line)
{
    if (line == 0 || line > tree->lines->len)
        return NULL;

    const char *start = tree->source + g_array_index(tree->lines, gsize, line - 1);

    return g_strndup(start, strcspn(start, "\r\n"));
}
