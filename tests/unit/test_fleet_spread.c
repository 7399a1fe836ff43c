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

/* Five hosts in each of eight racks, all full; each rack has to take one of every cluster. */
static char *full_racks(void)
{
    GString *text = g_string_new("version: 1\nhosts:\n");
    static const struct {
        guint clusters, vcpus;
    } kinds[] = {{3, 8}, {3, 20}, {4, 14}};

    for (guint h = 0; h < 40; h++)
        g_string_append_printf(text, "  - {name: h%u, rack: r%u}\n", h, h % 8);
    g_string_append(text, "clusters:\n");
    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++)
        for (guint c = 0; c < kinds[k].clusters; c++)
            g_string_append_printf(text,
                                   "  - name: c%u-%u\n    spread: rack\n    slices:\n"
                                   "      - {name: \"c%u-%u-{n}\", count: 8, vcpus: %u, "
                                   "memory: 4GiB}\n",
                                   k, c, k, c, kinds[k].vcpus);
    return g_string_free(text, FALSE);
}

static void test_full_racks(void)
{
    const char *const kinds[] = {"numa:1 core:16 pu:2 mem:64", NULL};
    g_autofree char *text = full_racks();
    Case c = case_new(kinds, 40, text), again = case_new(kinds, 40, text);

    check_answer(&c);
    g_assert_cmpuint(c.fleet->unplaced->len, ==, 0);
    g_assert_cmpint(c.fleet->figures->hosts_used, ==, 40);
    for (guint h = 0; h < c.hosts->len; h++) {
        const GArray *one = host_at(&c, h)->instances, *two = host_at(&again, h)->instances;

        g_assert_cmpmem(one->data, one->len * sizeof(guint), two->data, two->len * sizeof(guint));
    }
    case_clear(&c);
    case_clear(&again);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fleet-spread/hosts", test_spread);
    g_test_add_func("/fleet-spread/mend", test_mend);
    g_test_add_func("/fleet-spread/racks", test_racks);
    g_test_add_func("/fleet-spread/full-racks", test_full_racks);
    return g_test_run();
}
