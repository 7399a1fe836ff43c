/* SPDX-License-Identifier: Apache-2.0 */
/* The invariants of a Host. Subjects are the paths of keys in the Host JSON. */
#include "model/host.h"

#include "model/finding.h"

#define ID G_GINT64_FORMAT

#define BREACH(...)                                                                                \
    finding_set_hint(findings_add(findings, FINDING_ERROR, "host-unsound", __VA_ARGS__),           \
                     "make the inventory anew on the host: bmslice discover --json")

/* " 3,5" of @extra for a message; only called when there is something to tell. */
static char *list_of(const CpuSet *set, const CpuSet *without)
{
    g_autoptr(CpuSet) rest = cpuset_copy(set);

    if (without)
        cpuset_subtract(rest, without);
    return cpuset_format(rest);
}

static void check_pools(const HostNode *node, const char *subject, GPtrArray *findings)
{
    gint64 below = 0;

    for (guint i = 0; i < node->hugepages->len; i++) {
        const HostHugepages *pool = g_ptr_array_index(node->hugepages, i);

        if (pool->size_bytes <= below)
            BREACH(subject, "hugepage sizes are not ascending: %" ID " bytes", pool->size_bytes);
        if (pool->size_bytes > 0 && (pool->size_bytes & (pool->size_bytes - 1)) != 0)
            BREACH(subject, "hugepage size %" ID " is no power of two", pool->size_bytes);
        if (pool->free > pool->total)
            BREACH(subject, "%" ID " hugepages of %" ID " are free", pool->free, pool->total);
        below = pool->size_bytes;
    }
}

static void check_nodes(const Host *host, GPtrArray *findings)
{
    g_autoptr(CpuSet) seen = cpuset_new();
    gint64 below = -1;

    for (guint i = 0; i < host->nodes->len; i++) {
        const HostNode *node = g_ptr_array_index(host->nodes, i);
        g_autofree char *subject = g_strdup_printf("nodes[%u]", i);

        if (node->id <= below)
            BREACH(subject, "node ids are not unique and ascending: %" ID " after %" ID, node->id,
                   below);
        below = node->id;
        if (node->distances->len != 0 && node->distances->len != host->nodes->len)
            BREACH(subject, "%u distances for %u nodes", node->distances->len, host->nodes->len);
        check_pools(node, subject, findings);
        if (!node->cpus) {
            BREACH(subject, "its CPUs are not known");
            continue;
        }
        if (host->cpu.online && !cpuset_is_subset(node->cpus, host->cpu.online)) {
            g_autofree char *list = list_of(node->cpus, host->cpu.online);
            BREACH(subject, "CPUs %s are not online", list);
        }
        if (cpuset_intersects(node->cpus, seen))
            BREACH(subject, "some of its CPUs are on another node too");
        cpuset_union(seen, node->cpus);
    }
}

static void check_core_place(const Host *host, const HostCore *core, const char *subject,
                             GPtrArray *findings)
{
    const HostNode *node;

    if (core->node == RECORD_UNSET)
        return;
    node = host_find_node(host, core->node);
    if (!node)
        BREACH(subject, "node %" ID " does not exist", core->node);
    else if (node->cpus && !cpuset_is_subset(core->cpus, node->cpus))
        BREACH(subject, "its CPUs are not all on node %" ID, core->node);
}

static void check_cores(const Host *host, GPtrArray *findings)
{
    g_autoptr(CpuSet) seen = cpuset_new();
    int below = -1;

    for (guint i = 0; i < host->cores->len; i++) {
        const HostCore *core = g_ptr_array_index(host->cores, i);
        g_autofree char *subject = g_strdup_printf("cores[%u]", i);

        if (core->id != i)
            BREACH(subject, "core ids do not count from 0: %" ID, core->id);
        if (!core->cpus || cpuset_is_empty(core->cpus)) {
            BREACH(subject, "it has no CPUs");
            continue;
        }
        if (cpuset_next(core->cpus, 0) <= below)
            BREACH(subject, "cores are not ascending by their lowest CPU");
        below = cpuset_next(core->cpus, 0);
        if (cpuset_intersects(core->cpus, seen))
            BREACH(subject, "some of its CPUs are in another core too");
        cpuset_union(seen, core->cpus);
        check_core_place(host, core, subject, findings);
    }
    if (host->cpu.online && !cpuset_equal(seen, host->cpu.online)) {
        g_autofree char *cores = cpuset_format(seen);
        g_autofree char *online = cpuset_format(host->cpu.online);
        BREACH("cores", "they hold CPUs \"%s\", and online are \"%s\"", cores, online);
    }
}

static void check_vf(const Host *host, const HostPci *vf, const char *subject, GPtrArray *findings)
{
    const HostPci *pf = host_find_pci(host, vf->pf);

    if (!pf)
        BREACH(subject, "its PF %s does not exist", vf->pf);
    else if (pf->pf || !pf->sriov)
        BREACH(subject, "%s, its PF, is no PF", vf->pf);
    if (vf->sriov)
        BREACH(subject, "it is a VF and a PF at once");
}

static void check_pci(const Host *host, GPtrArray *findings)
{
    const char *below = "";

    for (guint i = 0; i < host->pci->len; i++) {
        const HostPci *pci = g_ptr_array_index(host->pci, i);
        g_autofree char *subject = g_strdup_printf("pci[%u]", i);

        if (!pci->address) {
            BREACH(subject, "it has no address");
            continue;
        }
        if (g_strcmp0(pci->address, below) <= 0)
            BREACH(subject, "addresses are not unique and ascending: %s after %s", pci->address,
                   below);
        below = pci->address;
        if (pci->node != RECORD_UNSET && !host_find_node(host, pci->node))
            BREACH(subject, "node %" ID " does not exist", pci->node);
        if (pci->sriov && pci->sriov->num_vfs > pci->sriov->total_vfs)
            BREACH(subject, "it has %" ID " VFs of at most %" ID, pci->sriov->num_vfs,
                   pci->sriov->total_vfs);
        if (pci->pf)
            check_vf(host, pci, subject, findings);
    }
}

void host_check(const Host *host, GPtrArray *findings)
{
    if (!host->hostname || !*host->hostname)
        BREACH("hostname", "the host has no name");
    if (!host->cpu.online || cpuset_is_empty(host->cpu.online))
        BREACH("cpu.online", "no CPU is online");
    if (host->nodes->len == 0)
        BREACH("nodes", "there is no NUMA node");
    check_nodes(host, findings);
    check_cores(host, findings);
    check_pci(host, findings);
}
