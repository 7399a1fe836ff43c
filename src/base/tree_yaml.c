/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree is built from libfyaml's events, not from its documents: so the limits hold while
 * reading, duplicate keys carry both places, and what a spec does not need (anchors, aliases, tags,
 * merge keys, complex keys, several documents) is refused one by one, with its place.
 */
#include <libfyaml.h>
#include <string.h>

#include "base/text.h"
#include "base/tree.h"
#include "base/tree_build.h"

typedef struct {
    Tree *tree;
    struct fy_parser *parser;
    TreeCursor cursor; /* the place of the last event that had one */
    guint depth, n_nodes;
    gsize length;
    bool at_end; /* build_next() met the end it was told, not a flaw */
} Builder;

/* What libfyaml says, and what to do about it. */
static const struct {
    const char *part, *hint;
} hints[] = {
    {"tab ", "indent with spaces, not with tabs"},
    {"invalid nested block mapping", "quote a text that holds \": \""},
    {"indent", "keys of one map, and items of one list, start in the same column"},
    {"multiline", "write \"key: value\"; quote a text that spans lines"},
    {"closing bracket", "close the [ with ]"},
    {"closing brace", "close the { with }"},
    {"closing quote", "close the quote"},
    {"missing document start", "the document has ended before this; look at the brackets"},
    {"plain scalar cannot start", "quote the value"},
};

static const char *find_hint(const char *message)
{
    for (guint i = 0; i < G_N_ELEMENTS(hints); i++) {
        if (strstr(message, hints[i].part))
            return hints[i].hint;
    }
    return NULL;
}

static void locate(Builder *builder, struct fy_token *token)
{
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;

    if (mark && mark->input_pos <= builder->length)
        tree_locate(builder->tree, &builder->cursor, mark->input_pos);
}

/* Tokens of quoted scalars, anchors and aliases start behind their mark. */
static void locate_mark(Builder *builder, struct fy_token *token, char mark)
{
    const Tree *tree = builder->tree;
    TreeCursor *cursor = &builder->cursor;

    locate(builder, token);
    if (cursor->line > 0 && cursor->offset > 0 && tree->source[cursor->offset - 1] == mark)
        tree_locate(tree, cursor, cursor->offset - 1);
}

/* The problem lies at @token. */
static void add_problem(Builder *builder, struct fy_token *token, const char *hint,
                        const char *text)
{
    locate(builder, token);
    tree_add_problem(builder->tree, builder->cursor.line, builder->cursor.column, hint, "%s", text);
}

static TreeNode *new_node(Builder *builder, TreeKind kind, struct fy_event *event)
{
    locate(builder, fy_event_get_token(event));
    return tree_node_new(kind, builder->cursor.line, builder->cursor.column);
}

static bool spans_lines(struct fy_token *token)
{
    const struct fy_mark *start = fy_token_start_mark(token);
    const struct fy_mark *end = fy_token_end_mark(token);

    return start && end && start->line != end->line;
}

/* Whether @token was read as it stands in the source. libfyaml 0.7.12 misreads single-quoted texts
 * with two quotes in a row ('x''''y'): it shows in a length other than the scanner counted, to
 * which fy_token_get_text() would cut the text without a word, but not always when they span lines.
 */
static bool read_scalar(struct fy_token *token, GString *text)
{
    struct fy_token_iter *iterator = fy_token_iter_create(token);
    const struct fy_iter_chunk *chunk = NULL;
    int error = 0;

    while ((chunk = fy_token_iter_chunk_next(iterator, chunk, &error)))
        g_string_append_len(text, chunk->str, (gssize)chunk->len);
    fy_token_iter_destroy(iterator);
    if (fy_token_scalar_style(token) == FYSS_SINGLE_QUOTED && spans_lines(token) &&
        strchr(text->str, '\''))
        return false;
    return error == 0 && text->len == fy_token_get_text_length(token);
}

/* Never NULL. An empty value has no token; it takes the place of what stands before it. */
static TreeNode *build_scalar(Builder *builder, struct fy_token *token)
{
    enum fy_scalar_style style = token ? fy_token_scalar_style(token) : FYSS_PLAIN;

    if (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED)
        locate_mark(builder, token, style == FYSS_SINGLE_QUOTED ? '\'' : '"');
    else
        locate(builder, token);

    TreeNode *node = tree_node_new(TREE_SCALAR, builder->cursor.line, builder->cursor.column);

    node->quoted = style != FYSS_PLAIN && style != FYSS_ANY;

    GString *text = g_string_new(NULL);

    if (token && !read_scalar(token, text))
        tree_add_problem(builder->tree, node->line, node->column, "use double quotes",
                         "this quoted text cannot be read reliably");
    /* "\0" and "\ud800" get past the check of the source. */
    else if (!g_utf8_validate_len(text->str, text->len, NULL))
        tree_add_problem(builder->tree, node->line, node->column, "delete the escape",
                         "this text holds an escape that is no character");
    node->text = g_utf8_make_valid(text->str, (gssize)text->len);
    g_string_free(text, TRUE);
    return node;
}

static void refuse(Builder *builder, struct fy_token *token, char mark, const char *hint,
                   const char *text)
{
    if (!token)
        return;
    locate_mark(builder, token, mark);
    tree_add_problem(builder->tree, builder->cursor.line, builder->cursor.column, hint, "%s", text);
}

static void refuse_extras(Builder *builder, struct fy_event *event)
{
    if (event->type == FYET_ALIAS) {
        refuse(builder, event->alias.anchor, '*', "write the value out",
               "aliases (*name) are not read");
        return;
    }
    refuse(builder, fy_event_get_anchor_token(event), '&', "write the value out where it is needed",
           "anchors (&name) are not read");
    refuse(builder, fy_event_get_tag_token(event), '!',
           "leave the tag out; quote the value to make it a text", "tags (!name) are not read");
}

static TreeNode *build_node(Builder *builder, struct fy_event *event);

/* The next event's node, or NULL when there is none: the end, or a fatal problem. */
static TreeNode *build_next(Builder *builder, enum fy_event_type end)
{
    struct fy_event *event = fy_parser_parse(builder->parser);
    TreeNode *node = NULL;

    if (event && event->type != end)
        node = build_node(builder, event);
    builder->at_end = event && event->type == end;
    fy_parser_event_free(builder->parser, event);
    return node;
}

static bool build_list(Builder *builder, TreeNode *list)
{
    TreeNode *item;

    while ((item = build_next(builder, FYET_SEQUENCE_END)))
        g_ptr_array_add(list->items, item);
    return builder->at_end;
}

/* Whether @key may be a key of a map; says why not. @seen: text -> TreeEntry of this map. */
static bool check_key(Builder *builder, const TreeNode *key, GHashTable *seen)
{
    if (key->kind != TREE_SCALAR) {
        tree_add_problem(builder->tree, key->line, key->column, "write the key as a plain word",
                         "a %s may not be a key", key->kind == TREE_MAP ? "map" : "list");
        return false;
    }
    if (!key->quoted && strcmp(key->text, "<<") == 0) {
        tree_add_problem(builder->tree, key->line, key->column, "write the keys out",
                         "merge keys (<<) are not read");
        return false;
    }

    const TreeEntry *first = g_hash_table_lookup(seen, key->text);

    if (first) {
        g_autofree char *quoted = text_quote(key->text, 60);

        tree_add_problem(builder->tree, key->line, key->column, "keep one of the two",
                         "the key '%s' stands twice in this map, first on line %u", quoted,
                         first->line);
        return false;
    }
    return true;
}

static bool build_map(Builder *builder, TreeNode *map)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (;;) {
        g_autoptr(TreeNode) key = build_next(builder, FYET_MAPPING_END);

        if (!key)
            return builder->at_end;
        /* The map of "[a: b]" starts at its colon for libfyaml. */
        if (map->items->len == 0 && key->line > 0) {
            map->line = MIN(map->line, key->line);
            map->column = map->line == key->line ? MIN(map->column, key->column) : map->column;
        }

        g_autoptr(TreeNode) value = build_next(builder, FYET_NONE);

        if (!value)
            return false;
        if (!check_key(builder, key, seen))
            continue;

        TreeEntry *entry = g_new0(TreeEntry, 1);

        entry->key = g_steal_pointer(&key->text);
        entry->line = key->line;
        entry->column = key->column;
        entry->value = g_steal_pointer(&value);
        g_ptr_array_add(map->items, entry);
        g_hash_table_insert(seen, entry->key, entry);
    }
}

static bool within_limits(Builder *builder, struct fy_event *event)
{
    if (builder->depth >= TREE_MAX_DEPTH) {
        add_problem(builder, fy_event_get_token(event), NULL, "the document is nested too deeply");
        return false;
    }
    if (++builder->n_nodes > TREE_MAX_NODES) {
        add_problem(builder, fy_event_get_token(event), NULL, "the document has too many values");
        return false;
    }
    return true;
}

/* NULL: the parser stopped, or a limit is exceeded. */
static TreeNode *build_node(Builder *builder, struct fy_event *event)
{
    g_autoptr(TreeNode) node = NULL;
    bool good = true;

    if (!within_limits(builder, event))
        return NULL;
    refuse_extras(builder, event);
    builder->depth++;
    switch (event->type) {
    case FYET_SCALAR:
        node = build_scalar(builder, event->scalar.value);
        break;
    case FYET_ALIAS:
        node = new_node(builder, TREE_SCALAR, event);
        node->text = g_strdup("");
        break;
    case FYET_SEQUENCE_START:
        node = new_node(builder, TREE_LIST, event);
        good = build_list(builder, node);
        break;
    case FYET_MAPPING_START:
        node = new_node(builder, TREE_MAP, event);
        good = build_map(builder, node);
        break;
    default:
        good = false;
        break;
    }
    builder->depth--;
    return good ? g_steal_pointer(&node) : NULL;
}

/* libfyaml counts tabs as more than one column, and a line after the last for the end. */
static void clamp_place(const Tree *tree, guint *line, guint *column)
{
    if (*line > tree->lines->len) {
        *line = tree->lines->len;
        *column = G_MAXUINT;
    }

    g_autofree char *text = tree_source_line(tree, *line);

    if (text)
        *column = MIN(*column, (guint)g_utf8_strlen(text, -1) + 1);
}

static void add_parser_problems(Tree *tree, struct fy_diag *diag)
{
    struct fy_diag_error *error;
    void *iterator = NULL;

    while ((error = fy_diag_errors_iterate(diag, &iterator))) {
        g_autofree char *text = text_quote(error->msg ? error->msg : "", 160);
        guint line = error->line > 0 ? (guint)error->line : 0;
        guint column = error->column > 0 ? (guint)error->column : 0;

        clamp_place(tree, &line, &column);
        tree_add_problem(tree, line, column, find_hint(text), "%s", text);
    }
}

/* Reads all events; leaves the root to the tree when the parser came to the end of the stream. */
static void build_document(Builder *builder, struct fy_diag *diag)
{
    g_autoptr(TreeNode) root = NULL;
    struct fy_event *event;
    bool complete = false, good = true;

    while (good && !complete && (event = fy_parser_parse(builder->parser))) {
        if (event->type == FYET_STREAM_END) {
            complete = true;
        } else if (event->type == FYET_DOCUMENT_START && root) {
            add_problem(builder, event->document_start.document_start,
                        "put each document into a file of its own",
                        "a second document begins here, and only one is read");
            good = false;
        } else if (event->type >= FYET_MAPPING_START) {
            root = build_node(builder, event);
            good = root != NULL;
        }
        fy_parser_event_free(builder->parser, event);
    }
    add_parser_problems(builder->tree, diag);
    if (complete)
        builder->tree->root = g_steal_pointer(&root);
    if (!builder->tree->root && builder->tree->problems->len == 0)
        tree_add_problem(builder->tree, 0, 0, NULL,
                         complete ? "the document is empty" : "the document cannot be read");
}

/* Errors are collected; libfyaml writes to stderr otherwise. */
static struct fy_diag *new_quiet_diag(void)
{
    struct fy_diag_cfg config;

    fy_diag_cfg_default(&config);
    config.fp = NULL;
    config.level = FYET_ERROR;

    struct fy_diag *diag = fy_diag_create(&config);

    fy_diag_set_collect_errors(diag, true);
    return diag;
}

/* libfyaml 0.7.12 frees memory twice when it refuses a tab between ':' and another indicator inside
 * a complex key ("? a:<tab>:", fy_fetch_value() in fy-parse.c), and may then crash: such a tab must
 * not reach it. */
static void check_tabs(Tree *tree)
{
    for (const char *colon = strchr(tree->source, ':'); colon; colon = strchr(colon + 1, ':')) {
        gsize blanks = strspn(colon + 1, " \t");
        const char *tab = memchr(colon + 1, '\t', blanks);
        const char next = colon[1 + blanks];
        TreeCursor cursor = {0};

        if (!tab || next == '\0' || !strchr("?:|>-", next))
            continue;
        tree_locate(tree, &cursor, (gsize)(tab - tree->source));
        tree_add_problem(tree, cursor.line, cursor.column, "write a space",
                         "a tab may not stand between ':' and '%c'", next);
        return;
    }
}

Tree *tree_parse_yaml(const char *name, const char *text, gsize length)
{
    g_autoptr(Tree) tree = tree_new(name, text, length);

    if (tree->problems->len == 0)
        check_tabs(tree);
    if (tree->problems->len > 0)
        return g_steal_pointer(&tree);

    struct fy_diag *diag = new_quiet_diag();
    struct fy_parse_cfg config = {
        .flags = FYPCF_QUIET | FYPCF_ALLOW_DUPLICATE_KEYS | FYPCF_JSON_NONE,
        .diag = diag,
    };
    Builder builder = {
        .tree = tree,
        .parser = fy_parser_create(&config),
        .length = strlen(tree->source),
    };

    if (fy_parser_set_string(builder.parser, tree->source, builder.length) == 0)
        build_document(&builder, diag);
    else
        tree_add_problem(tree, 0, 0, NULL, "the document cannot be read");
    fy_parser_destroy(builder.parser);
    fy_diag_destroy(diag);
    return g_steal_pointer(&tree);
}
