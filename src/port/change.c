/* SPDX-License-Identifier: Apache-2.0 */
#include "port/change.h"

#include <string.h>

#include "base/error.h"
#include "port/change_kinds.h"

static const struct {
    ChangeRead read;
    ChangeMake make;
    const char *at; /* a PCI address is shown as this */
} KINDS[] = {
    [SETTING_FILE] = {change_read_file, change_make_file, NULL},
    [SETTING_LINK] = {change_read_link, change_make_link, NULL},
    [SETTING_FOLDER] = {change_read_folder, change_make_folder, NULL},
    [SETTING_ATTRIBUTE] = {change_read_attribute, change_make_attribute, NULL},
    [SETTING_VFS] = {change_read_vfs, change_make_vfs, "VFs of"},
    [SETTING_VF] = {change_read_vf, change_make_vf, "a VF of"},
    [SETTING_NET] = {change_read_net, change_make_net, "the port of"},
    [SETTING_DRIVER] = {change_read_driver, change_make_driver, "the driver of"},
    [SETTING_SERVICE] = {change_read_service, change_make_service, "service"},
    [SETTING_PARTITION] = {change_read_partition, change_make_partition, "CPUs of"},
};

bool change_fail(const Setting *setting, GError **error, const char *format, ...)
{
    const char *at = KINDS[setting->kind].at;
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "%s%s%s: %s", at ? at : "", at ? " " : "",
                setting->target, text);
    return false;
}

char *change_read_text(const Hands *hands, const char *format, ...)
{
    g_autofree char *path = NULL;
    g_autofree char *full = NULL;
    char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    path = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    full = hands_path(hands, path);
    return g_file_get_contents(full, &text, NULL, NULL) ? g_strchomp(text) : NULL;
}

bool change_read(const Hands *hands, const Setting *setting, char **ret_value, GError **error)
{
    *ret_value = NULL;
    return KINDS[setting->kind].read(hands, setting, ret_value, error);
}

static bool is_proven(const Hands *hands, const Setting *wanted)
{
    g_autofree char *made = wanted->proof ? change_read_text(hands, "%s", wanted->proof) : NULL;

    return setting_is_proven(wanted, made);
}

bool change_is_met(const Hands *hands, const Setting *wanted, bool *ret_met, char **ret_value,
                   GError **error)
{
    g_autofree char *value = NULL;

    if (!change_read(hands, wanted, &value, error))
        return false;
    *ret_met = setting_is_met(wanted, value) && is_proven(hands, wanted);
    if (ret_value)
        *ret_value = g_steal_pointer(&value);
    return true;
}

static bool read_back(const Hands *hands, const Setting *setting, GError **error)
{
    g_autofree char *value = NULL;
    bool met = false;

    if (!change_is_met(hands, setting, &met, &value, error))
        return false;
    if (met)
        return true;
    if (setting->proof && setting_is_met(setting, value))
        return change_fail(setting, error, "%s does not hold it after %s", setting->proof,
                           (const char *)setting->command->pdata[0]);
    return change_fail(setting, error, "is '%s' after it was set to '%s'",
                       value ? value : "(absent)", setting->value ? setting->value : "(absent)");
}

bool change_make(const Hands *hands, const Setting *setting, GError **error)
{
    hands_watch(hands, "make");
    if (!change_check_identity(hands, setting, error) ||
        !KINDS[setting->kind].make(hands, setting, error) || !read_back(hands, setting, error))
        return false;
    hands_watch(hands, "made");
    return true;
}
