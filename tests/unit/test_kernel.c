/* SPDX-License-Identifier: Apache-2.0 */
#include "core/kernel.h"
#include "model/kernel_words.h"

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

/* What may be told, and what it is told of the rest. */
static void test_words(void)
{
    static const struct {
        const char *cmdline, *told;
    } lines[] = {
        {"BOOT_IMAGE=/vmlinuz-6.1 root=UUID=0a1b ro  quiet\n",
         "BOOT_IMAGE=/vmlinuz-6.1 ... ro quiet"},
        {"isolcpus=managed_irq,domain,2-3 nohz-full=2-3",
         "isolcpus=managed_irq,domain,2-3 nohz-full=2-3"},
        {"vfio-pci.ids=8086:1528 kvm_intel.nested=1", "vfio-pci.ids=8086:1528 kvm_intel.nested=1"},
        {"ip=192.0.2.7::192.0.2.1 token=s3cret quietly", "... ... ..."},
        {"iommux=on iommu=pt -- iommu=pt quiet", "... iommu=pt ... ... ..."},
        {"x=\"quiet and secret\"", "... ... ..."},
        {"...", "..."},
        {"", ""},
        {NULL, NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *told = kernel_words_tell(lines[i].cmdline);
        g_autofree char *again = kernel_words_tell(told);

        g_assert_cmpstr(told, ==, lines[i].told);
        g_assert_cmpstr(again, ==, told);
    }
}

/* What plans ask for, and doctor looks for, is seen. */
static void test_words_that_are_read(void)
{
    static const char *const words[] = {
        "default_hugepagesz=1G", "hugepagesz=1G", "hugepages=0:4,1:8", "intel_iommu=off",
        "amd_iommu=off",         "iommu=off",     "rcu_nocbs=2-3",
    };

    for (guint i = 0; i < G_N_ELEMENTS(words) + G_N_ELEMENTS(cases); i++) {
        const char *word =
            i < G_N_ELEMENTS(words) ? words[i] : cases[i - G_N_ELEMENTS(words)].argument;
        g_autofree char *told = kernel_words_tell(word);

        g_assert_cmpstr(told, ==, word);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kernel/words", test_words);
    g_test_add_func("/kernel/words-that-are-read", test_words_that_are_read);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/kernel/%zu", i);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_case);
    }
    return g_test_run();
}
