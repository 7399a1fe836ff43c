/* SPDX-License-Identifier: Apache-2.0 */
/* The slice's PCI functions: in the domain, with vfio-pci, and alone in their IOMMU groups. */
#include <string.h>

#include "core/domain.h"
#include "core/verify_private.h"

void verify_device_present(const VerifyContext *context, const char *id)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PlanSlice) running = domain_read_xml(context->observed->xml, &error);

    if (context->slice->devices->len == 0)
        return verify_skip(context, id, "the slice has no devices");
    for (guint i = 0; i < context->slice->devices->len; i++) {
        const PlanDevice *wanted = context->slice->devices->pdata[i];
        bool found = false;

        for (guint d = 0; running && d < running->devices->len; d++) {
            const PlanDevice *device = running->devices->pdata[d];

            found = found || g_strcmp0(device->address, wanted->address) == 0;
        }
        check_set_evidence(verify_add(context, found, id, "device %s is in the running domain",
                                      wanted->address ? wanted->address : "of unknown address"),
                           "%s",
                           error   ? error->message
                           : found ? "libvirt: in the live domain XML"
                                   : "libvirt: not in the live domain XML");
    }
}

void verify_device_driver(const VerifyContext *context, const char *id)
{
    const GPtrArray *observed = context->observed->devices;

    if (context->slice->devices->len == 0)
        return verify_skip(context, id, "the slice has no devices");
    for (guint i = 0; i < context->slice->devices->len; i++) {
        const PlanDevice *wanted = context->slice->devices->pdata[i];
        const ObservedDevice *found = NULL;

        for (guint d = 0; d < observed->len && !found; d++) {
            const ObservedDevice *device = observed->pdata[d];

            if (g_strcmp0(device->address, wanted->address) == 0)
                found = device;
        }

        const char *driver = found && found->driver ? found->driver : "(none)";

        check_set_evidence(verify_add(context, strcmp(driver, "vfio-pci") == 0, id,
                                      "device %s is bound to vfio-pci",
                                      wanted->address ? wanted->address : "of unknown address"),
                           "/sys/bus/pci/devices/%s/driver: %s",
                           wanted->address ? wanted->address : "?", driver);
    }
}

static bool has_device(const PlanSlice *slice, const char *address)
{
    for (guint i = 0; i < slice->devices->len; i++) {
        if (g_strcmp0(((const PlanDevice *)slice->devices->pdata[i])->address, address) == 0)
            return true;
    }
    return false;
}

/* Who in the function's group is not the slice's: "0000:01:00.1, ...", or NULL. Caller frees. */
static char *list_strangers(const VerifyContext *context, const HostPci *pci)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < context->host->pci->len; i++) {
        const HostPci *other = context->host->pci->pdata[i];

        if (other->iommu_group == pci->iommu_group && !host_pci_is_bridge(other) &&
            !has_device(context->slice, other->address))
            g_string_append_printf(text, "%s%s", text->len ? ", " : "", other->address);
    }
    return g_string_free(text, text->len == 0);
}

void verify_device_group(const VerifyContext *context, const char *id)
{
    if (context->slice->devices->len == 0)
        return verify_skip(context, id, "the slice has no devices");
    for (guint i = 0; i < context->slice->devices->len; i++) {
        const PlanDevice *wanted = context->slice->devices->pdata[i];
        const HostPci *pci = wanted->address ? host_find_pci(context->host, wanted->address) : NULL;
        bool known = pci && pci->iommu_group != RECORD_UNSET;
        g_autofree char *strangers = known ? list_strangers(context, pci) : NULL;
        g_autofree char *group =
            known ? g_strdup_printf("%" G_GINT64_FORMAT, pci->iommu_group) : g_strdup("none");

        check_set_evidence(verify_add(context, known && !strangers, id,
                                      "the IOMMU group of device %s holds nothing else",
                                      wanted->address ? wanted->address : "of unknown address"),
                           "/sys/kernel/iommu_groups/%s/devices: %s", group,
                           !known      ? "not in a group"
                           : strangers ? strangers
                                       : wanted->address);
    }
}
