/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cpuset.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"

#define WORD_BITS 64

struct CpuSet {
    guint64 *words;
    guint n_words;
};

CpuSet *cpuset_new(void)
{
    return g_new0(CpuSet, 1);
}

CpuSet *cpuset_copy(const CpuSet *set)
{
    if (!set)
        return NULL;

    CpuSet *copy = cpuset_new();

    cpuset_union(copy, set);
    return copy;
}

void cpuset_free(CpuSet *set)
{
    if (!set)
        return;
    g_free(set->words);
    g_free(set);
}

static void cpuset_grow(CpuSet *set, guint n_words)
{
    if (n_words <= set->n_words)
        return;
    set->words = g_renew(guint64, set->words, n_words);
    for (guint i = set->n_words; i < n_words; i++)
        set->words[i] = 0;
    set->n_words = n_words;
}

static guint64 cpuset_word(const CpuSet *set, guint i)
{
    return i < set->n_words ? set->words[i] : 0;
}

void cpuset_add(CpuSet *set, guint cpu)
{
    g_return_if_fail(cpu < CPUSET_LIMIT);
    cpuset_grow(set, cpu / WORD_BITS + 1);
    set->words[cpu / WORD_BITS] |= G_GUINT64_CONSTANT(1) << (cpu % WORD_BITS);
}

void cpuset_remove(CpuSet *set, guint cpu)
{
    if (cpu / WORD_BITS < set->n_words)
        set->words[cpu / WORD_BITS] &= ~(G_GUINT64_CONSTANT(1) << (cpu % WORD_BITS));
}

bool cpuset_has(const CpuSet *set, guint cpu)
{
    return (cpuset_word(set, cpu / WORD_BITS) >> (cpu % WORD_BITS)) & 1;
}

guint cpuset_count(const CpuSet *set)
{
    guint count = 0;

    for (guint i = 0; i < set->n_words; i++)
        count += (guint)__builtin_popcountll(set->words[i]);
    return count;
}

bool cpuset_is_empty(const CpuSet *set)
{
    return cpuset_next(set, 0) < 0;
}

int cpuset_next(const CpuSet *set, guint from)
{
    guint i = from / WORD_BITS;

    if (i >= set->n_words)
        return -1;

    guint64 word = set->words[i] & (~G_GUINT64_CONSTANT(0) << (from % WORD_BITS));

    while (word == 0) {
        if (++i >= set->n_words)
            return -1;
        word = set->words[i];
    }
    return (int)(i * WORD_BITS) + __builtin_ctzll(word);
}

void cpuset_union(CpuSet *set, const CpuSet *other)
{
    cpuset_grow(set, other->n_words);
    for (guint i = 0; i < other->n_words; i++)
        set->words[i] |= other->words[i];
}

void cpuset_subtract(CpuSet *set, const CpuSet *other)
{
    for (guint i = 0; i < set->n_words; i++)
        set->words[i] &= ~cpuset_word(other, i);
}

void cpuset_intersect(CpuSet *set, const CpuSet *other)
{
    for (guint i = 0; i < set->n_words; i++)
        set->words[i] &= cpuset_word(other, i);
}

bool cpuset_intersects(const CpuSet *a, const CpuSet *b)
{
    for (guint i = 0; i < a->n_words; i++) {
        if (a->words[i] & cpuset_word(b, i))
            return true;
    }
    return false;
}

bool cpuset_is_subset(const CpuSet *inner, const CpuSet *outer)
{
    for (guint i = 0; i < inner->n_words; i++) {
        if (inner->words[i] & ~cpuset_word(outer, i))
            return false;
    }
    return true;
}

bool cpuset_equal(const CpuSet *a, const CpuSet *b)
{
    if (!a || !b)
        return a == b;
    return cpuset_is_subset(a, b) && cpuset_is_subset(b, a);
}

char *cpuset_format(const CpuSet *set)
{
    if (!set)
        return NULL;

    GString *text = g_string_new(NULL);

    for (int first = cpuset_next(set, 0); first >= 0;) {
        int last = first;

        while (cpuset_has(set, (guint)last + 1))
            last++;
        g_string_append_printf(text, "%s%d", text->len > 0 ? "," : "", first);
        if (last > first)
            g_string_append_printf(text, "-%d", last);
        first = cpuset_next(set, (guint)last + 1);
    }
    return g_string_free(text, FALSE);
}

static void skip_blanks(const char **text)
{
    while (g_ascii_isspace(**text))
        (*text)++;
}

/* A decimal number below CPUSET_LIMIT. */
static bool read_number(const char **text, guint *ret_number)
{
    guint number = 0;

    if (!g_ascii_isdigit(**text))
        return false;
    for (; g_ascii_isdigit(**text); (*text)++) {
        number = number * 10 + (guint)(**text - '0');
        if (number >= CPUSET_LIMIT)
            return false;
    }
    *ret_number = number;
    return true;
}

/* "3", "0-7", or "0-31:2/4": of each 4 CPUs from 0 on the first 2. */
static bool read_region(const char **text, CpuSet *set)
{
    guint first, used = 1, group = 1;

    if (!read_number(text, &first))
        return false;

    guint last = first;

    if (**text == '-') {
        (*text)++;
        if (!read_number(text, &last) || last < first)
            return false;
        if (**text == ':') {
            (*text)++;
            if (!read_number(text, &used) || *(*text)++ != '/' || !read_number(text, &group))
                return false;
            if (group == 0 || used == 0 || used > group)
                return false;
        }
    }
    for (guint cpu = first; cpu <= last; cpu++) {
        if ((cpu - first) % group < used)
            cpuset_add(set, cpu);
    }
    return true;
}

CpuSet *cpuset_parse(const char *list, GError **error)
{
    g_autoptr(CpuSet) set = cpuset_new();
    const char *text = list;

    skip_blanks(&text);
    while (*text != '\0') {
        bool good = read_region(&text, set);

        if (good) {
            skip_blanks(&text);
            if (*text == '\0')
                break;
            good = *text == ',';
        }
        if (good) {
            text++;
            skip_blanks(&text);
            good = *text != '\0';
        }
        if (!good) {
            g_autofree char *quoted = text_quote(list, 60);

            g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED,
                        "'%s' is not a CPU list such as 0-3,8 (numbers up to %d)", quoted,
                        CPUSET_LIMIT - 1);
            return NULL;
        }
    }
    return g_steal_pointer(&set);
}

CpuSet *cpuset_parse_mask(const char *text)
{
    g_autoptr(CpuSet) set = cpuset_new();
    guint cpu = 0;

    for (gssize i = strlen(text) - 1; i >= 0; i--) {
        int digit = g_ascii_xdigit_value(text[i]);

        if (text[i] == ',')
            continue; /* each word but the first has all of its eight digits */
        if (digit < 0 || cpu + 4 > CPUSET_LIMIT)
            return NULL;
        for (guint bit = 0; bit < 4; bit++) {
            if (digit & 1 << bit)
                cpuset_add(set, cpu + bit);
        }
        cpu += 4;
    }
    return cpu ? g_steal_pointer(&set) : NULL;
}

#define MASK_WORD_BITS 32

char *cpuset_format_mask(const CpuSet *set)
{
    GString *text = g_string_new(NULL);
    bool begun = false;

    for (guint i = set->n_words * WORD_BITS / MASK_WORD_BITS; i-- > 0;) {
        guint32 word = (guint32)(set->words[i / 2] >> (i % 2 * MASK_WORD_BITS));

        if (!begun && word == 0 && i > 0)
            continue;
        g_string_append_printf(text, begun ? ",%08x" : "%x", word);
        begun = true;
    }
    return g_string_free(text, !begun) ?: g_strdup("0");
}
