/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many VFs a PF has (Documentation/ABI/testing/sysfs-bus-pci: sriov_numvfs), and which function
 * is the one that is meant.
 */
#include <string.h>

#include "port/change_kinds.h"
#include "port/patient.h"

/* Drivers make a VF in some tens of milliseconds; with 128 of them and a slow firmware it adds up.
 */
#define WRITE_SECONDS 120
#define UDEV_SECONDS "30"

static bool differs(const Hands *hands, const Setting *setting, const char *file,
                    const char *wanted)
{
    g_autofree char *text = change_read_text(hands, DEVICES "%s/%s", setting->target, file);
    const char *hex = text && g_str_has_prefix(text, "0x") ? text + 2 : text;

    return wanted && g_strcmp0(hex, wanted) != 0;
}

bool change_check_identity(const Hands *hands, const Setting *setting, GError **error)
{
    g_autofree char *mac = NULL;

    if (differs(hands, setting, "vendor", setting->vendor) ||
        differs(hands, setting, "device", setting->device))
        return change_fail(setting, error, "another device sits there now, not %s:%s",
                           setting->vendor, setting->device);
    if (!setting->mac)
        return true;

    g_autofree char *net = change_find_net(hands, setting, error);

    if (!net)
        return false;
    mac = change_read_mac(hands, setting, net, error);
    if (!mac)
        return false;
    if (g_strcmp0(mac, setting->mac) != 0)
        return change_fail(setting, error,
                           "another port sits there now: its MAC address is %s, not %s", mac,
                           setting->mac);
    return true;
}

char *change_find_net(const Hands *hands, const Setting *setting, GError **error)
{
    g_autofree char *path = g_strdup_printf(DEVICES "%s/net", setting->target);
    g_autofree char *full = hands_path(hands, path);
    g_autoptr(GDir) folder = g_dir_open(full, 0, NULL);
    const char *name = folder ? g_dir_read_name(folder) : NULL;

    if (!name)
        change_fail(setting, error, "has no network interface: its driver is not bound");
    return g_strdup(name);
}

bool change_read_vfs(const Hands *hands, const Setting *setting, char **ret_value, GError **error)
{
    *ret_value = change_read_text(hands, DEVICES "%s/sriov_numvfs", setting->target);
    return *ret_value ||
           change_fail(setting, error, "no " DEVICES "%s/sriov_numvfs", setting->target);
}

static bool write_count(const Hands *hands, const Setting *setting, const char *count,
                        GError **error)
{
    g_autofree char *path = g_strdup_printf(DEVICES "%s/sriov_numvfs", setting->target);
    g_autofree char *full = hands_path(hands, path);

    return patient_write(full, count, WRITE_SECONDS, error);
}

void change_await_udev(const Hands *hands)
{
    const char *const settle[] = {"udevadm", "settle", "--timeout=" UDEV_SECONDS, NULL};

    hands_run(hands, settle, NULL, NULL);
}

/* The kernel takes a new number only after 0, which takes all VFs away: from nobody who has one. */
bool change_make_vfs(const Hands *hands, const Setting *setting, GError **error)
{
    g_autofree char *now = NULL;
    guint count;

    if (!change_read_vfs(hands, setting, &now, error))
        return false;
    count = (guint)g_ascii_strtoull(now, NULL, 10);
    if (strcmp(now, setting->value) == 0)
        return true;
    if (count > 0) {
        g_autofree char *held = change_find_held_vf(hands, setting, count);

        if (held)
            return change_fail(setting, error,
                               "has %u, and %s: their number can change only when nobody has one",
                               count, held);
        if (!write_count(hands, setting, "0", error))
            return false;
        hands_watch(hands, "no VFs");
    }
    if (strcmp(setting->value, "0") == 0)
        return true;
    if (!write_count(hands, setting, setting->value, error))
        return false;
    change_await_udev(hands);
    return true;
}
