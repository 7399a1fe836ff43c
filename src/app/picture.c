/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as pictures in files. Changes nothing else. */
#include "core/picture.h"
#include "app/ops.h"
#include "port/file.h"

bool ops_write_svg(const Job *job, const char *path, GError **error)
{
    g_autofree char *text = picture_write_svg(job->host, job->plan, job->plan_host);

    return file_write(path, text, error);
}

bool ops_write_html(const Job *job, const char *path, GError **error)
{
    g_autofree char *text = picture_write_html(job->host, job->plan, job->plan_host);

    return file_write(path, text, error);
}
