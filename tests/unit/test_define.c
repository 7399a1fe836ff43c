/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libvirt makes of our domain XML is, for compare_domains, still what we wrote: units,
 * addresses, defaults and all that it adds must not show as differences. Asked of libvirt's test
 * driver, which is always there, and of its QEMU driver when a daemon runs.
 */
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdbool.h>
#include <unistd.h>

#include "core/compare.h"
#include "core/domain.h"
#include "machine.h"

static void say_nothing(void *data, virErrorPtr error)
{
    (void)data;
    (void)error;
}

static void assert_no_differences(const char *wanted, const char *running)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) differences = compare_domains(wanted, running, &error);

    g_assert_no_error(error);
    for (guint i = 0; i < differences->len; i++) {
        const Difference *difference = differences->pdata[i];

        g_test_message("%s: wanted %s, running %s", difference->setting,
                       difference->wanted ? difference->wanted : "(none)",
                       difference->running ? difference->running : "(none)");
    }
    g_assert_cmpuint(differences->len, ==, 0);
}

static void define_and_compare(virConnectPtr connection, const char *slice_yaml, bool kvm)
{
    const char *const slices[] = {slice_yaml, NULL};
    g_autoptr(Host) host = machine_host();
    g_autoptr(Plan) plan = machine_plan(slices);
    PlanHost *plan_host = plan->hosts->pdata[0];
    PlanSlice *slice = plan_host->slices->pdata[0];
    g_autofree char *name = g_strdup_printf("bmslice-test-%d-%s", getpid(), slice->name);

    plan_host->kvm = kvm;
    g_free(slice->name);
    slice->name = g_steal_pointer(&name);

    g_autofree char *xml = domain_write_xml(host, plan_host, slice, NULL);
    virDomainPtr domain = virDomainDefineXMLFlags(connection, xml, VIR_DOMAIN_DEFINE_VALIDATE);

    if (!domain)
        g_error("%s: %s", slice->name, virGetLastErrorMessage());

    char *dumped = virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE);

    virDomainUndefine(domain);
    virDomainFree(domain);
    g_assert_nonnull(dumped);
    g_assert_true(domain_is_ours(dumped));
    assert_no_differences(xml, dumped);
    free(dumped);
}

static const char *const all_slices[] = {MACHINE_RED, MACHINE_BLUE, MACHINE_VF, MACHINE_TWO_NODES,
                                         MACHINE_SMALL};

static void test_driver_test(void)
{
    virConnectPtr connection = virConnectOpen("test:///default");

    g_assert_nonnull(connection);
    for (guint i = 0; i < G_N_ELEMENTS(all_slices); i++)
        define_and_compare(connection, all_slices[i], true);
    virConnectClose(connection);
}

static void test_driver_qemu(void)
{
    virConnectPtr connection = virConnectOpen("qemu:///system");

    if (!connection) {
        g_test_skip("no libvirt daemon at qemu:///system");
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(all_slices); i++) {
        define_and_compare(connection, all_slices[i], false);
        if (access("/dev/kvm", R_OK | W_OK) == 0)
            define_and_compare(connection, all_slices[i], true);
    }
    virConnectClose(connection);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    virSetErrorFunc(NULL, say_nothing);
    g_test_add_func("/define/test-driver", test_driver_test);
    g_test_add_func("/define/qemu-driver", test_driver_qemu);
    return g_test_run();
}
