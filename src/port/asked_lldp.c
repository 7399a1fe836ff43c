/* SPDX-License-Identifier: Apache-2.0 */
/* The other ends of the cables, where lldpd listens for them (man 8 lldpcli; its form "json0" is
 * the one that does not change with the number of neighbours). */
#include <jansson.h>
#include <string.h>

#include "port/asked.h"

/* As long as a daemon that does not answer may hold us up. */
#define SECONDS "3"

/* {"KEY": [{...}, ...]}: the first of these, or NULL. */
static json_t *first_of(json_t *object, const char *key)
{
    return json_array_get(json_object_get(object, key), 0);
}

static const char *value_of(json_t *object, const char *key)
{
    return json_string_value(json_object_get(first_of(object, key), "value"));
}

/* Its name as the switch has it; one that is only a MAC address says less than the description. */
static const char *port_name(json_t *port)
{
    const char *type = json_string_value(json_object_get(first_of(port, "id"), "type"));
    const char *id = value_of(port, "id"), *description = value_of(port, "descr");

    return description && (!id || g_strcmp0(type, "mac") == 0) ? description : id;
}

void asked_add_neighbours(Asked *asked, const char *text)
{
    json_t *document = json_loads(text, 0, NULL);
    json_t *interfaces = json_object_get(first_of(document, "lldp"), "interface");
    json_t *interface;
    size_t i;

    json_array_foreach(interfaces, i, interface)
    {
        const char *name = json_string_value(json_object_get(interface, "name"));
        json_t *chassis = first_of(interface, "chassis");
        const char *system = value_of(chassis, "name");
        AskedNet *net = name ? asked_find_net(asked, name, true) : NULL;

        if (!net || net->port) /* the first is the one heard of last */
            continue;
        net->system = g_strdup(system ? system : value_of(chassis, "id"));
        net->port = g_strdup(port_name(first_of(interface, "port")));
    }
    json_decref(document);
}

void asked_add_lldp(Asked *asked)
{
    static const char *const command[] = {"timeout", SECONDS, "lldpcli",   "-f",
                                          "json0",   "show",  "neighbors", NULL};
    g_autofree char *output = NULL;

    if (!g_file_test("/run/lldpd.socket", G_FILE_TEST_EXISTS) &&
        !g_file_test("/run/lldpd/lldpd.socket", G_FILE_TEST_EXISTS))
        return;
    if (g_spawn_sync(NULL, (char **)command, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL,
                     NULL, NULL, &output, NULL, NULL, NULL) &&
        output)
        asked_add_neighbours(asked, output);
}
