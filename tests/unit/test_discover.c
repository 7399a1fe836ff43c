/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Discovery on the made trees of tests/hosts/make-seed: what comes out is tests/hosts/NAME.json,
 * and what a tree lacks is told. Real captures are tried by tests/hosts/captures.py.
 */
#include <glib/gstdio.h>
#include <jansson.h>
#include <sys/stat.h>

#include "base/json.h"
#include "documents.h"
#include "model/host.h"
#include "port/discover.h"
#include "port/discover_parts.h"

static void run(const char *const *command)
{
    g_autoptr(GError) error = NULL;
    int status = 0;

    g_assert_true(g_spawn_sync(NULL, (char **)command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               NULL, &status, &error));
    g_assert_true(g_spawn_check_wait_status(status, &error));
    g_assert_no_error(error);
}

/* A new folder with all made trees. */
static char *make_trees(void)
{
    g_autofree char *script = source_path("tests/hosts/make-seed");
    char *folder = g_dir_make_tmp("bmslice-trees-XXXXXX", NULL);

    g_assert_nonnull(folder);
    run((const char *const[]){"python3", script, folder, NULL});
    return folder;
}

static char *tree_of(const char *folder, const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* A copy of the seed's tree, broken by @shell in it. */
static char *break_tree(const char *folder, const char *name, const char *shell)
{
    g_autofree char *whole = tree_of(folder, "seed");
    g_autofree char *line = g_strdup_printf("cp -a \"$0\" \"$1\" && cd \"$1\" && %s", shell);
    char *tree = tree_of(folder, name);

    g_test_message("%s", name);
    run((const char *const[]){"sh", "-e", "-c", line, whole, tree, NULL});
    return tree;
}

/* Names are those of this machine's pci.ids, which grows. */
static void drop_names(json_t *host)
{
    json_t *pci;
    size_t i;

    json_array_foreach(json_object_get(host, "pci"), i, pci)
    {
        json_object_set_new(pci, "name", json_null());
    }
}

static char *host_text(const Host *host, bool names)
{
    json_t *json = host_to_json(host);
    char *text;

    if (!names)
        drop_names(json);
    text = json_write_text(json);
    json_decref(json);
    return text;
}

static void assert_golden_host(const Host *host, const char *name)
{
    g_autofree char *relative = g_strdup_printf("tests/hosts/%s.json", name);
    g_autofree char *path = source_path(relative);
    bool update = g_strcmp0(g_getenv("BMSLICE_UPDATE"), "1") == 0;
    g_autofree char *text = host_text(host, update);
    g_autofree char *wanted = NULL;
    json_t *json;

    if (update) {
        assert_golden(path, text);
        return;
    }
    json = json_load_file(path, 0, NULL);
    g_assert_nonnull(json);
    drop_names(json);
    wanted = json_write_text(json);
    json_decref(json);
    g_assert_cmpstr(text, ==, wanted);
}

/* Made trees are whole: only what a real host lacks too is told. */
static const struct {
    const char *name, *findings;
} TREES[] = {
    {"seed", ""},
    {"one-node", ""},
    {"sub-numa",
     ":0:0: warning: host: the NUMA node of 1 of 4 NICs is not known [nic-node-unknown]\n"
     "  update the firmware: its ACPI tables name no node (_PXM) for this slot, or one that is not "
     "there\n"
     ":0:0: warning: host: 0000:81:00.0 (ens1f0) can use 16 PCIe lanes and has 8 [pcie-narrow]\n"
     "  move the card to a slot with as many lanes, or seat it anew; see the server's manual for "
     "how its slots are wired\n"
     ":0:0: warning: host: 0000:81:00.0 (ens1f0) can run its PCIe link at 16.0 GT/s and runs at "
     "8.0 [pcie-slow]\n"
     "  set the slot's link speed to Auto in the firmware, seat the card anew, check the riser\n"},
    {"stacked-net", ""},
};

typedef struct {
    const char *folder, *name;
} TreeCase;

static void test_tree(const void *data)
{
    const TreeCase *one = data;
    const char *name = one->name;
    g_autofree char *tree = tree_of(one->folder, name);
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(Host) host = discover_host(tree, findings, &error);
    g_autofree char *text = findings_text(findings);

    g_assert_no_error(error);
    g_assert_true(host->replayed);
    for (guint i = 0; i < G_N_ELEMENTS(TREES); i++) {
        if (strcmp(TREES[i].name, name) == 0)
            g_assert_cmpstr(text, ==, TREES[i].findings);
    }
    g_ptr_array_set_size(findings, 0);
    host_check(host, findings);
    assert_no_findings(findings);
    assert_golden_host(host, name);
}

/* What Host JSON says is read back the same. */
static void test_round_trip(const void *data)
{
    g_autofree char *path = tree_of(data, "seed");
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Host) host = discover_host(path, findings, NULL);
    g_autofree char *text = host_text(host, true);
    g_autoptr(Tree) tree = tree_parse_json("host.json", text, strlen(text));
    g_autoptr(Host) again = host_from_tree(tree, findings);
    g_autofree char *text_again = NULL;

    assert_no_findings(findings);
    text_again = host_text(again, true);
    g_assert_cmpstr(text_again, ==, text);
}

/* What is broken in the seed's tree, by a shell in it, and what is said then. */
static const struct {
    const char *name, *shell, *code, *text;
} GAPS[] = {
    {"hostname", "rm proc/sys/kernel/hostname", "hostname-unknown", NULL},
    {"arch", "rm proc/sys/kernel/arch proc/cpuinfo", "arch-unknown", NULL},
    {"cmdline", "rm proc/cmdline", "cmdline-unknown", NULL},
    {"isolated", "rm sys/devices/system/cpu/isolated", "isolated-unknown", NULL},
    {"kvm", "rm -r sys/devices/virtual/misc", "kvm-unknown", NULL},
    {"iommu", "rm -r sys/kernel; find sys -name iommu_group -delete", "iommu-unknown", NULL},
    {"group", "rm sys/bus/pci/devices/0000:01:00.0/iommu_group", "iommu-group-unknown",
     "the IOMMU group of 1 of 8 PCI functions is not known"},
    {"memory", "rm sys/devices/system/node/node1/meminfo", "node-memory-unknown",
     "the memory of 1 of 2 NUMA nodes is not known"},
    {"distance", "echo 10 > sys/devices/system/node/node1/distance", "node-distance-unknown",
     "the distances of 1 of 2 NUMA nodes are not known"},
    {"node-cpus", "rm sys/devices/system/node/node1/cpu*", "core-node-unknown",
     "the NUMA node of 6 of 12 cores is not known"},
    {"l3", "rm -r sys/devices/system/cpu/cpu*/cache", "core-l3-unknown",
     "the L3 domain of 12 of 12 cores is not known"},
    {"siblings", "rm sys/devices/system/cpu/cpu*/topology/thread_*", "core-siblings-unknown",
     "the siblings of 24 CPUs are not known; each counts as a core"},
    {"topology", "rm -r sys/devices/system/cpu/cpu*/topology", "core-siblings-unknown",
     "the siblings of 24 CPUs are not known; each counts as a core"},
    {"nic-node", "echo -1 > sys/bus/pci/devices/0000:01:00.0/numa_node", "nic-node-unknown",
     "the NUMA node of 1 of 4 NICs is not known"},
    {"nic-wrong-node", "echo 7 > sys/bus/pci/devices/0000:01:00.0/numa_node", "nic-node-unknown",
     "the NUMA node of 1 of 4 NICs is not known"},
    {"nic-net", "rm -r sys/bus/pci/devices/0000:0?:00.?/net sys/class", "nic-net-unknown",
     "the network interfaces of 4 of 4 NICs are not known, nor what they are used for"},
    {"mac", "rm sys/class/net/eno1/address", "net-mac-unknown",
     "the MAC addresses of 1 of 4 network interfaces are not known"},
    {"pci-id", "rm sys/bus/pci/devices/0000:08:00.1/vendor", "pci-id-unknown",
     "what 1 of 8 PCI functions are is not known"},
    {"routes", "rm proc/net/route", "net-uses-unknown", NULL},
    {"trie", "rm proc/net/fib_trie", "net-uses-unknown", NULL},
    {"mounts", "rm proc/mounts", "root-storage-unknown", NULL},
};

/* A finding of @code with its evidence and mend. */
static const Finding *assert_told(const GPtrArray *findings, const char *code)
{
    const Finding *finding = find_code(findings, code);

    g_assert_nonnull(finding);
    g_assert_true(finding->path && *finding->path && !strchr(finding->path, '*'));
    g_assert_true(finding->value && *finding->value);
    g_assert_true(finding->hint && *finding->hint);
    return finding;
}

static void test_gaps(const void *data)
{
    for (guint i = 0; i < G_N_ELEMENTS(GAPS); i++) {
        g_autofree char *tree = break_tree(data, GAPS[i].name, GAPS[i].shell);
        g_autoptr(GPtrArray) findings = findings_new();
        g_autoptr(Host) host = NULL;
        const Finding *finding;

        host = discover_host(tree, findings, NULL);
        g_assert_nonnull(host);
        finding = assert_told(findings, GAPS[i].code);
        g_assert_cmpint(finding->severity, ==, FINDING_WARNING);
        if (GAPS[i].text)
            g_assert_cmpstr(finding->text, ==, GAPS[i].text);
    }
}

/* What the host itself does not tell has another mend than what its capture lacks. */
static void test_evidence(const void *data)
{
    static const struct {
        const char *name, *shell, *code, *path, *value, *hint;
    } cases[] = {
        {"evidence-nonsense", "echo -1 > sys/bus/pci/devices/0000:01:00.1/numa_node",
         "nic-node-unknown", "sys/bus/pci/devices/0000:01:00.1/numa_node", "-1",
         "update the firmware"},
        {"evidence-absent", "rm sys/bus/pci/devices/0000:01:00.1/numa_node", "nic-node-unknown",
         "sys/bus/pci/devices/0000:01:00.1/numa_node", "(absent)", "capture the host anew"},
        {"evidence-folder", "rm -r sys/devices/system/cpu/cpu*/cache/index3", "core-l3-unknown",
         "sys/devices/system/cpu/cpu0/cache", "(nothing to read)", "update the firmware"},
        {"evidence-root", "echo 'overlay / overlay rw 0 0' > proc/mounts", "root-storage-unknown",
         "proc/mounts", "/ is on overlay", "nothing where"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *tree = break_tree(data, cases[i].name, cases[i].shell);
        g_autoptr(GPtrArray) findings = findings_new();
        g_autoptr(Host) host = discover_host(tree, findings, NULL);
        const Finding *finding = assert_told(findings, cases[i].code);

        g_assert_nonnull(host);
        g_assert_cmpstr(finding->path, ==, cases[i].path);
        g_test_message("%s: %s", cases[i].name, finding->value);
        g_assert_true(g_str_has_prefix(finding->value, cases[i].value));
        g_assert_true(g_str_has_prefix(finding->hint, cases[i].hint));
    }
}

/* A /dev/kvm on a CPU that shows neither VT-x nor AMD-V is none that a slice can use. */
static void test_software_kvm(const void *data)
{
    g_autofree char *tree = break_tree(data, "software-kvm", "sed -i 's/ vmx//' proc/cpuinfo");
    g_autofree char *whole = tree_of(data, "seed");
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Host) without = discover_host(tree, findings, NULL);
    g_autoptr(Host) with = discover_host(whole, findings, NULL);

    g_assert_cmpint(without->kernel.kvm, ==, 0);
    g_assert_cmpint(with->kernel.kvm, ==, 1);
}

/* The same machine in other words of sysfs: the host stays what it is. */
static const struct {
    const char *name, *shell;
} EQUALS[] = {
    {"lists-only", "find sys -name '*_siblings' -o -name '*map' | xargs rm"},
    {"core-cpus",
     "for t in sys/devices/system/cpu/cpu*/topology; do "
     "mv $t/thread_siblings $t/core_cpus; mv $t/core_siblings $t/package_cpus; rm $t/*_list; done"},
    {"lists-no-online", "find sys -name '*_siblings' -o -name '*map' -o -name online | xargs rm"},
    {"masks-only", "find sys -name cpulist -o -name '*_list' | xargs rm"},
    {"node-links",
     "for n in 0 1; do for c in $(tr , ' ' < sys/devices/system/node/node$n/cpulist); "
     "do ln -s ../../cpu/cpu$c sys/devices/system/node/node$n/cpu$c; done; "
     "rm sys/devices/system/node/node$n/cpulist sys/devices/system/node/node$n/cpumap;"
     " done"},
    {"no-online-file", "rm sys/devices/system/cpu/online sys/devices/system/cpu/possible "
                       "sys/devices/system/cpu/present sys/devices/system/node/online"},
    {"nul-at-end", "for f in sys/devices/system/node/node?/cpu*; do printf '\\0' >> $f; done"},
    {"no-class-net", "rm -r sys/class/net"},
    {"fifo-online", "rm sys/devices/system/cpu/online; mkfifo sys/devices/system/cpu/online"},
    {"mountinfo", "mkdir -p proc/1 sys/dev/block; ln -s ../../class/block/sda2 sys/dev/block/8:2; "
                  "echo '22 1 8:2 / / rw - ext4 /dev/disk/by-uuid/x rw' > proc/1/mountinfo; "
                  "echo '/dev/sda1 /boot ext4 rw 0 0' > proc/mounts"},
};

/* The kernel's own list of isolated CPUs does not have those of a partition. */
static void test_partition(const void *data)
{
    static const char make[] = "mkdir -p sys/fs/cgroup/bmslice.slice && "
                               "cd sys/fs/cgroup/bmslice.slice && "
                               "echo 2-3,14 > cpuset.cpus.effective && "
                               "echo isolated > cpuset.cpus.partition";
    static const char spoil[] = "echo 'isolated invalid (Cpu list in cpuset.cpus not exclusive)' > "
                                "sys/fs/cgroup/bmslice.slice/cpuset.cpus.partition";
    g_autofree char *both = g_strconcat(make, " && cd - >/dev/null && ", spoil, NULL);
    g_autofree char *tree = break_tree(data, "partition", make);
    g_autofree char *spoilt = break_tree(data, "partition-invalid", both);
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Host) host = discover_host(tree, findings, NULL);
    g_autoptr(Host) other = discover_host(spoilt, findings, NULL);
    g_autofree char *cpus = cpuset_format(host->kernel.partition);

    g_assert_cmpstr(cpus, ==, "2-3,14");
    g_assert_null(other->kernel.partition);
}

static void test_equals(const void *data)
{
    g_autofree char *whole = tree_of(data, "seed");
    g_autoptr(GPtrArray) none = findings_new();
    g_autoptr(Host) same = discover_host(whole, none, NULL);
    g_autofree char *wanted = host_text(same, true);

    for (guint i = 0; i < G_N_ELEMENTS(EQUALS); i++) {
        g_autofree char *tree = break_tree(data, EQUALS[i].name, EQUALS[i].shell);
        g_autoptr(GPtrArray) findings = findings_new();
        g_autoptr(Host) host = NULL;
        g_autofree char *text = NULL;

        host = discover_host(tree, findings, NULL);
        g_assert_nonnull(host);
        assert_no_findings(findings);
        text = host_text(host, true);
        g_assert_cmpstr(text, ==, wanted);
    }
}

/* Trees that are refused as a whole, and what the error names. */
static const struct {
    const char *name, *shell, *message;
} REFUSED[] = {
    {"empty", "rm -r sys proc", "tells of no CPU"},
    {"way-out", "rm -r sys; ln -s /sys sys", "tells of no CPU"},
    {"no-cpu", "find sys/devices/system/cpu proc/cpuinfo -delete", "tells of no CPU"},
};

static void test_refused(const void *data)
{
    for (guint i = 0; i < G_N_ELEMENTS(REFUSED); i++) {
        g_autofree char *tree = break_tree(data, REFUSED[i].name, REFUSED[i].shell);
        g_autoptr(GPtrArray) findings = findings_new();
        g_autoptr(GError) error = NULL;

        g_assert_null(discover_host(tree, findings, &error));
        g_assert_nonnull(error);
        g_test_message("%s", error->message);
        g_assert_true(strstr(error->message, REFUSED[i].message) != NULL);
    }
}

/* Captures that were made to do harm, by a shell in the seed's tree, and what is said of them; what
 * they may cost is in tests/hosts/hostile.py. */
#define PCI "sys/bus/pci/devices/"
#define NODE "sys/devices/system/node/"
#define SOCKETS "sys/devices/system/cpu/cpu*/topology/physical_package_id"
static const struct {
    const char *name, *shell, *code;
} HOSTILE[] = {
    {"shadow", "ln -sf /etc/shadow proc/cmdline", "cmdline-unknown"},
    {"far-up", "ln -sf ../../../../../../../../etc/passwd proc/cmdline", "cmdline-unknown"},
    {"zero", "ln -sf /dev/zero proc/cmdline", "cmdline-unknown"},
    {"device-node", "rm proc/cmdline; mknod proc/cmdline c 1 5 2>/dev/null || mkdir proc/cmdline",
     "cmdline-unknown"},
    {"circle", "ln -sf cmdline proc/cmdline", "cmdline-unknown"},
    {"waiting", "rm proc/cmdline; mkfifo proc/cmdline", "cmdline-unknown"},
    /* without sockets hwloc would be asked, which must not be led astray */
    {"fifo", "rm sys/devices/system/cpu/online " SOCKETS "; mkfifo sys/devices/system/cpu/online",
     "tree-odd"},
    {"link-out", "rm proc/meminfo " SOCKETS "; ln -s /proc/meminfo proc/meminfo", "tree-odd"},
    {"endless-cpuinfo", "rm " SOCKETS "; truncate -s 1T proc/cpuinfo", "tree-odd"},
    {"endless", "truncate -s 1T " NODE "node1/meminfo", "node-memory-unknown"},
    {"endless-list", "truncate -s 1T sys/devices/system/cpu/isolated", "isolated-unknown"},
    {"huge-memory", "echo 'Node 0 MemTotal: 9007199254740991 kB' > " NODE "node0/meminfo",
     "node-memory-unknown"},
    {"more-free", "echo 7 > " NODE "node0/hugepages/hugepages-2048kB/free_hugepages",
     "node-hugepages-unknown"},
    {"huge-pool",
     "echo 9223372036854775807 > " NODE "node0/hugepages/hugepages-2048kB/nr_hugepages",
     "node-hugepages-unknown"},
    {"many-vfs", "echo 99999999999 > " PCI "0000:01:00.0/sriov_totalvfs", "sriov-unknown"},
    {"more-vfs", "echo 64 > " PCI "0000:01:00.0/sriov_numvfs", "sriov-unknown"},
    {"far-node", "echo 4294967296 > " PCI "0000:01:00.0/numa_node", "nic-node-unknown"},
    {"own-pf", "ln -s ../0000:01:00.0 " PCI "0000:01:00.0/physfn", "vf-pf-unknown"},
    {"node-twice", "cp -a " NODE "node1 " NODE "node01; rm " NODE "node1/meminfo",
     "node-memory-unknown"},
    {"odd-address", "mkdir " PCI "0000:0A:00.0; echo 7 > " PCI "0000:01:00.0/numa_node",
     "nic-node-unknown"},
};

static void test_hostile(const void *data)
{
    for (guint i = 0; i < G_N_ELEMENTS(HOSTILE); i++) {
        g_autofree char *tree = break_tree(data, HOSTILE[i].name, HOSTILE[i].shell);
        g_autoptr(GPtrArray) findings = findings_new();
        g_autoptr(GPtrArray) breaches = findings_new();
        g_autoptr(Host) host = discover_host(tree, findings, NULL);
        g_autofree char *text = NULL;

        g_assert_nonnull(host);
        assert_told(findings, HOSTILE[i].code);
        host_check(host, breaches);
        assert_no_findings(breaches);
        text = host_text(host, true);
        g_assert_null(strstr(text, "root:")); /* of /etc/passwd and /etc/shadow */
        g_assert_cmpint(host->pci->len, ==, 8);
    }
}

/* hwloc's environment is ours for the time of one load only. */
static void test_environment(const void *data)
{
    g_autofree char *tree = tree_of(data, "seed");
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Host) host = NULL;

    g_setenv("HWLOC_SYNTHETIC", "pack:9 core:9 pu:9", TRUE);
    g_setenv("HWLOC_FSROOT", "/no/such/folder", TRUE);
    host = discover_host(tree, findings, NULL);
    g_assert_cmpint(host->cpu.threads, ==, 24);
    g_assert_cmpstr(g_getenv("HWLOC_SYNTHETIC"), ==, "pack:9 core:9 pu:9");
    g_assert_cmpstr(g_getenv("HWLOC_FSROOT"), ==, "/no/such/folder");
    g_assert_null(g_getenv("HWLOC_COMPONENTS"));
    g_unsetenv("HWLOC_SYNTHETIC");
    g_unsetenv("HWLOC_FSROOT");
}

static void test_words(void)
{
    g_assert_true(discover_is_pci_address("0000:01:00.0"));
    g_assert_true(discover_is_pci_address("10000:00:04.7"));
    g_assert_false(discover_is_pci_address("01:00.0"));
    g_assert_false(discover_is_pci_address("0000:01:00.8"));
    g_assert_false(discover_is_pci_address("0000:0A:00.0"));
    g_assert_false(discover_is_pci_address("0000:01:00.01"));
    g_assert_false(discover_is_pci_address("pci0000:00"));
    g_assert_cmpint(discover_numbered("node12", "node"), ==, 12);
    g_assert_cmpint(discover_numbered("node", "node"), ==, -1);
    g_assert_cmpint(discover_numbered("node1x", "node"), ==, -1);
    g_assert_cmpint(discover_numbered("node01", "node"), ==, -1);
    g_assert_cmpint(discover_numbered("cpufreq", "cpu"), ==, -1);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        GTestDataFunc run;
    } on_seed[] = {
        {"/discover/round-trip", test_round_trip},     {"/discover/gaps", test_gaps},
        {"/discover/evidence", test_evidence},         {"/discover/equals", test_equals},
        {"/discover/refused", test_refused},           {"/discover/environment", test_environment},
        {"/discover/software-kvm", test_software_kvm}, {"/discover/hostile", test_hostile},
        {"/discover/partition", test_partition},
    };
    TreeCase cases[G_N_ELEMENTS(TREES)];
    g_autofree char *folder = NULL;
    int result;

    g_test_init(&argc, &argv, NULL);
    folder = make_trees();
    g_test_add_func("/discover/words", test_words);
    for (guint i = 0; i < G_N_ELEMENTS(TREES); i++) {
        g_autofree char *path = g_strdup_printf("/discover/tree/%s", TREES[i].name);

        cases[i] = (TreeCase){folder, TREES[i].name};
        g_test_add_data_func(path, &cases[i], test_tree);
    }
    for (guint i = 0; i < G_N_ELEMENTS(on_seed); i++)
        g_test_add_data_func(on_seed[i].name, folder, on_seed[i].run);
    result = g_test_run();
    run((const char *const[]){"rm", "-r", folder, NULL});
    return result;
}
