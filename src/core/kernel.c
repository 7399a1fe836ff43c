/* SPDX-License-Identifier: Apache-2.0 */
#include "core/kernel.h"

#include <string.h>

/* "managed_irq,domain,2-7": flags, then the list. */
typedef struct {
    GPtrArray *flags; /* char * */
    CpuSet *cpus;     /* NULL: nonsense */
} CpuArgument;

static void cpu_argument_clear(CpuArgument *argument)
{
    g_ptr_array_unref(argument->flags);
    cpuset_free(argument->cpus);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CpuArgument, cpu_argument_clear)

static CpuArgument read_value(const char *value)
{
    CpuArgument argument = {g_ptr_array_new_with_free_func(g_free), NULL};

    while (g_ascii_isalpha(*value)) {
        gsize length = strcspn(value, ",");

        g_ptr_array_add(argument.flags, g_strndup(value, length));
        value += length;
        value += *value == ',';
    }
    argument.cpus = cpuset_parse(value, NULL);
    return argument;
}

static bool has_flags(const CpuArgument *have, const CpuArgument *wanted)
{
    for (guint i = 0; i < wanted->flags->len; i++) {
        if (!g_ptr_array_find_with_equal_func(have->flags, wanted->flags->pdata[i], g_str_equal,
                                              NULL))
            return false;
    }
    return true;
}

static bool takes_from_host(const PlanHost *plan_host, const char *have, const char *wanted)
{
    g_auto(CpuArgument) there = read_value(have);
    g_auto(CpuArgument) asked = read_value(wanted);

    return there.cpus && asked.cpus && has_flags(&there, &asked) &&
           cpuset_is_subset(asked.cpus, there.cpus) &&
           !cpuset_intersects(there.cpus, plan_host->reserved_cpus);
}

static bool spares_slices(const PlanHost *plan_host, const char *have, const char *wanted)
{
    g_auto(CpuArgument) there = read_value(have);

    return there.cpus && !cpuset_is_empty(there.cpus) &&
           !cpuset_intersects(there.cpus, plan_host->isolated_cpus);
}

/* Arguments whose value may differ from the one asked for. */
static const struct {
    const char *name;
    bool (*is_met)(const PlanHost *plan_host, const char *have, const char *wanted);
} LENIENT[] = {
    {"isolcpus=", takes_from_host},
    {"nohz_full=", takes_from_host},
    {"rcu_nocbs=", takes_from_host},
    {"irqaffinity=", spares_slices},
};

/* "isolcpus=2-7" and "isolcpus=2-3" set the same argument. */
static bool is_same_argument(const char *word, const char *argument)
{
    gsize length = strcspn(argument, "=");

    return strncmp(word, argument, length) == 0 && (word[length] == '=' || word[length] == '\0');
}

static bool word_meets(const PlanHost *plan_host, const char *word, const char *argument)
{
    for (guint i = 0; i < G_N_ELEMENTS(LENIENT); i++) {
        const char *name = LENIENT[i].name;

        if (g_str_has_prefix(argument, name) && g_str_has_prefix(word, name))
            return LENIENT[i].is_met(plan_host, word + strlen(name), argument + strlen(name));
    }
    return strcmp(word, argument) == 0;
}

bool kernel_argument_is_met(const PlanHost *plan_host, const char *cmdline, const char *argument,
                            char **ret_word)
{
    g_auto(GStrv) words = g_strsplit_set(cmdline ? cmdline : "", " \t\n", -1);
    const char *found = NULL;
    bool met = false;

    for (char **word = words; *word && !met; word++) {
        met = word_meets(plan_host, *word, argument);
        if (met || is_same_argument(*word, argument))
            found = *word;
    }
    if (ret_word)
        *ret_word = g_strdup(found);
    return met;
}
