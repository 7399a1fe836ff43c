/* SPDX-License-Identifier: Apache-2.0 */
/* Plan JSON there and back, byte for byte, and the helpers. */
#include "base/json.h"
#include "documents.h"
#include "model/plan.h"

#define PLAN_FILE "tests/golden/plan/red.json"

static char *write_plan(const Plan *plan)
{
    json_t *json = plan_to_json(plan);
    char *text = json_write_text(json);

    json_decref(json);
    return text;
}

static char *read_text(void)
{
    g_autofree char *path = source_path(PLAN_FILE);
    g_autoptr(GError) error = NULL;
    char *text;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

static Plan *read_plan(const char *text, GPtrArray *findings)
{
    g_autoptr(Tree) tree = tree_parse_json("plan.json", text, strlen(text));

    return plan_from_tree(tree, findings);
}

static Plan *read_red(void)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autofree char *text = read_text();
    Plan *plan = read_plan(text, findings);

    assert_no_findings(findings);
    g_assert_nonnull(plan);
    return plan;
}

static void test_round_trip(void)
{
    g_autofree char *text = read_text();
    g_autoptr(Plan) plan = read_red();
    g_autofree char *written = write_plan(plan);
    const Finding *finding = g_ptr_array_index(plan->findings, 1);

    g_assert_cmpstr(written, ==, text);
    g_assert_cmpint(finding->severity, ==, FINDING_WARNING);
    g_assert_cmpstr(finding->code, ==, "nic-remote-node");
    g_assert_cmpuint(finding->line, ==, 44);
}

static void test_empty(void)
{
    g_autoptr(Plan) plan = plan_new();
    g_autofree char *text = write_plan(plan);

    g_assert_cmpstr(text, ==,
                    "{\n"
                    "  \"version\": 1,\n"
                    "  \"hosts\": [],\n"
                    "  \"unplaced\": [],\n"
                    "  \"findings\": [],\n"
                    "  \"bounds\": {\n"
                    "    \"admitted\": null,\n"
                    "    \"admitted_bound\": null,\n"
                    "    \"optimal\": null,\n"
                    "    \"levels\": []\n"
                    "  }\n"
                    "}\n");
}

static void test_helpers(void)
{
    g_autoptr(Plan) plan = read_red();
    const PlanHost *host = g_ptr_array_index(plan->hosts, 0);
    const PlanSlice *slice = plan_host_find_slice(host, "Red_k8s_cluster_worker1");
    g_autoptr(CpuSet) vcpus = plan_slice_vcpu_cpus(slice);
    g_autoptr(CpuSet) all = plan_slice_all_cpus(slice);
    g_autofree char *vcpu_list = cpuset_format(vcpus);
    g_autofree char *all_list = cpuset_format(all);
    g_autoptr(PlanSlice) bare = plan_slice_new();
    g_autoptr(CpuSet) none = plan_slice_all_cpus(bare);

    g_assert_cmpstr(vcpu_list, ==, "4,16");
    g_assert_cmpstr(all_list, ==, "2,4,14,16");
    g_assert_true(cpuset_is_empty(none));
    g_assert_null(plan_host_find_slice(host, "Blue_k8s_cluster_worker1"));
}

/* Each step kind has its word. */
static void test_step_kinds(void)
{
    static const struct {
        StepKind kind;
        const char *word;
    } rows[] = {
        {STEP_KERNEL_ARGS, "kernel-args"},
        {STEP_HUGEPAGES, "hugepages"},
        {STEP_VFS, "vfs"},
        {STEP_VOLUME_CREATE, "volume-create"},
        {STEP_VOLUME_GROW, "volume-grow"},
        {STEP_DOMAIN_DEFINE, "domain-define"},
        {STEP_DOMAIN_REPIN, "domain-repin"},
        {STEP_DOMAIN_STOP, "domain-stop"},
        {STEP_DOMAIN_START, "domain-start"},
        {STEP_DOMAIN_AUTOSTART, "domain-autostart"},
        {STEP_DOMAIN_UNDEFINE, "domain-undefine"},
        {STEP_VOLUME_DELETE, "volume-delete"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        Step *step = record_new(&STEP_RECORD);
        json_t *json;

        step->kind = (int)rows[i].kind;
        json = record_encode(&STEP_RECORD, step);
        g_assert_cmpstr(json_string_value(json_object_get(json, "kind")), ==, rows[i].word);
        json_decref(json);
        record_free(&STEP_RECORD, step);
    }
}

static const struct {
    const char *from, *to, *text;
} breaches[] = {
    {"\"version\": 1", "\"version\": 2", "version 2"},
    {"\"severity\": \"warning\"", "\"severity\": \"bad\"", "'bad' is not one of"},
    {"\"kind\": \"domain-define\"", "\"kind\": \"domain-explode\"", "is not one of"},
    {"\"cpu\": 16", "\"cpu\": 70000", "70000"},
    {"\"name\": \"Red_k8s", "\"name\": \"../Red_k8s", "is not"},
    {"\"hosts\": [", "\"hostss\": [", "'hosts' is missing"},
};

static void test_breaches(void)
{
    g_autofree char *text = read_text();

    for (guint i = 0; i < G_N_ELEMENTS(breaches); i++) {
        g_autoptr(GString) broken = g_string_new(text);
        g_autoptr(GPtrArray) findings = findings_new();
        g_autofree char *said = NULL;

        g_assert_cmpuint(g_string_replace(broken, breaches[i].from, breaches[i].to, 1), ==, 1);
        g_assert_null(read_plan(broken->str, findings));
        said = findings_text(findings);
        g_assert_nonnull(strstr(said, breaches[i].text));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/round-trip", test_round_trip);
    g_test_add_func("/plan/empty", test_empty);
    g_test_add_func("/plan/helpers", test_helpers);
    g_test_add_func("/plan/step-kinds", test_step_kinds);
    g_test_add_func("/plan/breaches", test_breaches);
    return g_test_run();
}
