/* SPDX-License-Identifier: Apache-2.0 */
/* PCI functions and network interfaces: libvirt's node devices. */
#include <stdio.h>
#include <string.h>

#include "base/xml.h"
#include "core/libvirt_parts.h"

#define PCI "/device/capability[@type='pci']"
#define NET "/device/capability[@type='net']"

static gint compare_pci(gconstpointer a, gconstpointer b)
{
    return strcmp((*(HostPci *const *)a)->address, (*(HostPci *const *)b)->address);
}

static gint compare_nets(gconstpointer a, gconstpointer b)
{
    return strverscmp((*(HostNet *const *)a)->name, (*(HostNet *const *)b)->name);
}

static char *read_hex(Xml *xml, const char *expression, guint digits)
{
    gint64 id = xml_int(xml, NULL, expression);

    return id < 0 || id >> (4 * digits) ? NULL : g_strdup_printf("%0*x", (int)digits, (unsigned)id);
}

static gint64 read_speed(Xml *xml, const char *expression)
{
    g_autofree char *text = xml_text(xml, NULL, expression);

    return host_link_speed_of(text);
}

static gint64 read_width(Xml *xml, const char *expression)
{
    gint64 width = xml_int(xml, NULL, expression);

    return width > 0 && width <= 32 ? width : RECORD_UNSET;
}

static HostLink *read_link(Xml *xml)
{
    gint64 width = read_width(xml, PCI "/pci-express/link[@validity='sta']/@width");
    HostLink *link;

    if (width == RECORD_UNSET)
        return NULL;
    link = host_new_part("pci.link");
    link->width = width;
    link->max_width = read_width(xml, PCI "/pci-express/link[@validity='cap']/@width");
    link->speed_mtps = read_speed(xml, PCI "/pci-express/link[@validity='sta']/@speed");
    link->max_speed_mtps = read_speed(xml, PCI "/pci-express/link[@validity='cap']/@speed");
    return link;
}

/* Of a PF maxCount tells how many VFs there can be; those that are made are listed. */
static HostSriov *read_sriov(Xml *xml)
{
    g_autoptr(GPtrArray) pf = xml_nodes(xml, NULL, PCI "/capability[@type='virt_functions']");
    g_autoptr(GPtrArray) made =
        xml_nodes(xml, NULL, PCI "/capability[@type='virt_functions']/address");
    HostSriov *sriov;

    if (!pf->len)
        return NULL;
    sriov = host_new_part("pci.sriov");
    sriov->total_vfs = xml_int(xml, pf->pdata[0], "@maxCount");
    if (made->len <= sriov->total_vfs)
        sriov->num_vfs = made->len;
    return sriov;
}

/* "pci_0000_01_00_0" -> "0000:01:00.0", or NULL */
static char *function_of(const char *device)
{
    guint domain, bus, slot, function;

    if (!device || sscanf(device, "pci_%x_%x_%x_%x", &domain, &bus, &slot, &function) != 4 ||
        bus > 0xff || slot > 0x1f || function > 7)
        return NULL;
    return g_strdup_printf("%04x:%02x:%02x.%x", domain, bus, slot, function);
}

/* The trouble with it, a literal; or NULL. */
static const char *read_function(Xml *xml, Host *host)
{
    g_autofree char *vendor_name = xml_text(xml, NULL, PCI "/vendor");
    g_autofree char *product_name = xml_text(xml, NULL, PCI "/product");
    g_autofree char *name = xml_text(xml, NULL, "/device/name");
    g_autofree char *path = xml_text(xml, NULL, "/device/path");
    g_autofree char *address = function_of(name);
    HostPci *pci;

    if (!address)
        return "its name holds no PCI address";
    if (host_find_pci(host, address))
        return "it is listed twice";
    pci = host_new_part("pci");
    pci->address = g_steal_pointer(&address);
    pci->vendor = read_hex(xml, PCI "/vendor/@id", 4);
    pci->device = read_hex(xml, PCI "/product/@id", 4);
    pci->class_code = read_hex(xml, PCI "/class", 6);
    if (vendor_name && product_name)
        pci->name = g_strdup_printf("%s %s", vendor_name, product_name);
    pci->driver = xml_text(xml, NULL, "/device/driver/name");
    pci->node = host_node_of_device(host, xml_int(xml, NULL, PCI "/numa/@node"));
    pci->iommu_group = xml_int(xml, NULL, PCI "/iommuGroup/@number");
    pci->root_complex = host_root_complex_of(path);
    pci->pf = xml_pci_address(xml, NULL, PCI "/capability[@type='phys_function']/address");
    if (!pci->pf)
        pci->sriov = read_sriov(xml);
    if (host_pci_has_lanes(pci))
        pci->link = read_link(xml);
    g_ptr_array_add(host->pci, pci);
    return NULL;
}

/* libvirt has the state of operation (RFC 2863, Documentation/networking/operstates.rst): "down" is
 * also an interface that is switched off, of which the kernel does not tell the carrier either. */
static int read_carrier(Xml *xml)
{
    g_autofree char *state = xml_text(xml, NULL, NET "/link/@state");

    return g_strcmp0(state, "up") == 0 || g_strcmp0(state, "dormant") == 0 ? 1 : RECORD_UNSET;
}

static const char *read_net(Xml *xml, Host *host)
{
    g_autofree char *parent = xml_text(xml, NULL, "/device/parent");
    g_autofree char *address = function_of(parent);
    g_autofree char *mac = xml_text(xml, NULL, NET "/address");
    g_autofree char *name = xml_text(xml, NULL, NET "/interface");
    gint64 speed = xml_int(xml, NULL, NET "/link/@speed");
    const HostPci *pci = address ? host_find_pci(host, address) : NULL;
    HostNet *net;

    if (!pci)
        return NULL; /* a bridge, or behind something that is no function of PCI */
    if (!name)
        return "its interface has no name";
    net = host_new_part("pci.nets");
    net->name = g_steal_pointer(&name);
    net->mac = host_mac_of(mac);
    net->speed_mbps = speed > 0 && speed < G_MAXINT ? speed : RECORD_UNSET; /* 0, -1: no link */
    net->carrier = read_carrier(xml);
    g_ptr_array_add(pci->nets, net);
    return NULL;
}

static void report_device(const Host *host, const ToldDevice *device, const char *trouble,
                          GPtrArray *findings)
{
    LIBVIRT_WARN("device-unreadable", "device %s is left out: %s", device->name, trouble);
}

/* The device as XML; NULL when it is none, which is reported. */
static Xml *read_device(const Host *host, const ToldDevice *device, GPtrArray *findings)
{
    g_autoptr(GError) error = NULL;
    Xml *xml = device->xml ? xml_read(device->xml, &error) : NULL;

    if (!xml)
        report_device(host, device, error ? error->message : device->trouble, findings);
    return xml;
}

static void read_all(const GPtrArray *devices, const GPtrArray *documents, const char *type,
                     const char *(*reader)(Xml *xml, Host *host), Host *host, GPtrArray *findings)
{
    for (guint i = 0; i < documents->len; i++) {
        Xml *xml = documents->pdata[i];
        g_autofree char *its_type = xml ? xml_text(xml, NULL, "/device/capability/@type") : NULL;
        const char *trouble = g_strcmp0(its_type, type) == 0 ? reader(xml, host) : NULL;

        if (trouble)
            report_device(host, devices->pdata[i], trouble, findings);
    }
}

static void report_gaps(const Host *host, HostGap no_pf, GPtrArray *findings)
{
    const HostGaps gaps = host_find_gaps(host);

    if (gaps.nic_nodes.count)
        LIBVIRT_WARN("nic-node-unknown", "the NUMA node of %u of %u NICs is not known",
                     gaps.nic_nodes.count, gaps.nics);
    if (host->kernel.iommu != 0 && gaps.group.count)
        LIBVIRT_WARN("iommu-group-unknown",
                     "the IOMMU group of %u of %u PCI functions is not known", gaps.group.count,
                     host->pci->len);
    if (gaps.vfs.count)
        LIBVIRT_WARN("sriov-unknown", "how many VFs %u of %u PFs have or can have is not known",
                     gaps.vfs.count, gaps.pfs);
    if (no_pf.count)
        LIBVIRT_WARN("vf-pf-unknown", "the PF of %u VFs is not known", no_pf.count);
    if (host->pci->len > 0)
        LIBVIRT_WARN("device-use-unknown",
                     "libvirt does not tell what the host uses its devices for: "
                     "no slice can have one by this inventory");
}

void libvirt_read_devices(const LibvirtTold *told, Host *host, GPtrArray *findings)
{
    g_autoptr(GPtrArray) documents = g_ptr_array_new_with_free_func((GDestroyNotify)xml_free);

    if (!told->devices) {
        LIBVIRT_WARN("devices-unknown",
                     "the PCI functions are not known: this libvirt lists no devices");
        return;
    }
    for (guint i = 0; i < told->devices->len; i++)
        g_ptr_array_add(documents, read_device(host, told->devices->pdata[i], findings));
    read_all(told->devices, documents, "pci", read_function, host, findings);
    g_ptr_array_sort(host->pci, compare_pci);
    read_all(told->devices, documents, "net", read_net, host, findings);
    for (guint i = 0; i < host->pci->len; i++)
        g_ptr_array_sort(((const HostPci *)host->pci->pdata[i])->nets, compare_nets);
    report_gaps(host, host_drop_unknown_pfs(host), findings);
}
