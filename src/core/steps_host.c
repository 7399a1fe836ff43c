/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a host, in the order in which they are done: what later ones rest on comes first. */
#include "core/steps_host.h"

#include <stdarg.h>
#include <string.h>

static void (*const SUBJECTS[])(const HostInput *input, GPtrArray *steps, GPtrArray *findings) = {
    host_services,  host_interrupts,
    host_pages,     host_vfs, /* which set up interrupts of their own */
    host_tuning,    host_partition,
    host_boot_unit, host_kernel_args,
};

const char *const STEPS_FACTS[] = {
    /* host_kernel_args.c, boot_loader.c */
    "/etc/default/grub",
    "/etc/default/grub.d/*.cfg",
    "/usr/sbin/update-grub",
    "/boot/grub/grub.cfg",
    "/etc/kernel/cmdline",
    "/boot/loader/entries/*.conf",
    "/boot/efi/loader/entries/*.conf",
    "/efi/loader/entries/*.conf",
    /* host_services.c */
    "/proc/[0-9]*/comm",
    /* host_vfs.c */
    "/sys/class/net/*/flags",
    "/sys/class/net/*/mtu",
    /* host_interrupts.c */
    "/proc/irq/default_smp_affinity",
    "/proc/irq/[0-9]*/smp_affinity_list",
    /* host_tuning.c */
    "/sys/devices/virtual/workqueue/cpumask",
    "/sys/kernel/mm/ksm/run",
    "/sys/kernel/mm/transparent_hugepage/enabled",
    "/sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor",
    /* host_partition.c */
    "/sys/fs/cgroup/cgroup.controllers",
    STEPS_MACHINED,
    /* host_pages.c */
    STEPS_PAGES_MOUNT,
    STEPS_PAGES_WANTS,
    /* host_boot_unit.c */
    STEPS_BOOT_UNIT_PATH,
    STEPS_BOOT_WANTS,
    STEPS_BOOT_PLAN,
    STEPS_MODULES,
    STEPS_HOOK,
    NULL,
};

Step *host_add_setting(GPtrArray *steps, StepKind kind, const char *subject, Setting *setting,
                       const char *before, const char *why, const char *text, ...)
{
    g_autofree char *words = NULL;
    g_autofree char *undo = NULL;
    va_list arguments;
    Step *step;

    va_start(arguments, text);
    words = g_strdup_vprintf(text, arguments);
    va_end(arguments);
    if (setting->kind == SETTING_FILE)
        undo = g_strdup(before ? "put the former file back" : "remove the file");
    else
        undo = g_strdup_printf("set it back to %s", before ? before : "what it was");
    step = steps_add(steps, kind, subject, why, undo, "%s", words);
    step->setting = setting;
    return step;
}

void steps_derive_host(const Host *host, const PlanHost *plan_host, const Facts *facts,
                       const char *program, GPtrArray *steps, GPtrArray *findings)
{
    const HostInput input = {host, plan_host, facts, program};

    for (guint i = 0; i < G_N_ELEMENTS(SUBJECTS); i++)
        SUBJECTS[i](&input, steps, findings);
}
