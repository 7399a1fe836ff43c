/* SPDX-License-Identifier: Apache-2.0 */
/* Files and folders of Host JSON. */
#include "app/inventory.h"

#include "base/error.h"
#include "port/file.h"
#include "port/folder.h"
#include "port/lines.h"

#define HOST_MAX_BYTES ((gsize)64 * 1024 * 1024)

static bool read_lines(const char *path, InventoryEach each, void *data, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(Lines) lines = lines_open(path, &cause);
    const char *line;
    gsize length;

    for (guint number = 1; lines && (line = lines_next(lines, HOST_MAX_BYTES, &length, &cause));
         number++) {
        g_autofree char *place = g_strdup_printf("%s line %u", path, number);

        if (length > 0)
            each(place, line, length, data);
    }
    if (!cause)
        return true;
    g_propagate_prefixed_error(error, g_steal_pointer(&cause), "inventory ");
    return false;
}

static bool read_file(const char *path, InventoryEach each, void *data, GError **error)
{
    g_autofree char *text = NULL;
    gsize length;

    if (g_str_has_suffix(path, ".jsonl"))
        return read_lines(path, each, data, error);
    if (!file_read(path, HOST_MAX_BYTES, &text, &length, error)) {
        g_prefix_error(error, "inventory ");
        return false;
    }
    each(path, text, length, data);
    return true;
}

static bool read_folder(const char *path, InventoryEach each, void *data, GError **error)
{
    g_autoptr(GPtrArray) files = folder_list(path, ".json", error);

    if (!files)
        return false;
    if (files->len == 0) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "inventory %s: no .json file is in it",
                    path);
        return false;
    }
    for (guint i = 0; i < files->len; i++)
        if (!read_file(files->pdata[i], each, data, error))
            return false;
    return true;
}

bool inventory_read(const char *const *paths, InventoryEach each, void *data, GError **error)
{
    for (guint i = 0; paths[i]; i++)
        if (!(folder_exists(paths[i]) ? read_folder(paths[i], each, data, error)
                                      : read_file(paths[i], each, data, error)))
            return false;
    return true;
}
