/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interfaces that carry what the host cannot lose: file systems and disks that are elsewhere (NFS
 * and others that name their server's address, iSCSI), and the SSH session that this runs in. IPv4
 * for storage: its routes are the ones that are read whole.
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

#include "port/discover_parts.h"

#define MAX_ANCESTORS 32

static void use_route(GPtrArray *nets, const GArray *routes, const char *address, const char *use)
{
    guint32 ip;
    const char *name = inet_pton(AF_INET, address, &ip) == 1 ? discover_route_to(routes, ip) : NULL;

    if (name)
        discover_add_use(discover_find_net(nets, name, true)->uses, use);
}

/* "rw,vers=4.2,addr=192.0.2.9,clientaddr=..." */
static void use_options(GPtrArray *nets, const GArray *routes, const char *point,
                        const char *options)
{
    g_auto(GStrv) words = g_strsplit(options, ",", -1);
    const char *use = strcmp(point, "/") == 0 ? HOST_USE_ROOT_STORAGE : HOST_USE_STORAGE;

    for (char **word = words; *word; word++) {
        if (g_str_has_prefix(*word, "addr="))
            use_route(nets, routes, *word + strlen("addr="), use);
    }
}

/* man 5 proc: the point is the fifth word and the options the last, or the second and the fourth.
 */
static const struct {
    const char *path;
    guint point, options; /* 0: the last */
} MOUNTS[] = {{"proc/1/mountinfo", 4, 0}, {"proc/1/mounts", 1, 3}, {"proc/mounts", 1, 3}};

void discover_remote_storage(Discovery *discovery, const GArray *routes, GPtrArray *nets)
{
    static const char connections[] = "sys/class/iscsi_connection";
    g_autoptr(GPtrArray) names = root_list(discovery->root, connections);

    for (guint i = 0; i < names->len; i++) {
        g_autofree char *address =
            root_read_text(discovery->root, "%s/%s/address", connections, (char *)names->pdata[i]);

        if (address)
            use_route(nets, routes, address, HOST_USE_STORAGE);
    }
    for (guint i = 0; i < G_N_ELEMENTS(MOUNTS); i++) {
        g_autoptr(GPtrArray) lines = discover_read_words(discovery->root, MOUNTS[i].path);

        for (guint l = 0; l < lines->len; l++) {
            char **words = lines->pdata[l];
            guint n = g_strv_length(words);

            if (n > 5)
                use_options(nets, routes, words[MOUNTS[i].point],
                            words[MOUNTS[i].options ? MOUNTS[i].options : n - 1]);
        }
    }
}

/* The sockets (inode numbers) of the sshd that this program runs below, whatever its port. */
static GHashTable *own_sockets(Root *root)
{
    GHashTable *sockets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *pid = g_strdup("self");

    for (guint i = 0; i < MAX_ANCESTORS && strcmp(pid, "0") != 0; i++) {
        g_autofree char *comm = root_read_text(root, "proc/%s/comm", pid);
        g_autofree char *status = root_read_text(root, "proc/%s/status", pid);
        const char *parent = status ? strstr(status, "\nPPid:\t") : NULL;
        g_autoptr(GPtrArray) files =
            comm && g_str_has_prefix(comm, "sshd") ? root_list(root, "proc/%s/fd", pid) : NULL;

        for (guint f = 0; files && f < files->len; f++) {
            g_autofree char *target =
                root_read_link(root, "proc/%s/fd/%s", pid, (char *)files->pdata[f]);

            if (target && g_str_has_prefix(target, "socket:["))
                g_hash_table_add(sockets, g_strndup(target + 8, strcspn(target + 8, "]")));
        }
        if (!parent)
            break;
        parent += strlen("\nPPid:\t");
        g_free(pid);
        pid = g_strndup(parent, strcspn(parent, "\n"));
    }
    return sockets;
}

/* Eight or thirty-two hex digits, each eight a word in this machine's byte order; an IPv4 address
 * becomes a mapped one. */
static bool parse_address(const char *text, struct in6_addr *ret_address)
{
    gsize digits = strspn(text, "0123456789ABCDEFabcdef");
    guint32 words[4] = {0, 0, htonl(0xffff), 0};

    if (digits != 8 && digits != 32)
        return false;
    for (gsize i = 0; i < digits / 8; i++) {
        g_autofree char *word = g_strndup(text + 8 * i, 8);

        words[digits == 8 ? 3 : i] = (guint32)g_ascii_strtoull(word, NULL, 16);
    }
    memcpy(ret_address, words, sizeof words);
    return true;
}

static bool has_address(const struct ifaddrs *entry, const struct in6_addr *address)
{
    if (!entry->ifa_addr)
        return false;
    if (entry->ifa_addr->sa_family == AF_INET6)
        return memcmp(&((const struct sockaddr_in6 *)(const void *)entry->ifa_addr)->sin6_addr,
                      address, sizeof *address) == 0;
    return entry->ifa_addr->sa_family == AF_INET && IN6_IS_ADDR_V4MAPPED(address) &&
           memcmp(&((const struct sockaddr_in *)(const void *)entry->ifa_addr)->sin_addr,
                  &address->s6_addr[12], 4) == 0;
}

/* /proc/net/tcp: "0: 0500000A:0016 ... 01 ... inode"; 01 is established. The kernel goes through
 * the table of all connections for it, milliseconds, so it is only read below an sshd. */
static bool is_ssh(char *const *words, GHashTable *sockets)
{
    return strcmp(words[3], "01") == 0 && g_hash_table_contains(sockets, words[9]);
}

void discover_ssh(Discovery *discovery, GPtrArray *nets)
{
    static const char *const files[] = {"proc/net/tcp", "proc/net/tcp6"};
    g_autoptr(GHashTable) sockets = NULL;
    struct ifaddrs *addresses = NULL;

    if (getifaddrs(&addresses) != 0)
        return;
    /* who is connected is nothing for a capture */
    root_trace_quiet(discovery->root, true);
    sockets = own_sockets(discovery->root);
    for (guint f = 0; g_hash_table_size(sockets) && f < G_N_ELEMENTS(files); f++) {
        g_autoptr(GPtrArray) lines = discover_read_words(discovery->root, files[f]);

        for (guint i = 1; i < lines->len; i++) { /* after the heading */
            char **words = lines->pdata[i];
            struct in6_addr local;

            if (g_strv_length(words) < 10 || !is_ssh(words, sockets) ||
                !parse_address(words[1], &local))
                continue;
            for (const struct ifaddrs *entry = addresses; entry; entry = entry->ifa_next) {
                if (has_address(entry, &local))
                    discover_add_use(discover_find_net(nets, entry->ifa_name, true)->uses,
                                     HOST_USE_SSH);
            }
        }
    }
    root_trace_quiet(discovery->root, false);
    freeifaddrs(addresses);
}
