/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <string.h>

#include "base/error.h"

#define SIZE_LIMIT (G_GINT64_CONSTANT(1) << 62)

/* Ascending; the first name of a row is the one that is written. */
static const struct {
    const char *name, *alias;
    unsigned shift;
} size_units[] = {
    {"B", "", 0}, {"KiB", "K", 10}, {"MiB", "M", 20}, {"GiB", "G", 30}, {"TiB", "T", 40},
};

static bool find_unit(const char *name, unsigned *ret_shift)
{
    for (guint i = 0; i < G_N_ELEMENTS(size_units); i++) {
        if (strcmp(name, size_units[i].name) == 0 || strcmp(name, size_units[i].alias) == 0) {
            *ret_shift = size_units[i].shift;
            return true;
        }
    }
    return false;
}

bool text_parse_size(const char *text, gint64 *ret_bytes, GError **error)
{
    g_autofree char *copy = g_strstrip(g_strdup(text));
    g_autofree char *quoted = text_quote(text, 40);
    const char *unit = copy;
    guint64 number = 0;
    unsigned shift;

    for (; g_ascii_isdigit(*unit) && number <= (guint64)SIZE_LIMIT / 10; unit++)
        number = number * 10 + (guint64)(*unit - '0');

    bool huge = g_ascii_isdigit(*unit);
    bool digits = unit > copy;

    while (*unit == ' ')
        unit++;
    if (!digits || (!huge && !find_unit(unit, &shift))) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED,
                    "'%s' is not a size: a whole number with KiB, MiB, GiB or TiB, such as 8GiB",
                    quoted);
        return false;
    }
    if (huge || number > ((guint64)SIZE_LIMIT >> shift)) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "'%s' is too large a size", quoted);
        return false;
    }
    *ret_bytes = (gint64)(number << shift);
    return true;
}

#define DAY_SECONDS (24 * 60 * 60)

bool text_parse_seconds(const char *text, guint *ret_seconds, GError **error)
{
    static const struct {
        const char *name;
        guint seconds;
    } units[] = {{"", 1}, {"s", 1}, {"min", 60}, {"h", 60 * 60}};
    char *unit = NULL;
    guint64 number = g_ascii_isdigit(*text) ? g_ascii_strtoull(text, &unit, 10) : 0;
    g_autofree char *quoted = text_quote(text, 40);

    for (guint i = 0; unit && i < G_N_ELEMENTS(units); i++) {
        if (strcmp(unit, units[i].name) == 0 && number >= 1 &&
            number <= DAY_SECONDS / units[i].seconds) {
            *ret_seconds = (guint)number * units[i].seconds;
            return true;
        }
    }
    g_set_error(error, BMS_ERROR, BMS_ERROR_USAGE,
                "'%s' is not a time such as 90s, 5min or 1h, of at most a day", quoted);
    return false;
}

char *text_format_size(gint64 bytes)
{
    guint i = 0;

    while (bytes != 0 && i + 1 < G_N_ELEMENTS(size_units) &&
           bytes % (G_GINT64_CONSTANT(1) << size_units[i + 1].shift) == 0)
        i++;
    return g_strdup_printf("%" G_GINT64_FORMAT "%s", bytes / ((gint64)1 << size_units[i].shift),
                           size_units[i].name);
}

char *text_format_size_short(gint64 bytes)
{
    guint i = 0;

    while (i + 1 < G_N_ELEMENTS(size_units) &&
           bytes >= (G_GINT64_CONSTANT(1) << size_units[i + 1].shift))
        i++;

    double value = (double)bytes / (double)((gint64)1 << size_units[i].shift);

    /* 1023.96 MiB would be rounded to "1024.0 MiB". */
    if (value >= 1023.95 && i + 1 < G_N_ELEMENTS(size_units)) {
        value /= 1024;
        i++;
    }

    g_autofree char *number = g_strdup_printf("%.1f", value);

    if (g_str_has_suffix(number, ".0"))
        number[strlen(number) - 2] = '\0';
    return g_strdup_printf("%s %s", number, size_units[i].name);
}

#define NEAREST_MAX 64

/* Case, and - against _, cost nothing: they are typing errors for sure. */
static char fold(char c)
{
    return c == '_' ? '-' : g_ascii_tolower(c);
}

/* Edit distance, optimal string alignment: insert, delete, replace, swap neighbours. */
static guint distance(const char *a, const char *b)
{
    guint rows[3][NEAREST_MAX + 1];
    guint *two_back = rows[0], *back = rows[1], *now = rows[2];
    guint n = (guint)strlen(b);

    for (guint j = 0; j <= n; j++)
        back[j] = j;
    for (guint i = 1; a[i - 1] != '\0'; i++) {
        now[0] = i;
        for (guint j = 1; j <= n; j++) {
            guint cost = fold(a[i - 1]) == fold(b[j - 1]) ? 0 : 1;

            now[j] = MIN(back[j - 1] + cost, MIN(back[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
                fold(a[i - 2]) == fold(b[j - 1]))
                now[j] = MIN(now[j], two_back[j - 2] + 1);
        }

        guint *free_row = two_back;

        two_back = back;
        back = now;
        now = free_row;
    }
    return back[n];
}

const char *text_nearest(const char *word, const char *const *words)
{
    const char *nearest = NULL;
    guint least = G_MAXUINT;
    gsize length = strlen(word);

    if (length > NEAREST_MAX)
        return NULL;
    for (; *words; words++) {
        gsize longest = MAX(length, strlen(*words));

        if (longest > NEAREST_MAX)
            continue;

        guint d = distance(word, *words);

        /* One error in three letters, or two letters, is a typing error; more is another word. */
        if (d <= MAX(1, longest / 3) && d < longest && d < least) {
            least = d;
            nearest = *words;
        }
    }
    return nearest;
}

/* Characters that would move the cursor, the direction of writing, or hide themselves. */
static bool is_harmful(gunichar c)
{
    if (!g_unichar_isdefined(c))
        return true;
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_PRIVATE_USE:
        return true;
    default:
        return false;
    }
}

static void append_escaped(GString *quoted, gunichar c)
{
    if (c == '\n')
        g_string_append(quoted, "\\n");
    else if (c == '\t')
        g_string_append(quoted, "\\t");
    else if (c < 0x80)
        g_string_append_printf(quoted, "\\x%02x", c);
    else if (is_harmful(c))
        g_string_append_printf(quoted, "\\u%04x", c);
    else
        g_string_append_unichar(quoted, c);
}

char *text_quote(const char *text, gsize max)
{
    GString *quoted = g_string_new(NULL);

    for (gsize n = 0; *text != '\0'; n++) {
        if (n == max) {
            g_string_append(quoted, "...");
            break;
        }

        gunichar c = g_utf8_get_char_validated(text, -1);

        if (c == (gunichar)-1 || c == (gunichar)-2) {
            g_string_append_printf(quoted, "\\x%02x", (guchar)*text++);
            continue;
        }
        if (c >= ' ' && c < 0x7f)
            g_string_append_c(quoted, (char)c);
        else
            append_escaped(quoted, c);
        text = g_utf8_next_char(text);
    }
    return g_string_free(quoted, FALSE);
}
