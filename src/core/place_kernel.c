/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel arguments a plan needs (Documentation/admin-guide/kernel-parameters.txt).
 *
 * isolcpus=managed_irq,domain: out of load balancing, and managed interrupts keep away; nohz_full
 * and rcu_nocbs: no tick and no RCU callbacks there; irqaffinity: other interrupts go to the host's
 * CPUs. Hugepages of 1 GiB must be had at boot, and on the right node: "hugepages=0:4,1:8" (Linux
 * >= 5.16, commit b5389086ad7b); a plain number would spread over all nodes, those without slices
 * too.
 */
#include "core/domain.h"
#include "core/place_internal.h"

#include <string.h>

#define GIB (G_GINT64_CONSTANT(1) << 30)
#define MIB (G_GINT64_CONSTANT(1) << 20)

static void G_GNUC_PRINTF(2, 3) add(PlanHost *plan_host, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_ptr_array_add(plan_host->kernel_args, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

static bool has_devices(const PlanHost *plan_host)
{
    for (guint i = 0; i < plan_host->slices->len; i++)
        if (((const PlanSlice *)g_ptr_array_index(plan_host->slices, i))->devices->len > 0)
            return true;
    return false;
}

/* Intel's IOMMU may need to be asked for; one that is on already without being asked stays so.
 * AMD's is on wherever the firmware has it, and the kernel knows no "amd_iommu=on". */
static void add_iommu(const Host *host, PlanHost *plan_host)
{
    const char *model = host->cpu.model ? host->cpu.model : "";
    const char *cmdline = host->kernel.cmdline ? host->kernel.cmdline : "";

    if (strstr(cmdline, "intel_iommu=on") || (strstr(model, "Intel") && host->kernel.iommu != 1))
        add(plan_host, "intel_iommu=on");
}

/* "0:4,1:8", or NULL when no slice asks for this size. */
static char *pages_text(const Host *host, const PlanHost *plan_host, gint64 page)
{
    GString *text = g_string_new(NULL);

    for (guint n = 0; n < host->nodes->len; n++) {
        const HostNode *node = g_ptr_array_index(host->nodes, n);
        gint64 pages = domain_pages_on_node(plan_host, node->id, page);

        if (pages > 0)
            g_string_append_printf(text, "%s%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT,
                                   text->len ? "," : "", node->id, pages);
    }
    return g_string_free(text, text->len == 0);
}

static void add_hugepages(const Host *host, PlanHost *plan_host)
{
    g_autofree char *large = pages_text(host, plan_host, GIB);
    g_autofree char *small = pages_text(host, plan_host, 2 * MIB);

    if (!large)
        return; /* 2 MiB pages can be had at run time */
    add(plan_host, "default_hugepagesz=1G");
    add(plan_host, "hugepagesz=1G");
    add(plan_host, "hugepages=%s", large);
    if (!small)
        return;
    add(plan_host, "hugepagesz=2M");
    add(plan_host, "hugepages=%s", small);
}

void kernel_args_add(const Host *host, const SpecHost *spec_host, PlanHost *plan_host)
{
    bool boot = spec_host->isolation.mode == SPEC_ISOLATION_BOOT;
    bool full = boot && spec_host->isolation.style != SPEC_ISOLATION_ISOLCPUS;
    g_autofree char *isolated = cpuset_format(plan_host->isolated_cpus);
    g_autofree char *reserved = cpuset_format(plan_host->reserved_cpus);

    if (has_devices(plan_host))
        add_iommu(host, plan_host);
    if (has_devices(plan_host) && full)
        add(plan_host, "iommu=pt");
    if (boot)
        add(plan_host, "isolcpus=%s%s", full ? "managed_irq,domain," : "", isolated);
    if (full) {
        add(plan_host, "nohz_full=%s", isolated);
        add(plan_host, "rcu_nocbs=%s", isolated);
        add(plan_host, "irqaffinity=%s", reserved);
    }
    add_hugepages(host, plan_host);
}
