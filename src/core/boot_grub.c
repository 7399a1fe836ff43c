/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GRUB as Debian and Ubuntu have it: grub-mkconfig reads /etc/default/grub, then
 * /etc/default/grub.d/NAME.cfg in order (their patch "grub.d"; man 8 update-grub). Ours is a file
 * of its own that appends to GRUB_CMDLINE_LINUX_DEFAULT: the host's own arguments stay, and the
 * recovery entries, which lack that variable, boot without ours.
 */
#include <string.h>

#include "core/boot_loader.h"

#define MAIN "/etc/default/grub"
#define OURS "/etc/default/grub.d/60-bmslice.cfg"
#define TOOL "/usr/sbin/update-grub"
#define MADE "/boot/grub/grub.cfg"

static bool is_used(const Facts *facts)
{
    return facts_have(facts, MAIN) && facts_have(facts, TOOL);
}

/* The values of GRUB_CMDLINE_LINUX and _DEFAULT in one file, quotes off: a line each, as people
 * write them; what a shell would make of it otherwise is not looked into. */
static void append_values(const char *text, GString *words)
{
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

    for (char **line = lines; *line; line++) {
        const char *value = strchr(*line, '=');

        if (!g_str_has_prefix(g_strchug(*line), "GRUB_CMDLINE_LINUX") || !value)
            continue;
        g_autofree char *plain = g_strdup(value + 1);

        g_strdelimit(plain, "\"'", ' ');
        g_string_append_printf(words, " %s", plain);
    }
}

static char *own_words(const Facts *facts)
{
    g_autoptr(GPtrArray) parts = facts_list(facts, "/etc/default/grub.d/*.cfg");
    GString *words = g_string_new(NULL);

    append_values(facts_get(facts, MAIN), words);
    for (guint i = 0; i < parts->len; i++) {
        if (strcmp(parts->pdata[i], OURS) != 0)
            append_values(facts_get(facts, parts->pdata[i]), words);
    }
    return g_string_free(words, FALSE);
}

static GPtrArray *stage(const Facts *facts, const GPtrArray *words, GPtrArray **ret_before)
{
    GPtrArray *settings = g_ptr_array_new_with_free_func((GDestroyNotify)setting_free);
    g_autofree char *joined = boot_words_merge("", words);
    g_autofree char *text =
        g_strdup_printf("# Made by bmslice for the slices of this host; \"bmslice prepare --undo\" "
                        "takes it back.\n"
                        "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT %s\"\n",
                        joined);
    Setting *setting = setting_new(SETTING_FILE, OURS, text);

    g_ptr_array_add(setting->command, g_strdup("update-grub"));
    setting->proof = g_strdup(MADE);
    for (guint i = 0; i < words->len; i++)
        g_ptr_array_add(setting->proof_words, g_strdup(words->pdata[i]));
    g_ptr_array_add(settings, setting);
    *ret_before = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(*ret_before, g_strdup(facts_get(facts, OURS)));
    return settings;
}

const BootLoader BOOT_LOADER_GRUB = {"GRUB", is_used, own_words, stage};
