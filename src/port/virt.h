/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libvirt: domains and volumes through its C API (>= 8.0). The only file set that includes
 * <libvirt/...>. It does what it is told and decides nothing. Errors carry libvirt's own words.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "model/libvirt_told.h"
#include "model/observed.h"
#include "model/plan.h"

typedef struct Virt Virt;

/* The error names the URI and the mend (is libvirtd running? permission?). */
Virt *virt_open(const char *uri, GError **error);
void virt_close(Virt *virt);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Virt, virt_close)

/* Versions as "9.0.0" (char *, the caller's) of libvirt on the host it leads to, and of the
 * hypervisor there; NULL: it does not tell. */
void virt_read_versions(Virt *virt, char **ret_libvirt, char **ret_hypervisor);

/* What libvirt tells of the host it leads to; a device that it cannot describe is no error. */
LibvirtTold *virt_read_inventory(Virt *virt, GError **error);
/* How many pages of @size_bytes are free on @node (virNodeGetFreePages()); RECORD_UNSET: it does
 * not tell. */
gint64 virt_read_free_pages(Virt *virt, gint64 node, gint64 size_bytes);

/* Domains. *@ret_observed is NULL when there is none of that name. Reads everything of Observed but
 * the process (port/process.h). */
bool virt_observe_domain(Virt *virt, const char *name, Observed **ret_observed, GError **error);
/* All domains with our metadata, by name: Observed *. */
GPtrArray *virt_list_ours(Virt *virt, GError **error);

/* Defines, with libvirt's schema validation. The XML carries the uuid when the domain exists. */
bool virt_define_domain(Virt *virt, const char *xml, GError **error);
bool virt_start_domain(Virt *virt, const char *name, GError **error);
/* Asks the guest to shut down, waits @timeout_seconds, then ends it. */
bool virt_stop_domain(Virt *virt, const char *name, guint timeout_seconds, GError **error);
/* Lets a paused guest run on. */
bool virt_resume_domain(Virt *virt, const char *name, GError **error);
bool virt_undefine_domain(Virt *virt, const char *name, GError **error);
bool virt_set_autostart(Virt *virt, const char *name, bool autostart, GError **error);
/* Sets all pins of @slice on the running domain and in its configuration. */
bool virt_repin_domain(Virt *virt, const PlanSlice *slice, GError **error);

/* Progress of long transfers: bytes done of total. */
typedef void (*VirtProgress)(const char *what, gint64 done, gint64 total, void *data);

/* The slice's disk: makes the pool of @disk->path's folder when there is none, brings the base
 * image into it once (checked against sha256 when given, streamed with progress), and makes the
 * overlay of
 * @disk->size_bytes. A disk that is there already is kept, with what is on it, when it rests on
 * this very image (*@ret_created is false then; grown when it is too small), and is an error
 * otherwise. Nothing half-made stays behind on failure. */
bool virt_create_disk(Virt *virt, const PlanDisk *disk, VirtProgress progress, void *data,
                      bool *ret_created, GError **error);
/* To @disk->size_bytes, also under a running guest; a larger disk stays as it is. */
bool virt_grow_disk(Virt *virt, const char *domain, const PlanDisk *disk, GError **error);
/* Is there a file in the disk's place, as far as libvirt's pools show? */
bool virt_has_disk(Virt *virt, const PlanDisk *disk, bool *ret_exists, GError **error);
/* Deletes the overlay; then base images of ours that nothing uses any more, and the pool with its
 * folder when the pool is ours and empty. Absence is no error; a volume that is no overlay of ours
 * is. */
bool virt_delete_disk(Virt *virt, const PlanDisk *disk, GError **error);
