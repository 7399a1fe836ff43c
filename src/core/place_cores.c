/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts of cores turned into cores. Slices that stay keep theirs; then service cores, lowest
 * first; then the largest slices first, each within one L3 domain that no other slice uses where
 * there is one (best fit; not exact, unlike the search).
 */
#include "core/place_internal.h"

void core_map_free(CoreMap *map)
{
    if (!map)
        return;
    for (guint n = 0; n < map->n_nodes; n++) {
        g_ptr_array_unref(map->free[n]);
        cpuset_free(map->shared[n]);
    }
    for (guint i = 0; i < map->n_demands; i++) {
        g_ptr_array_unref(map->cores[i]);
        cpuset_free(map->service[i]);
    }
    g_free(map->free);
    g_free(map);
}

typedef struct {
    CoreMap *map;
    const Supply *supply;
    const GPtrArray *demands;
    const Solution *solution;
    guint *whole_need; /* by supply node: whole cores still to be given to slices that need such */
    GArray *domains;   /* gint64, L3 domains (HostCore.l3) in which a slice has vCPUs */
    GArray *scratch;   /* of list_domains() */
} Dealer;

static const Demand *demand_at(const Dealer *dealer, guint i)
{
    return g_ptr_array_index(dealer->demands, i);
}

/* Counting siblings takes time, and on most nodes there is nothing to count. */
static bool is_whole(const Dealer *dealer, guint node, const HostCore *core)
{
    const SupplyNode *supply_node = g_ptr_array_index(dealer->supply->nodes, node);

    return supply_node->n_whole == supply_node->cores->len ||
           supply_core_is_whole(dealer->supply, core);
}

static bool domain_is_used(const Dealer *dealer, gint64 l3)
{
    for (guint i = 0; i < dealer->domains->len; i++)
        if (g_array_index(dealer->domains, gint64, i) == l3)
            return true;
    return false;
}

static void use_domain(Dealer *dealer, const HostCore *core)
{
    if (!domain_is_used(dealer, core->l3))
        g_array_append_val(dealer->domains, core->l3);
}

static void give_stays(Dealer *dealer)
{
    for (guint i = 0; i < dealer->demands->len; i++) {
        const Choice *choice = &dealer->solution->choices[i];
        const Demand *demand = demand_at(dealer, i);

        if (!choice->placed)
            continue;
        for (guint v = 0; choice->stays && v < demand->running->vcpus->len; v += demand->threads) {
            const PlanVcpu *vcpu = g_ptr_array_index(demand->running->vcpus, v);

            const HostCore *core = host_core_of_cpu(dealer->supply->host, (guint)vcpu->cpu);
            guint node = choice->nodes[v / demand->vcpus_per_node];

            g_ptr_array_remove(dealer->map->free[node], (gpointer)core);
            g_ptr_array_add(dealer->map->cores[i], (gpointer)core);
            use_domain(dealer, core);
        }
        for (guint n = 0; n < demand->n_nodes && !choice->stays && demand->whole; n++)
            dealer->whole_need[choice->nodes[n]] += demand->cores_per_node;
    }
}

/* A slice that can do with any core takes one with siblings offline first, and never a whole one
 * that others still need. @preferred: CPUs that are taken before all others; may be NULL. */
static const HostCore *find_any_core(const Dealer *dealer, guint node, const CpuSet *preferred)
{
    const GPtrArray *free = dealer->map->free[node];
    const HostCore *whole = NULL, *partial = NULL;
    guint n_whole = 0;

    for (guint i = 0; i < free->len; i++)
        n_whole += is_whole(dealer, node, g_ptr_array_index(free, i));
    for (guint i = 0; i < free->len; i++) {
        const HostCore *core = g_ptr_array_index(free, i);
        bool whole_core = is_whole(dealer, node, core);

        if (whole_core && n_whole <= dealer->whole_need[node])
            continue;
        if (preferred && cpuset_is_subset(core->cpus, preferred))
            return core;
        if (whole_core)
            whole = whole ?: core;
        else
            partial = partial ?: core;
    }
    return partial ?: whole;
}

static CpuSet *take_service(Dealer *dealer, guint node, guint count, const CpuSet *preferred)
{
    CpuSet *cpus = cpuset_new();

    for (guint i = 0; i < count; i++) {
        const HostCore *core = find_any_core(dealer, node, preferred);

        if (!core)
            break; /* cannot be: the search counted them */
        cpuset_union(cpus, core->cpus);
        g_ptr_array_remove(dealer->map->free[node], (gpointer)core);
    }
    return cpus;
}

static void give_own_service(Dealer *dealer, bool stays)
{
    for (guint i = 0; i < dealer->demands->len; i++) {
        const Choice *choice = &dealer->solution->choices[i];
        const Demand *demand = demand_at(dealer, i);

        if (choice->placed && demand->own_service && demand->service && choice->stays == stays)
            dealer->map->service[i] = take_service(dealer, choice->nodes[0], demand->service,
                                                   stays ? demand->running->emulator_cpus : NULL);
    }
}

static void give_shared_service(Dealer *dealer, guint node)
{
    g_autoptr(CpuSet) preferred = NULL;
    guint count = 0;

    for (guint i = 0; i < dealer->demands->len; i++) {
        const Choice *choice = &dealer->solution->choices[i];
        const Demand *demand = demand_at(dealer, i);

        if (!choice->placed || demand->own_service || choice->nodes[0] != node)
            continue;
        count = MAX(count, demand->service);
        if (!choice->stays || !demand->running->emulator_cpus)
            continue;
        preferred = preferred ?: cpuset_new();
        cpuset_union(preferred, demand->running->emulator_cpus);
    }
    if (count > 0)
        dealer->map->shared[node] = take_service(dealer, node, count, preferred);
}

/* What runs keeps its cores: those that share none choose first, for they have no say later. */
static void give_service(Dealer *dealer)
{
    give_own_service(dealer, true);
    for (guint n = 0; n < dealer->map->n_nodes; n++)
        give_shared_service(dealer, n);
    give_own_service(dealer, false);
}

typedef struct {
    const gint64 *l3;
    guint n_free;
    bool fresh; /* no slice has vCPUs there */
} Domain;

/* As long as it is not called again. */
static const GArray *list_domains(const Dealer *dealer, guint node, bool whole)
{
    const GPtrArray *free = dealer->map->free[node];
    GArray *domains = dealer->scratch;

    g_array_set_size(domains, 0);
    for (guint i = 0; i < free->len; i++) {
        const HostCore *core = g_ptr_array_index(free, i);
        guint d = 0;

        if (whole && !is_whole(dealer, node, core))
            continue;
        while (d < domains->len && *g_array_index(domains, Domain, d).l3 != core->l3)
            d++;
        if (d == domains->len) {
            Domain domain = {&core->l3, 0, !domain_is_used(dealer, core->l3)};

            g_array_append_val(domains, domain);
        }
        g_array_index(domains, Domain, d).n_free++;
    }
    return domains;
}

/* One that holds all @count: best an unused one, then the one with least to spare. When none does:
 * an unused one, then the one with most. */
static const Domain *choose_domain(const GArray *domains, guint count)
{
    const Domain *best = NULL;

    for (guint d = 0; d < domains->len; d++) {
        const Domain *domain = &g_array_index(domains, Domain, d);
        bool holds = domain->n_free >= count;
        bool best_holds = best && best->n_free >= count;

        if (!best || (holds && !best_holds))
            best = domain;
        else if (holds != best_holds)
            continue;
        else if (domain->fresh != best->fresh)
            best = domain->fresh ? domain : best;
        else if (holds ? domain->n_free < best->n_free : domain->n_free > best->n_free)
            best = domain;
    }
    return best;
}

/* By their CPUs, from @first on. They are mostly sorted, for they come from lists that are. */
static void sort_cores(GPtrArray *cores, guint first)
{
    for (guint i = first + 1; i < cores->len; i++) {
        gpointer core = g_ptr_array_index(cores, i);
        int cpu = cpuset_next(((const HostCore *)core)->cpus, 0);
        guint j = i;

        for (; j > first && cpuset_next(((const HostCore *)cores->pdata[j - 1])->cpus, 0) > cpu;
             j--)
            cores->pdata[j] = cores->pdata[j - 1];
        cores->pdata[j] = core;
    }
}

static void give_on_node(Dealer *dealer, guint demand_index, guint node)
{
    const Demand *demand = demand_at(dealer, demand_index);
    GPtrArray *taken = dealer->map->cores[demand_index];
    guint count = demand->cores_per_node, first = taken->len;

    while (!demand->whole && count > 0) { /* cores with siblings offline first, if there are any */
        const HostCore *core = find_any_core(dealer, node, NULL);

        if (!core || is_whole(dealer, node, core))
            break;
        g_ptr_array_add(taken, (gpointer)core);
        g_ptr_array_remove(dealer->map->free[node], (gpointer)core);
        count--;
    }
    while (count > 0) {
        const GArray *domains = list_domains(dealer, node, true);
        const Domain *domain = choose_domain(domains, count);
        gint64 l3;

        if (!domain)
            break; /* cannot be: the search counted them */
        l3 = *domain->l3;
        for (guint i = 0; i < dealer->map->free[node]->len && count > 0;) {
            const HostCore *core = g_ptr_array_index(dealer->map->free[node], i);

            if (core->l3 != l3 || !is_whole(dealer, node, core)) {
                i++;
                continue;
            }
            g_ptr_array_add(taken, (gpointer)core);
            g_ptr_array_remove_index(dealer->map->free[node], i);
            count--;
        }
    }
    sort_cores(taken, first);
    for (guint i = first; i < taken->len; i++)
        use_domain(dealer, g_ptr_array_index(taken, i));
    if (demand->whole)
        dealer->whole_need[node] -= demand->cores_per_node;
}

static int compare_sizes(gconstpointer a, gconstpointer b)
{
    const Demand *x = *(Demand *const *)a, *y = *(Demand *const *)b;

    if (x->whole != y->whole)
        return x->whole ? -1 : 1;
    if (x->cores_per_node != y->cores_per_node)
        return x->cores_per_node > y->cores_per_node ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void give_vcpus(Dealer *dealer)
{
    g_autoptr(GPtrArray) order = g_ptr_array_new();

    for (guint i = 0; i < dealer->demands->len; i++)
        if (dealer->solution->choices[i].placed && !dealer->solution->choices[i].stays)
            g_ptr_array_add(order, (gpointer)demand_at(dealer, i));
    g_ptr_array_sort(order, compare_sizes);
    for (guint i = 0; i < order->len; i++) {
        const Demand *demand = g_ptr_array_index(order, i);

        for (guint n = 0; n < demand->n_nodes; n++)
            give_on_node(dealer, demand->index, dealer->solution->choices[demand->index].nodes[n]);
    }
}

typedef struct {
    gint64 node, l3;
    guint last; /* the slice that was counted last */
} UsedDomain;

/* How many slices more than one there are in each L3 domain, over all. */
static gint64 count_shared(const CoreMap *map)
{
    g_autoptr(GArray) used = g_array_new(false, false, sizeof(UsedDomain));
    gint64 shared = 0;

    for (guint i = 0; i < map->n_demands; i++)
        for (guint c = 0; c < map->cores[i]->len; c++) {
            const HostCore *core = g_ptr_array_index(map->cores[i], c);
            const UsedDomain domain = {core->node, core->l3, i};
            guint d = 0;

            while (d < used->len && (g_array_index(used, UsedDomain, d).node != core->node ||
                                     g_array_index(used, UsedDomain, d).l3 != core->l3))
                d++;
            if (d == used->len)
                g_array_append_val(used, domain);
            else if (g_array_index(used, UsedDomain, d).last != i) {
                g_array_index(used, UsedDomain, d).last = i;
                shared++;
            }
        }
    return shared;
}

CoreMap *core_map_new(const Supply *supply, const GPtrArray *demands, const Solution *solution)
{
    CoreMap *map = g_new0(CoreMap, 1);
    g_autofree guint *whole_need = g_new0(guint, supply->nodes->len);
    g_autoptr(GArray) domains = g_array_new(false, false, sizeof(gint64));
    g_autoptr(GArray) scratch = g_array_new(false, true, sizeof(Domain));
    Dealer dealer = {map, supply, demands, solution, whole_need, domains, scratch};

    map->n_nodes = supply->nodes->len;
    map->n_demands = demands->len;
    map->free = g_malloc0_n(2 * map->n_nodes + 2 * map->n_demands, sizeof(void *)); /* all four */
    map->cores = map->free + map->n_nodes;
    map->shared = (CpuSet **)(map->cores + map->n_demands);
    map->service = map->shared + map->n_nodes;
    for (guint n = 0; n < map->n_nodes; n++) {
        const SupplyNode *node = g_ptr_array_index(supply->nodes, n);

        map->free[n] = g_ptr_array_sized_new(node->cores->len);
        g_ptr_array_extend(map->free[n], node->cores, NULL, NULL);
    }
    for (guint i = 0; i < map->n_demands; i++)
        map->cores[i] = g_ptr_array_sized_new(
            solution->choices[i].placed ? demand_cores(g_ptr_array_index(demands, i)) : 0);
    give_stays(&dealer);
    give_service(&dealer);
    give_vcpus(&dealer);
    map->l3_shared = count_shared(map);
    return map;
}
