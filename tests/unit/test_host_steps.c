/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a host, from its small files: which they are, and what they never touch. */
#include <string.h>

#include "core/boot.h"
#include "core/boot_loader.h"
#include "core/place.h"
#include "core/steps.h"
#include "plan_check.h"
#include "synthetic.h"

#define OURS "/etc/default/grub.d/60-bmslice.cfg"

static const char *const GRUB_HOST[][2] = {
    {"/etc/default/grub",
     "GRUB_CMDLINE_LINUX=\"console=ttyS0\"\nGRUB_CMDLINE_LINUX_DEFAULT='quiet'\n"},
    {"/usr/sbin/update-grub", "#!/bin/sh\n"},
    {"/boot/grub/grub.cfg", "linux /vmlinuz console=ttyS0 quiet\n"},
    {"/proc/1/comm", "systemd"},
    {"/proc/9/comm", "tuned"},
    {"/proc/irq/default_smp_affinity", "ffffffff"},
    {"/proc/irq/7/smp_affinity_list", "0-31"},
    {"/proc/irq/8/smp_affinity_list", "0"},
    {"/sys/devices/virtual/workqueue/cpumask", "ffffffff"},
    {"/sys/kernel/mm/ksm/run", "1"},
    {"/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never"},
    {"/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave"},
    {"/sys/devices/system/cpu/cpu3/cpufreq/scaling_governor", "powersave"},
    {"/sys/class/net/nic0/flags", "0x1002"},
    {"/sys/class/net/nic1/flags", "0x1002"},
    {"/sys/class/net/nic0/mtu", "1500"},
};

static Facts *grub_facts(void)
{
    Facts *facts = facts_new();

    for (guint i = 0; i < G_N_ELEMENTS(GRUB_HOST); i++)
        facts_add(facts, GRUB_HOST[i][0], GRUB_HOST[i][1]);
    return facts;
}

/* What is made, a line each: "target = value". */
static char *settings_text(const GPtrArray *steps)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < steps->len; i++) {
        const Step *step = steps->pdata[i];

        if (step->setting && !strchr(step->setting->value, '\n'))
            g_string_append_printf(text, "%s = %s\n", step->setting->target, step->setting->value);
        else
            g_string_append_printf(text, "%s\n",
                                   step->setting ? step->setting->target : step->text);
    }
    return g_string_free(text, FALSE);
}

#define SPEC_HEAD                                                                                  \
    "version: 1\nnetworks:\n  a: {mtu: 9000, uplinks: [{host: '*', pf: nic0}]}\n"                  \
    "  b: {uplinks: [{host: '*', pf: nic1}]}\n"                                                    \
    "hosts: [{name: '*', reserve: {memory_per_node: 1GiB}, take_over: [tuned]}]\nclusters:\n"      \
    "  - name: c\n    spread: none\n    slices:\n"

static Plan *plan_of(const char *yaml, const Host *host)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Tree) tree = tree_parse_yaml("spec", yaml, strlen(yaml));
    g_autoptr(Spec) spec = spec_from_tree(tree, findings);
    g_autoptr(Plan) plan = NULL;

    if (!spec)
        g_error("%s\n%s", ((const Finding *)findings->pdata[0])->text, yaml);
    plan = place_slices(spec, spec_find_host(spec, host->hostname), host, NULL);
    plan_check(tree, spec, spec_find_host(spec, host->hostname), host, plan);
    return g_steal_pointer(&plan);
}

static void test_grub(void)
{
    g_autoptr(Host) host = synthetic_host("numa:1 core:4 pu:1 mem:16 nic:1x4vf@0");
    g_autoptr(Plan) plan = plan_of(SPEC_HEAD "      - {name: s, vcpus: 2, memory: 1GiB, hugepages: "
                                             "none, nics: [{network: a, mode: vf}]}\n",
                                   host);
    g_autoptr(Facts) facts = grub_facts();
    g_autoptr(GPtrArray) steps = steps_new();
    g_autoptr(GPtrArray) again = steps_new();
    g_autoptr(GPtrArray) findings = findings_new();
    g_autofree char *text = NULL;
    g_autofree char *text_again = NULL;

    steps_derive_host(host, plan->hosts->pdata[0], facts, "/usr/bin/bmslice", steps, findings);
    text = settings_text(steps);
    g_assert_cmpstr(text, ==,
                    "tuned.service = masked\n"
                    "/proc/irq/default_smp_affinity = 0\n"
                    "/proc/irq/7/smp_affinity_list = 0\n"
                    "0000:01:00.0 = 1\n"
                    "0000:01:00.0 = state up mtu 9000\n"
                    "/sys/devices/virtual/workqueue/cpumask = 0\n"
                    "/sys/kernel/mm/ksm/run = 0\n"
                    "/sys/kernel/mm/transparent_hugepage/enabled = never\n"
                    "/sys/devices/system/cpu/cpu3/cpufreq/scaling_governor = performance\n"
                    "/etc/modules-load.d/bmslice.conf\n"
                    "/var/lib/bmslice/plan.json\n"
                    "/etc/libvirt/hooks/qemu.d/bmslice\n"
                    "/etc/systemd/system/bmslice-boot.service\n"
                    "/etc/systemd/system/multi-user.target.wants/bmslice-boot.service = "
                    "/etc/systemd/system/bmslice-boot.service\n" OURS "\n"
                    "reboot this host\n");
    g_assert_cmpuint(findings->len, ==, 0);

    /* Staged and made by update-grub, but not booted into: only the reboot is left. */
    for (guint i = 0; i < steps->len; i++) {
        const Setting *setting = ((const Step *)steps->pdata[i])->setting;

        if (setting && setting->kind == SETTING_FILE && setting->proof) {
            g_autofree char *made = boot_words_merge("linux", setting->proof_words);

            facts_add(facts, OURS, setting->value);
            steps_derive_host(host, plan->hosts->pdata[0], facts, NULL, again, findings);
            g_assert_cmpint(((const Step *)again->pdata[again->len - 2])->kind, ==,
                            STEP_KERNEL_ARGS); /* update-grub was cut off */
            g_ptr_array_set_size(again, 0);
            facts_add(facts, "/boot/grub/grub.cfg", made);
        }
    }
    steps_derive_host(host, plan->hosts->pdata[0], facts, NULL, again, findings);
    text_again = settings_text(again);
    g_assert_null(strstr(text_again, OURS));
    g_assert_nonnull(strstr(text_again, "reboot this host"));
}

/* The host's own words for the same argument are a conflict, not silently overruled. */
static void test_conflict(void)
{
    g_autoptr(Host) host = synthetic_host("numa:1 core:4 pu:1 mem:16");
    g_autoptr(Plan) plan =
        plan_of(SPEC_HEAD "      - {name: s, vcpus: 2, memory: 1GiB, hugepages: none}\n", host);
    g_autoptr(Facts) facts = grub_facts();
    g_autoptr(GPtrArray) steps = steps_new();
    g_autoptr(GPtrArray) findings = findings_new();

    facts_add(facts, "/etc/default/grub.d/99-own.cfg",
              "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX isolcpus=3\"\n");
    steps_derive_host(host, plan->hosts->pdata[0], facts, NULL, steps, findings);
    g_assert_cmpuint(findings->len, ==, 1);
    g_assert_cmpstr(((const Finding *)findings->pdata[0])->code, ==, "kernel-args-conflict");
    g_assert_nonnull(strstr(((const Finding *)findings->pdata[0])->text, "isolcpus=3"));
}

/* Entries as Fedora 40's installer leaves them (its documentation of BLS), and systemd-boot's. */
static void test_entries(void)
{
    static const char entry[] = "title Fedora Linux\nversion 6.8.5\nlinux /vmlinuz-6.8.5\n"
                                "initrd /initramfs-6.8.5.img\n"
                                "options root=UUID=0a1b ro rhgb quiet isolcpus=5 iommu=off\n"
                                "grub_users $grub_users\n";
    g_autoptr(Facts) facts = facts_new();
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_autoptr(GPtrArray) former = NULL;
    g_autoptr(GPtrArray) settings = NULL;
    const BootLoader *loader;

    g_ptr_array_add(words, (gpointer) "iommu=pt");
    g_ptr_array_add(words, (gpointer) "isolcpus=managed_irq,domain,2-3");
    facts_add(facts, "/etc/default/grub", "GRUB_ENABLE_BLSCFG=true\n");
    facts_add(facts, "/etc/kernel/cmdline", "root=UUID=0a1b ro\n");
    facts_add(facts, "/boot/loader/entries/x-6.8.5.conf", entry);
    loader = boot_loader_find(facts);
    g_assert_cmpstr(loader->name, ==, "boot entries");
    settings = loader->stage(facts, words, &former);
    g_assert_cmpuint(settings->len, ==, 2);
    g_assert_cmpstr(((const Setting *)settings->pdata[0])->value, ==,
                    "root=UUID=0a1b ro iommu=pt isolcpus=managed_irq,domain,2-3\n");
    g_assert_cmpstr(((const Setting *)settings->pdata[1])->value, ==,
                    "title Fedora Linux\nversion 6.8.5\nlinux /vmlinuz-6.8.5\n"
                    "initrd /initramfs-6.8.5.img\n"
                    "options root=UUID=0a1b ro rhgb quiet iommu=pt "
                    "isolcpus=managed_irq,domain,2-3\n"
                    "grub_users $grub_users\n");
    g_assert_cmpstr(former->pdata[1], ==, entry);

    /* what still boots with them after all was taken back is told */
    g_autoptr(GPtrArray) findings = findings_new();

    boot_words_tell_left(facts, words, findings);
    g_assert_cmpuint(findings->len, ==, 0);
    facts_add(facts, "/boot/loader/entries/x-6.9.conf", "options root=UUID=0a1b ro iommu=pt\n");
    boot_words_tell_left(facts, words, findings);
    g_assert_cmpuint(findings->len, ==, 1);
    g_assert_nonnull(strstr(((const Finding *)findings->pdata[0])->text, "boots with iommu=pt"));

    /* the loader renames those with a count of tries: not ours to find again */
    facts_add(facts, "/boot/loader/entries/x-6.9+3-1.conf", "options root=UUID=0a1b ro\n");
    g_assert_null(boot_loader_find(facts));
    g_assert_true(g_tree_remove(facts->texts, "/boot/loader/entries/x-6.9+3-1.conf"));
    g_assert_nonnull(boot_loader_find(facts));

    /* where a variable holds the options, they are not in the entry */
    facts_add(facts, "/boot/loader/entries/x-6.8.5.conf", "options $kernelopts\n");
    g_assert_null(boot_loader_find(facts));
}

static void test_unknown_loader(void)
{
    g_autoptr(Host) host = synthetic_host("numa:1 core:4 pu:1 mem:16");
    g_autoptr(Plan) plan =
        plan_of(SPEC_HEAD "      - {name: s, vcpus: 2, memory: 1GiB, hugepages: none}\n", host);
    g_autoptr(Facts) facts = facts_new();
    g_autoptr(GPtrArray) steps = steps_new();
    g_autoptr(GPtrArray) findings = findings_new();
    const Step *last;

    steps_derive_host(host, plan->hosts->pdata[0], facts, NULL, steps, findings);
    last = steps->pdata[steps->len - 1];
    g_assert_cmpint(last->by_hand, ==, 1);
    g_assert_cmpstr(((const Finding *)findings->pdata[0])->code, ==, "boot-loader-unknown");
    g_assert_nonnull(strstr(((const Finding *)findings->pdata[0])->hint, "isolcpus="));
}

/* Without a reboot, and it goes again when the spec asks for another way. */
static void test_runtime(void)
{
    g_autoptr(Host) host = synthetic_host("numa:1 core:4 pu:1 mem:16");
    g_autoptr(Plan) plan =
        plan_of(SPEC_HEAD "      - {name: s, vcpus: 2, memory: 1GiB, hugepages: none}\n", host);
    PlanHost *plan_host = plan->hosts->pdata[0];
    g_autoptr(Facts) facts = grub_facts();
    g_autoptr(GPtrArray) steps = steps_new();
    g_autoptr(GPtrArray) findings = findings_new();
    g_autofree char *text = NULL;
    const Step *step;

    g_ptr_array_set_size(plan_host->kernel_args, 0);
    plan_host->isolation = SPEC_ISOLATION_RUNTIME;
    host->kernel.release = g_strdup("5.10.0-13-amd64");
    steps_derive_host(host, plan_host, facts, NULL, steps, findings);
    text = settings_text(steps);
    g_assert_nonnull(strstr(text, "\nbmslice.slice = isolated 1-3\n"));
    g_assert_null(strstr(text, "reboot"));
    for (guint i = 0; i < steps->len; i++) { /* what holds the slice when a boot cannot make it */
        step = steps->pdata[i];
        g_assert_cmpint(boot_step_concerns(step, plan_host->slices->pdata[0]), ==,
                        step->kind == STEP_PARTITION);
    }
    g_assert_cmpuint(findings->len, ==, 3);
    g_assert_cmpstr(((const Finding *)findings->pdata[0])->code, ==, "no-cpuset");
    g_assert_cmpstr(((const Finding *)findings->pdata[1])->code, ==, "no-machined");
    g_assert_cmpstr(((const Finding *)findings->pdata[2])->code, ==, "partition-kernel");

    facts_add(facts, "/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io");
    facts_add(facts, STEPS_MACHINED, "[Unit]\n");
    g_free(host->kernel.release);
    host->kernel.release = g_strdup("6.1.0-13-amd64");
    host->kernel.partition = cpuset_parse("1-3", NULL);
    g_ptr_array_set_size(steps, 0);
    g_ptr_array_set_size(findings, 0);
    steps_derive_host(host, plan_host, facts, NULL, steps, findings);
    for (guint i = 0; i < steps->len; i++)
        g_assert_cmpint(((const Step *)steps->pdata[i])->kind, !=, STEP_PARTITION);
    g_assert_cmpuint(findings->len, ==, 0);

    plan_host->isolation = SPEC_ISOLATION_NONE;
    g_ptr_array_set_size(steps, 0);
    steps_derive_host(host, plan_host, facts, NULL, steps, findings);
    step = steps->pdata[0];
    g_assert_cmpint(step->kind, ==, STEP_PARTITION);
    g_assert_null(step->setting->value);
}

/* --- what no plan of steps ever touches, over generated hosts and specs --- */

static char *roll_host(GRand *rand)
{
    GString *text = g_string_new(NULL);
    int nodes = g_rand_int_range(rand, 1, 4);

    g_string_append_printf(text, "numa:%d core:%d pu:%d mem:16", nodes,
                           g_rand_int_range(rand, 3, 9), g_rand_int_range(rand, 1, 3));
    for (int i = 0; i < 4; i++) {
        int node = g_rand_int_range(rand, 0, nodes);

        switch (g_rand_int_range(rand, 0, 5)) {
        case 0:
            g_string_append_printf(text, " nic:1@%d", node);
            break;
        case 1:
            g_string_append_printf(text, " nic:1x4vf@%d", node);
            break;
        case 2:
            g_string_append_printf(text, " vfs:3@%d", node);
            break;
        case 3:
            g_string_append_printf(text, " pair@%d", node);
            break;
        default:
            g_string_append_printf(text, " used@%d", node);
            break;
        }
    }
    return g_string_free(text, FALSE);
}

/* The host uses some of its ports in ways of its own. */
static void roll_uses(GRand *rand, Host *host)
{
    static const char *const uses[] = {HOST_USE_DEFAULT_ROUTE, HOST_USE_BRIDGE, HOST_USE_BOND,
                                       HOST_USE_VLAN, HOST_USE_ADDRESS};

    for (guint i = 0; i < host->pci->len; i++) {
        HostPci *pci = host->pci->pdata[i];
        HostNet *net = pci->nets->len ? pci->nets->pdata[0] : NULL;

        if (net && net->uses && g_rand_int_range(rand, 0, 4) == 0)
            g_ptr_array_add(net->uses,
                            g_strdup(uses[g_rand_int_range(rand, 0, G_N_ELEMENTS(uses))]));
    }
}

static char *roll_spec(GRand *rand)
{
    static const char *const pages[] = {"none", "2MiB", "1GiB"};
    GString *text = g_string_new(SPEC_HEAD);
    int slices = g_rand_int_range(rand, 1, 4);

    for (int i = 0; i < slices; i++)
        g_string_append_printf(text,
                               "      - {name: s%d, vcpus: 2, memory: %dGiB, hugepages: %s, nics: "
                               "[{network: %s, mode: %s, locality: any}]}\n",
                               i, g_rand_int_range(rand, 1, 4), pages[g_rand_int_range(rand, 0, 3)],
                               g_rand_boolean(rand) ? "a" : "b",
                               g_rand_boolean(rand) ? "pf" : "vf");
    return g_string_free(text, FALSE);
}

static bool is_used(const HostPci *pci)
{
    g_autoptr(GPtrArray) uses = host_pci_uses(pci);

    return uses->len > 0 || !host_pci_use_is_known(pci);
}

static void assert_spared(const Host *host, const char *address)
{
    const HostPci *pci = host_find_pci(host, address);

    g_assert_nonnull(pci);
    for (guint i = 0; i < host->pci->len; i++) {
        const HostPci *other = host->pci->pdata[i];

        if (other == pci || (other->iommu_group == pci->iommu_group &&
                             pci->iommu_group != RECORD_UNSET && !host_pci_is_bridge(other)))
            g_assert_false(is_used(other));
    }
}

/* Every path that may ever be written to. */
static void assert_path(const PlanHost *plan_host, const Setting *setting)
{
    static const char *const files[] = {OURS,
                                        STEPS_BOOT_UNIT_PATH,
                                        STEPS_BOOT_WANTS,
                                        STEPS_BOOT_PLAN,
                                        STEPS_HOOK,
                                        STEPS_MODULES,
                                        STEPS_PAGES_MOUNT,
                                        STEPS_PAGES_WANTS,
                                        "/proc/irq/default_smp_affinity",
                                        "/sys/devices/virtual/workqueue/cpumask",
                                        "/sys/kernel/mm/ksm/run",
                                        "/sys/kernel/mm/transparent_hugepage/enabled",
                                        NULL};
    static const char governor[] = "/sys/devices/system/cpu/cpu";

    if (g_str_has_prefix(setting->target, governor))
        g_assert_true(
            cpuset_has(plan_host->isolated_cpus, (guint)atoi(setting->target + strlen(governor))));
    else
        g_assert_true(
            g_strv_contains(files, setting->target) ||
            g_pattern_match_simple("/proc/irq/*/smp_affinity_list", setting->target) ||
            g_pattern_match_simple("/sys/devices/system/node/node*/nr_hugepages", setting->target));
    if (g_str_has_prefix(setting->target, "/proc/irq")) {
        g_autoptr(CpuSet) cpus = cpuset_parse(setting->value, NULL);

        g_assert_true(cpuset_is_subset(cpus, plan_host->reserved_cpus));
    }
}

static guint check_step(const Host *host, const PlanHost *plan_host, const Step *step)
{
    const Setting *setting = step->setting;

    g_assert_true(step->undo && *step->undo && step->why && *step->why);
    if (!setting)
        return 0;
    g_assert_nonnull(setting->value);
    switch (setting->kind) {
    case SETTING_VFS:
    case SETTING_NET:
        assert_spared(host, setting->target);
        return 1;
    case SETTING_DRIVER:
        if (host_find_pci(host, setting->target)) /* else a VF that is not made yet */
            assert_spared(host, setting->target);
        return 1;
    case SETTING_VF: /* the host may use the port, and have made VFs for others on it */
        g_assert_nonnull(host_find_pci(host, setting->target));
        return 1;
    case SETTING_SERVICE:
        g_assert_cmpstr(setting->target, ==, "tuned.service");
        return 0;
    default:
        assert_path(plan_host, setting);
        return 0;
    }
}

static void test_spared(void)
{
    guint steps_checked = 0, ports = 0;

    for (guint seed = 0; seed < 1000; seed++) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
        g_autofree char *line = roll_host(rand);
        g_autoptr(Host) host = synthetic_host(line);
        g_autofree char *yaml = roll_spec(rand);
        g_autoptr(Facts) facts = grub_facts();
        g_autoptr(GPtrArray) steps = steps_new();
        g_autoptr(GPtrArray) findings = findings_new();
        g_autoptr(Plan) plan = NULL;
        const PlanHost *plan_host;

        roll_uses(rand, host);
        plan = plan_of(yaml, host);
        plan_host = plan->hosts->pdata[0];
        steps_derive_host(host, plan_host, facts, "/usr/bin/bmslice", steps, findings);
        for (guint i = 0; i < plan_host->slices->len; i++)
            steps_derive_devices(plan_host->slices->pdata[i], steps);
        for (guint i = 0; i < steps->len; i++)
            ports += check_step(host, plan_host, steps->pdata[i]);
        steps_checked += steps->len;
    }
    g_assert_cmpuint(ports, >, 200);
    g_test_message("%u steps of 1000 hosts, %u of them on ports", steps_checked, ports);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host-steps/grub", test_grub);
    g_test_add_func("/host-steps/conflict", test_conflict);
    g_test_add_func("/host-steps/entries", test_entries);
    g_test_add_func("/host-steps/unknown-loader", test_unknown_loader);
    g_test_add_func("/host-steps/runtime", test_runtime);
    g_test_add_func("/host-steps/spared", test_spared);
    return g_test_run();
}
