/* SPDX-License-Identifier: Apache-2.0 */
/* A slice observed as it should be passes every check; each change of the observation fails its
 * own. */
#include "core/verify.h"

#include <string.h>

#include "core/domain.h"
#include "machine.h"
#include "model/spec.h"

typedef struct {
    Host *host;
    Plan *plan;
    PlanHost *plan_host;
    PlanSlice *slice; /* Red; Blue is beside it */
    Observed *observed;
} Fixture;

static void add_thread(Observed *observed, const char *name, const char *cpus)
{
    ObservedThread *thread = g_new0(ObservedThread, 1);

    thread->tid = 4112 + (int)observed->threads->len;
    thread->name = g_strdup(name);
    thread->allowed = cpus ? machine_cpus(cpus) : NULL;
    g_ptr_array_add(observed->threads, thread);
}

static Observed *observe(const Fixture *fixture)
{
    Observed *observed = observed_new();
    ObservedMemory *memory = g_new0(ObservedMemory, 1);
    ObservedDevice *device = g_new0(ObservedDevice, 1);

    observed->name = g_strdup(fixture->slice->name);
    observed->state = g_strdup("running");
    observed->ours = observed->active = observed->autostart = true;
    observed->xml = domain_write_xml(fixture->host, fixture->plan_host, fixture->slice, NULL);
    observed->config_xml = g_strdup(observed->xml);
    observed->emulator_pin = machine_cpus("2,14");
    g_ptr_array_add(observed->iothread_pins, machine_cpus("2,14"));
    observed->pid = 4112;
    add_thread(observed, "qemu-system-x86", "2,14");
    add_thread(observed, "IO iothread1", "2,14");
    add_thread(observed, "IO mon_iothread", "2,14");
    add_thread(observed, "worker", "14");
    for (guint i = 0; i < fixture->slice->vcpus->len; i++) {
        const PlanVcpu *vcpu = fixture->slice->vcpus->pdata[i];
        g_autofree char *cpu = g_strdup_printf("%d", (int)vcpu->cpu);
        g_autofree char *name = g_strdup_printf("CPU %u/KVM", i);

        g_ptr_array_add(observed->vcpu_pins, machine_cpus(cpu));
        add_thread(observed, name, cpu);
    }
    memory->bytes = 8 * GIB;
    g_ptr_array_add(observed->memory, memory);
    observed->memory_page_bytes = 4096;
    device->address = g_strdup("0000:01:00.0");
    device->driver = g_strdup("vfio-pci");
    g_ptr_array_add(observed->devices, device);
    return observed;
}

static void set_up(Fixture *fixture, gconstpointer data)
{
    const char *const slices[] = {MACHINE_RED, MACHINE_BLUE, NULL};

    (void)data;
    fixture->host = machine_host();
    fixture->plan = machine_plan(slices);
    fixture->plan_host = fixture->plan->hosts->pdata[0];
    fixture->slice = fixture->plan_host->slices->pdata[0];
    fixture->observed = observe(fixture);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void)data;
    observed_free(fixture->observed);
    plan_free(fixture->plan);
    host_free(fixture->host);
}

static GPtrArray *verify(const Fixture *fixture)
{
    GPtrArray *checks = checks_new();

    verify_slice(fixture->host, fixture->plan_host, fixture->slice, fixture->observed, checks);
    return checks;
}

static guint count(const GPtrArray *checks, CheckVerdict verdict, const char *id)
{
    guint found = 0;

    for (guint i = 0; i < checks->len; i++) {
        const Check *check = checks->pdata[i];

        if (check->verdict == verdict && (!id || strcmp(check->id, id) == 0))
            found++;
    }
    return found;
}

static const char *const all_ids[] = {
    "domain-running",  "autostart",    "vcpu-pin",       "emulator-pin",  "iothread-pin",
    "thread-affinity", "foreign-cpu",  "cpu-model",      "cpu-topology",  "vcpu-threads-complete",
    "memory-node",     "memory-pages", "device-present", "device-driver", "iommu-group"};

static void test_pass(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) checks = verify(fixture);

    (void)data;
    for (guint i = 0; i < G_N_ELEMENTS(all_ids); i++)
        g_assert_cmpuint(count(checks, CHECK_PASS, all_ids[i]), >=, 1);
    g_assert_cmpuint(count(checks, CHECK_PASS, NULL), ==, checks->len);
    g_assert_cmpuint(count(checks, CHECK_PASS, "vcpu-pin"), ==, 8);
    g_assert_cmpuint(count(checks, CHECK_PASS, "thread-affinity"), ==, 8 + 1 + 1);
    for (guint i = 0; i < checks->len; i++) {
        const Check *check = checks->pdata[i];

        g_assert_cmpstr(check->subject, ==, fixture->slice->name);
        g_assert_nonnull(check->evidence);
    }
}

static void set_cpus(CpuSet **set, const char *list)
{
    cpuset_free(*set);
    *set = list ? machine_cpus(list) : NULL;
}

static ObservedThread *thread_named(const Observed *observed, const char *name)
{
    for (guint i = 0; i < observed->threads->len; i++) {
        ObservedThread *thread = observed->threads->pdata[i];

        if (strcmp(thread->name, name) == 0)
            return thread;
    }
    g_assert_not_reached();
}

static void replace_xml(Observed *observed, const char *from, const char *to)
{
    g_auto(GStrv) parts = g_strsplit(observed->xml, from, 2);

    g_assert_nonnull(parts[1]);
    g_free(observed->xml);
    observed->xml = g_strjoin(to, parts[0], parts[1], NULL);
}

static void no_autostart(Observed *observed)
{
    observed->autostart = false;
}

static void vcpu_pin_wrong(Observed *observed)
{
    set_cpus((CpuSet **)&observed->vcpu_pins->pdata[3], "22");
}

static void vcpu_pin_wide(Observed *observed)
{
    set_cpus((CpuSet **)&observed->vcpu_pins->pdata[3], "18-19");
}

static void vcpu_pin_missing(Observed *observed)
{
    g_ptr_array_remove_index(observed->vcpu_pins, 7);
}

static void emulator_pin_wide(Observed *observed)
{
    set_cpus(&observed->emulator_pin, "0-23");
}

static void emulator_pin_missing(Observed *observed)
{
    set_cpus(&observed->emulator_pin, NULL);
}

static void iothread_pin_missing(Observed *observed)
{
    g_ptr_array_set_size(observed->iothread_pins, 0);
}

static void vcpu_thread_sibling(Observed *observed)
{
    set_cpus(&thread_named(observed, "CPU 0/KVM")->allowed, "16");
}

static void vcpu_thread_wide(Observed *observed)
{
    set_cpus(&thread_named(observed, "CPU 0/KVM")->allowed, "4,16");
}

static void vcpu_thread_unknown(Observed *observed)
{
    set_cpus(&thread_named(observed, "CPU 0/KVM")->allowed, NULL);
}

static void iothread_thread_half(Observed *observed)
{
    set_cpus(&thread_named(observed, "IO iothread1")->allowed, "2");
}

static void emulator_thread_on_vcpu(Observed *observed)
{
    set_cpus(&thread_named(observed, "qemu-system-x86")->allowed, "2,14,16");
}

static void emulator_thread_on_blue(Observed *observed)
{
    set_cpus(&thread_named(observed, "worker")->allowed, "14,17");
}

static void emulator_thread_on_host(Observed *observed)
{
    set_cpus(&thread_named(observed, "worker")->allowed, "0");
}

static void iothread_thread_surplus(Observed *observed)
{
    add_thread(observed, "IO iothread2", "2,14");
}

static void iothread_thread_missing(Observed *observed)
{
    g_ptr_array_remove(observed->threads, thread_named(observed, "IO iothread1"));
}

static void vcpu_thread_surplus(Observed *observed)
{
    add_thread(observed, "CPU 8/KVM", "2");
}

/* The name alone makes it no vCPU thread, so vCPU 7 has none, and this one is where no other may
 * be. */
static void vcpu_thread_renamed(Observed *observed)
{
    ObservedThread *thread = thread_named(observed, "CPU 7/KVM");

    g_free(thread->name);
    thread->name = g_strdup("CPU 7/KVM x");
}

static void emulated(Observed *observed)
{
    replace_xml(observed, "<domain type=\"kvm\"", "<domain type=\"qemu\"");
}

static void cpu_mode_wrong(Observed *observed)
{
    replace_xml(observed, "host-passthrough", "host-model");
}

static void topology_flat(Observed *observed)
{
    replace_xml(observed, "cores=\"4\" threads=\"2\"", "cores=\"8\" threads=\"1\"");
}

static void memory_elsewhere(Observed *observed)
{
    ObservedMemory *memory = g_new0(ObservedMemory, 1);

    memory->node = 1;
    memory->bytes = 4096;
    g_ptr_array_add(observed->memory, memory);
}

static void pages_wrong(Observed *observed)
{
    observed->memory_page_bytes = 2 << 20;
}

static void device_missing(Observed *observed)
{
    replace_xml(observed, "function=\"0x0\"", "function=\"0x1\"");
}

static void driver_wrong(Observed *observed)
{
    ObservedDevice *device = observed->devices->pdata[0];

    g_free(device->driver);
    device->driver = g_strdup("ixgbe");
}

static void driver_none(Observed *observed)
{
    g_clear_pointer(&((ObservedDevice *)observed->devices->pdata[0])->driver, g_free);
}

typedef struct {
    const char *name;
    void (*change)(Observed *observed);
    const char *id, *id2; /* the checks that fail, and no others */
    const char *words;    /* stand in the evidence or text of the first failure */
} Case;

static const Case cases[] = {
    {"no-autostart", no_autostart, "autostart", NULL, "autostart off"},
    {"vcpu-pin-wrong", vcpu_pin_wrong, "vcpu-pin", NULL, "vcpupin 3: 22"},
    {"vcpu-pin-wide", vcpu_pin_wide, "vcpu-pin", NULL, "vcpupin 3: 18-19"},
    {"vcpu-pin-missing", vcpu_pin_missing, "vcpu-pin", NULL, "vcpupin 7: unknown"},
    {"emulator-pin-wide", emulator_pin_wide, "emulator-pin", NULL, "0-23"},
    {"emulator-pin-missing", emulator_pin_missing, "emulator-pin", NULL, "unknown"},
    {"iothread-pin-missing", iothread_pin_missing, "iothread-pin", NULL, "unknown"},
    {"vcpu-thread-sibling", vcpu_thread_sibling, "thread-affinity", NULL,
     "/proc/4112/task/4116/status: CPU 0/KVM Cpus_allowed_list 16"},
    {"vcpu-thread-wide", vcpu_thread_wide, "thread-affinity", NULL, "4,16"},
    {"vcpu-thread-unknown", vcpu_thread_unknown, "thread-affinity", "foreign-cpu", "unknown"},
    {"iothread-thread-half", iothread_thread_half, "thread-affinity", NULL, "list 2"},
    {"emulator-thread-on-vcpu", emulator_thread_on_vcpu, "thread-affinity", NULL, "2,14,16"},
    {"emulator-thread-on-blue", emulator_thread_on_blue, "thread-affinity", "foreign-cpu",
     "worker Cpus_allowed_list 14,17"},
    {"emulator-thread-on-host", emulator_thread_on_host, "thread-affinity", "foreign-cpu",
     "worker Cpus_allowed_list 0"},
    {"iothread-thread-surplus", iothread_thread_surplus, "thread-affinity", NULL, "iothread2"},
    {"iothread-thread-missing", iothread_thread_missing, "thread-affinity", NULL, "no thread"},
    {"vcpu-thread-surplus", vcpu_thread_surplus, "vcpu-threads-complete", "thread-affinity", "0-8"},
    {"vcpu-thread-renamed", vcpu_thread_renamed, "vcpu-threads-complete", "thread-affinity", "0-6"},
    {"emulated", emulated, "cpu-model", NULL, "type='qemu'"},
    {"cpu-mode-wrong", cpu_mode_wrong, "cpu-model", NULL, "host-model"},
    {"topology-flat", topology_flat, "cpu-topology", NULL, "cores='8' threads='1'"},
    {"memory-elsewhere", memory_elsewhere, "memory-node", NULL, "on node 1"},
    {"pages-wrong", pages_wrong, "memory-pages", NULL, "pages of 2MiB"},
    {"device-missing", device_missing, "device-present", NULL, "not in the live domain XML"},
    {"driver-wrong", driver_wrong, "device-driver", NULL, "ixgbe"},
    {"driver-none", driver_none, "device-driver", NULL, "(none)"},
};

static void test_fail(Fixture *fixture, gconstpointer data)
{
    const Case *test = data;

    test->change(fixture->observed);

    g_autoptr(GPtrArray) checks = verify(fixture);
    const Check *first = NULL;

    for (guint i = 0; i < checks->len; i++) {
        const Check *check = checks->pdata[i];

        if (check->verdict != CHECK_FAIL)
            continue;
        g_test_message("%s: %s", check->id, check->text);
        g_assert_true(strcmp(check->id, test->id) == 0 || g_strcmp0(check->id, test->id2) == 0);
        first = first ? first : check;
    }
    g_assert_nonnull(first);
    g_assert_cmpuint(count(checks, CHECK_FAIL, test->id), ==, 1);
    g_assert_cmpuint(test->id2 ? count(checks, CHECK_FAIL, test->id2) : 1, ==, 1);
    g_assert_nonnull(strstr(first->evidence, test->words));
}

/* Blue wants 2 MiB pages: ordinary ones are a failure there, unknown ones are none. */
static void test_pages(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->slice->hugepage_bytes = 2 << 20;

    g_autoptr(GPtrArray) ordinary = verify(fixture);

    g_assert_cmpuint(count(ordinary, CHECK_FAIL, "memory-pages"), ==, 1);
    fixture->observed->memory_page_bytes = 2 << 20;

    g_autoptr(GPtrArray) huge = verify(fixture);

    g_assert_cmpuint(count(huge, CHECK_PASS, "memory-pages"), ==, 1);
    fixture->observed->memory_page_bytes = -1;

    g_autoptr(GPtrArray) unknown = verify(fixture);

    g_assert_cmpuint(count(unknown, CHECK_SKIP, "memory-pages"), ==, 1);
}

/* Service CPUs that the slice shares, with the host or with Blue, are its own too. */
static void test_shared_service(Fixture *fixture, gconstpointer data)
{
    (void)data;
    set_cpus(&fixture->plan_host->reserved_cpus, "0-1,12-14");
    set_cpus(&((PlanSlice *)fixture->plan_host->slices->pdata[1])->emulator_cpus, "2,14");

    g_autoptr(GPtrArray) checks = verify(fixture);

    g_assert_cmpuint(count(checks, CHECK_PASS, NULL), ==, checks->len);
}

static void test_not_running(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->observed->active = false;

    g_autoptr(GPtrArray) stopped = verify(fixture);

    g_assert_cmpuint(count(stopped, CHECK_FAIL, NULL), ==, 1);
    g_assert_cmpuint(count(stopped, CHECK_FAIL, "domain-running"), ==, 1);
    g_assert_cmpuint(count(stopped, CHECK_SKIP, NULL), ==, G_N_ELEMENTS(all_ids) - 2);
    fixture->observed->active = true;
    fixture->observed->pid = 0;

    g_autoptr(GPtrArray) unseen = verify(fixture);

    g_assert_cmpuint(count(unseen, CHECK_FAIL, NULL), ==, 0);
    g_assert_cmpuint(count(unseen, CHECK_SKIP, NULL), ==, 5);
    fixture->observed->ours = false;

    g_autoptr(GPtrArray) foreign = verify(fixture);

    g_assert_cmpuint(foreign->len, ==, 1);
    g_assert_cmpuint(count(foreign, CHECK_FAIL, "domain-running"), ==, 1);
    observed_free(g_steal_pointer(&fixture->observed));

    g_autoptr(GPtrArray) absent = verify(fixture);

    g_assert_cmpuint(absent->len, ==, 1);
    g_assert_cmpuint(count(absent, CHECK_FAIL, "domain-running"), ==, 1);
}

static void test_host(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) before = checks_new();
    g_autoptr(GPtrArray) after = checks_new();
    g_autoptr(GPtrArray) without = checks_new();

    (void)data;
    verify_host(fixture->host, fixture->plan_host, before);
    g_assert_cmpuint(count(before, CHECK_FAIL, "isolated-cpus"), ==, 1); /* 2-3 only */
    g_assert_cmpuint(count(before, CHECK_FAIL, "kernel-args"), ==, 2);
    g_assert_cmpuint(count(before, CHECK_PASS, "kernel-args"), ==, 1); /* quiet */

    g_free(fixture->host->kernel.cmdline);
    fixture->host->kernel.cmdline = g_strdup("intel_iommu=on quiet isolcpus=2-11,14-23\n");
    set_cpus(&fixture->host->kernel.isolated, "2-11,14-23");
    verify_host(fixture->host, fixture->plan_host, after);
    g_assert_cmpuint(count(after, CHECK_PASS, NULL), ==, 4);
    g_assert_cmpuint(after->len, ==, 4);

    g_ptr_array_set_size(fixture->plan_host->kernel_args, 0);
    verify_host(fixture->host, fixture->plan_host, without);
    g_assert_cmpuint(count(without, CHECK_SKIP, NULL), ==, 2);

    /* At run time: by the partition, whatever the boot has isolated. */
    fixture->plan_host->isolation = SPEC_ISOLATION_RUNTIME;
    g_ptr_array_set_size(without, 0);
    verify_host(fixture->host, fixture->plan_host, without);
    g_assert_cmpuint(count(without, CHECK_FAIL, "isolated-cpus"), ==, 1);
    fixture->host->kernel.partition = machine_cpus("2-11,14-23");
    g_ptr_array_set_size(without, 0);
    verify_host(fixture->host, fixture->plan_host, without);
    g_assert_cmpuint(count(without, CHECK_PASS, "isolated-cpus"), ==, 1);
}

/* The other port in the same group: what the guest's port may write, reaches it. */
static void test_group(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) checks = NULL;

    (void)data;
    ((HostPci *)fixture->host->pci->pdata[1])->iommu_group =
        ((HostPci *)fixture->host->pci->pdata[0])->iommu_group;
    checks = verify(fixture);
    g_assert_cmpuint(count(checks, CHECK_FAIL, "iommu-group"), ==, 1);
    g_assert_cmpuint(count(checks, CHECK_FAIL, NULL), ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/verify/pass", Fixture, NULL, set_up, test_pass, tear_down);
    g_test_add("/verify/group", Fixture, NULL, set_up, test_group, tear_down);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/verify/fail/", cases[i].name, NULL);

        g_test_add(path, Fixture, &cases[i], set_up, test_fail, tear_down);
    }
    g_test_add("/verify/pages", Fixture, NULL, set_up, test_pages, tear_down);
    g_test_add("/verify/shared-service", Fixture, NULL, set_up, test_shared_service, tear_down);
    g_test_add("/verify/not-running", Fixture, NULL, set_up, test_not_running, tear_down);
    g_test_add("/verify/host", Fixture, NULL, set_up, test_host, tear_down);
    return g_test_run();
}
