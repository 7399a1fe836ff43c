/* SPDX-License-Identifier: Apache-2.0 */
/* Wanted beside actual: domain XML, differences, the steps between them. Changes nothing. */
#include "app/job.h"
#include "base/error.h"
#include "core/domain.h"
#include "port/file.h"
#include "port/folder.h"
#include "port/process.h"

char *job_write_domain(const Job *job, const PlanSlice *slice, const char *uuid, GError **error)
{
    for (guint i = 0; i < slice->devices->len; i++) {
        const PlanDevice *device = slice->devices->pdata[i];

        if (device->address)
            continue;
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED,
                    "slice %s: VF %d of %s is not made yet, so its address is not known; make the "
                    "VFs first (see the steps of the plan)",
                    slice->name, (int)device->vf, device->pf);
        return NULL;
    }
    return domain_write_xml(job->host, job->plan_host, slice, uuid);
}

GPtrArray *ops_domain_xml(const Job *job, GError **error)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < job->plan_host->slices->len; i++) {
        char *text = job_write_domain(job, job->plan_host->slices->pdata[i], NULL, error);

        if (!text)
            return NULL;
        g_ptr_array_add(texts, text);
    }
    return g_steal_pointer(&texts);
}

bool ops_write_xml(const Job *job, const char *directory, GError **error)
{
    g_autoptr(GPtrArray) texts = ops_domain_xml(job, error);

    if (!texts || !folder_make(directory, error))
        return false;
    for (guint i = 0; i < texts->len; i++) {
        const PlanSlice *slice = job->plan_host->slices->pdata[i];
        g_autofree char *name = g_strdup_printf("%s.xml", slice->name);
        g_autofree char *path = g_build_filename(directory, name, NULL);

        if (!file_write(path, texts->pdata[i], error))
            return false;
    }
    return true;
}

static void slice_state_free(SliceState *state)
{
    observed_free(state->observed);
    g_free(state->wanted_xml);
    if (state->differences)
        g_ptr_array_unref(state->differences);
    if (state->steps)
        g_ptr_array_unref(state->steps);
    g_free(state);
}

static bool inspect_slice(const Job *job, Virt *virt, const StepsOptions *options,
                          SliceState *state, GError **error)
{
    if (!virt_observe_domain(virt, state->slice->name, &state->observed, error))
        return false;
    if (state->observed)
        process_observe(NULL, state->observed);
    state->wanted_xml =
        job_write_domain(job, state->slice, state->observed ? state->observed->uuid : NULL, error);
    if (!state->wanted_xml)
        return false;
    if (!steps_derive_slice(state->slice, state->wanted_xml, state->observed, options, state->steps,
                            job->findings, &state->needs_restart, error))
        return false;
    if (!state->observed || !state->observed->ours)
        return true;
    state->differences = compare_domains(state->wanted_xml, state->observed->xml, error);
    if (state->differences && state->slice->disk)
        compare_disk(state->slice->disk->size_bytes, state->observed->disk_capacity_bytes,
                     state->differences);
    return state->differences != NULL;
}

GPtrArray *ops_inspect(Job *job, bool restart, GError **error)
{
    const StepsOptions options = {.restart = restart};
    g_autoptr(GPtrArray) states = g_ptr_array_new_with_free_func((GDestroyNotify)slice_state_free);
    Virt *virt = job_open_virt(job, error);

    if (!virt)
        return NULL;
    for (guint i = 0; i < job->plan_host->slices->len; i++) {
        SliceState *state = g_new0(SliceState, 1);

        g_ptr_array_add(states, state);
        state->slice = job->plan_host->slices->pdata[i];
        state->steps = steps_new();
        if (!inspect_slice(job, virt, &options, state, error))
            return NULL;
    }
    return g_steal_pointer(&states);
}
