/* SPDX-License-Identifier: Apache-2.0 */
/* Services of systemd (man 1 systemctl): masked, or as they were. */
#include <string.h>

#include "port/change_kinds.h"

/* systemctl's exit code tells what its word tells too: "disabled", "inactive" are no failures. */
static char *ask(const Hands *hands, const char *question, const char *unit)
{
    const char *const argv[] = {"systemctl", "show", "--value", "--property", question, unit, NULL};
    g_autofree char *output = NULL;

    if (!hands_run(hands, argv, &output, NULL))
        return g_strdup("unknown");
    g_strstrip(output);
    return g_steal_pointer(&output);
}

bool change_read_service(const Hands *hands, const Setting *setting, char **ret_value,
                         GError **error)
{
    g_autofree char *file = ask(hands, "UnitFileState", setting->target);
    g_autofree char *active = ask(hands, "ActiveState", setting->target);

    (void)error;
    *ret_value =
        strcmp(file, "masked") == 0 ? g_strdup("masked") : g_strdup_printf("%s %s", file, active);
    return true;
}

static bool control(const Hands *hands, const char *verb, const char *unit, GError **error)
{
    const char *const argv[] = {"systemctl", verb, unit, NULL};

    return hands_run(hands, argv, NULL, error);
}

bool change_make_service(const Hands *hands, const Setting *setting, GError **error)
{
    const char *const mask[] = {"systemctl", "mask", "--now", setting->target, NULL};

    if (strcmp(setting->value, "masked") == 0)
        return hands_run(hands, mask, NULL, error);
    return control(hands, "unmask", setting->target, error) &&
           (!g_str_has_suffix(setting->value, " active") ||
            control(hands, "start", setting->target, error));
}
