/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as Host JSON. A host without error findings must read back as itself, and the lookups
 * must hold. Seeds: tests/fuzz/corpus/host-json, tests/golden/host.
 */
#include <glib.h>
#include <jansson.h>
#include <stdint.h>
#include <string.h>

#include "model/finding.h"
#include "model/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_good_host(const Host *host)
{
    g_autoptr(GPtrArray) findings = findings_new();
    json_t *json = host_to_json(host);
    char *text = json_dumps(json, 0);
    g_autoptr(Tree) tree = tree_parse_json("host.json", text, strlen(text));
    g_autoptr(Host) copy = host_from_tree(tree, findings);
    json_t *copy_json = copy ? host_to_json(copy) : NULL;

    g_assert_true(json_equal(json, copy_json));
    for (int cpu = cpuset_next(host->cpu.online, 0); cpu >= 0;
         cpu = cpuset_next(host->cpu.online, (guint)cpu + 1))
        g_assert_nonnull(host_core_of_cpu(host, (guint)cpu));
    for (guint i = 0; i < host->pci->len; i++) {
        const HostPci *pci = g_ptr_array_index(host->pci, i);
        g_ptr_array_unref(host_pci_uses(pci));

        g_assert_true(host_find_pci(host, pci->address) == pci);
        (void)host_find_nic(host, pci->address);
    }
    json_decref(copy_json);
    json_decref(json);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Tree) tree = tree_parse_json("host.json", (const char *)data, size);
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Host) host = host_from_tree(tree, findings);

    g_assert_true((host == NULL) == findings_have(findings, FINDING_ERROR));
    if (host)
        check_good_host(host);
    return 0;
}
