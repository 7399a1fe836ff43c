/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which driver a function of PCI has: by driver_override, which concerns this one function, never
 * by new_id, which takes all of its like along (Documentation/ABI/testing/sysfs-bus-pci). Binding
 * and unbinding may hang in a driver, so each is a patient write.
 */
#include <string.h>

#include "port/change_kinds.h"
#include "port/patient.h"

#define WRITE_SECONDS 60
#define DRIVERS "/sys/bus/pci/drivers/"
#define PROBE "/sys/bus/pci/drivers_probe"
#define NONE "-"

char *change_bound_driver(const Hands *hands, const char *path)
{
    g_autofree char *link = g_strconcat(path, "/driver", NULL);
    g_autofree char *full = hands_path(hands, link);
    g_autofree char *target = g_file_read_link(full, NULL);

    return target ? g_path_get_basename(target) : NULL;
}

/* NONE: none is bound. */
static char *read_driver(const Hands *hands, const char *address)
{
    g_autofree char *path = g_strconcat(DEVICES, address, NULL);
    char *driver = change_bound_driver(hands, path);

    return driver ? driver : g_strdup(NONE);
}

/* NONE: none is set; NULL: no such function. */
static char *read_override(const Hands *hands, const char *address)
{
    char *text = change_read_text(hands, DEVICES "%s/driver_override", address);

    if (text && (!*text || strcmp(text, "(null)") == 0)) {
        g_free(text);
        text = g_strdup(NONE);
    }
    return text;
}

bool change_read_driver(const Hands *hands, const Setting *setting, char **ret_value,
                        GError **error)
{
    g_autofree char *driver = read_driver(hands, setting->target);
    g_autofree char *override = read_override(hands, setting->target);

    if (!override)
        return change_fail(setting, error, "no " DEVICES "%s/driver_override", setting->target);
    *ret_value = g_strdup_printf("driver %s override %s", driver, override);
    return true;
}

static bool write_to(const Hands *hands, const char *text, GError **error, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

static bool write_to(const Hands *hands, const char *text, GError **error, const char *format, ...)
{
    g_autofree char *path = NULL;
    g_autofree char *full = NULL;
    va_list arguments;
    bool written;

    va_start(arguments, format);
    path = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    full = hands_path(hands, path);
    written = patient_write(full, text, WRITE_SECONDS, error);
    hands_watch(hands, path);
    return written;
}

/* A driver that is a module not loaded yet. When that fails, probing tells. */
static void load(const Hands *hands, const char *driver)
{
    const char *const argv[] = {"modprobe", driver, NULL};
    g_autofree char *path = g_strconcat(DRIVERS, driver, NULL);
    g_autofree char *full = hands_path(hands, path);

    if (!g_file_test(full, G_FILE_TEST_IS_DIR))
        hands_run(hands, argv, NULL, NULL);
}

static bool override(const Hands *hands, const char *address, const char *driver, GError **error)
{
    g_autofree char *now = read_override(hands, address);

    return g_strcmp0(now, driver) == 0 || write_to(hands, strcmp(driver, NONE) == 0 ? "\n" : driver,
                                                   error, DEVICES "%s/driver_override", address);
}

/* The override is what a probe goes by: it names the driver meanwhile. */
static bool bind(const Hands *hands, const char *address, const char *driver, GError **error)
{
    g_autofree char *now = read_driver(hands, address);

    if (strcmp(now, driver) == 0)
        return true;
    if (!override(hands, address, driver, error))
        return false;
    if (strcmp(now, NONE) != 0 && !write_to(hands, address, error, DRIVERS "%s/unbind", now))
        return false;
    if (strcmp(driver, NONE) == 0)
        return true;
    load(hands, driver);
    if (!write_to(hands, address, error, PROBE))
        return false;
    change_await_udev(hands);
    return true;
}

bool change_make_driver(const Hands *hands, const Setting *setting, GError **error)
{
    g_auto(GStrv) words = g_strsplit(setting->value ? setting->value : "", " ", -1);

    if (g_strv_length(words) != 4)
        return change_fail(setting, error, "'%s' names no driver", setting->value);
    return bind(hands, setting->target, words[1], error) &&
           override(hands, setting->target, words[3], error);
}
