/* SPDX-License-Identifier: Apache-2.0 */
/* The archive that capture writes, as tar reads it; and the names that it takes out. What is
 * captured is tried by tests/hosts/capture.py. */
#include <glib/gstdio.h>
#include <string.h>

#include "port/capture_names.h"
#include "port/tar.h"

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static void run(const char *command)
{
    int status = 0;

    g_assert_true(g_spawn_sync(NULL, (char *[]){"sh", "-ec", (char *)command, NULL}, NULL,
                               G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, NULL));
    g_assert_true(g_spawn_check_wait_status(status, NULL));
}

static void test_tar(void)
{
    static const struct {
        TarKind kind;
        const char *path, *content;
    } entries[] = {
        {TAR_FOLDER, "empty", NULL},
        {TAR_FILE, "a/file", "text\n"},
        {TAR_FILE, "a/nothing", ""},
        {TAR_FILE, "a/block", TEN HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED "!!"},
        {TAR_LINK, "a/link", "../a/file"},
        {TAR_FILE, "b/" HUNDRED, "long"},
        {TAR_LINK, "b/x" HUNDRED, "../" HUNDRED "/y"},
        {TAR_FILE, "c/last", "end"},
    };
    g_autofree char *folder = g_dir_make_tmp("bmslice-tar-XXXXXX", NULL);
    g_autofree char *archive = g_build_filename(folder, "x.tar", NULL);
    g_autofree char *unpack = g_strdup_printf("tar -C '%s' -xf '%s'", folder, archive);
    g_autofree char *clean = g_strdup_printf("rm -r '%s'", folder);
    g_autoptr(GByteArray) tar = g_byte_array_new();

    for (guint i = 0; i < G_N_ELEMENTS(entries); i++)
        tar_add(tar, entries[i].kind, entries[i].path, entries[i].content);
    tar_end(tar);
    g_assert_cmpuint(tar->len % 512, ==, 0);
    g_assert_true(g_file_set_contents(archive, (char *)tar->data, tar->len, NULL));
    run(unpack);
    for (guint i = 0; i < G_N_ELEMENTS(entries); i++) {
        g_autofree char *path = g_build_filename(folder, entries[i].path, NULL);
        g_autofree char *content = NULL;

        if (entries[i].kind == TAR_LINK)
            content = g_file_read_link(path, NULL);
        else if (entries[i].kind == TAR_FILE)
            g_assert_true(g_file_get_contents(path, &content, NULL, NULL));
        else
            g_assert_true(g_file_test(path, G_FILE_TEST_IS_DIR));
        g_assert_cmpstr(content, ==, entries[i].content);
    }
    run(clean);
}

static void test_names(void)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"bc:30:5b:f2:87:52", "02:00:00:00:00:01"},
        {"BC:30:5B:F2:87:53 bc:30:5b:f2:87:52", "02:00:00:00:00:02 02:00:00:00:00:01"},
        {"net/enxbc305bf28752/address", "net/enx020000000001/address"},
        {"00:00:00:00:00:00 ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00 ff:ff:ff:ff:ff:ff"},
        {"pci0000:00/0000:01:00.0", "pci0000:00/0000:01:00.0"},
        {"red.example.org", "host1"},
        {"root=/dev/mapper/red-root", "root=/dev/mapper/host1-root"},
        {"redundant shared", "redundant shared"},
        {"\xc3\xa4 red \xc3\xa4", "\xc3\xa4 host1 \xc3\xa4"},
        {"", ""},
    };
    g_autoptr(Names) names = names_new("red.example.org");
    g_autoptr(Names) nameless = names_new(NULL);
    g_autofree char *same = names_replace(nameless, "red");

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = names_replace(names, cases[i].text);

        g_assert_cmpstr(text, ==, cases[i].wanted);
    }
    g_assert_cmpstr(same, ==, "red");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/capture/tar", test_tar);
    g_test_add_func("/capture/names", test_names);
    return g_test_run();
}
