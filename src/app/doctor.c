/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a host's inventory and state, asks libvirt, and has them judged; or keeps them in a tar.
 * Changes nothing. */
#include "core/doctor.h"

#include "app/job.h"
#include "port/capture.h"
#include "port/discover.h"
#include "port/examine.h"

static void ask_libvirt(Job *job, Condition *condition)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *libvirt = NULL;
    g_autofree char *hypervisor = NULL;
    Virt *virt = job_open_virt(job, &error);

    if (!virt) { /* one more thing that stands in the way */
        condition_add(condition, CONDITION_LIBVIRT_ERROR, error->message, NULL);
        return;
    }
    virt_read_versions(virt, &libvirt, &hypervisor);
    if (libvirt)
        condition_add(condition, CONDITION_LIBVIRT, libvirt, NULL);
    if (hypervisor)
        condition_add(condition, CONDITION_QEMU, hypervisor, NULL);
}

/* The hosts of the inventories that the spec is for. */
static GPtrArray *read_fleet(Job *job, const char *const *inventories, GError **error)
{
    g_autoptr(GPtrArray) hosts = NULL;

    if (!inventories || !inventories[0])
        return g_ptr_array_new();
    hosts = job_read_hosts(inventories, job->findings, error);
    for (guint i = hosts ? hosts->len : 0; i > 0; i--) {
        const Host *host = hosts->pdata[i - 1];

        if (job->spec && !spec_find_host(job->spec, host->hostname))
            g_ptr_array_remove_index(hosts, i - 1);
    }
    return g_steal_pointer(&hosts);
}

bool ops_doctor(const DoctorOptions *options, Job **ret_job, Condition **ret_condition,
                GError **error)
{
    g_autoptr(Job) job = g_new0(Job, 1);
    g_autoptr(Condition) condition = NULL;
    g_autoptr(GPtrArray) fleet = NULL;

    job->findings = findings_new();
    job->connect = g_strdup(options->connect);
    if (options->spec_path && !job_read_spec(job, options->spec_path, error))
        return false;
    job->host = discover_host(options->root, job->findings, error);
    if (!job->host)
        return false;
    if (job->spec || !options->spec_path) {
        if (job->spec && job->host->hostname)
            job->spec_host = spec_find_host(job->spec, job->host->hostname);
        fleet = read_fleet(job, options->inventories, error);
        condition = fleet ? examine_host(options->root, job->host, error) : NULL;
        if (!condition)
            return false;
        if (!options->root)
            ask_libvirt(job, condition);
        doctor_check(job->host, condition, job->spec, fleet, job->findings);
    }
    *ret_job = g_steal_pointer(&job);
    *ret_condition = g_steal_pointer(&condition);
    return true;
}

bool ops_capture(const char *path, bool anonymise, guint *ret_entries, GPtrArray *findings,
                 GError **error)
{
    return capture_write(path, anonymise, ret_entries, findings, error);
}
