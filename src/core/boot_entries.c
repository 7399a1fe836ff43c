/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boot entries, a file for each kernel with a line "options ..." (the Boot Loader Specification,
 * https://uapi-group.org/specifications/specs/boot_loader_specification): the RHEL family, where
 * grubby edits the same lines, and systemd-boot. New kernels take theirs from /etc/kernel/cmdline
 * (man 8 kernel-install).
 */
#include <string.h>

#include "core/boot_loader.h"

#define FOR_NEW_KERNELS "/etc/kernel/cmdline"

/* What one boots when all else fails stays as it is. */
static void remove_rescue(GPtrArray *paths)
{
    for (guint i = paths->len; i-- > 0;) {
        if (strstr(paths->pdata[i], "rescue"))
            g_ptr_array_remove_index(paths, i);
    }
}

static GPtrArray *list_entries(const Facts *facts)
{
    static const char *const folders[] = {"/boot/loader/entries/*.conf",
                                          "/boot/efi/loader/entries/*.conf",
                                          "/efi/loader/entries/*.conf"};

    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autoptr(GPtrArray) paths = facts_list(facts, folders[i]);

        remove_rescue(paths);
        if (paths->len > 0)
            return g_steal_pointer(&paths);
    }
    return g_ptr_array_new();
}

static bool is_options(const char *line)
{
    return g_str_has_prefix(line, "options") && g_ascii_isspace(line[strlen("options")]);
}

/* An entry that leaves its options to a variable ("$kernelopts") is changed elsewhere. */
static bool is_plain(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    bool found = false;

    for (char **line = lines; *line; line++) {
        if (is_options(*line))
            found = !strchr(*line, '$') || strstr(*line, "$tuned_params");
    }
    return found;
}

/* "x-6.8.5+3.conf": the loader renames it at each boot, and what is staged in it could not be
 * found again (https://systemd.io/AUTOMATIC_BOOT_ASSESSMENT). */
static bool is_counted(const char *path)
{
    const char *plus = strrchr(path, '+');

    return plus && g_ascii_isdigit(plus[1]) &&
           strspn(plus + 1, "0123456789-") == strcspn(plus + 1, ".");
}

static bool is_used(const Facts *facts)
{
    g_autoptr(GPtrArray) paths = list_entries(facts);

    for (guint i = 0; i < paths->len; i++) {
        if (is_counted(paths->pdata[i]) || !is_plain(facts_get(facts, paths->pdata[i])))
            return false;
    }
    return paths->len > 0;
}

static char *edit_entry(const char *text, const GPtrArray *words)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++) {
        g_autofree char *merged = NULL;

        if (!is_options(*line))
            continue;
        merged = boot_words_merge(*line + strlen("options"), words);
        g_free(*line);
        *line = g_strconcat("options ", merged, NULL);
    }
    return g_strjoinv("\n", lines);
}

/* The host's words and those that we put there before: which is which cannot be told. */
static char *own_words(const Facts *facts)
{
    g_autoptr(GPtrArray) paths = list_entries(facts);
    GString *words = g_string_new(NULL);

    for (guint i = 0; i < paths->len; i++) {
        g_auto(GStrv) lines = g_strsplit(facts_get(facts, paths->pdata[i]), "\n", -1);

        for (char **line = lines; *line; line++) {
            if (is_options(*line))
                g_string_append_printf(words, " %s", *line + strlen("options"));
        }
    }
    return g_string_free(words, FALSE);
}

static void add_file(const char *path, const char *before, char *text, GPtrArray *settings,
                     GPtrArray *former)
{
    g_ptr_array_add(settings, setting_new(SETTING_FILE, path, text));
    g_ptr_array_add(former, g_strdup(before));
    g_free(text);
}

static GPtrArray *stage(const Facts *facts, const GPtrArray *words, GPtrArray **ret_before)
{
    GPtrArray *settings = g_ptr_array_new_with_free_func((GDestroyNotify)setting_free);
    GPtrArray *former = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) paths = list_entries(facts);
    const char *cmdline = facts_get(facts, FOR_NEW_KERNELS);

    if (cmdline) {
        g_autofree char *merged = boot_words_merge(cmdline, words);

        add_file(FOR_NEW_KERNELS, cmdline, g_strconcat(merged, "\n", NULL), settings, former);
    }
    for (guint i = 0; i < paths->len; i++) {
        const char *before = facts_get(facts, paths->pdata[i]);

        add_file(paths->pdata[i], before, edit_entry(before, words), settings, former);
    }
    *ret_before = former;
    return settings;
}

const BootLoader BOOT_LOADER_ENTRIES = {"boot entries", is_used, own_words, stage,
                                        .replaces = true};
