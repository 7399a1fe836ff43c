/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of many hosts: who is where, and how good that is. The pins are in the JSON. */
#include "cli/show.h"

static void show_fleet_host(const OpsFleetHost *host, void *data)
{
    const Term *term = data;

    term_print(term, TERM_BOLD, "%s", host->name);
    for (guint i = 0; i < host->slices->len; i++)
        term_print(term, TERM_PLAIN, " %s", (const char *)g_ptr_array_index(host->slices, i));
    term_print(term, TERM_PLAIN, "\n");
}

static void show_gap(const Term *term, const PlanFleet *fleet)
{
    double gap;

    if (fleet->hosts_bound == RECORD_UNSET || fleet->hosts_bound == 0)
        return;
    gap = 100.0 * (double)(fleet->hosts_used - fleet->hosts_bound) / (double)fleet->hosts_bound;
    term_print(term, TERM_PLAIN, "; no plan uses fewer than %" G_GINT64_FORMAT, fleet->hosts_bound);
    if (gap == 0)
        term_print(term, TERM_GREEN, " (proved: this is the least)");
    else
        term_print(term, TERM_PLAIN, " (%.2f %% above)", gap);
}

void show_fleet(const Term *term, const Job *job)
{
    const PlanFleet *fleet = job->plan->fleet;
    const PlanBounds *bounds = &job->plan->bounds;

    ops_each_fleet_host(job, show_fleet_host, (void *)term);
    term_print(term, TERM_PLAIN,
               "\n%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " slices placed on %" G_GINT64_FORMAT
               " of %" G_GINT64_FORMAT " hosts",
               bounds->admitted, fleet->slices, fleet->hosts_used, fleet->hosts);
    show_gap(term, fleet);
    if (bounds->admitted < fleet->slices)
        term_print(term, TERM_PLAIN, "; no plan can place more than %" G_GINT64_FORMAT,
                   bounds->admitted_bound);
    term_print(term, TERM_PLAIN,
               ".\n%" G_GINT64_FORMAT " kinds of host, %" G_GINT64_FORMAT
               " kinds of slice, %" G_GINT64_FORMAT " ways to fill a host.\n",
               fleet->classes, fleet->flavours, fleet->patterns);
    for (guint i = 0; i < fleet->volumes->len; i++) {
        const PlanVolume *volume = g_ptr_array_index(fleet->volumes, i);

        term_print(term, TERM_DIM, "%s %s %" G_GINT64_FORMAT,
                   i == 0 ? "Hosts by volume alone:" : ",", volume->resource, volume->hosts);
    }
    if (fleet->volumes->len > 0)
        term_print(term, TERM_DIM, ".\n");
}
