/* SPDX-License-Identifier: Apache-2.0 */
#include "machine.h"

#include <string.h>

const char MACHINE_RED[] =
    "name: Red_k8s_cluster_worker1\n"
    "cluster: red\n"
    "nodes: [0]\n"
    "vcpus: [{id: 0, cpu: 4}, {id: 1, cpu: 16}, {id: 2, cpu: 6}, {id: 3, cpu: 18},\n"
    "        {id: 4, cpu: 8}, {id: 5, cpu: 20}, {id: 6, cpu: 10}, {id: 7, cpu: 22}]\n"
    "threads: 2\n"
    "emulator_cpus: '2,14'\n"
    "iothreads: [{id: 1, cpus: '2,14'}]\n"
    "memory_bytes: 8589934592\n"
    "devices: [{address: '0000:01:00.0', kind: pf, network: red-tenant, node: 0,\n"
    "           vendor: '8086', device: '1528'}]\n"
    "disk: {image: centos7, source: /images/centos7.qcow2,\n"
    "       path: /var/lib/libvirt/images/Red_k8s_cluster_worker1.qcow2,\n"
    "       size_bytes: 107374182400}\n";

const char MACHINE_BLUE[] =
    "name: Blue_k8s_cluster_worker1\n"
    "cluster: blue\n"
    "nodes: [1]\n"
    "vcpus: [{id: 0, cpu: 5}, {id: 1, cpu: 17}, {id: 2, cpu: 7}, {id: 3, cpu: 19},\n"
    "        {id: 4, cpu: 9}, {id: 5, cpu: 21}, {id: 6, cpu: 11}, {id: 7, cpu: 23}]\n"
    "threads: 2\n"
    "emulator_cpus: '3,15'\n"
    "iothreads: [{id: 1, cpus: '3,15'}]\n"
    "memory_bytes: 8589934592\n"
    "hugepage_bytes: 2097152\n"
    "devices: [{address: '0000:01:00.1', kind: pf, network: blue-tenant, node: 0,\n"
    "           vendor: '8086', device: '1528'}]\n"
    "disk: {image: centos7, source: /images/centos7.qcow2,\n"
    "       path: /var/lib/libvirt/images/Blue_k8s_cluster_worker1.qcow2,\n"
    "       size_bytes: 107374182400}\n";

const char MACHINE_VF[] =
    "name: vf-worker1\n"
    "cluster: red\n"
    "nodes: [0]\n"
    "vcpus: [{id: 0, cpu: 4}, {id: 1, cpu: 6}]\n"
    "threads: 1\n"
    "emulator_cpus: '2,14'\n"
    "iothreads: [{id: 1, cpus: '2'}, {id: 2, cpus: '14'}]\n"
    "memory_bytes: 2147483648\n"
    "hugepage_bytes: 1073741824\n"
    "devices: [{address: '0000:01:10.1', kind: vf, network: red-tenant, node: 0, vendor: '8086',\n"
    "           device: '1515', pf: '0000:01:00.0', vf: 3, mac: '52:54:00:AB:cd:01', vlan: 100,\n"
    "           trust: true, spoofchk: false},\n"
    "          {address: '0000:01:10.3', kind: vf, network: open, node: 0, vendor: '8086',\n"
    "           device: '1515', pf: '0000:01:00.0', vf: 1, mac: '52:54:00:ab:cd:02'},\n"
    "          {address: '0000:3b:00.0', kind: pci, node: 0, vendor: '8086', device: 0d5c}]\n"
    "disk: {image: centos7, source: /images/centos7.qcow2,\n"
    "       path: \"/var/lib/images of <R&D>/it's.qcow2\", size_bytes: 10737418240}\n";

const char MACHINE_TWO_NODES[] =
    "name: wide-worker1\n"
    "cluster: red\n"
    "nodes: [0, 1]\n"
    "vcpus: [{id: 0, cpu: 4}, {id: 1, cpu: 16}, {id: 2, cpu: 5}, {id: 3, cpu: 17}]\n"
    "threads: 2\n"
    "emulator_cpus: '2-3,14-15'\n"
    "iothreads: [{id: 1, cpus: '2,14'}]\n"
    "memory_bytes: 8589934592\n"
    "hugepage_bytes: 1073741824\n"
    "disk: {image: centos7, source: /images/centos7.qcow2,\n"
    "       path: /var/lib/libvirt/images/wide-worker1.qcow2, size_bytes: 10737418240}\n";

const char MACHINE_SMALL[] = "name: small-worker1\n"
                             "cluster: demo\n"
                             "nodes: [0]\n"
                             "vcpus: [{id: 0, cpu: 4}]\n"
                             "threads: 1\n"
                             "emulator_cpus: '0-1,12-13'\n"
                             "memory_bytes: 268435456\n";

static const char host_yaml[] =
    "version: 1\n"
    "hostname: server1\n"
    "arch: x86_64\n"
    "cpu: {model: 'Intel(R) Xeon(R) CPU E5-2620 v2 @ 2.10GHz', sockets: 2, cores: 12,\n"
    "      threads: 24, online: 0-23}\n"
    "nodes:\n"
    "  - {id: 0, cpus: '0,2,4,6,8,10,12,14,16,18,20,22', memory_bytes: 68719476736,\n"
    "     hugepages: [{size_bytes: 2097152, total: 0, free: 0},\n"
    "                 {size_bytes: 1073741824, total: 3, free: 3}], distances: [10, 21]}\n"
    "  - {id: 1, cpus: '1,3,5,7,9,11,13,15,17,19,21,23', memory_bytes: 68719476736,\n"
    "     hugepages: [{size_bytes: 2097152, total: 0, free: 0}], distances: [21, 10]}\n"
    "cores:\n"
    "  - {id: 0, socket: 0, node: 0, l3: 0, cpus: '0,12'}\n"
    "  - {id: 1, socket: 1, node: 1, l3: 1, cpus: '1,13'}\n"
    "  - {id: 2, socket: 0, node: 0, l3: 0, cpus: '2,14'}\n"
    "  - {id: 3, socket: 1, node: 1, l3: 1, cpus: '3,15'}\n"
    "  - {id: 4, socket: 0, node: 0, l3: 0, cpus: '4,16'}\n"
    "  - {id: 5, socket: 1, node: 1, l3: 1, cpus: '5,17'}\n"
    "  - {id: 6, socket: 0, node: 0, l3: 0, cpus: '6,18'}\n"
    "  - {id: 7, socket: 1, node: 1, l3: 1, cpus: '7,19'}\n"
    "  - {id: 8, socket: 0, node: 0, l3: 0, cpus: '8,20'}\n"
    "  - {id: 9, socket: 1, node: 1, l3: 1, cpus: '9,21'}\n"
    "  - {id: 10, socket: 0, node: 0, l3: 0, cpus: '10,22'}\n"
    "  - {id: 11, socket: 1, node: 1, l3: 1, cpus: '11,23'}\n"
    "pci:\n"
    "  - {address: '0000:01:00.0', vendor: '8086', device: '1528', class: '020000',\n"
    "     driver: ixgbe, node: 0, iommu_group: 25, sriov: {total_vfs: 63, num_vfs: 0}, uses: [],\n"
    "     nets: [{name: eno1, mac: 'bc:30:5b:f2:87:50', uses: []}]}\n"
    "  - {address: '0000:01:00.1', vendor: '8086', device: '1528', class: '020000',\n"
    "     driver: ixgbe, node: 0, iommu_group: 26, sriov: {total_vfs: 63, num_vfs: 0}, uses: [],\n"
    "     nets: [{name: eno2, mac: 'bc:30:5b:f2:87:52', uses: []}]}\n"
    "kernel: {release: 6.1.0, cmdline: 'BOOT_IMAGE=/vmlinuz ro quiet isolcpus=2-3',\n"
    "         isolated: 2-3, iommu: true, kvm: true}\n";

static void *decode(const Record *record, const char *yaml)
{
    g_autoptr(Tree) tree = tree_parse_yaml("test", yaml, strlen(yaml));
    g_autoptr(GPtrArray) findings = findings_new();
    void *object = record_decode(record, tree, tree->root, findings);

    g_assert_cmpuint(tree->problems->len, ==, 0);
    if (findings->len > 0)
        g_error("%s: %s", ((const Finding *)findings->pdata[0])->subject,
                ((const Finding *)findings->pdata[0])->text);
    return object;
}

Host *machine_host(void)
{
    return decode(&HOST_RECORD, host_yaml);
}

PlanSlice *machine_slice(const char *yaml)
{
    return decode(&PLAN_SLICE_RECORD, yaml);
}

Plan *machine_plan(const char *const *slices)
{
    Plan *plan = decode(&PLAN_RECORD, "version: 1\n"
                                      "hosts:\n"
                                      "  - {name: server1, uri: 'qemu:///system', kvm: true,\n"
                                      "     reserved_cpus: '0-1,12-13',\n"
                                      "     isolated_cpus: '2-11,14-23',\n"
                                      "     kernel_args: [intel_iommu=on, quiet,\n"
                                      "                   'isolcpus=2-11,14-23']}\n");
    PlanHost *plan_host = plan->hosts->pdata[0];

    plan->findings = plan->findings ? plan->findings : findings_new();
    for (; *slices; slices++)
        g_ptr_array_add(plan_host->slices, machine_slice(*slices));
    return plan;
}

CpuSet *machine_cpus(const char *list)
{
    g_autoptr(GError) error = NULL;
    CpuSet *cpus = cpuset_parse(list, &error);

    g_assert_no_error(error);
    return cpus;
}

char *machine_golden_path(const char *name)
{
    const char *source = g_getenv("BMSLICE_SOURCE");

    return g_strdup_printf("%s/tests/golden/domain/%s.xml", source ? source : ".", name);
}
