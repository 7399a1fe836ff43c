/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slice of systemd whose cgroup is an isolated partition of CPUs
 * (Documentation/admin-guide/cgroup-v2.rst: cpuset.cpus.partition). systemd owns cpuset.cpus, as
 * AllowedCPUs= (man 5 systemd.resource-control), and knows nothing of partitions: it leaves that
 * file alone.
 */
#include <glob.h>
#include <string.h>

#include "base/cpuset.h"
#include "port/change_kinds.h"
#include "port/patient.h"

#define CGROUPS "/sys/fs/cgroup/"
#define ISOLATED "isolated"
#define WRITE_SECONDS 60
/* systemd writes cpuset.cpus some time after it was told. */
#define WAIT_TRIES 100
#define WAIT_EACH (G_USEC_PER_SEC / 10)

static char *read_file(const Hands *hands, const Setting *setting, const char *name)
{
    return change_read_text(hands, CGROUPS "%s/%s", setting->target, name);
}

static char *read_cpus(const Hands *hands, const Setting *setting)
{
    g_autofree char *text = read_file(hands, setting, "cpuset.cpus");
    g_autoptr(CpuSet) cpus = text ? cpuset_parse(text, NULL) : NULL;

    return cpus ? cpuset_format(cpus) : g_strdup("");
}

static bool is_there(const Hands *hands, const Setting *setting)
{
    g_autofree char *path = g_strconcat(CGROUPS, setting->target, NULL);
    g_autofree char *full = hands_path(hands, path);

    return g_file_test(full, G_FILE_TEST_IS_DIR);
}

/* A partition that has become invalid is one no more. */
bool change_read_partition(const Hands *hands, const Setting *setting, char **ret_value,
                           GError **error)
{
    g_autofree char *state = NULL;
    g_autofree char *cpus = NULL;

    (void)error;
    if (!is_there(hands, setting))
        return true;
    state = read_file(hands, setting, "cpuset.cpus.partition");
    cpus = read_cpus(hands, setting);
    *ret_value = g_strconcat(g_strcmp0(state, ISOLATED) == 0 ? ISOLATED : "member",
                             *cpus ? " " : NULL, cpus, NULL);
    return true;
}

static bool write_state(const Hands *hands, const Setting *setting, const char *state,
                        GError **error)
{
    g_autofree char *path = g_strconcat(CGROUPS, setting->target, "/cpuset.cpus.partition", NULL);
    g_autofree char *full = hands_path(hands, path);

    return patient_write(full, state, WRITE_SECONDS, error);
}

static bool control(const Hands *hands, const char *verb, const char *unit, GError **error)
{
    const char *const argv[] = {"systemctl", verb, unit, NULL};
    bool good;

    hands_watch(hands, verb);
    good = hands_run(hands, argv, NULL, error);
    hands_watch(hands, verb);
    return good;
}

/* A thread that may run on these CPUs only would be left with none of its own. */
static bool is_within(const char *path, const CpuSet *taken)
{
    g_autofree char *text = NULL;
    g_autoptr(CpuSet) cpus = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return false;
    cpus = cpuset_parse(g_strchomp(text), NULL);
    return cpus && !cpuset_is_empty(cpus) && cpuset_is_subset(cpus, taken);
}

/* libvirt has a cgroup for each thread that it pins. */
static bool check_guests(const Hands *hands, const Setting *setting, const CpuSet *cpus,
                         GError **error)
{
    g_autofree char *pattern = hands_path(hands, CGROUPS "machine.slice/*/libvirt/*/cpuset.cpus");
    glob_t found;
    bool good = true;

    if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
        return true;
    for (gsize i = 0; good && i < found.gl_pathc; i++) {
        if (is_within(found.gl_pathv[i], cpus))
            good = change_fail(setting, error,
                               "a guest outside of it is pinned there (%s): stop it first",
                               found.gl_pathv[i] + strlen(hands->root));
    }
    globfree(&found);
    return good;
}

static bool allow_cpus(const Hands *hands, const Setting *setting, const char *list, GError **error)
{
    g_autofree char *property = g_strconcat("AllowedCPUs=", list, NULL);
    const char *const argv[] = {"systemctl",     "set-property", "--runtime",
                                setting->target, property,       NULL};

    if (!hands_run(hands, argv, NULL, error))
        return false;
    hands_watch(hands, "CPUs allowed");
    for (guint i = 0; i < WAIT_TRIES; i++) {
        g_autofree char *now = read_cpus(hands, setting);

        if (strcmp(now, list) == 0)
            return true;
        g_usleep(WAIT_EACH);
    }
    return change_fail(setting, error, "systemd has not set CPUs %s (AllowedCPUs=)", list);
}

/* One that is invalid must be a member first: the kernel leaves it as it is otherwise. */
static bool isolate(const Hands *hands, const Setting *setting, GError **error)
{
    g_autofree char *before = read_file(hands, setting, "cpuset.cpus.partition");
    g_autofree char *after = NULL;

    if (g_strcmp0(before, ISOLATED) == 0)
        return true;
    if (!before)
        return change_fail(setting, error, "the kernel has no partitions of CPUs");
    if (!write_state(hands, setting, "member", error) ||
        !write_state(hands, setting, ISOLATED, error)) {
        g_prefix_error(error, "the kernel does not take \"" ISOLATED "\" (Linux does since 6.1): ");
        return false;
    }
    after = read_file(hands, setting, "cpuset.cpus.partition");
    return g_strcmp0(after, ISOLATED) == 0 ||
           change_fail(setting, error, "the kernel does not isolate them: \"%s\"",
                       after ? after : "");
}

static bool make_isolated(const Hands *hands, const Setting *setting, const char *list,
                          GError **error)
{
    g_autoptr(CpuSet) cpus = cpuset_parse(list, error);

    return cpus && check_guests(hands, setting, cpus, error) &&
           control(hands, "start", setting->target, error) &&
           allow_cpus(hands, setting, list, error) && isolate(hands, setting, error);
}

/* Stopping a slice ends all that is in it. */
static bool check_empty(const Hands *hands, const Setting *setting, GError **error)
{
    g_autofree char *events = read_file(hands, setting, "cgroup.events");

    return (events && strstr(events, "populated 0")) ||
           change_fail(setting, error, "guests run in it: stop them first");
}

/* @list: the CPUs that it had before, or NULL. */
static bool make_member(const Hands *hands, const Setting *setting, const char *list,
                        GError **error)
{
    g_autofree char *state = read_file(hands, setting, "cpuset.cpus.partition");

    return (!state || write_state(hands, setting, "member", error)) &&
           control(hands, "revert", setting->target, error) &&
           (!list || allow_cpus(hands, setting, list, error));
}

bool change_make_partition(const Hands *hands, const Setting *setting, GError **error)
{
    const char *space = setting->value ? strchr(setting->value, ' ') : NULL;
    const char *list = space ? space + 1 : NULL;

    if (list && g_str_has_prefix(setting->value, ISOLATED))
        return make_isolated(hands, setting, list, error);
    if (!is_there(hands, setting)) /* a run that was killed has ended here */
        return true;
    if (setting->value)
        return make_member(hands, setting, list, error);
    return check_empty(hands, setting, error) &&
           make_member(hands, setting, /* list= */ NULL, error) &&
           control(hands, "stop", setting->target, error);
}
