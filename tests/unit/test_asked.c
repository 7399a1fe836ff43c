/* SPDX-License-Identifier: Apache-2.0 */
/* What no file tells: the answers of lldpd, and the file of a captured tree, whole and broken. */
#include <glib/gstdio.h>
#include <string.h>

#include "port/asked.h"

#define INTERFACE(name, chassis, port)                                                             \
    "{\"lldp\": [{\"interface\": [{\"name\": \"" name "\", \"chassis\": [" chassis                 \
    "], \"port\": [" port "]}]}]}"

/* The form of lldpcli -f json0. */
static const struct {
    const char *text, *system, *port;
} ANSWERS[] = {
    {INTERFACE("eno1",
               "{\"id\": [{\"type\": \"mac\", \"value\": \"c0:11:a6:00:00:01\"}], "
               "\"name\": [{\"value\": \"leaf1\"}]}",
               "{\"id\": [{\"type\": \"ifname\", \"value\": \"Ethernet1/7\"}], \"descr\": "
               "[{\"value\": \"to server1\"}]}"),
     "leaf1", "Ethernet1/7"},
    {INTERFACE("eno1", "{\"id\": [{\"type\": \"mac\", \"value\": \"c0:11:a6:00:00:01\"}]}",
               "{\"id\": [{\"type\": \"mac\", \"value\": \"c0:11:a6:00:00:02\"}], \"descr\": "
               "[{\"value\": \"swp7\"}]}"),
     "c0:11:a6:00:00:01", "swp7"},
    {INTERFACE("eno1", "{}", "{\"id\": [{\"type\": \"mac\", \"value\": \"c0:11:a6:00:00:02\"}]}"),
     NULL, "c0:11:a6:00:00:02"},
    {INTERFACE("eno1", "7", "[]"), NULL, NULL},
    {"{\"lldp\": [{}]}", NULL, NULL},
    {"{\"lldp\": {\"interface\": 3}}", NULL, NULL},
    {"[1, 2", NULL, NULL},
    {"", NULL, NULL},
};

static void test_neighbours(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(ANSWERS); i++) {
        g_autoptr(Asked) asked = asked_new_live();
        const AskedNet *net = asked_find_net(asked, "eno1", true);

        asked_add_neighbours(asked, ANSWERS[i].text);
        g_assert_cmpstr(net->system, ==, ANSWERS[i].system);
        g_assert_cmpstr(net->port, ==, ANSWERS[i].port);
    }
}

/* The interface that every machine has; it has no other name. */
static void test_names(void)
{
    g_autoptr(Asked) asked = asked_new_live();
    const AskedNet *net = asked_find_net(asked, "lo", false);

    g_assert_nonnull(net);
    g_assert_nonnull(net->altnames);
}

static Asked *read_text(const char *text)
{
    g_autofree char *folder = g_dir_make_tmp("bmslice-asked-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, ASKED_FILE, NULL);
    g_autoptr(Root) root = root_open(folder, NULL);
    Asked *asked;

    g_assert_true(!text || g_file_set_contents(path, text, -1, NULL));
    asked = asked_read(root);
    g_unlink(path);
    g_rmdir(folder);
    return asked;
}

static void test_file(void)
{
    static const char *const broken[] = {
        NULL,
        "",
        "{",
        "[]",
        "{\"version\": 2}",
        "{\"version\": 1, \"nets\": 7}",
        "{\"version\": 1, \"nets\": [{\"name\": []}]}",
    };
    g_autoptr(Asked) asked = asked_new_live();
    g_autoptr(Asked) again = NULL;
    g_autofree char *text = NULL;
    g_autofree char *text_again = NULL;

    g_ptr_array_add(asked_find_net(asked, "eno1", true)->uses, g_strdup("ssh"));
    text = asked_write(asked);
    again = read_text(text);
    g_assert_nonnull(again);
    text_again = asked_write(again);
    g_assert_cmpstr(text_again, ==, text);
    g_assert_cmpstr(asked_find_net(again, "eno1", false)->uses->pdata[0], ==, "ssh");
    for (guint i = 0; i < G_N_ELEMENTS(broken); i++) {
        g_test_message("%u", i);
        g_assert_null(read_text(broken[i]));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/asked/neighbours", test_neighbours);
    g_test_add_func("/asked/names", test_names);
    g_test_add_func("/asked/file", test_file);
    return g_test_run();
}
