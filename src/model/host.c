/* SPDX-License-Identifier: Apache-2.0 */
#include "model/host.h"

#include <string.h>

#include "model/document.h"
#include "model/finding.h"

static const TextForm pci_address_form = {
    .pattern = "^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]$",
    .words = "a PCI address such as 0000:01:00.0",
};

/* Every record here is open: a file of a newer bmslice may say more than this one knows. */

#define AT(member) offsetof(HostCpu, member)
static const Field cpu_fields[] = {
    {"model", FIELD_TEXT, AT(model), .doc = "CPU model name"},
    {"sockets", FIELD_INT, AT(sockets), .doc = "sockets"},
    {"cores", FIELD_INT, AT(cores), .doc = "cores, of all sockets"},
    {"threads", FIELD_INT, AT(threads), .doc = "SMT threads, of all cores"},
    {"online", FIELD_CPUS, AT(online), FIELD_REQUIRED, .doc = "online CPUs"},
};
static const Record cpu_record = {"cpu", sizeof(HostCpu), .node_offset = -1, .open = true,
                                  RECORD_FIELDS(cpu_fields)};
#undef AT

#define AT(member) offsetof(HostHugepages, member)
static const Field hugepages_fields[] = {
    {"size_bytes", FIELD_INT, AT(size_bytes), FIELD_REQUIRED, .doc = "bytes of one page"},
    {"total", FIELD_INT, AT(total), .doc = "pages in the pool of this node"},
    {"free", FIELD_INT, AT(free), .doc = "pages of these that are free"},
};
static const Record hugepages_record = {"hugepages", sizeof(HostHugepages), .node_offset = -1,
                                        .open = true, RECORD_FIELDS(hugepages_fields)};
#undef AT

#define AT(member) offsetof(HostNode, member)
static const Field node_fields[] = {
    {"id", FIELD_INT, AT(id), FIELD_REQUIRED, .doc = "number of the NUMA node"},
    {"cpus", FIELD_CPUS, AT(cpus), FIELD_REQUIRED, .doc = "its online CPUs"},
    {"memory_bytes", FIELD_INT, AT(memory_bytes), .doc = "its memory"},
    {"hugepages", FIELD_LIST, AT(hugepages), .record = &hugepages_record,
     .doc = "its pools of hugepages, one a page size"},
    {"distances", FIELD_INTS, AT(distances), .doc = "distance to each node (ACPI SLIT)"},
};
static const Record node_record = {"node", sizeof(HostNode), .node_offset = -1, .open = true,
                                   RECORD_FIELDS(node_fields)};
#undef AT

#define AT(member) offsetof(HostCore, member)
static const Field core_fields[] = {
    {"id", FIELD_INT, AT(id), FIELD_REQUIRED, .doc = "number of the core, unique on the host"},
    {"socket", FIELD_INT, AT(socket), .doc = "its socket"},
    {"node", FIELD_INT, AT(node), .doc = "its NUMA node"},
    {"l3", FIELD_INT, AT(l3), .doc = "its L3 domain, unique on the host"},
    {"cpus", FIELD_CPUS, AT(cpus), FIELD_REQUIRED, .doc = "its online siblings"},
};
static const Record core_record = {"core", sizeof(HostCore), .node_offset = -1, .open = true,
                                   RECORD_FIELDS(core_fields)};
#undef AT

#define AT(member) offsetof(HostSriov, member)
static const Field sriov_fields[] = {
    {"total_vfs", FIELD_INT, AT(total_vfs), .doc = "VFs the device can have"},
    {"num_vfs", FIELD_INT, AT(num_vfs), .doc = "VFs it has"},
    {"offset", FIELD_INT, AT(offset), .doc = "routing ID of the first VF, from the PF's"},
    {"stride", FIELD_INT, AT(stride), .doc = "routing IDs between two VFs"},
};
static const Record sriov_record = {"sriov", sizeof(HostSriov), .node_offset = -1, .open = true,
                                    RECORD_FIELDS(sriov_fields)};
#undef AT

#define AT(member) offsetof(HostNeighbour, member)
static const Field neighbour_fields[] = {
    {"system", FIELD_TEXT, AT(system), .doc = "name of the switch"},
    {"port", FIELD_TEXT, AT(port), .doc = "its port"},
};
static const Record neighbour_record = {"neighbour", sizeof(HostNeighbour), .node_offset = -1,
                                        .open = true, RECORD_FIELDS(neighbour_fields)};
#undef AT

#define AT(member) offsetof(HostLink, member)
static const Field link_fields[] = {
    {"width", FIELD_INT, AT(width), .doc = "lanes in use"},
    {"max_width", FIELD_INT, AT(max_width), .doc = "lanes the device can use"},
    {"speed_mtps", FIELD_INT, AT(speed_mtps), .doc = "MT/s of a lane: 8000 is 8.0 GT/s"},
    {"max_speed_mtps", FIELD_INT, AT(max_speed_mtps), .doc = "what the device can do"},
};
static const Record link_record = {"link", sizeof(HostLink), .node_offset = -1, .open = true,
                                   RECORD_FIELDS(link_fields)};
#undef AT

#define AT(member) offsetof(HostNet, member)
static const Field net_fields[] = {
    {"name", FIELD_TEXT, AT(name), FIELD_REQUIRED, .doc = "network interface"},
    {"mac", FIELD_TEXT, AT(mac), .doc = "permanent MAC address"},
    {"altnames", FIELD_TEXTS, AT(altnames), FIELD_NULLABLE, .doc = "its other names"},
    {"representor", FIELD_TEXT, AT(representor),
     .doc = "the port of the NIC's switch it stands for"},
    {"speed_mbps", FIELD_INT, AT(speed_mbps), .doc = "link speed"},
    {"carrier", FIELD_FLAG, AT(carrier), .doc = "is there a link?"},
    {"neighbour", FIELD_POINTER, AT(neighbour), .record = &neighbour_record,
     .doc = "the other end of its cable, by LLDP"},
    {"uses", FIELD_TEXTS, AT(uses), FIELD_NULLABLE, .doc = "what the host does with it"},
};
static const Record net_record = {"net", sizeof(HostNet), .node_offset = -1, .open = true,
                                  RECORD_FIELDS(net_fields)};
#undef AT

#define AT(member) offsetof(HostPci, member)
static const Field pci_fields[] = {
    {"address", FIELD_TEXT, AT(address), FIELD_REQUIRED, .form = &pci_address_form,
     .doc = "PCI address"},
    {"vendor", FIELD_TEXT, AT(vendor), .form = &TEXT_FORM_HEX4, .doc = "PCI vendor id"},
    {"device", FIELD_TEXT, AT(device), .form = &TEXT_FORM_HEX4, .doc = "PCI device id"},
    {"class", FIELD_TEXT, AT(class_code), .doc = "PCI class code"},
    {"name", FIELD_TEXT, AT(name), .doc = "name by pci.ids"},
    {"driver", FIELD_TEXT, AT(driver), .doc = "bound driver"},
    {"node", FIELD_INT, AT(node), .doc = "NUMA node"},
    {"iommu_group", FIELD_INT, AT(iommu_group), .doc = "IOMMU group"},
    {"root_complex", FIELD_TEXT, AT(root_complex), .doc = "the host bridge it hangs below"},
    {"slot", FIELD_TEXT, AT(slot), .doc = "the slot it sits in"},
    {"link", FIELD_POINTER, AT(link), .record = &link_record, .doc = "its PCIe link"},
    {"sriov", FIELD_POINTER, AT(sriov), .record = &sriov_record, .doc = "of a PF: its VFs"},
    {"pf", FIELD_TEXT, AT(pf), .form = &pci_address_form, .doc = "of a VF: address of its PF"},
    {"nets", FIELD_LIST, AT(nets), .record = &net_record, .doc = "its network interfaces"},
    {"uses", FIELD_TEXTS, AT(uses), FIELD_NULLABLE,
     .doc = "what the host does with it, other than by its nets"},
};
static const Record pci_record = {"pci", sizeof(HostPci), .node_offset = -1, .open = true,
                                  RECORD_FIELDS(pci_fields)};
#undef AT

#define AT(member) offsetof(HostKernel, member)
static const Field kernel_fields[] = {
    {"release", FIELD_TEXT, AT(release), .doc = "uname -r"},
    {"cmdline", FIELD_TEXT, AT(cmdline), .doc = "kernel arguments; \"...\": one that is not told"},
    {"isolated", FIELD_CPUS, AT(isolated), .doc = "CPUs without load balancing"},
    {"nohz_full", FIELD_CPUS, AT(nohz_full), .doc = "CPUs that may run without a tick"},
    {"partition", FIELD_CPUS, AT(partition), FIELD_OMIT_UNSET,
     .doc = "CPUs isolated at run time for the slices"},
    {"iommu", FIELD_FLAG, AT(iommu), .doc = "do IOMMU groups exist?"},
    {"kvm", FIELD_FLAG, AT(kvm), .doc = "is there /dev/kvm, on a CPU with VT-x or AMD-V?"},
};
static const Record kernel_record = {"kernel", sizeof(HostKernel), .node_offset = -1, .open = true,
                                     RECORD_FIELDS(kernel_fields)};
#undef AT

#define AT(member) offsetof(Host, member)
static const Field host_fields[] = {
    {"version", FIELD_INT, AT(version), FIELD_REQUIRED, .doc = "1"},
    {"hostname", FIELD_TEXT, AT(hostname), FIELD_REQUIRED, .doc = "name of the host"},
    {"arch", FIELD_TEXT, AT(arch), .doc = "uname -m"},
    {"replayed", FIELD_FLAG, AT(replayed), .doc = "read from a captured tree"},
    {"cpu", FIELD_STRUCT, AT(cpu), FIELD_REQUIRED, .record = &cpu_record, .doc = "the CPUs"},
    {"nodes", FIELD_LIST, AT(nodes), FIELD_REQUIRED, .record = &node_record, .doc = "NUMA nodes"},
    {"cores", FIELD_LIST, AT(cores), FIELD_REQUIRED, .record = &core_record, .doc = "cores"},
    {"pci", FIELD_LIST, AT(pci), .record = &pci_record, .doc = "PCI functions"},
    {"kernel", FIELD_STRUCT, AT(kernel), .record = &kernel_record, .doc = "the running kernel"},
};
const Record HOST_RECORD = {"host", sizeof(Host), .node_offset = -1, .open = true,
                            RECORD_FIELDS(host_fields)};
#undef AT

Host *host_new(void)
{
    Host *host = record_new(&HOST_RECORD);

    host->version = 1;
    return host;
}

void *host_new_part(const char *path)
{
    g_auto(GStrv) keys = g_strsplit(path, ".", -1);
    const Record *record = &HOST_RECORD;

    for (char **key = keys; *key; key++) {
        guint i = 0;

        while (strcmp(record->fields[i].name, *key) != 0)
            g_assert(++i < record->n_fields);
        record = record->fields[i].record;
    }
    return record_new(record);
}

void host_free(Host *host)
{
    record_free(&HOST_RECORD, host);
}

json_t *host_to_json(const Host *host)
{
    return record_encode(&HOST_RECORD, host);
}

Host *host_from_tree(const Tree *tree, GPtrArray *findings)
{
    g_autoptr(GPtrArray) found = findings_new();
    g_autoptr(Host) host = document_decode(&HOST_RECORD, tree, found);
    bool sound;

    document_check_version("Host JSON", host->version, tree, found);
    /* A host with holes in it would only repeat the holes. */
    if (!findings_have(found, FINDING_ERROR))
        host_check(host, found);
    for (guint i = 0; i < found->len; i++) {
        Finding *finding = g_ptr_array_index(found, i);

        if (!finding->file)
            finding_set_place(finding, tree, 0, 0);
    }
    sound = !findings_have(found, FINDING_ERROR);
    findings_move(findings, found);
    return sound ? g_steal_pointer(&host) : NULL;
}

const HostNode *host_find_node(const Host *host, gint64 id)
{
    for (guint i = 0; i < host->nodes->len; i++) {
        const HostNode *node = g_ptr_array_index(host->nodes, i);

        if (node->id == id)
            return node;
    }
    return NULL;
}

const HostHugepages *host_find_pool(const HostNode *node, gint64 size_bytes)
{
    for (guint i = 0; i < node->hugepages->len; i++) {
        const HostHugepages *pool = g_ptr_array_index(node->hugepages, i);

        if (pool->size_bytes == size_bytes)
            return pool;
    }
    return NULL;
}

const HostPci *host_find_pci(const Host *host, const char *address)
{
    for (guint i = 0; address && i < host->pci->len; i++) {
        const HostPci *pci = g_ptr_array_index(host->pci, i);

        if (pci->address && g_ascii_strcasecmp(pci->address, address) == 0)
            return pci;
    }
    return NULL;
}

static bool has_net(const HostPci *pci, const char *name)
{
    for (guint i = 0; i < pci->nets->len; i++) {
        const HostNet *net = g_ptr_array_index(pci->nets, i);

        if (g_strcmp0(net->name, name) == 0)
            return true;
        for (guint k = 0; net->altnames && k < net->altnames->len; k++) {
            if (strcmp(net->altnames->pdata[k], name) == 0)
                return true;
        }
    }
    return false;
}

const HostPci *host_find_nic(const Host *host, const char *name_or_address)
{
    g_autofree char *long_address = NULL;
    const HostPci *pci;

    if (!name_or_address)
        return NULL;
    for (guint i = 0; i < host->pci->len; i++) {
        pci = g_ptr_array_index(host->pci, i);
        if (has_net(pci, name_or_address))
            return pci;
    }
    pci = host_find_pci(host, name_or_address);
    if (!pci) { /* the short form stands for PCI domain 0, as in lspci */
        long_address = g_strconcat("0000:", name_or_address, NULL);
        pci = host_find_pci(host, long_address);
    }
    return pci && (host_pci_is_nic(pci) || pci->nets->len > 0) ? pci : NULL;
}

const HostCore *host_core_of_cpu(const Host *host, guint cpu)
{
    for (guint i = 0; i < host->cores->len; i++) {
        const HostCore *core = g_ptr_array_index(host->cores, i);

        if (core->cpus && cpuset_has(core->cpus, cpu))
            return core;
    }
    return NULL;
}

bool host_pci_is_nic(const HostPci *pci)
{
    return pci->class_code && strlen(pci->class_code) == 6 &&
           g_str_has_prefix(pci->class_code, "02");
}

GPtrArray *host_pci_group_others(const Host *host, const HostPci *pci)
{
    GPtrArray *others = g_ptr_array_new();

    for (guint i = 0; pci->iommu_group != RECORD_UNSET && i < host->pci->len; i++) {
        HostPci *other = host->pci->pdata[i];

        if (other != pci && other->iommu_group == pci->iommu_group && !host_pci_is_bridge(other))
            g_ptr_array_add(others, other);
    }
    return others;
}

char *host_root_complex_of(const char *path)
{
    const char *start = path ? strstr(path, "/devices/pci") : NULL;

    if (!start)
        return NULL;
    start += strlen("/devices/");
    return g_utf8_validate(start, -1, NULL) ? g_strndup(start, strcspn(start, "/")) : NULL;
}

gint64 host_link_speed_of(const char *text)
{
    double speed = text ? g_ascii_strtod(text, NULL) : 0;

    return speed > 0 && speed < 1000 ? (gint64)(speed * 1000 + 0.5) : RECORD_UNSET;
}

char *host_mac_of(const char *text)
{
    static const char form[] = "xx:xx:xx:xx:xx:xx";
    guint i;

    for (i = 0; text && form[i] && text[i]; i++) {
        if (form[i] == 'x' ? !g_ascii_isxdigit(text[i]) : text[i] != form[i])
            return NULL;
    }
    return text && !form[i] && !text[i] && strcmp(text, "00:00:00:00:00:00") != 0
               ? g_ascii_strdown(text, -1)
               : NULL;
}

gint64 host_node_of_device(const Host *host, gint64 id)
{
    const HostNode *only = host->nodes->len == 1 ? host->nodes->pdata[0] : NULL;

    if (id != RECORD_UNSET)
        return host_find_node(host, id) ? id : RECORD_UNSET;
    return only && cpuset_equal(only->cpus, host->cpu.online) ? only->id : RECORD_UNSET;
}

bool host_pci_has_lanes(const HostPci *pci)
{
    static const char *const classes[] = {"01", "02", "03", "0b", "12"};

    for (guint i = 0; !pci->pf && pci->class_code && i < G_N_ELEMENTS(classes); i++) {
        if (g_str_has_prefix(pci->class_code, classes[i]))
            return true;
    }
    return false;
}

bool host_pci_is_bridge(const HostPci *pci)
{
    return pci->class_code && strlen(pci->class_code) == 6 &&
           g_str_has_prefix(pci->class_code, "06");
}

static void add_uses(GPtrArray *uses, const GPtrArray *more)
{
    for (guint i = 0; more && i < more->len; i++) {
        if (!g_ptr_array_find_with_equal_func(uses, more->pdata[i], g_str_equal, NULL))
            g_ptr_array_add(uses, more->pdata[i]);
    }
}

GPtrArray *host_pci_uses(const HostPci *pci)
{
    GPtrArray *uses = g_ptr_array_new();

    add_uses(uses, pci->uses);
    for (guint i = 0; i < pci->nets->len; i++) {
        const HostNet *net = g_ptr_array_index(pci->nets, i);

        add_uses(uses, net->uses);
    }
    return uses;
}

/* Drivers that hand a function to a program: such a NIC has no network interface. */
static bool has_program_driver(const HostPci *pci)
{
    static const char *const prefixes[] = {"vfio", "uio", "igb_uio", "pci-stub"};

    for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (g_str_has_prefix(pci->driver, prefixes[i]))
            return true;
    }
    return false;
}

bool host_pci_use_is_known(const HostPci *pci)
{
    if (!pci->uses)
        return false;
    for (guint i = 0; i < pci->nets->len; i++) {
        if (!((const HostNet *)g_ptr_array_index(pci->nets, i))->uses)
            return false;
    }
    return !host_pci_is_nic(pci) || !pci->driver || pci->nets->len > 0 || has_program_driver(pci);
}
