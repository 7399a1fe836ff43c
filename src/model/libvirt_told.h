/* SPDX-License-Identifier: Apache-2.0 */
/* What libvirt tells of the host it leads to, in its own words: read by port/virt.h, made a Host by
 * core/libvirt_host.h. */
#pragma once

#include <glib.h>

typedef struct {
    char *name; /* "pci_0000_01_00_0" */
    char *xml;  /* NULL: it would not describe it, and @trouble says why */
    char *trouble;
} ToldDevice;

typedef struct {
    char *hostname;     /* NULL: it does not tell */
    char *capabilities; /* XML */
    GPtrArray *devices; /* ToldDevice *: PCI functions, network interfaces; NULL: it lists none */
} LibvirtTold;

LibvirtTold *libvirt_told_new(void);
void libvirt_told_free(LibvirtTold *told);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LibvirtTold, libvirt_told_free)

/* All three are copied; @xml or @trouble is NULL. */
void libvirt_told_add_device(LibvirtTold *told, const char *name, const char *xml,
                             const char *trouble);
