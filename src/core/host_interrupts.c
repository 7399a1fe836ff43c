/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts leave the slices' CPUs (Documentation/core-api/irq/irq-affinity.rst). Those whose
 * affinity the kernel manages itself cannot be moved: "managed_irq" of isolcpus= keeps them away as
 * far as it can.
 */
#include "core/kernel.h"
#include "core/steps_host.h"

static void derive_default(const HostInput *input, const char *allowed, GPtrArray *steps)
{
    static const char path[] = "/proc/irq/default_smp_affinity";
    const char *text = facts_get(input->facts, path);
    g_autoptr(CpuSet) now = text ? cpuset_parse_mask(text) : NULL;
    g_autofree char *before = now ? cpuset_format(now) : NULL;
    Setting *setting;

    if (!now || !cpuset_intersects(now, input->plan_host->isolated_cpus))
        return;
    setting = setting_new(SETTING_ATTRIBUTE, path, allowed);
    setting->form = SETTING_MASK;
    host_add_setting(steps, STEP_INTERRUPT, input->plan_host->name, setting, before,
                     "interrupts that are set up later would go to the slices' CPUs",
                     "send new interrupts to CPUs %s", allowed);
}

/* Booted with irqaffinity=, what still goes to one of the slices' CPUs alone is a vector that a
 * driver has for each CPU: the kernel manages it, and refuses to move it. */
static bool is_managed(const HostInput *input, const CpuSet *now)
{
    g_autofree char *allowed = cpuset_format(input->plan_host->reserved_cpus);
    g_autofree char *argument = g_strconcat("irqaffinity=", allowed, NULL);

    return cpuset_count(now) == 1 &&
           kernel_argument_is_met(input->plan_host, input->host->kernel.cmdline, argument,
                                  /* ret_word= */ NULL);
}

static void derive_one(const HostInput *input, const char *path, const char *allowed,
                       GPtrArray *steps)
{
    g_autoptr(CpuSet) now = cpuset_parse(facts_get(input->facts, path), NULL);
    g_autofree char *before = now ? cpuset_format(now) : NULL;
    g_autofree char *why = NULL;
    g_auto(GStrv) parts = g_strsplit(path, "/", -1); /* "", "proc", "irq", number */
    Setting *setting;

    if (!now || !cpuset_intersects(now, input->plan_host->isolated_cpus) || is_managed(input, now))
        return;
    why = g_strdup_printf("it may interrupt the slices on CPUs %s", before);
    setting = setting_new(SETTING_ATTRIBUTE, path, allowed);
    setting->form = SETTING_CPUS;
    setting->optional = 1;
    host_add_setting(steps, STEP_INTERRUPT, parts[3], setting, before, why,
                     "send interrupt %s to CPUs %s", parts[3], allowed);
}

void host_interrupts(const HostInput *input, GPtrArray *steps, GPtrArray *findings)
{
    g_autofree char *allowed = cpuset_format(input->plan_host->reserved_cpus);
    g_autoptr(GPtrArray) paths = NULL;

    (void)findings;
    if (!input->facts || !plan_host_isolates(input->plan_host) || !*allowed)
        return;
    derive_default(input, allowed, steps);
    paths = facts_list(input->facts, "/proc/irq/*/smp_affinity_list");
    for (guint i = 0; i < paths->len; i++)
        derive_one(input, paths->pdata[i], allowed, steps);
}
