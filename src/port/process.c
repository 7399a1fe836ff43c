/* SPDX-License-Identifier: Apache-2.0 */
#include "port/process.h"

#include <stdbool.h>
#include <string.h>

#include "base/cpuset.h"
#include "base/xml.h"
#include "port/root.h"

#define KIB 1024

/* What a domain XML hands to its guest of PCI. */
#define PCI_DEVICES                                                                                \
    "/domain/devices/hostdev[@type='pci']|/domain/devices/interface[@type='hostdev']"

#define ALLOWED_LABEL "\nCpus_allowed_list:"

/* Is the process this domain's? libvirt starts QEMU with "-uuid UUID". The command line is words
 * that end in NUL, so it cannot be read as one text. */
static bool is_process_of(const char *root_directory, gint64 pid, const char *uuid)
{
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, pid);
    g_autofree char *path = g_build_filename(root_directory, "proc", number, "cmdline", NULL);
    g_autofree char *words = NULL;
    gsize length;
    bool after_uuid = false;

    if (!g_file_get_contents(path, &words, &length, NULL))
        return false;
    for (gsize at = 0; at < length; at += strlen(words + at) + 1) {
        if (after_uuid)
            return strcmp(words + at, uuid) == 0;
        after_uuid = strcmp(words + at, "-uuid") == 0;
    }
    return false;
}

/* Where libvirt's system daemon notes it; elsewhere (a session daemon) all processes are looked at.
 */
static int find_pid(Root *root, const char *root_directory, const Observed *observed)
{
    gint64 pid = root_read_int(root, "run/libvirt/qemu/%s.pid", observed->name);
    g_autoptr(GPtrArray) names = NULL;

    if (pid > 0 && is_process_of(root_directory, pid, observed->uuid))
        return (int)pid;
    names = root_list(root, "proc");
    for (guint i = 0; i < names->len; i++) {
        pid = g_ascii_strtoll(names->pdata[i], NULL, 10);
        if (pid > 0 && is_process_of(root_directory, pid, observed->uuid))
            return (int)pid;
    }
    return 0;
}

static CpuSet *read_allowed(Root *root, int pid, const char *tid)
{
    g_autofree char *status = root_read_text(root, "proc/%d/task/%s/status", pid, tid);
    const char *line = status ? strstr(status, ALLOWED_LABEL) : NULL;
    g_autofree char *list = NULL;

    if (!line)
        return NULL;
    line += strlen(ALLOWED_LABEL);
    list = g_strndup(line, strcspn(line, "\n"));
    return cpuset_parse(g_strstrip(list), NULL);
}

static void read_threads(Root *root, Observed *observed)
{
    g_autoptr(GPtrArray) tids = root_list(root, "proc/%d/task", observed->pid);

    for (guint i = 0; i < tids->len; i++) {
        const char *tid = tids->pdata[i];
        char *name = root_read_text(root, "proc/%d/task/%s/comm", observed->pid, tid);
        ObservedThread *thread;

        if (!name) /* it ended meanwhile */
            continue;
        thread = g_new0(ObservedThread, 1);
        thread->tid = (int)g_ascii_strtoll(tid, NULL, 10);
        thread->name = name;
        thread->allowed = read_allowed(root, observed->pid, tid);
        g_ptr_array_add(observed->threads, thread);
    }
}

/* One line of numa_maps (man 5 numa): "7f.. bind:0 anon=65536 N0=65536 kernelpagesize_kB=4". */
typedef struct {
    bool guest; /* surely guest memory: bound by QEMU, or hugepages */
    gint64 page_bytes;
    gint64 bytes;  /* on all nodes */
    GArray *nodes; /* ObservedMemory, as in the line */
} Mapping;

static void mapping_free(Mapping *mapping)
{
    g_array_unref(mapping->nodes);
    g_free(mapping);
}

static Mapping *parse_mapping(const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    Mapping *mapping = g_new0(Mapping, 1);

    mapping->nodes = g_array_new(FALSE, FALSE, sizeof(ObservedMemory));
    for (guint i = 1; words[0] && words[i]; i++) {
        const char *word = words[i];
        const char *value = strchr(word, '=');
        ObservedMemory part;

        if (i == 1 || !value) {
            mapping->guest |=
                (i == 1 && g_str_has_prefix(word, "bind:")) || strcmp(word, "huge") == 0;
        } else if (g_str_has_prefix(word, "kernelpagesize_kB=")) {
            mapping->page_bytes = g_ascii_strtoll(value + 1, NULL, 10) * KIB;
        } else if (word[0] == 'N' && g_ascii_isdigit(word[1])) {
            part.node = g_ascii_strtoll(word + 1, NULL, 10);
            part.bytes = g_ascii_strtoll(value + 1, NULL, 10);
            g_array_append_val(mapping->nodes, part);
        }
    }
    /* the page size stands at the end of the line: pages become bytes only now */
    for (guint i = 0; i < mapping->nodes->len; i++) {
        ObservedMemory *part = &g_array_index(mapping->nodes, ObservedMemory, i);

        part->bytes *= mapping->page_bytes;
        mapping->bytes += part->bytes;
    }
    return mapping;
}

static void add_memory(GPtrArray *memory, const ObservedMemory *part)
{
    ObservedMemory *entry;
    guint at = 0;

    while (at < memory->len && ((ObservedMemory *)memory->pdata[at])->node < part->node)
        at++;
    if (at < memory->len && ((ObservedMemory *)memory->pdata[at])->node == part->node) {
        ((ObservedMemory *)memory->pdata[at])->bytes += part->bytes;
        return;
    }
    entry = g_new0(ObservedMemory, 1);
    *entry = *part;
    g_ptr_array_insert(memory, (int)at, entry);
}

/* The guest's RAM: mappings that QEMU bound to a node and hugepages; when there are none, the
 * largest mapping. */
static void read_memory(Root *root, Observed *observed)
{
    g_autofree char *text = root_read_text(root, "proc/%d/numa_maps", observed->pid);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    g_autoptr(GPtrArray) mappings = g_ptr_array_new_with_free_func((GDestroyNotify)mapping_free);
    const Mapping *largest = NULL;
    bool any_guest = false;

    for (guint i = 0; lines[i]; i++) {
        Mapping *mapping = parse_mapping(lines[i]);

        g_ptr_array_add(mappings, mapping);
        if (mapping->guest && !any_guest)
            largest = NULL; /* from here on only these count */
        any_guest |= mapping->guest;
        if (mapping->guest == any_guest && (!largest || mapping->bytes > largest->bytes))
            largest = mapping;
    }
    if (!largest || largest->bytes == 0)
        return;
    observed->memory_page_bytes = largest->page_bytes;
    for (guint i = 0; i < mappings->len; i++) {
        const Mapping *mapping = mappings->pdata[i];

        if (mapping != largest && !(any_guest && mapping->guest))
            continue;
        for (guint n = 0; n < mapping->nodes->len; n++)
            add_memory(observed->memory, &g_array_index(mapping->nodes, ObservedMemory, n));
    }
}

static void read_devices(Root *root, Observed *observed)
{
    g_autoptr(Xml) document = xml_read(observed->xml, NULL);
    g_autoptr(GPtrArray) devices = document ? xml_nodes(document, NULL, PCI_DEVICES) : NULL;

    for (guint i = 0; devices && i < devices->len; i++) {
        char *address = xml_pci_address(document, devices->pdata[i], "source/address");
        ObservedDevice *device;

        if (!address)
            continue;
        device = g_new0(ObservedDevice, 1);
        device->address = address;
        device->driver =
            root_read_link_name(root, "sys/bus/pci/devices/%s/driver", device->address);
        g_ptr_array_add(observed->devices, device);
    }
}

void process_observe(const char *root_directory, Observed *observed)
{
    const char *directory = root_directory ? root_directory : "/";
    g_autoptr(Root) root = root_open(directory, NULL);

    if (!root)
        return;
    read_devices(root, observed);
    if (!observed->active)
        return;
    observed->pid = find_pid(root, directory, observed);
    if (observed->pid == 0)
        return;
    read_threads(root, observed);
    read_memory(root, observed);
}
