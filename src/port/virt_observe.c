/* SPDX-License-Identifier: Apache-2.0 */
/* Domains as they are: XML, state, pins, size of the disk. */
#include "port/virt_internal.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/xml.h"
#include "model/ownership.h"

/* As virsh words them (tools/virsh-domain-monitor.c, virshDomainState). */
static const char *const STATE_WORDS[] = {
    [VIR_DOMAIN_NOSTATE] = "no state",     [VIR_DOMAIN_RUNNING] = "running",
    [VIR_DOMAIN_BLOCKED] = "idle",         [VIR_DOMAIN_PAUSED] = "paused",
    [VIR_DOMAIN_SHUTDOWN] = "in shutdown", [VIR_DOMAIN_SHUTOFF] = "shut off",
    [VIR_DOMAIN_CRASHED] = "crashed",      [VIR_DOMAIN_PMSUSPENDED] = "pmsuspended",
};

/* What a driver cannot tell (test:///), or what ended between two questions, is left unknown. */
static bool is_tolerable(void)
{
    return virt_last_error_is(VIR_ERR_NO_SUPPORT) || virt_last_error_is(VIR_ERR_OPERATION_INVALID);
}

static CpuSet *read_cpu_map(const unsigned char *map, int length)
{
    CpuSet *set = cpuset_new();

    for (guint cpu = 0; cpu < (guint)length * 8 && cpu < CPUSET_LIMIT; cpu++) {
        if (VIR_CPU_USED(map, cpu))
            cpuset_add(set, cpu);
    }
    return set;
}

static bool read_vcpu_pins(virDomainPtr domain, int map_length, Observed *observed)
{
    int n_vcpus = virDomainGetVcpusFlags(domain, VIR_DOMAIN_AFFECT_LIVE);
    g_autofree unsigned char *maps = NULL;

    if (n_vcpus < 0)
        return is_tolerable();
    maps = g_malloc0_n((gsize)n_vcpus + 1, (gsize)map_length);
    n_vcpus = virDomainGetVcpuPinInfo(domain, n_vcpus, maps, map_length, VIR_DOMAIN_AFFECT_LIVE);
    if (n_vcpus < 0)
        return is_tolerable();
    for (int i = 0; i < n_vcpus; i++)
        g_ptr_array_add(observed->vcpu_pins,
                        read_cpu_map(VIR_GET_CPUMAP(maps, map_length, i), map_length));
    return true;
}

static bool read_emulator_pin(virDomainPtr domain, int map_length, Observed *observed)
{
    g_autofree unsigned char *map = g_malloc0((gsize)map_length);
    int known = virDomainGetEmulatorPinInfo(domain, map, map_length, VIR_DOMAIN_AFFECT_LIVE);

    if (known < 0)
        return is_tolerable();
    if (known > 0)
        observed->emulator_pin = read_cpu_map(map, map_length);
    return true;
}

static bool read_iothread_pins(virDomainPtr domain, Observed *observed)
{
    virDomainIOThreadInfoPtr *infos = NULL;
    int count = virDomainGetIOThreadInfo(domain, &infos, VIR_DOMAIN_AFFECT_LIVE);

    if (count < 0)
        return is_tolerable();
    for (int i = 0; i < count; i++) {
        guint id = infos[i]->iothread_id;

        if (id > 0 && id <= CPUSET_LIMIT) {
            if (observed->iothread_pins->len < id)
                g_ptr_array_set_size(observed->iothread_pins, (int)id);
            cpuset_free(observed->iothread_pins->pdata[id - 1]);
            observed->iothread_pins->pdata[id - 1] =
                read_cpu_map(infos[i]->cpumap, infos[i]->cpumaplen);
        }
        virDomainIOThreadInfoFree(infos[i]);
    }
    free(infos); /* libvirt's own allocation */
    return true;
}

static bool read_pins(virDomainPtr domain, Observed *observed, GError **error)
{
    virConnectPtr connection = virDomainGetConnect(domain);
    int n_cpus = virNodeGetCPUMap(connection, NULL, NULL, 0);
    int map_length = VIR_CPU_MAPLEN(n_cpus);

    if (n_cpus < 0)
        return virt_set_error(error, "reading the number of CPUs");
    if (!read_vcpu_pins(domain, map_length, observed) ||
        !read_emulator_pin(domain, map_length, observed) || !read_iothread_pins(domain, observed))
        return virt_set_error(error, "reading the pins of domain %s", observed->name);
    return true;
}

/* Unknown when the disk lies in no active pool. */
static void read_disk_capacity(Virt *virt, Observed *observed)
{
    g_autoptr(Xml) document = xml_read(observed->config_xml, NULL);
    g_autofree char *path =
        document ? xml_text(document, NULL, "/domain/devices/disk[target/@dev='vda']/source/@file")
                 : NULL;
    g_autoptr(virStorageVol) volume =
        path ? virStorageVolLookupByPath(virt->connection, path) : NULL;
    virStorageVolInfo info;

    if (volume && virStorageVolGetInfo(volume, &info) == 0)
        observed->disk_capacity_bytes = (gint64)info.capacity;
}

static char *read_xml(virDomainPtr domain, unsigned flags)
{
    char *text = virDomainGetXMLDesc(domain, flags);
    char *copy = g_strdup(text);

    free(text); /* libvirt's own allocation */
    return copy;
}

static bool read_state(virDomainPtr domain, Observed *observed)
{
    char uuid[VIR_UUID_STRING_BUFLEN];
    int state, autostart = 0;

    if (virDomainGetUUIDString(domain, uuid) < 0 || virDomainGetState(domain, &state, NULL, 0) < 0)
        return false;
    /* a transient domain has no autostart to ask for */
    if (virDomainIsPersistent(domain) == 1 && virDomainGetAutostart(domain, &autostart) < 0)
        return false;
    observed->uuid = g_strdup(uuid);
    observed->autostart = autostart == 1;
    observed->state = g_strdup(
        state >= 0 && state < (int)G_N_ELEMENTS(STATE_WORDS) ? STATE_WORDS[state] : "unknown");
    observed->active = virDomainIsActive(domain) == 1;
    observed->paused = state == VIR_DOMAIN_PAUSED;
    observed->xml = read_xml(domain, 0);
    observed->config_xml = read_xml(domain, VIR_DOMAIN_XML_INACTIVE);
    return observed->xml && observed->config_xml;
}

/* Any metadata of our namespace; *@ret_ours is untouched on failure. */
static bool read_ownership(virDomainPtr domain, bool *ret_ours)
{
    char *metadata = virDomainGetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, DOMAIN_METADATA_URI,
                                          VIR_DOMAIN_AFFECT_CURRENT);

    if (!metadata && !virt_last_error_is(VIR_ERR_NO_DOMAIN_METADATA))
        return false;
    *ret_ours = metadata != NULL;
    free(metadata); /* libvirt's own allocation */
    return true;
}

static Observed *observe(Virt *virt, virDomainPtr domain, GError **error)
{
    g_autoptr(Observed) observed = observed_new();

    observed->name = g_strdup(virDomainGetName(domain));
    if (!read_state(domain, observed) || !read_ownership(domain, &observed->ours)) {
        virt_set_error(error, "reading domain %s", observed->name);
        return NULL;
    }
    if (observed->active && !read_pins(domain, observed, error))
        return NULL;
    read_disk_capacity(virt, observed);
    return g_steal_pointer(&observed);
}

bool virt_observe_domain(Virt *virt, const char *name, Observed **ret_observed, GError **error)
{
    g_autoptr(virDomain) domain = virDomainLookupByName(virt->connection, name);

    *ret_observed = NULL;
    if (!domain)
        return virt_last_error_is(VIR_ERR_NO_DOMAIN) ||
               virt_set_error(error, "looking for domain %s", name);
    *ret_observed = observe(virt, domain, error);
    return *ret_observed != NULL;
}

static int compare_names(const void *a, const void *b)
{
    return g_strcmp0((*(Observed *const *)a)->name, (*(Observed *const *)b)->name);
}

GPtrArray *virt_list_ours(Virt *virt, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)observed_free);
    virDomainPtr *domains = NULL;
    int count = virConnectListAllDomains(virt->connection, &domains, 0);
    bool good = count >= 0 || virt_set_error(error, "listing domains");

    for (int i = 0; i < count; i++) {
        bool ours = false;

        /* one that vanished meanwhile, or cannot be read, is none of ours */
        if (good && read_ownership(domains[i], &ours) && ours) {
            Observed *observed = observe(virt, domains[i], error);

            good = observed != NULL;
            if (good)
                g_ptr_array_add(list, observed);
        }
        virDomainFree(domains[i]);
    }
    free(domains); /* libvirt's own allocation */
    g_ptr_array_sort(list, compare_names);
    return good ? g_steal_pointer(&list) : NULL;
}

virDomainPtr virt_find_own_domain(Virt *virt, const char *name, GError **error)
{
    g_autoptr(virDomain) domain = virDomainLookupByName(virt->connection, name);
    bool ours = false;

    if (!domain) {
        virt_set_error(error, "looking for domain %s", name);
        return NULL;
    }
    if (!read_ownership(domain, &ours)) {
        virt_set_error(error, "reading the metadata of domain %s", name);
        return NULL;
    }
    if (!ours) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED,
                    "domain %s was not made by bmslice: it is left alone", name);
        return NULL;
    }
    return g_steal_pointer(&domain);
}
