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

static Host *read_all(GPtrArray *findings)
{
    const char *const texts[] = {NET, BRIDGE, VF, PF};
    g_autoptr(GPtrArray) devices = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    Host *host;

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        g_ptr_array_add(devices, (gpointer)texts[i]);
    host = host_from_libvirt("server1", CAPABILITIES, devices, findings, &error);
    g_assert_no_error(error);
    return host;
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
    g_assert_cmpint(((HostHugepages *)node->hugepages->pdata[0])->free, ==, RECORD_UNSET);
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

/* What is no XML is an error; XML that tells nothing is a host of which nothing is known. */
static void test_nonsense(void)
{
    static const char *const devices_of[] = {"<device>", "<device/>",
                                             "<device><capability type='pci'/></device>"};
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(devices_of); i++) {
        g_autoptr(GPtrArray) findings = findings_new();
        g_autoptr(GPtrArray) devices = g_ptr_array_new();
        g_autoptr(Host) host = NULL;

        g_ptr_array_add(devices, (gpointer)devices_of[i]);
        host = host_from_libvirt(NULL, "<capabilities/>", devices, findings, i ? NULL : &error);
        g_assert_true(!host == (i == 0));
        g_assert_true(!host || host->pci->len == 0);
    }
    g_assert_nonnull(strstr(error->message, "node device: "));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/libvirt-host/cpus", test_cpus);
    g_test_add_func("/libvirt-host/devices", test_devices);
    g_test_add_func("/libvirt-host/nonsense", test_nonsense);
    return g_test_run();
}
