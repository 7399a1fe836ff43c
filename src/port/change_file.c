/* SPDX-License-Identifier: Apache-2.0 */
/* Files, symlinks and folders: replaced whole or not at all. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "port/change_kinds.h"
#include "port/file.h"

#define MAX_BYTES ((gsize)1 << 20)

/* What was renamed, linked or removed in a folder is on the disk only when the folder is. */
static bool remove_path(const Setting *setting, const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);

    if (unlink(path) != 0 && errno != ENOENT)
        return change_fail(setting, error, "%s", g_strerror(errno));
    return file_flush_folder(folder, error);
}

bool change_read_file(const Hands *hands, const Setting *setting, char **ret_value, GError **error)
{
    g_autofree char *path = hands_path(hands, setting->target);
    gsize length = 0;

    if (access(path, F_OK) != 0 && errno == ENOENT)
        return true;
    if (!file_read(path, MAX_BYTES, ret_value, &length, error))
        return false;
    /* The journal keeps text: what it could not bring back byte for byte is not changed. */
    return g_utf8_validate(*ret_value, (gssize)length, NULL) ||
           change_fail(setting, error, "is no text in UTF-8");
}

static bool run_setting_command(const Hands *hands, const Setting *setting, GError **error)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    bool good;

    if (setting->command->len == 0)
        return true;
    for (guint i = 0; i < setting->command->len; i++)
        g_ptr_array_add(argv, setting->command->pdata[i]);
    g_ptr_array_add(argv, NULL);
    hands_watch(hands, "command");
    good = hands_run(hands, (const char *const *)argv->pdata, NULL, error);
    if (good)
        hands_watch(hands, "command done");
    return good;
}

bool change_make_file(const Hands *hands, const Setting *setting, GError **error)
{
    g_autofree char *path = hands_path(hands, setting->target);
    g_autofree char *beside = g_strconcat(path, FILE_BESIDE, NULL);
    int mode = setting->mode == RECORD_UNSET ? 0644 : (int)setting->mode;

    (void)unlink(beside); /* of a run that was killed */
    if (!(setting->value ? file_write_mode(path, setting->value, mode, error)
                         : remove_path(setting, path, error)))
        return false;
    return run_setting_command(hands, setting, error);
}

bool change_read_link(const Hands *hands, const Setting *setting, char **ret_value, GError **error)
{
    g_autofree char *path = hands_path(hands, setting->target);

    if (!g_file_test(path, G_FILE_TEST_IS_SYMLINK) && access(path, F_OK) == 0)
        return change_fail(setting, error, "is there, and is no symlink");
    *ret_value = g_file_read_link(path, NULL);
    return true;
}

bool change_make_link(const Hands *hands, const Setting *setting, GError **error)
{
    g_autofree char *path = hands_path(hands, setting->target);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *beside = g_strconcat(path, FILE_BESIDE, NULL);

    (void)unlink(beside); /* of a run that was killed */
    if (!setting->value)
        return remove_path(setting, path, error);
    if (symlink(setting->value, beside) != 0)
        return change_fail(setting, error, "%s", g_strerror(errno));
    hands_watch(hands, "beside");
    if (rename(beside, path) != 0)
        return change_fail(setting, error, "%s", g_strerror(errno));
    return file_flush_folder(folder, error);
}

bool change_read_folder(const Hands *hands, const Setting *setting, char **ret_value,
                        GError **error)
{
    g_autofree char *path = hands_path(hands, setting->target);
    g_autoptr(GDir) folder = NULL;

    (void)error;
    folder = g_dir_open(path, 0, NULL);
    *ret_value = folder ? g_strdup(g_dir_read_name(folder) ? "in use" : "there") : NULL;
    return true;
}

bool change_make_folder(const Hands *hands, const Setting *setting, GError **error)
{
    g_autofree char *path = hands_path(hands, setting->target);
    int result = setting->value ? mkdir(path, 0755) : rmdir(path);

    if (result == 0 || errno == (setting->value ? EEXIST : ENOENT))
        return true;
    return change_fail(setting, error, "%s", g_strerror(errno));
}
