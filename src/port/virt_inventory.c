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
static GPtrArray *describe(virNodeDevicePtr *devices, int count)
{
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);

    for (int i = 0; i < count; i++) {
        char *xml = virNodeDeviceGetXMLDesc(devices[i], 0);

        if (xml)
            g_ptr_array_add(texts, take(xml));
        virNodeDeviceFree(devices[i]);
    }
    free(devices);
    return texts;
}

bool virt_read_inventory(Virt *virt, char **ret_hostname, char **ret_capabilities,
                         GPtrArray **ret_devices, GError **error)
{
    g_autofree char *capabilities = take(virConnectGetCapabilities(virt->connection));
    virNodeDevicePtr *devices = NULL;
    int count;

    if (!capabilities)
        return virt_set_error(error, "reading the capabilities of %s", virt->uri);
    count = virConnectListAllNodeDevices(virt->connection, &devices,
                                         VIR_CONNECT_LIST_NODE_DEVICES_CAP_PCI_DEV |
                                             VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET);
    if (count < 0 && !virt_last_error_is(VIR_ERR_NO_SUPPORT))
        return virt_set_error(error, "listing the devices of %s", virt->uri);
    *ret_devices = describe(devices, MAX(count, 0));
    *ret_hostname = take(virConnectGetHostname(virt->connection));
    *ret_capabilities = g_steal_pointer(&capabilities);
    return true;
}
