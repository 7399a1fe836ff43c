/* SPDX-License-Identifier: Apache-2.0 */
/* The facts that doctor judges, read from a small tree: each way to take one, and what is absent.
 */
#include <glib/gstdio.h>

#include "documents.h"
#include "port/examine.h"

#define CPU "sys/devices/system/cpu"

static const struct {
    const char *path, *text;
} FILES[] = {
    {"proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t: fpu vmx vmx lm\n\n"
                     "processor\t: 1\nflags\t: svm\n"},
    {"etc/libvirt/qemu.conf", "# user = \"nobody\"\n#user=x\nuser = \"root\"\ngroup = \"root\"\n"},
    {"etc/passwd", "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\nqemu:x:107:107:::\n"},
    {"sys/firmware/acpi/tables/DMAR", ""},
    {"sys/firmware/acpi/tables/FACP", ""},
    {"sys/kernel/irq/0/chip_name", "IR-IO-APIC\n"},
    {"sys/kernel/irq/9/chip_name", "IR-IO-APIC\n"},
    {"sys/kernel/irq/24/chip_name", "DMAR-MSI\n"},
    {"lib/modules/6.1.0/modules.dep", "kernel/drivers/vfio/vfio_iommu_type1.ko: x\nkernel/a.ko:\n"},
    {CPU "/cpu0/cpuidle/state0/latency", "0\n"},
    {CPU "/cpu0/cpuidle/state1/latency", "133\n"},
    {CPU "/cpu1/cpuidle/state1/latency", "133\n"},
    {CPU "/cpu2/cpuidle/state1/latency", "2\n"},
    {CPU "/cpu0/cpufreq/scaling_governor", "performance\n"},
    {CPU "/cpu2/cpufreq/scaling_governor", "powersave\n"},
    {"proc/7/comm", "irqbalance\n"},
    {"proc/8/comm", "secret\n"},
    {"proc/self/comm", "numad\n"},
    {"sys/bus/pci/devices/0000:01:00.0/resource", "0x1 0x2 0x3\n"},
    {"sys/bus/pci/devices/0000:02:00.0/resource", "0x1 0x2 0x3\n"},
};

static const struct {
    const char *path, *value, *cpus;
} WANTED[] = {
    {"proc/cpuinfo", "GenuineIntel vmx"},
    {"etc/libvirt/qemu.conf", "user = \"root\""},
    {"etc/passwd", "root:x:0:0::/root:/bin/sh\nqemu:x:107:107:::"},
    {"sys/firmware/acpi/tables", "DMAR"},
    {"sys/kernel/irq/*/chip_name", "IR-IO-APIC"},
    {"lib/modules/6.1.0/modules.dep", "kernel/drivers/vfio/vfio_iommu_type1.ko: x"},
    {CPU "/cpu*/cpuidle/state0/latency", "0", "0"},
    {CPU "/cpu*/cpuidle/state1/latency", "133", "0-1"},
    {CPU "/cpu*/cpuidle/state1/latency", "2", "2"},
    {CPU "/cpu*/cpufreq/scaling_governor", "performance", "0"},
    {CPU "/cpu*/cpufreq/scaling_governor", "powersave", "2"},
    {"proc/*/comm", "irqbalance"},
    {"sys/bus/pci/devices/0000:01:00.0/resource", "0x1 0x2 0x3"},
};

static char *make_tree(void)
{
    char *folder = g_dir_make_tmp("bmslice-examine-XXXXXX", NULL);

    for (guint i = 0; i < G_N_ELEMENTS(FILES); i++) {
        g_autofree char *path = g_build_filename(folder, FILES[i].path, NULL);
        g_autofree char *parent = g_path_get_dirname(path);

        g_assert_cmpint(g_mkdir_with_parents(parent, 0755), ==, 0);
        g_assert_true(g_file_set_contents(path, FILES[i].text, -1, NULL));
    }
    return folder;
}

static Host *make_host(void)
{
    static const char text[] =
        "{\"version\": 1, \"hostname\": \"h\", \"cpu\": {\"online\": \"0-2\"}, \"nodes\": "
        "[{\"id\": "
        "0, \"cpus\": \"0-2\"}], \"cores\": [{\"id\": 0, \"cpus\": \"0-2\"}], \"kernel\": "
        "{\"release\": \"6.1.0\"}, \"pci\": [{\"address\": \"0000:01:00.0\", \"sriov\": "
        "{\"total_vfs\": 7}}, {\"address\": \"0000:02:00.0\"}]}";
    g_autoptr(Tree) tree = tree_parse_json("h.json", text, strlen(text));
    g_autoptr(GPtrArray) findings = findings_new();
    Host *host = host_from_tree(tree, findings);

    assert_no_findings(findings);
    return host;
}

static void remove_tree(const char *folder)
{
    const char *command[] = {"rm", "-r", folder, NULL};

    g_assert_true(g_spawn_sync(NULL, (char **)command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               NULL, NULL, NULL));
}

static void test_tree(void)
{
    g_autofree char *folder = make_tree();
    g_autoptr(Host) host = make_host();
    g_autoptr(GError) error = NULL;
    g_autoptr(Condition) condition = examine_host(folder, host, &error);

    remove_tree(folder);
    g_assert_no_error(error);
    g_assert_cmpuint(condition->facts->len, ==, G_N_ELEMENTS(WANTED));
    for (guint i = 0; i < G_N_ELEMENTS(WANTED); i++) {
        const Fact *fact = condition->facts->pdata[i];
        g_autofree char *cpus = cpuset_format(fact->cpus);

        g_assert_cmpstr(fact->path, ==, WANTED[i].path);
        g_assert_cmpstr(fact->value, ==, WANTED[i].value);
        g_assert_cmpstr(cpus, ==, WANTED[i].cpus);
    }
}

/* A release that is a path must not lead the reading elsewhere; a folder that is not there fails.
 */
static void test_refused(void)
{
    g_autofree char *folder = make_tree();
    g_autoptr(Host) host = make_host();
    g_autoptr(GError) error = NULL;
    g_autoptr(Condition) condition = NULL;

    g_free(host->kernel.release);
    host->kernel.release = g_strdup("../modules/6.1.0");
    condition = examine_host(folder, host, &error);
    remove_tree(folder);
    g_assert_no_error(error);
    g_assert_cmpuint(condition->facts->len, ==, G_N_ELEMENTS(WANTED) - 1);
    g_assert_null(examine_host(folder, host, &error));
    g_assert_nonnull(error);
}

/* Of this machine: the device node too, where it has one. */
static void test_live(void)
{
    g_autoptr(Host) host = make_host();
    g_autoptr(Condition) condition = examine_host(NULL, host, NULL);
    const char *device = condition_value(condition, "dev/kvm");

    g_assert_nonnull(condition_value(condition, "proc/cpuinfo"));
    g_assert_cmpint(device != NULL, ==, g_file_test("/dev/kvm", G_FILE_TEST_EXISTS));
    g_assert_true(!device || g_str_has_prefix(device, "mode=0"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/examine/tree", test_tree);
    g_test_add_func("/examine/refused", test_refused);
    g_test_add_func("/examine/live", test_live);
    return g_test_run();
}
