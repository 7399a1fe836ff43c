/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files virt*.c share; nobody else includes this. libvirt keeps the last error of a thread
 * until its next call, so virt_set_error() comes right after the call that failed; the cleanups of
 * g_autoptr run later.
 */
#pragma once

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "port/virt.h"
#include "port/virt_image.h"
#include "port/virt_load.h"

struct Virt {
    virConnectPtr connection;
    char *uri;
    Image *image; /* the base image looked at last: slices share images, and hashing takes time */
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStoragePool, virStoragePoolFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStorageVol, virStorageVolFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStream, virStreamFree)

/* "what we were doing: libvirt's message". Returns false, for `return virt_set_error(...)`. */
bool virt_set_error(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Was the last failure this one (VIR_ERR_NO_DOMAIN ...)? */
bool virt_last_error_is(int code);

/* The domain @name, which must exist and be ours: every change goes through here. */
virDomainPtr virt_find_own_domain(Virt *virt, const char *name, GError **error);

/* virt_pool.c: directory pools, found by their folder. */

/* The pool of @folder, started and refreshed; *@ret_pool NULL when there is none. */
bool virt_find_pool(Virt *virt, const char *folder, virStoragePoolPtr *ret_pool, GError **error);
/* The same, but makes one of ours when there is none. */
virStoragePoolPtr virt_open_pool(Virt *virt, const char *folder, GError **error);
/* The pool's volume of that name; *@ret_volume NULL when there is none. */
bool virt_find_volume(virStoragePoolPtr pool, const char *name, virStorageVolPtr *ret_volume,
                      GError **error);
/* Base images in the pool that no volume rests on any more, and the pool when it is ours and empty.
 */
bool virt_clean_pool(virStoragePoolPtr pool, GError **error);
/* Path of the file the volume rests on, "" when on none; NULL with @error. */
char *virt_read_backing(virStorageVolPtr volume, GError **error);

/* virt_base.c: the complete base volume of @image in the pool; uploads it when it is not there. */
virStorageVolPtr virt_open_base(Virt *virt, virStoragePoolPtr pool, const Image *image,
                                VirtProgress progress, void *data, GError **error);
/* base-<16 hex digits>.qcow2 or .raw */
bool virt_is_base_name(const char *name);
