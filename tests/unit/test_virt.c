/* SPDX-License-Identifier: Apache-2.0 */
/* The libvirt port against libvirt's own test driver, which needs no daemon and touches nothing.
 * What it cannot do (volumes, real pins) is tested in tests/virt. */
#include <string.h>

#include "model/ownership.h"
#include "port/virt.h"

#define URI "test:///default" /* has one domain, "test", that runs and is not ours */

#define OWN_XML                                                                                    \
    "<domain type='test'><name>red</name><metadata>"                                               \
    "<bm:slice xmlns:bm='" DOMAIN_METADATA_URI "' version='1'/></metadata>"                        \
    "<memory unit='MiB'>64</memory><vcpu>2</vcpu><os><type>hvm</type></os></domain>"

static Virt *open_virt(void)
{
    g_autoptr(GError) error = NULL;
    Virt *virt = virt_open(URI, &error);

    g_assert_no_error(error);
    return virt;
}

/* Looks at *@error after @result was computed, and clears it for the next call. */
static void assert_refused(bool result, GError **error, const char *words)
{
    g_assert_false(result);
    g_assert_nonnull(*error);
    g_assert_nonnull(strstr((*error)->message, words));
    g_clear_error(error);
}

static void test_connection_hint(void)
{
    GError *error = NULL;

    assert_refused(virt_open("qemu+unix:///system?socket=/nonexistent/libvirt-sock", &error) !=
                       NULL,
                   &error, "is libvirtd running?");
    assert_refused(virt_open("nonsense:///x", &error) != NULL, &error, "nonsense:///x");
}

static void test_absent_domain(void)
{
    g_autoptr(Virt) virt = open_virt();
    g_autoptr(Observed) observed = NULL;
    GError *error = NULL;

    g_assert_true(virt_observe_domain(virt, "nobody", &observed, &error));
    g_assert_null(observed);
    assert_refused(virt_start_domain(virt, "nobody", &error), &error, "nobody");
}

static void test_foreign_domain(void)
{
    g_autoptr(Virt) virt = open_virt();
    g_autoptr(Observed) observed = NULL;
    g_autoptr(GPtrArray) ours = virt_list_ours(virt, NULL);
    g_autoptr(PlanSlice) slice = plan_slice_new();
    GError *error = NULL;

    g_assert_cmpuint(ours->len, ==, 0);
    g_assert_true(virt_observe_domain(virt, "test", &observed, &error));
    g_assert_false(observed->ours);
    g_assert_true(observed->active);
    g_assert_cmpstr(observed->state, ==, "running");

    assert_refused(virt_stop_domain(virt, "test", 0, &error), &error, "not made by bmslice");
    assert_refused(virt_start_domain(virt, "test", &error), &error, "not made by bmslice");
    assert_refused(virt_undefine_domain(virt, "test", &error), &error, "not made by bmslice");
    assert_refused(virt_set_autostart(virt, "test", true, &error), &error, "not made by bmslice");
    slice->name = g_strdup("test");
    assert_refused(virt_repin_domain(virt, slice, &error), &error, "not made by bmslice");
    assert_refused(virt_define_domain(virt,
                                      "<domain type='test'><name>test</name>"
                                      "<memory>65536</memory><os><type>hvm</type></os></domain>",
                                      &error),
                   &error, "not made by bmslice");
}

static void test_life_of_a_domain(void)
{
    g_autoptr(Virt) virt = open_virt();
    g_autoptr(Observed) defined = NULL, running = NULL, gone = NULL;
    g_autoptr(GPtrArray) ours = NULL;
    g_autoptr(GError) error = NULL;

    virt_define_domain(virt, OWN_XML, &error);
    g_assert_no_error(error);
    virt_observe_domain(virt, "red", &defined, &error);
    g_assert_no_error(error);
    g_assert_true(defined->ours);
    g_assert_false(defined->active);
    g_assert_cmpstr(defined->state, ==, "shut off");
    g_assert_cmpuint(defined->vcpu_pins->len, ==, 0);
    g_assert_cmpint(defined->disk_capacity_bytes, ==, -1);

    virt_start_domain(virt, "red", &error);
    g_assert_no_error(error);
    virt_set_autostart(virt, "red", true, &error);
    g_assert_no_error(error);
    virt_observe_domain(virt, "red", &running, &error);
    g_assert_no_error(error);
    g_assert_true(running->active);
    g_assert_true(running->autostart);
    g_assert_cmpuint(running->vcpu_pins->len, ==, 2);
    g_assert_cmpstr(running->uuid, ==, defined->uuid);
    ours = virt_list_ours(virt, NULL);
    g_assert_cmpuint(ours->len, ==, 1);

    virt_stop_domain(virt, "red", 0, &error);
    g_assert_no_error(error);
    virt_undefine_domain(virt, "red", &error);
    g_assert_no_error(error);
    g_assert_true(virt_observe_domain(virt, "red", &gone, &error));
    g_assert_null(gone);
}

static void test_error_words(void)
{
    g_autoptr(Virt) virt = open_virt();
    GError *error = NULL;

    assert_refused(virt_define_domain(virt, "<domain>", &error), &error, "no name");
    assert_refused(
        virt_define_domain(virt, "<domain type='test'><name>blue</name></domain>", &error), &error,
        "defining domain blue: ");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virt/connection-hint", test_connection_hint);
    g_test_add_func("/virt/absent-domain", test_absent_domain);
    g_test_add_func("/virt/foreign-domain", test_foreign_domain);
    g_test_add_func("/virt/life-of-a-domain", test_life_of_a_domain);
    g_test_add_func("/virt/error-words", test_error_words);
    return g_test_run();
}
