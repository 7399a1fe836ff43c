/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One function per part of the document, in the order libvirt prints it. Each choice that differs
 * from libvirt's default says why; what libvirt adds by itself in the same way (root ports,
 * console, SATA controller, watchdogs, "no video without graphics") is left to it.
 */
#include <libxml/xmlwriter.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/domain.h"
#include "model/spec.h"

#define KIB 1024
#define MIB (1024 * 1024)

/* What of the document depends on the architecture. Another one is written without a machine type:
 * libvirt then takes its default or says that it cannot. */
typedef struct {
    const char *arch, *machine;
    const char *firmware; /* ACPI on aarch64 exists only with UEFI */
    bool pc;              /* has APIC, HPET, and sleep states to switch off */
} Platform;

static const Platform platforms[] = {
    {"x86_64", "q35", NULL, true},
    {"aarch64", "virt", "efi", false},
};

static const Platform *find_platform(const char *arch)
{
    static const Platform other = {NULL};

    for (gsize i = 0; i < G_N_ELEMENTS(platforms); i++) {
        if (g_strcmp0(arch, platforms[i].arch) == 0)
            return &platforms[i];
    }
    return &other;
}

/* The writer escapes values for double quotes only: after xmlTextWriterSetQuoteChar('\'') an
 * apostrophe in a value would end it (libxml2 2.9). Its calls fail only where memory ends, and GLib
 * aborts there too: results are not looked at. */

/* Opens an element with attributes given as name, value, ..., NULL; those without value are left
 * out. */
static void start(xmlTextWriterPtr writer, const char *element, ...) G_GNUC_NULL_TERMINATED;
static void start(xmlTextWriterPtr writer, const char *element, ...)
{
    va_list pairs;
    const char *name;

    (void)xmlTextWriterStartElement(writer, BAD_CAST element);
    va_start(pairs, element);
    while ((name = va_arg(pairs, const char *))) {
        const char *value = va_arg(pairs, const char *);

        if (value)
            (void)xmlTextWriterWriteAttribute(writer, BAD_CAST name, BAD_CAST value);
    }
    va_end(pairs);
}

static void end(xmlTextWriterPtr writer)
{
    (void)xmlTextWriterEndElement(writer);
}

#define EMPTY(writer, ...) (start(writer, __VA_ARGS__, NULL), end(writer))

static void set_int(xmlTextWriterPtr writer, const char *name, gint64 value)
{
    (void)xmlTextWriterWriteFormatAttribute(writer, BAD_CAST name, "%" G_GINT64_FORMAT, value);
}

static void set_cpus(xmlTextWriterPtr writer, const char *name, const CpuSet *cpus)
{
    g_autofree char *list = cpuset_format(cpus);

    (void)xmlTextWriterWriteAttribute(writer, BAD_CAST name, BAD_CAST list);
}

static void leaf(xmlTextWriterPtr writer, const char *element, const char *text)
{
    (void)xmlTextWriterWriteElement(writer, BAD_CAST element, BAD_CAST text);
}

static void leaf_kib(xmlTextWriterPtr writer, const char *element, gint64 bytes)
{
    start(writer, element, "unit", "KiB", NULL);
    (void)xmlTextWriterWriteFormatString(writer, "%" G_GINT64_FORMAT, bytes / KIB);
    end(writer);
}

/* QEMU's memory comes in pages, and libvirt rounds it up to whole MiB: with ordinary pages that is
 * the unit, so that what is written is what libvirt shows later. */
static gint64 memory_unit(const PlanSlice *slice)
{
    return slice->hugepage_bytes > MIB ? slice->hugepage_bytes : MIB;
}

static gint64 memory_units(const PlanSlice *slice)
{
    gint64 unit = memory_unit(slice);

    return (slice->memory_bytes + unit - 1) / unit;
}

gint64 domain_node_bytes(const PlanSlice *slice, guint index)
{
    gint64 units = memory_units(slice);
    gint64 n_nodes = slice->nodes->len;

    if (index >= n_nodes)
        return 0;
    return (units / n_nodes + (index < units % n_nodes ? 1 : 0)) * memory_unit(slice);
}

gint64 domain_pages_on_node(const PlanHost *plan_host, gint64 node, gint64 page_bytes)
{
    gint64 bytes = 0;

    for (guint i = 0; i < plan_host->slices->len; i++) {
        const PlanSlice *slice = plan_host->slices->pdata[i];

        if (slice->hugepage_bytes != page_bytes)
            continue;
        for (guint n = 0; n < slice->nodes->len; n++) {
            if (g_array_index(slice->nodes, gint64, n) == node)
                bytes += domain_node_bytes(slice, n);
        }
    }
    return bytes / page_bytes;
}

/* A socket for each node: with the host's caches passed through, cores of two nodes in one socket
 * would share a last level cache that they do not share, and Linux guests drop such a topology. */
guint domain_guest_sockets(const PlanSlice *slice)
{
    guint nodes = MAX(slice->nodes->len, 1);
    guint per_core = (guint)MAX(slice->threads, 1);

    return slice->vcpus->len % (nodes * per_core) == 0 ? nodes : 1;
}

static void write_metadata(xmlTextWriterPtr writer, const PlanSlice *slice)
{
    static const char *const kinds[] = {
        [PLAN_DEVICE_PF] = "pf", [PLAN_DEVICE_VF] = "vf", [PLAN_DEVICE_PCI] = "pci"};

    start(writer, "metadata", NULL);
    start(writer, DOMAIN_METADATA_PREFIX ":slice", "xmlns:" DOMAIN_METADATA_PREFIX,
          DOMAIN_METADATA_URI, "version", "1", NULL);
    leaf(writer, DOMAIN_METADATA_PREFIX ":cluster", slice->cluster ? slice->cluster : "");
    /* The rest of the document does not tell a PF from another PCI device. */
    for (guint i = 0; i < slice->devices->len; i++) {
        const PlanDevice *device = slice->devices->pdata[i];

        EMPTY(writer, DOMAIN_METADATA_PREFIX ":device", "address", device->address, "kind",
              kinds[device->kind]);
    }
    end(writer);
    end(writer);
}

static void write_memory(xmlTextWriterPtr writer, const PlanSlice *slice)
{
    gint64 bytes = memory_units(slice) * memory_unit(slice);

    leaf_kib(writer, "memory", bytes);
    leaf_kib(writer, "currentMemory", bytes);
    /* No <locked/>: hugepages are never swapped, and VFIO locks all guest memory by itself. */
    start(writer, "memoryBacking", NULL);
    if (slice->hugepage_bytes > 0) {
        start(writer, "hugepages", NULL);
        start(writer, "page", NULL);
        set_int(writer, "size", slice->hugepage_bytes / KIB);
        (void)xmlTextWriterWriteAttribute(writer, BAD_CAST "unit", BAD_CAST "KiB");
        end(writer);
        end(writer);
    } else {
        /* KSM would merge ordinary pages, and each write to one would then stop the vCPU. */
        EMPTY(writer, "nosharepages");
    }
    end(writer);
}

/* No cpuset at <vcpu>: each thread has a pin of its own below, and a second list would be out of
 * date after the first change of pins under a running guest. */
static void write_tuning(xmlTextWriterPtr writer, const PlanSlice *slice)
{
    start(writer, "vcpu", "placement", "static", NULL);
    (void)xmlTextWriterWriteFormatString(writer, "%u", slice->vcpus->len);
    end(writer);
    if (slice->iothreads->len > 0)
        (void)xmlTextWriterWriteFormatElement(writer, BAD_CAST "iothreads", "%u",
                                              slice->iothreads->len);
    start(writer, "cputune", NULL);
    for (guint i = 0; i < slice->vcpus->len; i++) {
        const PlanVcpu *vcpu = slice->vcpus->pdata[i];

        start(writer, "vcpupin", NULL);
        set_int(writer, "vcpu", vcpu->id);
        set_int(writer, "cpuset", vcpu->cpu);
        end(writer);
    }
    if (slice->emulator_cpus) {
        start(writer, "emulatorpin", NULL);
        set_cpus(writer, "cpuset", slice->emulator_cpus);
        end(writer);
    }
    for (guint i = 0; i < slice->iothreads->len; i++) {
        const PlanIothread *iothread = slice->iothreads->pdata[i];

        start(writer, "iothreadpin", NULL);
        set_int(writer, "iothread", iothread->id);
        set_cpus(writer, "cpuset", iothread->cpus);
        end(writer);
    }
    end(writer);
}

/* Stands before the first start: with VFIO the memory cannot move afterwards. */
static void write_numatune(xmlTextWriterPtr writer, const PlanSlice *slice)
{
    g_autoptr(CpuSet) nodes = cpuset_new();

    if (slice->nodes->len == 0)
        return;
    for (guint i = 0; i < slice->nodes->len; i++)
        cpuset_add(nodes, (guint)g_array_index(slice->nodes, gint64, i));
    start(writer, "numatune", NULL);
    start(writer, "memory", "mode", "strict", NULL);
    set_cpus(writer, "nodeset", nodes);
    end(writer);
    for (guint i = 0; slice->nodes->len > 1 && i < slice->nodes->len; i++) {
        start(writer, "memnode", NULL);
        set_int(writer, "cellid", i);
        (void)xmlTextWriterWriteAttribute(writer, BAD_CAST "mode", BAD_CAST "strict");
        set_int(writer, "nodeset", g_array_index(slice->nodes, gint64, i));
        end(writer);
    }
    end(writer);
}

/* Else libvirt's own, /machine. */
static void write_partition(xmlTextWriterPtr writer, const PlanHost *plan_host)
{
    if (plan_host->isolation != SPEC_ISOLATION_RUNTIME)
        return;
    start(writer, "resource", NULL);
    leaf(writer, "partition", PARTITION_OF_DOMAINS);
    end(writer);
}

static void write_platform(xmlTextWriterPtr writer, const Host *host, const Platform *platform,
                           bool kvm)
{
    start(writer, "os", "firmware", platform->firmware, NULL);
    start(writer, "type", "arch", host->arch, "machine", platform->machine, NULL);
    (void)xmlTextWriterWriteString(writer, BAD_CAST "hvm");
    end(writer);
    EMPTY(writer, "boot", "dev", "hd");
    end(writer);
    start(writer, "features", NULL);
    EMPTY(writer, "acpi");
    if (platform->pc)
        EMPTY(writer, "apic");
    if (kvm && platform->pc) {
        /* Each vCPU has its CPU for itself: the guest may spin instead of yielding. */
        start(writer, "kvm", NULL);
        EMPTY(writer, "hint-dedicated", "state", "on");
        end(writer);
    }
    end(writer);
}

/* Position of a node in Host.nodes, which is also its column in the distances. */
static gint node_position(const Host *host, gint64 id)
{
    for (guint i = 0; i < host->nodes->len; i++) {
        if (((const HostNode *)host->nodes->pdata[i])->id == id)
            return (gint)i;
    }
    return -1;
}

static void write_distances(xmlTextWriterPtr writer, const Host *host, const PlanSlice *slice,
                            guint cell)
{
    const HostNode *from = host_find_node(host, g_array_index(slice->nodes, gint64, cell));

    if (!from || from->distances->len != host->nodes->len)
        return;
    start(writer, "distances", NULL);
    for (guint i = 0; i < slice->nodes->len; i++) {
        gint to = node_position(host, g_array_index(slice->nodes, gint64, i));

        if (to < 0)
            continue;
        start(writer, "sibling", NULL);
        set_int(writer, "id", i);
        set_int(writer, "value", g_array_index(from->distances, gint64, to));
        end(writer);
    }
    end(writer);
}

/* A guest on one node has one node without being told. */
static void write_cells(xmlTextWriterPtr writer, const Host *host, const PlanSlice *slice)
{
    guint n = slice->nodes->len;

    if (n < 2)
        return;
    start(writer, "numa", NULL);
    for (guint i = 0; i < n; i++) {
        g_autoptr(CpuSet) vcpus = cpuset_new();

        for (guint v = slice->vcpus->len * i / n; v < slice->vcpus->len * (i + 1) / n; v++)
            cpuset_add(vcpus, v);
        start(writer, "cell", NULL);
        set_int(writer, "id", i);
        set_cpus(writer, "cpus", vcpus);
        set_int(writer, "memory", domain_node_bytes(slice, i) / KIB);
        (void)xmlTextWriterWriteAttribute(writer, BAD_CAST "unit", BAD_CAST "KiB");
        write_distances(writer, host, slice, i);
        end(writer);
    }
    end(writer);
}

/* QEMU leaves TOPOEXT out of host-passthrough, and without it AMD guests see no SMT siblings. */
static bool needs_topoext(const Host *host, const PlanSlice *slice)
{
    const char *model = host->cpu.model ? host->cpu.model : "";

    return slice->threads > 1 && (strstr(model, "AMD") || strstr(model, "Hygon"));
}

static void write_cpu(xmlTextWriterPtr writer, const Host *host, const PlanSlice *slice,
                      const Platform *platform, bool kvm)
{
    guint sockets = domain_guest_sockets(slice);
    gint64 threads = MAX(slice->threads, 1);

    if (kvm) /* migratable off: the invariant TSC and all else that would hinder a migration */
        start(writer, "cpu", "mode", "host-passthrough", "check", "none", "migratable",
              platform->pc ? "off" : NULL, NULL);
    else
        start(writer, "cpu", "mode", "maximum", "check", "none", NULL);
    start(writer, "topology", NULL);
    set_int(writer, "sockets", sockets);
    set_int(writer, "dies", 1);
    set_int(writer, "cores", slice->vcpus->len / (sockets * threads));
    set_int(writer, "threads", threads);
    end(writer);
    if (kvm && platform->pc)
        EMPTY(writer, "cache", "mode", "passthrough");
    if (kvm && platform->pc && needs_topoext(host, slice))
        EMPTY(writer, "feature", "policy", "require", "name", "topoext");
    write_cells(writer, host, slice);
    end(writer);
}

static void write_lifecycle(xmlTextWriterPtr writer, const Platform *platform, bool kvm)
{
    start(writer, "clock", "offset", "utc", NULL);
    /* The HPET is emulated in QEMU: a guest that took it for its clock would leave the vCPU at each
     * look. Under KVM the guest has the TSC and kvmclock. */
    if (kvm && platform->pc)
        EMPTY(writer, "timer", "name", "hpet", "present", "no");
    end(writer);
    leaf(writer, "on_poweroff", "destroy");
    leaf(writer, "on_reboot", "restart");
    leaf(writer, "on_crash", "destroy");
    if (!platform->pc)
        return;
    /* A passed-through device does not survive the guest's sleep. */
    start(writer, "pm", NULL);
    EMPTY(writer, "suspend-to-mem", "enabled", "no");
    EMPTY(writer, "suspend-to-disk", "enabled", "no");
    end(writer);
}

/* io='native' wants the page cache out of the way (cache='none'), which also keeps the disk from
 * taking the host's memory. Other IOThreads than the first have no disk yet. */
static void write_disk(xmlTextWriterPtr writer, const PlanSlice *slice)
{
    if (!slice->disk)
        return;
    start(writer, "disk", "type", "file", "device", "disk", NULL);
    start(writer, "driver", "name", "qemu", "type", "qcow2", "cache", "none", "io", "native",
          "discard", "unmap", NULL);
    if (slice->iothreads->len > 0)
        set_int(writer, "iothread", ((const PlanIothread *)slice->iothreads->pdata[0])->id);
    end(writer);
    EMPTY(writer, "source", "file", slice->disk->path);
    EMPTY(writer, "target", "dev", "vda", "bus", "virtio");
    end(writer);
}

static void write_pci_address(xmlTextWriterPtr writer, const char *address, const char *type)
{
    guint domain = 0, bus = 0, slot = 0, function = 0;

    (void)sscanf(address, "%x:%x:%x.%x", &domain, &bus, &slot, &function);
    start(writer, "source", NULL);
    start(writer, "address", "type", type, NULL);
    (void)xmlTextWriterWriteFormatAttribute(writer, BAD_CAST "domain", "0x%04x", domain);
    (void)xmlTextWriterWriteFormatAttribute(writer, BAD_CAST "bus", "0x%02x", bus);
    (void)xmlTextWriterWriteFormatAttribute(writer, BAD_CAST "slot", "0x%02x", slot);
    (void)xmlTextWriterWriteFormatAttribute(writer, BAD_CAST "function", "0x%x", function);
    end(writer);
    end(writer);
}

/* A VF as <interface>: libvirt then sets its MAC and VLAN through the PF before the start and puts
 * the old ones back afterwards. Trust and spoof check have no place in the document. */
static void write_vf(xmlTextWriterPtr writer, const PlanDevice *device)
{
    start(writer, "interface", "type", "hostdev", "managed", "yes", NULL);
    if (device->mac)
        EMPTY(writer, "mac", "address", device->mac);
    write_pci_address(writer, device->address, "pci");
    if (device->vlan != RECORD_UNSET) {
        start(writer, "vlan", NULL);
        start(writer, "tag", NULL);
        set_int(writer, "id", device->vlan);
        end(writer);
        end(writer);
    }
    end(writer);
}

static void write_devices(xmlTextWriterPtr writer, const PlanSlice *slice)
{
    g_autofree char *log = g_strdup_printf("/var/log/libvirt/qemu/%s-serial.log", slice->name);

    start(writer, "devices", NULL);
    write_disk(writer, slice);
    EMPTY(writer, "controller", "type", "usb", "model", "none");
    for (guint i = 0; i < slice->devices->len; i++) {
        const PlanDevice *device = slice->devices->pdata[i];

        if (device->kind == PLAN_DEVICE_VF) {
            write_vf(writer, device);
            continue;
        }
        start(writer, "hostdev", "mode", "subsystem", "type", "pci", "managed", "yes", NULL);
        write_pci_address(writer, device->address, NULL);
        end(writer);
    }
    /* The guest's words are evidence: virtlogd, which QEMU's own log needs too, keeps them. */
    start(writer, "serial", "type", "pty", NULL);
    EMPTY(writer, "log", "file", log, "append", "on");
    EMPTY(writer, "target", "port", "0");
    end(writer);
    start(writer, "channel", "type", "unix", NULL);
    EMPTY(writer, "target", "type", "virtio", "name", "org.qemu.guest_agent.0");
    end(writer);
    /* A balloon would take pages that were reserved for the slice. */
    EMPTY(writer, "memballoon", "model", "none");
    start(writer, "rng", "model", "virtio", NULL);
    start(writer, "backend", "model", "random", NULL);
    (void)xmlTextWriterWriteString(writer, BAD_CAST "/dev/urandom");
    end(writer);
    end(writer);
    end(writer);
}

char *domain_write_xml(const Host *host, const PlanHost *plan_host, const PlanSlice *slice,
                       const char *uuid)
{
    const Platform *platform = find_platform(host->arch);
    bool kvm = plan_host->kvm > 0;
    xmlBufferPtr buffer = xmlBufferCreate();
    xmlTextWriterPtr writer = xmlNewTextWriterMemory(buffer, 0);

    (void)xmlTextWriterSetIndent(writer, 1);
    (void)xmlTextWriterSetIndentString(writer, BAD_CAST "  ");
    start(writer, "domain", "type", kvm ? "kvm" : "qemu", NULL);
    leaf(writer, "name", slice->name);
    if (uuid)
        leaf(writer, "uuid", uuid);
    write_metadata(writer, slice);
    write_memory(writer, slice);
    write_tuning(writer, slice);
    write_numatune(writer, slice);
    write_partition(writer, plan_host);
    write_platform(writer, host, platform, kvm);
    write_cpu(writer, host, slice, platform, kvm);
    write_lifecycle(writer, platform, kvm);
    write_devices(writer, slice);
    end(writer);
    (void)xmlTextWriterFlush(writer);
    xmlFreeTextWriter(writer);

    char *xml = g_strdup((const char *)xmlBufferContent(buffer));

    xmlBufferFree(buffer);
    return xml;
}
