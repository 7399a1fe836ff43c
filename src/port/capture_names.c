/* SPDX-License-Identifier: Apache-2.0 */
#include "port/capture_names.h"

#include <string.h>

#define HOST_NAME "host1"

struct Names {
    GRegex *host; /* or NULL */
    GRegex *mac, *interface;
    GHashTable *macs; /* twelve hex digits -> its number from 1 */
};

static GRegex *compile(const char *pattern)
{
    return g_regex_new(pattern, G_REGEX_CASELESS, 0, NULL);
}

/* As a word of its own, whole or up to its first dot. */
static GRegex *compile_host(const char *hostname)
{
    g_autofree char *whole = g_regex_escape_string(hostname, -1);
    g_autofree char *first = g_strndup(hostname, strcspn(hostname, "."));
    g_autofree char *begin = g_regex_escape_string(first, -1);
    g_autofree char *pattern =
        g_strdup_printf("(?<![A-Za-z0-9])(%s|%s)(?![A-Za-z0-9])", whole, begin);

    return compile(pattern);
}

Names *names_new(const char *hostname)
{
    Names *names = g_new0(Names, 1);

    names->host = hostname && *hostname && *hostname != '.' ? compile_host(hostname) : NULL;
    names->mac = compile("(?<![0-9a-f:])[0-9a-f]{2}(:[0-9a-f]{2}){5}(?![0-9a-f])");
    names->interface = compile("(?<=enx)[0-9a-f]{12}(?![0-9a-f])");
    names->macs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return names;
}

void names_free(Names *names)
{
    if (!names)
        return;
    g_clear_pointer(&names->host, g_regex_unref);
    g_regex_unref(names->mac);
    g_regex_unref(names->interface);
    g_hash_table_unref(names->macs);
    g_free(names);
}

/* "no address" and broadcast name nobody. */
static gboolean replace_mac(const GMatchInfo *match, GString *result, gpointer data)
{
    Names *names = data;
    g_autofree char *found = g_match_info_fetch(match, 0);
    g_autofree char *lower = g_ascii_strdown(found, -1);
    g_auto(GStrv) parts = g_strsplit(lower, ":", -1);
    g_autofree char *digits = g_strjoinv("", parts);
    guint number;

    if (strspn(digits, "0") == 12 || strspn(digits, "f") == 12) {
        g_string_append(result, found);
        return FALSE;
    }
    number = GPOINTER_TO_UINT(g_hash_table_lookup(names->macs, digits));
    if (!number) {
        number = g_hash_table_size(names->macs) + 1;
        g_hash_table_insert(names->macs, g_steal_pointer(&digits), GUINT_TO_POINTER(number));
    }
    if (strchr(found, ':'))
        g_string_append_printf(result, "02:00:00:00:%02x:%02x", number >> 8 & 0xff, number & 0xff);
    else
        g_string_append_printf(result, "02000000%02x%02x", number >> 8 & 0xff, number & 0xff);
    return FALSE;
}

char *names_replace(Names *names, const char *text)
{
    g_autofree char *macs =
        g_regex_replace_eval(names->mac, text, -1, 0, 0, replace_mac, names, NULL);
    char *interfaces =
        macs ? g_regex_replace_eval(names->interface, macs, -1, 0, 0, replace_mac, names, NULL)
             : NULL;
    g_autofree char *named = interfaces;

    if (!names->host || !named)
        return g_steal_pointer(&named);
    return g_regex_replace_literal(names->host, named, -1, 0, HOST_NAME, 0, NULL);
}
