/* SPDX-License-Identifier: Apache-2.0 */
#include "model/document.h"

#include "model/finding.h"

void *document_decode(const Record *record, const Tree *tree, GPtrArray *findings)
{
    findings_add_tree_problems(findings, tree);
    if (tree->root && !tree_is_null(tree->root))
        return record_decode(record, tree, tree->root, findings);
    if (tree->problems->len == 0) {
        Finding *finding = findings_add(findings, FINDING_ERROR, "empty-document", NULL,
                                        "the file holds no %s", record->name);

        finding_set_place(finding, tree, 0, 0);
    }
    return record_new(record);
}

void document_check_version(const char *what, gint64 version, const Tree *tree, GPtrArray *findings)
{
    const TreeNode *node = tree_get(tree->root, "version");
    Finding *finding;

    if (version == 1 || version == RECORD_UNSET)
        return;
    finding =
        findings_add(findings, FINDING_ERROR, "version", "version",
                     "this is %s of version %" G_GINT64_FORMAT ", and this bmslice reads version 1",
                     what, version);
    finding_set_place(finding, tree, node ? node->line : 0, node ? node->column : 0);
    finding_set_hint(finding, version > 1 ? "use a newer bmslice" : "write version: 1");
}
