/* SPDX-License-Identifier: Apache-2.0 */
/* What else of the kernel would disturb the slices; each only where the kernel has it. */
#include <string.h>

#include "core/steps_host.h"

/* Documentation/core-api/workqueue.rst: unbound work runs on any CPU of the mask. */
static void derive_workqueues(const HostInput *input, GPtrArray *steps)
{
    static const char path[] = "/sys/devices/virtual/workqueue/cpumask";
    const char *text = facts_get(input->facts, path);
    g_autoptr(CpuSet) now = text ? cpuset_parse_mask(text) : NULL;
    g_autofree char *before = now ? cpuset_format(now) : NULL;
    g_autofree char *allowed = cpuset_format(input->plan_host->reserved_cpus);
    Setting *setting;

    if (!now || !*allowed || !cpuset_intersects(now, input->plan_host->isolated_cpus))
        return;
    setting = setting_new(SETTING_ATTRIBUTE, path, allowed);
    setting->form = SETTING_MASK;
    host_add_setting(steps, STEP_TUNING, "workqueues", setting, before,
                     "the kernel's unbound work may run on the slices' CPUs",
                     "keep unbound work of the kernel on CPUs %s", allowed);
}

/* Documentation/admin-guide/mm/ksm.rst: 1 runs, 0 stops and leaves merged pages as they are. */
static void derive_ksm(const HostInput *input, GPtrArray *steps)
{
    static const char path[] = "/sys/kernel/mm/ksm/run";

    if (g_strcmp0(facts_get(input->facts, path), "1") != 0)
        return;
    host_add_setting(steps, STEP_TUNING, "ksm", setting_new(SETTING_ATTRIBUTE, path, "0"), "1",
                     "merging pages stalls guests, and makes their memory shared",
                     "stop kernel samepage merging");
}

static bool any_ordinary_pages(const PlanHost *plan_host)
{
    for (guint i = 0; i < plan_host->slices->len; i++) {
        if (((const PlanSlice *)plan_host->slices->pdata[i])->hugepage_bytes <= 0)
            return true;
    }
    return false;
}

/* Documentation/admin-guide/mm/transhuge.rst. Memory in hugepages of its own is out of its reach.
 */
static void derive_thp(const HostInput *input, GPtrArray *steps)
{
    static const char path[] = "/sys/kernel/mm/transparent_hugepage/enabled";
    const char *now = facts_get(input->facts, path);
    Setting *setting;

    if (!now || strstr(now, "[never]") || !any_ordinary_pages(input->plan_host))
        return;
    setting = setting_new(SETTING_ATTRIBUTE, path, "never");
    setting->form = SETTING_CHOICE;
    host_add_setting(steps, STEP_TUNING, "thp", setting,
                     strstr(now, "[always]") ? "always" : "madvise",
                     "khugepaged moves the memory of slices in ordinary pages while they run",
                     "switch transparent hugepages off");
}

/* Documentation/admin-guide/pm/cpufreq.rst */
static void derive_governor(const HostInput *input, guint cpu, GPtrArray *steps)
{
    g_autofree char *path =
        g_strdup_printf("/sys/devices/system/cpu/cpu%u/cpufreq/scaling_governor", cpu);
    g_autofree char *subject = g_strdup_printf("CPU %u", cpu);
    const char *now = facts_get(input->facts, path);

    if (!now || strcmp(now, "performance") == 0)
        return;
    host_add_setting(steps, STEP_TUNING, subject,
                     setting_new(SETTING_ATTRIBUTE, path, "performance"), now,
                     "its clock would rise only after a slice has waited",
                     "set the frequency governor of CPU %u to performance", cpu);
}

void host_tuning(const HostInput *input, GPtrArray *steps, GPtrArray *findings)
{
    const CpuSet *isolated = input->plan_host->isolated_cpus;

    (void)findings;
    if (!input->facts || !plan_host_isolates(input->plan_host))
        return;
    derive_workqueues(input, steps);
    derive_ksm(input, steps);
    derive_thp(input, steps);
    for (int cpu = cpuset_next(isolated, 0); cpu >= 0; cpu = cpuset_next(isolated, (guint)cpu + 1))
        derive_governor(input, (guint)cpu, steps);
}
