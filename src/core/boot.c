/* SPDX-License-Identifier: Apache-2.0 */
#include "core/boot.h"

#include <string.h>

/* The function that must be there whatever was made: of a VF, its port. */
static const char *base_address(const PlanDevice *device)
{
    return device->kind == PLAN_DEVICE_VF ? device->pf : device->address;
}

bool boot_ports_are_there(const Host *host, const PlanHost *plan_host)
{
    for (guint i = 0; i < plan_host->slices->len; i++) {
        const PlanSlice *slice = plan_host->slices->pdata[i];

        for (guint d = 0; d < slice->devices->len; d++) {
            const PlanDevice *device = slice->devices->pdata[d];
            const HostPci *pci =
                base_address(device) ? host_find_pci(host, base_address(device)) : NULL;

            if (!pci || (device->kind == PLAN_DEVICE_VF && pci->nets->len == 0))
                return false;
        }
    }
    return true;
}

static char *find_device_flaw(const Host *host, const PlanDevice *device)
{
    const char *address = base_address(device);
    const HostPci *pci = address ? host_find_pci(host, address) : NULL;
    const char *vendor = device->kind == PLAN_DEVICE_VF ? device->pf_vendor : device->vendor;
    const char *id = device->kind == PLAN_DEVICE_VF ? device->pf_device : device->device;

    if (!pci)
        return g_strdup_printf("%s is not there", address ? address : "a device");
    if ((vendor && g_strcmp0(vendor, pci->vendor) != 0) || (id && g_strcmp0(id, pci->device) != 0))
        return g_strdup_printf("another device sits at %s now: %s:%s", address,
                               pci->vendor ? pci->vendor : "?", pci->device ? pci->device : "?");
    if (device->kind != PLAN_DEVICE_VF && pci->uses) {
        g_autoptr(GPtrArray) uses = host_pci_uses(pci);

        if (uses->len > 0)
            return g_strdup_printf("the host uses %s now (%s)", address, (char *)uses->pdata[0]);
    }
    return NULL;
}

char *boot_find_flaw(const Host *host, const PlanSlice *slice)
{
    char *flaw = NULL;

    for (guint i = 0; !flaw && i < slice->devices->len; i++)
        flaw = find_device_flaw(host, slice->devices->pdata[i]);
    return flaw;
}

static bool lies_on(const PlanSlice *slice, const char *subject)
{
    for (guint i = 0; i < slice->nodes->len; i++) {
        g_autofree char *node =
            g_strdup_printf("node %" G_GINT64_FORMAT, g_array_index(slice->nodes, gint64, i));

        if (g_strcmp0(node, subject) == 0)
            return true;
    }
    return false;
}

bool boot_step_concerns(const Step *step, const PlanSlice *slice)
{
    if (step->kind == STEP_HUGEPAGES)
        return slice->hugepage_bytes > 0 && lies_on(slice, step->subject);
    if (step->kind == STEP_PARTITION) /* they would run on CPUs that nobody keeps free */
        return true;
    if (step->kind != STEP_VFS && step->kind != STEP_PORT)
        return false;
    for (guint i = 0; i < slice->devices->len; i++) {
        if (g_strcmp0(base_address(slice->devices->pdata[i]), step->subject) == 0)
            return true;
    }
    return false;
}
