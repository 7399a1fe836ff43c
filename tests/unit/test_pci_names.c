/* SPDX-License-Identifier: Apache-2.0 */
/* Names out of a pci.ids, whole and broken. */
#include <string.h>

#include "port/pci_names.h"

static const char IDS[] = "# comment\n\n"
                          "1000  First Vendor\n"
                          "\t005b  RAID [One]\n"
                          "\t\t1000 9999  Board of it\n"
                          "8086  Intel Corporation\n"
                          "# between\n"
                          "\t1528  Ethernet X540\n"
                          "\t\t8086 005b  Board\n"
                          "\t1572  bad \xff name\n"
                          "ffff  Illegal\n"
                          "C 02  Network controller\n"
                          "\t00  Ethernet controller\n";

static const struct {
    const char *vendor, *device, *name;
} CASES[] = {
    {"8086", "1528", "Intel Corporation Ethernet X540"},
    {"1000", "005b", "First Vendor RAID [One]"},
    {"8086", "1528", "Intel Corporation Ethernet X540"},
    {"8086", "005b", NULL}, /* another vendor's, and a board's */
    {"1000", "9999", NULL},
    {"8086", "1572", NULL},
    {"ffff", "0000", NULL},
    {"1234", "0000", NULL},
    {NULL, "1528", NULL},
    {"8086", NULL, NULL},
};

static void free_function(gpointer data)
{
    HostPci *pci = data;

    g_free(pci->vendor);
    g_free(pci->device);
    g_free(pci->name);
    g_free(pci);
}

static GPtrArray *make_functions(void)
{
    GPtrArray *functions = g_ptr_array_new_with_free_func(free_function);

    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        HostPci *pci = g_new0(HostPci, 1);

        pci->vendor = g_strdup(CASES[i].vendor);
        pci->device = g_strdup(CASES[i].device);
        g_ptr_array_add(functions, pci);
    }
    return functions;
}

static void test_names(void)
{
    g_autoptr(GPtrArray) functions = make_functions();

    pci_names_fill(functions, IDS, strlen(IDS));
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++)
        g_assert_cmpstr(((const HostPci *)functions->pdata[i])->name, ==, CASES[i].name);
}

/* Cut off anywhere, and copied so that reading beyond the end shows. */
static void test_cut(void)
{
    for (gsize length = 0; length < strlen(IDS); length++) {
        g_autoptr(GPtrArray) functions = make_functions();
        g_autofree char *text = g_memdup2(IDS, length);

        pci_names_fill(functions, text ? text : "", length);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pci-names/names", test_names);
    g_test_add_func("/pci-names/cut", test_cut);
    return g_test_run();
}
