/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cpuset.h"

static void test_parse_format(void)
{
    static const struct {
        const char *list, *written;
    } rows[] = {
        {"", ""},
        {" \n", ""},
        {"0", "0"},
        {"0-3,8\n", "0-3,8"},
        {"3,1,2,0", "0-3"},
        {"0,1", "0-1"},
        {"1-1", "1"},
        {"0-4,2-9", "0-9"},
        {" 2 , 4-5 ", "2,4-5"},
        {"0-31:2/4", "0-1,4-5,8-9,12-13,16-17,20-21,24-25,28-29"},
        {"0-10:1/3", "0,3,6,9"},
        {"5-5:1/1", "5"},
        {"62-66", "62-66"},
        {"0-23:1/2", "0,2,4,6,8,10,12,14,16,18,20,22"},
        {"65535", "65535"},
        {"007", "7"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CpuSet) set = cpuset_parse(rows[i].list, &error);
        g_autofree char *written = cpuset_format(set);

        g_assert_no_error(error);
        g_assert_cmpstr(written, ==, rows[i].written);

        g_autoptr(CpuSet) again = cpuset_parse(written, &error);

        g_assert_true(cpuset_equal(set, again));
    }
}

static void test_parse_refuses(void)
{
    static const char *const lists[] = {
        ",",       "0,",      ",0",  "0,,1",  "-1",      "1-",
        "3-1",     "a",       "0x3", "0-3:",  "0-3:2",   "0-3:0/4",
        "0-3:5/4", "0-3:1/0", "0 1", "65536", "0-65536", "99999999999999999999",
        "0-3-5",   "0;1",     "1.5", "0:1/2", "all",     "0 -3",
        "\xff",
    };

    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CpuSet) set = cpuset_parse(lists[i], &error);

        g_test_message("row %u", i);
        g_assert_null(set);
        g_assert_nonnull(error);
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
    }
}

static CpuSet *parse(const char *list)
{
    GError *error = NULL;
    CpuSet *set = cpuset_parse(list, &error);

    g_assert_no_error(error);
    return set;
}

static void assert_list(const CpuSet *set, const char *list)
{
    g_autofree char *written = cpuset_format(set);

    g_assert_cmpstr(written, ==, list);
}

static void test_members(void)
{
    g_autoptr(CpuSet) set = cpuset_new();

    g_assert_true(cpuset_is_empty(set));
    g_assert_cmpint(cpuset_next(set, 0), ==, -1);
    cpuset_remove(set, 500);
    cpuset_add(set, 63);
    cpuset_add(set, 64);
    cpuset_add(set, 300);
    cpuset_add(set, 64);
    g_assert_cmpuint(cpuset_count(set), ==, 3);
    g_assert_true(cpuset_has(set, 63));
    g_assert_false(cpuset_has(set, 65));
    g_assert_false(cpuset_has(set, 60000));
    g_assert_cmpint(cpuset_next(set, 0), ==, 63);
    g_assert_cmpint(cpuset_next(set, 64), ==, 64);
    g_assert_cmpint(cpuset_next(set, 65), ==, 300);
    g_assert_cmpint(cpuset_next(set, 301), ==, -1);
    g_assert_cmpint(cpuset_next(set, G_MAXUINT), ==, -1);
    cpuset_remove(set, 300);
    cpuset_remove(set, 63);
    cpuset_remove(set, 64);
    g_assert_true(cpuset_is_empty(set));
    assert_list(set, "");
}

static void test_algebra(void)
{
    g_autoptr(CpuSet) small = parse("0-3");
    g_autoptr(CpuSet) large = parse("2-5,100");
    g_autoptr(CpuSet) set = cpuset_copy(small);

    cpuset_union(set, large);
    assert_list(set, "0-5,100");
    cpuset_subtract(set, large);
    assert_list(set, "0-1");
    cpuset_union(set, large);
    cpuset_intersect(set, small);
    assert_list(set, "0-3");
    assert_list(small, "0-3");
    g_assert_true(cpuset_intersects(small, large));
    g_assert_true(cpuset_intersects(large, small));
    cpuset_subtract(set, small);
    g_assert_false(cpuset_intersects(set, large));
    g_assert_true(cpuset_is_subset(set, small));
    g_assert_false(cpuset_is_subset(large, small));
    cpuset_add(set, 100);
    g_assert_true(cpuset_is_subset(set, large));
    /* longer inside than the set it is compared with, but empty there */
    cpuset_remove(set, 100);
    g_assert_true(cpuset_is_subset(set, small));
    cpuset_union(set, small);
    g_assert_true(cpuset_equal(set, small));
    g_assert_true(cpuset_equal(small, set));
}

static const struct {
    const char *mask, *list; /* NULL: no mask */
} MASKS[] = {
    {"1", "0"},
    {"00001001", "0,12"},
    {"00000001,00000000", "32"},
    {"ffff0000,0000000f", "0-3,48-63"},
    {"0", ""},
    {"", NULL},
    {"g", NULL},
    {"1 2", NULL},
};

static void test_masks(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(MASKS); i++) {
        g_autoptr(CpuSet) set = cpuset_parse_mask(MASKS[i].mask);
        g_autofree char *list = cpuset_format(set);
        g_autofree char *mask = set ? cpuset_format_mask(set) : NULL;
        g_autoptr(CpuSet) again = mask ? cpuset_parse_mask(mask) : NULL;

        g_assert_cmpstr(list, ==, MASKS[i].list);
        g_assert_true(cpuset_equal(again, set));
    }
}

static void test_mask_words(void)
{
    g_autoptr(CpuSet) set = cpuset_parse("0-3,48-63", NULL);
    g_autoptr(CpuSet) empty = cpuset_new();
    g_autofree char *mask = cpuset_format_mask(set);
    g_autofree char *none = cpuset_format_mask(empty);

    g_assert_cmpstr(mask, ==, "ffff0000,0000000f");
    g_assert_cmpstr(none, ==, "0");
}

static void test_null(void)
{
    g_autoptr(CpuSet) empty = cpuset_new();

    cpuset_free(NULL);
    g_assert_null(cpuset_copy(NULL));
    g_assert_null(cpuset_format(NULL));
    g_assert_true(cpuset_equal(NULL, NULL));
    g_assert_false(cpuset_equal(NULL, empty));
    g_assert_false(cpuset_equal(empty, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpuset/parse-format", test_parse_format);
    g_test_add_func("/cpuset/parse-refuses", test_parse_refuses);
    g_test_add_func("/cpuset/members", test_members);
    g_test_add_func("/cpuset/algebra", test_algebra);
    g_test_add_func("/cpuset/masks", test_masks);
    g_test_add_func("/cpuset/mask-words", test_mask_words);
    g_test_add_func("/cpuset/null", test_null);
    return g_test_run();
}
