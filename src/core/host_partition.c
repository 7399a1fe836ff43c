/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Isolation without a reboot: the slices' CPUs in an isolated partition of cpusets
 * (Documentation/admin-guide/cgroup-v2.rst, cpuset.cpus.partition; "isolated" since Linux 6.1). The
 * kernel takes them from all other cgroups and does not balance load on them. The boot unit makes
 * it anew at each boot, before libvirt.
 */
#include <stdio.h>
#include <string.h>

#include "core/steps_host.h"
#include "model/ownership.h"
#include "model/spec.h"

#define CONTROLLERS "/sys/fs/cgroup/cgroup.controllers"

static bool has_cpusets(const Facts *facts)
{
    const char *text = facts_get(facts, CONTROLLERS);
    g_auto(GStrv) words = g_strsplit(text ? text : "", " ", -1);

    return g_strv_contains((const char *const *)words, "cpuset");
}

static bool is_old(const char *release)
{
    int major = 0, minor = 0;

    return release && sscanf(release, "%d.%d", &major, &minor) == 2 &&
           (major < 6 || (major == 6 && minor < 1));
}

static void tell_lacks(const HostInput *input, GPtrArray *findings)
{
    g_autofree char *subject = g_strdup_printf("host %s", input->plan_host->name);

    if (!has_cpusets(input->facts))
        finding_set_hint(findings_add(findings, FINDING_ERROR, "no-cpuset", subject,
                                      "isolation: runtime needs cgroups of version 2 with cpuset, "
                                      "and " CONTROLLERS " does not name it"),
                         "isolation: boot, or boot with systemd.unified_cgroup_hierarchy=1");
    if (!facts_have(input->facts, STEPS_MACHINED))
        finding_set_hint(findings_add(findings, FINDING_ERROR, "no-machined", subject,
                                      "libvirt puts guests into a slice of systemd through "
                                      "systemd-machined only, and it is not installed"),
                         "install systemd-container");
    if (is_old(input->host->kernel.release))
        findings_add(findings, FINDING_WARNING, "partition-kernel", subject,
                     "Linux knows isolated partitions since 6.1: %s has them only if its vendor "
                     "took them over",
                     input->host->kernel.release);
}

/* "isolated 2-7"; NULL: no partition. Caller frees. */
static char *word(const CpuSet *cpus)
{
    g_autofree char *list = cpuset_format(cpus);

    return cpus && *list ? g_strconcat("isolated ", list, NULL) : NULL;
}

static void add(const HostInput *input, const char *value, const char *before, const char *why,
                const char *text, GPtrArray *steps)
{
    host_add_setting(steps, STEP_PARTITION, input->plan_host->name,
                     setting_new(SETTING_PARTITION, PARTITION_UNIT, value), before, why, "%s",
                     text);
}

void host_partition(const HostInput *input, GPtrArray *steps, GPtrArray *findings)
{
    bool wanted = input->plan_host->isolation == SPEC_ISOLATION_RUNTIME;
    g_autofree char *value = word(wanted ? input->plan_host->isolated_cpus : NULL);
    g_autofree char *now = word(input->host->kernel.partition);
    g_autofree char *text = NULL;

    if (value && input->facts)
        tell_lacks(input, findings);
    if (g_strcmp0(value, now) == 0)
        return;
    if (!value) {
        add(input, NULL, now, "guests outside of it cannot have its CPUs",
            "dissolve the partition of CPUs of " PARTITION_UNIT, steps);
        return;
    }
    text =
        g_strdup_printf("isolate CPUs %s in a partition, " PARTITION_UNIT, strchr(value, ' ') + 1);
    add(input, value, now ? now : "none", "the host's scheduler would run other work there", text,
        steps);
}
