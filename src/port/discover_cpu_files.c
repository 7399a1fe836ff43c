/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Online CPUs, cores, sockets and L3 domains from sysfs itself (Documentation/admin-guide/
 * cputopology.rst), for captured trees that hwloc will not read: it wants the masks, and some
 * captures kept the lists only.
 */
#include <string.h>

#include "port/discover_parts.h"

#define CPUS "sys/devices/system/cpu"

/* "online", or else each CPU that has a topology and is not switched off. */
static CpuSet *find_online(Root *root)
{
    CpuSet *online = root_read_cpus(root, CPUS "/online");
    g_autoptr(GPtrArray) names = NULL;

    if (online && !cpuset_is_empty(online))
        return online;
    cpuset_free(online);
    online = cpuset_new();
    names = root_list(root, CPUS);
    for (guint i = 0; i < names->len; i++) {
        gint64 cpu = discover_numbered(names->pdata[i], "cpu");

        if (cpu >= 0 && cpu < CPUSET_LIMIT &&
            root_read_int(root, CPUS "/cpu%d/online", (int)cpu) != 0)
            cpuset_add(online, cpu);
    }
    return online;
}

/* The older name of a file means the same (since 5.3 thread_siblings is core_cpus). */
static CpuSet *find_siblings(Root *root, int cpu)
{
    static const char *const names[] = {"core_cpus", "thread_siblings"};
    CpuSet *set = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(names) && !set; i++) {
        g_autofree char *mask = g_strdup_printf(CPUS "/cpu%d/topology/%s", cpu, names[i]);
        g_autofree char *list = g_strconcat(mask, "_list", NULL);

        set = discover_read_cpus(root, list, mask);
    }
    return set;
}

static CpuSet *find_l3(Root *root, int cpu)
{
    g_autoptr(GPtrArray) names = root_list(root, CPUS "/cpu%d/cache", cpu);
    CpuSet *set = NULL;

    for (guint i = 0; i < names->len && !set; i++) {
        g_autofree char *folder =
            g_strdup_printf(CPUS "/cpu%d/cache/%s", cpu, (char *)names->pdata[i]);
        g_autofree char *list = g_strconcat(folder, "/shared_cpu_list", NULL);
        g_autofree char *mask = g_strconcat(folder, "/shared_cpu_map", NULL);

        if (root_read_int(root, "%s/level", folder) == 3)
            set = discover_read_cpus(root, list, mask);
    }
    return set;
}

/* The number of the domain that holds @cpu; @domains (CpuSet *) are those met so far. */
static gint64 number_l3(Root *root, int cpu, GPtrArray *domains)
{
    CpuSet *domain;

    for (guint i = 0; i < domains->len; i++) {
        if (cpuset_has(domains->pdata[i], cpu))
            return i;
    }
    domain = find_l3(root, cpu);
    if (!domain)
        return RECORD_UNSET;
    g_ptr_array_add(domains, domain);
    return domains->len - 1;
}

static guint count_sockets(const Host *host)
{
    g_autoptr(CpuSet) sockets = cpuset_new();

    for (guint i = 0; i < host->cores->len; i++) {
        const HostCore *core = g_ptr_array_index(host->cores, i);

        if (core->socket >= 0 && core->socket < CPUSET_LIMIT)
            cpuset_add(sockets, core->socket);
    }
    return cpuset_count(sockets);
}

/* "model name	: Intel(R) ..." of x86, the only one that needs no table of numbers. */
static char *find_model(Root *root)
{
    g_autofree char *text = root_read_text(root, "proc/cpuinfo");
    const char *line = text ? strstr(text, "\nmodel name\t: ") : NULL;
    const char *model = line ? line + strlen("\nmodel name\t: ") : NULL;

    return model ? g_strndup(model, strcspn(model, "\n")) : NULL;
}

guint discover_cpu_files(Discovery *discovery)
{
    Root *root = discovery->root;
    Host *host = discovery->host;
    g_autoptr(CpuSet) left = find_online(root);
    g_autoptr(GPtrArray) domains = g_ptr_array_new_with_free_func((GDestroyNotify)cpuset_free);
    guint alone = 0;

    host->cpu.online = cpuset_copy(left);
    host->cpu.model = find_model(root);
    for (int cpu = cpuset_next(left, 0); cpu >= 0; cpu = cpuset_next(left, cpu + 1)) {
        HostCore *core = discover_new("cores");

        core->cpus = find_siblings(root, cpu);
        if (!core->cpus) {
            core->cpus = cpuset_new();
            alone++;
        }
        cpuset_add(core->cpus, cpu);
        cpuset_intersect(core->cpus, left);
        cpuset_subtract(left, core->cpus);
        core->id = host->cores->len;
        core->socket = root_read_int(root, CPUS "/cpu%d/topology/physical_package_id", cpu);
        core->l3 = number_l3(root, cpu, domains);
        g_ptr_array_add(host->cores, core);
    }
    host->cpu.sockets = count_sockets(host);
    return alone;
}
