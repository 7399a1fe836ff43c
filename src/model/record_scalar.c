/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "model/finding.h"
#include "model/record_private.h"

/* A document with more flaws than this is not the document that was meant. */
#define MAX_FINDINGS 1000

static const char *const wants[] = {
    [FIELD_FLAG] = "true or false",
    [FIELD_INT] = "a whole number",
    [FIELD_SIZE] = "a size such as 8GiB",
    [FIELD_TEXT] = "a text",
    [FIELD_ENUM] = "a word",
    [FIELD_CPUS] = "a CPU list such as \"0-3,8\"",
    [FIELD_INTS] = "a list of whole numbers",
    [FIELD_TEXTS] = "a list of texts",
    [FIELD_STRUCT] = "a map of keys",
    [FIELD_POINTER] = "a map of keys",
    [FIELD_LIST] = "a list",
    [FIELD_MAP] = "a map of names",
};

void record_report(Decoder *decoder, guint line, guint column, const char *code, const char *hint,
                   const char *format, ...)
{
    g_autofree char *text = NULL;
    const char *subject = decoder->path->len > 0 ? decoder->path->str : NULL;
    va_list arguments;

    if (decoder->n_findings > MAX_FINDINGS)
        return;
    if (decoder->n_findings++ == MAX_FINDINGS) {
        findings_add(decoder->findings, FINDING_ERROR, "too-many", NULL,
                     "there are more findings than are shown");
        return;
    }
    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);

    Finding *finding = findings_add(decoder->findings, FINDING_ERROR, code, subject, "%s", text);

    if (hint)
        finding_set_hint(finding, "%s", hint);
    if (decoder->tree)
        finding_set_place(finding, decoder->tree, line, column);
    if (decoder->secret)
        g_clear_pointer(&finding->excerpt, g_free);
}

/* The word as a message may show it. */
static char *quote(const Decoder *decoder, const char *text)
{
    return decoder->secret ? g_strdup("...") : text_quote(text, RECORD_MAX_QUOTE);
}

static bool is_digits(const char *text)
{
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static bool is_plain_word(const TreeNode *node, const char *word)
{
    return node->kind == TREE_SCALAR && !node->quoted && strcmp(node->text, word) == 0;
}

/* What stands in the document: "a list", "the text 'x'", "the number 5". */
static char *describe(const Decoder *decoder, const TreeNode *node)
{
    if (node->kind == TREE_LIST)
        return g_strdup("a list");
    if (node->kind == TREE_MAP)
        return g_strdup("a map");
    if (tree_is_null(node))
        return g_strdup("nothing");

    g_autofree char *quoted = quote(decoder, node->text);

    if (is_plain_word(node, "true") || is_plain_word(node, "false"))
        return g_strdup(quoted);
    if (!node->quoted && is_digits(node->text))
        return g_strdup_printf("the number %s", quoted);
    return g_strdup_printf("the text '%s'", quoted);
}

bool record_report_type(Decoder *decoder, const TreeNode *node, FieldKind kind, const char *hint)
{
    g_autofree char *found = describe(decoder, node);

    record_report(decoder, node->line, node->column, "wrong-type", hint, "wants %s, found %s",
                  wants[kind], found);
    return false;
}

/* Each reader sets the member, or reports and leaves it unset. */

static bool read_flag(Decoder *decoder, const TreeNode *node, int *ret_flag)
{
    static const struct {
        const char *word, *hint;
    } others[] = {
        {"yes", "write true"},    {"on", "write true"},  {"y", "write true"},
        {"1", "write true"},      {"no", "write false"}, {"off", "write false"},
        {"n", "write false"},     {"0", "write false"},  {"true", "write true"},
        {"false", "write false"},
    };
    const char *hint = NULL;

    if (is_plain_word(node, "true") || is_plain_word(node, "false")) {
        *ret_flag = strcmp(node->text, "true") == 0;
        return true;
    }
    for (guint i = 0; node->kind == TREE_SCALAR && i < G_N_ELEMENTS(others); i++) {
        if (g_ascii_strcasecmp(node->text, others[i].word) == 0)
            hint = others[i].hint;
    }
    return record_report_type(decoder, node, FIELD_FLAG, hint);
}

/* A bound as it would be written. */
static char *format_bound(const Field *field, gint64 bound)
{
    if (field->kind == FIELD_SIZE)
        return text_format_size(bound);
    return g_strdup_printf("%" G_GINT64_FORMAT, bound);
}

static bool report_range(Decoder *decoder, const Field *field, const TreeNode *node)
{
    g_autofree char *min = format_bound(field, field->min);
    g_autofree char *max = format_bound(field, field->max);
    g_autofree char *found = quote(decoder, node->text);
    const char *hint = NULL;

    if (field->kind == FIELD_SIZE && is_digits(node->text))
        hint = "a number alone counts bytes; write a unit, such as GiB";
    if (field->max > 0)
        record_report(decoder, node->line, node->column, "out-of-range", hint,
                      "must be %s to %s, and is %s", min, max, found);
    else if (strlen(node->text) > 18 && node->text[0] != '-')
        record_report(decoder, node->line, node->column, "out-of-range", hint, "%s is too large",
                      found);
    else
        record_report(decoder, node->line, node->column, "out-of-range", hint,
                      "must be %s or more, and is %s", min, found);
    return false;
}

static bool in_range(const Field *field, gint64 number)
{
    return number >= field->min && (field->max == 0 || number <= field->max);
}

static bool read_int(Decoder *decoder, const Field *field, const TreeNode *node, gint64 *ret_int)
{
    if (node->kind != TREE_SCALAR)
        return record_report_type(decoder, node, FIELD_INT, NULL);

    bool negative = node->text[0] == '-';
    const char *digits = node->text + (negative ? 1 : 0);
    gint64 number;

    if (node->quoted)
        return record_report_type(decoder, node, FIELD_INT,
                                  is_digits(digits) ? "leave the quotes out" : NULL);
    if (!is_digits(digits) || (digits[0] == '0' && digits[1] != '\0'))
        return record_report_type(decoder, node, FIELD_INT,
                                  g_ascii_isdigit(*digits)
                                      ? "write decimal digits, without unit, point or leading zeros"
                                      : NULL);
    if (negative || !g_ascii_string_to_signed(digits, 10, 0, (gint64)1 << 62, &number, NULL) ||
        !in_range(field, number))
        return report_range(decoder, field, node);
    *ret_int = number;
    return true;
}

static bool read_size(Decoder *decoder, const Field *field, const TreeNode *node, gint64 *ret_size)
{
    g_autoptr(GError) error = NULL;
    gint64 bytes;

    if (node->kind != TREE_SCALAR)
        return record_report_type(decoder, node, FIELD_SIZE, NULL);
    if (!node->quoted && node->text[0] == '-' && is_digits(node->text + 1))
        return report_range(decoder, field, node);
    if (!text_parse_size(node->text, &bytes, &error)) {
        record_report(decoder, node->line, node->column, "bad-text", NULL, "%s", error->message);
        return false;
    }
    if (!in_range(field, bytes))
        return report_range(decoder, field, node);
    *ret_size = bytes;
    return true;
}

static bool matches(Decoder *decoder, const TextForm *form, const char *text)
{
    GRegex *regex = g_hash_table_lookup(decoder->regexes, form->pattern);

    if (!regex) {
        /* DOLLAR_ENDONLY: in JSON Schema, too, $ does not match before a line break at the end. */
        regex = g_regex_new(form->pattern, G_REGEX_DOLLAR_ENDONLY, 0, NULL);
        g_assert(regex);
        g_hash_table_insert(decoder->regexes, (char *)form->pattern, regex);
    }
    return g_regex_match(regex, text, 0, NULL);
}

/* Line breaks and control characters have no place in names, paths and addresses, and XML cannot
 * carry most of them. */
static bool has_control(const char *text)
{
    for (; *text != '\0'; text++) {
        if (g_ascii_iscntrl(*text) && *text != '\t')
            return true;
    }
    return false;
}

bool record_check_text(Decoder *decoder, const TextForm *form, const char *text, guint line,
                       guint column)
{
    g_autofree char *found = quote(decoder, text);

    if (has_control(text)) {
        record_report(decoder, line, column, "bad-text",
                      "write it on one line; blocks that start with | or > end in a line break",
                      "'%s' holds a line break or a control character", found);
        return false;
    }
    if (form && !matches(decoder, form, text)) {
        record_report(decoder, line, column, "bad-text", NULL, "'%s' is not %s", found,
                      form->words);
        return false;
    }
    return true;
}

static bool read_text(Decoder *decoder, const Field *field, const TreeNode *node, char **ret_text)
{
    if (node->kind != TREE_SCALAR)
        return record_report_type(decoder, node, FIELD_TEXT, NULL);
    if (is_plain_word(node, "true") || is_plain_word(node, "false"))
        return record_report_type(decoder, node, FIELD_TEXT, "quote it to make it a text");
    if (!(field->flags & FIELD_RAW) &&
        !record_check_text(decoder, field->form, node->text, node->line, node->column))
        return false;
    g_free(*ret_text);
    *ret_text = g_strdup(node->text);
    return true;
}

static bool read_enum(Decoder *decoder, const Field *field, const TreeNode *node, int *ret_index)
{
    if (node->kind != TREE_SCALAR)
        return record_report_type(decoder, node, FIELD_ENUM, NULL);
    for (int i = 0; field->words[i]; i++) {
        if (strcmp(node->text, field->words[i]) == 0) {
            *ret_index = i;
            return true;
        }
    }

    const char *nearest = decoder->secret ? NULL : text_nearest(node->text, field->words);
    g_autofree char *hint = nearest ? g_strdup_printf("did you mean '%s'?", nearest) : NULL;
    g_autofree char *words = g_strjoinv(", ", (char **)field->words);
    g_autofree char *found = quote(decoder, node->text);

    record_report(decoder, node->line, node->column, "unknown-word", hint, "'%s' is not one of: %s",
                  found, words);
    return false;
}

static bool read_cpus(Decoder *decoder, const TreeNode *node, CpuSet **ret_cpus)
{
    g_autoptr(GError) error = NULL;

    if (node->kind != TREE_SCALAR)
        return record_report_type(decoder, node, FIELD_CPUS,
                                  node->kind == TREE_LIST ? "write one text, in quotes" : NULL);

    CpuSet *cpus = cpuset_parse(node->text, &error);

    if (!cpus) {
        record_report(decoder, node->line, node->column, "bad-text", NULL, "%s", error->message);
        return false;
    }
    cpuset_free(*ret_cpus);
    *ret_cpus = cpus;
    return true;
}

static void read_ints(Decoder *decoder, const Field *field, const TreeNode *node, GArray *ints)
{
    gsize path_length = decoder->path->len;

    for (guint i = 0; i < node->items->len; i++) {
        gint64 number;

        g_string_append_printf(decoder->path, "[%u]", i);
        if (read_int(decoder, field, g_ptr_array_index(node->items, i), &number))
            g_array_append_val(ints, number);
        g_string_truncate(decoder->path, path_length);
    }
}

static void read_texts(Decoder *decoder, const Field *field, const TreeNode *node, GPtrArray *texts)
{
    gsize path_length = decoder->path->len;

    for (guint i = 0; i < node->items->len; i++) {
        const TreeNode *item = g_ptr_array_index(node->items, i);
        char *text = NULL;

        g_string_append_printf(decoder->path, "[%u]", i);
        if (tree_is_null(item))
            (void)record_report_type(decoder, item, FIELD_TEXT, NULL);
        else if (read_text(decoder, field, item, &text))
            g_ptr_array_add(texts, text);
        g_string_truncate(decoder->path, path_length);
    }
}

void record_read_value(Decoder *decoder, const Field *field, const TreeNode *node, void *object)
{
    void *member = record_member(field, object);

    switch (field->kind) {
    case FIELD_FLAG:
        (void)read_flag(decoder, node, member);
        break;
    case FIELD_INT:
        (void)read_int(decoder, field, node, member);
        break;
    case FIELD_SIZE:
        (void)read_size(decoder, field, node, member);
        break;
    case FIELD_TEXT:
        (void)read_text(decoder, field, node, member);
        break;
    case FIELD_ENUM:
        (void)read_enum(decoder, field, node, member);
        break;
    case FIELD_CPUS:
        (void)read_cpus(decoder, node, member);
        break;
    case FIELD_INTS:
        read_ints(decoder, field, node, *(GArray **)member);
        break;
    case FIELD_TEXTS:
        if (!*(GPtrArray **)member)
            *(GPtrArray **)member = g_ptr_array_new_with_free_func(g_free);
        read_texts(decoder, field, node, *(GPtrArray **)member);
        break;
    default:
        g_assert_not_reached();
    }
}
