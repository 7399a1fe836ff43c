/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base images: what the file of an image is, by its own content: format, virtual size, sha256
 * (qcow2: https://gitlab.com/qemu-project/qemu/-/blob/master/docs/interop/qcow2.txt). Knows nothing
 * of libvirt. Images come from users: one that would make QEMU open other files is refused.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/stat.h>

typedef struct {
    char *path;
    struct stat stat;      /* as it was when it was read */
    const char *format;    /* "qcow2" or "raw" */
    gint64 size_bytes;     /* of the file */
    gint64 capacity_bytes; /* of the disk the guest sees */
    char *sha256;          /* lower case hex */
} Image;

/* A long reading: bytes done of total. */
typedef void (*ImageProgress)(const char *what, gint64 done, gint64 total, void *data);

/* Reads the whole file. Errors: not a regular file, empty, a qcow2 that rests on other files or is
 * encrypted. */
Image *image_read(const char *path, ImageProgress progress, void *data, GError **error);
void image_free(Image *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Image, image_free)

/* Is the file still the one that was read (device, inode, size, times)? */
bool image_is_current(const Image *image, const char *path);

/* Opens for reading; anything but a regular file is refused. -1 with @error. */
int image_open(const char *path, struct stat *ret_stat, GError **error);
