/* SPDX-License-Identifier: Apache-2.0 */
#include "port/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "model/record.h"
#include "port/root_walk.h"

struct Root {
    int fd;
    bool walk;       /* the kernel has no openat2() for us */
    bool whole;      /* it is "/": no path leads out of it, and the kernel made its files */
    RootTrace trace; /* or NULL */
    void *trace_data;
    char *folder; /* the one looked into last: most files are read next to others */
    int folder_fd;
    bool quiet;
};

/* Names in one folder; /proc of a busy host has tens of thousands. */
#define ROOT_MAX_NAMES 200000
/* Folders in folders that root_find_odd() looks into. */
#define ROOT_MAX_DEPTH 16

Root *root_open(const char *directory, GError **error)
{
    int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    Root *root;

    if (fd < 0) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "%s: %s", directory, g_strerror(errno));
        return NULL;
    }
    root = g_new0(Root, 1);
    root->fd = fd;
    root->whole = strcmp(directory, "/") == 0;
    return root;
}

void root_trace(Root *root, RootTrace trace, void *data)
{
    root->trace = trace;
    root->trace_data = data;
}

static void tell(Root *root, RootKind kind, const char *path, const char *text)
{
    if (root->trace && !root->quiet)
        root->trace(kind, path, text, root->trace_data);
}

void root_close(Root *root)
{
    if (!root)
        return;
    (void)close(root->fd);
    if (root->folder)
        (void)close(root->folder_fd);
    g_free(root->folder);
    g_free(root);
}

/* openat2() may answer EAGAIN while somebody renames above a ".." (man 2 openat2). */
#define RESOLVE_ATTEMPTS 8

/* An O_PATH descriptor, or -1. */
static int resolve(Root *root, const char *path, bool follow)
{
    const struct open_how how = {
        .flags = O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW),
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };

    for (int i = 0; !root->walk && i < RESOLVE_ATTEMPTS; i++) {
        int fd = syscall(SYS_openat2, root->fd, path, &how, sizeof how);

        if (fd >= 0)
            return fd;
        if (errno == ENOSYS || errno == EPERM)
            root->walk = true;
        else if (errno != EAGAIN)
            return -1;
    }
    return root_walk_open(root->fd, path, follow);
}

#define OPEN_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* The folder of @path, and *@ret_name, the last part; -1 when it cannot be had. Resolved once for
 * all that is read in it. The descriptor stays the root's. */
static int folder_of(Root *root, const char *path, const char **ret_name)
{
    const char *slash = strrchr(path, '/');
    gsize length = slash ? (gsize)(slash - path) : 0;
    g_autofree char *folder = NULL;
    int fd;

    *ret_name = slash ? slash + 1 : path;
    if (root->whole || !slash) {
        *ret_name = path;
        return root->whole ? root->fd : -1;
    }
    if (root->folder && strlen(root->folder) == length && memcmp(root->folder, path, length) == 0)
        return root->folder_fd;
    folder = g_strndup(path, length);
    fd = resolve(root, folder, true);
    if (fd < 0)
        return -1;
    if (root->folder)
        (void)close(root->folder_fd);
    g_free(root->folder);
    root->folder = g_steal_pointer(&folder);
    return root->folder_fd = fd;
}

/* A regular file of a captured tree that is no symlink itself. False: it may be another way. */
static bool open_in_folder(Root *root, const char *path, struct stat *ret_status, int *ret_fd)
{
    const char *name;
    int folder = root->whole ? -1 : folder_of(root, path, &name);

    *ret_fd = -1;
    if (folder < 0)
        return false;
    if (fstatat(folder, name, ret_status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT;
    if (!S_ISREG(ret_status->st_mode))
        return false;
    *ret_fd = openat(folder, name, OPEN_FLAGS | O_NOFOLLOW);
    return true;
}

/* Of a captured tree reading starts only once it is sure what the file is: to open a device node
 * may already do something (a watchdog), and a FIFO waits for its other end. */
static int open_checked(Root *root, const char *path, mode_t type, int flags,
                        struct stat *ret_status)
{
    int place =
        root->whole ? openat(root->fd, path, OPEN_FLAGS | flags) : resolve(root, path, true);
    char name[32];
    int fd = -1;

    if (place < 0)
        return -1;
    if (fstat(place, ret_status) == 0 && (ret_status->st_mode & S_IFMT) == type) {
        if (root->whole)
            return place;
        g_snprintf(name, sizeof name, "/proc/self/fd/%d", place);
        fd = open(name, OPEN_FLAGS | flags);
    }
    (void)close(place);
    return fd;
}

/* The first @max bytes; NULL when it cannot be read, or is longer than ROOT_MAX_BYTES. @sized: the
 * file has a size, as those of sysfs and of captures have, so that a short read is its end; what
 * the kernel makes up in /proc comes in pieces. */
static char *read_bounded(int fd, bool sized, gsize max)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (;;) {
        char block[8192];
        ssize_t length = read(fd, block, sizeof block);

        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0 || text->len + length > ROOT_MAX_BYTES)
            return NULL;
        g_string_append_len(text, block, length);
        if (text->len > max)
            g_string_truncate(text, max);
        if (length == 0 || text->len == max || (sized && (gsize)length < sizeof block))
            return g_string_free(g_steal_pointer(&text), FALSE);
    }
}

/* @text, or a copy with U+FFFD for what is no UTF-8; takes @text. */
static char *make_valid(char *text)
{
    g_autofree char *original = text;

    if (g_utf8_validate(text, -1, NULL))
        return g_steal_pointer(&original);
    return g_utf8_make_valid(text, -1);
}

static char *read_start(Root *root, const char *path, gsize max)
{
    struct stat status;
    char *text = NULL;
    int fd;

    if (!open_in_folder(root, path, &status, &fd))
        fd = open_checked(root, path, S_IFREG, 0, &status);
    if (fd < 0)
        return NULL;
    text = read_bounded(fd, status.st_size > 0, max);
    (void)close(fd);
    if (!text)
        return NULL;
    text = make_valid(g_strchomp(text));
    tell(root, ROOT_TEXT, path, text);
    return text;
}

static char *read_path(Root *root, const char *path)
{
    return read_start(root, path, G_MAXSIZE);
}

#define FORMAT_PATH(path, format)                                                                  \
    g_autofree char *path = NULL;                                                                  \
    va_list path_arguments;                                                                        \
    va_start(path_arguments, format);                                                              \
    path = g_strdup_vprintf(format, path_arguments);                                               \
    va_end(path_arguments)

void root_trace_quiet(Root *root, bool quiet)
{
    root->quiet = quiet;
}

void root_tell(Root *root, RootKind kind, const char *text, const char *format, ...)
{
    FORMAT_PATH(path, format);

    if (root->trace)
        root->trace(kind, path, text, root->trace_data);
}

bool root_exists(Root *root, const char *format, ...)
{
    FORMAT_PATH(path, format);
    int fd = resolve(root, path, true);

    if (fd < 0)
        return false;
    (void)close(fd);
    tell(root, ROOT_EXISTS, path, NULL);
    return true;
}

char *root_read_text(Root *root, const char *format, ...)
{
    FORMAT_PATH(path, format);
    return read_path(root, path);
}

char *root_read_head(Root *root, gsize bytes, const char *format, ...)
{
    FORMAT_PATH(path, format);
    return read_start(root, path, bytes);
}

gint64 root_read_int(Root *root, const char *format, ...)
{
    FORMAT_PATH(path, format);
    g_autofree char *text = read_path(root, path);
    const char *digits = text ? g_strchug(text) : "";
    bool hex = g_str_has_prefix(digits, "0x");
    char *end;
    guint64 value;

    if (!g_ascii_isxdigit(hex ? digits[2] : *digits))
        return RECORD_UNSET;
    errno = 0;
    value = g_ascii_strtoull(digits, &end, hex ? 16 : 10);
    return *end || errno || value > G_MAXINT64 ? RECORD_UNSET : (gint64)value;
}

CpuSet *root_read_cpus(Root *root, const char *format, ...)
{
    FORMAT_PATH(path, format);
    g_autofree char *text = read_path(root, path);

    return text ? cpuset_parse(text, NULL) : NULL;
}

char *root_read_link(Root *root, const char *format, ...)
{
    FORMAT_PATH(path, format);
    const char *name;
    int folder = folder_of(root, path, &name);
    char target[PATH_MAX];
    ssize_t length = folder >= 0 ? readlinkat(folder, name, target, sizeof target - 1) : -1;
    int fd = folder < 0 ? resolve(root, path, false) : -1; /* a name in the root itself */

    if (fd >= 0) {
        length = readlinkat(fd, "", target, sizeof target - 1);
        (void)close(fd);
    }
    if (length <= 0)
        return NULL;
    target[length] = '\0';
    tell(root, ROOT_LINK, path, target);
    return g_strdup(target);
}

char *root_read_link_name(Root *root, const char *format, ...)
{
    FORMAT_PATH(path, format);
    g_autofree char *target = root_read_link(root, "%s", path);

    return target ? make_valid(g_path_get_basename(target)) : NULL;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strverscmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *root_list(Root *root, const char *format, ...)
{
    FORMAT_PATH(path, format);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    struct stat status;
    int fd = open_checked(root, path, S_IFDIR, O_DIRECTORY, &status);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    while (folder && names->len < ROOT_MAX_NAMES && (entry = readdir(folder))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            g_ptr_array_add(names, g_strdup(entry->d_name));
    }
    if (folder)
        (void)closedir(folder);
    else if (fd >= 0)
        (void)close(fd);
    if (fd >= 0)
        tell(root, ROOT_LIST, path, NULL);
    g_ptr_array_sort(names, compare_names);
    return names;
}

/* Whether a symlink at @path ("a/b/name") leads a reader that knows no root out of it. */
static bool leaves_root(const char *path, const char *target)
{
    g_auto(GStrv) up = g_strsplit(path, "/", -1);
    g_auto(GStrv) parts = g_strsplit(target, "/", -1);
    int depth = (int)g_strv_length(up) - 1;

    for (char **part = parts; *part && depth >= 0; part++) {
        if (strcmp(*part, "..") == 0)
            depth--;
        else if (**part && strcmp(*part, ".") != 0)
            depth++;
    }
    return *target == '/' || depth < 0;
}

static bool is_plain_file(const struct stat *status)
{
    return S_ISREG(status->st_mode) && status->st_size <= ROOT_MAX_BYTES;
}

static bool is_odd(Root *root, const char *path)
{
    g_autofree char *target = root_read_link(root, "%s", path);
    int fd = target ? -1 : resolve(root, path, false);
    struct stat status;
    bool odd;

    if (target)
        return leaves_root(path, target);
    if (fd < 0)
        return false; /* not there, or not ours to see: nobody can read it either */
    odd = fstat(fd, &status) != 0 || (!S_ISDIR(status.st_mode) && !is_plain_file(&status));
    (void)close(fd);
    return odd;
}

/* Below @folder, which is at @path: one system call a file, for there are tens of thousands. Closes
 * @folder. */
static char *find_odd_below(int folder, const char *path, guint depth)
{
    DIR *stream = fdopendir(folder);
    const struct dirent *entry;
    char *odd = NULL;

    while (stream && !odd && (entry = readdir(stream))) {
        g_autofree char *inner = g_strconcat(path, "/", entry->d_name, NULL);
        char target[PATH_MAX];
        struct stat status;
        int fd;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISLNK(status.st_mode)) {
            ssize_t length = readlinkat(folder, entry->d_name, target, sizeof target - 1);

            target[MAX(length, 0)] = '\0';
            odd = leaves_root(inner, target) ? g_steal_pointer(&inner) : NULL;
        } else if (!S_ISDIR(status.st_mode)) {
            odd = is_plain_file(&status) ? NULL : g_steal_pointer(&inner);
        } else if (depth == 0) {
            odd = g_steal_pointer(&inner);
        } else {
            fd = openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            odd = fd >= 0 ? find_odd_below(fd, inner, depth - 1) : NULL;
        }
    }
    if (stream)
        (void)closedir(stream);
    else
        (void)close(folder);
    return odd;
}

char *root_find_odd(Root *root, const char *path)
{
    const char *end = path;
    struct stat status;
    int folder;

    /* The folders on the way, and @path itself. */
    while (*end) {
        g_autofree char *above = NULL;

        end += 1 + strcspn(end + 1, "/");
        above = g_strndup(path, end - path);
        if (is_odd(root, above))
            return g_steal_pointer(&above);
    }
    folder = open_checked(root, path, S_IFDIR, O_DIRECTORY, &status);
    return folder >= 0 ? find_odd_below(folder, path, ROOT_MAX_DEPTH) : NULL;
}
