/* SPDX-License-Identifier: Apache-2.0 */
#include "model/libvirt_told.h"

static void free_device(gpointer data)
{
    ToldDevice *device = data;

    g_free(device->name);
    g_free(device->xml);
    g_free(device->trouble);
    g_free(device);
}

LibvirtTold *libvirt_told_new(void)
{
    return g_new0(LibvirtTold, 1);
}

void libvirt_told_free(LibvirtTold *told)
{
    if (!told)
        return;
    g_free(told->hostname);
    g_free(told->capabilities);
    g_clear_pointer(&told->devices, g_ptr_array_unref);
    g_free(told);
}

void libvirt_told_add_device(LibvirtTold *told, const char *name, const char *xml,
                             const char *trouble)
{
    ToldDevice *device = g_new0(ToldDevice, 1);

    device->name = g_strdup(name);
    device->xml = g_strdup(xml);
    device->trouble = g_strdup(trouble);
    if (!told->devices)
        told->devices = g_ptr_array_new_with_free_func(free_device);
    g_ptr_array_add(told->devices, device);
}
