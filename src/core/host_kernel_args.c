/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel arguments: staged through the boot loader, in force after a reboot. */
#include <string.h>

#include "core/boot_loader.h"
#include "core/kernel.h"
#include "core/steps_host.h"

/* Those of the plan that @cmdline does not give: char *, the plan's. */
static GPtrArray *list_missing(const HostInput *input, const char *cmdline)
{
    GPtrArray *missing = g_ptr_array_new();

    for (guint i = 0; i < input->plan_host->kernel_args->len; i++) {
        char *argument = input->plan_host->kernel_args->pdata[i];

        if (!kernel_argument_is_met(input->plan_host, cmdline, argument, NULL))
            g_ptr_array_add(missing, argument);
    }
    return missing;
}

/* A word of the host's own that sets one of ours to something else: both would be on the command
 * line, and which of them counts differs from argument to argument. */
static void tell_conflict(const char *subject, const BootLoader *loader, const char *other,
                          const char *word, GPtrArray *findings)
{
    if (loader->replaces)
        findings_add(findings, FINDING_WARNING, "kernel-args-replaced", subject,
                     "its kernel argument %s becomes %s, until prepare --undo", other, word);
    else
        finding_set_hint(
            findings_add(findings, FINDING_ERROR, "kernel-args-conflict", subject,
                         "its own kernel arguments have %s, and the plan needs %s", other, word),
            "take %s out of /etc/default/grub or a file of /etc/default/grub.d", other);
}

/* True when the conflicts forbid to stage anything. */
static bool tell_conflicts(const HostInput *input, const BootLoader *loader, const char *own,
                           const GPtrArray *words, GPtrArray *findings)
{
    g_auto(GStrv) others = g_strsplit_set(own, " \t\n", -1);
    g_autofree char *subject = g_strdup_printf("host %s", input->plan_host->name);
    g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);

    for (char **other = others; *other; other++) {
        for (guint i = 0; **other && i < words->len; i++) {
            if (!boot_words_same(*other, words->pdata[i]))
                continue;
            if (g_hash_table_add(told, *other)) /* each entry may have it */
                tell_conflict(subject, loader, *other, words->pdata[i], findings);
            break;
        }
    }
    return !loader->replaces && g_hash_table_size(told) > 0;
}

static void add_by_hand(const HostInput *input, const GPtrArray *missing, GPtrArray *steps)
{
    g_autofree char *words = boot_words_merge("", missing);
    g_autofree char *undo = g_strdup_printf("take %s off again, then reboot", words);
    Step *step = steps_add(steps, STEP_KERNEL_ARGS, input->plan_host->name,
                           input->host->kernel.cmdline
                               ? "the running kernel was started without them"
                               : "the inventory does not say what the kernel was started with",
                           undo, "add to the kernel command line: %s, then reboot", words);

    step->reboot = 1;
    step->by_hand = input->facts ? 1 : 0;
}

static void tell_unknown_loader(const HostInput *input, const GPtrArray *missing,
                                GPtrArray *findings)
{
    g_autofree char *subject = g_strdup_printf("host %s", input->plan_host->name);
    g_autofree char *words = boot_words_merge("", missing);

    finding_set_hint(findings_add(findings, FINDING_WARNING, "boot-loader-unknown", subject,
                                  "how it boots is not known (neither Debian's GRUB nor boot "
                                  "entries): its kernel arguments are left alone"),
                     "add to the kernel command line by hand: %s", words);
}

/* What is staged is not in force yet. */
static void add_reboot(const HostInput *input, const GPtrArray *missing, GPtrArray *steps)
{
    g_autofree char *words = boot_words_merge("", missing);
    g_autofree char *why = g_strdup_printf("in force only then: %s", words);
    Step *step = steps_add(steps, STEP_REBOOT, input->plan_host->name, why,
                           "prepare --undo, and another reboot", "reboot this host");

    step->reboot = 1;
}

static bool is_made(const Facts *facts, const Setting *setting)
{
    return setting_is_proven(setting, setting->proof ? facts_get(facts, setting->proof) : NULL);
}

/* The plan's arguments that the loader's own configuration does not give already. */
static void stage(const HostInput *input, const BootLoader *loader, GPtrArray *steps,
                  GPtrArray *findings)
{
    g_autofree char *own = loader->own_words(input->facts);
    g_autoptr(GPtrArray) words = list_missing(input, own);
    g_autoptr(GPtrArray) former = NULL;
    g_autoptr(GPtrArray) settings = NULL;

    if (words->len == 0 || tell_conflicts(input, loader, own, words, findings))
        return;
    settings = loader->stage(input->facts, words, &former);
    for (guint i = 0; i < settings->len; i++) {
        Setting *setting = settings->pdata[i];
        g_autofree char *joined = boot_words_merge("", words);
        Step *step;

        if (g_strcmp0(setting->value, former->pdata[i]) == 0 && is_made(input->facts, setting))
            continue;
        step =
            host_add_setting(steps, STEP_KERNEL_ARGS, input->plan_host->name, setting_copy(setting),
                             former->pdata[i], "the next boot is to have them",
                             STEPS_STAGE " in %s (%s): %s", setting->target, loader->name, joined);
        step->reboot = 1;
    }
}

void host_kernel_args(const HostInput *input, GPtrArray *steps, GPtrArray *findings)
{
    const BootLoader *loader = input->facts ? boot_loader_find(input->facts) : NULL;
    g_autoptr(GPtrArray) missing = list_missing(input, input->host->kernel.cmdline);

    if (loader)
        stage(input, loader, steps, findings);
    if (missing->len == 0)
        return;
    if (loader) {
        add_reboot(input, missing, steps);
        return;
    }
    if (input->facts)
        tell_unknown_loader(input, missing, findings);
    add_by_hand(input, missing, steps);
}
