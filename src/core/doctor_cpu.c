/* SPDX-License-Identifier: Apache-2.0 */
/* The CPUs: virtualization, SMT, offline ones, idle states, frequency, clock. */
#include <string.h>

#include "core/doctor_checks.h"

#define CPUINFO "proc/cpuinfo"
#define CPUS "sys/devices/system/cpu"

/* Waking from an idle state that takes longer than this shows in a guest's latency: the limit of
 * oslat on isolated CPUs is 20 us. */
#define IDLE_LATENCY_US 10

void doctor_virtualization(Doctor *doctor)
{
    const char *words = doctor_value(doctor, CPUINFO);
    const char *mend;

    if (!doctor_is_x86(doctor) || !words || !*words || doctor_has_word(words, "vmx") ||
        doctor_has_word(words, "svm"))
        return;
    if (doctor_is_guest(doctor))
        mend = "this host is a virtual machine: give it a CPU of mode host-passthrough, and load "
               "kvm_intel or kvm_amd with nested=1 on the host below it";
    else if (doctor_has_word(words, "GenuineIntel"))
        mend = "switch on \"Intel Virtualization Technology (VT-x)\" in the firmware setup";
    else
        mend = "switch on \"SVM Mode\" (AMD-V) in the firmware setup";
    finding_set_hint(doctor_report(doctor, FINDING_ERROR, CPUINFO,
                                   "the CPU shows neither VT-x (vmx) nor AMD-V (svm): slices "
                                   "cannot run"),
                     "%s", mend);
}

void doctor_guest(Doctor *doctor)
{
    if (!doctor_is_guest(doctor))
        return;
    finding_set_hint(doctor_report(doctor, FINDING_WARNING, CPUINFO,
                                   "this host is a virtual machine itself: a pin holds on its "
                                   "virtual CPUs only"),
                     "for bare metal performance run slices on the server below it");
}

void doctor_smt(Doctor *doctor)
{
    const char *control = doctor_value(doctor, CPUS "/smt/control");

    if (!control || !g_str_has_suffix(control, "off"))
        return;
    finding_set_hint(doctor_report(doctor, FINDING_INFO, CPUS "/smt/control",
                                   "SMT is off: each core has one thread, and a vCPU takes a "
                                   "whole core"),
                     strcmp(control, "off") == 0 ? "to switch it on: echo on > /" CPUS
                                                   "/smt/control"
                                                 : "to switch it on: the firmware setup, and no "
                                                   "nosmt=force among the kernel arguments");
}

/* Siblings that SMT control holds offline are told by doctor_smt(). */
void doctor_offline(Doctor *doctor)
{
    const char *present = doctor_value(doctor, CPUS "/present");
    const char *control = doctor_value(doctor, CPUS "/smt/control");
    g_autoptr(CpuSet) offline = present ? cpuset_parse(present, NULL) : NULL;
    g_autofree char *list = NULL;

    if (!offline || (control && g_str_has_suffix(control, "off")))
        return;
    cpuset_subtract(offline, doctor->host->cpu.online);
    if (cpuset_is_empty(offline))
        return;
    list = cpuset_format(offline);
    finding_set_hint(doctor_report(doctor, FINDING_WARNING, CPUS "/present",
                                   "CPUs %s are offline: no slice can have them", list),
                     "echo 1 > /" CPUS "/cpu%d/online, for each of them", cpuset_next(offline, 0));
}

/* The state's folder within @path, "state3". */
static char *state_of(const char *path)
{
    const char *start = strstr(path, "/state");

    return start ? g_strndup(start + 1, strcspn(start + 1, "/")) : NULL;
}

/* The CPUs that may enter the state of this latency; those without the file cannot switch it off.
 */
static CpuSet *cpus_with_state(const Doctor *doctor, const Fact *latency, const char *state)
{
    g_autofree char *path = g_strdup_printf(CPUS "/cpu*/cpuidle/%s/disable", state);
    CpuSet *cpus = cpuset_copy(latency->cpus);

    for (guint i = 0; i < doctor->condition->facts->len; i++) {
        const Fact *fact = doctor->condition->facts->pdata[i];

        if (strcmp(fact->path, path) == 0 && strcmp(fact->value, "0") != 0 && fact->cpus)
            cpuset_subtract(cpus, fact->cpus);
    }
    return cpus;
}

void doctor_idle(Doctor *doctor)
{
    const CpuSet *isolated = doctor->host->kernel.isolated;
    const Fact *deepest = NULL;
    gint64 worst = IDLE_LATENCY_US;
    g_autoptr(CpuSet) cpus = NULL;
    g_autofree char *list = NULL;
    Finding *finding;

    for (guint i = 0; i < doctor->condition->facts->len; i++) {
        const Fact *fact = doctor->condition->facts->pdata[i];
        gint64 latency = g_ascii_strtoll(fact->value, NULL, 10);
        g_autofree char *state = state_of(fact->path);
        g_autoptr(CpuSet) entering = NULL;

        if (!state || !fact->cpus || !g_str_has_suffix(fact->path, "/latency") || latency <= worst)
            continue;
        entering = cpus_with_state(doctor, fact, state);
        if (isolated && !cpuset_is_empty(isolated))
            cpuset_intersect(entering, isolated);
        if (cpuset_is_empty(entering))
            continue;
        worst = latency;
        deepest = fact;
        cpuset_free(cpus);
        cpus = g_steal_pointer(&entering);
    }
    if (!deepest)
        return;
    list = cpuset_format(cpus);
    finding = doctor_report(doctor, FINDING_WARNING, deepest->path,
                            "CPUs %s may idle so deeply that waking takes %" G_GINT64_FORMAT " us",
                            list, worst);
    finding_set_evidence(finding, deepest->value);
    finding_set_hint(
        finding,
        "cpupower -c %s idle-set -D %d; for good: tuned's profile cpu-partitioning, or "
        "the kernel arguments intel_idle.max_cstate=1 processor.max_cstate=1",
        list, IDLE_LATENCY_US);
}

void doctor_governor(Doctor *doctor)
{
    for (guint i = 0; i < doctor->condition->facts->len; i++) {
        const Fact *fact = doctor->condition->facts->pdata[i];
        g_autofree char *list = NULL;
        Finding *finding;

        if (!g_str_has_suffix(fact->path, "/scaling_governor") ||
            strcmp(fact->value, "performance") == 0)
            continue;
        list = cpuset_format(fact->cpus);
        finding = doctor_report(doctor, FINDING_WARNING, fact->path,
                                "the frequency governor of CPUs %s is not performance", list);
        finding_set_evidence(finding, fact->value);
        finding_set_hint(finding, "cpupower -c %s frequency-set -g performance", list);
    }
}

/* A guest of a hypervisor has that one's clock (kvm-clock, hyperv_clocksource), and rightly. */
void doctor_clocksource(Doctor *doctor)
{
    static const char path[] = "sys/devices/system/clocksource/clocksource0/current_clocksource";
    const char *current = doctor_value(doctor, path);
    const char *available =
        doctor_value(doctor, "sys/devices/system/clocksource/clocksource0/available_clocksource");
    Finding *finding;

    if (!current || strcmp(current, "tsc") == 0 || !doctor_is_x86(doctor) ||
        doctor_is_guest(doctor))
        return;
    finding = doctor_report(doctor, FINDING_WARNING, path,
                            "the clock is read from %s: slow, and so in every guest", current);
    if (doctor_has_word(available, "tsc"))
        finding_set_hint(finding, "echo tsc > /%s; and no clocksource= among the kernel arguments",
                         path);
    else
        finding_set_hint(finding, "the kernel found the TSC unstable (journalctl -k -g tsc); a "
                                  "firmware update, or else the kernel argument tsc=reliable");
}
