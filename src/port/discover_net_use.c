/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host does with its network interfaces: default routes, addresses, and what stands on
 * them (bridges, bonds, VLANs). A port below a bond below a VLAN that carries the default route
 * carries it too: uses are handed down.
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/route.h>
#include <string.h>

#include "port/discover_parts.h"

static void use_net(GPtrArray *nets, const char *name, const char *use)
{
    discover_add_use(discover_find_net(nets, name, true)->uses, use);
}

static void stack(GPtrArray *nets, const char *lower_name, const char *upper_name)
{
    Net *lower = discover_find_net(nets, lower_name, true);
    Net *upper = discover_find_net(nets, upper_name, true);

    if (lower != upper && !g_ptr_array_find(lower->uppers, upper, NULL))
        g_ptr_array_add(lower->uppers, upper);
}

GPtrArray *discover_read_words(Root *root, const char *path)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    g_autofree char *text = root_read_text(root, "%s", path);
    g_auto(GStrv) rows = g_strsplit(text ? text : "", "\n", -1);

    for (char **row = rows; *row; row++) {
        g_auto(GStrv) words = g_strsplit_set(*row, " \t", -1);
        guint kept = 0;

        for (guint i = 0; words[i]; i++) { /* squeeze out the empty ones between two blanks */
            if (*words[i])
                words[kept++] = words[i];
            else
                g_free(words[i]);
        }
        words[kept] = NULL;
        if (kept)
            g_ptr_array_add(lines, g_steal_pointer(&words));
    }
    return lines;
}

/* /proc/net/route (man 5 proc): addresses are 32-bit words in this machine's byte order, in hex. */
typedef struct {
    char *name;
    guint32 destination, gateway, mask, flags;
} Route;

static void clear_route(gpointer data)
{
    g_free(((Route *)data)->name);
}

static GArray *read_routes(Root *root)
{
    GArray *routes = g_array_new(FALSE, FALSE, sizeof(Route));
    g_autoptr(GPtrArray) lines = discover_read_words(root, "proc/net/route");

    g_array_set_clear_func(routes, clear_route);
    for (guint i = 1; i < lines->len; i++) { /* after the heading */
        char **words = lines->pdata[i];
        Route route;

        if (g_strv_length(words) < 8)
            continue;
        route = (Route){
            .name = g_strdup(words[0]),
            .destination = (guint32)g_ascii_strtoull(words[1], NULL, 16),
            .gateway = (guint32)g_ascii_strtoull(words[2], NULL, 16),
            .flags = (guint32)g_ascii_strtoull(words[3], NULL, 16),
            .mask = (guint32)g_ascii_strtoull(words[7], NULL, 16),
        };
        if (route.flags & RTF_UP && !(route.flags & RTF_REJECT))
            g_array_append_val(routes, route);
        else
            clear_route(&route);
    }
    return routes;
}

static void find_default_routes(Root *root, const GArray *routes, GPtrArray *nets)
{
    g_autoptr(GPtrArray) lines = discover_read_words(root, "proc/net/ipv6_route");

    for (guint i = 0; i < routes->len; i++) {
        const Route *route = &g_array_index(routes, Route, i);

        if (!route->destination && !route->mask)
            use_net(nets, route->name, HOST_USE_DEFAULT_ROUTE);
    }
    /* destination, its length, source, its length, next hop, metric, references, uses, flags, name;
     * the kernel's own "unreachable" default hangs on lo */
    for (guint i = 0; i < lines->len; i++) {
        char **words = lines->pdata[i];

        if (g_strv_length(words) == 10 && strspn(words[0], "0") == 32 &&
            strcmp(words[1], "00") == 0 && strcmp(words[9], "lo") != 0)
            use_net(nets, words[9], HOST_USE_DEFAULT_ROUTE);
    }
}

/* The interface whose own network @ip (in the order of Route) is in, the narrowest. */
static const char *net_of_address(const GArray *routes, guint32 ip)
{
    const Route *best = NULL;

    for (guint i = 0; i < routes->len; i++) {
        const Route *route = &g_array_index(routes, Route, i);

        if (route->mask && !route->gateway && (ip & route->mask) == route->destination &&
            (!best || ntohl(route->mask) > ntohl(best->mask)))
            best = route;
    }
    return best ? best->name : NULL;
}

const char *discover_route_to(const GArray *routes, guint32 ip)
{
    const Route *best = NULL;

    for (guint i = 0; i < routes->len; i++) {
        const Route *route = &g_array_index(routes, Route, i);

        if ((ip & route->mask) == route->destination &&
            (!best || ntohl(route->mask) > ntohl(best->mask)))
            best = route;
    }
    return best ? best->name : NULL;
}

/* A captured tree: fib_trie lists the host's own addresses, "|-- 10.0.0.5" and then "/32 host
 * LOCAL", but not the interfaces; those are told by the routes to the networks around them. */
static void find_recorded_addresses(Root *root, const GArray *routes, GPtrArray *nets)
{
    g_autoptr(GPtrArray) lines = discover_read_words(root, "proc/net/fib_trie");
    guint32 ip = 0;

    for (guint i = 0; i < lines->len; i++) {
        char **words = lines->pdata[i];
        const char *name;

        if (g_strv_length(words) == 2 && strcmp(words[0], "|--") == 0 &&
            inet_pton(AF_INET, words[1], &ip) != 1)
            ip = 0;
        if (g_strv_length(words) != 3 || !ip || strcmp(words[0], "/32") != 0 ||
            strcmp(words[2], "LOCAL") != 0)
            continue;
        name = net_of_address(routes, ip);
        if (name)
            use_net(nets, name, HOST_USE_ADDRESS);
    }
}

static void find_live_addresses(GPtrArray *nets)
{
    struct ifaddrs *addresses = NULL;

    if (getifaddrs(&addresses) != 0)
        return;
    for (const struct ifaddrs *entry = addresses; entry; entry = entry->ifa_next) {
        if (entry->ifa_addr && entry->ifa_addr->sa_family == AF_INET &&
            !(entry->ifa_flags & IFF_LOOPBACK))
            use_net(nets, entry->ifa_name, HOST_USE_ADDRESS);
    }
    freeifaddrs(addresses);
}

/* address, index, prefix length, scope, flags, name; scope 00 is global (include/net/ipv6.h). */
static void find_ipv6_addresses(Root *root, GPtrArray *nets)
{
    g_autoptr(GPtrArray) lines = discover_read_words(root, "proc/net/if_inet6");

    for (guint i = 0; i < lines->len; i++) {
        char **words = lines->pdata[i];

        if (g_strv_length(words) == 6 && strcmp(words[3], "00") == 0)
            use_net(nets, words[5], HOST_USE_ADDRESS);
    }
}

/* upper_X, lower_X and master are links in each interface's folder. */
static void find_links(Root *root, GPtrArray *nets, const char *name, const char *path)
{
    g_autoptr(GPtrArray) files = root_list(root, "%s", path);
    g_autoptr(GPtrArray) ports = root_list(root, "%s/brif", path);
    g_autofree char *members = root_read_text(root, "%s/bonding/slaves", path);
    g_auto(GStrv) slaves = g_strsplit(members ? members : "", " ", -1);
    g_autofree char *master = root_read_link_name(root, "%s/master", path);
    g_autofree char *bridge = root_read_link_name(root, "%s/brport/bridge", path);

    for (guint i = 0; i < files->len; i++) {
        const char *file = files->pdata[i];

        if (g_str_has_prefix(file, "upper_"))
            stack(nets, name, file + strlen("upper_"));
        else if (g_str_has_prefix(file, "lower_"))
            stack(nets, file + strlen("lower_"), name);
    }
    for (guint i = 0; i < ports->len; i++)
        stack(nets, ports->pdata[i], name);
    for (char **slave = slaves; *slave; slave++) {
        if (**slave)
            stack(nets, *slave, name);
    }
    if (master)
        stack(nets, name, master);
    if (bridge)
        stack(nets, name, bridge);
}

/* "eno1.100 | 100 | eno1", after two lines of heading. */
static bool is_vlan_line(char **words)
{
    return g_strv_length(words) == 5 && strcmp(words[1], "|") == 0 && strcmp(words[3], "|") == 0;
}

static void find_stacks(Root *root, GPtrArray *nets)
{
    g_autoptr(GPtrArray) vlans = discover_read_words(root, "proc/net/vlan/config");
    guint known = nets->len; /* more may be named on the way */

    for (guint i = 0; i < known; i++) {
        const Net *net = g_ptr_array_index(nets, i);
        g_autofree char *name = g_strdup(net->name);

        if (net->path)
            find_links(root, nets, name, net->path);
    }
    for (guint i = 0; i < vlans->len; i++) {
        char **words = vlans->pdata[i];

        if (is_vlan_line(words))
            stack(nets, words[4], words[0]);
    }
}

static bool has_vlan(const GPtrArray *vlans, const char *name)
{
    for (guint i = 0; i < vlans->len; i++) {
        char **words = vlans->pdata[i];

        if (is_vlan_line(words) && strcmp(words[0], name) == 0)
            return true;
    }
    return false;
}

/* What standing below @upper is for @lower. Whatever is neither VLAN nor bond (macvlan, team, Open
 * vSwitch) shares the port as a bridge does. */
static const char *kind_of(Root *root, const GPtrArray *vlans, const Net *lower, const Net *upper)
{
    g_autofree char *uevent = upper->path ? root_read_text(root, "%s/uevent", upper->path) : NULL;

    if (has_vlan(vlans, upper->name) || (uevent && strstr(uevent, "DEVTYPE=vlan")))
        return HOST_USE_VLAN;
    if (upper->path && root_exists(root, "%s/bridge", upper->path))
        return HOST_USE_BRIDGE;
    if ((upper->path && root_exists(root, "%s/bonding", upper->path)) ||
        (lower->path && root_exists(root, "%s/bonding_slave", lower->path)))
        return HOST_USE_BOND;
    return HOST_USE_BRIDGE;
}

/* Until nothing changes; a stack has few storeys. A cycle, which only a broken capture has, ends
 * too: uses are never taken away. */
static void hand_down(GPtrArray *nets)
{
    bool changed = true;

    while (changed) {
        changed = false;
        for (guint i = 0; i < nets->len; i++) {
            const Net *lower = g_ptr_array_index(nets, i);
            guint before = lower->uses->len;

            for (guint u = 0; u < lower->uppers->len; u++) {
                const Net *upper = g_ptr_array_index(lower->uppers, u);

                for (guint k = 0; k < upper->uses->len; k++)
                    discover_add_use(lower->uses, upper->uses->pdata[k]);
            }
            changed |= lower->uses->len != before;
        }
    }
}

/* What the kernel said when the tree was captured. Returns whether that is all. */
static bool take_asked(const Asked *asked, GPtrArray *nets)
{
    for (guint i = 0; i < asked->nets->len; i++) {
        const AskedNet *net = asked->nets->pdata[i];

        for (guint u = 0; u < net->uses->len; u++)
            use_net(nets, net->name, net->uses->pdata[u]);
    }
    return asked->routes == 1;
}

/* For a capture, which is to hold no addresses. */
static void keep_asked(Asked *asked, const GPtrArray *nets, bool known)
{
    asked->routes = known;
    for (guint i = 0; i < nets->len; i++) {
        const Net *net = nets->pdata[i];

        for (guint u = 0; u < net->uses->len; u++)
            discover_add_use(asked_find_net(asked, net->name, true)->uses, net->uses->pdata[u]);
    }
}

/* What an interface is used for by itself, from the files; a running kernel tells its addresses.
 * Returns whether that is all. */
static bool find_own_uses(Discovery *discovery, GPtrArray *nets)
{
    Root *root = discovery->root;
    g_autoptr(GArray) routes = read_routes(root);
    bool known = root_exists(root, "proc/net/route");

    find_default_routes(root, routes, nets);
    find_ipv6_addresses(root, nets);
    discover_remote_storage(discovery, routes, nets);
    if (!discovery->directory) {
        find_live_addresses(nets);
        discover_ssh(discovery, nets);
        keep_asked(discovery->asked, nets, known);
        return known;
    }
    find_recorded_addresses(root, routes, nets);
    return known && root_exists(root, "proc/net/fib_trie");
}

bool discover_net_uses(Discovery *discovery, GPtrArray *nets)
{
    Root *root = discovery->root;
    g_autoptr(GPtrArray) vlans = discover_read_words(root, "proc/net/vlan/config");
    bool known = discovery->directory && discovery->asked ? take_asked(discovery->asked, nets)
                                                          : find_own_uses(discovery, nets);

    find_stacks(root, nets);
    for (guint i = 0; i < nets->len; i++) {
        const Net *lower = g_ptr_array_index(nets, i);

        for (guint u = 0; u < lower->uppers->len; u++)
            discover_add_use(lower->uses, kind_of(root, vlans, lower, lower->uppers->pdata[u]));
    }
    hand_down(nets);
    return known;
}
