/* SPDX-License-Identifier: Apache-2.0 */
#include "port/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.h"

struct Lock {
    int fd;
};

Lock *lock_take(GError **error)
{
    g_autofree char *path =
        g_build_filename(geteuid() == 0 ? "/run" : g_get_user_runtime_dir(), "bmslice.lock", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    Lock *lock;

    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (fd >= 0 && errno == EWOULDBLOCK)
            g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED,
                        "another bmslice is changing this host (%s)", path);
        else
            g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "%s: %s", path, g_strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
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
