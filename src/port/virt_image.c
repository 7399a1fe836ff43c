/* SPDX-License-Identifier: Apache-2.0 */
#include "port/virt_image.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

#define BLOCK_BYTES ((gsize)1024 * 1024)

/* The header of qcow2, all numbers big-endian. */
#define QCOW2_MAGIC "QFI\xfb"
#define QCOW2_BACKING_OFFSET 8
#define QCOW2_CAPACITY_OFFSET 24
#define QCOW2_CRYPT_OFFSET 32
#define QCOW2_INCOMPATIBLE_OFFSET 72 /* version 3 and later */
#define QCOW2_HEADER_BYTES 80
#define QCOW2_INCOMPATIBLE_DATA_FILE (1u << 2)

static guint32 read_be32(const guint8 *bytes)
{
    guint32 value;

    memcpy(&value, bytes, sizeof(value));
    return GUINT32_FROM_BE(value);
}

static guint64 read_be64(const guint8 *bytes)
{
    guint64 value;

    memcpy(&value, bytes, sizeof(value));
    return GUINT64_FROM_BE(value);
}

int image_open(const char *path, struct stat *ret_stat, GError **error)
{
    /* O_NONBLOCK: a FIFO must not hang us before it is refused */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

    if (fd < 0 || fstat(fd, ret_stat) < 0) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "image %s: %s", path, g_strerror(errno));
    } else if (!S_ISREG(ret_stat->st_mode)) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "image %s: not a regular file", path);
    } else {
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool decode_qcow2(Image *image, const guint8 *header, gsize length, GError **error)
{
    const char *flaw = NULL;
    guint64 capacity;

    if (length < QCOW2_HEADER_BYTES) {
        flaw = "a qcow2 image that ends within its header";
    } else if (read_be64(header + QCOW2_BACKING_OFFSET) != 0) {
        flaw = "a qcow2 image that rests on a backing file; flatten it: qemu-img convert -O qcow2";
    } else if (read_be32(header + QCOW2_CRYPT_OFFSET) != 0) {
        flaw = "an encrypted qcow2 image; decrypt it: qemu-img convert -O qcow2";
    } else if (read_be32(header + 4) >= 3 &&
               read_be64(header + QCOW2_INCOMPATIBLE_OFFSET) & QCOW2_INCOMPATIBLE_DATA_FILE) {
        flaw = "a qcow2 image with an external data file; join them: qemu-img convert -O qcow2";
    } else {
        capacity = read_be64(header + QCOW2_CAPACITY_OFFSET);
        if (capacity == 0 || capacity > G_MAXINT64)
            flaw = "a qcow2 image whose header gives no sensible size";
        image->capacity_bytes = (gint64)capacity;
    }
    if (flaw)
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "image %s: %s", image->path, flaw);
    return !flaw;
}

static bool decode_header(Image *image, const guint8 *header, gsize length, GError **error)
{
    if (length >= 4 && memcmp(header, QCOW2_MAGIC, 4) == 0) {
        image->format = "qcow2";
        return decode_qcow2(image, header, length, error);
    }
    image->format = "raw";
    image->capacity_bytes = image->size_bytes;
    return true;
}

static bool hash_file(Image *image, int fd, ImageProgress progress, void *data, GError **error)
{
    g_autofree guint8 *block = g_malloc(BLOCK_BYTES);
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree char *what = g_strdup_printf("read %s", image->path);
    gint64 done = 0;

    while (done < image->size_bytes) {
        ssize_t length = TEMP_FAILURE_RETRY(read(fd, block, BLOCK_BYTES));

        if (length <= 0) {
            g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "image %s: %s", image->path,
                        length < 0 ? g_strerror(errno) : "the file shrinks while it is read");
            return false;
        }
        if (done == 0 && !decode_header(image, block, (gsize)length, error))
            return false;
        g_checksum_update(checksum, block, length);
        done += length;
        if (progress)
            progress(what, MIN(done, image->size_bytes), image->size_bytes, data);
    }
    image->sha256 = g_strdup(g_checksum_get_string(checksum));
    return true;
}

Image *image_read(const char *path, ImageProgress progress, void *data, GError **error)
{
    g_autoptr(Image) image = g_new0(Image, 1);
    int fd = image_open(path, &image->stat, error);
    bool good;

    if (fd < 0)
        return NULL;
    image->path = g_strdup(path);
    image->size_bytes = image->stat.st_size;
    good = image->size_bytes > 0;
    if (!good)
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "image %s: the file is empty", path);
    good = good && hash_file(image, fd, progress, data, error);
    close(fd);
    return good ? g_steal_pointer(&image) : NULL;
}

void image_free(Image *image)
{
    if (!image)
        return;
    g_free(image->path);
    g_free(image->sha256);
    g_free(image);
}

bool image_is_current(const Image *image, const char *path)
{
    const struct stat *then = &image->stat;
    struct stat now;

    return strcmp(image->path, path) == 0 && stat(path, &now) == 0 && now.st_dev == then->st_dev &&
           now.st_ino == then->st_ino && now.st_size == then->st_size &&
           now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == then->st_mtim.tv_nsec &&
           now.st_ctim.tv_sec == then->st_ctim.tv_sec &&
           now.st_ctim.tv_nsec == then->st_ctim.tv_nsec;
}
