/* SPDX-License-Identifier: Apache-2.0 */
/* What libvirt tells of the host itself. */
#include <stdlib.h>

#include "port/virt_internal.h"

/* libvirt's own allocation -> ours */
static char *take(char *text)
{
    char *copy = g_strdup(text);

    free(text);
    return copy;
}

/* A device that has gone since it was listed is none. */
static void describe(virNodeDevicePtr device, LibvirtTold *told)
{
    char *xml = virNodeDeviceGetXMLDesc(device, 0);

    if (!xml && virt_last_error_is(VIR_ERR_NO_NODE_DEVICE))
        return;
    libvirt_told_add_device(told, virNodeDeviceGetName(device), xml,
                            xml ? NULL : virGetLastErrorMessage());
    free(xml);
}

static bool read_devices(Virt *virt, LibvirtTold *told, GError **error)
{
    virNodeDevicePtr *devices = NULL;
    int count = virConnectListAllNodeDevices(virt->connection, &devices,
                                             VIR_CONNECT_LIST_NODE_DEVICES_CAP_PCI_DEV |
                                                 VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET);

    if (count < 0)
        return virt_last_error_is(VIR_ERR_NO_SUPPORT) ||
               virt_set_error(error, "listing the devices of %s", virt->uri);
    for (int i = 0; i < count; i++) {
        describe(devices[i], told);
        virNodeDeviceFree(devices[i]);
    }
    free(devices);
    return true;
}

LibvirtTold *virt_read_inventory(Virt *virt, GError **error)
{
    g_autoptr(LibvirtTold) told = libvirt_told_new();

    told->capabilities = take(virConnectGetCapabilities(virt->connection));
    if (!told->capabilities) {
        virt_set_error(error, "reading the capabilities of %s", virt->uri);
        return NULL;
    }
    told->hostname = take(virConnectGetHostname(virt->connection));
    return read_devices(virt, told, error) ? g_steal_pointer(&told) : NULL;
}

gint64 virt_read_free_pages(Virt *virt, gint64 node, gint64 size_bytes)
{
    unsigned int kib = (unsigned int)(size_bytes / 1024);
    unsigned long long count = G_MAXUINT64;

    /* drivers differ in what they return when all went well */
    if (node > G_MAXINT || size_bytes / 1024 > G_MAXUINT ||
        virNodeGetFreePages(virt->connection, 1, &kib, (int)node, 1, &count, 0) < 0 ||
        count > G_MAXINT64)
        return RECORD_UNSET;
    return (gint64)count;
}
