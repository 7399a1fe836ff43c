/* SPDX-License-Identifier: Apache-2.0 */
/* What the next boot makes ready, when a spec is applied that was not prepared. */
#include "app/boot_plan.h"

#include <string.h>

#include "fake_host.h"
#include "machine.h"
#include "port/facts.h"

typedef struct {
    FakeHost *fake;
    Host *host;
    GPtrArray *findings;
    Changes *changes;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    fixture->fake = fake_host_new();
    fixture->host = machine_host();
    fixture->findings = findings_new();
    fixture->changes = changes_open(&fixture->fake->hands, NULL, fixture->findings, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    changes_close(fixture->changes);
    g_ptr_array_unref(fixture->findings);
    host_free(fixture->host);
    fake_host_free(fixture->fake);
}

static Plan *plan_of(const Fixture *fixture, const char *first, const char *second)
{
    const char *const slices[] = {first, second, NULL};
    Plan *plan = machine_plan(slices);
    PlanHost *plan_host = plan->hosts->pdata[0];
    g_autoptr(Facts) facts = facts_read(&fixture->fake->hands, STEPS_FACTS);

    plan_host->steps = plan_host->steps ? plan_host->steps : steps_new();
    steps_derive_host(fixture->host, plan_host, facts, "/usr/bin/bmslice", plan_host->steps,
                      fixture->findings);
    return plan;
}

static void prepare(const Fixture *fixture, const Plan *plan)
{
    const PlanHost *plan_host = plan->hosts->pdata[0];
    g_autoptr(GPtrArray) done = g_ptr_array_new();
    g_autoptr(GError) error = NULL;

    changes_make_all(fixture->changes, CHANGES_HOST, plan_host->steps, done, &error);
    g_assert_no_error(error);
}

/* Applies it; what is stored then. */
static char *keep(const Fixture *fixture, const Plan *plan, const PlanSlice *existing)
{
    g_autoptr(GPtrArray) slices = g_ptr_array_new();
    g_autoptr(GError) error = NULL;

    if (existing)
        g_ptr_array_add(slices, (gpointer)existing);
    g_ptr_array_set_size(fixture->findings, 0);
    boot_plan_keep(fixture->changes, plan->hosts->pdata[0], slices, &error);
    g_assert_no_error(error);
    return fake_host_read(fixture->fake, STEPS_BOOT_PLAN);
}

static const char *code(const Fixture *fixture)
{
    return fixture->findings->len == 1 ? ((const Finding *)fixture->findings->pdata[0])->code
                                       : NULL;
}

static void test_unprepared(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Plan) plan = plan_of(fixture, MACHINE_BLUE, NULL);
    g_autofree char *stored = keep(fixture, plan, NULL);

    g_assert_null(stored);
    g_assert_cmpstr(code(fixture), ==, "not-kept-over-reboot");
}

/* One more slice, by apply alone: stored, once, and taken back with the rest. */
static void test_grows(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Plan) first = plan_of(fixture, MACHINE_BLUE, NULL);
    g_autoptr(Plan) second = NULL;
    g_autofree char *stored = NULL;
    g_autofree char *left = NULL;
    g_autoptr(GError) error = NULL;

    prepare(fixture, first);
    second = plan_of(fixture, MACHINE_BLUE, MACHINE_RED);
    stored = keep(fixture, second, NULL);
    g_assert_nonnull(strstr(stored, "Blue_k8s_cluster_worker1"));
    g_assert_nonnull(strstr(stored, "Red_k8s_cluster_worker1"));
    g_assert_cmpuint(fixture->findings->len, ==, 0);
    changes_undo(fixture->changes, CHANGES_ALL, NULL, &error);
    g_assert_no_error(error);
    left = fake_host_read(fixture->fake, STEPS_BOOT_PLAN);
    g_assert_null(left);
}

/* Another spec must not take a slice that exists out of the boot's; one that is gone it may. */
static void test_others(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Plan) first = plan_of(fixture, MACHINE_BLUE, NULL);
    const PlanHost *first_host = first->hosts->pdata[0];
    g_autoptr(Plan) second = NULL;
    g_autofree char *stored = NULL;

    prepare(fixture, first);
    second = plan_of(fixture, MACHINE_RED, NULL);
    stored = keep(fixture, second, first_host->slices->pdata[0]);
    g_assert_nonnull(strstr(stored, "Blue_k8s_cluster_worker1"));
    g_assert_null(strstr(stored, "Red_k8s_cluster_worker1"));
    g_assert_cmpstr(code(fixture), ==, "boot-plan-others");
    g_free(stored);
    stored = keep(fixture, second, NULL);
    g_assert_null(strstr(stored, "Blue_k8s_cluster_worker1"));
    g_assert_nonnull(strstr(stored, "Red_k8s_cluster_worker1"));
}

static void test_broken(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Plan) plan = plan_of(fixture, MACHINE_BLUE, NULL);
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GError) error = NULL;

    fake_host_write(fixture->fake, STEPS_BOOT_PLAN, "{\"version\": 1, \"hosts\": []}\n");
    g_assert_false(boot_plan_keep(fixture->changes, plan->hosts->pdata[0], none, &error));
    g_assert_nonnull(strstr(error->message, "is no plan of one host"));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(Fixture *fixture, gconstpointer data);
    } tests[] = {
        {"/boot-plan/unprepared", test_unprepared},
        {"/boot-plan/grows", test_grows},
        {"/boot-plan/others", test_others},
        {"/boot-plan/broken", test_broken},
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].run, tear_down);
    return g_test_run();
}
