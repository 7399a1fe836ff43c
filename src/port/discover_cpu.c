/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Online CPUs, cores, sockets, L3 domains and the CPU model: from discover_cpu_files.c where a tree
 * tells them plainly, else all by hwloc, which knows the old and the odd ones. NUMA nodes are the
 * business of discover_memory.c: hwloc gives memory-only nodes their nearest CPUs, where the kernel
 * says none.
 */
#include <hwloc.h>

#include "base/error.h"
#include "port/discover_parts.h"

#define CPUS "sys/devices/system/cpu"
#define NODES_ONLINE "sys/devices/system/node/online"

/*
 * hwloc takes the place of a captured tree from its environment only, and would let these lead it
 * to another machine's topology (https://www.open-mpi.org/projects/hwloc/doc/, "Environment
 * variables"). So they are set around its load, the one place that does so, and put back.
 * "linux,stop": nothing but /sys and /proc, no CPUID of this machine, no PCI; errors come back and
 * are not printed.
 */
static const struct {
    const char *name, *value; /* NULL: not set */
} HWLOC_VARIABLES[] = {
    {"HWLOC_COMPONENTS", "linux,stop"},
    {"HWLOC_HIDE_ERRORS", "2"},
    {"HWLOC_XMLFILE", NULL},
    {"HWLOC_SYNTHETIC", NULL},
    {"HWLOC_THISSYSTEM", NULL},
    {"HWLOC_DUMPED_HWDATA_DIR", NULL},
    {"HWLOC_FSROOT", NULL}, /* last: the captured tree, if any */
};
#define N_VARIABLES G_N_ELEMENTS(HWLOC_VARIABLES)

static void set_variable(const char *name, const char *value)
{
    if (value)
        g_setenv(name, value, TRUE);
    else
        g_unsetenv(name);
}

static int load_in_environment(hwloc_topology_t topology, const char *directory)
{
    char *saved[N_VARIABLES];
    int result;

    for (guint i = 0; i < N_VARIABLES; i++) {
        saved[i] = g_strdup(g_getenv(HWLOC_VARIABLES[i].name));
        set_variable(HWLOC_VARIABLES[i].name, HWLOC_VARIABLES[i].value);
    }
    set_variable("HWLOC_FSROOT", directory);
    result = hwloc_topology_load(topology);
    for (guint i = 0; i < N_VARIABLES; i++) {
        set_variable(HWLOC_VARIABLES[i].name, saved[i]);
        g_free(saved[i]);
    }
    return result;
}

/* Only what is asked for below is kept, which also makes it ten times as fast. */
static bool load_topology(const char *directory, hwloc_topology_t *ret_topology)
{
    static const hwloc_obj_type_t kept[] = {HWLOC_OBJ_PACKAGE, HWLOC_OBJ_L3CACHE, HWLOC_OBJ_CORE};
    hwloc_topology_t topology;

    if (hwloc_topology_init(&topology) != 0)
        return false;
    /* Disallowed: what our own cgroup hides is there all the same. */
    hwloc_topology_set_flags(topology, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
    hwloc_topology_set_all_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_NONE);
    for (guint i = 0; i < G_N_ELEMENTS(kept); i++)
        hwloc_topology_set_type_filter(topology, kept[i], HWLOC_TYPE_FILTER_KEEP_ALL);
    if (load_in_environment(topology, directory) != 0) {
        hwloc_topology_destroy(topology);
        return false;
    }
    *ret_topology = topology;
    return true;
}

static CpuSet *to_cpuset(hwloc_const_cpuset_t bitmap)
{
    CpuSet *set = cpuset_new();
    int cpu;

    for (cpu = hwloc_bitmap_first(bitmap); cpu >= 0 && cpu < CPUSET_LIMIT;
         cpu = hwloc_bitmap_next(bitmap, cpu))
        cpuset_add(set, cpu);
    return set;
}

/* A number of hwloc, which has -1 as unsigned where there is none. */
static gint64 to_number(unsigned number)
{
    return number > G_MAXINT ? RECORD_UNSET : (gint64)number;
}

static gint64 socket_of(hwloc_topology_t topology, hwloc_obj_t object)
{
    hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_PACKAGE, object);

    return package ? to_number(package->os_index) : RECORD_UNSET;
}

/* The logical index counts the domains of the whole host, in the order of their lowest CPUs. */
static gint64 l3_of(hwloc_topology_t topology, hwloc_obj_t object)
{
    hwloc_obj_t cache = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_L3CACHE, object);

    return cache ? to_number(cache->logical_index) : RECORD_UNSET;
}

static int compare_cores(gconstpointer a, gconstpointer b)
{
    const HostCore *first = *(HostCore *const *)a, *second = *(HostCore *const *)b;

    return cpuset_next(first->cpus, 0) - cpuset_next(second->cpus, 0);
}

/* A CPU of which hwloc knows no core is a core of its own. Returns how many of these there are. */
static HostGap add_cores(hwloc_topology_t topology, Host *host)
{
    hwloc_obj_t cpu = NULL;
    g_autoptr(CpuSet) seen = cpuset_new();
    HostGap alone = {0};

    while ((cpu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, cpu))) {
        hwloc_obj_t object = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, cpu);
        HostCore *core;

        if (!cpuset_has(host->cpu.online, cpu->os_index) || cpuset_has(seen, cpu->os_index))
            continue;
        host_gap_add(&alone, cpu->os_index, !object);
        object = object ? object : cpu;
        core = host_new_part("cores");
        core->cpus = to_cpuset(object->cpuset);
        cpuset_intersect(core->cpus, host->cpu.online);
        cpuset_subtract(core->cpus, seen);
        cpuset_union(seen, core->cpus);
        core->socket = socket_of(topology, object);
        core->l3 = l3_of(topology, object);
        g_ptr_array_add(host->cores, core);
    }
    g_ptr_array_sort(host->cores, compare_cores);
    for (guint i = 0; i < host->cores->len; i++)
        ((HostCore *)g_ptr_array_index(host->cores, i))->id = i;
    return alone;
}

/* On x86 the model stands with each package, on others with the machine. */
static char *find_model(hwloc_topology_t topology)
{
    hwloc_obj_t package = hwloc_get_obj_by_type(topology, HWLOC_OBJ_PACKAGE, 0);
    const char *model = package ? hwloc_obj_get_info_by_name(package, "CPUModel") : NULL;

    if (!model)
        model = hwloc_obj_get_info_by_name(hwloc_get_root_obj(topology), "CPUModel");
    return model && g_utf8_validate(model, -1, NULL) ? g_strdup(model) : NULL;
}

static CpuSet *online_cpus(hwloc_topology_t topology)
{
    CpuSet *online = cpuset_new();
    hwloc_obj_t cpu = NULL;

    while ((cpu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, cpu))) {
        if (cpu->os_index < CPUSET_LIMIT)
            cpuset_add(online, cpu->os_index);
    }
    return online;
}

/* A file of the first CPU of a core. */
static char *path_of_core(const Host *host, guint index, const char *file)
{
    const HostCore *core = host->cores->pdata[index];

    return g_strdup_printf(CPUS "/cpu%d/%s", cpuset_next(core->cpus, 0), file);
}

static void report_gaps(Discovery *discovery, HostGap alone)
{
    const Host *host = discovery->host;
    const HostGaps gaps = host_find_gaps(host);
    g_autofree char *socket = path_of_core(host, gaps.socket.first, "topology/physical_package_id");
    g_autofree char *cache = path_of_core(host, gaps.l3.first, "cache");
    g_autofree char *topology = g_strdup_printf(CPUS "/cpu%u/topology", alone.first);

    if (!host->cpu.model)
        discover_warn(discovery, "cpu-model-unknown", "proc/cpuinfo", "the CPU model is not known");
    if (alone.count)
        discover_warn(discovery, "core-siblings-unknown", topology,
                      "the siblings of %u CPUs are not known; each counts as a core", alone.count);
    if (gaps.socket.count)
        discover_warn(discovery, "core-socket-unknown", socket,
                      "the socket of %u of %u cores is not known", gaps.socket.count,
                      host->cores->len);
    if (gaps.l3.count)
        discover_warn(discovery, "core-l3-unknown", cache,
                      "the L3 domain of %u of %u cores is not known", gaps.l3.count,
                      host->cores->len);
}

/* hwloc opens files by itself and not by openat2(), so a captured tree is looked over first: the
 * path of what would lead it astray, or NULL. */
static char *find_odd(Discovery *discovery)
{
    static const char *const paths[] = {
        CPUS,
        "sys/bus/cxl",
        "sys/bus/dax",
        "sys/devices/system/node",
        "sys/devices/virtual/dmi/id",
        "sys/firmware/devicetree",
        "sys/firmware/dmi",
        "sys/fs/cgroup",
        "sys/kernel/mm/hugepages",
        "proc/cpuinfo",
        "proc/device-tree",
        "proc/hwloc-nofile-info",
        "proc/meminfo",
        "proc/mounts",
        "proc/self/cgroup",
        "proc/self/cpuset",
        "proc/self/mounts",
    };

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        char *odd = root_find_odd(discovery->root, paths[i]);

        if (odd)
            return odd;
    }
    return NULL;
}

static HostGap read_topology(Host *host, hwloc_topology_t topology)
{
    host->cpu.online = online_cpus(topology);
    host->cpu.model = find_model(topology);
    host->cpu.sockets = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PACKAGE);
    return add_cores(topology, host);
}

/* A list of a record does not free its members: the record does. */
static void forget_cores(Host *host)
{
    for (guint i = 0; i < host->cores->len; i++) {
        HostCore *core = host->cores->pdata[i];

        cpuset_free(core->cpus);
        g_free(core);
    }
    g_ptr_array_set_size(host->cores, 0);
}

/* hwloc aborts (list_sysfsnode() in its topology-linux.c) on a list of nodes that holds none. */
static bool has_sound_nodes(Root *root)
{
    g_autoptr(CpuSet) nodes = root_read_cpus(root, NODES_ONLINE);

    return nodes ? !cpuset_is_empty(nodes) : !root_exists(root, NODES_ONLINE);
}

/* Puts hwloc's answer in the place of what the files said, where it has one. */
static void ask_hwloc(Discovery *discovery, HostGap *alone)
{
    Host *host = discovery->host;
    hwloc_topology_t topology;
    g_autofree char *odd = discovery->directory ? find_odd(discovery) : NULL;

    if (odd) {
        discover_warn(discovery, "tree-odd", odd,
                      "%s is no plain file or folder of the captured tree: sockets and caches are "
                      "known as far as the kernel's plainest files tell",
                      odd);
        return;
    }
    if (discovery->directory && !has_sound_nodes(discovery->root))
        return;
    /* Where it finds no CPU at all hwloc makes one up. */
    if (!root_exists(discovery->root, CPUS) || !load_topology(discovery->directory, &topology))
        return;
    cpuset_free(host->cpu.online);
    g_free(host->cpu.model);
    forget_cores(host);
    *alone = read_topology(host, topology);
    hwloc_topology_destroy(topology);
}

bool discover_cpu(Discovery *discovery, GError **error)
{
    Host *host = discovery->host;
    HostGap alone;
    bool sure;

    alone = discover_cpu_files(discovery, &sure);
    if (!sure)
        ask_hwloc(discovery, &alone);
    if (cpuset_is_empty(host->cpu.online)) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "%s: tells of no CPU (" CPUS ")",
                    discovery->directory ? discovery->directory : "/");
        return false;
    }
    if (host->cpu.sockets <= 0)
        host->cpu.sockets = RECORD_UNSET;
    host->cpu.cores = host->cores->len;
    host->cpu.threads = cpuset_count(host->cpu.online);
    report_gaps(discovery, alone);
    return true;
}
