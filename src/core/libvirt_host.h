/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Host from what libvirt tells of one (https://libvirt.org/formatcaps.html, formatnode.html): for
 * servers that are reached by libvirt only. What it does not tell is unset: above all what the host
 * uses its devices for, so no plan hands out one of them from such an inventory. Pure.
 */
#pragma once

#include "model/finding.h"
#include "model/host.h"
#include "model/libvirt_told.h"

/* How many pages of a size are free on a node; RECORD_UNSET: unknown. */
typedef gint64 (*LibvirtFreePages)(gint64 node, gint64 size_bytes, void *data);

/* What contradicts itself is unset, or left out, and a finding says so: the Host is sound.
 * NULL with @error when the capabilities are no XML or tell of no online CPU. */
Host *host_from_libvirt(const LibvirtTold *told, LibvirtFreePages free_pages, void *data,
                        GPtrArray *findings, GError **error);
