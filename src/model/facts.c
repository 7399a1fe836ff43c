/* SPDX-License-Identifier: Apache-2.0 */
#include "model/facts.h"

#include <string.h>

static gint compare_paths(gconstpointer a, gconstpointer b, gpointer data)
{
    (void)data;
    return strcmp(a, b);
}

Facts *facts_new(void)
{
    Facts *facts = g_new0(Facts, 1);

    facts->texts = g_tree_new_full(compare_paths, NULL, g_free, g_free);
    return facts;
}

void facts_free(Facts *facts)
{
    if (!facts)
        return;
    g_tree_unref(facts->texts);
    g_free(facts);
}

void facts_add(Facts *facts, const char *path, const char *text)
{
    g_tree_replace(facts->texts, g_strdup(path), g_strdup(text));
}

const char *facts_get(const Facts *facts, const char *path)
{
    return g_tree_lookup(facts->texts, path);
}

bool facts_have(const Facts *facts, const char *path)
{
    return facts_get(facts, path) != NULL;
}

typedef struct {
    const char *pattern;
    GPtrArray *paths;
} Search;

static gboolean collect(gpointer path, gpointer text, gpointer data)
{
    Search *search = data;

    (void)text;
    if (g_pattern_match_simple(search->pattern, path))
        g_ptr_array_add(search->paths, path);
    return FALSE;
}

GPtrArray *facts_list(const Facts *facts, const char *pattern)
{
    Search search = {pattern, g_ptr_array_new()};

    g_tree_foreach(facts->texts, collect, &search);
    return search.paths;
}
