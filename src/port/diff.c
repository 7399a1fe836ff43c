/* SPDX-License-Identifier: Apache-2.0 */
#include "port/diff.h"

#include <gio/gio.h>
#include <unistd.h>

static char *keep(const char *text)
{
    char *path = NULL;
    int fd = g_file_open_tmp("bmslice-XXXXXX", &path, NULL);

    if (fd < 0)
        return NULL;
    (void)close(fd);
    if (!g_file_set_contents(path, text ? text : "", -1, NULL))
        g_clear_pointer(&path, g_free);
    return path;
}

char *diff_texts(const char *path, const char *before, const char *after)
{
    g_autofree char *left = keep(before), *right = keep(after);
    g_autofree char *left_label = g_strconcat(before ? "" : "/dev/null", before ? path : "", NULL);
    g_autofree char *right_label = g_strconcat(after ? "" : "/dev/null", after ? path : "", NULL);
    g_autoptr(GSubprocess) process = NULL;
    char *output = NULL;

    if (left && right)
        process = g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE, NULL, "diff", "-u", "--label",
                                   left_label, "--label", right_label, left, right, NULL);
    if (process)
        g_subprocess_communicate_utf8(process, NULL, NULL, &output, NULL, NULL);
    if (left)
        (void)unlink(left);
    if (right)
        (void)unlink(right);
    return output;
}
