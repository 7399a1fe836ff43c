/* SPDX-License-Identifier: Apache-2.0 */
/* The network interfaces of PCI functions: name, permanent MAC, link. What they are used for is
 * found in discover_net_use.c. */
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "port/discover_parts.h"

#define DEVICES "sys/bus/pci/devices"

static void free_net(gpointer data)
{
    Net *net = data;

    g_free(net->name);
    g_free(net->path);
    g_ptr_array_unref(net->uppers);
    g_ptr_array_unref(net->uses);
    g_free(net);
}

Net *discover_find_net(GPtrArray *nets, const char *name, bool add)
{
    Net *net;

    for (guint i = 0; i < nets->len; i++) {
        net = g_ptr_array_index(nets, i);
        if (strcmp(net->name, name) == 0)
            return net;
    }
    if (!add)
        return NULL;
    net = g_new0(Net, 1);
    net->name = g_strdup(name);
    net->uppers = g_ptr_array_new();
    net->uses = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(nets, net);
    return net;
}

static void add_folder(Root *root, const char *folder, GPtrArray *nets)
{
    g_autoptr(GPtrArray) names = root_list(root, "%s", folder);

    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autoptr(GPtrArray) files = root_list(root, "%s/%s", folder, name);
        Net *net;

        if (!files->len) /* bonding_masters is a file; a link may dangle */
            continue;
        net = discover_find_net(nets, name, true);
        if (!net->path)
            net->path = g_strdup_printf("%s/%s", folder, name);
    }
}

/* ETHTOOL_GPERMADDR (linux/ethtool.h): the kernel tells it to everybody. */
static char *ask_permanent_mac(const char *name)
{
    union {
        struct ethtool_perm_addr header;
        guint8 bytes[sizeof(struct ethtool_perm_addr) + 32];
    } query = {.header = {.cmd = ETHTOOL_GPERMADDR, .size = 32}};
    struct ifreq request = {.ifr_data = (char *)&query};
    const guint8 *mac = query.header.data;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int result;

    if (fd < 0)
        return NULL;
    g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
    result = ioctl(fd, SIOCETHTOOL, &request);
    (void)close(fd);
    if (result != 0 || query.header.size != 6)
        return NULL;
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                           mac[5]);
}

/* A member of a bond wears the bond's address; the bond keeps the permanent one. */
static char *read_mac(Discovery *discovery, const Net *net)
{
    static const char *const files[] = {"bonding_slave/perm_hwaddr", "address"};
    g_autofree char *mac = NULL, *permanent = NULL;
    AskedNet *asked = discovery->asked
                          ? asked_find_net(discovery->asked, net->name, !discovery->directory)
                          : NULL;

    if (asked && !discovery->directory)
        asked->mac = ask_permanent_mac(net->name);
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *text = root_read_text(discovery->root, "%s/%s", net->path, files[i]);

        if (!mac)
            mac = host_mac_of(text);
    }
    permanent = host_mac_of(asked ? asked->mac : NULL);
    return permanent ? g_steal_pointer(&permanent) : g_steal_pointer(&mac);
}

/* NULL: unknown. */
static GPtrArray *copy_altnames(Asked *asked, const char *name)
{
    const AskedNet *net = asked ? asked_find_net(asked, name, false) : NULL;
    GPtrArray *names;

    if (!net || !net->altnames)
        return NULL;
    names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < net->altnames->len; i++)
        g_ptr_array_add(names, g_utf8_make_valid(net->altnames->pdata[i], -1));
    return names;
}

static HostNeighbour *copy_neighbour(Asked *asked, const char *name)
{
    const AskedNet *net = asked ? asked_find_net(asked, name, false) : NULL;
    HostNeighbour *neighbour;

    if (!net || (!net->system && !net->port))
        return NULL;
    neighbour = host_new_part("pci.nets.neighbour");
    neighbour->system = g_strdup(net->system);
    neighbour->port = g_strdup(net->port);
    return neighbour;
}

/* A NIC whose own switch is driven by the host (switchdev) has an interface for each of its ports:
 * "p0" is the wire, "pf0vf3" and "pf0sf1" stand for a function, "c1pf0vf3" for one on a controller
 * of its own (Documentation/networking/representors.rst). */
static char *read_representor(Root *root, const Net *net)
{
    g_autofree char *name = root_read_text(root, "%s/phys_port_name", net->path);
    g_autofree char *board = root_read_text(root, "%s/phys_switch_id", net->path);
    const char *port = name;

    if (!name || !board)
        return NULL;
    if (*port == 'c')
        port += 1 + strspn(port + 1, "0123456789");
    return g_str_has_prefix(port, "pf") ? g_steal_pointer(&name) : NULL;
}

/* @known: no use can have been missed; else "none found" is not "none". */
static HostNet *read_net(Discovery *discovery, const Net *net, bool known)
{
    HostNet *host_net = host_new_part("pci.nets");
    gint64 speed = root_read_int(discovery->root, "%s/speed", net->path);
    gint64 carrier = root_read_int(discovery->root, "%s/carrier", net->path);

    host_net->name = g_utf8_make_valid(net->name, -1);
    host_net->mac = read_mac(discovery, net);
    /* SPEED_UNKNOWN is -1, which some drivers give as unsigned; without a link some say 0. */
    host_net->representor = read_representor(discovery->root, net);
    host_net->neighbour = copy_neighbour(discovery->asked, net->name);
    host_net->altnames = copy_altnames(discovery->asked, net->name);
    host_net->speed_mbps = speed > 0 && speed < G_MAXINT ? speed : RECORD_UNSET;
    host_net->carrier = carrier >= 0 ? carrier != 0 : RECORD_UNSET;
    if (!known && net->uses->len == 0)
        return host_net;
    host_net->uses = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < net->uses->len; i++)
        g_ptr_array_add(host_net->uses, g_strdup(net->uses->pdata[i]));
    discover_sort_uses(host_net->uses);
    return host_net;
}

/* The function below which an interface hangs: by the folder it was found in, or by its link. */
static char *function_of(Root *root, const Net *net)
{
    g_autofree char *link = net->path ? root_read_link(root, "%s", net->path) : NULL;
    g_autoptr(GPtrArray) functions = NULL;

    if (!net->path)
        return NULL;
    functions = discover_path_functions(link ? link : net->path);
    return functions->len ? g_strdup(functions->pdata[functions->len - 1]) : NULL;
}

/* Below the function itself, or below its virtio device. There are hundreds of others. */
static void find_function_nets(Root *root, const HostPci *pci, GPtrArray *nets)
{
    const char *address = pci->address;
    g_autofree char *own = g_strdup_printf(DEVICES "/%s/net", address);
    bool virtio = g_strcmp0(pci->vendor, "1af4") == 0;
    g_autoptr(GPtrArray) names = virtio ? root_list(root, DEVICES "/%s", address) : NULL;

    if (host_pci_is_nic(pci) || virtio || !pci->class_code)
        add_folder(root, own, nets);
    for (guint i = 0; names && i < names->len; i++) {
        g_autofree char *folder = NULL;

        if (discover_numbered(names->pdata[i], "virtio") < 0)
            continue;
        folder = g_strdup_printf(DEVICES "/%s/%s/net", address, (char *)names->pdata[i]);
        add_folder(root, folder, nets);
    }
}

static int compare_nets(gconstpointer a, gconstpointer b)
{
    const Net *first = *(Net *const *)a, *second = *(Net *const *)b;

    return strverscmp(first->name, second->name);
}

/* Trap of real captures: a NIC in use whose interface nobody recorded. */
static void report_gaps(Discovery *discovery)
{
    const Host *host = discovery->host;
    g_autofree char *first_nameless = NULL;
    g_autofree char *first_no_mac = NULL;
    guint nics = 0, nameless = 0, no_mac = 0, nets = 0;

    for (guint i = 0; i < host->pci->len; i++) {
        const HostPci *pci = g_ptr_array_index(host->pci, i);
        /* Without a driver, or held by vfio, a NIC of a running host has no interface. */
        bool held = pci->driver ? strcmp(pci->driver, "vfio-pci") != 0 : !discovery->asked;

        nics += host_pci_is_nic(pci);
        if (host_pci_is_nic(pci) && !pci->nets->len && held && nameless++ == 0)
            first_nameless = g_strdup_printf(DEVICES "/%s/net", pci->address);
        for (guint n = 0; n < pci->nets->len; n++, nets++) {
            const HostNet *net = pci->nets->pdata[n];

            if (!net->mac && no_mac++ == 0)
                first_no_mac = g_strdup_printf("sys/class/net/%s/address", net->name);
        }
    }
    if (nameless)
        discover_warn(discovery, "nic-net-unknown", first_nameless,
                      "the network interfaces of %u of %u NICs are not known, nor what they are "
                      "used for",
                      nameless, nics);
    if (no_mac)
        discover_warn(discovery, "net-mac-unknown", first_no_mac,
                      "the MAC addresses of %u of %u network interfaces are not known", no_mac,
                      nets);
}

void discover_nets(Discovery *discovery)
{
    Host *host = discovery->host;
    g_autoptr(GPtrArray) nets = g_ptr_array_new_with_free_func(free_net);
    bool known;

    /* A capture may have either, and a USB NIC is only in the first. */
    add_folder(discovery->root, "sys/class/net", nets);
    for (guint i = 0; i < host->pci->len; i++)
        find_function_nets(discovery->root, g_ptr_array_index(host->pci, i), nets);
    known = discover_net_uses(discovery, nets);
    g_ptr_array_sort(nets, compare_nets);
    for (guint i = 0; i < nets->len; i++) {
        const Net *net = g_ptr_array_index(nets, i);
        g_autofree char *address = function_of(discovery->root, net);
        const HostPci *pci = address ? host_find_pci(host, address) : NULL;

        if (pci)
            g_ptr_array_add(pci->nets, read_net(discovery, net, known));
    }
    if (!known && nets->len)
        discover_warn(discovery, "net-uses-unknown",
                      root_exists(discovery->root, "proc/net/route") ? "proc/net/fib_trie"
                                                                     : "proc/net/route",
                      "what the host uses its network interfaces for is not known");
    report_gaps(discovery);
}
