/* SPDX-License-Identifier: Apache-2.0 */
/* A QEMU process as a tree of files: threads, memory by node, drivers. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "port/process.h"

#define UUID "2c092555-7c73-46a5-904a-8b69513a713f"
#define COMMAND(uuid) "qemu-system-x86_64\0-name\0guest=red\0-uuid\0" uuid "\0-no-user-config"

typedef struct {
    char *root;
    Observed *observed;
} Fixture;

static void put_bytes(const Fixture *fixture, const char *path, const char *text, gssize length)
{
    g_autofree char *full = g_build_filename(fixture->root, path, NULL);
    g_autofree char *folder = g_path_get_dirname(full);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_assert_true(g_file_set_contents(full, text, length, NULL));
}

static void put(const Fixture *fixture, const char *path, const char *text)
{
    put_bytes(fixture, path, text, -1);
}

static void put_thread(const Fixture *fixture, int tid, const char *name, const char *cpus)
{
    g_autofree char *comm = g_strdup_printf("proc/412/task/%d/comm", tid);
    g_autofree char *status = g_strdup_printf("proc/412/task/%d/status", tid);
    g_autofree char *name_line = g_strdup_printf("%s\n", name);
    g_autofree char *lines =
        g_strdup_printf("Name:\t%s\nCpus_allowed:\tff\nCpus_allowed_list:\t%s\n"
                        "Mems_allowed:\t1\n",
                        name, cpus);

    put(fixture, comm, name_line);
    put(fixture, status, lines);
}

static void set_up(Fixture *fixture, const void *data)
{
    fixture->root = g_dir_make_tmp("bmslice-process-XXXXXX", NULL);
    fixture->observed = observed_new();
    fixture->observed->name = g_strdup("red");
    fixture->observed->uuid = g_strdup(UUID);
    fixture->observed->xml = g_strdup("<domain/>");
    fixture->observed->active = true;
    put(fixture, "run/libvirt/qemu/red.pid", "412");
    put_bytes(fixture, "proc/412/cmdline", COMMAND(UUID), sizeof(COMMAND(UUID)));
    put_thread(fixture, 412, "qemu-system-x86", "0,12");
    put_thread(fixture, 1001, "CPU 0/KVM", "4");
}

static void tear_down(Fixture *fixture, const void *data)
{
    const char *call[] = {"rm", "-rf", fixture->root, NULL};

    g_spawn_sync(NULL, (char **)call, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                 NULL);
    observed_free(fixture->observed);
    g_free(fixture->root);
}

static void assert_memory(const Fixture *fixture, guint index, gint64 node, gint64 bytes)
{
    const ObservedMemory *part;

    g_assert_cmpuint(index, <, fixture->observed->memory->len);
    part = fixture->observed->memory->pdata[index];
    g_assert_cmpint(part->node, ==, node);
    g_assert_cmpint(part->bytes, ==, bytes);
}

static void test_threads(Fixture *fixture, const void *data)
{
    const ObservedThread *thread;
    g_autofree char *allowed = NULL;

    process_observe(fixture->root, fixture->observed);
    g_assert_cmpint(fixture->observed->pid, ==, 412);
    g_assert_cmpuint(fixture->observed->threads->len, ==, 2);
    thread = fixture->observed->threads->pdata[1];
    allowed = cpuset_format(thread->allowed);
    g_assert_cmpint(thread->tid, ==, 1001);
    g_assert_cmpstr(thread->name, ==, "CPU 0/KVM");
    g_assert_cmpstr(allowed, ==, "4");
}

/* A pid file that is left over may name anybody's process. */
static void test_foreign_process(Fixture *fixture, const void *data)
{
    put_bytes(fixture, "proc/412/cmdline", "sshd\0-D", 8);
    process_observe(fixture->root, fixture->observed);
    g_assert_cmpint(fixture->observed->pid, ==, 0);
    g_assert_cmpuint(fixture->observed->threads->len, ==, 0);
}

static void test_without_pid_file(Fixture *fixture, const void *data)
{
    g_autofree char *path = g_build_filename(fixture->root, "run/libvirt/qemu/red.pid", NULL);

    g_assert_cmpint(g_remove(path), ==, 0);
    put_bytes(fixture, "proc/77/cmdline", COMMAND("x"), sizeof(COMMAND("x")));
    process_observe(fixture->root, fixture->observed);
    g_assert_cmpint(fixture->observed->pid, ==, 412);
}

static void test_stopped(Fixture *fixture, const void *data)
{
    fixture->observed->active = false;
    process_observe(fixture->root, fixture->observed);
    g_assert_cmpint(fixture->observed->pid, ==, 0);
}

/* Bound ranges count, on whichever node they are; QEMU's own heap and libraries do not. */
static void test_bound_memory(Fixture *fixture, const void *data)
{
    put(fixture, "proc/412/numa_maps",
        "55d0 default file=/usr/bin/qemu mapped=900 N0=900 kernelpagesize_kB=4\n"
        "7f00 bind:0 anon=1000 dirty=1000 N0=700 N1=300 kernelpagesize_kB=4\n"
        "7f10 bind:1 anon=50 N1=50 kernelpagesize_kB=4\n"
        "7f20 default anon=99999 N0=99999 kernelpagesize_kB=4\n");
    process_observe(fixture->root, fixture->observed);
    g_assert_cmpuint(fixture->observed->memory->len, ==, 2);
    assert_memory(fixture, 0, 0, 700 * 4096);
    assert_memory(fixture, 1, 1, 350 * 4096);
    g_assert_cmpint(fixture->observed->memory_page_bytes, ==, 4096);
}

static void test_hugepages(Fixture *fixture, const void *data)
{
    put(fixture, "proc/412/numa_maps",
        "7f20 default anon=99999 N0=99999 kernelpagesize_kB=4\n"
        "7f00 default file=/dev/hugepages/libvirt/qemu/1/x huge dirty=8 N1=8 "
        "kernelpagesize_kB=1048576\n");
    process_observe(fixture->root, fixture->observed);
    g_assert_cmpuint(fixture->observed->memory->len, ==, 1);
    assert_memory(fixture, 0, 1, G_GINT64_CONSTANT(8) << 30);
    g_assert_cmpint(fixture->observed->memory_page_bytes, ==, 1 << 30);
}

static void test_unbound_memory(Fixture *fixture, const void *data)
{
    put(fixture, "proc/412/numa_maps",
        "7f20 default anon=10 N0=10 kernelpagesize_kB=4\n"
        "7f30 default anon=500 N0=400 N1=100 kernelpagesize_kB=4\n"
        "7f40 default\n");
    process_observe(fixture->root, fixture->observed);
    g_assert_cmpuint(fixture->observed->memory->len, ==, 2);
    assert_memory(fixture, 0, 0, 400 * 4096);
    assert_memory(fixture, 1, 1, 100 * 4096);
}

static void test_devices(Fixture *fixture, const void *data)
{
    g_autofree char *folder =
        g_build_filename(fixture->root, "sys/bus/pci/devices/0000:01:00.0", NULL);
    g_autofree char *link = g_build_filename(folder, "driver", NULL);
    const ObservedDevice *device;

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_assert_cmpint(symlink("../../../../bus/pci/drivers/vfio-pci", link), ==, 0);
    g_free(fixture->observed->xml);
    fixture->observed->xml = g_strdup(
        "<domain><devices>"
        "<hostdev mode='subsystem' type='pci'><source>"
        "<address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source>"
        "<address type='pci' domain='0x0000' bus='0x07' slot='0x00' function='0x0'/></hostdev>"
        "<interface type='hostdev'><source>"
        "<address type='pci' domain='0x0000' bus='0xaf' slot='0x10' function='0x2'/></source>"
        "</interface></devices></domain>");
    process_observe(fixture->root, fixture->observed);
    g_assert_cmpuint(fixture->observed->devices->len, ==, 2);
    device = fixture->observed->devices->pdata[0];
    g_assert_cmpstr(device->address, ==, "0000:01:00.0");
    g_assert_cmpstr(device->driver, ==, "vfio-pci");
    device = fixture->observed->devices->pdata[1];
    g_assert_cmpstr(device->address, ==, "0000:af:10.2");
    g_assert_null(device->driver);
}

#define ADD(name, function) g_test_add("/process/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("threads", test_threads);
    ADD("foreign-process", test_foreign_process);
    ADD("without-pid-file", test_without_pid_file);
    ADD("stopped", test_stopped);
    ADD("bound-memory", test_bound_memory);
    ADD("hugepages", test_hugepages);
    ADD("unbound-memory", test_unbound_memory);
    ADD("devices", test_devices);
    return g_test_run();
}
