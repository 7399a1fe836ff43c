/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base images as volumes. The name is made of the content's sha256, so each content is there once.
 * The volume is made empty and grows as it is written (checked with libvirt 9: capacity 0, raw):
 * one whose size is the file's is complete, one that is shorter was cut off, and is done anew.
 */
#include "port/virt_internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

#define BLOCK_BYTES ((gsize)256 * 1024) /* libvirt's largest stream packet */
#define NAME_DIGITS 16

bool virt_is_base_name(const char *name)
{
    return g_regex_match_simple("^base-[0-9a-f]{16}\\.(qcow2|raw)$", name, 0, 0);
}

/* What was sent must be what the volume is named after: the file may change while it is read. */
static bool send_file(virStreamPtr stream, int fd, const Image *image, VirtProgress progress,
                      void *data, GError **error)
{
    g_autofree char *block = g_malloc(BLOCK_BYTES);
    g_autofree char *what = g_strdup_printf("copy %s", image->path);
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    gint64 done = 0;

    while (done < image->size_bytes) {
        gsize wanted = (gsize)MIN((gint64)BLOCK_BYTES, image->size_bytes - done);
        ssize_t length = TEMP_FAILURE_RETRY(read(fd, block, wanted));

        if (length <= 0) {
            g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "image %s: %s", image->path,
                        length < 0 ? g_strerror(errno) : "the file shrinks while it is read");
            return false;
        }
        g_checksum_update(checksum, (guchar *)block, length);
        for (ssize_t sent = 0; sent < length;) {
            int part = virStreamSend(stream, block + sent, (size_t)(length - sent));

            if (part < 0)
                return virt_set_error(error, "copying image %s", image->path);
            sent += part;
        }
        done += length;
        if (progress)
            progress(what, done, image->size_bytes, data);
    }
    if (strcmp(g_checksum_get_string(checksum), image->sha256) == 0)
        return true;
    g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "image %s: the file changes while it is read",
                image->path);
    return false;
}

static bool upload(Virt *virt, virStorageVolPtr volume, const Image *image, VirtProgress progress,
                   void *data, GError **error)
{
    g_autoptr(virStream) stream = virStreamNew(virt->connection, 0);
    struct stat now;
    int fd;
    bool good;

    if (!stream || virStorageVolUpload(volume, stream, 0, (guint64)image->size_bytes, 0) < 0)
        return virt_set_error(error, "uploading image %s", image->path);
    fd = image_open(image->path, &now, error);
    good = fd >= 0 && send_file(stream, fd, image, progress, data, error);
    if (fd >= 0)
        close(fd);
    if (!good) {
        virStreamAbort(stream);
        return false;
    }
    return virStreamFinish(stream) == 0 || virt_set_error(error, "uploading image %s", image->path);
}

static virStorageVolPtr make_base(Virt *virt, virStoragePoolPtr pool, const char *name,
                                  const Image *image, VirtProgress progress, void *data,
                                  GError **error)
{
    g_autofree char *xml = g_markup_printf_escaped(
        "<volume><name>%s</name><capacity>0</capacity><allocation>0</allocation>"
        "<target><format type='raw'/></target></volume>",
        name);
    g_autoptr(virStorageVol) volume = virStorageVolCreateXML(pool, xml, 0);

    if (!volume) {
        virt_set_error(error, "making volume %s", name);
        return NULL;
    }
    if (!upload(virt, volume, image, progress, data, error)) {
        virStorageVolDelete(volume, 0);
        return NULL;
    }
    return g_steal_pointer(&volume);
}

virStorageVolPtr virt_open_base(Virt *virt, virStoragePoolPtr pool, const Image *image,
                                VirtProgress progress, void *data, GError **error)
{
    g_autofree char *name =
        g_strdup_printf("base-%.*s.%s", NAME_DIGITS, image->sha256, image->format);
    g_autoptr(virStorageVol) volume = NULL;
    virStorageVolInfo info;

    if (!virt_find_volume(pool, name, &volume, error))
        return NULL;
    if (!volume)
        return make_base(virt, pool, name, image, progress, data, error);
    if (virStorageVolGetInfoFlags(volume, &info, VIR_STORAGE_VOL_GET_PHYSICAL) < 0) {
        virt_set_error(error, "reading volume %s", name);
        return NULL;
    }
    if (info.allocation == (guint64)image->size_bytes)
        return g_steal_pointer(&volume);
    if (virStorageVolDelete(volume, 0) < 0) {
        virt_set_error(error, "deleting the incomplete volume %s", name);
        return NULL;
    }
    return make_base(virt, pool, name, image, progress, data, error);
}
