/* SPDX-License-Identifier: Apache-2.0 */
/* Files of /sys and /proc that take a value. */
#include <string.h>

#include "base/cpuset.h"
#include "port/change_kinds.h"
#include "port/patient.h"

/* Freeing hugepages and writing masks of busy interrupts take their time; nothing takes this long.
 */
#define WRITE_SECONDS 60

/* "[always] madvise never" (Documentation/admin-guide/mm/transhuge.rst) */
static char *read_choice(const char *text)
{
    const char *open = strchr(text, '[');
    const char *close = open ? strchr(open, ']') : NULL;

    return close ? g_strndup(open + 1, close - open - 1) : g_strdup(text);
}

static char *read_as(SettingForm form, const char *text)
{
    g_autoptr(CpuSet) cpus = NULL;

    if (form == SETTING_CHOICE)
        return read_choice(text);
    if (form == SETTING_CPUS)
        cpus = cpuset_parse(text, NULL);
    else if (form == SETTING_MASK)
        cpus = cpuset_parse_mask(text);
    return cpus ? cpuset_format(cpus) : g_strdup(text);
}

bool change_read_attribute(const Hands *hands, const Setting *setting, char **ret_value,
                           GError **error)
{
    g_autofree char *text = change_read_text(hands, "%s", setting->target);

    if (!text)
        return change_fail(setting, error, "cannot be read");
    *ret_value = read_as((SettingForm)setting->form, text);
    return true;
}

bool change_make_attribute(const Hands *hands, const Setting *setting, GError **error)
{
    g_autofree char *path = hands_path(hands, setting->target);
    g_autoptr(CpuSet) cpus = NULL;
    g_autofree char *mask = NULL;

    if (!setting->value)
        return change_fail(setting, error, "has no value to be set");
    if (setting->form == SETTING_MASK) {
        cpus = cpuset_parse(setting->value, error);
        if (!cpus)
            return false;
        mask = cpuset_format_mask(cpus);
    }
    return patient_write(path, mask ? mask : setting->value, WRITE_SECONDS, error);
}
