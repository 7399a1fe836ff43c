/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet planner: clusters that spread over hosts or racks. */
#include "fleet_case.h"

#define HEAD "version: 1\nhosts: [{name: \"h*\"}]\nclusters:\n"

static void test_spread(void)
{
    const char *const kinds[] = {"numa:2 core:16 pu:2 mem:64", NULL};
    Case c = case_new(kinds, 10,
                      HEAD "  - name: wide\n    slices:\n"
                           "      - {name: \"w{n}\", count: 12, vcpus: 2, memory: 1GiB}\n"
                           "  - name: pair\n    slices:\n"
                           "      - {name: \"p{n}\", count: 2, vcpus: 2, memory: 1GiB}\n");

    check_answer(&c);
    g_assert_cmpuint(c.fleet->unplaced->len, ==, 2); /* 12 of a cluster on 10 hosts */
    g_assert_cmpint(c.fleet->admitted_bound, ==, 12);
    case_clear(&c);

    c = case_new(kinds, 10,
                 HEAD "  - name: wide\n    slices:\n"
                      "      - {name: \"w{n}\", count: 9, vcpus: 2, memory: 1GiB}\n");
    check_answer(&c);
    g_assert_cmpint(c.fleet->figures->hosts_used, ==, 9);
    g_assert_cmpint(c.fleet->figures->hosts_bound, ==, 9); /* by the cluster alone */
    case_clear(&c);
}

/* Three racks of ten hosts. */
#define RACKS                                                                                      \
    "version: 1\nhosts:\n  - {name: \"h?\", rack: a}\n  - {name: \"h1?\", rack: b}\n"              \
    "  - {name: \"h2?\", rack: c}\nclusters:\n"

/* The counts would have two of the large cluster's slices on one host; then others make room. */
static void test_mend(void)
{
    const char *const kinds[] = {"numa:1 core:10 pu:2 mem:64", NULL};
    Case c = case_new(kinds, 16,
                      HEAD "  - name: large\n    slices:\n"
                           "      - {name: \"x{n}\", count: 3, vcpus: 8, memory: 20GiB}\n"
                           "  - name: small\n    slices:\n"
                           "      - {name: \"y{n}\", count: 1, vcpus: 8, memory: 20GiB}\n"
                           "  - name: rest\n    spread: none\n    slices:\n"
                           "      - {name: \"z{n}\", count: 28, vcpus: 8, memory: 24GiB}\n");

    check_answer(&c);
    g_assert_cmpuint(c.fleet->unplaced->len, ==, 0);
    g_assert_cmpint(c.fleet->figures->hosts_used, ==, 16);
    case_clear(&c);
}

/* As many as there are racks, beside slices that fill most of the hosts. */
static void test_racks(void)
{
    const char *const kinds[] = {"numa:2 core:16 pu:2 mem:64", NULL};
    Case c = case_new(kinds, 30,
                      RACKS "  - name: control\n    spread: rack\n    slices:\n"
                            "      - {name: \"c{n}\", count: 3, vcpus: 4, memory: 4GiB}\n"
                            "  - name: other\n    spread: none\n    slices:\n"
                            "      - {name: \"o{n}\", count: 80, vcpus: 18, memory: 4GiB}\n");

    check_answer(&c);
    g_assert_cmpuint(c.fleet->unplaced->len, ==, 20);
    case_clear(&c);

    c = case_new(kinds, 30,
                 RACKS "  - name: control\n    spread: rack\n    slices:\n"
                       "      - {name: \"c{n}\", count: 5, vcpus: 4, memory: 4GiB}\n");
    check_answer(&c);
    g_assert_cmpuint(c.fleet->unplaced->len, ==, 2); /* more than racks */
    g_assert_cmpint(c.fleet->admitted_bound, ==, 3);
    case_clear(&c);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fleet-spread/hosts", test_spread);
    g_test_add_func("/fleet-spread/mend", test_mend);
    g_test_add_func("/fleet-spread/racks", test_racks);
    return g_test_run();
}
