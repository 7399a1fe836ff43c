/* SPDX-License-Identifier: Apache-2.0 */
/* The other names of the interfaces, which only rtnetlink tells (man 7 rtnetlink; IFLA_PROP_LIST
 * since Linux 5.5). */
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "port/asked.h"

#define BUFFER_BYTES 65536

static void add_altnames(AskedNet *net, struct rtattr *list)
{
    int left = (int)RTA_PAYLOAD(list);

    for (struct rtattr *one = RTA_DATA(list); RTA_OK(one, left); one = RTA_NEXT(one, left)) {
        if (one->rta_type == IFLA_ALT_IFNAME)
            g_ptr_array_add(net->altnames, g_strndup(RTA_DATA(one), RTA_PAYLOAD(one)));
    }
}

static void read_interface(struct nlmsghdr *message, Asked *asked)
{
    struct ifinfomsg *info = NLMSG_DATA(message);
    int left = (int)IFLA_PAYLOAD(message);
    struct rtattr *name = NULL, *list = NULL;
    AskedNet *net;

    for (struct rtattr *one = IFLA_RTA(info); RTA_OK(one, left); one = RTA_NEXT(one, left)) {
        if (one->rta_type == IFLA_IFNAME)
            name = one;
        if ((one->rta_type & NLA_TYPE_MASK) == IFLA_PROP_LIST)
            list = one;
    }
    if (!name)
        return;
    net = asked_find_net(asked, RTA_DATA(name), true);
    if (!net->altnames)
        net->altnames = g_ptr_array_new_with_free_func(g_free);
    if (list)
        add_altnames(net, list);
}

/* Returns whether more is to come. */
static bool read_answer(int fd, char *buffer, Asked *asked)
{
    ssize_t length = TEMP_FAILURE_RETRY(recv(fd, buffer, BUFFER_BYTES, 0));
    unsigned left = length > 0 ? (unsigned)length : 0;

    for (struct nlmsghdr *message = (struct nlmsghdr *)buffer; NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left)) {
        if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR)
            return false;
        if (message->nlmsg_type == RTM_NEWLINK)
            read_interface(message, asked);
    }
    return length > 0;
}

void asked_add_names(Asked *asked)
{
    struct {
        struct nlmsghdr header;
        struct ifinfomsg info;
    } request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = RTM_GETLINK,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
    };
    g_autofree char *buffer = g_malloc(BUFFER_BYTES);
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    if (fd < 0)
        return;
    if (send(fd, &request, sizeof request, 0) == (ssize_t)sizeof request) {
        while (read_answer(fd, buffer, asked))
            ;
    }
    (void)close(fd);
}
