/* SPDX-License-Identifier: Apache-2.0 */
/* Host JSON there and back, each invariant broken once, and the lookups. */
#include "base/json.h"
#include "documents.h"
#include "model/host.h"

#define HOST_FILE "tests/golden/host/server1.json"

static Host *read_host(const char *text, GPtrArray *findings)
{
    g_autoptr(Tree) tree = tree_parse_json("host.json", text, strlen(text));

    return host_from_tree(tree, findings);
}

static char *write_host(const Host *host)
{
    json_t *json = host_to_json(host);
    char *text = json_write_text(json);

    json_decref(json);
    return text;
}

static char *read_text(void)
{
    g_autofree char *path = source_path(HOST_FILE);
    g_autoptr(GError) error = NULL;
    char *text;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

static Host *read_server1(void)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autofree char *text = read_text();
    Host *host = read_host(text, findings);

    assert_no_findings(findings);
    g_assert_nonnull(host);
    return host;
}

static void test_copy(void)
{
    g_autoptr(Host) host = read_server1();
    Host *copy = record_copy(&HOST_RECORD, host);
    g_autofree char *expected = write_host(host);
    g_autofree char *found = write_host(copy);

    g_assert_cmpstr(found, ==, expected);
    host_free(copy); /* shares nothing: the other is still whole */
    g_free(found);
    found = write_host(host);
    g_assert_cmpstr(found, ==, expected);
}

static void test_round_trip(void)
{
    g_autofree char *text = read_text();
    g_autoptr(Host) host = read_server1();
    g_autofree char *written = write_host(host);

    g_assert_cmpstr(written, ==, text);
    g_assert_cmpint(host->nodes->len, ==, 2);
    g_assert_cmpint(host->cores->len, ==, 12);
    g_assert_cmpint(host->kernel.iommu, ==, true);
}

/* What is not known is null, never 0 or -1, and comes back as not known. */
static void test_unknown(void)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Host) host = host_new();
    g_autoptr(Host) copy = NULL;
    g_autofree char *text = NULL;
    g_autofree char *again = NULL;
    g_autoptr(GString) filled = NULL;

    host->hostname = g_strdup("bare");
    host->cpu.online = cpuset_parse("0", NULL);
    text = write_host(host);
    g_assert_nonnull(strstr(text, "\"arch\": null"));
    g_assert_nonnull(strstr(text, "\"replayed\": null"));
    g_assert_nonnull(strstr(text, "\"sockets\": null"));
    g_assert_nonnull(strstr(text, "\"nohz_full\": null"));
    g_assert_null(strstr(text, "-1"));
    filled = g_string_new(text);
    g_string_replace(filled, "\"nodes\": []",
                     "\"nodes\": [{\"id\": 0, \"cpus\": \"0\", \"distances\": [10]}]", 1);
    g_string_replace(filled, "\"cores\": []", "\"cores\": [{\"id\": 0, \"cpus\": \"0\"}]", 1);
    g_string_replace(filled, "\"pci\": []", "\"pci\": [{\"address\": \"0000:00:00.0\"}]", 1);
    copy = read_host(filled->str, findings);
    assert_no_findings(findings);
    g_assert_cmpint(copy->cpu.sockets, ==, RECORD_UNSET);
    g_assert_cmpint(copy->replayed, ==, RECORD_UNSET);
    g_assert_null(copy->kernel.nohz_full);
    g_assert_cmpint(((HostCore *)copy->cores->pdata[0])->l3, ==, RECORD_UNSET);
    g_assert_cmpint(((HostPci *)copy->pci->pdata[0])->iommu_group, ==, RECORD_UNSET);
    g_assert_null(((HostPci *)copy->pci->pdata[0])->sriov);
    again = write_host(copy);
    g_assert_null(strstr(again, "-1"));
}

/* A file of a newer bmslice may say more than this one knows. */
static void test_unknown_keys(void)
{
    g_autofree char *text = read_text();
    g_autoptr(GString) more = g_string_new(text);
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Host) host = NULL;

    g_string_replace(more, "\"arch\":", "\"colour\": {\"x\": [1, null]}, \"arch\":", 1);
    g_string_replace(more, "\"total_vfs\":", "\"colour\": \"red\", \"total_vfs\":", 0);
    g_string_replace(more, "\"carrier\":", "\"colour\": 7, \"carrier\":", 0);
    host = read_host(more->str, findings);
    assert_no_findings(findings);
    g_assert_nonnull(host);
}

/* One replacement in the file, and the subject and a part of the text of the finding it gives. */
static const struct {
    const char *from, *to, *subject, *text;
} breaches[] = {
    {"\"version\": 1", "\"version\": 2", "version", "version 2"},
    {"\"hostname\": \"server1\"", "\"hostname\": \"\"", "hostname", "no name"},
    {"\"online\": \"0-23\"", "\"online\": \"\"", "cpu.online", "no CPU"},
    {"\"online\": \"0-23\"", "\"online\": \"0-22\"", "nodes[1]", "23 are not online"},
    {"\"online\": \"0-23\"", "\"online\": \"0-24\"", "cores", "0-24"},
    {"\"online\": \"0-23\"", "\"online\": null", NULL, "'online' is missing"},
    {"\"id\": 1,\n      \"cpus\": \"1,", "\"id\": 0,\n      \"cpus\": \"1,", "nodes[1]",
     "not unique"},
    {"\"id\": 1,\n      \"cpus\": \"1,", "\"id\": 1,\n      \"cpus\": \"0-1,", "nodes[1]",
     "on another node"},
    {"        21\n", "        21, 30\n", "nodes[0]", "3 distances"},
    {"\"total\": 0", "\"total\": 0, \"total\": 0", NULL, "total"},
    {"\"free\": 0", "\"free\": 5", "nodes[0]", "5 hugepages of 0"},
    {"\"size_bytes\": 2097152", "\"size_bytes\": 2097153", "nodes[0]", "no power of two"},
    {"\"size_bytes\": 2097152", "\"size_bytes\": 2147483648", "nodes[0]", "not ascending"},
    {"\"cpus\": \"2,14\"", "\"cpus\": \"0,14\"", "cores[2]", "in another core"},
    {"\"cpus\": \"2,14\"", "\"cpus\": \"\"", "cores[2]", "no CPUs"},
    {"\"cpus\": \"2,14\"", "\"cpus\": \"2,15\"", "cores[2]", "not all on node 0"},
    {"\"id\": 2,\n      \"socket\": 0", "\"id\": 1,\n      \"socket\": 0", "cores[2]",
     "do not count"},
    {"\"node\": 1,\n      \"l3\"", "\"node\": 7,\n      \"l3\"", "cores[1]",
     "node 7 does not exist"},
    {"\"address\": \"0000:01:00.1\"", "\"address\": \"0000:01:00.0\"", "pci[3]", "not unique"},
    {"\"address\": \"0000:01:00.1\"", "\"address\": \"0000:00:1f.0\"", "pci[3]", "ascending"},
    {"\"address\": \"0000:01:00.1\"", "\"address\": \"01:00.1\"", "pci[3].address", "PCI address"},
    {"\"node\": 0,\n      \"iommu_group\"", "\"node\": 3,\n      \"iommu_group\"", "pci[0]",
     "node 3 does not exist"},
    {"\"num_vfs\": 0", "\"num_vfs\": 64", "pci[2]", "64 VFs of at most 63"},
    {"\"pf\": \"0000:08:00.0\"", "\"pf\": \"0000:09:00.0\"", "pci[6]", "does not exist"},
    {"\"pf\": \"0000:08:00.0\"", "\"pf\": \"0000:08:10.0\"", "pci[6]", "is no PF"},
    {"\"cores\": [", "\"cores\": 5, \"x\": [", "cores", "wants a list"},
    {"{\n  \"version\": 1", "[\n  \"version\": 1", NULL, ""},
};

static void test_breach(const void *data)
{
    guint i = GPOINTER_TO_UINT(data);
    g_autofree char *text = read_text();
    g_autoptr(GString) broken = g_string_new(text);
    g_autoptr(GPtrArray) findings = findings_new();
    bool found = false;

    g_assert_cmpuint(g_string_replace(broken, breaches[i].from, breaches[i].to, 1), ==, 1);
    g_assert_null(read_host(broken->str, findings));
    for (guint k = 0; k < findings->len; k++) {
        const Finding *finding = g_ptr_array_index(findings, k);

        g_assert_cmpstr(finding->file, ==, "host.json");
        if ((!breaches[i].subject || g_strcmp0(finding->subject, breaches[i].subject) == 0) &&
            strstr(finding->text, breaches[i].text))
            found = true;
    }
    if (!found) {
        g_autofree char *said = findings_text(findings);
        g_test_message("breach %u: %s", i, said);
    }
    g_assert_true(found);
}

static void test_find(void)
{
    g_autoptr(Host) host = read_server1();
    g_autoptr(GPtrArray) uses = NULL;
    const HostPci *eno1 = host_find_nic(host, "eno1");
    const HostPci *disk = host_find_pci(host, "0000:00:1f.2");

    g_assert_cmpstr(eno1->address, ==, "0000:01:00.0");
    g_assert_true(host_find_nic(host, "0000:01:00.0") == eno1);
    g_assert_true(host_find_nic(host, "01:00.0") == eno1);
    g_assert_null(host_find_nic(host, "1:00.0"));
    g_assert_null(host_find_nic(host, "eno9"));
    g_assert_null(host_find_nic(host, NULL));
    g_assert_null(host_find_nic(host, "00:1f.2")); /* a disk controller */
    g_assert_null(host_find_pci(host, "01:00.0"));
    g_assert_null(host_find_pci(host, NULL));
    g_assert_true(host_pci_is_nic(eno1));
    g_assert_false(host_pci_is_nic(disk));
    g_assert_false(host_pci_is_bridge(disk));
    g_assert_true(host_pci_is_bridge(host_find_pci(host, "0000:00:01.0")));
    g_assert_cmpint(host_find_node(host, 1)->id, ==, 1);
    g_assert_null(host_find_node(host, 2));
    g_assert_cmpint(host_core_of_cpu(host, 14)->id, ==, 2);
    g_assert_null(host_core_of_cpu(host, 24));
    uses = host_pci_uses(host_find_nic(host, "eno3"));
    g_assert_cmpuint(uses->len, ==, 2);
    g_assert_cmpstr(uses->pdata[0], ==, HOST_USE_DEFAULT_ROUTE);
    g_assert_cmpstr(uses->pdata[1], ==, HOST_USE_ADDRESS);
    g_clear_pointer(&uses, g_ptr_array_unref);
    uses = host_pci_uses(disk);
    g_assert_cmpuint(uses->len, ==, 1);
    g_assert_cmpstr(uses->pdata[0], ==, HOST_USE_ROOT_STORAGE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host/copy", test_copy);
    g_test_add_func("/host/round-trip", test_round_trip);
    g_test_add_func("/host/unknown", test_unknown);
    g_test_add_func("/host/unknown-keys", test_unknown_keys);
    for (guint i = 0; i < G_N_ELEMENTS(breaches); i++) {
        g_autofree char *path = g_strdup_printf("/host/breach/%02u", i);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_breach);
    }
    g_test_add_func("/host/find", test_find);
    return g_test_run();
}
