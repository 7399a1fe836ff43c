/* SPDX-License-Identifier: Apache-2.0 */
#include "port/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "model/kernel_words.h"
#include "port/capture_names.h"
#include "port/discover.h"
#include "port/examine.h"
#include "port/tar.h"

#define MAX_LINKS 40

typedef struct {
    TarKind kind;
    char *content; /* text of a file, target of a link */
} Entry;

typedef struct {
    Root *root;
    GHashTable *entries; /* path (char *) -> Entry * */
    GHashTable *folders; /* paths that are no links (char *), to look at each once */
} Capture;

static void entry_free(gpointer data)
{
    g_free(((Entry *)data)->content);
    g_free(data);
}

/* The first word on a path counts, but for a file that was only seen to be there. */
static void add_entry(Capture *capture, TarKind kind, const char *path, const char *content)
{
    Entry *entry = g_hash_table_lookup(capture->entries, path);

    if (entry && (kind != TAR_FILE || entry->kind != TAR_FILE || *entry->content || !content))
        return;
    entry = g_new0(Entry, 1);
    entry->kind = kind;
    entry->content = g_strdup(content);
    g_hash_table_replace(capture->entries, g_strdup(path), entry);
}

/* The target of the symlink at @path, which becomes an entry; NULL: it is none. */
static char *cross_link(Capture *capture, const char *path)
{
    const Entry *known = g_hash_table_lookup(capture->entries, path);
    char *target;

    if (known && known->kind == TAR_LINK)
        return g_strdup(known->content);
    if (g_hash_table_contains(capture->folders, path))
        return NULL;
    target = root_read_link(capture->root, "%s", path);
    if (target)
        add_entry(capture, TAR_LINK, path, target);
    else
        g_hash_table_add(capture->folders, g_strdup(path));
    return target;
}

/* Where @path really is; the symlinks on the way become entries. @follow: also the last part. NULL:
 * it goes in circles. */
static char *settle(Capture *capture, const char *path, bool follow)
{
    g_autoptr(GString) at = g_string_new(NULL);
    g_autofree char *rest = g_strdup(path);
    guint links = 0;

    while (*rest) {
        gsize length = strcspn(rest, "/");
        g_autofree char *part = g_strndup(rest, length);
        g_autofree char *behind = g_strdup(rest + length + strspn(rest + length, "/"));
        g_autofree char *target = NULL;
        gsize before = at->len;

        if (strcmp(part, "..") == 0) {
            const char *slash = strrchr(at->str, '/');

            g_string_truncate(at, slash ? (gsize)(slash - at->str) : 0);
        } else if (*part && strcmp(part, ".") != 0) {
            g_string_append_printf(at, "%s%s", at->len ? "/" : "", part);
            target = *behind || follow ? cross_link(capture, at->str) : NULL;
        }
        g_free(rest);
        if (!target) {
            rest = g_steal_pointer(&behind);
            continue;
        }
        if (++links > MAX_LINKS) {
            rest = NULL;
            return NULL;
        }
        g_string_truncate(at, *target == '/' ? 0 : before);
        rest = g_strconcat(target + strspn(target, "/"), "/", behind, NULL);
    }
    return g_string_free(g_steal_pointer(&at), FALSE);
}

/* "36 35 8:2 / /mnt rw - ext4 /dev/sda2 rw" and "/dev/sda2 /mnt ext4 rw 0 0": of these only the
 * number, the kind, the source that is a device, and whether it is the root. */
static void keep_mount(GString *kept, char *const *words, bool numbered)
{
    guint n = g_strv_length((char **)words), dash = 6;
    const char *point, *source, *kind;

    while (numbered && dash < n && strcmp(words[dash], "-") != 0)
        dash++;
    if (numbered ? dash + 2 >= n : n < 3)
        return;
    point = words[numbered ? 4 : 1];
    kind = words[numbered ? dash + 1 : 2];
    source = words[numbered ? dash + 2 : 0];
    if (strcmp(point, "/") != 0 && !g_str_has_prefix(source, "/dev/"))
        return;
    point = strcmp(point, "/") == 0 ? "/" : "/mnt";
    source = g_str_has_prefix(source, "/dev/") ? source : "none";
    if (numbered)
        g_string_append_printf(kept, "1 1 %s / %s rw - %s %s rw\n", words[2], point, kind, source);
    else
        g_string_append_printf(kept, "%s %s %s rw 0 0\n", source, point, kind);
}

/* What of a file goes into the capture; NULL: nothing. */
static char *without_private(const char *path, const char *text)
{
    bool numbered = g_str_has_suffix(path, "/mountinfo");
    g_autoptr(GString) kept = NULL;
    g_auto(GStrv) lines = NULL;

    if (g_str_has_prefix(path, "proc/net/") && !g_str_has_prefix(path, "proc/net/vlan/"))
        return NULL; /* addresses: what is needed of them is in ASKED_FILE */
    if (strcmp(path, "proc/cmdline") == 0)
        return kernel_words_tell(text);
    if (!g_str_has_prefix(path, "proc/") || (!numbered && !g_str_has_suffix(path, "/mounts")))
        return g_strdup(text);
    kept = g_string_new(NULL);
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", -1);

        keep_mount(kept, words, numbered);
    }
    return g_string_free(g_steal_pointer(&kept), FALSE);
}

/* What a listed folder shows of itself: links, and folders that hold something. */
static void add_members(Capture *capture, const char *path)
{
    g_autoptr(GPtrArray) names = root_list(capture->root, "%s", path);

    for (guint i = 0; i < names->len; i++) {
        g_autofree char *inner = g_strconcat(path, "/", names->pdata[i], NULL);
        g_autofree char *target = root_read_link(capture->root, "%s", inner);
        g_autoptr(GPtrArray) members = NULL;

        /* a node links to each of its blocks of memory: thousands */
        if (g_str_has_prefix(names->pdata[i], "memory"))
            continue;
        members = target ? NULL : root_list(capture->root, "%s", inner);
        if (target)
            add_entry(capture, TAR_LINK, inner, target);
        else if (members->len)
            add_entry(capture, TAR_FOLDER, inner, NULL);
    }
}

/* What one reading has found. /proc is listed to look at each process; which there are is private.
 */
static void add_found(Capture *capture, RootKind kind, const char *path, const char *text)
{
    g_autofree char *real = settle(capture, path, kind != ROOT_LINK);
    g_autofree char *kept = NULL;

    if (!real || !*real || strcmp(real, "proc") == 0)
        return;
    if (kind == ROOT_LINK) {
        add_entry(capture, TAR_LINK, real, text);
    } else if (kind == ROOT_TEXT) {
        kept = without_private(path, text);
        if (kept)
            add_entry(capture, TAR_FILE, real, kept);
    } else {
        g_autoptr(GPtrArray) inner = root_list(capture->root, "%s", real);

        /* a folder without anything in it looks like a file; neither is read */
        if (kind == ROOT_LIST || inner->len)
            add_entry(capture, TAR_FOLDER, real, NULL);
        else if (!g_str_has_prefix(path, "proc/"))
            add_entry(capture, TAR_FILE, real, "");
        if (kind == ROOT_LIST)
            add_members(capture, real);
    }
}

/* The readings, kept until they are all done: to look at them reads again. */
typedef struct {
    RootKind kind;
    char *path, *text;
} Found;

static void found_free(gpointer data)
{
    Found *found = data;

    g_free(found->path);
    g_free(found->text);
    g_free(found);
}

static void keep_found(RootKind kind, const char *path, const char *text, void *data)
{
    Found *found = g_new0(Found, 1);

    found->kind = kind;
    found->path = g_strdup(path);
    found->text = g_strdup(text);
    g_ptr_array_add(data, found);
}

/* What lscpu and hwloc read of CPUs and nodes, so that they can be asked about a capture too. */
static void read_more(Root *root, const char *path, guint depth)
{
    static const char *const kept[] = {"topology", "cache", "hugepages", NULL};
    g_autoptr(GPtrArray) names = root_list(root, "%s", path);
    const char *own = strrchr(path, '/') + 1;
    bool whole = depth == 0 || g_ascii_isdigit(own[strlen(own) - 1]) ||
                 g_strv_contains(kept, own) || g_str_has_prefix(own, "hugepages-");

    for (guint i = 0; whole && i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *inner = g_strconcat(path, "/", name, NULL);
        g_autofree char *target = root_read_link(root, "%s", inner);
        bool folder = depth < 3 && (g_ascii_isdigit(name[strlen(name) - 1]) ||
                                    g_strv_contains(kept, name) || g_str_has_suffix(name, "kB"));

        if (folder && !target)
            read_more(root, inner, depth + 1);
        else if (!target)
            g_free(root_read_text(root, "%s", inner)); /* to have asked for it */
    }
}

static bool read_host(Root *root, Capture *capture, char **ret_hostname, GPtrArray *findings,
                      GError **error)
{
    g_autoptr(GPtrArray) readings = g_ptr_array_new_with_free_func(found_free);
    g_autoptr(Asked) asked = asked_new_live();
    g_autoptr(Host) host = NULL;
    g_autofree char *answers = NULL;

    root_trace(root, keep_found, readings);
    host = discover_root(root, /* directory= */ NULL, asked, findings, error);
    if (!host)
        return false;
    condition_free(examine_root(root, asked, host));
    read_more(root, "sys/devices/system/cpu", 0);
    read_more(root, "sys/devices/system/node", 0);
    root_trace(root, NULL, NULL);
    /* as if it were a folder: the number of this process is no fact of the host */
    g_hash_table_add(capture->folders, g_strdup("proc/self"));
    for (guint i = 0; i < readings->len; i++) {
        const Found *found = readings->pdata[i];

        add_found(capture, found->kind, found->path, found->text);
    }
    answers = asked_write(asked);
    add_entry(capture, TAR_FILE, ASKED_FILE, answers);
    *ret_hostname = g_strdup(host->hostname);
    return true;
}

static int compare_paths(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* @names: NULL, or whose to replace. */
static GByteArray *pack(const Capture *capture, Names *names)
{
    GByteArray *tar = g_byte_array_new();
    guint n;
    g_autofree char **paths = (char **)g_hash_table_get_keys_as_array(capture->entries, &n);

    qsort(paths, n, sizeof *paths, compare_paths);
    for (guint i = 0; i < n; i++) {
        const Entry *entry = g_hash_table_lookup(capture->entries, paths[i]);
        g_autofree char *path = names ? names_replace(names, paths[i]) : g_strdup(paths[i]);
        g_autofree char *content = entry->content && names ? names_replace(names, entry->content)
                                                           : g_strdup(entry->content);

        tar_add(tar, entry->kind, path, content);
    }
    tar_end(tar);
    return tar;
}

static bool write_bytes(const char *path, const GByteArray *bytes, GError **error)
{
    bool standard = strcmp(path, "-") == 0;
    int fd =
        standard ? dup(STDOUT_FILENO) : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    gsize done = 0;
    ssize_t length = 0;

    while (fd >= 0 && done < bytes->len && length >= 0) {
        length = TEMP_FAILURE_RETRY(write(fd, bytes->data + done, bytes->len - done));
        done += length > 0 ? (gsize)length : 0;
    }
    if (fd < 0 || length < 0 || close(fd) != 0) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "%s: %s", path, g_strerror(errno));
        if (fd >= 0 && length < 0)
            (void)close(fd);
        return false;
    }
    return true;
}

bool capture_write(const char *path, bool anonymise, guint *ret_entries, GPtrArray *findings,
                   GError **error)
{
    g_autoptr(Root) root = root_open("/", error);
    g_autoptr(GHashTable) entries =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
    g_autoptr(GHashTable) folders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Capture capture = {root, entries, folders};
    g_autofree char *hostname = NULL;
    g_autoptr(Names) names = NULL;
    g_autoptr(GByteArray) tar = NULL;

    if (!root || !read_host(root, &capture, &hostname, findings, error))
        return false;
    names = anonymise ? names_new(hostname) : NULL;
    tar = pack(&capture, names);
    *ret_entries = g_hash_table_size(entries);
    return write_bytes(path, tar, error);
}
