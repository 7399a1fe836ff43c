/* SPDX-License-Identifier: Apache-2.0 */
#include "core/libvirt_host.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/xml.h"

#define KIB 1024

static gint compare_nodes(gconstpointer a, gconstpointer b)
{
    const HostNode *left = *(HostNode *const *)a, *right = *(HostNode *const *)b;

    return left->id < right->id ? -1 : left->id > right->id;
}

static gint compare_cores(gconstpointer a, gconstpointer b)
{
    const HostCore *left = *(HostCore *const *)a, *right = *(HostCore *const *)b;

    return cpuset_next(left->cpus, 0) - cpuset_next(right->cpus, 0);
}

static gint compare_pages(gconstpointer a, gconstpointer b)
{
    const HostHugepages *left = *(HostHugepages *const *)a, *right = *(HostHugepages *const *)b;

    return left->size_bytes < right->size_bytes ? -1 : left->size_bytes > right->size_bytes;
}

static gint compare_pci(gconstpointer a, gconstpointer b)
{
    return strcmp((*(HostPci *const *)a)->address, (*(HostPci *const *)b)->address);
}

/* The smallest size is that of ordinary pages, which are no pool. */
static void read_pages(Xml *xml, XmlNode cell, HostNode *node)
{
    g_autoptr(GPtrArray) pages = xml_nodes(xml, cell, "pages");
    gint64 ordinary = G_MAXINT64;

    for (guint i = 0; i < pages->len; i++)
        ordinary = MIN(ordinary, xml_bytes(xml, pages->pdata[i], "@size", "@unit"));
    for (guint i = 0; i < pages->len; i++) {
        gint64 size = xml_bytes(xml, pages->pdata[i], "@size", "@unit");
        HostHugepages *pool;

        if (size == ordinary)
            continue;
        pool = host_new_part("nodes.hugepages");
        pool->size_bytes = size;
        pool->total = xml_int(xml, pages->pdata[i], ".");
        g_ptr_array_add(node->hugepages, pool);
    }
    g_ptr_array_sort(node->hugepages, compare_pages);
}

/* A core is named by its siblings: each of its CPUs tells the same, the lowest makes it. */
static void read_cpu(Xml *xml, XmlNode element, const HostNode *node, Host *host)
{
    g_autoptr(CpuSet) siblings = xml_cpus(xml, element, "@siblings");
    gint64 id = xml_int(xml, element, "@id");
    HostCore *core;

    if (id < 0 || id >= CPUSET_LIMIT)
        return;
    cpuset_add(node->cpus, (guint)id);
    cpuset_add(host->cpu.online, (guint)id);
    if (siblings && cpuset_next(siblings, 0) != (int)id)
        return;
    core = host_new_part("cores");
    core->node = node->id;
    core->socket = xml_int(xml, element, "@socket_id");
    core->cpus = cpuset_new();
    cpuset_add(core->cpus, (guint)id);
    if (siblings)
        cpuset_union(core->cpus, siblings);
    g_ptr_array_add(host->cores, core);
}

static void read_cells(Xml *xml, Host *host)
{
    g_autoptr(GPtrArray) cells = xml_nodes(xml, NULL, "/capabilities/host/topology/cells/cell");

    host->cpu.online = cpuset_new();
    for (guint i = 0; i < cells->len; i++) {
        g_autoptr(GPtrArray) cpus = xml_nodes(xml, cells->pdata[i], "cpus/cpu");
        HostNode *node = host_new_part("nodes");

        node->id = xml_int(xml, cells->pdata[i], "@id");
        node->cpus = cpuset_new();
        node->memory_bytes = xml_bytes(xml, cells->pdata[i], "memory", "memory/@unit");
        read_pages(xml, cells->pdata[i], node);
        g_ptr_array_add(host->nodes, node);
        for (guint c = 0; c < cpus->len; c++)
            read_cpu(xml, cpus->pdata[c], node, host);
    }
    g_ptr_array_sort(host->nodes, compare_nodes);
    g_ptr_array_sort(host->cores, compare_cores);
}

/* Whole rows only; libvirt leaves them out where the firmware has no table. */
static void read_distances(Xml *xml, Host *host)
{
    for (guint i = 0; i < host->nodes->len; i++) {
        HostNode *node = host->nodes->pdata[i];

        for (guint j = 0; j < host->nodes->len; j++) {
            const HostNode *other = host->nodes->pdata[j];
            g_autofree char *expression =
                g_strdup_printf("/capabilities/host/topology/cells/cell[@id=%" G_GINT64_FORMAT
                                "]/distances/sibling[@id=%" G_GINT64_FORMAT "]/@value",
                                node->id, other->id);
            gint64 distance = xml_int(xml, NULL, expression);

            if (distance == XML_UNSET) {
                g_array_set_size(node->distances, 0);
                break;
            }
            g_array_append_val(node->distances, distance);
        }
    }
}

/* Numbered as port/discover_cpu.c does: in the order of their lowest CPUs. */
static void read_l3(Xml *xml, Host *host)
{
    g_autoptr(GPtrArray) banks =
        xml_nodes(xml, NULL, "/capabilities/host/cache/bank[@level=3][@cpus]");
    gint64 next = 0;

    for (guint i = 0; i < host->cores->len; i++) {
        HostCore *core = host->cores->pdata[i];

        for (guint b = 0; core->l3 == RECORD_UNSET && b < banks->len; b++) {
            g_autoptr(CpuSet) cpus = xml_cpus(xml, banks->pdata[b], "@cpus");

            if (!cpus || !cpuset_intersects(cpus, core->cpus))
                continue;
            for (guint c = i; c < host->cores->len; c++) {
                HostCore *other = host->cores->pdata[c];

                if (cpuset_intersects(cpus, other->cpus))
                    other->l3 = next;
            }
            next++;
        }
    }
}

static void count_cpus(Host *host)
{
    g_autoptr(CpuSet) sockets = cpuset_new();

    for (guint i = 0; i < host->cores->len; i++) {
        HostCore *core = host->cores->pdata[i];

        core->id = i;
        if (core->socket >= 0 && core->socket < CPUSET_LIMIT)
            cpuset_add(sockets, (guint)core->socket);
    }
    host->cpu.sockets = cpuset_count(sockets);
    host->cpu.cores = host->cores->len;
    host->cpu.threads = cpuset_count(host->cpu.online);
}

static int read_flag(Xml *xml, const char *expression)
{
    g_autofree char *text = xml_text(xml, NULL, expression);

    return !text ? RECORD_UNSET : strcmp(text, "yes") == 0;
}

static bool read_capabilities(const char *text, Host *host, GError **error)
{
    g_autoptr(Xml) xml = xml_read(text, error);
    g_autoptr(GPtrArray) kvm = NULL;

    if (!xml) {
        g_prefix_error(error, "capabilities: ");
        return false;
    }
    host->arch = xml_text(xml, NULL, "/capabilities/host/cpu/arch");
    host->kernel.iommu = read_flag(xml, "/capabilities/host/iommu/@support");
    kvm = xml_nodes(xml, NULL, "/capabilities/guest/arch/domain[@type='kvm']");
    host->kernel.kvm = kvm->len > 0;
    read_cells(xml, host);
    read_distances(xml, host);
    read_l3(xml, host);
    count_cpus(host);
    return true;
}

static char *hex_id(Xml *xml, const char *expression)
{
    gint64 id = xml_int(xml, NULL, expression);

    return id < 0 || id > 0xffff ? NULL : g_strdup_printf("%04x", (guint)id);
}

#define PCI "/device/capability[@type='pci']"

static gint64 read_speed(Xml *xml, const char *expression)
{
    g_autofree char *text = xml_text(xml, NULL, expression);

    return host_link_speed_of(text);
}

static void read_link(Xml *xml, HostPci *pci)
{
    HostLink *link = host_new_part("pci.link");

    link->width = xml_int(xml, NULL, PCI "/pci-express/link[@validity='sta']/@width");
    link->max_width = xml_int(xml, NULL, PCI "/pci-express/link[@validity='cap']/@width");
    link->speed_mtps = read_speed(xml, PCI "/pci-express/link[@validity='sta']/@speed");
    link->max_speed_mtps = read_speed(xml, PCI "/pci-express/link[@validity='cap']/@speed");
    pci->link = link;
}

/* Of a PF maxCount tells how many VFs there can be; those that are made are listed. */
static void read_sriov(Xml *xml, HostPci *pci)
{
    gint64 most = xml_int(xml, NULL, PCI "/capability[@type='virt_functions']/@maxCount");
    g_autoptr(GPtrArray) made =
        xml_nodes(xml, NULL, PCI "/capability[@type='virt_functions']/address");

    if (most <= 0)
        return;
    pci->sriov = host_new_part("pci.sriov");
    pci->sriov->total_vfs = most;
    pci->sriov->num_vfs = made->len;
}

/* "pci_0000_01_00_0" -> "0000:01:00.0", or NULL */
static char *function_of(const char *device)
{
    guint domain, bus, slot, function;

    if (!device || sscanf(device, "pci_%x_%x_%x_%x", &domain, &bus, &slot, &function) != 4)
        return NULL;
    return g_strdup_printf("%04x:%02x:%02x.%x", domain, bus, slot, function);
}

static void read_function(Xml *xml, Host *host)
{
    g_autofree char *vendor_name = xml_text(xml, NULL, PCI "/vendor");
    g_autofree char *product_name = xml_text(xml, NULL, PCI "/product");
    gint64 class_code = xml_int(xml, NULL, PCI "/class");
    g_autofree char *name = xml_text(xml, NULL, "/device/name");
    g_autofree char *path = xml_text(xml, NULL, "/device/path");
    g_autofree char *address = function_of(name);
    HostPci *pci;

    if (!address)
        return;
    pci = host_new_part("pci");
    pci->address = g_steal_pointer(&address);
    pci->vendor = hex_id(xml, PCI "/vendor/@id");
    pci->device = hex_id(xml, PCI "/product/@id");
    if (class_code >= 0)
        pci->class_code = g_strdup_printf("%06x", (guint)class_code);
    if (vendor_name && product_name)
        pci->name = g_strdup_printf("%s %s", vendor_name, product_name);
    pci->driver = xml_text(xml, NULL, "/device/driver/name");
    pci->node = xml_int(xml, NULL, PCI "/numa/@node");
    pci->iommu_group = xml_int(xml, NULL, PCI "/iommuGroup/@number");
    pci->root_complex = host_root_complex_of(path);
    pci->pf = xml_pci_address(xml, NULL, PCI "/capability[@type='phys_function']/address");
    read_sriov(xml, pci);
    if (host_pci_has_lanes(pci) && xml_int(xml, NULL, PCI "/pci-express/link/@width") > 0)
        read_link(xml, pci);
    g_ptr_array_add(host->pci, pci);
}

static void read_net(Xml *xml, Host *host)
{
    g_autofree char *parent = xml_text(xml, NULL, "/device/parent");
    g_autofree char *address = function_of(parent);
    g_autofree char *state = xml_text(xml, NULL, "/device/capability/link/@state");
    const HostPci *pci = address ? host_find_pci(host, address) : NULL;
    HostNet *net;

    if (!pci)
        return; /* a bridge, or behind something that is no function of PCI */
    net = host_new_part("pci.nets");
    net->name = xml_text(xml, NULL, "/device/capability/interface");
    net->mac = xml_text(xml, NULL, "/device/capability/address");
    net->speed_mbps = xml_int(xml, NULL, "/device/capability/link/@speed");
    if (net->speed_mbps >= G_MAXUINT32) /* the kernel's -1: it does not know */
        net->speed_mbps = RECORD_UNSET;
    if (state)
        net->carrier = strcmp(state, "up") == 0;
    g_ptr_array_add(pci->nets, net);
}

static bool read_devices(const GPtrArray *devices, const char *type,
                         void (*reader)(Xml *xml, Host *host), Host *host, GError **error)
{
    for (guint i = 0; i < devices->len; i++) {
        g_autoptr(Xml) xml = xml_read(devices->pdata[i], error);
        g_autofree char *its_type = xml ? xml_text(xml, NULL, "/device/capability/@type") : NULL;

        if (!xml) {
            g_prefix_error(error, "node device: ");
            return false;
        }
        if (g_strcmp0(its_type, type) == 0)
            reader(xml, host);
    }
    return true;
}

static void report_gaps(const Host *host, GPtrArray *findings)
{
    findings_add(findings, FINDING_WARNING, "from-libvirt", host->hostname,
                 "libvirt does not tell which CPUs are isolated, nor the kernel's arguments, nor "
                 "free hugepages");
    if (host->pci->len > 0)
        finding_set_hint(findings_add(findings, FINDING_WARNING, "device-use-unknown",
                                      host->hostname,
                                      "libvirt does not tell what the host uses its devices for: "
                                      "no slice can have one by this inventory"),
                         "run bmslice discover on the host itself");
}

Host *host_from_libvirt(const char *hostname, const char *capabilities, const GPtrArray *devices,
                        GPtrArray *findings, GError **error)
{
    g_autoptr(Host) host = host_new();

    host->hostname = g_strdup(hostname);
    host->replayed = true; /* of a moment that is over, like a capture */
    if (!read_capabilities(capabilities, host, error) ||
        !read_devices(devices, "pci", read_function, host, error))
        return NULL;
    g_ptr_array_sort(host->pci, compare_pci);
    if (!read_devices(devices, "net", read_net, host, error))
        return NULL;
    report_gaps(host, findings);
    host_check(host, findings);
    return g_steal_pointer(&host);
}
