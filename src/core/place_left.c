/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of the supply once some slices have their share: the hard rules, in counts. */
#include "core/place_internal.h"

#include <string.h>

Left *left_new(const Supply *supply)
{
    guint n = supply->nodes->len, n_units = supply->units->len;
    gsize counts = 3 * n * sizeof(gint64), small = 2 * n * sizeof(guint);
    Left *left = g_malloc(sizeof(Left) + counts + small + n_units * sizeof(int));

    left->whole = (gint64 *)(left + 1); /* all in one piece: these are made by the dozen */
    left->cores = left->whole + n;
    left->memory = left->cores + n;
    left->service = (guint *)(left->memory + n);
    left->parts = left->service + n;
    left->owner = (int *)(left->parts + n);
    memset(left->service, 0, small);
    for (guint i = 0; i < n; i++) {
        const SupplyNode *node = g_ptr_array_index(supply->nodes, i);

        left->whole[i] = node->n_whole;
        left->cores[i] = node->cores->len;
        left->memory[i] = node->memory;
    }
    for (guint i = 0; i < n_units; i++)
        left->owner[i] = -1;
    return left;
}

void left_free(Left *left)
{
    g_free(left);
}

void left_copy_nodes(Left *to, const Left *from, const Supply *supply)
{
    guint n = supply->nodes->len;

    memcpy(to->whole, from->whole, 3 * n * sizeof(gint64));    /* and cores, memory */
    memcpy(to->service, from->service, 2 * n * sizeof(guint)); /* and parts */
}

/* How many whole cores a slice takes on its node number @position: for a slice that stays, those it
 * has, of either kind. */
static guint whole_cores(const Supply *supply, const Demand *demand, guint position, bool stays)
{
    guint whole = 0;

    if (demand->whole || !stays)
        return demand->whole ? demand->cores_per_node : 0;
    for (guint i = 0; i < demand->vcpus_per_node; i++) {
        const PlanVcpu *vcpu =
            g_ptr_array_index(demand->running->vcpus, position * demand->vcpus_per_node + i);

        whole += supply_core_is_whole(supply, host_core_of_cpu(supply->host, (guint)vcpu->cpu));
    }
    return whole;
}

static gint64 service_cores(const Left *left, const Demand *demand, guint node)
{
    if (demand->own_service)
        return demand->service;
    return MAX((gint64)demand->service - left->service[node], 0);
}

bool left_take_nodes(Left *left, const Supply *supply, const Demand *demand, const guint16 *nodes,
                     bool stays)
{
    for (guint i = 0; i < demand->n_nodes; i++) {
        guint node = nodes[i];
        gint64 service = i == 0 ? service_cores(left, demand, node) : 0;

        if (left->cores[node] < demand->cores_per_node + service ||
            left->whole[node] < whole_cores(supply, demand, i, stays) ||
            left->memory[node] < demand->memory_per_node)
            return false; /* memory that is not known is less than any */
    }
    for (guint i = 0; i < demand->n_nodes; i++) {
        guint node = nodes[i];
        gint64 service = i == 0 ? service_cores(left, demand, node) : 0;

        left->cores[node] -= demand->cores_per_node + service;
        left->whole[node] -= whole_cores(supply, demand, i, stays);
        left->memory[node] -= demand->memory_per_node;
        left->parts[node] += supply_parts(supply, node, demand->cores_per_node);
        if (service > 0 && !demand->own_service)
            left->service[node] = demand->service;
    }
    return true;
}

static bool is_same_port(const Unit *a, const Unit *b)
{
    return (a->pf ? a->pf : a->pci) == (b->pf ? b->pf : b->pci);
}

static bool bond_allows(const Demand *demand, guint want, const Unit *unit, const Unit *const *mine)
{
    const Want *wanted = g_ptr_array_index(demand->wants, want);

    if (!wanted->nic || !wanted->nic->bond)
        return true;
    for (guint w = 0; w < want; w++) {
        const Want *other = g_ptr_array_index(demand->wants, w);

        if (other->nic && g_strcmp0(other->nic->bond, wanted->nic->bond) == 0 &&
            is_same_port(mine[w], unit))
            return false;
    }
    return true;
}

bool left_allows_unit(const Left *left, const Supply *supply, const Demand *demand, guint want,
                      const Unit *unit, const Unit *const *mine)
{
    if (left->owner[unit->index] >= 0)
        return false;
    if (unit->pf && left->owner[unit->pf_unit] >= 0)
        return false; /* the PF itself is a slice's */
    for (guint i = unit->index + 1; !unit->pf && i < supply->units->len; i++) {
        const Unit *vf = g_ptr_array_index(supply->units, i);

        if (vf->pf != unit->pci)
            break; /* VFs come right after their PF */
        if (left->owner[i] >= 0)
            return false;
    }
    for (guint i = 0; unit->group && i < unit->group->len; i++) {
        const Unit *other = g_ptr_array_index(unit->group, i);
        int owner = left->owner[other->index];

        if (owner >= 0 && owner != (int)demand->index)
            return false;
    }
    return bond_allows(demand, want, unit, mine);
}

bool units_close_groups(const Unit *const *mine, guint n)
{
    for (guint i = 0; i < n; i++)
        for (guint g = 0; mine[i]->group && g < mine[i]->group->len; g++) {
            bool found = false;

            for (guint j = 0; j < n; j++)
                found |= mine[j] == g_ptr_array_index(mine[i]->group, g);
            if (!found)
                return false;
        }
    return true;
}

void left_take_solution(Left *left, const Supply *supply, const GPtrArray *demands,
                        const Solution *solution)
{
    for (guint i = 0; i < demands->len; i++) {
        const Demand *demand = g_ptr_array_index(demands, i);
        const Choice *choice = &solution->choices[i];

        if (!choice->placed)
            continue;
        (void)left_take_nodes(left, supply, demand, choice->nodes, choice->stays);
        for (guint w = 0; w < demand->wants->len; w++)
            left->owner[choice->units[w]->index] = (int)i;
    }
}
