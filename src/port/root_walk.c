/* SPDX-License-Identifier: Apache-2.0 */
#include "port/root_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As many as the kernel follows (man 7 path_resolution). */
#define WALK_MAX_LINKS 40

/* The folders from the root, which is not in it, to where the walk stands: ".." pops one, and at
 * the root there is none to pop. */
static void close_folder(gpointer data)
{
    (void)close(GPOINTER_TO_INT(data));
}

static int top_of(int root_fd, const GPtrArray *folders)
{
    return folders->len ? GPOINTER_TO_INT(folders->pdata[folders->len - 1]) : root_fd;
}

/* Cuts the first component off *@rest. NULL at the end. */
static char *take_component(char **rest)
{
    char *component = *rest + strspn(*rest, "/");
    char *end = component + strcspn(component, "/");

    if (!*component)
        return NULL;
    *rest = *end ? end + 1 : end;
    *end = '\0';
    return component;
}

/* @fd is the @count-th symlink on the way: its target goes before what is left of the path. */
static char *splice_link(int fd, guint count, const char *rest)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(fd, "", target, sizeof target - 1);

    if (count > WALK_MAX_LINKS) {
        errno = ELOOP;
        return NULL;
    }
    if (length <= 0 || strlen(rest) + length >= PATH_MAX) {
        errno = length < 0 ? errno : ENAMETOOLONG;
        return NULL;
    }
    target[length] = '\0';
    return g_strconcat(target, "/", rest, NULL);
}

int root_walk_open(int root_fd, const char *path, bool follow)
{
    g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(close_folder);
    g_autofree char *buffer = g_strdup(path);
    char *rest = buffer;
    char *component;
    guint links = 0;

    while ((component = take_component(&rest))) {
        bool last = !rest[strspn(rest, "/")];
        struct stat status;
        int fd;

        if (strcmp(component, ".") == 0)
            continue;
        if (strcmp(component, "..") == 0) {
            if (folders->len)
                g_ptr_array_set_size(folders, folders->len - 1);
            continue;
        }
        fd = openat(top_of(root_fd, folders), component, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            return -1;
        if (fstat(fd, &status) != 0) {
            (void)close(fd);
            return -1;
        }
        if (S_ISLNK(status.st_mode) && (follow || !last)) {
            char *spliced = splice_link(fd, ++links, rest);

            (void)close(fd);
            if (!spliced)
                return -1;
            g_free(buffer);
            rest = buffer = spliced;
            if (*rest == '/')
                g_ptr_array_set_size(folders, 0);
            continue;
        }
        if (last)
            return fd;
        g_ptr_array_add(folders, GINT_TO_POINTER(fd));
    }
    return fcntl(top_of(root_fd, folders), F_DUPFD_CLOEXEC, 0);
}
