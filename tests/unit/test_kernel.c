/* SPDX-License-Identifier: Apache-2.0 */
#include "core/kernel.h"

static const struct {
    const char *argument, *cmdline;
    bool met;
    const char *word;
} cases[] = {
    {"iommu=pt", "quiet iommu=pt\n", true, "iommu=pt"},
    {"iommu=pt", "quiet iommu=ptx", false, "iommu=ptx"},
    {"iommu=pt", "quiet", false, NULL},
    {"iommu=pt", NULL, false, NULL},
    {"intel_iommu=on", "iommu=on intel_iommu=off", false, "intel_iommu=off"},
    {"intel_iommu=on", "intel_iommu=off intel_iommu=on", true, "intel_iommu=on"},
    {"nohz_full=2-3", "nohz_full=2-3", true, "nohz_full=2-3"},
    {"nohz_full=2-3", "nohz_full=3,2", true, "nohz_full=3,2"},
    {"nohz_full=2-3", "nohz_full=2-7", true, "nohz_full=2-7"},
    {"nohz_full=2-3", "nohz_full=2", false, "nohz_full=2"},
    {"nohz_full=2-3", "nohz_full=1-3", false, "nohz_full=1-3"}, /* 1 is the host's */
    {"nohz_full=2-3", "nohz_full=all", false, "nohz_full=all"},
    {"isolcpus=managed_irq,domain,2-3", "isolcpus=domain,managed_irq,2-4", true,
     "isolcpus=domain,managed_irq,2-4"},
    {"isolcpus=managed_irq,domain,2-3", "isolcpus=2-3", false, "isolcpus=2-3"},
    {"irqaffinity=0-1", "irqaffinity=0", true, "irqaffinity=0"},
    {"irqaffinity=0-1", "irqaffinity=0-2", false, "irqaffinity=0-2"},
    {"irqaffinity=0-1", "irqaffinity=", false, "irqaffinity="},
};

static void test_case(gconstpointer data)
{
    gsize number = GPOINTER_TO_SIZE(data);
    g_autoptr(CpuSet) reserved = cpuset_parse("0-1", NULL);
    g_autoptr(CpuSet) isolated = cpuset_parse("2-3", NULL);
    const PlanHost plan_host = {.reserved_cpus = reserved, .isolated_cpus = isolated};
    g_autofree char *word = NULL;

    g_assert_cmpint(
        kernel_argument_is_met(&plan_host, cases[number].cmdline, cases[number].argument, &word),
        ==, cases[number].met);
    g_assert_cmpstr(word, ==, cases[number].word);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/kernel/%zu", i);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_case);
    }
    return g_test_run();
}
