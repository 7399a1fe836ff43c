/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet_case.h"

#include "documents.h"
#include "synthetic.h"

void case_clear(Case *c)
{
    fleet_free(c->fleet);
    spec_free(c->spec);
    tree_free(c->tree);
    g_ptr_array_unref(c->hosts);
}

Case case_new_many(const char *const *kinds, guint count, const char *spec_text, bool many)
{
    Case c = {.hosts = g_ptr_array_new_with_free_func((GDestroyNotify)host_free)};
    g_autoptr(GPtrArray) findings = findings_new();

    c.tree = yaml(spec_text);
    c.spec = spec_from_tree(c.tree, findings);
    if (!c.spec) {
        g_autofree char *text = findings_text(findings);

        g_error("%s\n%s", spec_text, text);
    }
    for (guint i = 0; i < count; i++)
        for (guint k = 0; kinds[k]; k++) {
            Host *host = synthetic_host(kinds[k]);

            g_free(host->hostname);
            host->hostname = g_strdup_printf("h%u", c.hosts->len);
            g_ptr_array_add(c.hosts, host);
        }
    c.fleet = fleet_new(c.spec, c.hosts->len);
    for (guint i = 0; i < c.hosts->len; i++) {
        const Host *host = g_ptr_array_index(c.hosts, i);
        const SpecHost *spec_host = spec_find_host(c.spec, host->hostname);
        guint class = fleet_find_class(c.fleet, spec_host, host);

        fleet_add_host(c.fleet, class, spec_host->rack);
    }
    if (many)
        c.fleet->many_classes = 0;
    fleet_solve(c.fleet);
    return c;
}

Case case_new(const char *const *kinds, guint count, const char *spec_text)
{
    return case_new_many(kinds, count, spec_text, false);
}

const FleetHost *host_at(const Case *c, guint number)
{
    return g_ptr_array_index(c->fleet->hosts, number);
}

const FleetPattern *pattern_of(const Case *c, const FleetHost *host)
{
    return g_ptr_array_index(c->fleet->patterns, (guint)host->pattern);
}

/* Of a cluster that spreads over racks one slice in each. */
static void check_racks(const Case *c)
{
    gsize n_racks = g_hash_table_size(c->fleet->racks) + 1;
    g_autofree bool *there = g_new0(bool, n_racks *MAX(c->spec->clusters->len, 1));

    for (guint h = 0; h < c->fleet->hosts->len; h++) {
        const FleetHost *host = host_at(c, h);

        for (guint i = 0; host->instances && i < host->instances->len; i++) {
            guint instance = g_array_index(host->instances, guint, i);
            const SpecInstance *one = g_ptr_array_index(c->fleet->instances, instance);
            guint cluster;

            if (one->cluster->spread != SPEC_SPREAD_RACK)
                continue;
            g_assert_true(g_ptr_array_find(c->spec->clusters, one->cluster, &cluster));
            g_assert_false(there[cluster * n_racks + host->rack]);
            there[cluster * n_racks + host->rack] = true;
        }
    }
}

void check_answer(const Case *c)
{
    guint n = c->fleet->instances->len, used = 0;
    g_autofree guint *times = g_new0(guint, n);

    for (guint h = 0; h < c->fleet->hosts->len; h++) {
        const FleetHost *host = host_at(c, h);
        const PlanHost *plan_host;

        if (host->pattern < 0)
            continue;
        used++;
        plan_host = pattern_of(c, host)->plan->hosts->pdata[0];
        g_assert_cmpuint(plan_host->slices->len, ==, host->instances->len);
        for (guint i = 0; i < host->instances->len; i++) {
            guint instance = g_array_index(host->instances, guint, i);
            const SpecInstance *one = g_ptr_array_index(c->fleet->instances, instance);
            FleetMark mark;

            times[instance]++;
            g_assert_true(
                fleet_read_mark(((const PlanSlice *)plan_host->slices->pdata[i])->name, &mark));
            g_assert_cmpuint(mark.flavour, ==,
                             g_array_index(c->fleet->flavour_of, guint, instance));
            for (guint j = 0; j < i && one->cluster->spread != SPEC_SPREAD_NONE; j++) {
                guint other = g_array_index(host->instances, guint, j);

                g_assert_true(((const SpecInstance *)c->fleet->instances->pdata[other])->cluster !=
                              one->cluster);
            }
        }
    }
    for (guint u = 0; u < c->fleet->unplaced->len; u++)
        times[g_array_index(c->fleet->unplaced, guint, u)]++;
    for (guint i = 0; i < n; i++)
        g_assert_cmpuint(times[i], ==, 1);
    g_assert_cmpint(c->fleet->admitted, ==, n - c->fleet->unplaced->len);
    g_assert_cmpint(c->fleet->figures->hosts_used, ==, used);
    g_assert_cmpint(c->fleet->figures->hosts_bound, <=, used); /* unset: below any */
    check_racks(c);
}
