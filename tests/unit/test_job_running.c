/* SPDX-License-Identifier: Apache-2.0 */
/* What guests of ours hold until they are restarted, or for good, is not given to others. */
#include <string.h>

#include "app/job.h"
#include "core/place.h"
#include "plan_check.h"
#include "synthetic.h"

#define SPEC(slices)                                                                               \
    "version: 1\nhosts: [{name: server1}]\n"                                                       \
    "clusters:\n  - {name: one, spread: none, slices: [" slices "]}\n"

/* A slice as it is defined or runs. */
typedef struct {
    const char *name;
    gint64 node, gib, page_gib; /* page_gib 0: ordinary pages */
} Guest;

static PlanSlice *guest_slice(const Guest *guest)
{
    PlanSlice *slice = plan_slice_new();

    slice->name = g_strdup(guest->name);
    g_array_append_val(slice->nodes, guest->node);
    slice->memory_bytes = guest->gib << 30;
    slice->hugepage_bytes = guest->page_gib ? guest->page_gib << 30 : RECORD_UNSET;
    return slice;
}

/* The texts of what overlaps when @yaml is planned while @live run, a line each. */
static char *overlaps(const char *host, const char *yaml, const Guest *guests, guint n, bool live)
{
    g_autoptr(GPtrArray) running = g_ptr_array_new_with_free_func((GDestroyNotify)held_free);
    g_autoptr(Job) job = g_new0(Job, 1);
    GString *text = g_string_new(NULL);

    job->findings = findings_new();
    job->host = synthetic_host(host);
    job->tree = tree_parse_yaml("spec.yaml", yaml, strlen(yaml));
    job->spec = spec_from_tree(job->tree, job->findings);
    g_assert_nonnull(job->spec);
    job->spec_host = spec_find_host(job->spec, "server1");
    job->plan = place_slices(job->spec, job->spec_host, job->host, NULL);
    plan_check(job->tree, job->spec, job->spec_host, job->host, job->plan);
    job->plan_host = job->plan->hosts->pdata[0];
    g_assert_cmpuint(job->plan->unplaced->len, ==, 0);
    for (guint i = 0; i < n; i++) {
        Held *held = g_new0(Held, 1);

        held->config = guest_slice(&guests[i]);
        held->live = live ? guest_slice(&guests[i]) : NULL;
        g_ptr_array_add(running, held);
    }
    job_check_overlap(job, running);
    for (guint i = 0; i < job->findings->len; i++) {
        const Finding *finding = job->findings->pdata[i];

        g_assert_cmpstr(finding->code, ==, "slice-overlap");
        g_string_append_printf(text, "%s: %s\n", finding->subject, finding->text);
    }
    return g_string_free(text, false);
}

#define A8_B8 SPEC("{name: a, vcpus: 2, memory: 8GiB}, {name: b, vcpus: 2, memory: 8GiB}")

/* Both fit, but not beside what a runs with. */
static void test_waits_for_restart(void)
{
    const Guest a = {"a", 0, 12, 1};
    g_autofree char *tight = overlaps("core:8 mem:20", A8_B8, &a, 1, true);
    g_autofree char *wide = overlaps("core:8 mem:24 page:1024/20", A8_B8, &a, 1, true);
    g_autofree char *off = overlaps("core:8 mem:20", A8_B8, &a, 1, false);

    g_assert_cmpstr(tight, ==,
                    "slice b: 4 GiB of memory on node 0 are held by slice a, which still runs "
                    "with its former settings\n");
    g_assert_cmpstr(wide, ==, "");
    g_assert_cmpstr(off, ==, "");
}

/* There is memory, and no page for it until a gives its own back. */
static void test_pages_wait_for_restart(void)
{
    const Guest a = {"a", 0, 12, 1};
    g_autofree char *text = overlaps("core:8 mem:64 page:1024/18", A8_B8, &a, 1, true);
    g_autofree char *enough = overlaps("core:8 mem:64 page:1024/20", A8_B8, &a, 1, true);

    g_assert_cmpstr(text, ==,
                    "slice b: 2 GiB of memory on node 0 are held by slice a, which still runs "
                    "with its former settings\n");
    g_assert_cmpstr(enough, ==, "");
}

/* It would come back with what its configuration has. */
static void test_not_in_spec(void)
{
    const Guest other = {"other", 0, 12, 0};
    g_autofree char *text = overlaps("core:8 mem:24", A8_B8, &other, 1, false);
    g_autofree char *room = overlaps("core:8 mem:32", A8_B8, &other, 1, false);

    g_assert_cmpstr(text, ==,
                    "slice a: 8 GiB of memory on node 0 are held by slice other, which is not in "
                    "this spec\n"
                    "slice b: 8 GiB of memory on node 0 are held by slice other, which is not in "
                    "this spec\n");
    g_assert_cmpstr(room, ==, "");
}

/* What a runs with is what it is to have, and b has more room than it needs. */
static void test_runs_as_planned(void)
{
    const Guest both[] = {{"a", 0, 8, 1}, {"b", 0, 8, 1}};
    g_autofree char *text = overlaps("core:8 mem:20", A8_B8, both, 2, true);

    g_assert_cmpstr(text, ==, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/job-running/waits-for-restart", test_waits_for_restart);
    g_test_add_func("/job-running/pages-wait-for-restart", test_pages_wait_for_restart);
    g_test_add_func("/job-running/not-in-spec", test_not_in_spec);
    g_test_add_func("/job-running/runs-as-planned", test_runs_as_planned);
    return g_test_run();
}
