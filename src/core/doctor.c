/* SPDX-License-Identifier: Apache-2.0 */
#include "core/doctor_checks.h"

#include <string.h>

/* What of a spec makes a check matter. */
enum {
    FOR_ALL = 1 << 0,
    FOR_DEVICES = 1 << 1,   /* a NIC or another device is handed through */
    FOR_VFS = 1 << 2,       /* one of them is a VF */
    FOR_HUGEPAGES = 1 << 3, /* a slice has hugepages */
    FOR_PAGES = 1 << 4,     /* a slice has none */
};

/* To add a check: its function in a doctor_<subject>.c, its line in doctor_checks.h, its row. */
static const struct {
    const char *code;
    void (*check)(Doctor *doctor);
    unsigned matters;
} CHECKS[] = {
    {"cpu-virtualization", doctor_virtualization, FOR_ALL},
    {"kvm-missing", doctor_kvm, FOR_ALL},
    {"kvm-access", doctor_kvm_access, FOR_ALL},
    {"libvirt", doctor_libvirt, FOR_ALL},
    {"qemu", doctor_qemu, FOR_ALL},
    {"iommu-off", doctor_iommu, FOR_DEVICES},
    {"interrupt-remapping", doctor_remapping, FOR_DEVICES},
    {"vfio-missing", doctor_vfio, FOR_DEVICES},
    {"sriov-off", doctor_sriov, FOR_VFS},
    {"group-shared", doctor_acs, FOR_DEVICES},
    {"not-bare-metal", doctor_guest, FOR_ALL},
    {"cgroup", doctor_cgroup, FOR_ALL},
    {"confinement", doctor_confinement, FOR_ALL},
    {"cpu-offline", doctor_offline, FOR_ALL},
    {"smt-off", doctor_smt, FOR_ALL},
    {"idle-states", doctor_idle, FOR_ALL},
    {"governor", doctor_governor, FOR_ALL},
    {"clocksource", doctor_clocksource, FOR_ALL},
    {"daemon", doctor_daemons, FOR_ALL},
    {"hugepages", doctor_hugepages, FOR_HUGEPAGES},
    {"memory-fragmented", doctor_fragmentation, FOR_HUGEPAGES},
    {"ksm", doctor_ksm, FOR_ALL},
    {"thp", doctor_thp, FOR_PAGES},
    {"swap", doctor_swap, FOR_PAGES},
    {"numa-balancing", doctor_numa_balancing, FOR_ALL},
    {"nested", doctor_nested, FOR_ALL},
    {"hosts-mixed", doctor_mixed, FOR_ALL},
};

Finding *doctor_report(Doctor *doctor, FindingSeverity severity, const char *path,
                       const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;
    Finding *finding;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    finding =
        findings_add(doctor->findings, severity, doctor->code, doctor->host->hostname, "%s", text);
    finding_set_path(finding, path);
    finding_set_evidence(finding, condition_value(doctor->condition, path));
    return finding;
}

const char *doctor_value(const Doctor *doctor, const char *path)
{
    return condition_value(doctor->condition, path);
}

bool doctor_has_word(const char *text, const char *word)
{
    g_auto(GStrv) words = g_strsplit_set(text ? text : "", " \t\n,", -1);

    return g_strv_contains((const char *const *)words, word);
}

bool doctor_is_x86(const Doctor *doctor)
{
    return g_strcmp0(doctor->host->arch, "x86_64") == 0;
}

bool doctor_is_guest(const Doctor *doctor)
{
    return doctor_has_word(doctor_value(doctor, "proc/cpuinfo"), "hypervisor");
}

static unsigned needs_of_slice(const SpecSlice *slice)
{
    unsigned needs = slice->hugepages == SPEC_HUGEPAGES_NONE ? FOR_PAGES : FOR_HUGEPAGES;

    if (slice->nics->len || slice->devices->len)
        needs |= FOR_DEVICES;
    for (guint i = 0; i < slice->nics->len; i++) {
        if (((const SpecNic *)slice->nics->pdata[i])->mode == SPEC_NIC_VF)
            needs |= FOR_VFS;
    }
    return needs;
}

static unsigned needs_of(const Spec *spec)
{
    unsigned needs = FOR_ALL;

    if (!spec)
        return ~0u;
    for (guint i = 0; i < spec->clusters->len; i++) {
        const SpecCluster *cluster = spec->clusters->pdata[i];

        for (guint k = 0; k < cluster->slices->len; k++)
            needs |= needs_of_slice(cluster->slices->pdata[k]);
    }
    return needs;
}

GPtrArray *doctor_codes(void)
{
    GPtrArray *codes = g_ptr_array_new();

    for (guint i = 0; i < G_N_ELEMENTS(CHECKS); i++)
        g_ptr_array_add(codes, (gpointer)CHECKS[i].code);
    return codes;
}

void doctor_check(const Host *host, const Condition *condition, const Spec *spec,
                  const GPtrArray *fleet, GPtrArray *findings)
{
    Doctor doctor = {host, condition, spec, fleet, findings};
    unsigned needs = needs_of(spec);

    for (guint i = 0; i < G_N_ELEMENTS(CHECKS); i++) {
        doctor.code = CHECKS[i].code;
        if (CHECKS[i].matters & needs)
            CHECKS[i].check(&doctor);
    }
    findings_sort_worst_first(findings);
}
