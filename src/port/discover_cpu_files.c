/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Online CPUs, cores, sockets and L3 domains from sysfs itself (Documentation/admin-guide/
 * cputopology.rst): a file or two for each core, where hwloc reads all that there is.
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

/* The newer name means the same (core_cpus since 5.3); kernels have kept the older one. */
static CpuSet *find_siblings(Root *root, int cpu)
{
    static const char *const names[] = {"thread_siblings", "core_cpus"};
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

/* "model name	: Intel(R) ..." of x86; a 64-bit Arm tells numbers only. False: the file has its
 * model in some other form. */
static bool find_model(Discovery *discovery, char **ret_model)
{
    const char *text = discovery->cpuinfo;
    const char *line = text ? strstr(text, "\nmodel name\t: ") : NULL;
    const char *model = line ? line + strlen("\nmodel name\t: ") : NULL;

    *ret_model = model ? g_strndup(model, strcspn(model, "\n")) : NULL;
    return model || !text || strstr(text, "\nCPU implementer\t: ");
}

/* Are the siblings one core? A kernel may call the two halves of an AMD module siblings, which have
 * core ids of their own. */
static bool have_one_id(Root *root, const CpuSet *siblings)
{
    gint64 first = RECORD_UNSET;

    for (int cpu = cpuset_next(siblings, 0); cpu >= 0; cpu = cpuset_next(siblings, cpu + 1)) {
        gint64 id = root_read_int(root, CPUS "/cpu%d/topology/core_id", cpu);

        if (first != RECORD_UNSET && id != first)
            return false;
        first = id;
    }
    return true;
}

HostGap discover_cpu_files(Discovery *discovery, bool *ret_sure)
{
    Root *root = discovery->root;
    Host *host = discovery->host;
    g_autoptr(CpuSet) left = find_online(root);
    g_autoptr(GPtrArray) domains = g_ptr_array_new_with_free_func((GDestroyNotify)cpuset_free);
    HostGap alone = {0};

    host->cpu.online = cpuset_copy(left);
    *ret_sure = find_model(discovery, &host->cpu.model);
    for (int cpu = cpuset_next(left, 0); cpu >= 0; cpu = cpuset_next(left, cpu + 1)) {
        HostCore *core = host_new_part("cores");

        core->cpus = find_siblings(root, cpu);
        if (!core->cpus) {
            core->cpus = cpuset_new();
            host_gap_add(&alone, (guint)cpu, true);
        }
        cpuset_add(core->cpus, cpu);
        cpuset_intersect(core->cpus, left);
        cpuset_subtract(left, core->cpus);
        core->id = host->cores->len;
        core->socket = root_read_int(root, CPUS "/cpu%d/topology/physical_package_id", cpu);
        core->l3 = number_l3(root, cpu, domains);
        *ret_sure &= core->socket != RECORD_UNSET && core->l3 != RECORD_UNSET &&
                     have_one_id(root, core->cpus);
        g_ptr_array_add(host->cores, core);
    }
    host->cpu.sockets = count_sockets(host);
    *ret_sure &= alone.count == 0;
    return alone;
}
