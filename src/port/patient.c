/* SPDX-License-Identifier: Apache-2.0 */
#include "port/patient.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

/* The child: nothing but system calls, for it may be forked from a process with threads. */
/* The lock of the one who started it, above all, must not live as long as a write that hangs. */
static void keep_only(int fd)
{
    if (fd > 3)
        (void)close_range(3, (unsigned)fd - 1, 0);
    (void)close_range((unsigned)fd + 1, ~0U, 0);
}

static void G_GNUC_NORETURN write_and_tell(const char *path, const char *text, size_t length,
                                           int tell)
{
    keep_only(tell);

    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC); /* as a shell's ">" */
    int result = fd < 0 || write(fd, text, length) != (ssize_t)length ? errno : 0;

    if (fd >= 0 && close(fd) != 0 && result == 0)
        result = errno;
    _exit(write(tell, &result, sizeof result) == (ssize_t)sizeof result ? 0 : 1);
}

static char *read_proc(pid_t pid, const char *name)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, name);
    char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? g_strchomp(text) : NULL;
}

static void tell_hang(const char *path, pid_t pid, guint seconds, GError **error)
{
    g_autofree char *stat = read_proc(pid, "stat");
    g_autofree char *channel = read_proc(pid, "wchan");
    const char *state = stat ? strrchr(stat, ')') : NULL;

    g_set_error(
        error, BMS_ERROR, BMS_ERROR_FAILED,
        "%s: the write has not come back after %u s: process %d, state %c, waits in %s; it is "
        "left behind, and ends when the kernel lets it",
        path, seconds, (int)pid, state && state[1] ? state[2] : '?',
        channel && *channel && strcmp(channel, "0") != 0 ? channel : "(unknown)");
}

/* *@ret_errno: how the write went. False: not within the time. */
static bool wait_for_word(int ear, guint seconds, int *ret_errno)
{
    struct pollfd wanted = {.fd = ear, .events = POLLIN};
    gint64 deadline = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
    int ready;

    do {
        gint64 left = MAX(deadline - g_get_monotonic_time(), 0);

        ready = poll(&wanted, 1, (int)(left / 1000));
    } while (ready < 0 && errno == EINTR);
    if (ready <= 0)
        return false;
    if (read(ear, ret_errno, sizeof *ret_errno) != (ssize_t)sizeof *ret_errno)
        *ret_errno = ECHILD; /* it was killed */
    return true;
}

bool patient_write(const char *path, const char *text, guint seconds, GError **error)
{
    size_t length = strlen(text);
    int ends[2], result = 0;
    bool came_back;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0 || (pid = fork()) < 0) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "%s: %s", path, g_strerror(errno));
        return false;
    }
    if (pid == 0)
        write_and_tell(path, text, length, ends[1]);
    (void)close(ends[1]);
    came_back = wait_for_word(ends[0], seconds, &result);
    (void)close(ends[0]);
    if (!came_back) {
        tell_hang(path, pid, seconds, error);
        return false;
    }
    (void)waitpid(pid, NULL, 0);
    if (result == 0)
        return true;
    g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "%s: %s", path, g_strerror(result));
    return false;
}
