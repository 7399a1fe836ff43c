/* SPDX-License-Identifier: Apache-2.0 */
/* Proof and status: what really runs. Changes nothing. */
#include "core/verify.h"

#include "app/job.h"
#include "port/process.h"

bool ops_verify(Job *job, GPtrArray **ret_checks, GError **error)
{
    g_autoptr(GPtrArray) checks = checks_new();
    Virt *virt = job_open_virt(job, error);

    if (!virt)
        return false;
    verify_host(job->host, job->plan_host, checks);
    for (guint i = 0; i < job->plan_host->slices->len; i++) {
        const PlanSlice *slice = job->plan_host->slices->pdata[i];
        g_autoptr(Observed) observed = NULL;

        if (!virt_observe_domain(virt, slice->name, &observed, error))
            return false;
        if (observed)
            process_observe(NULL, observed);
        verify_slice(job->host, job->plan_host, slice, observed, checks);
    }
    *ret_checks = g_steal_pointer(&checks);
    return true;
}

GPtrArray *ops_status(const char *connect, GError **error)
{
    g_autoptr(Virt) virt = virt_open(connect ? connect : JOB_DEFAULT_URI, error);
    GPtrArray *slices = virt ? virt_list_ours(virt, error) : NULL;

    for (guint i = 0; slices && i < slices->len; i++) {
        Observed *slice = slices->pdata[i];

        process_observe(NULL, slice);
        slice->held = job_read_held(slice->name);
    }
    return slices;
}
