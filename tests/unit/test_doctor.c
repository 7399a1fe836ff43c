/* SPDX-License-Identifier: Apache-2.0 */
/* Each check of doctor: what makes it speak, with which evidence and mend, and what keeps it quiet.
 */
#include "core/doctor.h"
#include "documents.h"
#include "machine.h"

#define CPU "sys/devices/system/cpu"
#define CLOCK "sys/devices/system/clocksource/clocksource0"
#define KVM_FACTS                                                                                  \
    {"etc/passwd", "root:x:0:0:root:/root:/bin/sh\nlibvirt-qemu:x:64055:104:QEMU:/:/bin/false"},   \
    {                                                                                              \
        "etc/group", "kvm:x:104:"                                                                  \
    }

typedef struct {
    const char *path, *value, *cpus;
} Given;

typedef enum { HOST_PLAIN, HOST_NO_IOMMU, HOST_IOMMU_OFF, HOST_NO_KVM, HOST_SHARED } Kind;

/* Of one check: the facts, and what it says; text NULL: nothing. */
static const struct {
    const char *code;
    Given facts[4];
    Kind kind;
    const char *text, *hint, *path; /* parts of these */
} CASES[] = {
    {"cpu-virtualization", {{"proc/cpuinfo", "GenuineIntel vmx"}}},
    {"cpu-virtualization", {{"proc/cpuinfo", ""}}},
    {"cpu-virtualization", {{NULL}}},
    {"cpu-virtualization",
     {{"proc/cpuinfo", "GenuineIntel"}},
     0,
     "neither VT-x",
     "VT-x",
     "cpuinfo"},
    {"cpu-virtualization", {{"proc/cpuinfo", "AuthenticAMD"}}, 0, "neither VT-x", "SVM Mode"},
    {"cpu-virtualization", {{"proc/cpuinfo", "GenuineIntel hypervisor"}}, 0, "neither", "nested=1"},
    {"kvm-missing",
     {{"proc/cpuinfo", "GenuineIntel vmx"}},
     HOST_NO_KVM,
     "no /dev/kvm",
     "kvm_intel",
     "dev/kvm"},
    {"kvm-missing", {{"proc/cpuinfo", "AuthenticAMD svm"}}, HOST_NO_KVM, "no /dev/kvm", "kvm_amd"},
    {"kvm-missing", {{"proc/cpuinfo", "GenuineIntel"}}, HOST_NO_KVM},
    {"kvm-missing", {{"proc/cpuinfo", "GenuineIntel vmx"}}},
    {"kvm-access",
     {{"dev/kvm", "mode=0600 uid=0 gid=0"}, KVM_FACTS},
     0,
     "libvirt-qemu, who may not",
     "chmod 0660 /dev/kvm",
     "dev/kvm"},
    {"kvm-access", {{"dev/kvm", "mode=0660 uid=0 gid=104"}, KVM_FACTS}},
    {"kvm-access", {{"dev/kvm", "mode=0666 uid=0 gid=0"}, KVM_FACTS}},
    /* the group's bits count for its members, even where others could */
    {"kvm-access", {{"dev/kvm", "mode=0606 uid=0 gid=104"}, KVM_FACTS}, 0, "may not open"},
    {"kvm-access",
     {{"dev/kvm", "mode=0660 uid=0 gid=9"},
      {"etc/passwd", "qemu:x:107:107:::"},
      {"etc/group", "kvm:x:9:alice,qemu"}}},
    {"kvm-access",
     {{"dev/kvm", "mode=0660 uid=0 gid=9"},
      {"etc/passwd", "qemu:x:107:107:::"},
      {"etc/group", "kvm:x:9:alice"}},
     0,
     "runs as qemu"},
    {"kvm-access",
     {{"dev/kvm", "mode=0600 uid=0 gid=0"},
      {"etc/libvirt/qemu.conf", "user = \"root\""},
      KVM_FACTS}},
    {"kvm-access", {{"dev/kvm", "mode=0600 uid=0 gid=0"}}}, /* whose QEMU is: unknown */
    {"libvirt",
     {{"libvirt error", "cannot connect"}},
     0,
     "does not answer",
     "systemctl",
     "libvirt error"},
    {"libvirt", {{"libvirt", "7.10.0"}}, 0, "older than 8.0", "update", "libvirt"},
    {"libvirt", {{"libvirt", "8.0.0"}}},
    {"libvirt", {{"libvirt", "10.0.0"}}},
    {"qemu", {{"libvirt", "10.0.0"}}, 0, "no QEMU", "install", "qemu"},
    {"qemu", {{"libvirt", "8.0.0"}, {"qemu", "2.11.1"}}, 0, "older than 2.12", "update", "qemu"},
    {"qemu", {{"libvirt", "8.0.0"}, {"qemu", "2.12.0"}}},
    {"qemu", {{"libvirt", "10.0.0"}, {"qemu", "10.1.2"}}},
    {"qemu", {{"libvirt", "10.0.0"}, {"qemu", "nonsense"}}},
    {"qemu", {{"libvirt error", "cannot connect"}}},
    {"iommu-off",
     {{"sys/firmware/acpi/tables", "DMAR"}},
     HOST_NO_IOMMU,
     "VT-d",
     "intel_iommu=on iommu=pt",
     "proc/cmdline"},
    {"iommu-off",
     {{"sys/firmware/acpi/tables", "DMAR"}},
     HOST_IOMMU_OFF,
     "VT-d",
     "take intel_iommu=off out"},
    {"iommu-off",
     {{"sys/firmware/acpi/tables", "IVRS"}},
     HOST_NO_IOMMU,
     "AMD-Vi",
     "CONFIG_AMD_IOMMU"},
    {"iommu-off",
     {{"sys/firmware/acpi/tables", ""}},
     HOST_NO_IOMMU,
     "tells of no IOMMU",
     "firmware"},
    {"iommu-off", {{NULL}}, HOST_NO_IOMMU, "no IOMMU groups", "firmware"},
    {"iommu-off", {{"sys/firmware/acpi/tables", "DMAR"}}},
    {"interrupt-remapping", {{"sys/kernel/irq/*/chip_name", "IR-IO-APIC"}}},
    {"interrupt-remapping",
     {{"sys/kernel/irq/*/chip_name", "IO-APIC"}},
     0,
     "vfio refuses",
     "x2APIC"},
    {"interrupt-remapping",
     {{"sys/kernel/irq/*/chip_name", "IO-APIC"},
      {"sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "Y"}},
     0,
     "any interrupt of the host",
     "x2APIC"},
    {"interrupt-remapping", {{"sys/kernel/irq/*/chip_name", "IO-APIC"}}, HOST_NO_IOMMU},
    {"vfio-missing",
     {{"sys/module", "kvm"},
      {"lib/modules/6.1.0/modules.dep", ""},
      {"lib/modules/6.1.0/modules.builtin", ""}},
     0,
     "has no vfio",
     "modules-extra"},
    {"vfio-missing",
     {{"sys/module", "kvm"},
      {"lib/modules/6.1.0/modules.dep",
       "kernel/drivers/vfio/vfio_iommu_type1.ko.zst: \nkernel/x/vfio-pci.ko: x"},
      {"lib/modules/6.1.0/modules.builtin", ""}}},
    {"vfio-missing",
     {{"sys/module", "vfio vfio_iommu_type1 vfio_pci"},
      {"lib/modules/6.1.0/modules.dep", ""},
      {"lib/modules/6.1.0/modules.builtin", ""}}},
    {"vfio-missing", {{"sys/module", "kvm"}}}, /* whether it could be loaded: unknown */
    {"sriov-off",
     {{"sys/bus/pci/devices/0000:01:00.0/resource",
       "1 2 3\n0 0 0\n0 0 0\n0 0 0\n0 0 0\n0 0 0\n0 0 0\n"
       "0x0 0x3fff 0x140204\n0 0 0"}},
     0,
     "0000:01:00.0: the firmware left no room",
     "Above 4G",
     "0000:01:00.0/resource"},
    {"sriov-off",
     {{"sys/bus/pci/devices/0000:01:00.0/resource",
       "0 1 3\n0 0 0\n0 0 0\n0 0 0\n0 0 0\n0 0 0\n0 0 0\n"
       "0xf000 0xffff 0x140204\n0 0 0"}}},
    {"group-shared",
     {{NULL}},
     HOST_SHARED,
     "0000:01:00.0, 0000:01:00.1 share",
     "ACS",
     "iommu_groups/25/devices"},
    {"group-shared", {{NULL}}},
    {"not-bare-metal",
     {{"proc/cpuinfo", "AuthenticAMD svm hypervisor"}},
     0,
     "virtual machine itself",
     "bare metal"},
    {"not-bare-metal", {{"proc/cpuinfo", "AuthenticAMD svm"}}},
    {"cgroup", {{"sys/fs/cgroup", "cpuset"}}, 0, "version 1", "unified_cgroup_hierarchy"},
    {"cgroup",
     {{"sys/fs/cgroup", "cgroup.controllers"}, {"sys/fs/cgroup/cgroup.controllers", "cpu memory"}},
     0,
     "cpuset is missing",
     "cpuset"},
    {"cgroup", {{"sys/fs/cgroup/cgroup.controllers", "cpuset cpu io"}}},
    {"confinement", {{"sys/fs/selinux/enforce", "1"}}, 0, "SELinux enforces", "semanage fcontext"},
    {"confinement", {{"sys/fs/selinux/enforce", "0"}}},
    {"confinement",
     {{"sys/module/apparmor/parameters/enabled", "Y"}},
     0,
     "AppArmor",
     "virt-aa-helper"},
    {"confinement", {{"sys/module/apparmor/parameters/enabled", "N"}}},
    {"cpu-offline", {{CPU "/present", "0-25"}}, 0, "CPUs 24-25 are offline", "cpu24/online"},
    {"cpu-offline", {{CPU "/present", "0-25"}, {CPU "/smt/control", "off"}}},
    {"cpu-offline", {{CPU "/present", "0-23"}}},
    {"smt-off", {{CPU "/smt/control", "off"}}, 0, "SMT is off", "echo on"},
    {"smt-off", {{CPU "/smt/control", "forceoff"}}, 0, "SMT is off", "nosmt=force"},
    {"smt-off", {{CPU "/smt/control", "on"}}},
    {"smt-off", {{CPU "/smt/control", "notsupported"}}},
    {"idle-states",
     {{CPU "/cpu*/cpuidle/state1/latency", "2", "0-23"},
      {CPU "/cpu*/cpuidle/state3/latency", "133", "0-23"}},
     0,
     "CPUs 0-23 may idle so deeply that waking takes 133 us",
     "idle-set -D 10",
     "state3/latency"},
    {"idle-states",
     {{CPU "/cpu*/cpuidle/state3/latency", "133", "0-23"},
      {CPU "/cpu*/cpuidle/state3/disable", "0", "0-1"},
      {CPU "/cpu*/cpuidle/state3/disable", "1", "2-23"}},
     0,
     "CPUs 0-1 may"},
    {"idle-states",
     {{CPU "/cpu*/cpuidle/state3/latency", "133", "0-23"},
      {CPU "/cpu*/cpuidle/state3/disable", "1", "0-23"}}},
    {"idle-states", {{CPU "/cpu*/cpuidle/state1/latency", "2", "0-23"}}},
    {"governor",
     {{CPU "/cpu*/cpufreq/scaling_governor", "powersave", "4-7"}},
     0,
     "CPUs 4-7",
     "cpupower -c 4-7 frequency-set -g performance",
     "scaling_governor"},
    {"governor", {{CPU "/cpu*/cpufreq/scaling_governor", "performance", "0-23"}}},
    {"clocksource",
     {{CLOCK "/current_clocksource", "hpet"}, {CLOCK "/available_clocksource", "tsc hpet"}},
     0,
     "from hpet",
     "echo tsc"},
    {"clocksource",
     {{CLOCK "/current_clocksource", "hpet"}, {CLOCK "/available_clocksource", "hpet acpi_pm"}},
     0,
     "from hpet",
     "unstable"},
    {"clocksource", {{CLOCK "/current_clocksource", "tsc"}}},
    {"clocksource", {{CLOCK "/current_clocksource", "kvm-clock"}, {"proc/cpuinfo", "hypervisor"}}},
    {"daemon", {{"proc/*/comm", "numad"}}, 0, "numad moves", "disable --now numad", "proc/*/comm"},
    {"daemon", {{"proc/*/comm", "irqbalance"}}, 0, "irqbalance moves", "BANNED"},
    {"daemon", {{"proc/*/comm", "cron"}}},
    {"memory-fragmented",
     {{"proc/buddyinfo", "Node 0, zone   Normal 3000000 0 0 0 0 0 0 0 0 512 0\n"
                         "Node 1, zone   Normal 1 0 0 0 0 0 0 0 0 0 9000"}},
     0,
     "node 0 is fragmented: of 12.4 GiB that are free, 1 GiB",
     "compact_memory",
     "buddyinfo"},
    {"memory-fragmented", {{"proc/buddyinfo", "Node 0, zone Normal 5 0 0 0 0 0 0 0 0 0 9000"}}},
    {"ksm", {{"sys/kernel/mm/ksm/run", "1"}}, 0, "KSM merges", "echo 2 >"},
    {"ksm", {{"sys/kernel/mm/ksm/run", "0"}}},
    {"thp",
     {{"sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]"}},
     0,
     "4 KiB",
     "echo madvise"},
    {"thp", {{"sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never"}}},
    {"swap",
     {{"proc/swaps", "Filename Type\n/dev/dm-1 partition 8388604 0 -2"}},
     0,
     "host swaps",
     "swapoff"},
    {"swap", {{"proc/swaps", "Filename Type"}}},
    {"numa-balancing", {{"proc/sys/kernel/numa_balancing", "1"}}, 0, "takes pages away", "=0"},
    {"numa-balancing", {{"proc/sys/kernel/numa_balancing", "0"}}},
    {"nested",
     {{"sys/module/kvm_amd/parameters/nested", "0"}},
     0,
     "itself (Kata",
     "kvm_amd nested=1"},
    {"nested", {{"sys/module/kvm_intel/parameters/nested", "Y"}}},
};

static void make_kind(Host *host, Kind kind)
{
    g_free(host->arch);
    host->arch = g_strdup("x86_64");
    g_free(host->kernel.release);
    host->kernel.release = g_strdup("6.1.0");
    cpuset_free(host->kernel.isolated);
    host->kernel.isolated = cpuset_new();
    host->kernel.iommu = kind != HOST_NO_IOMMU && kind != HOST_IOMMU_OFF;
    host->kernel.kvm = kind != HOST_NO_KVM;
    if (kind == HOST_IOMMU_OFF) {
        g_free(host->kernel.cmdline);
        host->kernel.cmdline = g_strdup("ro intel_iommu=off quiet");
    }
    for (guint i = 0; i < host->pci->len && kind == HOST_SHARED; i++)
        ((HostPci *)host->pci->pdata[i])->iommu_group = i < 2 ? 25 : 100 + i;
}

static Condition *make_condition(const Given *facts, gsize n)
{
    Condition *condition = condition_new();

    for (gsize i = 0; i < n && facts[i].path; i++)
        condition_add(condition, facts[i].path, facts[i].value,
                      facts[i].cpus ? machine_cpus(facts[i].cpus) : NULL);
    return condition;
}

static void assert_part(const char *text, const char *part)
{
    if (part && (!text || !strstr(text, part)))
        g_error("no \"%s\" in \"%s\"", part, text ? text : "(null)");
}

/* Of a finding that doctor makes: how bad, by which file and value, and what to do. */
static void assert_whole(const Finding *finding)
{
    g_test_message("%s: %s", finding->code, finding->text);
    g_assert_true(finding->severity == FINDING_ERROR || finding->severity == FINDING_WARNING ||
                  finding->severity == FINDING_INFO);
    g_assert_true(finding->text && *finding->text);
    g_assert_true(finding->path && *finding->path && *finding->path != '/');
    g_assert_true(finding->value && *finding->value);
    g_assert_true(finding->hint && *finding->hint);
}

/* Adds the codes. */
static void assert_all_whole(const GPtrArray *findings, GHashTable *codes)
{
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = findings->pdata[i];

        assert_whole(finding);
        g_hash_table_add(codes, (gpointer)finding->code);
    }
}

static void test_checks(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(Host) host = machine_host();
        g_autoptr(Condition) condition =
            make_condition(CASES[i].facts, G_N_ELEMENTS(CASES[i].facts));
        g_autoptr(GPtrArray) findings = findings_new();
        const Finding *finding;

        g_test_message("%u %s", i, CASES[i].code);
        make_kind(host, CASES[i].kind);
        doctor_check(host, condition, NULL, NULL, findings);
        finding = find_code(findings, CASES[i].code);
        g_assert_cmpint(finding != NULL, ==, CASES[i].text != NULL);
        if (!finding)
            continue;
        assert_part(finding->text, CASES[i].text);
        assert_part(finding->hint, CASES[i].hint);
        assert_part(finding->path, CASES[i].path);
    }
}

/* Nothing known, nothing said. */
static void test_unknown(void)
{
    g_autoptr(Host) host = machine_host();
    g_autoptr(Condition) condition = condition_new();
    g_autoptr(GPtrArray) findings = findings_new();

    host->kernel.iommu = host->kernel.kvm = RECORD_UNSET;
    for (guint i = 0; i < host->pci->len; i++)
        ((HostPci *)host->pci->pdata[i])->iommu_group = RECORD_UNSET;
    doctor_check(host, condition, NULL, NULL, findings);
    assert_no_findings(findings);
}

static void test_worst_first(void)
{
    const Given facts[] = {{"sys/module/kvm_amd/parameters/nested", "0"},
                           {"sys/kernel/mm/ksm/run", "1"},
                           {"libvirt error", "cannot connect"}};
    g_autoptr(Host) host = machine_host();
    g_autoptr(Condition) condition = make_condition(facts, G_N_ELEMENTS(facts));
    g_autoptr(GPtrArray) findings = findings_new();

    make_kind(host, HOST_PLAIN);
    findings_add(findings, FINDING_WARNING, "earlier", NULL, "said by discovery");
    doctor_check(host, condition, NULL, NULL, findings);
    g_assert_cmpuint(findings->len, ==, 4);
    g_assert_cmpstr(((Finding *)findings->pdata[0])->code, ==, "libvirt");
    g_assert_cmpstr(((Finding *)findings->pdata[1])->code, ==, "earlier");
    g_assert_cmpstr(((Finding *)findings->pdata[2])->code, ==, "ksm");
    g_assert_cmpstr(((Finding *)findings->pdata[2])->value, ==, "1");
    g_assert_cmpstr(((Finding *)findings->pdata[3])->code, ==, "nested");
}

#define SPEC(slice)                                                                                \
    "version: 1\nhosts: [{name: server1}]\nnetworks:\n  red: {uplinks: [{host: server1, pf: "      \
    "eno1}]}\nclusters:\n  - name: red\n    slices:\n      - {name: a, vcpus: 2, memory: 2GiB, "   \
    "hugepages: " slice "}\n"

/* A check that does not matter for the spec says nothing. */
static const struct {
    const char *spec, *said, *unsaid;
} SPECS[] = {
    {SPEC("none"), "swap", "iommu-off"},
    {SPEC("none"), "swap", "memory-fragmented"},
    {SPEC("1GiB"), "memory-fragmented", "swap"},
    {SPEC("1GiB, nics: [{network: red, mode: pf}]"), "iommu-off", "sriov-off"},
    {SPEC("1GiB, nics: [{network: red, mode: vf}]"), "sriov-off", "swap"},
};

static void test_spec(void)
{
    const Given facts[] = {
        {"proc/swaps", "Filename\n/dev/sda2"},
        {"proc/buddyinfo", "Node 0, zone   Normal 3000000 0 0 0 0 0 0 0 0 0 0"},
        {"sys/bus/pci/devices/0000:01:00.0/resource", "0\n0\n0\n0\n0\n0\n0\n0x0 0xff 0x2\n"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(SPECS); i++) {
        g_autoptr(Host) host = machine_host();
        g_autoptr(Condition) condition = make_condition(facts, G_N_ELEMENTS(facts));
        g_autoptr(GPtrArray) findings = findings_new();
        g_autoptr(Tree) tree = yaml(SPECS[i].spec);
        g_autoptr(Spec) spec = spec_from_tree(tree, findings);

        assert_no_findings(findings);
        make_kind(host, HOST_NO_IOMMU);
        doctor_check(host, condition, spec, NULL, findings);
        g_assert_nonnull(find_code(findings, SPECS[i].said));
        g_assert_null(find_code(findings, SPECS[i].unsaid));
    }
}

static void test_mixed(void)
{
    g_autoptr(Host) host = machine_host();
    g_autoptr(Host) other = machine_host();
    g_autoptr(GPtrArray) fleet = g_ptr_array_new();
    g_autoptr(Condition) condition = condition_new();
    g_autoptr(GPtrArray) findings = findings_new();

    g_ptr_array_add(fleet, host);
    g_ptr_array_add(fleet, other);
    doctor_check(host, condition, NULL, fleet, findings);
    g_assert_null(find_code(findings, "hosts-mixed"));
    other->cpu.cores--;
    doctor_check(host, condition, NULL, fleet, findings);
    g_assert_nonnull(find_code(findings, "hosts-mixed"));
    assert_part(find_code(findings, "hosts-mixed")->text, "shape");
}

#define PAGES(slices)                                                                              \
    "version: 1\nhosts: [{name: server1}]\nclusters:\n  - name: red\n    slices:\n" slices
#define SLICE(name, rest) "      - {name: " name ", vcpus: 2, " rest "}\n"

/* server1 has 3 pages of 1 GiB, on node 0, and none of 2 MiB. */
static const struct {
    const char *spec;
    gint64 free; /* of the 3 */
    FindingSeverity severity;
    const char *text, *hint; /* NULL: no finding */
} PAGE_CASES[] = {
    {PAGES(SLICE("a", "memory: 9GiB, hugepages: none")), 3},
    {PAGES(SLICE("a", "memory: 2GiB") SLICE("'b{n}'", "memory: 2GiB, count: 3")), 3,
     FINDING_WARNING, "the slices of the spec need 8 hugepages of 1 GiB, the host has 3",
     "hugepagesz=1G hugepages=8"},
    {PAGES(SLICE("a", "memory: 1GiB, hugepages: 2MiB")), 3, FINDING_WARNING,
     "need 512 hugepages of 2 MiB, the host has 0", "hugepagesz=2M hugepages=512"},
    {PAGES(SLICE("a", "memory: 2GiB")), 1, FINDING_INFO,
     "need 2 hugepages of 1 GiB, and of 3 are 1 free", "numa_maps"},
    {PAGES(SLICE("a", "memory: 2GiB")), RECORD_UNSET},
    /* what other hosts may take is not missing here */
    {"version: 1\nhosts: [{name: server1}, {name: server2}]\nclusters:\n  - name: red\n"
     "    slices:\n" SLICE("a", "memory: 3GiB") SLICE("b", "memory: 9GiB"),
     3},
    {"version: 1\nhosts: [{name: \"server*\"}]\nclusters:\n  - name: red\n"
     "    slices:\n" SLICE("a", "memory: 5GiB") SLICE("b", "memory: 9GiB"),
     3, FINDING_WARNING, "a slice needs 5 hugepages of 1 GiB, the host has 3", "hugepages=5"},
};

static Finding *judge_pages(const Host *host, const char *text, GPtrArray *findings)
{
    g_autoptr(Condition) condition = condition_new();
    g_autoptr(Tree) tree = yaml(text);
    g_autoptr(Spec) spec = spec_from_tree(tree, findings);

    assert_no_findings(findings);
    doctor_check(host, condition, spec, NULL, findings);
    return (Finding *)find_code(findings, "hugepages");
}

static void test_hugepages(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(PAGE_CASES); i++) {
        g_autoptr(Host) host = machine_host();
        g_autoptr(GPtrArray) findings = findings_new();
        HostHugepages *pool =
            (HostHugepages *)host_find_pool(host->nodes->pdata[0], G_GINT64_CONSTANT(1) << 30);
        const Finding *finding;

        pool->free = PAGE_CASES[i].free;
        finding = judge_pages(host, PAGE_CASES[i].spec, findings);
        g_test_message("%u", i);
        g_assert_cmpint(finding != NULL, ==, PAGE_CASES[i].text != NULL);
        if (!finding)
            continue;
        assert_whole(finding);
        g_assert_cmpint(finding->severity, ==, PAGE_CASES[i].severity);
        assert_part(finding->text, PAGE_CASES[i].text);
        assert_part(finding->hint, PAGE_CASES[i].hint);
        assert_part(finding->path, "/free_hugepages");
        assert_part(finding->value, "node 0: ");
        assert_part(finding->value, ", node 1: ");
    }
}

/* All three pages are on node 0, and one is wanted on each. */
static void test_hugepages_elsewhere(void)
{
    g_autoptr(Host) host = machine_host();
    g_autoptr(GPtrArray) findings = findings_new();
    static const char spec[] =
        PAGES("      - {name: a, vcpus: 4, numa: {nodes: 2}, memory: 2GiB}\n");
    const Finding *finding = judge_pages(host, spec, findings);
    HostHugepages *pool;

    g_assert_nonnull(finding);
    assert_whole(finding);
    assert_part(finding->text, "need 1 hugepages of 1 GiB on node 1, which has 0");
    assert_part(finding->path, "node1/hugepages/hugepages-1048576kB/nr_hugepages");
    g_assert_cmpstr(finding->value, ==, "0");
    assert_part(finding->hint, "bmslice prepare");

    pool = host_new_part("nodes.hugepages");
    pool->size_bytes = G_GINT64_CONSTANT(1) << 30;
    pool->total = 1; /* and not free: the slice may run already */
    g_ptr_array_add(((HostNode *)host->nodes->pdata[1])->hugepages, pool);
    g_ptr_array_set_size(findings, 0);
    g_assert_null(judge_pages(host, spec, findings));
}

/* A CPU without pages of 1 GiB; and a host of which no pools are known. */
static void test_no_such_hugepages(void)
{
    g_autoptr(Host) host = machine_host();
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(GPtrArray) none = findings_new();
    GPtrArray *pools = ((HostNode *)host->nodes->pdata[0])->hugepages;
    const Finding *finding;

    ((HostHugepages *)pools->pdata[1])->size_bytes = 512 << 20;
    finding = judge_pages(host, PAGES(SLICE("a", "memory: 3GiB")), findings);
    assert_whole(finding);
    g_assert_cmpint(finding->severity, ==, FINDING_ERROR);
    assert_part(finding->text, "no hugepages of 1 GiB");
    for (guint i = 0; i < pools->len; i++)
        g_free(pools->pdata[i]);
    g_ptr_array_set_size(pools, 0);
    g_assert_null(judge_pages(host, PAGES(SLICE("a", "memory: 3GiB")), none));
}

/* Each check speaks of some host here, and what it says is whole. */
static void test_whole_findings(void)
{
    g_autoptr(GHashTable) said = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) codes = doctor_codes();

    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(Host) host = machine_host();
        g_autoptr(Host) other = machine_host();
        g_autoptr(GPtrArray) fleet = g_ptr_array_new();
        g_autoptr(Condition) condition =
            make_condition(CASES[i].facts, G_N_ELEMENTS(CASES[i].facts));
        g_autoptr(GPtrArray) findings = findings_new();

        g_ptr_array_add(fleet, other);
        other->cpu.cores--;
        make_kind(host, CASES[i].kind);
        doctor_check(host, condition, NULL, fleet, findings);
        assert_all_whole(findings, said);
    }
    for (guint i = 0; i < G_N_ELEMENTS(PAGE_CASES); i++) {
        g_autoptr(Host) host = machine_host();
        g_autoptr(GPtrArray) findings = findings_new();

        (void)judge_pages(host, PAGE_CASES[i].spec, findings);
        assert_all_whole(findings, said);
    }
    for (guint i = 0; i < codes->len; i++) {
        g_test_message("%s", (const char *)codes->pdata[i]);
        g_assert_true(g_hash_table_contains(said, codes->pdata[i]));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/doctor/checks", test_checks);
    g_test_add_func("/doctor/unknown", test_unknown);
    g_test_add_func("/doctor/worst-first", test_worst_first);
    g_test_add_func("/doctor/spec", test_spec);
    g_test_add_func("/doctor/mixed", test_mixed);
    g_test_add_func("/doctor/hugepages", test_hugepages);
    g_test_add_func("/doctor/hugepages-elsewhere", test_hugepages_elsewhere);
    g_test_add_func("/doctor/no-such-hugepages", test_no_such_hugepages);
    g_test_add_func("/doctor/whole-findings", test_whole_findings);
    return g_test_run();
}
