/* SPDX-License-Identifier: Apache-2.0 */
/* Plan JSON back into a Plan, its findings included. */
#include "model/plan.h"

#include "model/document.h"

/* A finding as findings_to_json() writes it. */
typedef struct {
    int severity;
    char *code, *subject, *text, *hint, *path, *file, *excerpt;
    gint64 line, column;
} FindingText;

/* In the order of FindingSeverity. */
static const char *const severities[] = {"error", "warning", "info", NULL};

#define AT(member) offsetof(FindingText, member)
static const Field finding_fields[] = {
    {"severity", FIELD_ENUM, AT(severity), FIELD_REQUIRED, .words = severities},
    {"code", FIELD_TEXT, AT(code), FIELD_REQUIRED},
    {"subject", FIELD_TEXT, AT(subject)},
    {"text", FIELD_TEXT, AT(text), FIELD_REQUIRED},
    {"hint", FIELD_TEXT, AT(hint)},
    {"path", FIELD_TEXT, AT(path)},
    {"file", FIELD_TEXT, AT(file)},
    {"line", FIELD_INT, AT(line), .max = G_MAXUINT},
    {"column", FIELD_INT, AT(column), .max = G_MAXUINT},
    {"excerpt", FIELD_TEXT, AT(excerpt)},
};
static const Record finding_record = {"finding", sizeof(FindingText), .node_offset = -1,
                                      .open = true, RECORD_FIELDS(finding_fields)};
#undef AT

static void add_finding(Plan *plan, const FindingText *text)
{
    Finding *finding;

    if (text->severity == RECORD_UNSET || !text->code || !text->text)
        return; /* has been told */
    /* Codes are literals elsewhere; there are few of them, so interning costs nothing. */
    finding = findings_add(plan->findings, (FindingSeverity)text->severity,
                           g_intern_string(text->code), text->subject, "%s", text->text);
    finding->hint = g_strdup(text->hint);
    finding->path = g_strdup(text->path);
    finding->file = g_strdup(text->file);
    finding->excerpt = g_strdup(text->excerpt);
    finding->line = text->line > 0 ? (guint)text->line : 0;
    finding->column = text->column > 0 ? (guint)text->column : 0;
}

static void read_findings(Plan *plan, const Tree *tree, GPtrArray *findings)
{
    const TreeNode *list = tree_get(tree->root, "findings");

    if (!list || list->kind != TREE_LIST)
        return;
    for (guint i = 0; i < list->items->len; i++) {
        FindingText *text =
            record_decode(&finding_record, tree, g_ptr_array_index(list->items, i), findings);

        add_finding(plan, text);
        record_free(&finding_record, text);
    }
}

Plan *plan_from_tree(const Tree *tree, GPtrArray *findings)
{
    g_autoptr(GPtrArray) found = findings_new();
    g_autoptr(Plan) plan = document_decode(&PLAN_RECORD, tree, found);
    bool sound;

    plan->findings = findings_new();
    document_check_version("Plan JSON", plan->version, tree, found);
    read_findings(plan, tree, found);
    sound = !findings_have(found, FINDING_ERROR);
    findings_move(findings, found);
    return sound ? g_steal_pointer(&plan) : NULL;
}
