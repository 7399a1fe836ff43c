/* SPDX-License-Identifier: Apache-2.0 */
/* The planner for one host: the order of its stages (core/place_internal.h). */
#include "core/place_internal.h"

/* Documentation/admin-guide/kernel-parameters.txt has these for the boot only. */
static const struct {
    const char *code, *text;
} BOOT_ONLY[] = {
    {"runtime-no-nohz-full", "the timer tick goes on on the slices' CPUs: nohz_full= is for the "
                             "boot only (isolation: runtime)"},
    {"runtime-no-rcu-nocbs", "RCU callbacks still run on the slices' CPUs: rcu_nocbs= is for the "
                             "boot only (isolation: runtime)"},
    {"runtime-kernel-threads", "kernel threads that are bound to one of the slices' CPUs stay "
                               "there (isolation: runtime)"},
    {"runtime-managed-interrupts", "interrupts that the kernel manages itself may go to the "
                                   "slices' CPUs: isolcpus=managed_irq is for the boot only "
                                   "(isolation: runtime)"},
};

/* All of a slice is in the partition, and the kernel lets none of it out; the host's own CPUs
 * cannot be in there. */
static void refuse_outside(const PlanHost *plan_host, GPtrArray *findings)
{
    for (guint i = 0; i < plan_host->slices->len; i++) {
        const PlanSlice *slice = plan_host->slices->pdata[i];

        if (!slice->emulator_cpus ||
            cpuset_is_subset(slice->emulator_cpus, plan_host->isolated_cpus))
            continue;
        finding_set_hint(findings_add(findings, FINDING_ERROR, "runtime-needs-service", slice->name,
                                      "its emulator threads would be on the host's own CPUs, "
                                      "outside of the partition that the slice is in (isolation: "
                                      "runtime)"),
                         "service: {cores: 1}, or isolation: boot");
    }
}

static void tell_runtime(const PlanHost *plan_host, const char *subject, GPtrArray *findings)
{
    for (gsize i = 0; i < G_N_ELEMENTS(BOOT_ONLY); i++)
        findings_add(findings, FINDING_INFO, BOOT_ONLY[i].code, subject, "%s", BOOT_ONLY[i].text);
    if (plan_host->kernel_args->len > 0)
        findings_add(findings, FINDING_INFO, "runtime-reboot", subject,
                     "pages of 1 GiB and Intel's IOMMU need a reboot all the same (%s ...)",
                     (const char *)plan_host->kernel_args->pdata[0]);
    refuse_outside(plan_host, findings);
}

/* @kvm: as the inventory has it. */
static void tell_host(const SpecHost *spec_host, const PlanHost *plan_host, int kvm,
                      GPtrArray *findings)
{
    g_autofree char *subject = g_strdup_printf("host %s", plan_host->name);
    Finding *finding;

    if (!plan_host->kvm) {
        finding = findings_add(findings, FINDING_WARNING, "no-kvm", subject,
                               "%s: the slices run under emulation, at a small "
                               "part of the speed, without host-passthrough CPUs, and handing "
                               "PCI functions through is not supported there",
                               kvm == RECORD_UNSET
                                   ? "the inventory does not tell whether there is KVM, and "
                                     "the plan does without"
                                   : "there is no KVM with VT-x or AMD-V");
        finding_set_hint(finding, "enable VT-x or AMD-V in the firmware and load kvm_intel or "
                                  "kvm_amd");
    }
    if (spec_host->isolation.mode == SPEC_ISOLATION_RUNTIME)
        tell_runtime(plan_host, subject, findings);
    if (spec_host->isolation.mode == SPEC_ISOLATION_NONE) {
        finding = findings_add(findings, FINDING_WARNING, "no-isolation", subject,
                               "its scheduler may run other work on the slices' CPUs "
                               "(isolation: none)");
        finding_set_hint(finding, "isolation: boot");
        finding_mark(finding, spec_host->node);
    }
}

/* For what is wrong with the host. */
static void refuse_all(const GPtrArray *instances, Plan *plan)
{
    const Finding *first = NULL;

    for (guint i = 0; i < plan->findings->len && !first; i++)
        if (((const Finding *)plan->findings->pdata[i])->severity == FINDING_ERROR)
            first = plan->findings->pdata[i];
    for (guint i = 0; i < instances->len; i++) {
        const SpecInstance *instance = g_ptr_array_index(instances, i);
        PlanUnplaced *unplaced = plan_member_new(&PLAN_RECORD, "unplaced");

        unplaced->name = g_strdup(instance->name);
        unplaced->cluster = g_strdup(instance->cluster->name);
        unplaced->resource = g_strdup("host");
        unplaced->reason = g_strdup(first->text);
        g_ptr_array_add(plan->unplaced, unplaced);
    }
}

/* @l3_shared: of the plan; the search itself has a lower bound of it only. */
static void tell_bounds(const Solution *solution, gint64 l3_shared, PlanBounds *bounds)
{
    bounds->admitted = solution->admitted;
    bounds->admitted_bound = solution->bound;
    bounds->optimal = true;
    for (guint i = 0; i < solution->levels->len; i++) {
        const SolutionLevel *from = &g_array_index(solution->levels, SolutionLevel, i);
        PlanLevel *level = plan_member_new(&PLAN_BOUNDS_RECORD, "levels");

        level->level = g_strdup(from->name);
        level->priority = from->priority;
        level->value = g_str_equal(from->name, PLAN_LEVEL_L3) ? l3_shared : from->value;
        level->bound = solution->cut ? RECORD_UNSET : from->bound;
        level->gap = solution->cut ? RECORD_UNSET : ABS(level->value - level->bound);
        bounds->optimal = bounds->optimal && level->gap == 0;
        g_ptr_array_add(bounds->levels, level);
    }
}

static void place_demands(const Supply *supply, const Spec *spec, const GPtrArray *instances,
                          const GPtrArray *running, Plan *plan, PlanHost *plan_host)
{
    g_autoptr(GPtrArray) demands = demands_new(supply, spec, instances, running);
    g_autoptr(Solution) solution = search_solve(supply, demands, PLACE_BUDGET);
    gint64 l3_shared;

    devices_gather(supply, demands, solution);
    l3_shared = assign_slices(supply, spec, demands, solution, plan_host, plan->findings);
    refuse_slices(supply, spec, demands, solution, plan);
    tell_bounds(solution, l3_shared, &plan->bounds);
    if (plan_host->slices->len == 0)
        return;
    if (supply->spec_host->isolation.mode != SPEC_ISOLATION_NONE)
        kernel_args_add(supply->host, supply->spec_host, plan_host);
    tell_host(supply->spec_host, plan_host, supply->host->kernel.kvm, plan->findings);
}

Plan *place_slices(const Spec *spec, const SpecHost *spec_host, const Host *host,
                   const GPtrArray *running)
{
    Plan *plan = plan_new();
    PlanHost *plan_host = plan_member_new(&PLAN_RECORD, "hosts");
    g_autoptr(GPtrArray) instances = spec_expand(spec);
    g_autoptr(Supply) supply =
        supply_new(host, spec_host, demands_count_vfs(instances), running, plan->findings);

    plan_host->name = g_strdup(host->hostname);
    plan_host->uri = g_strdup(spec_host->uri);
    plan_host->kvm = host->kernel.kvm == 1;
    plan_host->isolation = spec_host->isolation.mode;
    for (guint i = 0; i < spec_host->take_over->len; i++)
        g_ptr_array_add(plan_host->take_over, g_strdup(spec_host->take_over->pdata[i]));
    plan_host->reserved_cpus = cpuset_copy(supply->reserved);
    g_ptr_array_add(plan->hosts, plan_host);
    plan->bounds.admitted = plan->bounds.admitted_bound = 0;
    if (!findings_have(plan->findings, FINDING_ERROR)) {
        place_demands(supply, spec, instances, running, plan, plan_host);
        return plan;
    }
    plan_host->isolated_cpus = cpuset_new();
    refuse_all(instances, plan);
    return plan;
}
