/* SPDX-License-Identifier: Apache-2.0 */
#include "port/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"

static bool fail(const char *path, const char *why, GError **error)
{
    g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "%s: %s", path, why);
    return false;
}

static bool read_all(int fd, const char *path, gsize max_bytes, GString *text, GError **error)
{
    for (;;) {
        char block[8192];
        ssize_t length = read(fd, block, sizeof block);

        if (length == 0)
            return true;
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            return fail(path, g_strerror(errno), error);
        if (text->len + length > max_bytes) {
            g_autofree char *limit = text_format_size((gint64)max_bytes);
            g_autofree char *why = g_strdup_printf("longer than %s", limit);

            return fail(path, why, error);
        }
        g_string_append_len(text, block, length);
    }
}

bool file_read(const char *path, gsize max_bytes, char **ret_text, gsize *ret_length,
               GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct stat status;
    int fd;
    bool read_well;

    /* The kind is looked at before the open, which on a device may already do something. */
    if (stat(path, &status) != 0)
        return fail(path, g_strerror(errno), error);
    if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode))
        return fail(path, S_ISDIR(status.st_mode) ? "is a folder" : "is no file", error);
    fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return fail(path, g_strerror(errno), error);
    read_well = read_all(fd, path, max_bytes, text, error);
    (void)close(fd);
    if (!read_well)
        return false;
    if (ret_length)
        *ret_length = text->len;
    *ret_text = g_string_free(g_steal_pointer(&text), FALSE);
    return true;
}

static bool write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, text, length);

        if (written < 0 && errno != EINTR)
            return false;
        text += MAX(written, 0);
        length -= (size_t)MAX(written, 0);
    }
    return true;
}

struct FileDraft {
    char *path;
    char *beside; /* NULL: what is there is written to, for it is no file that could be replaced */
    int fd;       /* -1: finished */
};

/* A symlink stays one, and a device or a pipe (/dev/stdout) is not to become a file. */
static int open_draft(FileDraft *draft, const char *path, int mode)
{
    struct stat status;
    bool there = stat(path, &status) == 0;
    char *real = there ? realpath(path, NULL) : NULL;

    draft->path = g_strdup(real ? real : path);
    free(real);
    if (there && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
        return open(path, O_WRONLY | O_CLOEXEC);
    if (there)
        mode = (int)(status.st_mode & 07777);
    draft->beside = g_strconcat(draft->path, FILE_BESIDE, NULL);
    draft->fd =
        open(draft->beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, (mode_t)mode);
    return draft->fd >= 0 && fchmod(draft->fd, (mode_t)mode) == 0 ? draft->fd : -1;
}

FileDraft *file_draft_open(const char *path, int mode, GError **error)
{
    g_autoptr(FileDraft) draft = g_new0(FileDraft, 1);
    int fd;

    draft->fd = -1;
    fd = open_draft(draft, path, mode);
    if (fd < 0) {
        fail(path, g_strerror(errno), error);
        return NULL;
    }
    draft->fd = fd;
    return g_steal_pointer(&draft);
}

bool file_draft_append(FileDraft *draft, const char *text, gsize length, GError **error)
{
    return write_all(draft->fd, text, length) || fail(draft->path, g_strerror(errno), error);
}

bool file_draft_finish(FileDraft *draft, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(draft->path);

    if (draft->beside && (fsync(draft->fd) != 0 || rename(draft->beside, draft->path) != 0))
        return fail(draft->path, g_strerror(errno), error);
    (void)close(draft->fd);
    draft->fd = -1;
    return !draft->beside || file_flush_folder(folder, error);
}

void file_draft_free(FileDraft *draft)
{
    if (!draft)
        return;
    if (draft->fd >= 0) {
        (void)close(draft->fd);
        if (draft->beside)
            (void)unlink(draft->beside);
    }
    g_free(draft->path);
    g_free(draft->beside);
    g_free(draft);
}

bool file_write_mode(const char *path, const char *text, int mode, GError **error)
{
    g_autoptr(FileDraft) draft = file_draft_open(path, mode, error);

    return draft && file_draft_append(draft, text, strlen(text), error) &&
           file_draft_finish(draft, error);
}

bool file_write(const char *path, const char *text, GError **error)
{
    return file_write_mode(path, text, 0644, error);
}

static bool flush(const char *path, int flags, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    int result = fd >= 0 ? fsync(fd) : -1;
    int saved = errno;

    if (fd >= 0)
        (void)close(fd);
    return result == 0 || fail(path, g_strerror(saved), error);
}

bool file_flush(const char *path, GError **error)
{
    return flush(path, 0, error);
}

bool file_flush_folder(const char *path, GError **error)
{
    return flush(path, O_DIRECTORY, error);
}
