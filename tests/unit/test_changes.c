/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of a host are made once, taken back whole, and survive SIGKILL at every move: each write
 * to the journal, each change, each command.
 */
#include "app/changes.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "changes_run.h"
#include "machine.h"
#include "model/ownership.h"
#include "port/facts.h"
#include "port/patient.h"

static void test_once(void)
{
    g_autoptr(FakeHost) fake = fake_host_new();
    g_autofree char *cfg = NULL;
    g_autofree char *irq = NULL;
    g_autofree char *vfs = NULL;

    g_assert_cmpuint(make(fake), >=, 12);
    g_assert_cmpuint(make(fake), ==, 0);
    cfg = fake_host_read(fake, "/boot/grub/grub.cfg");
    g_assert_nonnull(strstr(cfg, "isolcpus=2-11,14-23"));
    irq = fake_host_read(fake, "/proc/irq/30/smp_affinity_list");
    g_assert_cmpstr(irq, ==, "0-1,12-13");
    vfs = fake_host_read(fake, "/fake/vfs");
    g_assert_nonnull(
        strstr(vfs, "mac 52:54:00:ab:cd:01 vlan 100 spoofchk off trust on max_tx_rate 300"));
}

static void test_undo(void)
{
    g_autofree char *before = state_after(NULL, NULL);
    g_autofree char *after = state_after(make, undo);
    g_autofree char *made = state_after(make, NULL);

    assert_state(after, before);
    g_assert_cmpstr(made, !=, before);
}

static guint make_and_undo(FakeHost *fake)
{
    make(fake);
    return undo(fake);
}

static void test_killed(void)
{
    g_autofree char *before = state_after(NULL, NULL);
    g_autofree char *made = state_after(make, NULL);
    guint points = kill_everywhere(NULL, make, make, made);

    g_assert_cmpuint(points, >, 50);
    g_assert_cmpuint(kill_everywhere(NULL, make, undo, before), ==, points);
    g_assert_cmpuint(kill_everywhere(NULL, make, make_and_undo, before), ==, points);

    guint back = kill_everywhere(make, undo, undo, before);

    g_assert_cmpuint(back, >, 50);
    g_test_message("killed at %u points of making (run again; undone; run again and undone) and at "
                   "%u of undoing",
                   points, back);
}

static bool set_partition(Changes *changes, const char *value, GError **error)
{
    Step step = {.text = (char *)"partition",
                 .setting = setting_new(SETTING_PARTITION, PARTITION_UNIT, value)};
    bool done = changes_make(changes, CHANGES_HOST, &step, NULL, error);

    setting_free(step.setting);
    return done;
}

/* A partition grows, is not taken from under guests, nor made over one's head; what the kernel says
 * against it is told. */
static void test_partition(void)
{
    g_autoptr(FakeHost) fake = fake_host_new();
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(Changes) changes = changes_open(&fake->hands, NULL, findings, &error);
    g_autofree char *cpus = NULL;
    g_autofree char *after = NULL;

    g_assert_true(set_partition(changes, "isolated 2-3", &error));
    g_assert_true(set_partition(changes, "isolated 2-5", &error));
    cpus = fake_host_read(fake, PARTITION_CGROUP "/cpuset.cpus");
    g_assert_cmpstr(cpus, ==, "2-5");
    fake_host_write(fake, PARTITION_CGROUP "/cgroup.events", "populated 1\n");
    g_assert_false(set_partition(changes, NULL, &error));
    g_assert_nonnull(strstr(error->message, "guests run in it"));
    g_clear_error(&error);
    fake_host_write(fake, PARTITION_CGROUP "/cgroup.events", "populated 0\n");
    fake_host_write(fake, "/sys/fs/cgroup/machine.slice/other.scope/libvirt/vcpu0/cpuset.cpus",
                    "7\n");
    g_assert_true(set_partition(changes, "isolated 2-6", &error));
    g_assert_false(set_partition(changes, "isolated 2-7", &error));
    g_assert_nonnull(strstr(error->message, "other.scope/libvirt/vcpu0"));
    g_clear_error(&error);
    g_assert_cmpuint(undo(fake), ==, 0);
    after = state(fake);
    g_assert_null(strstr(after, PARTITION_CGROUP));
    g_assert_null(strstr(after, "AllowedCPUs"));
}

/* The kernel takes the word and says that it could not. */
static void test_partition_invalid(void)
{
    g_autoptr(FakeHost) fake = fake_host_new();
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(Changes) changes = changes_open(&fake->hands, NULL, findings, &error);
    g_autofree char *left = NULL;

    fake->stubborn = true;
    g_assert_false(set_partition(changes, "isolated 2-3", &error));
    g_assert_nonnull(strstr(error->message, "the kernel does not isolate them: \""));
    left = state(fake);
    g_assert_null(strstr(left, PARTITION_CGROUP));
}

/* A file that somebody edited after us is theirs. */
static void test_changed_since(void)
{
    g_autoptr(FakeHost) fake = fake_host_new();
    g_autofree char *text = NULL;

    make(fake);
    fake_host_write(fake, "/sys/kernel/mm/ksm/run", "2\n");
    g_assert_cmpuint(undo(fake), ==, 1);
    text = fake_host_read(fake, "/sys/kernel/mm/ksm/run");
    g_assert_cmpstr(text, ==, "2\n");
}

/* A reboot ends what was set in the running kernel: nothing of it is put back then. */
static void test_other_boot(void)
{
    g_autoptr(FakeHost) fake = fake_host_new();
    g_autofree char *ksm = NULL;
    g_autofree char *ours = NULL;

    make(fake);
    fake_host_write(fake, "/proc/sys/kernel/random/boot_id", "another\n");
    fake_host_write(fake, "/sys/kernel/mm/ksm/run", "0\n");
    g_assert_cmpuint(undo(fake), ==, 0);
    ksm = fake_host_read(fake, "/sys/kernel/mm/ksm/run");
    g_assert_cmpstr(ksm, ==, "0\n");
    ours = fake_host_read(fake, "/etc/default/grub.d/60-bmslice.cfg");
    g_assert_null(ours);
}

/* The boot unit binds again what a slice had, until the slice is gone: in whichever boot that was.
 */
static void test_applied(void)
{
    g_autoptr(FakeHost) fake = fake_host_new();
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(GError) error = NULL;

    make(fake);
    fake_host_write(fake, "/proc/sys/kernel/random/boot_id", "another\n");

    g_autoptr(Changes) changes = changes_open(&fake->hands, NULL, findings, &error);

    g_assert_no_error(error);
    g_assert_true(journal_has(changes->journal, CHANGES_HOST, SETTING_DRIVER));
    g_assert_false(journal_has(changes->journal, "vf-worker1", SETTING_DRIVER));
    g_assert_true(changes_undo(changes, CHANGES_ALL, "vf-worker1", &error));
    g_assert_true(journal_has(changes->journal, CHANGES_HOST, SETTING_DRIVER));
    g_assert_true(changes_undo(changes, CHANGES_ALL, CHANGES_HOST, &error));
    g_assert_false(journal_has(changes->journal, CHANGES_HOST, SETTING_DRIVER));
}

/* What a reboot has ended still tells that a slice was applied, whoever else is taken back. */
static void test_applied_others(void)
{
    g_autoptr(FakeHost) fake = fake_host_new();
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(GError) error = NULL;

    make_one(fake, SETTING_ATTRIBUTE, KSM, "0");
    fake_host_write(fake, "/proc/sys/kernel/random/boot_id", "another\n");

    g_autoptr(Changes) changes = changes_open(&fake->hands, NULL, findings, &error);

    g_assert_true(changes_undo(changes, CHANGES_ALL, "nobody", &error));
    g_assert_true(journal_has(changes->journal, CHANGES_HOST, SETTING_ATTRIBUTE));
}

/* VFs are not taken from a guest, nor is another card's port changed. */
static void test_refused(void)
{
    static const char pf[] = "/sys/bus/pci/devices/0000:01:00.0";
    g_autoptr(FakeHost) fake = fake_host_new();
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(Changes) changes = changes_open(&fake->hands, NULL, findings, &error);
    g_autofree char *link = g_strconcat(fake->root, pf, "/virtfn0/driver", NULL);
    g_autofree char *folder = g_path_get_dirname(link);
    Step step = {.text = (char *)"make 4 VFs", .setting = setting_new(SETTING_VFS, pf + 21, "4")};

    fake_host_write(fake, "/sys/bus/pci/devices/0000:01:00.0/sriov_numvfs", "2\n");
    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_assert_cmpint(symlink("../drivers/vfio-pci", link), ==, 0);
    g_assert_false(changes_make(changes, CHANGES_HOST, &step, NULL, &error));
    g_assert_nonnull(strstr(error->message, "is a guest's"));
    g_clear_error(&error);
    g_assert_cmpint(unlink(link), ==, 0);
    step.setting->mac = g_strdup("52:54:00:00:00:99");
    g_assert_false(changes_make(changes, CHANGES_HOST, &step, NULL, &error));
    g_assert_nonnull(strstr(error->message, "another port sits there now"));
    setting_free(step.setting);
}

/* Whoever has one of the VFs is named, and they all stay. */
static void test_held(void)
{
    static const struct {
        const char *path, *text, *words;
    } CASES[] = {
        {"/sys/class/net/vf1/upper_br0/x", "", "(vf1) is the host's: bridge br0 stands on it"},
        {"/sys/class/net/vf1/upper_tap7/x", "", "(vf1) is the host's: interface tap7 stands on"},
        {"/fake/address/vf1",
         "[{\"ifname\":\"vf1\",\"addr_info\":[{\"local\":\"fe80::1\",\"scope\":\"link\"},"
         "{\"local\":\"10.0.0.5\",\"scope\":\"global\"}]}]",
         "0000:01:10.2 (vf1) is the host's: it has the address 10.0.0.5"},
        {NULL, NULL, "0000:01:10.2 is in another network namespace"},
    };
    static const char vf[] = "/sys/bus/pci/devices/0000:01:10.2";

    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(FakeHost) fake = fake_host_new();
        g_autoptr(GPtrArray) findings = findings_new();
        g_autoptr(GError) error = NULL;
        g_autoptr(Changes) changes = changes_open(&fake->hands, NULL, findings, &error);
        g_autofree char *link =
            g_strconcat(fake->root, "/sys/bus/pci/devices/0000:01:00.0/virtfn1", NULL);
        g_autofree char *nets = g_strconcat(fake->root, vf, "/net", NULL);
        g_autofree char *net = g_strconcat(nets, "/vf1", NULL);
        g_autofree char *now = NULL;
        Step step = {.text = (char *)"make 4 VFs",
                     .setting = setting_new(SETTING_VFS, "0000:01:00.0", "4")};

        g_assert_cmpint(g_mkdir_with_parents(CASES[i].path ? net : nets, 0755), ==, 0);
        g_assert_cmpint(symlink("../0000:01:10.2", link), ==, 0);
        fake_host_write(fake, "/sys/class/net/br0/uevent", "DEVTYPE=bridge\nINTERFACE=br0\n");
        fake_host_write(fake, "/sys/bus/pci/devices/0000:01:00.0/sriov_numvfs", "2\n");
        if (CASES[i].path)
            fake_host_write(fake, CASES[i].path, CASES[i].text);
        g_assert_false(changes_make(changes, CHANGES_HOST, &step, NULL, &error));
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, CASES[i].words));
        now = fake_host_read(fake, "/sys/bus/pci/devices/0000:01:00.0/sriov_numvfs");
        g_assert_cmpstr(now, ==, "2\n");
        setting_free(step.setting);
    }
}

/* A write that hangs (a FIFO that nobody reads) is told of, with where it hangs, and holds nobody
 * up. */
static void test_hanging(void)
{
    g_autoptr(FakeHost) fake = fake_host_new();
    g_autofree char *fifo = g_strconcat(fake->root, "/sys/hangs", NULL);
    g_autofree char *gone = g_strconcat(fake->root, "/sys/gone", NULL);
    g_autoptr(GError) error = NULL;
    int reader;

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_assert_false(patient_write(fifo, "1", 1, &error));
    g_assert_nonnull(strstr(error->message, "has not come back after 1 s: process "));
    g_assert_nonnull(strstr(error->message, ", state S, waits in "));
    reader = open(fifo, O_RDONLY | O_NONBLOCK); /* lets the child go */
    g_assert_cmpint(reader, >=, 0);
    g_assert_cmpint(close(reader), ==, 0);
    g_clear_error(&error);
    g_assert_false(patient_write(gone, "1", 1, &error));
    g_assert_nonnull(strstr(error->message, "No such file"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/changes/once", test_once);
    g_test_add_func("/changes/undo", test_undo);
    g_test_add_func("/changes/killed", test_killed);
    g_test_add_func("/changes/partition", test_partition);
    g_test_add_func("/changes/partition-invalid", test_partition_invalid);
    g_test_add_func("/changes/changed-since", test_changed_since);
    g_test_add_func("/changes/other-boot", test_other_boot);
    g_test_add_func("/changes/applied", test_applied);
    g_test_add_func("/changes/applied-others", test_applied_others);
    g_test_add_func("/changes/refused", test_refused);
    g_test_add_func("/changes/held", test_held);
    g_test_add_func("/changes/hanging", test_hanging);
    return g_test_run();
}
