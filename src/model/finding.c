/* SPDX-License-Identifier: Apache-2.0 */
#include "model/finding.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

/* A caret below a longer line helps nobody. */
#define MAX_EXCERPT 200
#define MAX_EVIDENCE 200

static const char *const severity_names[] = {"error", "warning", "info"};

static void finding_free(Finding *finding)
{
    g_free(finding->subject);
    g_free(finding->text);
    g_free(finding->hint);
    g_free(finding->path);
    g_free(finding->value);
    g_free(finding->file);
    g_free(finding->excerpt);
    g_free(finding);
}

GPtrArray *findings_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
}

Finding *findings_add(GPtrArray *findings, FindingSeverity severity, const char *code,
                      const char *subject, const char *format, ...)
{
    Finding *finding = g_new0(Finding, 1);
    va_list arguments;

    finding->severity = severity;
    finding->code = code;
    finding->subject = g_strdup(subject);
    va_start(arguments, format);
    finding->text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_ptr_array_add(findings, finding);
    return finding;
}

void findings_add_tree_problems(GPtrArray *findings, const Tree *tree)
{
    for (guint i = 0; i < tree->problems->len; i++) {
        const TreeProblem *problem = g_ptr_array_index(tree->problems, i);
        Finding *finding = findings_add(findings, FINDING_ERROR, "syntax", /* subject= */ NULL,
                                        "%s", problem->text);

        finding_set_place(finding, tree, problem->line, problem->column);
        if (problem->hint)
            finding_set_hint(finding, "%s", problem->hint);
    }
}

void findings_move(GPtrArray *findings, GPtrArray *from)
{
    gsize n;
    gpointer *stolen = g_ptr_array_steal(from, &n);

    for (gsize i = 0; i < n; i++)
        g_ptr_array_add(findings, stolen[i]);
    g_free(stolen);
}

bool findings_have(const GPtrArray *findings, FindingSeverity severity)
{
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);

        if (finding->severity == severity)
            return true;
    }
    return false;
}

/* Where a crypt(5) hash ends that starts at @text ("$6$salt$hash"); @text when there is none. */
static const char *skip_hash(const char *text)
{
    const char *p = text;

    if (*p++ != '$' || !g_ascii_isalnum(*p))
        return text;
    while (g_ascii_isalnum(*p) || *p == '-')
        p++;
    if (*p != '$')
        return text;
    while (g_ascii_isgraph(*p) && !strchr("\"' ,}]", *p))
        p++;
    return p;
}

/* One character for one, so that the columns stay: no control characters, no hashes. */
static char *make_excerpt(const char *line)
{
    GString *excerpt = g_string_new(NULL);
    const char *hash_end = line;

    for (guint n = 0; *line != '\0' && n < MAX_EXCERPT; n++) {
        gunichar c = g_utf8_get_char(line);

        if (line >= hash_end)
            hash_end = skip_hash(line);
        if (line < hash_end)
            c = '*';
        else if (c == '\t')
            c = ' ';
        else if (!g_unichar_isprint(c))
            c = '?';
        g_string_append_unichar(excerpt, c);
        line = g_utf8_next_char(line);
    }
    return g_string_free(excerpt, FALSE);
}

void finding_set_place(Finding *finding, const Tree *tree, guint line, guint column)
{
    g_autofree char *source_line = tree_source_line(tree, line);

    g_free(finding->file);
    g_free(finding->excerpt);
    finding->file = g_strdup(tree->name);
    finding->line = line;
    finding->column = column;
    finding->excerpt = source_line && column <= MAX_EXCERPT ? make_excerpt(source_line) : NULL;
}

void finding_set_hint(Finding *finding, const char *format, ...)
{
    va_list arguments;

    g_free(finding->hint);
    va_start(arguments, format);
    finding->hint = g_strdup_vprintf(format, arguments);
    va_end(arguments);
}

void finding_set_path(Finding *finding, const char *path)
{
    g_free(finding->path);
    finding->path = g_strdup(path);
}

void finding_set_value(Finding *finding, const char *value)
{
    g_free(finding->value);
    finding->value = text_quote(value, MAX_EVIDENCE);
}

void finding_set_evidence(Finding *finding, const char *value)
{
    finding_set_value(finding, !value ? "(absent)" : *value ? value : "(empty)");
}

void findings_sort_worst_first(GPtrArray *findings)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    gpointer *stolen;
    gsize n;

    for (int severity = FINDING_ERROR; severity <= FINDING_INFO; severity++) {
        for (guint i = 0; i < findings->len; i++) {
            if (((Finding *)findings->pdata[i])->severity == (FindingSeverity)severity)
                g_ptr_array_add(sorted, findings->pdata[i]);
        }
    }
    stolen = g_ptr_array_steal(findings, &n);
    g_free(stolen);
    for (guint i = 0; i < sorted->len; i++)
        g_ptr_array_add(findings, sorted->pdata[i]);
}

const char *finding_severity_name(FindingSeverity severity)
{
    return severity_names[severity];
}

static void set_number(json_t *json, const char *key, guint number)
{
    if (number > 0)
        json_object_set_new(json, key, json_integer(number));
}

json_t *findings_to_json(const GPtrArray *findings)
{
    json_t *array = json_array();

    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);
        json_t *json = json_object();

        json_set_text(json, "severity", severity_names[finding->severity]);
        json_set_text(json, "code", finding->code);
        json_set_text(json, "subject", finding->subject);
        json_set_text(json, "text", finding->text);
        json_set_text(json, "hint", finding->hint);
        json_set_text(json, "path", finding->path);
        json_set_text(json, "value", finding->value);
        json_set_text(json, "file", finding->file);
        set_number(json, "line", finding->line);
        set_number(json, "column", finding->column);
        json_set_text(json, "excerpt", finding->excerpt);
        json_array_append_new(array, json);
    }
    return array;
}
