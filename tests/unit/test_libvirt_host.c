/* SPDX-License-Identifier: Apache-2.0 */
/* An inventory from libvirt's XML: what it tells is there, the rest is unset. */
#include "core/libvirt_host.h"

#include <string.h>

#define CPU(id, socket, core, siblings)                                                            \
    "<cpu id='" #id "' socket_id='" #socket "' die_id='0' core_id='" #core "' siblings='" siblings \
    "'/>"

/* Two sockets of two cores; CPUs n and n+4 are siblings. Cells and cores are out of order. */
static const char CAPABILITIES[] =
    "<capabilities><host><cpu><arch>x86_64</arch><model>EPYC</model></cpu>"
    "<iommu support='yes'/><topology><cells num='2'>"
    "<cell id='1'><memory unit='KiB'>2097152</memory>"
    "<pages unit='KiB' size='4'>500000</pages><pages unit='KiB' size='1048576'>1</pages>"
    "<pages unit='KiB' size='2048'>16</pages>"
    "<distances><sibling id='0' value='21'/><sibling id='1' value='10'/></distances>"
    "<cpus num='4'>" CPU(2, 1, 0, "2,6") CPU(3, 1, 1, "3,7") CPU(6, 1, 0, "2,6")
        CPU(7, 1, 1,
            "3,7") "</cpus></cell>"
                   "<cell id='0'><memory unit='KiB'>1048576</memory><pages unit='KiB' "
                   "size='4'>250000</pages>"
                   "<distances><sibling id='0' value='10'/><sibling id='1' value='21'/></distances>"
                   "<cpus num='4'>" CPU(4, 0, 0, "0,4") CPU(5, 0, 1, "1,5") CPU(0, 0, 0, "0,4")
                       CPU(1, 0, 1, "1,5") "</cpus></cell>"
                                           "</cells></topology><cache><bank id='9' level='3' "
                                           "type='both' size='8' unit='MiB' cpus='2-3,6-7'/>"
                                           "<bank id='4' level='3' type='both' size='8' unit='MiB' "
                                           "cpus='0-1,4-5'/></cache></host>"
                                           "<guest><os_type>hvm</os_type><arch "
                                           "name='x86_64'><domain type='qemu'/><domain type='kvm'/>"
                                           "</arch></guest></capabilities>";

static const char NET[] =
    "<device><name>net_ens1f0_52_54_00_10_00_01</name><parent>pci_0000_11_00_0</parent>"
    "<capability type='net'><interface>ens1f0</interface><address>52:54:00:10:00:01</address>"
    "<link speed='1000' state='up'/><capability type='80203'/></capability></device>";

static const char BRIDGE[] =
    "<device><name>net_virbr0_52_54_00_aa_aa_aa</name><parent>computer</parent>"
    "<capability type='net'><interface>virbr0</interface><link "
    "state='down'/></capability></device>";

static const char VF[] =
    "<device><name>pci_0000_11_10_0</name><path>/sys/devices/pci0000:10/0000:10:01.0/0000:11:10.0"
    "</path><parent>pci_0000_10_01_0</parent><driver><name>vfio-pci</name></driver>"
    "<capability type='pci'><class>0x020000</class><domain>0</domain><bus>17</bus><slot>16</slot>"
    "<function>0</function><product id='0x10ca'/><vendor id='0x8086'/>"
    "<capability type='phys_function'><address domain='0x0000' bus='0x11' slot='0x00' "
    "function='0x0'/></capability><iommuGroup number='15'/><numa node='0'/></capability></device>";

static const char PF[] =
    "<device><name>pci_0000_11_00_0</name><path>/sys/devices/pci0000:10/0000:10:01.0/0000:11:00.0"
    "</path><parent>pci_0000_10_01_0</parent><driver><name>igb</name></driver>"
    "<capability type='pci'><class>0x020000</class><domain>0</domain><bus>17</bus><slot>0</slot>"
    "<function>0</function><product id='0x10c9'>82576 Gigabit Network Connection</product>"
    "<vendor id='0x8086'>Intel Corporation</vendor>"
    "<capability type='virt_functions' maxCount='7'><address domain='0x0000' bus='0x11' "
    "slot='0x10' function='0x0'/></capability><iommuGroup number='12'/><numa node='0'/>"
    "<pci-express><link validity='cap' port='0' speed='2.5' width='4'/>"
    "<link validity='sta' speed='2.5' width='1'/></pci-express></capability></device>";

/* Of @node and @size the pages that are free here: nobody knows those of 1 GiB. */
static gint64 free_pages(gint64 node, gint64 size_bytes, void *data)
{
    return size_bytes == 1 << 30 ? RECORD_UNSET : *(gint64 *)data + node;
}

/* @devices: XML, ended by NULL. */
static Host *read_texts(const char *capabilities, const char *const *devices, GPtrArray *findings,
                        GError **error)
{
    g_autoptr(LibvirtTold) told = libvirt_told_new();
    gint64 pages = 11;

    told->hostname = g_strdup("server1");
    told->capabilities = g_strdup(capabilities);
    for (guint i = 0; devices[i]; i++) {
        g_autofree char *name = g_strdup_printf("device%u", i);

        libvirt_told_add_device(told, name, devices[i], NULL);
    }
    return host_from_libvirt(told, free_pages, &pages, findings, error);
}

/* Sound, whatever was in it. */
static Host *read_devices(const char *const *devices, GPtrArray *findings)
{
    g_autoptr(GError) error = NULL;
    Host *host = read_texts(CAPABILITIES, devices, findings, &error);

    g_assert_no_error(error);
    g_assert_false(findings_have(findings, FINDING_ERROR));
    return host;
}

static Host *read_all(GPtrArray *findings)
{
    static const char *const texts[] = {NET, BRIDGE, VF, PF, NULL};

    return read_devices(texts, findings);
}

/* The text of the one finding with @code; NULL: there is none. */
static const char *find_text(const GPtrArray *findings, const char *code)
{
    const char *text = NULL;

    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = findings->pdata[i];

        if (strcmp(finding->code, code) != 0)
            continue;
        g_assert_null(text);
        text = finding->text;
    }
    return text;
}

static void assert_text(const GPtrArray *findings, const char *code, const char *words)
{
    const char *text = find_text(findings, code);

    g_assert_nonnull(text);
    g_assert_nonnull(strstr(text, words));
}

static void test_cpus(void)
{
    static const char *const siblings[] = {"0,4", "1,5", "2,6", "3,7"};
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Host) host = read_all(findings);
    const HostNode *node = host->nodes->pdata[1];

    g_assert_false(findings_have(findings, FINDING_ERROR));
    g_assert_cmpstr(host->arch, ==, "x86_64");
    g_assert_cmpint(host->cpu.sockets, ==, 2);
    g_assert_cmpint(host->cpu.threads, ==, 8);
    g_assert_cmpuint(host->cores->len, ==, G_N_ELEMENTS(siblings));
    for (guint i = 0; i < host->cores->len; i++) {
        const HostCore *core = host->cores->pdata[i];
        g_autofree char *cpus = cpuset_format(core->cpus);

        g_assert_cmpstr(cpus, ==, siblings[i]);
        g_assert_cmpint(core->id, ==, i);
        g_assert_cmpint(core->node, ==, i / 2);
        g_assert_cmpint(core->socket, ==, i / 2);
        g_assert_cmpint(core->l3, ==, i / 2);
    }
    g_assert_cmpint(node->memory_bytes, ==, G_GINT64_CONSTANT(2) << 30);
    g_assert_cmpint(g_array_index(node->distances, gint64, 0), ==, 21);
    g_assert_cmpuint(node->hugepages->len, ==, 2);
    g_assert_cmpint(((HostHugepages *)node->hugepages->pdata[0])->total, ==, 16);
    g_assert_cmpint(((HostHugepages *)node->hugepages->pdata[0])->free, ==, 12);
    g_assert_cmpint(((HostHugepages *)node->hugepages->pdata[1])->free, ==, RECORD_UNSET);
    assert_text(findings, "node-hugepages-unknown", "of 1 of 2 NUMA nodes");
    g_assert_null(strstr(find_text(findings, "from-libvirt"), "hugepages"));
    g_assert_cmpint(host->kernel.iommu, ==, 1);
    g_assert_cmpint(host->kernel.kvm, ==, 1);
    g_assert_null(host->kernel.isolated);
    g_assert_null(host->cpu.model);
}

static void test_devices(void)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Host) host = read_all(findings);
    const HostPci *pf = host_find_pci(host, "0000:11:00.0");
    const HostPci *vf = host_find_pci(host, "0000:11:10.0");
    const HostNet *net;

    g_assert_cmpuint(host->pci->len, ==, 2);
    g_assert_cmpstr(pf->name, ==, "Intel Corporation 82576 Gigabit Network Connection");
    g_assert_cmpstr(pf->device, ==, "10c9");
    g_assert_cmpstr(pf->class_code, ==, "020000");
    g_assert_cmpstr(pf->root_complex, ==, "pci0000:10");
    g_assert_cmpint(pf->sriov->total_vfs, ==, 7);
    g_assert_cmpint(pf->sriov->num_vfs, ==, 1);
    g_assert_cmpint(pf->sriov->offset, ==, RECORD_UNSET);
    g_assert_cmpint(pf->link->width, ==, 1);
    g_assert_cmpint(pf->link->max_width, ==, 4);
    g_assert_cmpint(pf->link->speed_mtps, ==, 2500);
    g_assert_cmpint(pf->iommu_group, ==, 12);
    g_assert_cmpstr(vf->pf, ==, "0000:11:00.0");
    g_assert_cmpstr(vf->driver, ==, "vfio-pci");
    g_assert_null(vf->sriov);
    g_assert_cmpuint(pf->nets->len, ==, 1);
    net = pf->nets->pdata[0];
    g_assert_cmpstr(net->name, ==, "ens1f0");
    g_assert_cmpint(net->carrier, ==, 1);
    g_assert_cmpint(net->speed_mbps, ==, 1000);
    g_assert_null(net->uses); /* so that no plan takes it for free */
    g_assert_false(host_pci_use_is_known(pf));
}

/* CPU 2 is listed without siblings, and 3 is its own. */
static const char OFFLINE[] =
    "<capabilities><host><topology><cells><cell id='0'><pages unit='KiB' size='4'>9</pages>"
    "<pages unit='KiB' size='2048'>3</pages><cpus>" CPU(0, 0, 0, "0-1") CPU(
        1, 0, 0, "0-1") "<cpu id='2'/>" CPU(3, 0, 1, "3") "</cpus></cell></cells></topology></host>"
                                                          "</capabilities>";

static void test_offline_cpu(void)
{
    const char *const none[] = {NULL};
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Host) host = read_texts(OFFLINE, none, findings, NULL);
    g_autofree char *online = cpuset_format(host->cpu.online);
    const HostNode *node = host->nodes->pdata[0];

    g_assert_false(findings_have(findings, FINDING_ERROR));
    g_assert_cmpstr(online, ==, "0-1,3");
    assert_text(findings, "cpu-place-unknown", "where 1 CPUs sit is not known");
    g_assert_true(cpuset_equal(node->cpus, host->cpu.online));
    g_assert_cmpuint(host->cores->len, ==, 2);
    g_assert_cmpint(host->cpu.threads, ==, 3);
    /* itself, which needs no table */
    g_assert_cmpint(g_array_index(node->distances, gint64, 0), ==, 10);
    /* 11 of 3 are free: one of the numbers is old */
    g_assert_cmpint(((HostHugepages *)node->hugepages->pdata[0])->free, ==, RECORD_UNSET);
}

/* Not known is not "no". */
static void test_unknown_flags(void)
{
    const char *const none[] = {NULL};
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Host) host = read_texts(OFFLINE, none, findings, NULL);

    g_assert_cmpint(host->kernel.kvm, ==, RECORD_UNSET);
    g_assert_cmpint(host->kernel.iommu, ==, RECORD_UNSET);
    g_assert_nonnull(find_text(findings, "kvm-unknown"));
    g_assert_nonnull(find_text(findings, "iommu-unknown"));
    g_assert_nonnull(find_text(findings, "core-l3-unknown"));
    g_assert_nonnull(find_text(findings, "node-memory-unknown"));
    g_assert_nonnull(find_text(findings, "devices-unknown"));
}

static void test_carrier(void)
{
    static const struct {
        const char *state;
        int carrier;
    } cases[] = {{"up", 1},
                 {"dormant", 1},
                 {"down", RECORD_UNSET},
                 {"unknown", RECORD_UNSET},
                 {"", RECORD_UNSET}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *net = g_strdup_printf(
            "<device><parent>pci_0000_11_00_0</parent><capability "
            "type='net'><interface>n</interface>"
            "<address>00:00:00:00:00:00</address><link speed='4294967295' state='%s'/></capability>"
            "</device>",
            cases[i].state);
        const char *const texts[] = {PF, net, NULL};
        g_autoptr(GPtrArray) findings = findings_new();
        g_autoptr(Host) host = read_devices(texts, findings);
        const HostNet *read = host_find_pci(host, "0000:11:00.0")->nets->pdata[0];

        g_assert_cmpint(read->carrier, ==, cases[i].carrier);
        g_assert_cmpint(read->speed_mbps, ==, RECORD_UNSET);
        g_assert_null(read->mac);
    }
}

#define FUNCTION(name, rest)                                                                       \
    "<device><name>" name "</name><capability type='pci'><class>0x020000</class>" rest             \
    "</capability></device>"

/* What points to something that is not listed is unset. */
static void test_dangling(void)
{
    static const char *const texts[] = {
        VF, /* its PF is not there */
        FUNCTION("pci_0000_01_00_0", "<numa node='7'/>"),
        FUNCTION("pci_0000_01_00_1", ""), /* which of two nodes? */
        FUNCTION("pci_0000_01_00_2", "<numa node='1'/><capability type='virt_functions' "
                                     "maxCount='1'><address/><address/></capability>"),
        NULL,
    };
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Host) host = read_devices(texts, findings);
    const HostPci *pf = host_find_pci(host, "0000:01:00.2");

    g_assert_cmpuint(host->pci->len, ==, 4);
    g_assert_null(host_find_pci(host, "0000:11:10.0")->pf);
    assert_text(findings, "vf-pf-unknown", "1 VFs");
    g_assert_cmpint(host_find_pci(host, "0000:01:00.0")->node, ==, RECORD_UNSET);
    g_assert_cmpint(host_find_pci(host, "0000:01:00.1")->node, ==, RECORD_UNSET);
    g_assert_cmpint(pf->node, ==, 1);
    assert_text(findings, "nic-node-unknown", "2 of 4 NICs");
    g_assert_cmpint(pf->sriov->total_vfs, ==, 1);
    g_assert_cmpint(pf->sriov->num_vfs, ==, RECORD_UNSET);
    assert_text(findings, "sriov-unknown", "1 of 1 PFs");
}

/* Where there is one node, it is that. */
static void test_only_node(void)
{
    static const char *const texts[] = {FUNCTION("pci_0000_01_00_0", ""), NULL};
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Host) host = read_texts(OFFLINE, texts, findings, NULL);

    g_assert_cmpint(((HostPci *)host->pci->pdata[0])->node, ==, 0);
    g_assert_null(find_text(findings, "nic-node-unknown"));
}

/* Costs itself and nothing else. */
static void test_broken_device(void)
{
    static const struct {
        const char *xml, *words;
    } cases[] = {
        {"<device>", "device device0 is left out: "},
        {"no XML", "device device0 is left out: "},
        {FUNCTION("computer", ""), "device device0 is left out: its name holds no PCI address"},
        {FUNCTION("pci_0000_01_00_9", ""), "device0 is left out: its name holds no PCI address"},
        {"<device><parent>pci_0000_11_00_0</parent><capability type='net'/></device>",
         "device0 is left out: its interface has no name"},
        {PF, "device2 is left out: it is listed twice"},
        {"<device/>", NULL}, /* neither a function nor an interface */
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *const texts[] = {cases[i].xml, VF, PF, NET, NULL};
        g_autoptr(GPtrArray) findings = findings_new();
        g_autoptr(Host) host = read_devices(texts, findings);
        const HostPci *pf = host_find_pci(host, "0000:11:00.0");

        g_assert_cmpuint(host->pci->len, ==, 2);
        g_assert_cmpuint(pf->nets->len, ==, 1);
        if (cases[i].words)
            assert_text(findings, "device-unreadable", cases[i].words);
        else
            g_assert_null(find_text(findings, "device-unreadable"));
    }
}

static void test_undescribed_device(void)
{
    g_autoptr(LibvirtTold) told = libvirt_told_new();
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Host) host = NULL;
    gint64 pages = 0;

    told->hostname = g_strdup("server1");
    told->capabilities = g_strdup(CAPABILITIES);
    libvirt_told_add_device(told, "pci_0000_01_00_0", NULL, "no memory left");
    libvirt_told_add_device(told, "pci_0000_11_00_0", PF, NULL);
    host = host_from_libvirt(told, free_pages, &pages, findings, NULL);
    g_assert_cmpuint(host->pci->len, ==, 1);
    assert_text(findings, "device-unreadable", "pci_0000_01_00_0 is left out: no memory left");
}

/* Twice the same node, a CPU on two nodes, a core over two nodes, an odd page size. */
static const char ODD[] = "<capabilities><host><topology><cells><cell id='0'><cpus>" CPU(0, 0, 0,
                                                                                         "0,4")
    CPU(1, 0, 1,
        "1") "</cpus></cell><cell id='0'/><cell id='x'/><cell id='1'>"
             "<pages unit='KiB' size='4'>1</pages><pages unit='KiB' size='6'>1</pages><cpus>" CPU(
                 1, 0, 1, "1")
                 CPU(4, 0, 0, "0,4") "<cpu id='99999999'/><cpu id='-1'/></cpus></cell>"
                                     "</cells></topology></host></capabilities>";

static void test_odd_capabilities(void)
{
    const char *const none[] = {NULL};
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Host) host = read_texts(ODD, none, findings, NULL);

    g_assert_false(findings_have(findings, FINDING_ERROR));
    g_assert_cmpuint(host->nodes->len, ==, 2);
    g_assert_cmpuint(((HostNode *)host->nodes->pdata[1])->hugepages->len, ==, 0);
    g_assert_cmpuint(host->cores->len, ==, 2);
    g_assert_cmpint(((HostCore *)host->cores->pdata[0])->node, ==, RECORD_UNSET);
    g_assert_cmpint(((HostCore *)host->cores->pdata[1])->node, ==, 0);
    assert_text(findings, "core-node-unknown", "1 of 2 cores");
}

static void test_no_capabilities(void)
{
    static const char *const texts[] = {"", "<capabilities>", "<capabilities/>", "<domain/>"};
    const char *const none[] = {NULL};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GPtrArray) findings = findings_new();
        g_autoptr(GError) error = NULL;

        g_assert_null(read_texts(texts[i], none, findings, &error));
        g_assert_true(g_str_has_prefix(error->message, "capabilities: "));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/libvirt-host/cpus", test_cpus);
    g_test_add_func("/libvirt-host/devices", test_devices);
    g_test_add_func("/libvirt-host/offline-cpu", test_offline_cpu);
    g_test_add_func("/libvirt-host/unknown-flags", test_unknown_flags);
    g_test_add_func("/libvirt-host/carrier", test_carrier);
    g_test_add_func("/libvirt-host/dangling", test_dangling);
    g_test_add_func("/libvirt-host/only-node", test_only_node);
    g_test_add_func("/libvirt-host/broken-device", test_broken_device);
    g_test_add_func("/libvirt-host/undescribed-device", test_undescribed_device);
    g_test_add_func("/libvirt-host/odd-capabilities", test_odd_capabilities);
    g_test_add_func("/libvirt-host/no-capabilities", test_no_capabilities);
    return g_test_run();
}
