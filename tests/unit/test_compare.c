/* SPDX-License-Identifier: Apache-2.0 */
#include "core/compare.h"

#include <string.h>

#include "core/domain.h"
#include "machine.h"
#include "model/spec.h"

static char *write_slice(const char *yaml)
{
    const char *const slices[] = {yaml, NULL};
    g_autoptr(Host) host = machine_host();
    g_autoptr(Plan) plan = machine_plan(slices);
    const PlanHost *plan_host = plan->hosts->pdata[0];

    return domain_write_xml(host, plan_host, plan_host->slices->pdata[0], NULL);
}

/* @from must stand in @text; "" removes it. */
static char *replace(const char *text, const char *from, const char *to)
{
    g_auto(GStrv) parts = g_strsplit(text, from, 2);

    if (!parts[1])
        g_error("'%s' is not in the domain XML", from);
    return g_strjoin(to, parts[0], parts[1], NULL);
}

/* One edit of the running XML, and the one difference it makes. */
typedef struct {
    const char *slice;
    const char *from, *to;
    const char *setting, *wanted, *running; /* setting NULL: no difference */
    bool live;
} Case;

static const Case cases[] = {
    /* the same in other words */
    {MACHINE_RED, "<memory unit=\"KiB\">8388608", "<memory unit=\"GiB\">8", NULL},
    {MACHINE_RED, "<emulatorpin cpuset=\"2,14\"", "<emulatorpin cpuset=\"14,2\"", NULL},
    {MACHINE_TWO_NODES, "cpuset=\"2-3,14-15\"", "cpuset=\"2-15,^4-13\"", NULL},
    {MACHINE_RED, "domain=\"0x0000\" bus=\"0x01\"", "domain=\"0\" bus=\"1\"", NULL},
    {MACHINE_VF, "52:54:00:AB:cd:01", "52:54:00:ab:CD:01", NULL},
    {MACHINE_RED, "machine=\"q35\"", "machine=\"pc-q35-7.2\"", NULL},
    {MACHINE_RED, "<source file", "<alias name=\"virtio-disk0\"/><source index=\"1\" file", NULL},
    /* something else */
    {MACHINE_RED, "<domain type=\"kvm\"", "<domain type=\"qemu\"", "domain type", "kvm", "qemu"},
    {MACHINE_RED, "cluster>red<", "cluster>blue<", "cluster", "red", "blue"},
    {MACHINE_RED, "<memory unit=\"KiB\">8388608", "<memory unit=\"KiB\">4194304", "memory", "8GiB",
     "4GiB"},
    {MACHINE_BLUE, "<page size=\"2048\" unit=\"KiB\"/>", "", "hugepages", "2MiB", NULL},
    {MACHINE_RED, "<nosharepages/>", "", "page sharing", "off", NULL},
    {MACHINE_RED, "<nosharepages/>",
     "<nosharepages/><hugepages><page size='1' unit='GiB'/></hugepages>", "hugepages", NULL,
     "1GiB"},
    {MACHINE_RED, "mode=\"strict\"", "mode=\"preferred\"", "memory mode", "strict", "preferred"},
    {MACHINE_RED, "nodeset=\"0\"", "nodeset=\"0-1\"", "memory nodes", "0", "0-1"},
    {MACHINE_TWO_NODES, "mode=\"strict\" nodeset=\"1\"", "mode=\"strict\" nodeset=\"0\"",
     "guest node 1 memory nodes", "1", "0"},
    {MACHINE_TWO_NODES, "cpus=\"2-3\" memory=\"4194304\"", "cpus=\"2-3\" memory=\"2097152\"",
     "guest node 1 memory", "4GiB", "2GiB"},
    {MACHINE_TWO_NODES, "cpus=\"2-3\"", "cpus=\"3\"", "guest node 1 vcpus", "2-3", "3"},
    {MACHINE_TWO_NODES, "value=\"21\"", "value=\"30\"", "guest node distance 0-1", "21", "30"},
    {MACHINE_RED, "static\">8", "static\">4", "vcpus", "8", "4"},
    {MACHINE_RED, "migratable=\"off\"", "migratable=\"on\"", "cpu migratable", "off", "on"},
    {MACHINE_RED, "cores=\"4\" threads=\"2\"", "cores=\"8\" threads=\"1\"", "cpu topology",
     "sockets 1, cores 4, threads 2", "sockets 1, cores 8, threads 1"},
    {MACHINE_RED, "<cache mode=\"passthrough\"/>", "", "cpu cache", "passthrough", NULL},
    {MACHINE_RED, "<hint-dedicated state=\"on\"/>", "", "dedicated hint", "on", NULL},
    {MACHINE_RED, "name=\"hpet\" present=\"no\"", "name=\"hpet\" present=\"yes\"", "hpet", "no",
     "yes"},
    {MACHINE_RED, "vcpu=\"3\" cpuset=\"18\"", "vcpu=\"3\" cpuset=\"1\"", "vcpu 3 pin", "18", "1",
     true},
    {MACHINE_RED, "<vcpupin vcpu=\"7\" cpuset=\"22\"/>", "", "vcpu 7 pin", "22", NULL, true},
    {MACHINE_RED, "emulatorpin cpuset=\"2,14\"", "emulatorpin cpuset=\"0-3\"", "emulator pin",
     "2,14", "0-3", true},
    {MACHINE_RED, "iothread=\"1\" cpuset=\"2,14\"", "iothread=\"1\" cpuset=\"2\"", "iothread 1 pin",
     "2,14", "2", true},
    {MACHINE_RED, "<os>", "<resource><partition>/other</partition></resource><os>",
     "cgroup partition", NULL, "/other"},
    {MACHINE_RED, "<iothreads>1", "<iothreads>2", "iothreads", "1", "2"},
    {MACHINE_RED, "Red_k8s_cluster_worker1.qcow2", "other.qcow2", "disk vda source",
     "/var/lib/libvirt/images/Red_k8s_cluster_worker1.qcow2",
     "/var/lib/libvirt/images/other.qcow2"},
    {MACHINE_RED, "cache=\"none\"", "cache=\"writeback\"", "disk vda cache", "none", "writeback"},
    {MACHINE_RED, "io=\"native\"", "io=\"threads\"", "disk vda io", "native", "threads"},
    {MACHINE_RED, " iothread=\"1\"/>", "/>", "disk vda iothread", "1", NULL},
    {MACHINE_RED, "managed=\"yes\"", "managed=\"no\"", "device 0000:01:00.0",
     "hostdev, managed yes", "hostdev, managed no"},
    {MACHINE_VF, "52:54:00:ab:cd:02", "52:54:00:ab:cd:03", "device 0000:01:10.3 mac",
     "52:54:00:ab:cd:02", "52:54:00:ab:cd:03"},
    {MACHINE_VF, "<tag id=\"100\"/>", "<tag id=\"200\"/>", "device 0000:01:10.1 vlan", "100",
     "200"},
    {MACHINE_SMALL, "<serial",
     "<interface type='network'><mac address='52:54:00:00:00:01'/></interface><serial",
     "interface 52:54:00:00:00:01", NULL, "network"},
    {MACHINE_SMALL, "memballoon model=\"none\"", "memballoon model=\"virtio\"", "memory balloon",
     "none", "virtio"},
};

static void test_settings(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *test = &cases[i];
        g_autoptr(GError) error = NULL;
        g_autofree char *wanted = write_slice(test->slice);
        g_autofree char *running = replace(wanted, test->from, test->to);
        g_autoptr(GPtrArray) differences = compare_domains(wanted, running, &error);

        g_test_message("%s -> %s", test->from, test->to);
        g_assert_no_error(error);
        g_assert_cmpuint(differences->len, ==, test->setting ? 1 : 0);
        if (!test->setting)
            continue;

        const Difference *difference = differences->pdata[0];

        g_assert_cmpstr(difference->setting, ==, test->setting);
        g_assert_cmpstr(difference->wanted, ==, test->wanted);
        g_assert_cmpstr(difference->running, ==, test->running);
        g_assert_true(difference->live == test->live);
    }
}

/* The runbook's mistakes in a domain of ours: all of them show. */
static void test_many(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *red = write_slice(MACHINE_RED);
    g_autofree char *blue = write_slice(MACHINE_BLUE);
    g_autoptr(GPtrArray) differences = compare_domains(red, blue, &error);

    /* cluster, page sharing, hugepages, memory nodes, 8 vCPUs, emulator, IOThread, disk, device
     * twice */
    g_assert_cmpuint(differences->len, ==, 4 + 8 + 2 + 1 + 2);
}

/* libvirt's own partition is none of ours; the one of isolation at run time is. */
static void test_partition(void)
{
    const char *const slices[] = {MACHINE_RED, NULL};
    g_autoptr(Host) host = machine_host();
    g_autoptr(Plan) plan = machine_plan(slices);
    PlanHost *plan_host = plan->hosts->pdata[0];
    g_autofree char *own = domain_write_xml(host, plan_host, plan_host->slices->pdata[0], NULL);
    g_auto(GStrv) parts = g_strsplit(own, "<os>", 2);
    g_autofree char *shown = g_strconcat(
        parts[0], "<resource><partition>/machine</partition></resource><os>", parts[1], NULL);
    g_autofree char *wanted = NULL;
    g_autoptr(GPtrArray) same = compare_domains(own, shown, NULL);
    g_autoptr(GPtrArray) other = NULL;
    const Difference *difference;

    g_assert_cmpuint(same->len, ==, 0);
    plan_host->isolation = SPEC_ISOLATION_RUNTIME;
    wanted = domain_write_xml(host, plan_host, plan_host->slices->pdata[0], NULL);
    other = compare_domains(wanted, shown, NULL);
    g_assert_cmpuint(other->len, ==, 1);
    difference = other->pdata[0];
    g_assert_cmpstr(difference->setting, ==, "cgroup partition");
    g_assert_cmpstr(difference->wanted, ==, "/bmslice");
    g_assert_false(difference->live);
}

static void test_cpu_mode(void)
{
    g_autofree char *wanted = write_slice(MACHINE_RED);
    g_autofree char *running = replace(wanted, "mode=\"host-passthrough\"", "mode=\"host-model\"");
    g_autoptr(GPtrArray) differences = compare_domains(wanted, running, NULL);

    g_assert_cmpuint(differences->len, ==, 2); /* migratable belongs to host-passthrough */
    g_assert_cmpstr(((const Difference *)differences->pdata[0])->setting, ==, "cpu mode");
}

static void test_unreadable(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(compare_domains("<domain/>", "<domain>", &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    g_assert_null(compare_domains("", "<domain/>", &error));
    g_assert_nonnull(error);
}

static void test_json(void)
{
    g_autofree char *wanted = write_slice(MACHINE_RED);
    g_autofree char *running = replace(wanted, "<vcpupin vcpu=\"7\" cpuset=\"22\"/>", "");
    g_autoptr(GPtrArray) differences = compare_domains(wanted, running, NULL);
    json_t *json = differences_to_json(differences);
    char *text = json_dumps(json, JSON_COMPACT);

    g_assert_cmpstr(
        text, ==,
        "[{\"setting\":\"vcpu 7 pin\",\"wanted\":\"22\",\"running\":null,\"live\":true}]");
    free(text);
    json_decref(json);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/compare/settings", test_settings);
    g_test_add_func("/compare/partition", test_partition);
    g_test_add_func("/compare/cpu-mode", test_cpu_mode);
    g_test_add_func("/compare/many", test_many);
    g_test_add_func("/compare/unreadable", test_unreadable);
    g_test_add_func("/compare/json", test_json);
    return g_test_run();
}
