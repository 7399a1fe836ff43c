/* SPDX-License-Identifier: Apache-2.0 */
/* Why a slice was not placed: which resource, on which node, how much is missing, who holds it. */
#include "core/place_internal.h"

#include <string.h>

/* A mend costs some searches; the first refusals tell what is wrong with a spec. */
#define MAX_MENDS 16

/* What one choice of nodes lacks. */
typedef struct {
    const guint16 *nodes;
    gint64 cores, memory; /* missing, over all its nodes */
    guint node;           /* supply node where the first of these is missing */
    const Want *want;     /* the first that cannot be met; NULL: all can */
} Lack;

static void add_held_by(GString *text, const GPtrArray *demands, const Solution *solution,
                        guint node, bool memory)
{
    guint count = 0;

    for (guint i = 0; i < demands->len; i++) {
        const Demand *demand = g_ptr_array_index(demands, i);
        const Choice *choice = &solution->choices[i];

        for (guint n = 0; choice->placed && n < demand->n_nodes; n++) {
            guint own = n == 0 && demand->own_service ? demand->service : 0;
            g_autofree char *size = text_format_size_short(demand->memory_per_node);

            if (choice->nodes[n] != node)
                continue;
            g_string_append(text, count++ ? ", " : "; held by ");
            if (memory)
                g_string_append_printf(text, "%s %s", demand->instance->name, size);
            else
                g_string_append_printf(text, "%s %u", demand->instance->name,
                                       demand->cores_per_node + own);
        }
    }
}

static gint64 cores_lacking(const Left *left, const Demand *demand, guint node, bool first)
{
    gint64 service = 0;

    if (first)
        service = demand->own_service ? demand->service
                                      : MAX((gint64)demand->service - left->service[node], 0);
    return MAX(MAX(demand->cores_per_node + service - left->cores[node],
                   demand->whole ? demand->cores_per_node - left->whole[node] : 0),
               0);
}

static const Want *want_lacking(const Supply *supply, const Left *left, const Demand *demand,
                                const guint16 *nodes)
{
    g_autofree const Unit **mine = g_new0(const Unit *, demand->wants->len + 1);

    for (guint w = 0; w < demand->wants->len; w++) {
        const Want *want = g_ptr_array_index(demand->wants, w);

        for (guint i = 0; i < want->units->len && !mine[w]; i++) {
            const Unit *unit = g_ptr_array_index(want->units, i);
            bool local, mine_already = false;

            for (guint v = 0; v < w; v++)
                mine_already |= mine[v] == unit;
            if (!mine_already && want_accepts(want, supply, unit, nodes, demand->n_nodes, &local) &&
                left_allows_unit(left, supply, demand, w, unit, mine))
                mine[w] = unit;
        }
        if (!mine[w])
            return want;
    }
    return NULL;
}

static Lack find_lack(const Supply *supply, const Left *left, const Demand *demand,
                      const guint16 *nodes)
{
    Lack lack = {.nodes = nodes};

    for (guint n = 0; n < demand->n_nodes; n++) {
        gint64 cores = cores_lacking(left, demand, nodes[n], n == 0);
        gint64 memory = MAX(demand->memory_per_node - MAX(left->memory[nodes[n]], 0), 0);

        if ((cores > 0 || memory > 0) && lack.cores == 0 && lack.memory == 0)
            lack.node = nodes[n];
        lack.cores += cores;
        lack.memory += memory;
    }
    lack.want = want_lacking(supply, left, demand, nodes);
    return lack;
}

static int compare_lacks(const Lack *a, const Lack *b)
{
    int kinds_a = (a->cores > 0) + (a->memory > 0) + (a->want != NULL);
    int kinds_b = (b->cores > 0) + (b->memory > 0) + (b->want != NULL);

    if (kinds_a != kinds_b)
        return kinds_a - kinds_b;
    if (a->cores != b->cores)
        return a->cores < b->cores ? -1 : 1;
    return a->memory < b->memory ? -1 : a->memory > b->memory;
}

static char *cores_reason(const Supply *supply, const Left *left, const GPtrArray *demands,
                          const Solution *solution, const Demand *demand, const Lack *lack)
{
    const SupplyNode *node = g_ptr_array_index(supply->nodes, lack->node);
    bool first = lack->nodes[0] == lack->node;
    gint64 missing = cores_lacking(left, demand, lack->node, first);
    gint64 service = cores_lacking(left, demand, lack->node, true) >
                                 cores_lacking(left, demand, lack->node, false) ||
                             demand->own_service
                         ? (gint64)demand->service
                         : 0;
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "it needs %u %score%s for its vCPUs", demand->cores_per_node,
                           demand->whole ? "whole " : "", demand->cores_per_node == 1 ? "" : "s");
    if (first && service > 0)
        g_string_append_printf(text, " and %" G_GINT64_FORMAT " for service", service);
    g_string_append_printf(text,
                           " on node %" G_GINT64_FORMAT ", where %" G_GINT64_FORMAT
                           " %s free: %" G_GINT64_FORMAT " missing",
                           node->node->id, left->cores[lack->node],
                           left->cores[lack->node] == 1 ? "is" : "are", missing);
    add_held_by(text, demands, solution, lack->node, false);
    if (left->service[lack->node] > 0)
        g_string_append_printf(text, ", service %u", left->service[lack->node]);
    if (!cpuset_is_empty(node->reserved)) {
        g_autofree char *reserved = cpuset_format(node->reserved);

        g_string_append_printf(text, "; the host keeps CPUs %s", reserved);
    }
    return g_string_free(text, false);
}

static char *memory_reason(const Supply *supply, const Left *left, const GPtrArray *demands,
                           const Solution *solution, const Demand *demand, const Lack *lack)
{
    const SupplyNode *node = g_ptr_array_index(supply->nodes, lack->node);
    g_autofree char *need = text_format_size_short(demand->memory_per_node);
    g_autofree char *have = text_format_size_short(MAX(left->memory[lack->node], 0));
    g_autofree char *missing =
        text_format_size_short(demand->memory_per_node - MAX(left->memory[lack->node], 0));
    g_autofree char *reserve =
        text_format_size_short(MAX(supply->spec_host->reserve.memory_per_node, 0));
    GString *text = g_string_new(NULL);

    if (node->memory == RECORD_UNSET) {
        g_string_append_printf(text, "the memory of node %" G_GINT64_FORMAT " is not known",
                               node->node->id);
        return g_string_free(text, false);
    }
    g_string_append_printf(
        text, "it needs %s on node %" G_GINT64_FORMAT ", where %s are free: %s missing", need,
        node->node->id, have, missing);
    add_held_by(text, demands, solution, lack->node, true);
    g_string_append_printf(text, "; the host keeps %s", reserve);
    return g_string_free(text, false);
}

/* Why none of the functions that could serve @want does, one after the other. */
static char *want_reason(const Supply *supply, const Left *left, const GPtrArray *demands,
                         const Demand *demand, const Lack *lack)
{
    const Want *want = lack->want;
    GString *text = g_string_new(NULL);
    guint n_told = 0;

    if (want->nic)
        g_string_append_printf(text, "no NIC of network %s will do", want->nic->network);
    else
        g_string_append_printf(text, "no PCI device %s:%s will do", want->device->vendor,
                               want->device->device);
    for (guint i = 0; i < want->units->len && n_told < 4; i++) {
        const Unit *unit = g_ptr_array_index(want->units, i);
        const SupplyNode *node = g_ptr_array_index(supply->nodes, lack->nodes[0]);
        g_autofree char *label = unit_label(unit);
        int owner = left->owner[unit->index];
        bool local;

        if (unit->pf && owner < 0)
            owner = left->owner[unit->pf_unit];
        g_string_append(text, n_told++ ? "; " : ": ");
        if (owner >= 0)
            g_string_append_printf(
                text, "%s is held by %s", label,
                ((const Demand *)g_ptr_array_index(demands, (guint)owner))->instance->name);
        else if (!want_accepts(want, supply, unit, lack->nodes, demand->n_nodes, &local) &&
                 unit->node == RECORD_UNSET)
            g_string_append_printf(text, "the host does not tell on which node %s sits", label);
        else if (!local && want->locality == SPEC_LOCALITY_REQUIRED)
            g_string_append_printf(text,
                                   "%s sits on node %" G_GINT64_FORMAT ", not on node "
                                   "%" G_GINT64_FORMAT " (locality: required)",
                                   label, unit->node, node->node->id);
        else if (want->nic && want->nic->bond)
            g_string_append_printf(text, "%s is on a port that bond %s has already", label,
                                   want->nic->bond);
        else
            g_string_append_printf(text, "%s cannot be had beside the others", label);
    }
    return g_string_free(text, false);
}

static char *group_reason(const Demand *demand)
{
    for (guint w = 0; w < demand->wants->len; w++) {
        const Want *want = g_ptr_array_index(demand->wants, w);

        for (guint i = 0; i < want->units->len; i++) {
            const Unit *unit = g_ptr_array_index(want->units, i);

            for (guint g = 0; unit->group && g < unit->group->len; g++) {
                const Unit *other = g_ptr_array_index(unit->group, g);
                g_autofree char *label = unit_label(unit);
                g_autofree char *other_label = unit_label(other);

                if (other != unit)
                    return g_strdup_printf("%s shares its IOMMU group with %s: a group goes "
                                           "whole to one slice, and this slice does not ask for "
                                           "all of it",
                                           label, other_label);
            }
        }
    }
    return NULL;
}

static bool cluster_is_here(const GPtrArray *demands, const Solution *solution,
                            const Demand *demand, const char **ret_name)
{
    for (guint i = 0; demand->alone_in_cluster && i < demands->len; i++) {
        const Demand *other = g_ptr_array_index(demands, i);

        if (other->cluster == demand->cluster && solution->choices[i].placed) {
            *ret_name = other->instance->name;
            return true;
        }
    }
    return false;
}

/* NULL: nothing by itself is missing. */
static char *lack_reason(const Supply *supply, const Left *left, const GPtrArray *demands,
                         const Solution *solution, const Demand *demand, const Lack *lack,
                         const char **ret_resource)
{
    if (lack->cores > 0 &&
        cores_lacking(left, demand, lack->node, lack->nodes[0] == lack->node) > 0) {
        *ret_resource = "cores";
        return cores_reason(supply, left, demands, solution, demand, lack);
    }
    if (lack->memory > 0) {
        *ret_resource = "memory";
        return memory_reason(supply, left, demands, solution, demand, lack);
    }
    if (lack->want) {
        *ret_resource = lack->want->nic ? "nic" : "device";
        return want_reason(supply, left, demands, demand, lack);
    }
    return NULL;
}

/* In terms of the best choice of nodes. */
static char *best_reason(const Supply *supply, const Left *left, const GPtrArray *demands,
                         const Solution *solution, const Demand *demand, const char **ret_resource)
{
    Lack best = {.nodes = NULL};

    for (guint t = 0; t < demand->tuples->len / demand->n_nodes; t++) {
        Lack lack = find_lack(supply, left, demand,
                              &g_array_index(demand->tuples, guint16, t * demand->n_nodes));

        if (!best.nodes || compare_lacks(&lack, &best) < 0)
            best = lack;
    }
    return best.nodes ? lack_reason(supply, left, demands, solution, demand, &best, ret_resource)
                      : NULL;
}

char *refuse_lack(const Supply *supply, const GPtrArray *demands, const Solution *solution,
                  const Demand *demand, const guint16 *nodes)
{
    g_autoptr(Left) left = left_new(supply);
    const char *resource;
    Lack lack;

    left_take_solution(left, supply, demands, solution);
    lack = find_lack(supply, left, demand, nodes);
    return lack_reason(supply, left, demands, solution, demand, &lack, &resource);
}

char *refuse_reason(const Supply *supply, const GPtrArray *demands, const Solution *solution,
                    const Demand *demand, const char **ret_resource, const char **ret_hint)
{
    g_autoptr(Left) left = left_new(supply);
    const char *other;
    char *reason;

    *ret_hint = demand->flaw_hint;
    *ret_resource = demand->flaw_resource;
    if (demand->flaw)
        return g_strdup(demand->flaw);
    for (guint w = 0; w < demand->wants->len; w++) {
        const Want *want = g_ptr_array_index(demand->wants, w);

        *ret_hint = want->flaw_hint;
        *ret_resource = want->flaw_resource;
        if (want->units->len == 0)
            return g_strdup(want->flaw);
    }
    *ret_hint = NULL;
    *ret_resource = "host";
    if (cluster_is_here(demands, solution, demand, &other)) {
        *ret_hint = "spread: none on the cluster";
        return g_strdup_printf(
            "its cluster has %s on this host already, and spread: %s allows one", other,
            demand->instance->cluster->spread == SPEC_SPREAD_RACK ? "rack" : "host");
    }
    left_take_solution(left, supply, demands, solution);
    reason = best_reason(supply, left, demands, solution, demand, ret_resource);
    if (!reason) {
        *ret_resource = "iommu-group";
        reason = group_reason(demand);
    }
    if (!reason && solution->proved) {
        *ret_resource = "host";
        reason = g_strdup("each thing it needs is there, but not all of them together beside the "
                          "slices that were placed");
    }
    if (!reason) {
        *ret_resource = "search";
        reason = g_strdup("no place was found within the limit of the search");
    }
    return reason;
}

/* What a resource is called in findings, and what helps when no small change does. */
static const struct {
    const char *resource, *code, *hint;
} RESOURCES[] = {
    {"cores", "unplaced-cores", "another host, or one slice less on this one"},
    {"memory", "unplaced-memory", "another host, or one slice less on this one"},
    {"hugepages", "unplaced-hugepages", NULL},
    {"nic", "unplaced-nic", "another uplink of this host in the network, or the NIC left out"},
    {"device", "unplaced-device", "one more of these devices, or one slice less that asks for it"},
    {"iommu-group", "unplaced-iommu-group",
     "ask for the whole group, or for a function that has a group of its own"},
    {"numa", "unplaced-numa", NULL},
    {"search", "unplaced-search", NULL},
    {"host", "unplaced-host", NULL}, /* the last: for all that is not listed */
};

static void refuse_slice(const Supply *supply, const Spec *spec, const GPtrArray *demands,
                         const Solution *solution, const Demand *demand, bool mend, Plan *plan)
{
    g_autofree char *subject = g_strdup_printf("slice %s", demand->instance->name);
    g_autoptr(GPtrArray) changes = NULL;
    const char *resource, *hint;
    PlanUnplaced *unplaced = plan_member_new(&PLAN_RECORD, "unplaced");
    Finding *finding;
    guint r = 0;

    unplaced->name = g_strdup(demand->instance->name);
    unplaced->cluster = g_strdup(demand->instance->cluster->name);
    unplaced->reason = refuse_reason(supply, demands, solution, demand, &resource, &hint);
    unplaced->resource = g_strdup(resource);
    g_ptr_array_add(plan->unplaced, unplaced);
    while (r + 1 < G_N_ELEMENTS(RESOURCES) && !g_str_equal(RESOURCES[r].resource, resource))
        r++;
    finding = findings_add(plan->findings, FINDING_ERROR, RESOURCES[r].code, subject,
                           "cannot be placed: %s", unplaced->reason);
    finding_mark(finding, demand->slice->node);
    if (!hint && mend)
        changes = mend_list(supply, spec, demands, solution, demand, 1);
    if (changes && changes->len > 0)
        hint = g_ptr_array_index(changes, 0);
    hint = hint ?: RESOURCES[r].hint;
    if (hint)
        finding_set_hint(finding, "%s", hint);
}

void refuse_slices(const Supply *supply, const Spec *spec, const GPtrArray *demands,
                   const Solution *solution, Plan *plan)
{
    guint refused = 0;

    for (guint i = 0; i < demands->len; i++)
        if (!solution->choices[i].placed)
            refuse_slice(supply, spec, demands, solution, g_ptr_array_index(demands, i),
                         refused++ < MAX_MENDS, plan);
}
