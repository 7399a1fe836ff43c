/* SPDX-License-Identifier: Apache-2.0 */
#include "core/steps.h"

#include <string.h>

#include "core/compare.h"
#include "core/domain.h"
#include "machine.h"

/* The texts of the steps, one a line: what a dry run shows. */
static char *step_texts(const GPtrArray *steps)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < steps->len; i++) {
        const Step *step = steps->pdata[i];

        g_assert_nonnull(step->subject);
        g_assert_true(step->why && *step->why && !strchr(step->why, '\n'));
        g_assert_true(step->undo && *step->undo && !strchr(step->undo, '\n'));
        g_assert_null(strchr(step->text, '\n'));
        g_string_append_printf(text, "%s\n", step->text);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *write_xml(PlanSlice **ret_slice)
{
    const char *const slices[] = {MACHINE_RED, NULL};
    g_autoptr(Host) host = machine_host();
    g_autoptr(Plan) plan = machine_plan(slices);
    const PlanHost *plan_host = plan->hosts->pdata[0];

    *ret_slice = machine_slice(MACHINE_RED);
    return domain_write_xml(host, plan_host, *ret_slice, NULL);
}

static char *replace(const char *text, const char *from, const char *to)
{
    g_auto(GStrv) parts = g_strsplit(text, from, 2);

    g_assert_nonnull(parts[1]);
    return g_strjoin(to, parts[0], parts[1], NULL);
}

#define NAME "Red_k8s_cluster_worker1"
#define BIND "bind 0000:01:00.0 to vfio-pci\n" /* whatever starts, its port is a guest's first */
#define DISK "/var/lib/libvirt/images/" NAME ".qcow2"

/* How a slice that exists differs from the wanted one, and what follows. */
typedef struct {
    const char *name;
    bool stopped, no_autostart, restart;
    const char *live_from, *live_to;     /* an edit of the live XML */
    const char *config_from, *config_to; /* of the persistent one */
    gint64 capacity;                     /* 0: as wanted */
    const char *steps;
    bool needs_restart;
} Case;

#define PIN_FROM "vcpu=\"0\" cpuset=\"4\""
#define PIN_TO "vcpu=\"0\" cpuset=\"5\""
#define MEMORY_FROM "<memory unit=\"KiB\">8388608"
#define MEMORY_TO "<memory unit=\"KiB\">4194304"

static const Case cases[] = {
    {"as-wanted", .steps = ""},
    {"stopped", .stopped = true, .steps = BIND "start domain " NAME "\n"},
    {"no-autostart", .no_autostart = true, .steps = "start domain " NAME " with the host\n"},
    {"pins-live-and-config", .live_from = PIN_FROM, .live_to = PIN_TO, .config_from = PIN_FROM,
     .config_to = PIN_TO,
     .steps = "define domain " NAME "\nset the pins of running domain " NAME "\n"},
    {"pins-live", .live_from = PIN_FROM, .live_to = PIN_TO,
     .steps = "set the pins of running domain " NAME "\n"},
    {"pins-config", .config_from = PIN_FROM, .config_to = PIN_TO,
     .steps = "define domain " NAME "\n"},
    {"memory", .live_from = MEMORY_FROM, .live_to = MEMORY_TO, .config_from = MEMORY_FROM,
     .config_to = MEMORY_TO, .steps = "define domain " NAME "\n", .needs_restart = true},
    /* the second run after that */
    {"memory-defined", .live_from = MEMORY_FROM, .live_to = MEMORY_TO, .steps = "",
     .needs_restart = true},
    {"memory-restart", .restart = true, .live_from = MEMORY_FROM, .live_to = MEMORY_TO,
     .config_from = MEMORY_FROM, .config_to = MEMORY_TO,
     .steps = "stop domain " NAME "\ndefine domain " NAME "\n" BIND "start domain " NAME "\n"},
    {"memory-defined-restart", .restart = true, .live_from = MEMORY_FROM, .live_to = MEMORY_TO,
     .steps = "stop domain " NAME "\n" BIND "start domain " NAME "\n"},
    {"memory-stopped", .stopped = true, .config_from = MEMORY_FROM, .config_to = MEMORY_TO,
     .steps = "define domain " NAME "\n" BIND "start domain " NAME "\n"},
    /* pins of vCPUs that the running domain does not have cannot be set */
    {"vcpus-and-pins",
     .live_from = "8</vcpu>\n  <iothreads>1</iothreads>\n  <cputune>\n    <vcpupin vcpu=\"0\" "
                  "cpuset=\"4\"/>",
     .live_to = "7</vcpu><iothreads>1</iothreads><cputune>", .steps = "", .needs_restart = true},
    {"service-pins",
     .live_from = "<vcpupin vcpu=\"7\" cpuset=\"22\"/>\n    <emulatorpin cpuset=\"2,14\"/>\n    "
                  "<iothreadpin iothread=\"1\" cpuset=\"2,14\"/>\n  </cputune>",
     .live_to = "</cputune>", .steps = "set the pins of running domain " NAME "\n"},
    {"no-disk-before", .stopped = true, .config_from = "<source file=\"" DISK "\"/>",
     .config_to = "", .capacity = RECORD_UNSET,
     .steps = "create volume " DISK ", 100GiB on top of image centos7\ndefine domain " NAME
              "\n" BIND "start domain " NAME "\n"},
    {"disk-grows", .capacity = 50 * GIB, .steps = "grow volume " DISK " to 100GiB\n"},
    {"disk-unknown", .capacity = RECORD_UNSET, .steps = ""},
};

static Observed *observe(const Case *test, const char *wanted_xml)
{
    Observed *observed = observed_new();

    observed->name = g_strdup(NAME);
    observed->ours = true;
    observed->active = !test->stopped;
    observed->autostart = !test->no_autostart;
    observed->config_xml = test->config_from
                               ? replace(wanted_xml, test->config_from, test->config_to)
                               : g_strdup(wanted_xml);
    if (test->stopped)
        observed->xml = g_strdup(observed->config_xml);
    else
        observed->xml = test->live_from ? replace(wanted_xml, test->live_from, test->live_to)
                                        : g_strdup(wanted_xml);
    observed->disk_capacity_bytes = test->capacity ? test->capacity : 100 * GIB;
    return observed;
}

/* Of a slice, as it is observed: the steps and findings. */
typedef struct {
    PlanSlice *slice;
    char *xml;
    Observed *observed; /* NULL: there is no such domain */
    GPtrArray *steps, *findings;
    bool needs_restart;
    GError *error;
} Derived;

static Derived *derived_new(const Case *test)
{
    Derived *derived = g_new0(Derived, 1);

    derived->xml = write_xml(&derived->slice);
    derived->observed = test ? observe(test, derived->xml) : NULL;
    derived->steps = steps_new();
    derived->findings = findings_new();
    return derived;
}

static void derived_free(Derived *derived)
{
    plan_slice_free(derived->slice);
    g_free(derived->xml);
    observed_free(derived->observed);
    g_ptr_array_unref(derived->steps);
    g_ptr_array_unref(derived->findings);
    g_clear_error(&derived->error);
    g_free(derived);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Derived, derived_free)

/* @needs_restart: what is there before, to be set anew. */
static bool derive(Derived *derived, bool restart, bool needs_restart)
{
    StepsOptions options = {.restart = restart};

    derived->needs_restart = needs_restart;
    return steps_derive_slice(derived->slice, derived->xml, derived->observed, &options,
                              derived->steps, derived->findings, &derived->needs_restart,
                              &derived->error);
}

/* No step, and one error of the slice. */
static void assert_told(const Derived *derived, const char *code)
{
    const Finding *finding;

    g_assert_cmpuint(derived->steps->len, ==, 0);
    g_assert_false(derived->needs_restart);
    g_assert_cmpuint(derived->findings->len, ==, 1);
    finding = derived->findings->pdata[0];
    g_assert_cmpint(finding->severity, ==, FINDING_ERROR);
    g_assert_cmpstr(finding->code, ==, code);
    g_assert_cmpstr(finding->subject, ==, "slice " NAME);
}

static void test_existing(gconstpointer data)
{
    const Case *test = data;
    g_autoptr(Derived) derived = derived_new(test);

    derive(derived, test->restart, !test->needs_restart);
    g_assert_no_error(derived->error);

    g_autofree char *texts = step_texts(derived->steps);

    g_assert_cmpstr(texts, ==, test->steps);
    g_assert_cmpuint(derived->findings->len, ==, 0);
    g_assert_true(derived->needs_restart == test->needs_restart);
}

static void test_new(void)
{
    g_autoptr(Derived) derived = derived_new(NULL);

    g_assert_true(derive(derived, false, true));
    g_assert_false(derived->needs_restart);

    g_autofree char *texts = step_texts(derived->steps);

    g_assert_cmpstr(texts, ==,
                    "create volume " DISK ", 100GiB on top of image centos7\n"
                    "define domain " NAME "\n"
                    "start domain " NAME " with the host\n" BIND "start domain " NAME "\n");

    static const StepKind kinds[] = {STEP_VOLUME_CREATE, STEP_DOMAIN_DEFINE, STEP_DOMAIN_AUTOSTART,
                                     STEP_DRIVER, STEP_DOMAIN_START};

    for (guint i = 0; i < derived->steps->len; i++) {
        const Step *step = derived->steps->pdata[i];

        g_assert_cmpint(step->kind, ==, kinds[i]);
        g_assert_cmpstr(step->subject, ==, NAME);
        g_assert_cmpint(step->by_hand, ==, 0);
        g_assert_cmpint(step->reboot, ==, 0);
    }
}

/* What cannot be read is a failure that names the slice. */
static void test_broken(void)
{
    static const Case same = {"same"};
    g_autoptr(Derived) derived = derived_new(&same);

    derived->observed->xml[10] = '\0';
    g_assert_false(derive(derived, true, false));
    g_assert_nonnull(strstr(derived->error->message, NAME));
    g_assert_nonnull(strstr(derived->error->message, "cannot read XML"));
    g_assert_cmpuint(derived->steps->len, ==, 0);
}

/* Somebody else's domain is left alone, and told. */
static void test_foreign(void)
{
    static const Case same = {"same"};
    g_autoptr(Derived) derived = derived_new(&same);

    derived->observed->ours = false;
    g_assert_true(derive(derived, true, true));
    assert_told(derived, "domain-not-ours");
}

/* A disk that would have to shrink is told, and nothing is done about the slice. */
static void test_shrinks(void)
{
    static const Case smaller = {"smaller", .capacity = 200 * GIB};
    g_autoptr(Derived) derived = derived_new(&smaller);
    g_autoptr(GPtrArray) differences = compare_domains(derived->xml, derived->observed->xml, NULL);

    g_assert_true(derive(derived, true, true));
    assert_told(derived, "disk-shrinks");

    compare_disk(100 * GIB, RECORD_UNSET, differences);
    compare_disk(100 * GIB, 100 * GIB, differences);
    g_assert_cmpuint(differences->len, ==, 0);
    compare_disk(100 * GIB, 200 * GIB, differences);
    g_assert_cmpuint(differences->len, ==, 1);
    g_assert_cmpstr(((const Difference *)differences->pdata[0])->running, ==, "200GiB");
}

static void test_destroy(void)
{
    static const Case running = {"running"}, stopped = {"stopped", .stopped = true};
    const struct {
        const Case *test; /* NULL: no such domain */
        bool foreign, delete_disks;
        const char *steps;
    } rows[] = {
        {&running, false, false, "stop domain " NAME "\nundefine domain " NAME "\n"},
        {&running, false, true,
         "stop domain " NAME "\nundefine domain " NAME "\ndelete volume " DISK "\n"},
        {&stopped, false, false, "undefine domain " NAME "\n"},
        {&running, true, true, ""},
        {NULL, false, false, ""},
        {NULL, false, true, "delete volume " DISK "\n"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PlanSlice) slice = NULL;
        g_autofree char *xml = write_xml(&slice);
        g_autoptr(Observed) observed = rows[i].test ? observe(rows[i].test, xml) : NULL;
        g_autoptr(GPtrArray) steps = steps_new();

        if (observed)
            observed->ours = !rows[i].foreign;
        steps_derive_destroy(slice, observed, rows[i].delete_disks, steps);

        g_autofree char *texts = step_texts(steps);

        g_assert_cmpstr(texts, ==, rows[i].steps);
    }
}

static char *host_texts(const Host *host, const Plan *plan)
{
    g_autoptr(GPtrArray) steps = steps_new();

    g_autoptr(GPtrArray) findings = findings_new();

    steps_derive_host(host, plan->hosts->pdata[0], NULL, NULL, steps, findings);
    g_assert_cmpuint(findings->len, ==, 0);
    for (guint i = 0; i < steps->len; i++) {
        const Step *step = steps->pdata[i];

        g_assert_cmpint(step->by_hand, ==, 0);
        g_assert_cmpint(step->reboot, ==, step->kind == STEP_KERNEL_ARGS);
        g_assert_true(step_is_of_host(step));
        g_assert_true(step->setting || step->kind == STEP_KERNEL_ARGS);
    }
    return step_texts(steps);
}

static void test_host(void)
{
    const char *const slices[] = {MACHINE_BLUE, MACHINE_VF, MACHINE_TWO_NODES, NULL};
    g_autoptr(Host) host = machine_host();
    g_autoptr(Plan) plan = machine_plan(slices);
    g_autofree char *texts = host_texts(host, plan);

    /* 2 + 4 pages of 1 GiB on node 0, which has 3; 4 on node 1, which has none */
    g_assert_cmpstr(
        texts, ==,
        "reserve 6 pages of 1GiB on node 0\n"
        "reserve 4096 pages of 2MiB on node 1\n"
        "reserve 4 pages of 1GiB on node 1\n"
        "make 4 VFs on 0000:01:00.0\n"
        "add to the kernel command line: intel_iommu=on isolcpus=2-11,14-23, then reboot\n");
}

/* What is there already is no step. */
static void test_host_ready(void)
{
    const char *const slices[] = {MACHINE_BLUE, MACHINE_VF, NULL};
    g_autoptr(Host) host = machine_host();
    g_autoptr(Plan) plan = machine_plan(slices);
    HostPci *pf = host->pci->pdata[0];

    g_free(host->kernel.cmdline);
    host->kernel.cmdline = g_strdup("quiet isolcpus=2-11,14-23 intel_iommu=on\n");
    ((HostHugepages *)((HostNode *)host->nodes->pdata[1])->hugepages->pdata[0])->total = 4096;
    pf->sriov->num_vfs = 4;

    g_autofree char *ready = host_texts(host, plan);

    g_assert_cmpstr(ready, ==, "");

    /* VFs exist, but too few: the kernel wants 0 in between */
    pf->sriov->num_vfs = 2;

    g_autofree char *few = host_texts(host, plan);

    g_assert_cmpstr(few, ==, "make 4 VFs on 0000:01:00.0 (with none of it in use)\n");
}

/* An argument that merely begins alike is another one. */
static void test_host_words(void)
{
    const char *const none[] = {NULL};
    g_autoptr(Host) host = machine_host();
    g_autoptr(Plan) plan = machine_plan(none);

    g_free(host->kernel.cmdline);
    host->kernel.cmdline = g_strdup("quiet intel_iommu=on,sm_on isolcpus=2-11,14-22");

    g_autofree char *texts = host_texts(host, plan);

    g_assert_nonnull(strstr(texts, "intel_iommu=on isolcpus=2-11,14-23, then reboot"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/steps/existing/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], test_existing);
    }
    g_test_add_func("/steps/new", test_new);
    g_test_add_func("/steps/broken", test_broken);
    g_test_add_func("/steps/foreign", test_foreign);
    g_test_add_func("/steps/shrinks", test_shrinks);
    g_test_add_func("/steps/destroy", test_destroy);
    g_test_add_func("/steps/host", test_host);
    g_test_add_func("/steps/host-ready", test_host_ready);
    g_test_add_func("/steps/host-words", test_host_words);
    return g_test_run();
}
