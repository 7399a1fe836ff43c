/* SPDX-License-Identifier: Apache-2.0 */
#include "port/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"

#define BLOCK ((gsize)256 * 1024)

struct Lines {
    char *path;
    int fd;
    char *buffer;
    gsize size, start, end; /* bytes start..end are read and not yet given out */
    bool at_end;
};

static void fail(const char *path, const char *why, GError **error)
{
    g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "%s: %s", path, why);
}

Lines *lines_open(const char *path, GError **error)
{
    g_autoptr(Lines) lines = g_new0(Lines, 1);
    struct stat status;

    lines->fd = -1;
    lines->path = g_strdup(path);
    /* The kind is looked at before the open, which on a device may already do something. */
    if (stat(path, &status) != 0) {
        fail(path, g_strerror(errno), error);
        return NULL;
    }
    if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode)) {
        fail(path, S_ISDIR(status.st_mode) ? "is a folder" : "is no file", error);
        return NULL;
    }
    lines->fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (lines->fd < 0) {
        fail(path, g_strerror(errno), error);
        return NULL;
    }
    lines->size = BLOCK;
    lines->buffer = g_malloc(lines->size);
    return g_steal_pointer(&lines);
}

void lines_close(Lines *lines)
{
    if (!lines)
        return;
    if (lines->fd >= 0)
        (void)close(lines->fd);
    g_free(lines->path);
    g_free(lines->buffer);
    g_free(lines);
}

static bool fill(Lines *lines, GError **error)
{
    ssize_t length;

    if (lines->start > 0) {
        memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
        lines->end -= lines->start;
        lines->start = 0;
    }
    if (lines->end == lines->size) {
        lines->size *= 2;
        lines->buffer = g_realloc(lines->buffer, lines->size);
    }
    do
        length = read(lines->fd, lines->buffer + lines->end, lines->size - lines->end);
    while (length < 0 && errno == EINTR);
    if (length < 0) {
        fail(lines->path, g_strerror(errno), error);
        return false;
    }
    lines->end += (gsize)length;
    lines->at_end = length == 0;
    return true;
}

const char *lines_next(Lines *lines, gsize max_bytes, gsize *ret_length, GError **error)
{
    gsize seen = 0;

    for (;;) {
        const char *line = lines->buffer + lines->start;
        gsize have = lines->end - lines->start;
        const char *stop = memchr(line + seen, '\n', have - seen);

        if (!stop && !lines->at_end && have <= max_bytes) {
            seen = have;
            if (!fill(lines, error))
                return NULL;
            continue;
        }
        *ret_length = stop ? (gsize)(stop - line) : have;
        if (*ret_length > max_bytes) {
            g_autofree char *limit = text_format_size((gint64)max_bytes);
            g_autofree char *why = g_strdup_printf("a line is longer than %s", limit);

            fail(lines->path, why, error);
            return NULL;
        }
        if (!stop && have == 0)
            return NULL;
        lines->start += *ret_length + (stop ? 1 : 0);
        return line;
    }
}
