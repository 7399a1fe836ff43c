/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as a spec: read, defaults, checks, expansion, and back as JSON. A spec without error
 * findings must read back as itself.
 * Seeds: tests/fuzz/corpus/spec, tests/golden/spec, examples.
 */
#include <glib.h>
#include <jansson.h>
#include <stdint.h>
#include <string.h>

#include "model/finding.h"
#include "model/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_good_spec(const Spec *spec)
{
    g_autoptr(GPtrArray) instances = spec_expand(spec);
    g_autoptr(GPtrArray) findings = findings_new();
    json_t *json = record_encode(&SPEC_RECORD, spec);
    char *text = json_dumps(json, 0);
    g_autoptr(Tree) tree = tree_parse_json("spec.json", text, strlen(text));
    g_autoptr(Spec) copy = spec_from_tree(tree, findings);
    json_t *copy_json = copy ? record_encode(&SPEC_RECORD, copy) : NULL;

    g_assert_cmpuint(instances->len, >, 0);
    for (guint i = 0; i < instances->len; i++) {
        const SpecInstance *instance = g_ptr_array_index(instances, i);

        g_assert_cmpuint(strlen(instance->name), <=, 63);
        g_assert_null(strpbrk(instance->name, "/{}<>&\"' \n"));
    }
    g_assert_true(json_equal(json, copy_json));
    json_decref(copy_json);
    json_decref(json);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Tree) tree = tree_parse_yaml("spec.yaml", (const char *)data, size);
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Spec) spec = spec_from_tree(tree, findings);
    json_t *json = findings_to_json(findings);

    g_assert_nonnull(json);
    json_decref(json);
    g_assert_true((spec == NULL) == findings_have(findings, FINDING_ERROR));
    if (spec)
        check_good_spec(spec);
    return 0;
}
