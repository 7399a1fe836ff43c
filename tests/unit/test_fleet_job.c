/* SPDX-License-Identifier: Apache-2.0 */
/* Fleets from files to a written plan: hosts that are alike and hosts that are not, in every form
 * that JSON allows, and the golden fleet of tests/golden/fleet. */
#include <glib/gstdio.h>

#include "app/fleet.h"
#include "base/xml.h"
#include "documents.h"

typedef struct {
    char *folder;
    GPtrArray *files;
    Job *job;
    GError *error;
} Fixture;

static void set_up(Fixture *fixture, const void *data)
{
    fixture->folder = g_dir_make_tmp("bmslice-fleet-XXXXXX", NULL);
    fixture->files = g_ptr_array_new_with_free_func(g_free);
}

static void tear_down(Fixture *fixture, const void *data)
{
    job_free(fixture->job);
    g_clear_error(&fixture->error);
    for (guint i = 0; i < fixture->files->len; i++)
        g_remove(fixture->files->pdata[i]);
    g_rmdir(fixture->folder);
    g_ptr_array_unref(fixture->files);
    g_free(fixture->folder);
}

static const char *put(Fixture *fixture, const char *name, const char *text)
{
    char *path = g_build_filename(fixture->folder, name, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_ptr_array_add(fixture->files, path);
    return path;
}

static void plan(Fixture *fixture, const char *spec, const char *inventory)
{
    const char *inventories[] = {inventory, NULL};
    const JobOptions options = {.spec_path = spec, .inventories = inventories, .fleet = true};

    job_free(g_steal_pointer(&fixture->job));
    ops_plan(&options, &fixture->job, &fixture->error);
    g_assert_no_error(fixture->error);
}

static bool append(const char *text, gsize length, void *data)
{
    g_string_append_len(data, text, (gssize)length);
    return true;
}

static char *write_plan(Fixture *fixture)
{
    GString *text = g_string_new(NULL);

    g_assert_true(ops_write_fleet(fixture->job, append, text, &fixture->error));
    return g_string_free(text, FALSE);
}

#define GOLDEN "tests/golden/fleet/"

static void test_golden(Fixture *fixture, const void *data)
{
    g_autofree char *text = NULL;
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Tree) tree = NULL;
    g_autoptr(Plan) read = NULL;

    plan(fixture, GOLDEN "spec.yaml", GOLDEN "hosts.jsonl");
    text = write_plan(fixture);
    assert_golden(GOLDEN "plan.json", text);
    tree = tree_parse_json("plan.json", text, strlen(text));
    read = plan_from_tree(tree, findings); /* it is Plan JSON like any other */
    assert_no_findings(findings);
    g_assert_cmpuint(read->hosts->len, ==, 3);
    g_assert_cmpint(read->fleet->classes, ==, 2);
    g_assert_cmpuint(read->unplaced->len, ==, 1);
}

#define N_GOLDEN 3

static char *golden_lines(void)
{
    char *text = NULL;

    g_assert_true(g_file_get_contents(GOLDEN "hosts.jsonl", &text, NULL, NULL));
    return text;
}

/* What the text looks like is nothing to the plan. */
static void test_other_texts(Fixture *fixture, const void *data)
{
    g_autofree char *lines = golden_lines();
    g_auto(GStrv) each = g_strsplit(lines, "\n", -1);
    g_autofree char *expected = NULL, *found = NULL;

    plan(fixture, GOLDEN "spec.yaml", GOLDEN "hosts.jsonl");
    expected = write_plan(fixture);
    for (guint i = 0; i < N_GOLDEN; i++) {
        g_autofree char *name = g_strdup_printf("%u.json", i);
        json_t *json = json_loads(each[i], 0, NULL);
        char *text = json_dumps(json, JSON_INDENT((size_t)i) | (i == 1 ? JSON_SORT_KEYS : 0));

        put(fixture, name, text);
        free(text);
        json_decref(json);
    }
    plan(fixture, GOLDEN "spec.yaml", fixture->folder);
    found = write_plan(fixture);
    g_assert_cmpstr(found, ==, expected);
}

/* Hosts that are alike are parsed once, and what differs is each one's own. */
static void test_forms(Fixture *fixture, const void *data)
{
    const FleetJob *fleet;

    plan(fixture, GOLDEN "spec.yaml", GOLDEN "hosts.jsonl");
    fleet = fixture->job->fleet;
    g_assert_cmpuint(fleet->forms->len, ==, 2);
    g_assert_cmpuint(fleet->members->len, ==, 3);
    g_assert_cmpint(
        g_array_index(fleet->memory, gint64, g_array_index(fleet->members, FleetMember, 2).memory),
        ==, ((gint64)20 << 30) + 4096);
    g_assert_cmpuint(fleet->variants->len, ==, 2); /* 4 KiB more hold no slice more */
}

static void test_flawed(Fixture *fixture, const void *data)
{
    g_autofree char *lines = golden_lines();
    g_autoptr(GString) twice = g_string_new(lines);
    g_autoptr(GString) broken = g_string_new(lines);
    const Finding *finding;

    g_string_append(twice, lines);
    plan(fixture, GOLDEN "spec.yaml", put(fixture, "twice.jsonl", twice->str));
    g_assert_nonnull(find_code(fixture->job->findings, "host-twice"));
    g_assert_null(fixture->job->fleet);

    /* alike up to a flaw in the third line: it must not pass as one that is known */
    g_string_replace(broken, "\"edge-a2\"", "\"edge-a2", 1);
    plan(fixture, GOLDEN "spec.yaml", put(fixture, "broken.jsonl", broken->str));
    g_assert_null(fixture->job->fleet);
    finding = g_ptr_array_index(fixture->job->findings, 0);
    g_assert_nonnull(strstr(finding->file, "broken.jsonl line 3"));
}

static void test_one_or_none(Fixture *fixture, const void *data)
{
    g_autoptr(GString) named = g_string_new(NULL);
    g_autofree char *spec = NULL;
    const Finding *finding;

    g_assert_true(g_file_get_contents(GOLDEN "spec.yaml", &spec, NULL, NULL));
    g_string_assign(named, spec);
    g_string_replace(named, "- name: \"edge-*\"", "- name: \"edge-b*\"", 1);
    g_string_replace(named, "host: \"edge-*\"", "host: \"edge-b*\"", 0);
    plan(fixture, put(fixture, "one.yaml", named->str), GOLDEN "hosts.jsonl");
    g_assert_null(fixture->job->fleet);
    g_assert_cmpstr(fixture->job->host->hostname, ==, "edge-b1");
    g_assert_nonnull(fixture->job->plan_host);

    g_string_replace(named, "edge-b*", "core-*", 0);
    plan(fixture, put(fixture, "none.yaml", named->str), GOLDEN "hosts.jsonl");
    g_assert_null(fixture->job->plan);
    finding = find_code(fixture->job->findings, "host-unknown");
    g_assert_nonnull(finding);
    g_assert_nonnull(strstr(finding->text, "edge-a1, edge-b1, edge-a2"));
}

typedef struct {
    guint hosts, devices;
    GString *written;
} Seen;

/* A host of the fleet as a job: what it holds stands in the plan, and its XML can be written. */
static bool see(const Job *one, void *data, GError **error)
{
    Seen *seen = data;
    g_autoptr(GPtrArray) texts = ops_domain_xml(one, error);

    g_assert_nonnull(texts);
    g_assert_cmpstr(one->host->hostname, ==, one->plan_host->name);
    seen->hosts++;
    for (guint i = 0; i < texts->len; i++) {
        const PlanSlice *slice = g_ptr_array_index(one->plan_host->slices, i);

        g_assert_nonnull(strstr(texts->pdata[i], slice->name));
        for (guint d = 0; d < slice->devices->len; d++) {
            const PlanDevice *device = g_ptr_array_index(slice->devices, d);

            if (!device->mac)
                continue;
            seen->devices++;
            g_assert_nonnull(strstr(texts->pdata[i], device->mac));
            g_assert_nonnull(strstr(seen->written->str, device->mac));
        }
    }
    return true;
}

static void test_one_by_one(Fixture *fixture, const void *data)
{
    g_autofree char *text = NULL;
    g_autoptr(GString) written = NULL;
    Seen seen = {0};

    plan(fixture, GOLDEN "spec.yaml", GOLDEN "hosts.jsonl");
    text = write_plan(fixture);
    written = seen.written = g_string_new(text);
    g_assert_true(ops_each_fleet_job(fixture->job, see, &seen, &fixture->error));
    g_assert_cmpuint(seen.hosts, ==, 3);
    g_assert_cmpuint(seen.devices, ==, 3);
}

/* Other verbs work on one host. */
static void test_not_asked_for(Fixture *fixture, const void *data)
{
    const char *inventories[] = {GOLDEN "hosts.jsonl", NULL};
    const JobOptions options = {.spec_path = GOLDEN "spec.yaml", .inventories = inventories};

    ops_plan(&options, &fixture->job, &fixture->error);
    g_assert_no_error(fixture->error);
    g_assert_null(fixture->job->fleet);
    g_assert_nonnull(find_code(fixture->job->findings, "host-many"));
}

static bool refuse_to_write(const char *text, gsize length, void *data)
{
    return false;
}

static void test_full_disk(Fixture *fixture, const void *data)
{
    plan(fixture, GOLDEN "spec.yaml", GOLDEN "hosts.jsonl");
    g_assert_false(ops_write_fleet(fixture->job, refuse_to_write, NULL, &fixture->error));
    g_assert_nonnull(strstr(fixture->error->message, "cannot be written"));
}

/* Each has its own root; one was started with an argument that a plan is about. */
static void test_cmdlines(Fixture *fixture, const void *data)
{
    g_autofree char *lines = golden_lines();
    g_auto(GStrv) each = g_strsplit(lines, "\n", -1);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *written = NULL;
    static const char *const own[] = {"root=UUID=1 ro", "root=UUID=2 ro",
                                      "root=UUID=3 ro iommu=pt"};

    for (guint i = 0; i < N_GOLDEN; i++) {
        g_autoptr(GString) line = g_string_new(each[i]);

        g_assert_cmpuint(g_string_replace(line, "root=/dev/sda2 ro", own[i], 0), ==, 1);
        g_string_append_printf(text, "%s\n", line->str);
    }
    plan(fixture, GOLDEN "spec.yaml", put(fixture, "own.jsonl", text->str));
    g_assert_cmpuint(fixture->job->fleet->forms->len, ==, 2);
    g_assert_cmpuint(fixture->job->fleet->variants->len, ==, 3);
    written = write_plan(fixture);
    g_assert_nonnull(strstr(written, "command line: isolcpus=managed_irq")); /* of the third */
}

static guint count(const char *text, const char *what)
{
    guint n = 0;

    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        n++;
    return n;
}

static char *write_page(Fixture *fixture)
{
    const char *path = put(fixture, "page.html", "");
    g_autoptr(Xml) xml = NULL;
    char *text = NULL;

    g_assert_true(ops_write_fleet_html(fixture->job, path, &fixture->error));
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    xml = xml_read(strchr(text, '\n'), &fixture->error); /* it is XML but for its first line */
    g_assert_no_error(fixture->error);
    return text;
}

static void test_page(Fixture *fixture, const void *data)
{
    g_autofree char *page = NULL;

    plan(fixture, GOLDEN "spec.yaml", GOLDEN "hosts.jsonl");
    page = write_page(fixture);
    g_assert_cmpuint(count(page, "<svg xmlns"), ==, 2); /* two of the hosts are filled alike */
    assert_golden(GOLDEN "page.html", page);
}

/* 60 hosts like the first, of other names and memory, and slices that fill 50 of them. */
static void plan_many(Fixture *fixture, const char *prefix, gint64 (*memory)(guint number))
{
    g_autofree char *lines = golden_lines();
    g_auto(GStrv) each = g_strsplit(lines, "\n", -1);
    g_autofree char *spec = NULL;
    g_autoptr(GString) hosts = g_string_new(NULL);
    g_autoptr(GString) more = g_string_new(NULL);

    for (guint i = 0; i < 60; i++) {
        g_autoptr(GString) line = g_string_new(each[0]);
        g_autofree char *name = g_strdup_printf("%s%u", prefix, i);
        g_autofree char *bytes = g_strdup_printf("%" G_GINT64_FORMAT, memory(i));

        g_assert_cmpuint(g_string_replace(line, "edge-a1", name, 1), ==, 1);
        g_assert_cmpuint(g_string_replace(line, "21474836480", bytes, 0), ==, 2);
        g_string_append_printf(hosts, "%s\n", line->str);
    }
    g_assert_true(g_file_get_contents(GOLDEN "spec.yaml", &spec, NULL, NULL));
    g_string_assign(more, spec);
    g_string_replace(more, "count: 3", "count: 50", 1);
    plan(fixture, put(fixture, "more.yaml", more->str), put(fixture, "more.jsonl", hosts->str));
    g_assert_cmpint(fixture->job->plan->fleet->hosts_used, ==, 50);
}

static gint64 same_memory(guint number)
{
    return (gint64)20 << 30;
}

/* Each way is drawn once; each host has a line, with its slices after their cluster. */
static void test_page_of_many(Fixture *fixture, const void *data)
{
    g_autofree char *page = NULL;

    plan_many(fixture, "edge-n", same_memory);
    page = write_page(fixture);
    g_assert_cmpuint(count(page, "<svg xmlns"), ==, fixture->job->plan->fleet->patterns);
    g_assert_cmpuint(count(page, "<li><a href=\"#host=edge-n"), ==, 50);
    for (guint i = 1; i <= 50; i++) {
        g_autofree char *name = g_strdup_printf(" core-%u", i);
        const char *at = strstr(page, "by name");

        while (at && (at = strstr(at, name)) && g_ascii_isdigit(at[strlen(name)]))
            at++;
        g_assert_nonnull(at);
    }
    g_assert_cmpuint(count(page, "</a> <i>core</i> core-"), >, 40);
}

static gint64 little_more(guint number)
{
    return ((gint64)20 << 30) + number * 4096;
}

static gint64 half_more(guint number)
{
    return ((gint64)20 << 30) + (number % 2) * ((gint64)1 << 29);
}

/* Hosts that get the same of a little more memory are drawn apart when it would show. */
static void test_page_memory(Fixture *fixture, const void *data)
{
    g_autofree char *alike = NULL, *apart = NULL;
    gint64 patterns;

    plan_many(fixture, "edge-n", little_more);
    patterns = fixture->job->plan->fleet->patterns;
    alike = write_page(fixture);
    g_assert_cmpuint(count(alike, "<svg xmlns"), ==, patterns);
    plan_many(fixture, "edge-n", half_more);
    g_assert_cmpint(fixture->job->plan->fleet->patterns, ==, patterns);
    apart = write_page(fixture);
    g_assert_cmpuint(count(apart, "<svg xmlns"), >, patterns);
    g_assert_cmpuint(count(apart, "20.5 GiB"), >, 0);
    g_assert_cmpuint(count(alike, "20.5 GiB"), ==, 0);
}

/* Names of hosts are other people's text. */
static void test_page_hostile(Fixture *fixture, const void *data)
{
    g_autofree char *page = NULL;

    plan_many(fixture, "edge-</script><b>&amp;'", same_memory);
    page = write_page(fixture);
    g_assert_cmpuint(count(page, "</script>"), ==, 1);
    g_assert_cmpuint(count(page, "<b>&amp;amp;"), ==, 0);
    g_assert_cmpuint(count(page, "#host=edge-%3C%2Fscript%3E%3Cb%3E%26amp%3B%27"), ==, 50);
}

#define ADD(name, function)                                                                        \
    g_test_add("/fleet-job/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(g_chdir(g_getenv("BMSLICE_SOURCE")), ==, 0); /* paths stand in findings */
    ADD("golden", test_golden);
    ADD("other-texts", test_other_texts);
    ADD("forms", test_forms);
    ADD("cmdlines", test_cmdlines);
    ADD("page", test_page);
    ADD("page-of-many", test_page_of_many);
    ADD("page-memory", test_page_memory);
    ADD("page-hostile", test_page_hostile);
    ADD("flawed", test_flawed);
    ADD("one-or-none", test_one_or_none);
    ADD("one-by-one", test_one_by_one);
    ADD("not-asked-for", test_not_asked_for);
    ADD("full-disk", test_full_disk);
    return g_test_run();
}
