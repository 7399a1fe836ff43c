/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_host.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define DEVICES "/sys/bus/pci/devices/"
#define PF DEVICES "0000:01:00.0/"
#define DRIVERS "/sys/bus/pci/drivers/"
#define PROBE "/sys/bus/pci/drivers_probe"

/* Of each VF: index, then its words as bmslice says them; what `ip` shows is made from it. */
#define VFS_FILE "/fake/vfs"

static const struct {
    const char *path, *text;
} FILES[] = {
    {"/proc/sys/kernel/random/boot_id", "1c1dbd1c-0000-4000-8000-000000000001\n"},
    {"/var/lib/dpkg/status", "\n"},
    {"/proc/1/comm", "systemd\n"},
    {"/proc/77/comm", "irqbalance\n"},
    {"/proc/irq/default_smp_affinity", "ffffff\n"},
    {"/proc/irq/30/smp_affinity_list", "0-23\n"},
    {"/proc/irq/31/smp_affinity_list", "0-1\n"},
    {"/etc/default/grub", "GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX=\"console=ttyS0\"\n"},
    {"/etc/systemd/system/multi-user.target.wants/other.service", "[Unit]\n"},
    {"/usr/sbin/update-grub", "#!/bin/sh\n"},
    {"/boot/grub/grub.cfg", "linux /vmlinuz root=/dev/sda1 console=ttyS0 quiet\n"},
    {PF "vendor", "0x8086\n"},
    {PF "device", "0x1528\n"},
    {PF "sriov_numvfs", "0\n"},
    {PROBE, "\n"},
    {DRIVERS "ixgbevf/unbind", "\n"},
    {DRIVERS "vfio-pci/unbind", "\n"},
    {DEVICES "0000:01:10.1/vendor", "0x8086\n"},
    {DEVICES "0000:01:10.1/device", "0x1515\n"},
    {DEVICES "0000:01:10.1/driver_override", "(null)\n"},
    {DEVICES "0000:01:10.3/vendor", "0x8086\n"},
    {DEVICES "0000:01:10.3/device", "0x1515\n"},
    {DEVICES "0000:01:10.3/driver_override", "(null)\n"},
    {DEVICES "0000:3b:00.0/vendor", "0x8086\n"},
    {DEVICES "0000:3b:00.0/device", "0x0d5c\n"},
    {DEVICES "0000:3b:00.0/driver_override", "(null)\n"},
    {PF "net/eno1/address", "bc:30:5b:f2:87:50\n"},
    {"/sys/class/net/eno1/address", "bc:30:5b:f2:87:50\n"},
    {"/sys/class/net/eno1/flags", "0x1002\n"},
    {"/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages", "0\n"},
    {"/sys/devices/virtual/workqueue/cpumask", "ffffff\n"},
    {"/sys/kernel/mm/ksm/run", "1\n"},
    {"/sys/devices/system/cpu/cpu5/cpufreq/scaling_governor", "powersave\n"},
    {VFS_FILE, "mac 00:00:00:00:00:00 vlan 0 spoofchk on trust off max_tx_rate 0\n"
               "mac 52:54:00:00:00:01 vlan 7 spoofchk on trust off max_tx_rate 0\n"
               "mac 00:00:00:00:00:00 vlan 0 spoofchk on trust off max_tx_rate 0\n"
               "mac 52:54:00:00:00:03 vlan 0 spoofchk on trust off max_tx_rate 0\n"},
    {"/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory\n"},
    {"/usr/lib/systemd/system/systemd-machined.service", "[Unit]\n"},
    {"/run/systemd/system.control/other", "\n"},
    {"/fake/irqbalance.service", "enabled active\n"},
};

void fake_host_write(const FakeHost *fake, const char *path, const char *text)
{
    g_autofree char *full = g_strconcat(fake->root, path, NULL);
    g_autofree char *folder = g_path_get_dirname(full);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_file_set_contents(full, text, -1, &error);
    g_assert_no_error(error);
}

char *fake_host_read(const FakeHost *fake, const char *path)
{
    g_autofree char *full = g_strconcat(fake->root, path, NULL);
    char *text = NULL;

    return g_file_get_contents(full, &text, NULL, NULL) ? text : NULL;
}

/* grub.cfg from the files that the real one reads. */
static void update_grub(const FakeHost *fake)
{
    g_autofree char *ours = fake_host_read(fake, "/etc/default/grub.d/60-bmslice.cfg");
    const char *words = ours ? strstr(ours, "_DEFAULT ") : NULL;
    g_autofree char *more =
        words ? g_strndup(words + strlen("_DEFAULT"), strcspn(words + 9, "\"") + 1) : g_strdup("");
    g_autofree char *text =
        g_strdup_printf("linux /vmlinuz root=/dev/sda1 console=ttyS0 quiet%s\n", more);

    fake_host_write(fake, "/boot/grub/grub.cfg", text);
}

static char *show_link(const FakeHost *fake)
{
    g_autofree char *vfs = fake_host_read(fake, VFS_FILE);
    g_autofree char *flags = fake_host_read(fake, "/sys/class/net/eno1/flags");
    g_auto(GStrv) lines = g_strsplit(g_strchomp(vfs), "\n", -1);
    GString *json = g_string_new("[{\"ifname\":\"eno1\",\"mtu\":1500,\"address\":\"bc:30:5b:f2:87:"
                                 "50\",\"flags\":[\"BROADCAST\"");

    g_string_append_printf(json, "%s],\"vfinfo_list\":[",
                           g_str_has_prefix(flags, "0x1003") ? ",\"UP\"" : "");
    for (guint i = 0; lines[i]; i++) {
        g_auto(GStrv) word = g_strsplit(lines[i], " ", -1);

        g_string_append_printf(json,
                               "%s{\"vf\":%u,\"address\":\"%s\",\"vlan_list\":[{\"vlan\":%s}],"
                               "\"spoofchk\":%s,\"trust\":%s,\"rate\":{\"max_tx\":%s}}",
                               i ? "," : "", i, word[1], word[3],
                               strcmp(word[5], "on") == 0 ? "true" : "false",
                               strcmp(word[7], "on") == 0 ? "true" : "false", word[9]);
    }
    g_string_append(json, "]}]");
    return g_string_free(json, FALSE);
}

static void set_vf(const FakeHost *fake, const char *const *argv)
{
    g_autofree char *vfs = fake_host_read(fake, VFS_FILE);
    g_auto(GStrv) lines = g_strsplit(vfs, "\n", -1);
    guint number = (guint)g_ascii_strtoull(argv[6], NULL, 10);
    g_auto(GStrv) word = g_strsplit(lines[number], " ", -1);
    g_autofree char *joined = NULL;

    for (guint i = 7; argv[i]; i += 2) {
        for (guint w = 0; word[w]; w += 2) {
            if (strcmp(word[w], argv[i]) != 0)
                continue;
            g_free(word[w + 1]);
            word[w + 1] = g_ascii_strdown(argv[i + 1], -1);
        }
    }
    g_free(lines[number]);
    lines[number] = g_strjoinv(" ", word);
    joined = g_strjoinv("\n", lines);
    fake_host_write(fake, VFS_FILE, joined);
}

static bool run_ip(const FakeHost *fake, const char *const *argv, char **ret_output)
{
    if (strcmp(argv[1], "-json") == 0 && strcmp(argv[2], "address") == 0) {
        g_autofree char *path = g_strconcat("/fake/address/", argv[5], NULL);
        g_autofree char *text = fake_host_read(fake, path);

        *ret_output = g_strdup(text ? text : "[{}]");
    } else if (strcmp(argv[1], "-json") == 0)
        *ret_output = show_link(fake);
    else if (strcmp(argv[5], "vf") == 0)
        set_vf(fake, argv);
    else
        fake_host_write(fake, "/sys/class/net/eno1/flags",
                        strcmp(argv[5], "up") == 0 ? "0x1003\n" : "0x1002\n");
    return true;
}

#define CGROUP "/sys/fs/cgroup/bmslice.slice/"
#define DROP_IN "/run/systemd/system.control/50-AllowedCPUs.conf"

static void remove_file(const FakeHost *fake, const char *path)
{
    g_autofree char *full = g_strconcat(fake->root, path, NULL);

    (void)g_remove(full);
}

static void start_slice(const FakeHost *fake)
{
    g_autofree char *events = fake_host_read(fake, CGROUP "cgroup.events");

    if (events)
        return;
    fake_host_write(fake, CGROUP "cgroup.events", "populated 0\nfrozen 0\n");
    fake_host_write(fake, CGROUP "cpuset.cpus", "\n");
    fake_host_write(fake, CGROUP "cpuset.cpus.partition", "member\n");
    if (fake->stubborn) { /* each process writes and reads its own name there */
        g_autofree char *path = g_strconcat(fake->root, CGROUP "cpuset.cpus.partition", NULL);

        g_assert_cmpint(g_remove(path), ==, 0);
        g_assert_cmpint(symlink("/proc/self/comm", path), ==, 0);
    }
}

/* What systemd and, of a partition, the kernel do. */
static void run_slice(const FakeHost *fake, const char *const *argv)
{
    if (strcmp(argv[1], "start") == 0) {
        start_slice(fake);
    } else if (strcmp(argv[1], "set-property") == 0) {
        fake_host_write(fake, DROP_IN, argv[4]);
        fake_host_write(fake, CGROUP "cpuset.cpus", strchr(argv[4], '=') + 1);
    } else if (strcmp(argv[1], "revert") == 0) {
        remove_file(fake, DROP_IN);
        fake_host_write(fake, CGROUP "cpuset.cpus", "\n");
    } else {
        g_assert_cmpstr(argv[1], ==, "stop");
        remove_file(fake, CGROUP "cgroup.events");
        remove_file(fake, CGROUP "cpuset.cpus");
        remove_file(fake, CGROUP "cpuset.cpus.partition");
        remove_file(fake, CGROUP);
    }
}

static bool run_systemctl(const FakeHost *fake, const char *const *argv, char **ret_output)
{
    g_autofree char *state = fake_host_read(fake, "/fake/irqbalance.service");
    g_auto(GStrv) words = g_strsplit(g_strchomp(state), " ", 2);

    if (g_strv_contains(argv, "bmslice.slice"))
        run_slice(fake, argv);
    else if (strcmp(argv[1], "show") == 0)
        *ret_output = g_strdup(words[strcmp(argv[4], "ActiveState") == 0 && words[1] ? 1 : 0]);
    else
        fake_host_write(fake, "/fake/irqbalance.service",
                        strcmp(argv[1], "mask") == 0     ? "masked inactive\n"
                        : strcmp(argv[1], "unmask") == 0 ? "enabled inactive\n"
                                                         : "enabled active\n");
    return true;
}

static bool run(const char *const *argv, char **ret_output, void *data, GError **error)
{
    const FakeHost *fake = data;

    if (strcmp(argv[0], "update-grub") == 0) {
        update_grub(fake);
        return true;
    }
    if (strcmp(argv[0], "ip") == 0)
        return run_ip(fake, argv, ret_output);
    if (strcmp(argv[0], "systemctl") == 0)
        return run_systemctl(fake, argv, ret_output);
    g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "%s: no such command", argv[0]);
    return false;
}

static void set_driver(const FakeHost *fake, const char *address, const char *driver)
{
    g_autofree char *link = g_strconcat(fake->root, DEVICES, address, "/driver", NULL);
    g_autofree char *target = g_strconcat("../../drivers/", driver, NULL);

    (void)g_unlink(link);
    if (driver)
        g_assert_cmpint(symlink(target, link), ==, 0);
}

/* What was just written to @path is to do what the kernel does with it. 01:10.x are ixgbevf's. */
static void answer(const FakeHost *fake, const char *path)
{
    g_autofree char *text = fake_host_read(fake, path);
    g_autofree char *override = NULL;
    g_autofree char *address = text ? g_strchomp(g_steal_pointer(&text)) : NULL;
    const char *driver;

    if (g_str_has_suffix(path, "/driver_override") && !*address) {
        fake_host_write(fake, path, "(null)\n");
    } else if (g_str_has_suffix(path, "/unbind")) {
        set_driver(fake, address, NULL);
        fake_host_write(fake, path, "\n");
    } else if (strcmp(path, PROBE) == 0) {
        g_autofree char *of = g_strconcat(DEVICES, address, "/driver_override", NULL);

        override = g_strchomp(fake_host_read(fake, of));
        driver = strcmp(override, "(null)") != 0            ? override
                 : g_str_has_prefix(address, "0000:01:10.") ? "ixgbevf"
                                                            : NULL;
        set_driver(fake, address, driver);
        fake_host_write(fake, path, "\n");
    }
}

static void watch(const char *what, void *data)
{
    FakeHost *fake = data;

    if (*what == '/')
        answer(fake, what);
    if (++fake->moves == fake->kill_at)
        raise(SIGKILL);
}

FakeHost *fake_host_new(void)
{
    FakeHost *fake = g_new0(FakeHost, 1);
    g_autoptr(GError) error = NULL;

    /* the journal is flushed at each move: on a disk thousands of them take minutes */
    fake->root = g_access("/dev/shm", W_OK) == 0
                     ? g_mkdtemp(g_strdup("/dev/shm/bmslice-fake-XXXXXX"))
                     : g_dir_make_tmp("bmslice-fake-XXXXXX", &error);
    g_assert_no_error(error);
    g_assert_nonnull(fake->root);
    for (guint i = 0; i < G_N_ELEMENTS(FILES); i++)
        fake_host_write(fake, FILES[i].path, FILES[i].text);
    set_driver(fake, "0000:01:10.1", "ixgbevf");
    set_driver(fake, "0000:01:10.3", "ixgbevf");
    fake->hands = (Hands){.root = fake->root, .run = run, .watch = watch, .data = fake};
    return fake;
}

typedef void (*Visit)(const char *path, const char *name, void *data);

static void walk(const char *path, Visit visit, void *data)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name;

    while (folder && (name = g_dir_read_name(folder))) {
        g_autofree char *inner = g_build_filename(path, name, NULL);

        if (g_file_test(inner, G_FILE_TEST_IS_DIR) && !g_file_test(inner, G_FILE_TEST_IS_SYMLINK))
            walk(inner, visit, data);
        visit(inner, name, data);
    }
}

static void remove_one(const char *path, const char *name, void *data)
{
    (void)name;
    (void)data;
    g_assert_cmpint(g_remove(path), ==, 0);
}

void fake_host_free(FakeHost *fake)
{
    if (!fake)
        return;
    walk(fake->root, remove_one, NULL);
    g_assert_cmpint(g_rmdir(fake->root), ==, 0);
    g_free(fake->root);
    g_free(fake);
}

static void describe(const char *path, const char *name, void *data)
{
    g_autofree char *target = g_file_read_link(path, NULL);
    g_autofree char *text = NULL;
    struct stat status;

    (void)name;
    g_assert_cmpint(lstat(path, &status), ==, 0);
    if (!target && S_ISREG(status.st_mode))
        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_ptr_array_add(data, g_strdup_printf("%s %o %s", path, status.st_mode,
                                          target ? target
                                          : text ? g_strchomp(text)
                                                 : ""));
}

static gint compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char *fake_host_state(const FakeHost *fake)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    GString *text = g_string_new(NULL);

    walk(fake->root, describe, lines);
    g_ptr_array_sort(lines, compare);
    for (guint i = 0; i < lines->len; i++)
        g_string_append_printf(text, "%s\n", (char *)lines->pdata[i] + strlen(fake->root));
    return g_string_free(text, FALSE);
}
