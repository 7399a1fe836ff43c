/* SPDX-License-Identifier: Apache-2.0 */
#include "port/folder.h"

#include <errno.h>

#include "base/error.h"

bool folder_exists(const char *path)
{
    return g_file_test(path, G_FILE_TEST_IS_DIR);
}

static int compare_paths(const void *a, const void *b)
{
    return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

GPtrArray *folder_list(const char *path, const char *suffix, GError **error)
{
    GPtrArray *paths;
    GDir *directory = g_dir_open(path, 0, error);
    const char *name;

    if (!directory)
        return NULL;
    paths = g_ptr_array_new_with_free_func(g_free);
    while ((name = g_dir_read_name(directory))) {
        if (g_str_has_suffix(name, suffix))
            g_ptr_array_add(paths, g_build_filename(path, name, NULL));
    }
    g_dir_close(directory);
    g_ptr_array_sort(paths, compare_paths);
    return paths;
}

bool folder_make(const char *path, GError **error)
{
    if (g_mkdir_with_parents(path, 0755) == 0)
        return true;
    g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "making folder %s: %s", path,
                g_strerror(errno));
    return false;
}
