/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error.h"
#include "base/xml.h"
#include "core/domain.h"

#define METADATA "/domain/metadata/" DOMAIN_METADATA_PREFIX ":slice"

/* NULL with @error when it is no domain XML. */
static Xml *read_domain(const char *text, GError **error)
{
    g_autoptr(Xml) xml = xml_read(text, error);

    if (!xml)
        return NULL;

    g_autoptr(GPtrArray) domains = xml_nodes(xml, NULL, "/domain");

    if (domains->len == 0) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED,
                    "no domain XML: the root is another element");
        return NULL;
    }
    xml_add_namespace(xml, DOMAIN_METADATA_PREFIX, DOMAIN_METADATA_URI);
    return g_steal_pointer(&xml);
}

static bool has_metadata(Xml *xml)
{
    g_autoptr(GPtrArray) found = xml_nodes(xml, NULL, METADATA);

    return found->len > 0;
}

bool domain_is_ours(const char *text)
{
    g_autoptr(Xml) xml = read_domain(text, NULL);

    return xml && has_metadata(xml);
}

static gint compare_vcpus(gconstpointer a, gconstpointer b)
{
    const PlanVcpu *left = *(PlanVcpu *const *)a, *right = *(PlanVcpu *const *)b;

    return left->id < right->id ? -1 : left->id > right->id;
}

static gint compare_iothreads(gconstpointer a, gconstpointer b)
{
    const PlanIothread *left = *(PlanIothread *const *)a, *right = *(PlanIothread *const *)b;

    return left->id < right->id ? -1 : left->id > right->id;
}

/* A vCPU without a pin, or with more than one CPU (somebody changed it by hand), is left out. */
static void read_pins(Xml *xml, PlanSlice *slice)
{
    g_autoptr(GPtrArray) vcpus = xml_nodes(xml, NULL, "/domain/cputune/vcpupin");
    g_autoptr(GPtrArray) iothreads = xml_nodes(xml, NULL, "/domain/cputune/iothreadpin");

    for (guint i = 0; i < vcpus->len; i++) {
        gint64 id = xml_int(xml, vcpus->pdata[i], "@vcpu");
        g_autoptr(CpuSet) cpus = xml_cpus(xml, vcpus->pdata[i], "@cpuset");

        if (id == RECORD_UNSET || !cpus || cpuset_count(cpus) != 1)
            continue;

        PlanVcpu *vcpu = g_new0(PlanVcpu, 1);

        vcpu->id = id;
        vcpu->cpu = cpuset_next(cpus, 0);
        g_ptr_array_add(slice->vcpus, vcpu);
    }
    g_ptr_array_sort(slice->vcpus, compare_vcpus);
    for (guint i = 0; i < iothreads->len; i++) {
        gint64 id = xml_int(xml, iothreads->pdata[i], "@iothread");
        g_autoptr(CpuSet) cpus = xml_cpus(xml, iothreads->pdata[i], "@cpuset");

        if (id == RECORD_UNSET || !cpus)
            continue;

        PlanIothread *iothread = g_new0(PlanIothread, 1);

        iothread->id = id;
        iothread->cpus = g_steal_pointer(&cpus);
        g_ptr_array_add(slice->iothreads, iothread);
    }
    g_ptr_array_sort(slice->iothreads, compare_iothreads);
    slice->emulator_cpus = xml_cpus(xml, NULL, "/domain/cputune/emulatorpin/@cpuset");
}

static void read_memory(Xml *xml, PlanSlice *slice)
{
    g_autoptr(CpuSet) nodes = xml_cpus(xml, NULL, "/domain/numatune/memory/@nodeset");

    for (int node = nodes ? cpuset_next(nodes, 0) : -1; node >= 0;
         node = cpuset_next(nodes, (guint)node + 1)) {
        gint64 id = node;

        g_array_append_val(slice->nodes, id);
    }
    slice->memory_bytes = xml_bytes(xml, NULL, "/domain/memory", "/domain/memory/@unit");
    slice->hugepage_bytes = xml_bytes(xml, NULL, "/domain/memoryBacking/hugepages/page/@size",
                                      "/domain/memoryBacking/hugepages/page/@unit");
    slice->threads = xml_int(xml, NULL, "/domain/cpu/topology/@threads");
    if (slice->threads == RECORD_UNSET)
        slice->threads = 1;
}

static int device_kind(Xml *xml, XmlNode node, const char *address)
{
    g_autofree char *element = xml_text(xml, node, "name()");
    g_autofree char *expression =
        g_strdup_printf(METADATA "/bmslice:device[@address='%s']/@kind", address);
    g_autofree char *kind = xml_text(xml, NULL, expression);

    if (g_strcmp0(element, "interface") == 0)
        return PLAN_DEVICE_VF;
    return g_strcmp0(kind, "pf") == 0 ? PLAN_DEVICE_PF : PLAN_DEVICE_PCI;
}

static void read_devices(Xml *xml, PlanSlice *slice)
{
    g_autoptr(GPtrArray) nodes = xml_nodes(xml, NULL,
                                           "/domain/devices/hostdev[@type='pci'] | "
                                           "/domain/devices/interface[@type='hostdev']");

    for (guint i = 0; i < nodes->len; i++) {
        char *address = xml_pci_address(xml, nodes->pdata[i], "source/address");

        if (!address)
            continue;

        PlanDevice *device = g_new0(PlanDevice, 1);

        device->address = address;
        device->kind = device_kind(xml, nodes->pdata[i], address);
        device->node = device->vf = RECORD_UNSET;
        device->trust = device->spoofchk = RECORD_UNSET;
        device->mac = xml_text(xml, nodes->pdata[i], "mac/@address");
        device->vlan = xml_int(xml, nodes->pdata[i], "vlan/tag/@id");
        g_ptr_array_add(slice->devices, device);
    }
}

PlanSlice *domain_read_xml(const char *text, GError **error)
{
    g_autoptr(Xml) xml = read_domain(text, error);

    if (!xml)
        return NULL;

    g_autofree char *name = xml_text(xml, NULL, "/domain/name");

    if (!name || !has_metadata(xml)) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "domain %s was not made by bmslice",
                    name ? name : "without a name");
        return NULL;
    }

    PlanSlice *slice = plan_slice_new();
    char *path = xml_text(xml, NULL, "/domain/devices/disk[target/@dev='vda']/source/@file");

    slice->name = g_steal_pointer(&name);
    slice->cluster = xml_text(xml, NULL, METADATA "/bmslice:cluster");
    read_pins(xml, slice);
    read_memory(xml, slice);
    read_devices(xml, slice);
    if (path) {
        slice->disk = g_new0(PlanDisk, 1);
        slice->disk->path = path;
        slice->disk->size_bytes = RECORD_UNSET;
    }
    return slice;
}
