/* SPDX-License-Identifier: Apache-2.0 */
/* Base images by their content: what is taken, and what is refused because QEMU would follow it. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port/virt_image.h"

#define SECTOR 512

/* sha256sum of 512 zero bytes */
#define ZEROS_SHA256 "076a27c79e5ace2a3d47f9dd2e83e4ff6ea8872b3c2218f66c92b89b55f36560"

typedef struct {
    char *folder, *path;
    guint8 bytes[SECTOR];
} Fixture;

static void set_up(Fixture *fixture, const void *data)
{
    fixture->folder = g_dir_make_tmp("bmslice-image-XXXXXX", NULL);
    fixture->path = g_build_filename(fixture->folder, "image", NULL);
    memset(fixture->bytes, 0, sizeof(fixture->bytes));
}

static void tear_down(Fixture *fixture, const void *data)
{
    (void)g_remove(fixture->path);
    (void)g_rmdir(fixture->folder);
    g_free(fixture->path);
    g_free(fixture->folder);
}

static void put_be(guint8 *bytes, guint64 value, guint length)
{
    for (guint i = 0; i < length; i++)
        bytes[i] = (guint8)(value >> (8 * (length - 1 - i)));
}

/* A version 3 header of a disk of 1 GiB. */
static void make_qcow2(Fixture *fixture)
{
    memcpy(fixture->bytes, "QFI\xfb", 4);
    put_be(fixture->bytes + 4, 3, 4);
    put_be(fixture->bytes + 24, 1 << 30, 8);
}

static void write_bytes(Fixture *fixture, gssize length)
{
    g_assert_true(g_file_set_contents(fixture->path, (char *)fixture->bytes, length, NULL));
}

static void assert_refused(Fixture *fixture, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Image) image = image_read(fixture->path, NULL, NULL, &error);

    g_assert_null(image);
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, words));
    g_assert_nonnull(strstr(error->message, fixture->path));
}

static void test_raw(Fixture *fixture, const void *data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Image) image = NULL;

    write_bytes(fixture, SECTOR);
    image = image_read(fixture->path, NULL, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(image->format, ==, "raw");
    g_assert_cmpstr(image->sha256, ==, ZEROS_SHA256);
    g_assert_cmpint(image->size_bytes, ==, SECTOR);
    g_assert_cmpint(image->capacity_bytes, ==, SECTOR);
}

static void test_qcow2(Fixture *fixture, const void *data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Image) image = NULL;

    make_qcow2(fixture);
    write_bytes(fixture, SECTOR);
    image = image_read(fixture->path, NULL, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(image->format, ==, "qcow2");
    g_assert_cmpint(image->size_bytes, ==, SECTOR);
    g_assert_cmpint(image->capacity_bytes, ==, 1 << 30);
}

static void test_refusals(Fixture *fixture, const void *data)
{
    make_qcow2(fixture);
    put_be(fixture->bytes + 8, 400, 8);
    write_bytes(fixture, SECTOR);
    assert_refused(fixture, "backing file");

    put_be(fixture->bytes + 8, 0, 8);
    put_be(fixture->bytes + 32, 1, 4);
    write_bytes(fixture, SECTOR);
    assert_refused(fixture, "encrypted");

    put_be(fixture->bytes + 32, 0, 4);
    put_be(fixture->bytes + 72, 1 << 2, 8);
    write_bytes(fixture, SECTOR);
    assert_refused(fixture, "external data file");

    put_be(fixture->bytes + 72, 0, 8);
    write_bytes(fixture, 40);
    assert_refused(fixture, "header");

    put_be(fixture->bytes + 24, 0, 8);
    write_bytes(fixture, SECTOR);
    assert_refused(fixture, "sensible size");

    write_bytes(fixture, 0);
    assert_refused(fixture, "empty");

    g_assert_cmpint(g_remove(fixture->path), ==, 0);
    assert_refused(fixture, g_strerror(ENOENT));
    g_assert_cmpint(mkfifo(fixture->path, 0600), ==, 0);
    assert_refused(fixture, "regular file");
}

/* A version 2 header ends before the feature bits: what stands there is no feature. */
static void test_version_2(Fixture *fixture, const void *data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Image) image = NULL;

    make_qcow2(fixture);
    put_be(fixture->bytes + 4, 2, 4);
    put_be(fixture->bytes + 72, 1 << 2, 8);
    write_bytes(fixture, SECTOR);
    image = image_read(fixture->path, NULL, NULL, &error);
    g_assert_no_error(error);
}

static void test_current(Fixture *fixture, const void *data)
{
    g_autoptr(Image) image = NULL;

    write_bytes(fixture, SECTOR);
    image = image_read(fixture->path, NULL, NULL, NULL);
    g_assert_true(image_is_current(image, fixture->path));
    g_assert_false(image_is_current(image, fixture->folder));
    /* the same bytes in another file: it has to be looked at again */
    g_assert_cmpint(g_remove(fixture->path), ==, 0);
    write_bytes(fixture, SECTOR);
    g_assert_false(image_is_current(image, fixture->path));
}

static void count_progress(const char *what, gint64 done, gint64 total, void *data)
{
    g_assert_cmpint(done, <=, total);
    *(gint64 *)data = done;
}

static void test_progress(Fixture *fixture, const void *data)
{
    g_autoptr(Image) image = NULL;
    gint64 done = 0;

    write_bytes(fixture, SECTOR);
    image = image_read(fixture->path, count_progress, &done, NULL);
    g_assert_nonnull(image);
    g_assert_cmpint(done, ==, SECTOR);
}

#define ADD(name, function) g_test_add("/image/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("raw", test_raw);
    ADD("qcow2", test_qcow2);
    ADD("refusals", test_refusals);
    ADD("version-2", test_version_2);
    ADD("current", test_current);
    ADD("progress", test_progress);
    return g_test_run();
}
