/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal of changes: torn, foreign, and left out of what no longer counts.
 */
#include <string.h>

#include "app/changes.h"
#include "changes_run.h"
#include "port/journal.h"

/* The journal of a bmslice that was cut off while it wrote, and one that is none. */
static void test_journal(void)
{
    g_autoptr(FakeHost) fake = fake_host_new();
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_autofree char *torn = NULL;

    make(fake);
    text = fake_host_read(fake, JOURNAL_PATH);
    torn = g_strconcat(text, "{\"number\": 99, \"sta", NULL);
    fake_host_write(fake, JOURNAL_PATH, torn);
    g_assert_cmpuint(undo(fake), ==, 0);
    fake_host_write(fake, JOURNAL_PATH, "{\"number\": 1, \"state\": \"done\"}\n");
    g_assert_null(changes_open(&fake->hands, NULL, findings, &error));
    g_assert_nonnull(strstr(error->message, "line 1"));
}

static guint count_lines(const FakeHost *fake)
{
    g_autofree char *text = fake_host_read(fake, JOURNAL_PATH);
    guint lines = 0;

    for (const char *at = text; at && *at; at++)
        lines += *at == '\n';
    return lines;
}

/* However often: the journal grows with what is to be taken back, not with what was done. */
static void test_compact(void)
{
    g_autoptr(FakeHost) fake = fake_host_new();
    g_autofree char *before = state(fake);
    g_autofree char *after = NULL;

    for (guint i = 0; i < 50; i++) {
        g_autofree char *value = g_strdup_printf("%u\n", i);

        make_one(fake, SETTING_FILE, EDITED, value);
        g_assert_cmpuint(count_lines(fake), <=, 6);
    }
    for (guint i = 0; i < 50; i++) { /* each boot makes it anew */
        g_autofree char *boot = g_strdup_printf("boot-%u\n", i);

        fake_host_write(fake, "/proc/sys/kernel/random/boot_id", boot);
        fake_host_write(fake, KSM, "1\n");
        make_one(fake, SETTING_ATTRIBUTE, KSM, "0");
        g_assert_cmpuint(count_lines(fake), <=, 10);
    }
    g_assert_cmpuint(undo(fake), ==, 0);
    fake_host_write(fake, "/proc/sys/kernel/random/boot_id",
                    "1c1dbd1c-0000-4000-8000-000000000001\n");
    after = state(fake);
    assert_state(after, before);
}

/* What somebody else wrote in between is not lost by leaving out what came before. */
static void test_compact_edited(void)
{
    g_autoptr(FakeHost) fake = fake_host_new();
    g_autofree char *text = NULL;

    make_one(fake, SETTING_FILE, EDITED, "1\n");
    fake_host_write(fake, EDITED, "theirs\n");
    for (guint i = 0; i < 9; i++)
        make_one(fake, SETTING_FILE, EDITED, i % 2 ? "2\n" : "3\n");
    g_assert_cmpuint(undo(fake), ==, 1);
    text = fake_host_read(fake, EDITED);
    g_assert_cmpstr(text, ==, "theirs\n");
}

static guint edit(FakeHost *fake)
{
    make_one(fake, SETTING_FILE, EDITED, "1\n");
    make_one(fake, SETTING_ATTRIBUTE, KSM, "0");
    return 0;
}

static guint edit_again(FakeHost *fake)
{
    for (guint i = 0; i < 4; i++)
        make_one(fake, SETTING_FILE, EDITED, i % 2 ? "2\n" : "3\n");
    return 0;
}

static void test_compact_killed(void)
{
    g_autofree char *before = state_after(NULL, NULL);
    guint points = kill_everywhere(edit, edit_again, undo, before);

    g_assert_cmpuint(points, >, 20);
    g_test_message("killed at %u points, those of leaving out among them", points);
}

/* Cut off while the new journal was written beside the old one: the old one counts. */
static void test_compact_torn(void)
{
    g_autoptr(FakeHost) fake = fake_host_new();
    g_autofree char *before = state(fake);
    g_autofree char *after = NULL;

    edit(fake);
    fake_host_write(fake, JOURNAL_PATH ".bmslice-new", "{\"number\": 1, \"sta");
    g_assert_cmpuint(undo(fake), ==, 0);
    after = fake_host_state(fake);
    g_assert_null(strstr(after, JOURNAL_FOLDER));
    g_free(after);
    after = state(fake);
    assert_state(after, before);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/journal/torn", test_journal);
    g_test_add_func("/journal/compact", test_compact);
    g_test_add_func("/journal/compact-edited", test_compact_edited);
    g_test_add_func("/journal/compact-killed", test_compact_killed);
    g_test_add_func("/journal/compact-torn", test_compact_torn);
    return g_test_run();
}
