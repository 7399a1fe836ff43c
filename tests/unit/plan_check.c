/* SPDX-License-Identifier: Apache-2.0 */
#include "plan_check.h"

#include <stdio.h>

#include "base/json.h"
#include "core/domain.h"

/* tests/check-plan, which reads plans from its standard input. */
static FILE *checker;

typedef struct {
    const Spec *spec;
    const SpecHost *spec_host;
    const Host *host;
    const Plan *plan;
    const PlanHost *plan_host;
} Check;

static const SpecInstance *find_instance(const GPtrArray *instances, const char *name)
{
    for (guint i = 0; i < instances->len; i++) {
        const SpecInstance *instance = g_ptr_array_index(instances, i);

        if (g_str_equal(instance->name, name))
            return instance;
    }
    return NULL;
}

/* Online, of whole cores, and not the whole first node without it. */
static void check_reserved(const Check *check)
{
    const CpuSet *reserved = check->plan_host->reserved_cpus;

    g_assert_false(cpuset_is_empty(reserved));
    g_assert_true(cpuset_is_subset(reserved, check->host->cpu.online));
    for (guint i = 0; i < check->host->cores->len; i++) {
        const HostCore *core = g_ptr_array_index(check->host->cores, i);

        if (cpuset_intersects(core->cpus, reserved))
            g_assert_true(cpuset_is_subset(core->cpus, reserved));
    }
}

static void check_vcpus(const Check *check, const SpecInstance *instance, const PlanSlice *slice,
                        guint width)
{
    bool pairs = instance->slice->smt == SPEC_SMT_PAIRS && width > 1;
    guint per_node = slice->vcpus->len / slice->nodes->len;

    g_assert_cmpint(slice->vcpus->len, ==, instance->slice->vcpus);
    g_assert_cmpint(slice->nodes->len, ==, MAX(instance->slice->numa.nodes, 1));
    g_assert_cmpint(slice->threads, ==, pairs ? width : 1);
    g_assert_cmpint(per_node % (guint)slice->threads, ==, 0);
    for (guint i = 0; i < slice->vcpus->len; i++) {
        const PlanVcpu *vcpu = g_ptr_array_index(slice->vcpus, i);
        const HostCore *core = host_core_of_cpu(check->host, (guint)vcpu->cpu);
        int expected;

        g_assert_cmpint(vcpu->id, ==, i);
        g_assert_nonnull(core);
        g_assert_cmpint(core->node, ==, g_array_index(slice->nodes, gint64, i / per_node));
        if (pairs)
            g_assert_cmpint(cpuset_count(core->cpus), ==, width);
        expected = cpuset_next(core->cpus, 0);
        for (guint t = 0; t < i % (guint)slice->threads; t++)
            expected = cpuset_next(core->cpus, (guint)expected + 1);
        g_assert_cmpint(vcpu->cpu, ==, expected);
    }
    for (guint i = 0; i < slice->nodes->len; i++)
        if (i > 0)
            g_assert_cmpint(g_array_index(slice->nodes, gint64, i), >,
                            g_array_index(slice->nodes, gint64, i - 1));
}

static void check_pins(const SpecInstance *instance, const PlanSlice *slice)
{
    const GArray *pin = instance->slice->numa.pin;

    for (guint p = 0; p < pin->len; p++) {
        bool found = false;

        for (guint n = 0; n < slice->nodes->len; n++)
            found |= g_array_index(slice->nodes, gint64, n) == g_array_index(pin, gint64, p);
        g_assert_true(found);
    }
}

static void check_service(const Check *check, const SpecInstance *instance, const PlanSlice *slice)
{
    guint n_cores = 0;

    g_assert_false(cpuset_is_empty(slice->emulator_cpus));
    for (guint i = 0; i < slice->iothreads->len; i++) {
        const PlanIothread *iothread = g_ptr_array_index(slice->iothreads, i);

        g_assert_cmpint(iothread->id, ==, i + 1);
        g_assert_true(cpuset_equal(iothread->cpus, slice->emulator_cpus));
    }
    if (instance->slice->service.cores == 0) {
        g_assert_true(cpuset_is_subset(slice->emulator_cpus, check->plan_host->reserved_cpus));
        return;
    }
    for (guint i = 0; i < check->host->cores->len; i++) {
        const HostCore *core = g_ptr_array_index(check->host->cores, i);

        if (!cpuset_intersects(core->cpus, slice->emulator_cpus))
            continue;
        n_cores++;
        g_assert_true(cpuset_is_subset(core->cpus, slice->emulator_cpus));
        g_assert_false(cpuset_intersects(core->cpus, check->plan_host->reserved_cpus));
        g_assert_cmpint(core->node, ==, g_array_index(slice->nodes, gint64, 0));
    }
    if (instance->slice->service.scope == SPEC_SCOPE_SLICE)
        g_assert_cmpint(n_cores, ==, instance->slice->service.cores);
    else
        g_assert_cmpint(n_cores, >=, instance->slice->service.cores);
}

/* Who has each core: vCPUs of one slice, or service of one slice, or of slices of one node. */
static void check_cores_exclusive(const Check *check, const GPtrArray *instances)
{
    g_autoptr(CpuSet) isolated = cpuset_new();

    for (guint c = 0; c < check->host->cores->len; c++) {
        const HostCore *core = g_ptr_array_index(check->host->cores, c);
        guint n_vcpu = 0, n_own = 0, n_shared = 0;

        for (guint i = 0; i < check->plan_host->slices->len; i++) {
            const PlanSlice *slice = g_ptr_array_index(check->plan_host->slices, i);
            const SpecSlice *entry = find_instance(instances, slice->name)->slice;
            g_autoptr(CpuSet) vcpus = plan_slice_vcpu_cpus(slice);

            n_vcpu += cpuset_intersects(core->cpus, vcpus);
            if (entry->service.cores > 0 && cpuset_intersects(core->cpus, slice->emulator_cpus)) {
                n_own += entry->service.scope == SPEC_SCOPE_SLICE;
                n_shared += entry->service.scope == SPEC_SCOPE_NODE;
            }
        }
        g_assert_cmpint(n_vcpu + n_own + (n_shared > 0), <=, 1);
        if (cpuset_intersects(core->cpus, check->plan_host->reserved_cpus))
            g_assert_cmpint(n_vcpu + n_own + n_shared, ==, 0);
        if (n_vcpu + n_own + n_shared > 0)
            cpuset_union(isolated, core->cpus);
    }
    g_assert_true(cpuset_equal(isolated, check->plan_host->isolated_cpus));
}

/* A node has a pool for each size; without any it is not known which there are. */
static bool node_has_pages(const HostNode *node, gint64 size_bytes)
{
    for (guint i = 0; i < node->hugepages->len; i++)
        if (((const HostHugepages *)node->hugepages->pdata[i])->size_bytes == size_bytes)
            return true;
    return node->hugepages->len == 0;
}

static void check_memory(const Check *check)
{
    for (guint n = 0; n < check->host->nodes->len; n++) {
        const HostNode *node = g_ptr_array_index(check->host->nodes, n);
        gint64 sum = 0;

        for (guint i = 0; i < check->plan_host->slices->len; i++) {
            const PlanSlice *slice = g_ptr_array_index(check->plan_host->slices, i);
            gint64 share = slice->memory_bytes / slice->nodes->len;

            for (guint k = 0; k < slice->nodes->len; k++)
                if (g_array_index(slice->nodes, gint64, k) == node->id) {
                    sum += share;
                    g_assert_true(slice->hugepage_bytes == RECORD_UNSET ||
                                  node_has_pages(node, slice->hugepage_bytes));
                }
            if (slice->hugepage_bytes != RECORD_UNSET)
                g_assert_cmpint(share % slice->hugepage_bytes, ==, 0);
        }
        if (sum > 0)
            g_assert_cmpint(sum, <=,
                            node->memory_bytes - check->spec_host->reserve.memory_per_node);
    }
}

static bool slice_has_function(const PlanSlice *slice, const char *address)
{
    for (guint i = 0; i < slice->devices->len; i++) {
        const PlanDevice *device = g_ptr_array_index(slice->devices, i);

        if (g_strcmp0(device->address, address) == 0)
            return true;
    }
    return false;
}

static void check_group(const Check *check, const PlanSlice *slice, const HostPci *pci)
{
    g_autoptr(GPtrArray) uses = host_pci_uses(pci);

    g_assert_cmpint(uses->len, ==, 0);
    g_assert_cmpint(pci->iommu_group, !=, RECORD_UNSET);
    for (guint i = 0; i < check->host->pci->len; i++) {
        const HostPci *other = g_ptr_array_index(check->host->pci, i);

        if (other->iommu_group == pci->iommu_group && !host_pci_is_bridge(other))
            g_assert_true(slice_has_function(slice, other->address));
    }
}

static void check_locality(const Check *check, const PlanSlice *slice, const PlanDevice *device,
                           int locality)
{
    bool local = check->host->nodes->len == 1;

    for (guint n = 0; n < slice->nodes->len; n++)
        local |= g_array_index(slice->nodes, gint64, n) == device->node;
    if (locality == SPEC_LOCALITY_REQUIRED)
        g_assert_true(local);
}

static void check_vf(const Check *check, const PlanDevice *device, GHashTable *macs)
{
    const HostPci *pf = host_find_pci(check->host, device->pf);
    g_autoptr(GPtrArray) uses = host_pci_uses(pf);

    g_assert_nonnull(pf->sriov);
    g_assert_cmpint(device->vf, <, pf->sriov->total_vfs);
    if (device->vf >= pf->sriov->num_vfs)
        g_assert_cmpint(uses->len, ==, 0);
    g_assert_nonnull(device->mac);
    g_assert_cmpint(g_ascii_xdigit_value(device->mac[1]) & 1, ==, 0); /* unicast */
    g_assert_true(g_hash_table_add(macs, g_strdup(device->mac)));
}

static void check_devices(const Check *check, const SpecInstance *instance, const PlanSlice *slice,
                          GHashTable *owned, GHashTable *macs)
{
    guint n = 0;

    for (guint i = 0; i < instance->slice->nics->len; i++, n++) {
        const SpecNic *nic = g_ptr_array_index(instance->slice->nics, i);
        const PlanDevice *device = g_ptr_array_index(slice->devices, n);
        const HostPci *pci = host_find_pci(check->host, device->address);

        g_assert_cmpstr(device->network, ==, nic->network);
        g_assert_cmpint(device->kind, ==,
                        nic->mode == SPEC_NIC_VF ? PLAN_DEVICE_VF : PLAN_DEVICE_PF);
        check_locality(check, slice, device, nic->locality);
        g_assert_true(g_hash_table_add(owned, g_strdup(device->address)));
        if (pci)
            check_group(check, slice, pci);
        if (nic->mode == SPEC_NIC_VF)
            check_vf(check, device, macs);
        for (guint j = 0; nic->bond && j < i; j++) {
            const SpecNic *other = g_ptr_array_index(instance->slice->nics, j);
            const PlanDevice *its = g_ptr_array_index(slice->devices, j);

            if (g_strcmp0(other->bond, nic->bond) == 0)
                g_assert_cmpstr(its->pf ? its->pf : its->address, !=,
                                device->pf ? device->pf : device->address);
        }
    }
    for (guint i = 0; i < instance->slice->devices->len; i++) {
        const SpecDevice *entry = g_ptr_array_index(instance->slice->devices, i);

        for (gint64 k = 0; k < entry->count; k++, n++) {
            const PlanDevice *device = g_ptr_array_index(slice->devices, n);

            g_assert_cmpstr(device->device, ==, entry->device);
            check_locality(check, slice, device, entry->locality);
            g_assert_true(g_hash_table_add(owned, g_strdup(device->address)));
            check_group(check, slice, host_find_pci(check->host, device->address));
        }
    }
    g_assert_cmpint(n, ==, slice->devices->len);
}

/* A PF that is handed through whole gives no VFs. */
static void check_pfs(const Check *check, GHashTable *owned)
{
    for (guint i = 0; i < check->plan_host->slices->len; i++) {
        const PlanSlice *slice = g_ptr_array_index(check->plan_host->slices, i);

        for (guint d = 0; d < slice->devices->len; d++) {
            const PlanDevice *device = g_ptr_array_index(slice->devices, d);

            if (device->pf)
                g_assert_false(g_hash_table_contains(owned, device->pf));
        }
    }
}

static void check_clusters(const Check *check)
{
    for (guint c = 0; c < check->spec->clusters->len; c++) {
        const SpecCluster *cluster = g_ptr_array_index(check->spec->clusters, c);
        guint count = 0;

        for (guint i = 0; i < check->plan_host->slices->len; i++)
            count += g_str_equal(
                ((const PlanSlice *)g_ptr_array_index(check->plan_host->slices, i))->cluster,
                cluster->name);
        if (cluster->spread == SPEC_SPREAD_HOST)
            g_assert_cmpint(count, <=, 1);
    }
}

static void check_levels(const PlanBounds *bounds)
{
    bool optimal = true;

    for (guint i = 0; i < bounds->levels->len; i++) {
        const PlanLevel *level = g_ptr_array_index(bounds->levels, i);
        gint64 worse = g_str_equal(level->level, "room") ? level->bound - level->value
                                                         : level->value - level->bound;

        optimal = optimal && level->gap == 0;
        if (level->bound == RECORD_UNSET)
            continue;
        if (worse < 0)
            g_error("%s is %" G_GINT64_FORMAT ", better than its bound %" G_GINT64_FORMAT,
                    level->level, level->value, level->bound);
        g_assert_cmpint(level->gap, ==, worse);
    }
    if (bounds->levels->len > 0)
        g_assert_cmpint(bounds->optimal, ==, optimal);
}

static void check_counts(const Check *check, const GPtrArray *instances)
{
    const PlanBounds *bounds = &check->plan->bounds;

    g_assert_cmpint(check->plan_host->slices->len + check->plan->unplaced->len, ==, instances->len);
    g_assert_cmpint(bounds->admitted, ==, check->plan_host->slices->len);
    g_assert_cmpint(bounds->admitted, <=, bounds->admitted_bound);
    g_assert_cmpint(bounds->admitted_bound, <=, instances->len);
    for (guint i = 0; i < check->plan->unplaced->len; i++) {
        const PlanUnplaced *unplaced = g_ptr_array_index(check->plan->unplaced, i);

        g_assert_nonnull(find_instance(instances, unplaced->name));
        g_assert_null(plan_host_find_slice(check->plan_host, unplaced->name));
        g_assert_nonnull(unplaced->resource);
        g_assert_nonnull(unplaced->reason);
    }
    if (check->plan->unplaced->len > 0)
        g_assert_true(findings_have(check->plan->findings, FINDING_ERROR));
}

static json_t *domain_texts(const Host *host, const PlanHost *plan_host)
{
    json_t *texts = json_object();

    for (guint i = 0; i < plan_host->slices->len; i++) {
        const PlanSlice *slice = g_ptr_array_index(plan_host->slices, i);
        g_autofree char *text = domain_write_xml(host, plan_host, slice, NULL);

        json_object_set_new(texts, slice->name, json_string(text));
    }
    return texts;
}

static void hand_over(const Tree *tree, const Host *host, const Plan *plan)
{
    json_t *line = json_object();

    json_object_set_new(line, "host", host_to_json(host));
    json_object_set_new(line, "spec", json_string(tree->source));
    json_object_set_new(line, "plan", plan_to_json(plan));
    json_object_set_new(line, "xml", domain_texts(host, g_ptr_array_index(plan->hosts, 0)));
    g_assert_cmpint(json_dumpf(line, checker, JSON_COMPACT), ==, 0);
    g_assert_cmpint(fputc('\n', checker), !=, EOF);
    json_decref(line);
}

void plan_check_start(const char *source)
{
    g_autofree char *path = g_build_filename(source, "tests/check-plan", NULL);
    g_autofree char *quoted = g_shell_quote(path);
    g_autofree char *command = g_strconcat("exec ", quoted, " --lines >&2", NULL);

    checker = popen(command, "w");
    g_assert_nonnull(checker);
}

int plan_check_end(void)
{
    int status = checker ? pclose(checker) : 0;

    checker = NULL;
    return status == 0 ? 0 : 1;
}

void plan_check(const Tree *tree, const Spec *spec, const SpecHost *spec_host, const Host *host,
                const Plan *plan)
{
    const Check check = {spec, spec_host, host, plan, g_ptr_array_index(plan->hosts, 0)};
    g_autoptr(GPtrArray) instances = spec_expand(spec);
    g_autoptr(GHashTable) owned = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) macs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guint width = 1;

    for (guint i = 0; i < host->cores->len; i++)
        width =
            MAX(width, cpuset_count(((const HostCore *)g_ptr_array_index(host->cores, i))->cpus));
    g_assert_cmpint(plan->hosts->len, ==, 1);
    check_counts(&check, instances);
    check_levels(&plan->bounds);
    if (checker)
        hand_over(tree, host, plan);
    if (check.plan_host->slices->len == 0)
        return;
    check_reserved(&check);
    for (guint i = 0; i < check.plan_host->slices->len; i++) {
        const PlanSlice *slice = g_ptr_array_index(check.plan_host->slices, i);
        const SpecInstance *instance = find_instance(instances, slice->name);

        check_vcpus(&check, instance, slice, width);
        check_pins(instance, slice);
        check_service(&check, instance, slice);
        check_devices(&check, instance, slice, owned, macs);
    }
    check_pfs(&check, owned);
    check_cores_exclusive(&check, instances);
    check_memory(&check);
    check_clusters(&check);
}
