/* SPDX-License-Identifier: Apache-2.0 */
/* From a spec file and inventories to a plan: which host is taken, and what is refused. Needs no
 * libvirtd: where a connection is made, it is to libvirt's test driver. */
#include <glib/gstdio.h>
#include <string.h>

#include "app/ops.h"
#include "base/error.h"
#include "documents.h"
#include "model/ownership.h"
#include "port/virt.h"

#define SPEC(hosts)                                                                                \
    "version: 1\n"                                                                                 \
    "hosts:\n" hosts "clusters:\n"                                                                 \
    "  - name: red\n"                                                                              \
    "    slices: [{name: red-worker1, vcpus: 4, memory: 4GiB, hugepages: none}]\n"

typedef struct {
    char *folder, *spec, *seed;
    GError *error;
    Job *job;
} Fixture;

static char *put(const Fixture *fixture, const char *name, const char *text)
{
    char *path = g_build_filename(fixture->folder, name, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

static void set_up(Fixture *fixture, const void *data)
{
    fixture->folder = g_dir_make_tmp("bmslice-job-XXXXXX", NULL);
    fixture->spec = put(fixture, "spec.yaml", SPEC("  - {name: 'server*'}\n"));
    fixture->seed = source_path("tests/hosts/seed.json");
}

static void tear_down(Fixture *fixture, const void *data)
{
    GDir *folder = g_dir_open(fixture->folder, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(folder))) {
        g_autofree char *path = g_build_filename(fixture->folder, name, NULL);

        (void)g_remove(path);
    }
    g_dir_close(folder);
    (void)g_rmdir(fixture->folder);
    job_free(fixture->job);
    g_clear_error(&fixture->error);
    g_free(fixture->folder);
    g_free(fixture->spec);
    g_free(fixture->seed);
}

/* Plans the spec on the inventory at @path. */
static bool plan(Fixture *fixture, const char *path)
{
    const char *inventories[] = {path, NULL};
    const JobOptions options = {.spec_path = fixture->spec, .inventories = inventories};

    job_free(g_steal_pointer(&fixture->job));
    g_clear_error(&fixture->error);
    return ops_plan(&options, &fixture->job, &fixture->error);
}

/* The seed's inventory under other names, one on each line. */
static char *make_lines(const Fixture *fixture, const char *const *names)
{
    g_autofree char *text = NULL;
    g_autoptr(GString) lines = g_string_new(NULL);

    g_assert_true(g_file_get_contents(fixture->seed, &text, NULL, NULL));
    g_strdelimit(text, "\n", ' ');
    for (; *names; names++) {
        g_autoptr(GString) line = g_string_new(text);

        g_string_replace(line, "server1", *names, 1);
        g_string_append_printf(lines, "%s\n", line->str);
    }
    return put(fixture, "rack.jsonl", lines->str);
}

static void test_plans(Fixture *fixture, const void *data)
{
    const Job *job;

    g_assert_true(plan(fixture, fixture->seed));
    job = fixture->job;
    g_assert_false(findings_have(job->findings, FINDING_ERROR));
    g_assert_cmpuint(job->plan_host->slices->len, ==, 1);
    g_assert_cmpstr(job->plan_host->name, ==, "server1");
    /* as if nothing existed: the slice's own steps are in it, and its XML is known */
    g_assert_cmpuint(job->plan_host->steps->len, >=, 3);
    g_assert_true(job->plan->findings == job->findings);
    g_assert_null(job->virt);
}

static void test_xml_files(Fixture *fixture, const void *data)
{
    g_autofree char *path = g_build_filename(fixture->folder, "red-worker1.xml", NULL);
    g_autofree char *text = NULL;

    g_assert_true(plan(fixture, fixture->seed));
    ops_write_xml(fixture->job, fixture->folder, &fixture->error);
    g_assert_no_error(fixture->error);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, "<name>red-worker1</name>"));
}

/* The planner knows the line, but not the file. */
static void test_places_of_findings(Fixture *fixture, const void *data)
{
    const Finding *finding;

    g_free(fixture->spec);
    fixture->spec = put(fixture, "none.yaml", SPEC("  - {name: server1, isolation: none}\n"));
    g_assert_true(plan(fixture, fixture->seed));
    finding = find_code(fixture->job->findings, "no-isolation");
    g_assert_nonnull(finding);
    g_assert_cmpuint(finding->line, ==, 3);
    g_assert_cmpstr(finding->file, ==, fixture->spec);
}

static void test_folder(Fixture *fixture, const void *data)
{
    g_autofree char *text = NULL, *path = NULL;

    g_assert_true(g_file_get_contents(fixture->seed, &text, NULL, NULL));
    path = put(fixture, "server1.json", text);
    g_assert_true(plan(fixture, fixture->folder));
    g_assert_nonnull(fixture->job->plan_host);
    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_false(plan(fixture, fixture->folder));
    g_assert_nonnull(strstr(fixture->error->message, "no .json file"));
}

static void test_one_of_many(Fixture *fixture, const void *data)
{
    const char *const names[] = {"alpha", "server7", "beta", NULL};
    g_autofree char *rack = make_lines(fixture, names);

    g_assert_true(plan(fixture, rack));
    g_assert_cmpstr(fixture->job->host->hostname, ==, "server7");
}

static void test_none_matches(Fixture *fixture, const void *data)
{
    const char *const names[] = {"alpha", "beta", NULL};
    g_autofree char *rack = make_lines(fixture, names);
    const Finding *finding;

    g_assert_true(plan(fixture, rack));
    g_assert_null(fixture->job->plan);
    finding = find_code(fixture->job->findings, "host-unknown");
    g_assert_nonnull(finding);
    g_assert_nonnull(strstr(finding->text, "server*"));
    g_assert_nonnull(strstr(finding->text, "alpha, beta"));
    g_assert_cmpuint(finding->line, ==, 3);
}

static void test_many_match(Fixture *fixture, const void *data)
{
    const char *const names[] = {"server1", "server2", NULL};
    g_autofree char *rack = make_lines(fixture, names);
    const Finding *finding;

    g_assert_true(plan(fixture, rack));
    g_assert_null(fixture->job->plan);
    finding = find_code(fixture->job->findings, "host-many");
    g_assert_nonnull(finding);
    g_assert_nonnull(strstr(finding->text, "server1, server2"));
}

static void test_other_entries(Fixture *fixture, const void *data)
{
    g_free(fixture->spec);
    fixture->spec = put(fixture, "two.yaml", SPEC("  - {name: server1}\n  - {name: server2}\n"));
    g_assert_true(plan(fixture, fixture->seed));
    g_assert_nonnull(fixture->job->plan_host);
    g_assert_nonnull(find_code(fixture->job->findings, "host-absent"));
}

static void test_bad_spec(Fixture *fixture, const void *data)
{
    g_free(fixture->spec);
    fixture->spec = put(fixture, "bad.yaml", "version: 1\nhost: []\n");
    g_assert_true(plan(fixture, fixture->seed));
    g_assert_null(fixture->job->plan);
    g_assert_true(findings_have(fixture->job->findings, FINDING_ERROR));

    g_free(fixture->spec);
    fixture->spec = g_build_filename(fixture->folder, "absent.yaml", NULL);
    g_assert_false(plan(fixture, fixture->seed));
    g_assert_nonnull(strstr(fixture->error->message, "absent.yaml"));
}

static void test_huge_spec(Fixture *fixture, const void *data)
{
    gsize length = 5 * 1024 * 1024;
    g_autofree char *text = g_malloc(length + 1);

    memset(text, '#', length);
    text[length] = '\0';
    g_free(fixture->spec);
    fixture->spec = put(fixture, "huge.yaml", text);
    g_assert_false(plan(fixture, fixture->seed));
    g_assert_nonnull(strstr(fixture->error->message, "longer than"));
}

static void test_bad_inventory(Fixture *fixture, const void *data)
{
    g_autofree char *path = put(fixture, "broken.json", "{\"version\": 1, ");

    g_assert_true(plan(fixture, path));
    g_assert_null(fixture->job->plan);
    g_assert_true(findings_have(fixture->job->findings, FINDING_ERROR));
}

static void test_live_needs_this_host(Fixture *fixture, const void *data)
{
    const char *inventories[] = {fixture->seed, NULL};
    JobOptions options = {.spec_path = fixture->spec, .inventories = inventories, .live = true};

    g_assert_false(ops_plan(&options, &fixture->job, &fixture->error));
    g_assert_error(fixture->error, BMS_ERROR, BMS_ERROR_USAGE);
    g_assert_nonnull(strstr(fixture->error->message, "running host"));
    g_clear_error(&fixture->error);

    g_free(fixture->spec);
    fixture->spec = put(fixture, "any.yaml", SPEC("  - {name: '*'}\n"));
    options = (JobOptions){
        .spec_path = fixture->spec, .live = true, .connect = "qemu+ssh://root@server2/system"};
    g_assert_false(ops_plan(&options, &fixture->job, &fixture->error));
    g_assert_error(fixture->error, BMS_ERROR, BMS_ERROR_USAGE);
    g_assert_nonnull(strstr(fixture->error->message, "another host"));
}

static void test_destroy_names(Fixture *fixture, const void *data)
{
    const char *const names[] = {"red-worker2", NULL};
    g_autoptr(GPtrArray) steps = NULL;

    g_assert_true(plan(fixture, fixture->seed));
    fixture->job->connect = g_strdup("test:///default");
    g_assert_false(ops_destroy(fixture->job, names, false, NULL, &steps, &fixture->error));
    g_assert_error(fixture->error, BMS_ERROR, BMS_ERROR_USAGE);
    g_assert_nonnull(strstr(fixture->error->message, "did you mean 'red-worker1'?"));
}

/* The driver's own domain "test" is not ours. */
static void test_foreign_domain(Fixture *fixture, const void *data)
{
    g_autoptr(GPtrArray) steps = NULL;
    g_autoptr(GPtrArray) states = NULL;
    g_autofree char *text = NULL;
    g_autoptr(GString) spec = NULL;

    g_assert_true(g_file_get_contents(fixture->spec, &text, NULL, NULL));
    spec = g_string_new(text);
    g_string_replace(spec, "red-worker1", "test", 0);
    g_free(fixture->spec);
    fixture->spec = put(fixture, "foreign.yaml", spec->str);
    g_assert_true(plan(fixture, fixture->seed));
    fixture->job->connect = g_strdup("test:///default");
    states = ops_inspect(fixture->job, false, &fixture->error);
    g_assert_no_error(fixture->error);
    g_assert_cmpuint(states->len, ==, 1);
    g_assert_true(findings_have(fixture->job->findings, FINDING_ERROR));
    g_assert_false(ops_destroy(fixture->job, NULL, true, NULL, &steps, &fixture->error));
    g_assert_nonnull(strstr(fixture->error->message, "not made by bmslice"));
}

static void test_status(Fixture *fixture, const void *data)
{
    g_autoptr(GPtrArray) slices = ops_status("test:///default", &fixture->error);

    g_assert_no_error(fixture->error);
    g_assert_cmpuint(slices->len, ==, 0);
}

/* libvirt's test driver keeps its domains as long as one connection is open. */
static void test_overlap(Fixture *fixture, const void *data)
{
    const char *const other =
        "<domain type='test'><name>blue-worker1</name><metadata>"
        "<bm:slice xmlns:bm='" DOMAIN_METADATA_URI "' version='1'/></metadata>"
        "<memory unit='MiB'>64</memory><vcpu>1</vcpu>"
        "<cputune><emulatorpin cpuset='0-1023'/></cputune><os><type>hvm</type></os></domain>";
    const char *const uri = "test:///default";
    g_autoptr(Virt) virt = virt_open(uri, &fixture->error);
    JobOptions options = {.live = true, .connect = uri};
    const Finding *finding;

    g_assert_no_error(fixture->error);
    virt_define_domain(virt, other, &fixture->error);
    g_assert_no_error(fixture->error);
    g_free(fixture->spec);
    fixture->spec = put(fixture, "small.yaml",
                        "version: 1\nhosts: [{name: '*', isolation: none, reserve: "
                        "{cores_per_node: 1, memory_per_node: 64MiB}}]\nclusters: [{name: red, "
                        "slices: [{name: red-worker1, vcpus: 1, smt: isolate, memory: 64MiB, "
                        "hugepages: none, service: {cores: 0}}]}]\n");
    options.spec_path = fixture->spec;
    ops_plan(&options, &fixture->job, &fixture->error);
    g_assert_no_error(fixture->error);
    if (fixture->job->plan_host && fixture->job->plan_host->slices->len == 0)
        return g_test_skip("this machine has no core to spare");
    finding = find_code(fixture->job->findings, "slice-overlap");
    g_assert_nonnull(finding);
    g_assert_cmpstr(finding->subject, ==, "slice red-worker1");
    g_assert_nonnull(strstr(finding->text, "blue-worker1"));
}

#define ADD(name, function) g_test_add("/job/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("plans", test_plans);
    ADD("xml-files", test_xml_files);
    ADD("places-of-findings", test_places_of_findings);
    ADD("folder", test_folder);
    ADD("one-of-many", test_one_of_many);
    ADD("none-matches", test_none_matches);
    ADD("many-match", test_many_match);
    ADD("other-entries", test_other_entries);
    ADD("bad-spec", test_bad_spec);
    ADD("huge-spec", test_huge_spec);
    ADD("bad-inventory", test_bad_inventory);
    ADD("live-needs-this-host", test_live_needs_this_host);
    ADD("destroy-names", test_destroy_names);
    ADD("foreign-domain", test_foreign_domain);
    ADD("status", test_status);
    ADD("overlap", test_overlap);
    return g_test_run();
}
