/* SPDX-License-Identifier: Apache-2.0 */
#include "core/boot_loader.h"

#include <string.h>

#include "model/finding.h"

/* GRUB on Debian reads no boot entries, RHEL's does, and has /etc/default/grub too. */
static const BootLoader *const LOADERS[] = {&BOOT_LOADER_GRUB, &BOOT_LOADER_ENTRIES};

const BootLoader *boot_loader_find(const Facts *facts)
{
    for (guint i = 0; i < G_N_ELEMENTS(LOADERS); i++) {
        if (LOADERS[i]->is_used(facts))
            return LOADERS[i];
    }
    return NULL;
}

bool boot_words_same(const char *word, const char *other)
{
    gsize length = strcspn(word, "=");

    return length == strcspn(other, "=") && strncmp(word, other, length) == 0;
}

static bool sets_one_of(const char *word, const GPtrArray *words)
{
    for (guint i = 0; i < words->len; i++) {
        if (boot_words_same(word, words->pdata[i]))
            return true;
    }
    return false;
}

char *boot_words_merge(const char *cmdline, const GPtrArray *words)
{
    g_auto(GStrv) old = g_strsplit_set(cmdline, " \t\n", -1);
    GString *text = g_string_new(NULL);

    for (char **word = old; *word; word++) {
        if (**word && !sets_one_of(*word, words))
            g_string_append_printf(text, "%s%s", text->len ? " " : "", *word);
    }
    for (guint i = 0; i < words->len; i++)
        g_string_append_printf(text, "%s%s", text->len ? " " : "", (char *)words->pdata[i]);
    return g_string_free(text, FALSE);
}

void boot_words_tell_left(const Facts *facts, const GPtrArray *words, GPtrArray *findings)
{
    const BootLoader *loader = boot_loader_find(facts);
    g_autofree char *own = loader ? loader->own_words(facts) : NULL;
    g_auto(GStrv) given = g_strsplit_set(own ? own : "", " \t\n", -1);
    g_autoptr(GPtrArray) left = g_ptr_array_new();
    g_autofree char *text = NULL;

    for (guint i = 0; i < words->len; i++) {
        if (g_strv_contains((const char *const *)given, words->pdata[i]))
            g_ptr_array_add(left, words->pdata[i]);
    }
    if (left->len == 0)
        return;
    text = boot_words_merge("", left);
    finding_set_hint(findings_add(findings, FINDING_WARNING, "kernel-args-left", loader->name,
                                  "a kernel that was installed meanwhile boots with %s", text),
                     "take them out of its entry, or install it anew");
}
