/* SPDX-License-Identifier: Apache-2.0 */
/* The search of a fleet alone: fleet-search SPEC HOSTS.jsonl. One line of JSON: CPU seconds, steps,
 * hosts used and their bound. */
#include <stdio.h>
#include <time.h>

#include "app/fleet.h"

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    const char *const inventories[] = {argc > 2 ? argv[2] : NULL, NULL};
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(FleetJob) job = fleet_job_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(Tree) tree = NULL;
    g_autoptr(Spec) spec = NULL;
    g_autofree char *text = NULL;
    gsize length;
    double start;

    if (argc != 3 || !g_file_get_contents(argv[1], &text, &length, &error))
        return 2;
    tree = tree_parse_yaml(argv[1], text, length);
    spec = spec_from_tree(tree, findings);
    if (!spec || !fleet_read(job, spec, inventories, findings, &error))
        return 1;
    job->fleet = fleet_new(spec, job->members->len);
    fleet_add_members(job, spec);
    start = cpu_seconds();
    fleet_solve(job->fleet);
    printf("{\"search_s\": %.4f, \"steps\": %" G_GUINT64_FORMAT
           ", \"slices\": %u, \"placed\": %" G_GINT64_FORMAT ", \"hosts_used\": %" G_GINT64_FORMAT
           ", \"hosts_bound\": %" G_GINT64_FORMAT ", \"classes\": %u, \"flavours\": %u}\n",
           cpu_seconds() - start, job->fleet->steps, job->fleet->instances->len,
           job->fleet->admitted, job->fleet->figures->hosts_used, job->fleet->figures->hosts_bound,
           job->fleet->classes->len, job->fleet->flavours->len);
    return 0;
}
