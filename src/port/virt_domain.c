/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of domains. Each but the first definition asks first whether the domain is ours. */
#include "port/virt_internal.h"

#include <string.h>

#include "base/error.h"
#include "base/xml.h"
#include "model/ownership.h"

#define POLL_USEC (200 * 1000)

/* Configuration and, when it runs, the guest itself. */
#define LIVE_AND_CONFIG (VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG)

/* A definition replaces a domain of the same name and uuid: it must not be somebody else's. */
static bool may_define(Virt *virt, const char *xml, char **ret_name, GError **error)
{
    g_autoptr(Xml) document = xml_read(xml, NULL);
    g_autofree char *name = document ? xml_text(document, NULL, "/domain/name") : NULL;
    g_autoptr(virDomain) existing = NULL;

    if (!name) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "defining a domain: its XML has no name");
        return false;
    }
    existing = virDomainLookupByName(virt->connection, name);
    if (existing) {
        g_autoptr(virDomain) own = virt_find_own_domain(virt, name, error);

        if (!own)
            return false;
    } else if (!virt_last_error_is(VIR_ERR_NO_DOMAIN)) {
        return virt_set_error(error, "looking for domain %s", name);
    }
    *ret_name = g_steal_pointer(&name);
    return true;
}

bool virt_define_domain(Virt *virt, const char *xml, GError **error)
{
    g_autofree char *name = NULL;
    g_autoptr(virDomain) domain = NULL;

    if (!may_define(virt, xml, &name, error))
        return false;
    domain = virDomainDefineXMLFlags(virt->connection, xml, VIR_DOMAIN_DEFINE_VALIDATE);
    return domain || virt_set_error(error, "defining domain %s", name);
}

bool virt_start_domain(Virt *virt, const char *name, GError **error)
{
    g_autoptr(virDomain) domain = virt_find_own_domain(virt, name, error);

    if (!domain)
        return false;
    return virDomainCreate(domain) == 0 || virt_set_error(error, "starting domain %s", name);
}

/* Ends the process: first so that QEMU can flush its disks, then in any case. Between the two the
 * domain may end by itself. */
static bool end_domain(virDomainPtr domain, GError **error)
{
    if (virDomainDestroyFlags(domain, VIR_DOMAIN_DESTROY_GRACEFUL) == 0 ||
        virDomainIsActive(domain) == 0 ||
        virDomainDestroyFlags(domain, VIR_DOMAIN_DESTROY_DEFAULT) == 0 ||
        virDomainIsActive(domain) == 0)
        return true;
    return virt_set_error(error, "ending domain %s", virDomainGetName(domain));
}

bool virt_stop_domain(Virt *virt, const char *name, guint timeout_seconds, GError **error)
{
    g_autoptr(virDomain) domain = virt_find_own_domain(virt, name, error);
    gint64 deadline = g_get_monotonic_time() + (gint64)timeout_seconds * G_USEC_PER_SEC;

    if (!domain)
        return false;
    if (virDomainIsActive(domain) == 0)
        return true;
    /* a guest that cannot be asked (paused, no ACPI) is ended below */
    if (timeout_seconds > 0 && virDomainShutdown(domain) == 0) {
        while (g_get_monotonic_time() < deadline) {
            int active = virDomainIsActive(domain);

            if (active < 0)
                return virt_set_error(error, "waiting for domain %s to shut down", name);
            if (active == 0)
                return true;
            g_usleep(POLL_USEC);
        }
    }
    return end_domain(domain, error);
}

bool virt_undefine_domain(Virt *virt, const char *name, GError **error)
{
    g_autoptr(virDomain) domain = virt_find_own_domain(virt, name, error);
    const unsigned flags = VIR_DOMAIN_UNDEFINE_MANAGED_SAVE |
                           VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
                           VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA | VIR_DOMAIN_UNDEFINE_NVRAM;

    if (!domain)
        return false;
    /* the test driver knows no flags */
    if (virDomainUndefineFlags(domain, flags) == 0 ||
        (virt_last_error_is(VIR_ERR_INVALID_ARG) && virDomainUndefine(domain) == 0))
        return true;
    return virt_set_error(error, "undefining domain %s", name);
}

bool virt_resume_domain(Virt *virt, const char *name, GError **error)
{
    g_autoptr(virDomain) domain = virt_find_own_domain(virt, name, error);

    if (!domain)
        return false;
    return virDomainResume(domain) == 0 || virt_set_error(error, "resuming domain %s", name);
}

bool virt_set_autostart(Virt *virt, const char *name, bool autostart, GError **error)
{
    g_autoptr(virDomain) domain = virt_find_own_domain(virt, name, error);

    if (!domain)
        return false;
    return virDomainSetAutostart(domain, autostart) == 0 ||
           virt_set_error(error, "setting autostart of domain %s", name);
}

/* libvirt's bit map of a set. Caller frees. */
static unsigned char *write_cpu_map(const CpuSet *cpus, int *ret_length)
{
    int last = 0;
    unsigned char *map;

    for (int cpu = cpuset_next(cpus, 0); cpu >= 0; cpu = cpuset_next(cpus, (guint)cpu + 1))
        last = cpu;
    *ret_length = VIR_CPU_MAPLEN(last + 1);
    map = g_malloc0((gsize)*ret_length);
    for (int cpu = cpuset_next(cpus, 0); cpu >= 0; cpu = cpuset_next(cpus, (guint)cpu + 1))
        VIR_USE_CPU(map, cpu);
    return map;
}

static bool pin_vcpu(virDomainPtr domain, const PlanVcpu *vcpu, unsigned flags, GError **error)
{
    g_autoptr(CpuSet) cpus = cpuset_new();
    g_autofree unsigned char *map = NULL;
    int length;

    cpuset_add(cpus, (guint)vcpu->cpu);
    map = write_cpu_map(cpus, &length);
    return virDomainPinVcpuFlags(domain, (guint)vcpu->id, map, length, flags) == 0 ||
           virt_set_error(error, "pinning vCPU %d of domain %s to CPU %d", (int)vcpu->id,
                          virDomainGetName(domain), (int)vcpu->cpu);
}

static bool pin_emulator(virDomainPtr domain, const CpuSet *cpus, unsigned flags, GError **error)
{
    int length;
    g_autofree unsigned char *map = write_cpu_map(cpus, &length);

    return virDomainPinEmulator(domain, map, length, flags) == 0 ||
           virt_set_error(error, "pinning the emulator threads of domain %s",
                          virDomainGetName(domain));
}

static bool pin_iothread(virDomainPtr domain, const PlanIothread *iothread, unsigned flags,
                         GError **error)
{
    int length;
    g_autofree unsigned char *map = write_cpu_map(iothread->cpus, &length);

    return virDomainPinIOThread(domain, (guint)iothread->id, map, length, flags) == 0 ||
           virt_set_error(error, "pinning IOThread %d of domain %s", (int)iothread->id,
                          virDomainGetName(domain));
}

bool virt_repin_domain(Virt *virt, const PlanSlice *slice, GError **error)
{
    g_autoptr(virDomain) domain = virt_find_own_domain(virt, slice->name, error);
    bool good = domain != NULL;

    for (guint i = 0; good && i < slice->vcpus->len; i++)
        good = pin_vcpu(domain, slice->vcpus->pdata[i], LIVE_AND_CONFIG, error);
    if (good && slice->emulator_cpus)
        good = pin_emulator(domain, slice->emulator_cpus, LIVE_AND_CONFIG, error);
    for (guint i = 0; good && i < slice->iothreads->len; i++)
        good = pin_iothread(domain, slice->iothreads->pdata[i], LIVE_AND_CONFIG, error);
    return good;
}
