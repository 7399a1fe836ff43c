/* SPDX-License-Identifier: Apache-2.0 */
/* A port and its VFs, as `ip link` of iproute2 shows and sets them (man 8 ip-link). */
#include <jansson.h>
#include <string.h>

#include "port/change_kinds.h"

/* The first (and only) object of `ip -json link show dev NET`. NULL with @error. */
static json_t *show_link(const Hands *hands, const Setting *setting, const char *net,
                         GError **error)
{
    const char *const argv[] = {"ip", "-json", "link", "show", "dev", net, NULL};
    g_autofree char *output = NULL;
    json_t *all, *link;

    if (!hands_run(hands, argv, &output, error))
        return NULL;
    all = json_loads(output, 0, NULL);
    link = json_incref(json_array_get(all, 0));
    json_decref(all);
    if (!link)
        change_fail(setting, error, "ip link told nothing of %s", net);
    return link;
}

/* ip names the permanent one only where it differs. */
char *change_read_mac(const Hands *hands, const Setting *setting, const char *net, GError **error)
{
    json_t *link = show_link(hands, setting, net, error);
    const char *permanent = json_string_value(json_object_get(link, "permaddr"));
    const char *address = json_string_value(json_object_get(link, "address"));
    char *mac = g_strdup(permanent ? permanent : address);

    if (link && !mac)
        change_fail(setting, error, "ip link tells no MAC address of %s", net);
    json_decref(link);
    return mac;
}

static const char *on_off(const json_t *flag)
{
    return json_is_true(flag) ? "on" : "off";
}

/* Link state and least rate of a VF are nobody's here, and stay as they are. */
static char *word_vf(json_t *vf)
{
    const json_t *rate = json_object_get(json_object_get(vf, "rate"), "max_tx");
    const json_t *vlan =
        json_object_get(json_array_get(json_object_get(vf, "vlan_list"), 0), "vlan");

    return g_strdup_printf("mac %s vlan %d spoofchk %s trust %s max_tx_rate %d",
                           json_string_value(json_object_get(vf, "address")),
                           (int)json_integer_value(vlan), on_off(json_object_get(vf, "spoofchk")),
                           on_off(json_object_get(vf, "trust")), (int)json_integer_value(rate));
}

bool change_read_vf(const Hands *hands, const Setting *setting, char **ret_value, GError **error)
{
    g_autofree char *net = change_find_net(hands, setting, error);
    json_t *link = net ? show_link(hands, setting, net, error) : NULL;
    json_t *vf;
    size_t i;

    if (!link)
        return false;
    json_array_foreach(json_object_get(link, "vfinfo_list"), i, vf)
    {
        if (json_integer_value(json_object_get(vf, "vf")) == setting->vf &&
            json_is_string(json_object_get(vf, "address")))
            *ret_value = word_vf(vf);
    }
    json_decref(link);
    return *ret_value ||
           change_fail(setting, error, "there is no VF %" G_GINT64_FORMAT, setting->vf);
}

/* "state up" is said as "up". */
static void add_words(GPtrArray *argv, char **words)
{
    for (guint i = 0; words[i] && words[i + 1]; i += 2) {
        if (strcmp(words[i], "state") != 0)
            g_ptr_array_add(argv, words[i]);
        g_ptr_array_add(argv, words[i + 1]);
    }
    g_ptr_array_add(argv, NULL);
}

static bool set_link(const Hands *hands, const Setting *setting, const char *vf, GError **error)
{
    g_autofree char *net = change_find_net(hands, setting, error);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_auto(GStrv) words = g_strsplit(setting->value ? setting->value : "", " ", -1);
    const char *const begin[] = {"ip", "link", "set", "dev", net};

    if (!net)
        return false;
    for (guint i = 0; i < G_N_ELEMENTS(begin); i++)
        g_ptr_array_add(argv, (gpointer)begin[i]);
    if (vf) {
        g_ptr_array_add(argv, (gpointer) "vf");
        g_ptr_array_add(argv, (gpointer)vf);
    }
    add_words(argv, words);
    return hands_run(hands, (const char *const *)argv->pdata, NULL, error);
}

bool change_make_vf(const Hands *hands, const Setting *setting, GError **error)
{
    g_autofree char *index = g_strdup_printf("%" G_GINT64_FORMAT, setting->vf);

    return set_link(hands, setting, index, error);
}

bool change_read_net(const Hands *hands, const Setting *setting, char **ret_value, GError **error)
{
    g_autofree char *net = change_find_net(hands, setting, error);
    json_t *link = net ? show_link(hands, setting, net, error) : NULL;
    bool up = false;
    json_t *flag;
    size_t i;

    if (!link)
        return false;
    json_array_foreach(json_object_get(link, "flags"), i, flag)
    {
        up = up || g_strcmp0(json_string_value(flag), "UP") == 0;
    }
    *ret_value = g_strdup_printf("state %s mtu %d", up ? "up" : "down",
                                 (int)json_integer_value(json_object_get(link, "mtu")));
    json_decref(link);
    return true;
}

bool change_make_net(const Hands *hands, const Setting *setting, GError **error)
{
    return set_link(hands, setting, /* vf= */ NULL, error);
}
