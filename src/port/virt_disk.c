/* SPDX-License-Identifier: Apache-2.0 */
/* The slices' disks: qcow2 overlays on a base image, in libvirt's storage pools. */
#include "port/virt_internal.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "port/file.h"

static const Image *look_at_image(Virt *virt, const char *path, VirtProgress progress, void *data,
                                  GError **error)
{
    if (virt->image && image_is_current(virt->image, path))
        return virt->image;
    image_free(virt->image);
    virt->image = image_read(path, progress, data, error);
    return virt->image;
}

static bool check_image(const Image *image, const PlanDisk *disk, GError **error)
{
    g_autofree char *wanted = text_format_size_short(disk->size_bytes);
    g_autofree char *least = text_format_size(image->capacity_bytes);

    if (disk->sha256 && g_ascii_strcasecmp(disk->sha256, image->sha256) != 0) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED,
                    "image %s: its sha256 is %s, the spec says %s", image->path, image->sha256,
                    disk->sha256);
        return false;
    }
    if (disk->size_bytes < image->capacity_bytes) {
        g_set_error(
            error, BMS_ERROR, BMS_ERROR_FAILED,
            "image %s: its disk has %s, more than the %s of %s; give the disk at least that "
            "size",
            image->path, least, wanted, disk->path);
        return false;
    }
    return true;
}

static bool grow_volume(virStorageVolPtr volume, gint64 size_bytes, GError **error)
{
    virStorageVolInfo info;

    if (virStorageVolGetInfo(volume, &info) < 0)
        return virt_set_error(error, "reading volume %s", virStorageVolGetName(volume));
    return info.capacity >= (guint64)size_bytes ||
           virStorageVolResize(volume, (guint64)size_bytes, 0) == 0 ||
           virt_set_error(error, "growing volume %s", virStorageVolGetName(volume));
}

/* A disk that was kept (destroy without --delete-disks) goes on being used, but only on the image
 * it was made from. */
static bool keep_volume(virStorageVolPtr volume, const char *base_path, const PlanDisk *disk,
                        GError **error)
{
    g_autofree char *backing = virt_read_backing(volume, error);

    if (!backing)
        return false;
    if (strcmp(backing, base_path) != 0) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED,
                    "disk %s is there already, and was not made from image %s; move it away, or "
                    "delete it with the slice (destroy --delete-disks)",
                    disk->path, disk->source);
        return false;
    }
    return grow_volume(volume, disk->size_bytes, error);
}

static bool make_overlay(virStoragePoolPtr pool, const char *name, const char *base_path,
                         const Image *image, const PlanDisk *disk, GError **error)
{
    g_autofree char *xml = g_markup_printf_escaped(
        "<volume><name>%s</name><capacity unit='bytes'>%" G_GINT64_FORMAT "</capacity>"
        "<target><format type='qcow2'/><compat>1.1</compat></target>"
        "<backingStore><path>%s</path><format type='%s'/></backingStore></volume>",
        name, disk->size_bytes, base_path, image->format);
    g_autoptr(virStorageVol) volume = virStorageVolCreateXML(pool, xml, 0);

    return volume || virt_set_error(error, "making disk %s", disk->path);
}

/* libvirt leaves new volumes to the kernel to write: a power cut would take a disk whose slice is
 * there. What cannot be read here (another host's, the test driver's) is not ours to flush. */
static bool flush_disk(const char *base_path, const PlanDisk *disk, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(disk->path);

    return g_access(disk->path, R_OK) != 0 ||
           (file_flush(base_path, error) && file_flush(disk->path, error) &&
            file_flush_folder(folder, error));
}

static bool create_in_pool(Virt *virt, virStoragePoolPtr pool, const Image *image,
                           const PlanDisk *disk, VirtProgress progress, void *data,
                           bool *ret_created, GError **error)
{
    g_autofree char *name = g_path_get_basename(disk->path);
    g_autoptr(virStorageVol) base = virt_open_base(virt, pool, image, progress, data, error);
    g_autoptr(virStorageVol) volume = NULL;
    g_autofree char *base_path = NULL;
    char *path;

    if (!base)
        return false;
    path = virStorageVolGetPath(base);
    if (!path)
        return virt_set_error(error, "reading volume %s", virStorageVolGetName(base));
    base_path = g_strdup(path);
    free(path); /* libvirt's own allocation */
    if (!virt_find_volume(pool, name, &volume, error))
        return false;
    if (volume)
        return keep_volume(volume, base_path, disk, error);
    *ret_created = make_overlay(pool, name, base_path, image, disk, error);
    return *ret_created && flush_disk(base_path, disk, error);
}

bool virt_create_disk(Virt *virt, const PlanDisk *disk, VirtProgress progress, void *data,
                      bool *ret_created, GError **error)
{
    const Image *image = look_at_image(virt, disk->source, progress, data, error);
    g_autofree char *folder = g_path_get_dirname(disk->path);
    g_autoptr(virStoragePool) pool = NULL;

    *ret_created = false;
    if (!image || !check_image(image, disk, error))
        return false;
    pool = virt_open_pool(virt, folder, error);
    if (!pool)
        return false;
    if (create_in_pool(virt, pool, image, disk, progress, data, ret_created, error))
        return true;
    virt_clean_pool(pool, NULL); /* the first error is the one to tell */
    return false;
}

bool virt_grow_disk(Virt *virt, const char *name, const PlanDisk *disk, GError **error)
{
    g_autoptr(virDomain) domain = virt_find_own_domain(virt, name, error);
    g_autoptr(virStorageVol) volume = NULL;
    virDomainBlockInfo info;

    if (!domain)
        return false;
    volume = virStorageVolLookupByPath(virt->connection, disk->path);
    if (!volume)
        return virt_set_error(error, "looking for disk %s", disk->path);
    if (virDomainIsActive(domain) != 1)
        return grow_volume(volume, disk->size_bytes, error);
    /* QEMU holds the file: it has to do it. It would shrink a disk just as well */
    if (virDomainGetBlockInfo(domain, disk->path, &info, 0) < 0)
        return virt_set_error(error, "reading disk %s of domain %s", disk->path, name);
    return info.capacity >= (guint64)disk->size_bytes ||
           virDomainBlockResize(domain, disk->path, (guint64)disk->size_bytes,
                                VIR_DOMAIN_BLOCK_RESIZE_BYTES) == 0 ||
           virt_set_error(error, "growing disk %s of domain %s", disk->path, name);
}

/* The pool and the volume of a disk; both may be NULL. */
static bool find_disk(Virt *virt, const PlanDisk *disk, virStoragePoolPtr *ret_pool,
                      virStorageVolPtr *ret_volume, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(disk->path);
    g_autofree char *name = g_path_get_basename(disk->path);

    *ret_volume = NULL;
    return virt_find_pool(virt, folder, ret_pool, error) &&
           (!*ret_pool || virt_find_volume(*ret_pool, name, ret_volume, error));
}

bool virt_has_disk(Virt *virt, const PlanDisk *disk, bool *ret_exists, GError **error)
{
    g_autoptr(virStoragePool) pool = NULL;
    g_autoptr(virStorageVol) volume = NULL;
    bool good = find_disk(virt, disk, &pool, &volume, error);

    *ret_exists = volume != NULL;
    return good;
}

static bool delete_overlay(virStorageVolPtr volume, const PlanDisk *disk, GError **error)
{
    g_autofree char *backing = virt_read_backing(volume, error);
    g_autofree char *name = backing ? g_path_get_basename(backing) : NULL;

    if (!backing)
        return false;
    if (!virt_is_base_name(name)) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED,
                    "disk %s was not made by bmslice: it is left alone", disk->path);
        return false;
    }
    return virStorageVolDelete(volume, 0) == 0 ||
           virt_set_error(error, "deleting disk %s", disk->path);
}

bool virt_delete_disk(Virt *virt, const PlanDisk *disk, GError **error)
{
    g_autoptr(virStoragePool) pool = NULL;
    g_autoptr(virStorageVol) volume = NULL;

    if (!find_disk(virt, disk, &pool, &volume, error))
        return false;
    if (volume && !delete_overlay(volume, disk, error))
        return false;
    return !pool || virt_clean_pool(pool, error);
}
