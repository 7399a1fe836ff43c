/* SPDX-License-Identifier: Apache-2.0 */
/* Why a slice is where it is, or nowhere. Changes nothing. */
#include "app/job.h"

#include "base/error.h"
#include "base/text.h"

bool ops_explain(Job *job, const char *slice, Explanation **ret_explanation, GError **error)
{
    g_autoptr(GPtrArray) configs = job->running ? job_running_configs(job->running) : NULL;
    g_autoptr(GPtrArray) instances = spec_expand(job->spec);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *quoted = text_quote(slice, 64);
    const char *nearest;

    for (guint i = 0; i < instances->len; i++)
        g_ptr_array_add(names, ((const SpecInstance *)instances->pdata[i])->name);
    g_ptr_array_add(names, NULL);
    if (g_strv_contains((const char *const *)names->pdata, slice)) {
        *ret_explanation = explain_slice(job->spec, job->spec_host, job->host, configs, slice);
        return true;
    }
    nearest = text_nearest(slice, (const char *const *)names->pdata);
    g_set_error(error, BMS_ERROR, BMS_ERROR_USAGE, "no slice '%s' in this spec%s%s%s", quoted,
                nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
    return false;
}
