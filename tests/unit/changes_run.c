/* SPDX-License-Identifier: Apache-2.0 */
#include "changes_run.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/changes.h"
#include "core/steps.h"
#include "machine.h"
#include "port/facts.h"

/* The host's steps and those of a slice's VFs, as they follow from what is there now. */
static GPtrArray *derive(const FakeHost *fake, GPtrArray *findings)
{
    const char *const slices[] = {MACHINE_BLUE, MACHINE_VF, NULL};
    g_autoptr(Host) host = machine_host();
    g_autoptr(Plan) plan = machine_plan(slices);
    g_autoptr(Facts) facts = facts_read(&fake->hands, STEPS_FACTS);
    PlanHost *plan_host = plan->hosts->pdata[0];
    GPtrArray *steps = steps_new();
    PlanSlice *slice;

    slice = plan_host->slices->pdata[1];
    ((PlanDevice *)slice->devices->pdata[0])->max_rate_mbps = 300;
    plan_host->isolation = SPEC_ISOLATION_RUNTIME; /* and the kernel arguments are there too */
    g_ptr_array_add(plan_host->take_over, g_strdup("irqbalance"));
    steps_derive_host(host, plan_host, facts, "/usr/bin/bmslice", steps, findings);
    steps_derive_devices(slice, steps);
    return steps;
}

guint make(FakeHost *fake)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(GPtrArray) steps = derive(fake, findings);
    g_autoptr(GPtrArray) done = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(Changes) changes = changes_open(&fake->hands, NULL, findings, &error);

    g_assert_no_error(error);
    changes_make_all(changes, CHANGES_HOST, steps, done, &error);
    g_assert_no_error(error);
    g_assert_false(findings_have(findings, FINDING_ERROR));
    return done->len;
}

guint undo(FakeHost *fake)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(Changes) changes = changes_open(&fake->hands, NULL, findings, &error);

    g_assert_no_error(error);
    changes_undo(changes, CHANGES_ALL, NULL, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < findings->len; i++)
        g_test_message("%s", ((const Finding *)findings->pdata[i])->text);
    return findings->len;
}

char *state(const FakeHost *fake)
{
    g_autofree char *text = fake_host_state(fake);
    g_auto(GStrv) lines = g_strsplit(text, "\n/", -1);
    GString *rest = g_string_new(NULL);

    for (char **line = lines; *line; line++) {
        if (!g_str_has_prefix(*line, "var/lib/bmslice/journal"))
            g_string_append_printf(rest, "%s\n/", *line);
    }
    return g_string_free(rest, FALSE);
}

/* Does the work in a child that is killed at move @at; false: it had ended before. */
static bool killed_at(FakeHost *fake, Work work, guint at)
{
    int status;
    pid_t pid = fork();

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        fake->moves = 0;
        fake->kill_at = at;
        work(fake);
        _exit(0);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    if (WIFSIGNALED(status))
        g_assert_cmpint(WTERMSIG(status), ==, SIGKILL);
    return WIFSIGNALED(status);
}

void assert_state(const char *state, const char *wanted)
{
    g_auto(GStrv) lines = g_strsplit(state, "\n", -1);
    g_auto(GStrv) wanted_lines = g_strsplit(wanted, "\n", -1);

    for (guint i = 0; lines[i] && wanted_lines[i]; i++)
        g_assert_cmpstr(lines[i], ==, wanted_lines[i]);
    g_assert_cmpstr(state, ==, wanted);
}

char *state_after(Work first, Work second)
{
    g_autoptr(FakeHost) fake = fake_host_new();

    if (first)
        first(fake);
    if (second)
        second(fake);
    return state(fake);
}

guint kill_everywhere(Work begin, Work work, Work then, const char *wanted)
{
    for (guint at = 1;; at++) {
        g_autoptr(FakeHost) fake = fake_host_new();
        g_autofree char *left = NULL;

        if (begin)
            begin(fake);
        if (!killed_at(fake, work, at))
            return at - 1;
        then(fake);
        left = state(fake);
        assert_state(left, wanted);
    }
}

void make_one(FakeHost *fake, SettingKind kind, const char *target, const char *value)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(GPtrArray) steps = g_ptr_array_new();
    g_autoptr(GPtrArray) done = g_ptr_array_new();
    g_autoptr(Setting) setting = setting_new(kind, target, value);
    g_autoptr(GError) error = NULL;
    g_autoptr(Changes) changes = changes_open(&fake->hands, NULL, findings, &error);
    Step step = {.text = (char *)"one", .setting = setting};

    g_assert_no_error(error);
    g_ptr_array_add(steps, &step);
    changes_make_all(changes, CHANGES_HOST, steps, done, &error);
    g_assert_no_error(error);
}
