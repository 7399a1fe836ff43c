/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which PCI functions carry the host's storage: from mounts and swap, through partitions, device
 * mapper and RAID, down to the controllers. "/" makes "root-storage", all else "storage".
 */
#include <string.h>

#include "port/discover_parts.h"

/* Storage on storage on storage: no real host stacks more, and a broken capture may go in circles.
 */
#define MAX_DEPTH 12

typedef struct {
    Discovery *discovery;
    GHashTable *disks;     /* block device (char *) -> target of its link in sysfs (char *) */
    const char *root_file; /* the one of MOUNT_FILES that names the root file system, or NULL */
    char *root_mount;      /* what it says, or NULL */
} Storage;

/* Links of sys/class/block: disks and partitions alike. In sys/block there are disks only. */
static GHashTable *read_disks(Root *root)
{
    static const char *const folders[] = {"sys/class/block", "sys/block"};
    GHashTable *disks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    for (guint f = 0; f < G_N_ELEMENTS(folders); f++) {
        g_autoptr(GPtrArray) names = root_list(root, "%s", folders[f]);

        for (guint i = 0; i < names->len; i++) {
            const char *name = names->pdata[i];
            char *link = root_read_link(root, "%s/%s", folders[f], name);

            if (link && !g_hash_table_contains(disks, name))
                g_hash_table_insert(disks, g_strdup(name), link);
            else
                g_free(link);
        }
    }
    return disks;
}

/* Every function on the way but bridges: a disk below a volume manager (VMD) needs that one too. */
static bool mark_path(Storage *storage, const char *path, const char *use)
{
    g_autoptr(GPtrArray) functions = discover_path_functions(path);
    bool marked = false;

    for (guint i = 0; i < functions->len; i++) {
        /* The arrays of the host are ours to fill. */
        HostPci *pci = (HostPci *)host_find_pci(storage->discovery->host, functions->pdata[i]);

        if (!pci || host_pci_is_bridge(pci))
            continue;
        discover_add_use(pci->uses, use);
        marked = true;
    }
    return marked;
}

/* With native multipath a namespace hangs below its subsystem, whose folder links to the
 * controllers (drivers/nvme/host/multipath.c). */
static bool mark_nvme_subsystem(Storage *storage, const char *link, const char *use)
{
    Root *root = storage->discovery->root;
    const char *start = strstr(link, "/nvme-subsystem/");
    g_autofree char *folder = NULL;
    g_autoptr(GPtrArray) names = NULL;
    bool marked = false;

    if (!start)
        return false;
    start += strlen("/nvme-subsystem/");
    folder = g_strdup_printf("sys/class/nvme-subsystem/%.*s", (int)strcspn(start, "/"), start);
    names = root_list(root, "%s", folder);
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *controller = NULL;

        if (discover_numbered(name, "nvme") < 0)
            continue;
        controller = root_read_link(root, "%s/%s", folder, name);
        if (controller)
            marked |= mark_path(storage, controller, use);
    }
    return marked;
}

/* The disk of a partition, by its link: ".../block/sda/sda2". */
static char *disk_of(const char *link)
{
    const char *start = strstr(link, "/block/");

    if (!start)
        return g_path_get_basename(link);
    start += strlen("/block/");
    return g_strndup(start, strcspn(start, "/"));
}

static bool mark_disk(Storage *storage, const char *name, const char *use, guint depth)
{
    const char *link = g_hash_table_lookup(storage->disks, name);
    g_autofree char *disk = link ? disk_of(link) : NULL;
    g_autoptr(GPtrArray) slaves = NULL;
    bool marked;

    if (!link || depth == 0)
        return false;
    marked = mark_path(storage, link, use) || mark_nvme_subsystem(storage, link, use);
    slaves = root_list(storage->discovery->root, "sys/block/%s/slaves", disk);
    for (guint i = 0; i < slaves->len; i++)
        marked |= mark_disk(storage, slaves->pdata[i], use, depth - 1);
    return marked;
}

/* "8:2" -> sda2. */
static char *disk_by_number(Storage *storage, const char *number)
{
    Root *root = storage->discovery->root;
    g_autofree char *link = root_read_link_name(root, "sys/dev/block/%s", number);

    if (link && g_hash_table_contains(storage->disks, link))
        return g_steal_pointer(&link);
    return NULL;
}

/* "/dev/mapper/vg-root" -> dm-0, "/dev/vg/root" too where /dev can be seen. */
static char *disk_by_source(Storage *storage, const char *source)
{
    Root *root = storage->discovery->root;
    g_autofree char *name = g_path_get_basename(source);
    g_autofree char *link = NULL;
    GHashTableIter disks;
    gpointer disk;

    if (!g_str_has_prefix(source, "/dev/"))
        return NULL;
    if (g_hash_table_contains(storage->disks, name))
        return g_steal_pointer(&name);
    link = root_read_link_name(root, "%s", source + 1);
    if (link && g_hash_table_contains(storage->disks, link))
        return g_steal_pointer(&link);
    g_hash_table_iter_init(&disks, storage->disks);
    while (g_str_has_prefix(source, "/dev/mapper/") &&
           g_hash_table_iter_next(&disks, &disk, NULL)) {
        g_autofree char *mapped = root_read_text(root, "sys/block/%s/dm/name", (char *)disk);

        if (mapped && strcmp(mapped, name) == 0)
            return g_strdup(disk);
    }
    return NULL;
}

/* One mounted file system: @number of its device and @source; either may be NULL. */
static bool mark_mount(Storage *storage, const char *point, const char *number, const char *source)
{
    bool is_root = strcmp(point, "/") == 0;
    const char *use = is_root ? HOST_USE_ROOT_STORAGE : HOST_USE_STORAGE;
    g_autofree char *disk = number ? disk_by_number(storage, number) : NULL;

    if (!disk && source)
        disk = disk_by_source(storage, source);
    if (is_root && !storage->root_mount)
        storage->root_mount = g_strdup_printf("/ is on %s", source ? source : number);
    return disk && mark_disk(storage, disk, use, MAX_DEPTH);
}

/* /proc/PID/mountinfo (man 5 proc): "36 35 8:2 / /mnt rw,noatime shared:1 - ext4 /dev/sda2 rw". It
 * tells the device's number; mounts only its name. Returns whether the root file system was found.
 */
static bool mark_mountinfo(Storage *storage, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    bool found = false;

    for (char **line = lines; *line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", -1);
        guint n_words = g_strv_length(words), dash = 6;

        while (dash < n_words && strcmp(words[dash], "-") != 0)
            dash++;
        if (dash + 2 < n_words && mark_mount(storage, words[4], words[2], words[dash + 2]))
            found |= strcmp(words[4], "/") == 0;
    }
    return found;
}

/* "/dev/sda2 / ext4 rw 0 0" */
static bool mark_mounts(Storage *storage, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    bool found = false;

    for (char **line = lines; *line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", -1);

        if (g_strv_length(words) >= 4 && mark_mount(storage, words[1], NULL, words[0]))
            found |= strcmp(words[1], "/") == 0;
    }
    return found;
}

/* The mounts of process 1 are the host's, also where this one runs in a namespace of its own. */
static const struct {
    const char *path;
    bool (*mark)(Storage *storage, const char *text);
} MOUNT_FILES[] = {
    {"proc/1/mountinfo", mark_mountinfo},
    {"proc/1/mounts", mark_mounts},
    {"proc/self/mountinfo", mark_mountinfo},
    {"proc/self/mounts", mark_mounts},
    {"proc/mounts", mark_mounts},
};

/* All that can be read: what any of them names is in use. */
static bool mark_all_mounts(Storage *storage)
{
    bool found = false;

    for (guint i = 0; i < G_N_ELEMENTS(MOUNT_FILES); i++) {
        g_autofree char *text = root_read_text(storage->discovery->root, "%s", MOUNT_FILES[i].path);

        if (text && *text)
            found |= MOUNT_FILES[i].mark(storage, text);
        if (storage->root_mount && !storage->root_file)
            storage->root_file = MOUNT_FILES[i].path;
    }
    return found;
}

/* /proc/swaps: "/dev/dm-1  partition  8388604  0  -2" below a heading. A swap file lies on a file
 * system that is mounted. */
static void mark_swaps(Storage *storage)
{
    g_autofree char *text = root_read_text(storage->discovery->root, "proc/swaps");
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

    for (char **line = lines; *line; line++) {
        g_autofree char *source = g_strndup(*line, strcspn(*line, " \t"));

        (void)mark_mount(storage, "swap", NULL, source);
    }
}

/* What device mapper or RAID has put together is in use, mounted or not. */
static void mark_slaves(Storage *storage)
{
    GHashTableIter disks;
    gpointer disk;

    g_hash_table_iter_init(&disks, storage->disks);
    while (g_hash_table_iter_next(&disks, &disk, NULL)) {
        g_autoptr(GPtrArray) slaves =
            root_list(storage->discovery->root, "sys/block/%s/slaves", (char *)disk);

        for (guint i = 0; i < slaves->len; i++)
            (void)mark_disk(storage, slaves->pdata[i], HOST_USE_STORAGE, MAX_DEPTH);
    }
}

/* PCI class 01xxxx: mass storage controllers. */
static bool is_storage(const HostPci *pci)
{
    return pci->class_code && g_str_has_prefix(pci->class_code, "01");
}

void discover_storage(Discovery *discovery)
{
    Host *host = discovery->host;
    Storage storage = {discovery, read_disks(discovery->root), NULL, NULL};
    bool found_root = mark_all_mounts(&storage);

    mark_swaps(&storage);
    mark_slaves(&storage);
    for (guint i = 0; i < host->pci->len; i++) {
        HostPci *pci = g_ptr_array_index(host->pci, i);

        discover_sort_uses(pci->uses);
        /* any controller may be the one */
        if (!found_root && is_storage(pci) && pci->uses->len == 0)
            g_clear_pointer(&pci->uses, g_ptr_array_unref);
    }
    if (!found_root && host->pci->len)
        finding_set_evidence(
            discover_warn(discovery, "root-storage-unknown",
                          storage.root_file ? storage.root_file : MOUNT_FILES[0].path,
                          "which PCI function holds the root file system is not known"),
            storage.root_mount);
    g_free(storage.root_mount);
    g_hash_table_unref(storage.disks);
}
