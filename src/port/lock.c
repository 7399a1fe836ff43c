/* SPDX-License-Identifier: Apache-2.0 */
#include "port/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.h"

struct Lock {
    int fd;
};

static void tell_owner(int fd, const char *path, GError **error)
{
    char pid[32];
    ssize_t length = pread(fd, pid, sizeof pid - 1, 0);

    pid[MAX(length, 0)] = '\0';
    g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED,
                "another bmslice is changing this host%s%s (%s)", *pid ? ": process " : "",
                g_strchomp(pid), path);
}

/* For whoever is refused: a note only, the lock itself is the kernel's. */
static void write_owner(int fd)
{
    g_autofree char *pid = g_strdup_printf("%d\n", (int)getpid());

    if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, strlen(pid), 0) < 0)
        return;
}

Lock *lock_take(GError **error)
{
    g_autofree char *path =
        g_build_filename(geteuid() == 0 ? "/run" : g_get_user_runtime_dir(), "bmslice.lock", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    Lock *lock;

    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (fd >= 0 && errno == EWOULDBLOCK)
            tell_owner(fd, path, error);
        else
            g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "%s: %s", path, g_strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    write_owner(fd);
    lock = g_new0(Lock, 1);
    lock->fd = fd;
    return lock;
}

void lock_release(Lock *lock)
{
    if (!lock)
        return;
    close(lock->fd);
    g_free(lock);
}
