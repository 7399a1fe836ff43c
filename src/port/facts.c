/* SPDX-License-Identifier: Apache-2.0 */
#include "port/facts.h"

#include <glob.h>
#include <string.h>

#include "port/file.h"

/* A grub.cfg with many kernels has some hundred KiB. */
#define MAX_BYTES ((gsize)4 << 20)

static bool is_kernels(const char *path)
{
    return g_str_has_prefix(path, "/sys/") || g_str_has_prefix(path, "/proc/");
}

static void read_one(const Hands *hands, const char *full, Facts *facts)
{
    const char *path = full + strlen(hands->root);
    g_autofree char *text = NULL;

    if (!file_read(full, MAX_BYTES, &text, NULL, NULL) || !g_utf8_validate(text, -1, NULL))
        return;
    facts_add(facts, path, is_kernels(path) ? g_strchomp(text) : text);
}

Facts *facts_read(const Hands *hands, const char *const *patterns)
{
    Facts *facts = facts_new();

    for (guint i = 0; patterns[i]; i++) {
        g_autofree char *pattern = hands_path(hands, patterns[i]);
        glob_t found;

        if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
            continue;
        for (gsize k = 0; k < found.gl_pathc; k++)
            read_one(hands, found.gl_pathv[k], facts);
        globfree(&found);
    }
    return facts;
}
