/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has a VF: a guest or another program (by its driver), a container (its interface is in
 * another network namespace), or the host itself: something stands on its interface, or it has an
 * address. Taking VFs away asks nobody, so we do.
 */
#include <jansson.h>
#include <string.h>

#include "port/change_kinds.h"

#define NETS "/sys/class/net/"

/* "bridge br0": the kernel's word for its kind, and its name. */
static char *word_upper(const Hands *hands, const char *name)
{
    g_autofree char *uevent = change_read_text(hands, NETS "%s/uevent", name);
    const char *type = uevent ? strstr(uevent, "DEVTYPE=") : NULL;
    const char *word = type ? type + strlen("DEVTYPE=") : "interface";

    return g_strdup_printf("%.*s %s", (int)strcspn(word, "\n"), word, name);
}

/* A bridge, bond, VLAN, macvlan or macvtap on the interface (Documentation/ABI/testing/
 * sysfs-class-net: upper_<name>). */
static char *find_upper(const Hands *hands, const char *net)
{
    g_autofree char *path = g_strconcat(NETS, net, NULL);
    g_autofree char *full = hands_path(hands, path);
    g_autoptr(GDir) folder = g_dir_open(full, 0, NULL);
    const char *name;

    while (folder && (name = g_dir_read_name(folder))) {
        if (g_str_has_prefix(name, "upper_"))
            return word_upper(hands, name + strlen("upper_"));
    }
    return NULL;
}

static const char *address_of(json_t *link)
{
    json_t *info;
    size_t i;

    json_array_foreach(json_object_get(link, "addr_info"), i, info)
    {
        if (g_strcmp0(json_string_value(json_object_get(info, "scope")), "global") == 0)
            return json_string_value(json_object_get(info, "local"));
    }
    return NULL;
}

/* One that is more than the link's own. */
static char *find_address(const Hands *hands, const char *net)
{
    const char *const argv[] = {"ip", "-json", "address", "show", "dev", net, NULL};
    g_autofree char *output = NULL;
    json_t *links, *link;
    char *address = NULL;
    size_t i;

    if (!hands_run(hands, argv, &output, NULL))
        return NULL;
    links = json_loads(output, 0, NULL);
    json_array_foreach(links, i, link)
    {
        if (!address)
            address = g_strdup(address_of(link));
    }
    json_decref(links);
    return address;
}

static char *word_net(const Hands *hands, const char *net)
{
    g_autofree char *upper = find_upper(hands, net);
    g_autofree char *address = upper ? NULL : find_address(hands, net);

    if (upper)
        return g_strdup_printf("(%s) is the host's: %s stands on it", net, upper);
    return address ? g_strdup_printf("(%s) is the host's: it has the address %s", net, address)
                   : NULL;
}

/* The driver makes the folder; what is not to be seen in it has gone to another namespace. */
static char *word_nets(const Hands *hands, const char *vf)
{
    g_autofree char *path = g_strconcat(vf, "/net", NULL);
    g_autofree char *full = hands_path(hands, path);
    g_autoptr(GDir) folder = g_dir_open(full, 0, NULL);
    const char *name = folder ? g_dir_read_name(folder) : NULL;
    char *words = NULL;

    if (folder && !name)
        return g_strdup("is in another network namespace, a container's");
    for (; name && !words; name = g_dir_read_name(folder))
        words = word_net(hands, name);
    return words;
}

static char *word_holder(const Hands *hands, const char *vf)
{
    g_autofree char *driver = change_bound_driver(hands, vf);

    if (g_strcmp0(driver, "vfio-pci") == 0) /* or waiting for one */
        return g_strdup("is a guest's");
    if (driver && strstr(driver, "uio"))
        return g_strdup_printf("is a program's (driver %s)", driver);
    return word_nets(hands, vf);
}

char *change_find_held_vf(const Hands *hands, const Setting *setting, guint count)
{
    for (guint i = 0; i < count; i++) {
        g_autofree char *link = g_strdup_printf(DEVICES "%s/virtfn%u", setting->target, i);
        g_autofree char *full = hands_path(hands, link);
        g_autofree char *target = g_file_read_link(full, NULL);
        g_autofree char *address =
            target ? g_path_get_basename(target) : g_strdup_printf("VF %u", i);
        g_autofree char *words = word_holder(hands, link);

        if (words)
            return g_strconcat(address, " ", words, NULL);
    }
    return NULL;
}
