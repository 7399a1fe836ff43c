/* SPDX-License-Identifier: Apache-2.0 */
/* Root against a folder full of traps. Each case runs with openat2() and with the walk that stands
 * in for it: root_walk.h gives a descriptor, and both must come to the same file. */
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "model/record.h"
#include "port/file.h"
#include "port/root.h"
#include "port/root_walk.h"

typedef struct {
    char *above, *inside; /* the root is "inside"; "above" holds what must not be read */
    Root *root;
} Fixture;

static void write_file(const char *folder, const char *name, const char *text, gssize length)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(parent, 0755), ==, 0);
    g_assert_true(g_file_set_contents(path, text, length, NULL));
}

static void make_link(const char *folder, const char *name, const char *target)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    g_assert_cmpint(symlink(target, path), ==, 0);
}

static void set_up(Fixture *fixture, const void *data)
{
    g_autofree char *fifo = NULL;
    g_autofree char *secret = NULL;
    g_autoptr(GError) error = NULL;

    fixture->above = g_dir_make_tmp("bmslice-root-XXXXXX", NULL);
    g_assert_nonnull(fixture->above);
    fixture->inside = g_build_filename(fixture->above, "inside", NULL);
    write_file(fixture->above, "secret", "outside\n", -1);
    write_file(fixture->inside, "sys/value", "inside\n", -1);
    write_file(fixture->inside, "secret", "the root's own\n", -1);
    secret = g_build_filename(fixture->above, "secret", NULL);
    make_link(fixture->inside, "absolute", secret);
    make_link(fixture->inside, "absolute-inside", "/sys/value");
    make_link(fixture->inside, "up", "../secret");
    make_link(fixture->inside, "sys/far-up", "../../../../../../secret");
    make_link(fixture->inside, "folder-up", "..");
    make_link(fixture->inside, "loop", "loop");
    make_link(fixture->inside, "dangling", "../drivers/ixgbe");
    make_link(fixture->inside, "zero", "/dev/zero");
    fifo = g_build_filename(fixture->inside, "fifo", NULL);
    g_assert_cmpint(mkfifo(fifo, 0644), ==, 0);
    fixture->root = root_open(fixture->inside, &error);
    g_assert_no_error(error);
}

static void remove_tree(const char *path)
{
    GDir *folder = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
    const char *name;

    while (folder && (name = g_dir_read_name(folder))) {
        g_autofree char *inner = g_build_filename(path, name, NULL);

        remove_tree(inner);
    }
    g_clear_pointer(&folder, g_dir_close);
    g_assert_cmpint(g_remove(path), ==, 0);
}

static void tear_down(Fixture *fixture, const void *data)
{
    root_close(fixture->root);
    remove_tree(fixture->above);
    g_free(fixture->inside);
    g_free(fixture->above);
}

static char *read_by_walk(const Fixture *fixture, const char *path)
{
    int root_fd = open(fixture->inside, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = root_walk_open(root_fd, path, true);
    g_autofree char *name = g_strdup_printf("/proc/self/fd/%d", fd);
    char *text = NULL;
    struct stat status;

    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
        g_file_get_contents(name, &text, NULL, NULL);
    if (fd >= 0)
        close(fd);
    close(root_fd);
    return text ? g_strchomp(text) : NULL;
}

static const struct {
    const char *path, *text; /* NULL: cannot be read */
} READS[] = {
    {"sys/value", "inside"},
    {"/sys/value", "inside"},
    {"./sys//./value", "inside"},
    {"sys/../sys/value", "inside"},
    {"absolute-inside", "inside"},
    {"folder-up/sys/value", "inside"},
    {"../secret", "the root's own"},
    {"../../../secret", "the root's own"},
    {"up", "the root's own"},
    {"sys/far-up", "the root's own"},
    {"folder-up/secret", "the root's own"},
    {"absolute", NULL},
    {"loop", NULL},
    {"dangling", NULL},
    {"fifo", NULL},
    {"zero", NULL},
    {"sys", NULL},
    {"sys/value/more", NULL},
    {"missing", NULL},
    {"missing/more", NULL},
};

static void test_reads(Fixture *fixture, const void *data)
{
    for (guint i = 0; i < G_N_ELEMENTS(READS); i++) {
        g_autofree char *text = root_read_text(fixture->root, "%s", READS[i].path);
        g_autofree char *walked = read_by_walk(fixture, READS[i].path);

        g_test_message("%s", READS[i].path);
        g_assert_cmpstr(text, ==, READS[i].text);
        g_assert_cmpstr(walked, ==, READS[i].text);
    }
}

/* /dev/null of this machine, were it in the root: a device must not even be opened. */
static void test_device(Fixture *fixture, const void *data)
{
    g_autoptr(Root) host = root_open("/", NULL);

    g_assert_true(root_exists(host, "dev/null"));
    g_assert_null(root_read_text(host, "dev/null"));
    g_assert_null(root_read_text(host, "dev/zero"));
}

static void test_endless(Fixture *fixture, const void *data)
{
    g_autofree char *path = g_build_filename(fixture->inside, "long", NULL);
    g_autofree char *text = NULL;

    write_file(fixture->inside, "long", "", 0);
    g_assert_cmpint(truncate(path, (off_t)1 << 40), ==, 0);
    g_assert_null(root_read_text(fixture->root, "long"));
    g_assert_cmpint(truncate(path, ROOT_MAX_BYTES), ==, 0);
    text = root_read_text(fixture->root, "long");
    g_assert_nonnull(text);
}

static const struct {
    const char *text;
    gsize length; /* 0: all of it */
    gint64 number;
    const char *cpus; /* NULL: no list */
} VALUES[] = {
    {"0\n", 0, 0, "0"},
    {"12\n", 0, 12, "12"},
    {"0x1528\n", 0, 0x1528, NULL},
    {"-1\n", 0, RECORD_UNSET, NULL},
    {"", 0, RECORD_UNSET, ""},
    {"0x\n", 0, RECORD_UNSET, NULL},
    {"1a\n", 0, RECORD_UNSET, NULL},
    {"99999999999999999999\n", 0, RECORD_UNSET, NULL},
    {"9223372036854775807\n", 0, G_MAXINT64, NULL},
    {"0-3,8\n", 0, RECORD_UNSET, "0-3,8"},
    {"0-3\n\0", 5, RECORD_UNSET, "0-3"}, /* hwloc's older captures end so */
    {"0-99999999\n", 0, RECORD_UNSET, NULL},
    {"(null)\n", 0, RECORD_UNSET, NULL},
};

static void test_values(Fixture *fixture, const void *data)
{
    for (guint i = 0; i < G_N_ELEMENTS(VALUES); i++) {
        g_autoptr(CpuSet) cpus = NULL;
        g_autofree char *list = NULL;

        write_file(fixture->inside, "v", VALUES[i].text,
                   VALUES[i].length ? (gssize)VALUES[i].length : -1);
        g_test_message("%s", VALUES[i].text);
        g_assert_cmpint(root_read_int(fixture->root, "%s", "v"), ==, VALUES[i].number);
        cpus = root_read_cpus(fixture->root, "v");
        list = cpuset_format(cpus);
        g_assert_cmpstr(list, ==, VALUES[i].cpus);
    }
    write_file(fixture->inside, "v", "a\xff\n", -1);
    {
        g_autofree char *text = root_read_text(fixture->root, "v");

        g_assert_true(g_utf8_validate(text, -1, NULL));
    }
}

static void test_links(Fixture *fixture, const void *data)
{
    g_autofree char *name = root_read_link_name(fixture->root, "dangling");
    g_autofree char *target = root_read_link(fixture->root, "%s", "dangling");

    g_assert_cmpstr(name, ==, "ixgbe");
    g_assert_cmpstr(target, ==, "../drivers/ixgbe");
    g_assert_null(root_read_link(fixture->root, "sys/value"));
    g_assert_null(root_read_link(fixture->root, "missing"));
    g_assert_false(root_exists(fixture->root, "dangling"));
    g_assert_true(root_exists(fixture->root, "fifo"));
}

static void test_list(Fixture *fixture, const void *data)
{
    static const char *const expected[] = {"cpu2", "cpu10", "cpuidle"};
    g_autoptr(GPtrArray) names = NULL;
    g_autoptr(GPtrArray) none = root_list(fixture->root, "missing");
    g_autoptr(GPtrArray) fifo = root_list(fixture->root, "fifo");

    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autofree char *path = g_build_filename("cpu", expected[i], NULL);

        write_file(fixture->inside, path, "", 0);
    }
    names = root_list(fixture->root, "c%s", "pu");
    g_assert_cmpuint(names->len, ==, G_N_ELEMENTS(expected));
    for (guint i = 0; i < names->len; i++)
        g_assert_cmpstr(names->pdata[i], ==, expected[i]);
    g_assert_cmpuint(none->len, ==, 0);
    g_assert_cmpuint(fifo->len, ==, 0);
}

static void test_odd(Fixture *fixture, const void *data)
{
    static const struct {
        const char *path, *odd;
    } cases[] = {
        {"good", NULL},        {"missing", NULL}, {"absolute", "absolute"},
        {"up", "up"},          {"fifo", "fifo"},  {"zero", "zero"},
        {"sys", "sys/far-up"}, {"up/more", "up"}, {"folder-up/sys", "folder-up"},
    };

    write_file(fixture->inside, "good/cpu0/online", "1\n", -1);
    make_link(fixture->inside, "good/cpu0/node0", "../../node/node0");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *odd = root_find_odd(fixture->root, cases[i].path);

        g_assert_cmpstr(odd, ==, cases[i].odd);
    }
}

static void test_open(Fixture *fixture, const void *data)
{
    g_autofree char *file = g_build_filename(fixture->inside, "secret", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_null(root_open(file, &error));
    g_assert_true(strstr(error->message, file) != NULL);
    g_clear_error(&error);
    g_assert_null(root_open("/no/such/folder", &error));
    g_assert_nonnull(error);
}

static void test_file(Fixture *fixture, const void *data)
{
    g_autofree char *path = g_build_filename(fixture->inside, "out", NULL);
    g_autofree char *missing = g_build_filename(fixture->inside, "no", "out", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    gsize length;

    g_assert_true(file_write(path, "one\n", &error));
    g_assert_true(file_write(path, "two\n", &error));
    g_assert_true(file_read(path, 4, &text, &length, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, "two\n");
    g_assert_cmpuint(length, ==, 4);
    {
        const char *const bad[] = {missing, fixture->inside, "/dev/zero", path};

        for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
            char *nothing = NULL;

            g_assert_false(file_read(bad[i], 3, &nothing, NULL, &error));
            g_assert_true(g_str_has_prefix(error->message, bad[i]));
            g_assert_null(nothing);
            g_clear_error(&error);
        }
    }
    g_assert_false(file_write(missing, "x", &error));
    g_assert_true(g_str_has_prefix(error->message, missing));
}

/* What --svg or --html is told to write to may be no plain file: it stays what it is. */
static void test_special_file(Fixture *fixture, const void *data)
{
    g_autofree char *file = g_build_filename(fixture->inside, "file", NULL);
    g_autofree char *link = g_build_filename(fixture->inside, "link", NULL);
    g_autofree char *device = g_build_filename(fixture->inside, "null", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    struct stat status;

    g_assert_true(file_write(file, "one\n", &error));
    g_assert_cmpint(symlink("file", link), ==, 0);
    g_assert_true(file_write(link, "two\n", &error));
    g_assert_true(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
    g_assert_true(file_read(file, 10, &text, NULL, &error));
    g_assert_cmpstr(text, ==, "two\n");
    if (mknod(device, S_IFCHR | 0600, makedev(1, 3)) != 0) {
        g_test_skip("no device can be made here");
        return;
    }
    if (access(device, W_OK) == 0 && file_write(device, "three\n", NULL)) {
        g_assert_cmpint(stat(device, &status), ==, 0);
        g_assert_true(S_ISCHR(status.st_mode));
    }
    g_assert_cmpint(unlink(device), ==, 0);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(Fixture *fixture, const void *data);
    } tests[] = {
        {"/root/reads", test_reads},     {"/root/device", test_device},
        {"/root/endless", test_endless}, {"/root/values", test_values},
        {"/root/links", test_links},     {"/root/list", test_list},
        {"/root/odd", test_odd},         {"/root/open", test_open},
        {"/file/write", test_file},      {"/file/special", test_special_file},
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].run, tear_down);
    return g_test_run();
}
