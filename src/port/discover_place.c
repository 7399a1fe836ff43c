/* SPDX-License-Identifier: Apache-2.0 */
/* Where a PCI function sits: its host bridge, its slot, and the PCIe link above it
 * (Documentation/ABI/testing/sysfs-bus-pci, sysfs-pci-slot). */
#include <string.h>

#include "port/discover_parts.h"

#define DEVICES "sys/bus/pci/devices"
#define SLOTS "sys/bus/pci/slots"

/* "8.0 GT/s PCIe" -> 8000; "Unknown" is what the kernel says of a link that is none. */
static gint64 read_speed(Root *root, const char *address, const char *file)
{
    g_autofree char *text = root_read_text(root, DEVICES "/%s/%s", address, file);

    return text && strstr(text, "GT/s") ? host_link_speed_of(text) : RECORD_UNSET;
}

/* The kernel has 0 for a width that is none, and 255 for one it cannot read. */
static gint64 read_width(Root *root, const char *address, const char *file)
{
    gint64 width = root_read_int(root, DEVICES "/%s/%s", address, file);

    return width > 0 && width <= 32 ? width : RECORD_UNSET;
}

static void read_link(Root *root, HostPci *pci)
{
    gint64 width = read_width(root, pci->address, "current_link_width");
    HostLink *link;

    if (width == RECORD_UNSET)
        return;
    link = host_new_part("pci.link");
    link->width = width;
    link->max_width = read_width(root, pci->address, "max_link_width");
    link->speed_mtps = read_speed(root, pci->address, "current_link_speed");
    link->max_speed_mtps = read_speed(root, pci->address, "max_link_speed");
    pci->link = link;
}

/* "../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0" */
static char *read_root_complex(Root *root, const char *address)
{
    g_autofree char *link = root_read_link(root, DEVICES "/%s", address);

    return host_root_complex_of(link);
}

/* A slot's address is that of its device, without a function: "0000:01:00". */
static void read_slots(Discovery *discovery)
{
    g_autoptr(GPtrArray) names = root_list(discovery->root, SLOTS);
    const Host *host = discovery->host;

    for (guint s = 0; s < names->len; s++) {
        const char *name = names->pdata[s];
        g_autofree char *address = root_read_text(discovery->root, SLOTS "/%s/address", name);
        gsize length = address ? strlen(address) : 0;

        for (guint i = 0; length && i < host->pci->len; i++) {
            HostPci *pci = host->pci->pdata[i];

            if (!pci->slot && g_str_has_prefix(pci->address, address) &&
                pci->address[length] == '.')
                pci->slot = g_utf8_make_valid(name, -1);
        }
    }
}

static void report_narrow(Discovery *discovery, const HostPci *pci)
{
    const HostLink *link = pci->link;
    g_autofree char *width = g_strdup_printf(DEVICES "/%s/current_link_width", pci->address);
    g_autofree char *speed = g_strdup_printf(DEVICES "/%s/current_link_speed", pci->address);
    const char *name = pci->nets->len ? ((const HostNet *)pci->nets->pdata[0])->name : pci->driver;

    if (link->width < link->max_width)
        discover_warn(discovery, "pcie-narrow", width,
                      "%s (%s) can use %" G_GINT64_FORMAT " PCIe lanes and has %" G_GINT64_FORMAT,
                      pci->address, name ? name : "no driver", link->max_width, link->width);
    /* others slow their link down to save power while nothing moves */
    if (host_pci_is_nic(pci) && link->speed_mtps > 0 && link->speed_mtps < link->max_speed_mtps)
        discover_warn(discovery, "pcie-slow", speed,
                      "%s (%s) can run its PCIe link at %.1f GT/s and runs at %.1f", pci->address,
                      name ? name : "no driver", (double)link->max_speed_mtps / 1000,
                      (double)link->speed_mtps / 1000);
}

void discover_place(Discovery *discovery)
{
    const Host *host = discovery->host;

    for (guint i = 0; i < host->pci->len; i++) {
        HostPci *pci = host->pci->pdata[i];

        pci->root_complex = read_root_complex(discovery->root, pci->address);
        if (host_pci_has_lanes(pci))
            read_link(discovery->root, pci);
        if (pci->link)
            report_narrow(discovery, pci);
    }
    read_slots(discovery);
}
