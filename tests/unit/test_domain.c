/* SPDX-License-Identifier: Apache-2.0 */
#include "core/domain.h"

#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <string.h>

#include "base/xml.h"
#include "machine.h"

#define SCHEMA "/usr/share/libvirt/schemas/domain.rng"
#define UUID "8f1f4c1e-6d4d-4c0e-9f3e-0a3c2d1b4e5f"

typedef struct {
    const char *name;
    const char *slice;
    const char *arch, *model; /* NULL: the machine's */
    bool emulated;
    const char *uuid;
} Case;

static const Case cases[] = {
    {"red", MACHINE_RED, .uuid = UUID},
    {"blue", MACHINE_BLUE},
    {"vf", MACHINE_VF},
    {"two-nodes", MACHINE_TWO_NODES},
    {"amd", MACHINE_RED, .model = "AMD EPYC 7543 32-Core Processor"},
    {"emulated", MACHINE_RED, .emulated = true},
    {"small", MACHINE_SMALL},
    {"aarch64", MACHINE_SMALL, .arch = "aarch64", .model = "Neoverse-N1"},
    {"riscv64", MACHINE_SMALL, .arch = "riscv64", .model = "x"},
};

static char *write_case(const Case *test)
{
    const char *const slices[] = {test->slice, NULL};
    g_autoptr(Host) host = machine_host();
    g_autoptr(Plan) plan = machine_plan(slices);
    PlanHost *plan_host = plan->hosts->pdata[0];

    if (test->arch) {
        g_free(host->arch);
        host->arch = g_strdup(test->arch);
    }
    if (test->model) {
        g_free(host->cpu.model);
        host->cpu.model = g_strdup(test->model);
    }
    plan_host->kvm = !test->emulated;
    return domain_write_xml(host, plan_host, plan_host->slices->pdata[0], test->uuid);
}

static void test_golden(gconstpointer data)
{
    const Case *test = data;
    g_autoptr(GError) error = NULL;
    g_autofree char *xml = write_case(test);
    g_autofree char *path = machine_golden_path(test->name);
    g_autofree char *expected = NULL;

    if (g_strcmp0(g_getenv("BMSLICE_UPDATE"), "1") == 0)
        g_assert_true(g_file_set_contents(path, xml, -1, &error));
    g_file_get_contents(path, &expected, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(xml, ==, expected);
}

/* libvirt's own schema; the daemon checks against the same at each define. */
static void test_schema(void)
{
    if (!g_file_test(SCHEMA, G_FILE_TEST_EXISTS)) {
        g_test_skip(SCHEMA " is not installed");
        return;
    }

    xmlRelaxNGParserCtxtPtr parser = xmlRelaxNGNewParserCtxt(SCHEMA);
    xmlRelaxNGPtr schema = xmlRelaxNGParse(parser);

    g_assert_nonnull(schema);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *xml = write_case(&cases[i]);
        xmlDocPtr document = xmlReadMemory(xml, (int)strlen(xml), NULL, NULL, XML_PARSE_NONET);
        xmlRelaxNGValidCtxtPtr validation = xmlRelaxNGNewValidCtxt(schema);

        g_test_message("%s", cases[i].name);
        g_assert_cmpint(xmlRelaxNGValidateDoc(validation, document), ==, 0);
        xmlRelaxNGFreeValidCtxt(validation);
        xmlFreeDoc(document);
    }
    xmlRelaxNGFree(schema);
    xmlRelaxNGFreeParserCtxt(parser);
}

static void assert_same_devices(const PlanSlice *wanted, const PlanSlice *read)
{
    g_assert_cmpuint(read->devices->len, ==, wanted->devices->len);
    for (guint i = 0; i < wanted->devices->len; i++) {
        const PlanDevice *device = wanted->devices->pdata[i];
        const PlanDevice *found = NULL;

        for (guint d = 0; d < read->devices->len; d++) {
            const PlanDevice *candidate = read->devices->pdata[d];

            if (strcmp(candidate->address, device->address) == 0)
                found = candidate;
        }
        g_assert_nonnull(found);
        g_assert_cmpint(found->kind, ==, device->kind);
        g_assert_cmpstr(found->mac, ==, device->mac);
        g_assert_cmpint(found->vlan, ==, device->vlan);
    }
}

/* What is written is read back. */
static void test_round_trip(gconstpointer data)
{
    const Case *test = data;
    g_autoptr(GError) error = NULL;
    g_autofree char *xml = write_case(test);
    g_autoptr(PlanSlice) wanted = machine_slice(test->slice);
    g_autoptr(PlanSlice) read = domain_read_xml(xml, &error);

    g_assert_no_error(error);
    g_assert_true(domain_is_ours(xml));
    g_assert_cmpstr(read->name, ==, wanted->name);
    g_assert_cmpstr(read->cluster, ==, wanted->cluster);
    g_assert_cmpint(read->memory_bytes, ==, wanted->memory_bytes);
    g_assert_cmpint(read->hugepage_bytes, ==, wanted->hugepage_bytes);
    g_assert_cmpint(read->threads, ==, wanted->threads);
    g_assert_true(cpuset_equal(read->emulator_cpus, wanted->emulator_cpus));
    g_assert_cmpuint(read->nodes->len, ==, wanted->nodes->len);
    g_assert_cmpmem(read->nodes->data, read->nodes->len * sizeof(gint64), wanted->nodes->data,
                    wanted->nodes->len * sizeof(gint64));
    g_assert_cmpuint(read->vcpus->len, ==, wanted->vcpus->len);
    for (guint i = 0; i < wanted->vcpus->len; i++) {
        const PlanVcpu *a = read->vcpus->pdata[i], *b = wanted->vcpus->pdata[i];

        g_assert_cmpint(a->id, ==, b->id);
        g_assert_cmpint(a->cpu, ==, b->cpu);
    }
    g_assert_cmpuint(read->iothreads->len, ==, wanted->iothreads->len);
    for (guint i = 0; i < wanted->iothreads->len; i++) {
        const PlanIothread *a = read->iothreads->pdata[i], *b = wanted->iothreads->pdata[i];

        g_assert_cmpint(a->id, ==, b->id);
        g_assert_true(cpuset_equal(a->cpus, b->cpus));
    }
    assert_same_devices(wanted, read);
    g_assert_cmpstr(read->disk ? read->disk->path : NULL, ==,
                    wanted->disk ? wanted->disk->path : NULL);
}

/* Memory is whole pages; what cannot be halved goes to the first node. */
static void test_node_bytes(void)
{
    g_autoptr(PlanSlice) slice = machine_slice(MACHINE_TWO_NODES);

    slice->memory_bytes = 7 * GIB;
    g_assert_cmpint(domain_node_bytes(slice, 0), ==, 4 * GIB);
    g_assert_cmpint(domain_node_bytes(slice, 1), ==, 3 * GIB);
    g_assert_cmpint(domain_node_bytes(slice, 2), ==, 0);
    slice->hugepage_bytes = RECORD_UNSET;
    slice->memory_bytes = (3 << 20) - 1;
    g_assert_cmpint(domain_node_bytes(slice, 0), ==, 2 << 20);
    g_assert_cmpint(domain_node_bytes(slice, 1), ==, 1 << 20);
    g_assert_cmpuint(domain_guest_sockets(slice), ==, 2);
}

static void test_foreign(void)
{
    static const struct {
        const char *xml, *words;
    } rows[] = {
        {"<domain type='kvm'><name>x</name></domain>", "x was not made by bmslice"},
        {"<domain><name>x</name><metadata><slice xmlns='urn:other'/></metadata></domain>",
         "x was not made by bmslice"},
        {"<domain><metadata><slice xmlns='urn:bmslice:slice:1'/></metadata></domain>",
         "without a name"},
        {"<network/>", "no domain XML"},
        {"<domain><name>x</domain>", "line 1"},
        {"", "cannot read XML"},
        {"<!DOCTYPE domain [<!ENTITY a 'b'>]><domain><name>&a;</name></domain>", "document type"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(domain_read_xml(rows[i].xml, &error));
        g_assert_nonnull(error);
        if (!strstr(error->message, rows[i].words))
            g_error("row %u: %s", i, error->message);
    }
    g_assert_false(domain_is_ours(rows[0].xml));
    g_assert_false(domain_is_ours(rows[1].xml));
    g_assert_false(domain_is_ours(rows[4].xml));
}

/* As libvirt and people write it by hand. */
static void test_read_forms(void)
{
    static const char text[] =
        "<domain><name>x</name><metadata><s:slice xmlns:s='urn:bmslice:slice:1'/></metadata>"
        "<memory unit='GiB'>2</memory><cputune><vcpupin vcpu='1' cpuset='7'/>"
        "<vcpupin vcpu='0' cpuset='5'/><vcpupin vcpu='2' cpuset='0-3'/>"
        "<emulatorpin cpuset='0-3,^2'/></cputune><devices>"
        "<hostdev type='pci'><source><address domain='0' bus='1' slot='0' function='0'/></source>"
        "</hostdev><hostdev type='usb'/></devices></domain>";
    g_autoptr(GError) error = NULL;
    g_autoptr(PlanSlice) slice = domain_read_xml(text, &error);
    g_autoptr(CpuSet) emulator = machine_cpus("0-1,3");

    g_assert_no_error(error);
    g_assert_cmpint(slice->memory_bytes, ==, 2 * GIB);
    g_assert_cmpint(slice->hugepage_bytes, ==, RECORD_UNSET);
    g_assert_cmpuint(slice->vcpus->len, ==, 2); /* vCPU 2 has no one CPU */
    g_assert_cmpint(((const PlanVcpu *)slice->vcpus->pdata[0])->cpu, ==, 5);
    g_assert_cmpint(((const PlanVcpu *)slice->vcpus->pdata[1])->cpu, ==, 7);
    g_assert_true(cpuset_equal(slice->emulator_cpus, emulator));
    g_assert_cmpuint(slice->devices->len, ==, 1);
    g_assert_cmpstr(((const PlanDevice *)slice->devices->pdata[0])->address, ==, "0000:01:00.0");
    g_assert_null(slice->disk);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *golden = g_strconcat("/domain/golden/", cases[i].name, NULL);
        g_autofree char *round = g_strconcat("/domain/round-trip/", cases[i].name, NULL);

        g_test_add_data_func(golden, &cases[i], test_golden);
        g_test_add_data_func(round, &cases[i], test_round_trip);
    }
    g_test_add_func("/domain/schema", test_schema);
    g_test_add_func("/domain/node-bytes", test_node_bytes);
    g_test_add_func("/domain/foreign", test_foreign);
    g_test_add_func("/domain/read-forms", test_read_forms);
    return g_test_run();
}
