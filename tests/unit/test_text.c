/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#define KIB G_GINT64_CONSTANT(1024)

static void test_sizes(void)
{
    static const struct {
        const char *text;
        gint64 bytes;
        const char *written;
    } rows[] = {
        {"0", 0, "0B"},
        {"1025", 1025, "1025B"},
        {"1025B", 1025, "1025B"},
        {"8GiB", 8 * KIB * KIB * KIB, "8GiB"},
        {"8G", 8 * KIB * KIB * KIB, "8GiB"},
        {" 512 MiB ", 512 * KIB * KIB, "512MiB"},
        {"1536M", 1536 * KIB * KIB, "1536MiB"},
        {"2048K", 2048 * KIB, "2MiB"},
        {"2TiB", 2 * KIB * KIB * KIB * KIB, "2TiB"},
        {"4611686018427387904", G_GINT64_CONSTANT(1) << 62, "4194304TiB"},
        {"4194304TiB", G_GINT64_CONSTANT(1) << 62, "4194304TiB"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        gint64 bytes = -1, again = -1;

        g_assert_true(text_parse_size(rows[i].text, &bytes, &error));
        g_assert_no_error(error);
        g_assert_cmpint(bytes, ==, rows[i].bytes);

        g_autofree char *written = text_format_size(bytes);

        g_assert_cmpstr(written, ==, rows[i].written);
        g_assert_true(text_parse_size(written, &again, &error));
        g_assert_cmpint(again, ==, bytes);
    }
}

static void test_sizes_refused(void)
{
    static const char *const texts[] = {
        "",
        "GiB",
        "1.5GiB",
        "8GB",
        "8gib",
        "8 Gi B",
        "-1",
        "+1",
        "0x10",
        "8GiB8",
        "1e3",
        "8 GiB/s",
        "\xff",
        "8\n1",
        "4611686018427387905",
        "4194305TiB",
        "99999999999999999999999999",
        "9223372036854775808G",
    };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        gint64 bytes = -7;

        g_test_message("row %u", i);
        g_assert_false(text_parse_size(texts[i], &bytes, &error));
        g_assert_nonnull(error);
        g_assert_cmpint(bytes, ==, -7);
    }
}

static void test_sizes_for_eyes(void)
{
    static const struct {
        gint64 bytes;
        const char *text;
    } rows[] = {
        {0, "0 B"},
        {1023, "1023 B"},
        {1024, "1 KiB"},
        {1536, "1.5 KiB"},
        {8 * KIB * KIB * KIB, "8 GiB"},
        {16777216000, "15.6 GiB"},
        {KIB * KIB - 1, "1 MiB"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = text_format_size_short(rows[i].bytes);

        g_assert_cmpstr(text, ==, rows[i].text);
    }
}

static void test_nearest(void)
{
    static const char *const words[] = {"vcpus", "memory", "hugepages", "numa",
                                        "nics",  "disk",   "ssh_keys",  NULL};
    static const struct {
        const char *word, *nearest;
    } rows[] = {
        {"vcpu", "vcpus"},
        {"vpcus", "vcpus"},
        {"memroy", "memory"},
        {"Memory", "memory"},
        {"hugepage", "hugepages"},
        {"huge_pages", "hugepages"},
        {"ssh-keys", "ssh_keys"},
        {"nic", "nics"},
        {"numaa", "numa"},
        {"colour", NULL},
        {"x", NULL},
        {"", NULL},
        {"ab", NULL},
        {"a-word-far-longer-than-any-key-that-could-ever-stand-in-a-document-of-ours", NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("row %u", i);
        g_assert_cmpstr(text_nearest(rows[i].word, words), ==, rows[i].nearest);
    }
}

static void test_quote(void)
{
    static const struct {
        const char *text;
        gsize max;
        const char *quoted;
    } rows[] = {
        {"plain", 10, "plain"},
        {"plain", 5, "plain"},
        {"plain", 4, "plai..."},
        {"a\nb\tc\x1b[1m", 20, "a\\nb\\tc\\x1b[1m"},
        {"\xc3\xa9\xc3\xa9", 2, "\xc3\xa9\xc3\xa9"},
        {"a\xff\xc3", 9, "a\\xff\\xc3"},
        {"a\xe2\x80\xae"
         "b",
         9, "a\\u202eb"},
        {"\xc2\x9b", 9, "\\u009b"},
        {"", 0, ""},
        {"x", 0, "..."},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *quoted = text_quote(rows[i].text, rows[i].max);

        g_assert_cmpstr(quoted, ==, rows[i].quoted);
        g_assert_true(g_utf8_validate(quoted, -1, NULL));
    }
}

static void test_seconds(void)
{
    static const struct {
        const char *text;
        guint seconds; /* 0: refused */
    } rows[] = {{"90", 90},     {"90s", 90}, {"5min", 300}, {"1h", 3600},
                {"24h", 86400}, {"25h", 0},  {"0", 0},      {"-1s", 0},
                {"5 min", 0},   {"", 0},     {"1d", 0},     {"99999999999999999999", 0}};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        guint seconds = 0;

        g_assert_cmpint(text_parse_seconds(rows[i].text, &seconds, &error), ==,
                        rows[i].seconds > 0);
        g_assert_cmpuint(seconds, ==, rows[i].seconds);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/text/sizes", test_sizes);
    g_test_add_func("/text/sizes-refused", test_sizes_refused);
    g_test_add_func("/text/sizes-for-eyes", test_sizes_for_eyes);
    g_test_add_func("/text/nearest", test_nearest);
    g_test_add_func("/text/quote", test_quote);
    g_test_add_func("/text/seconds", test_seconds);
    return g_test_run();
}
