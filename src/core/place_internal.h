/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the planner; only place*.c and explain.c include this. The stages, each in its own file:
 *
 *   place_supply.c   host    -> what slices can have: cores, memory, PCI functions ("units")
 *   place_demand.c   spec    -> what each slice needs, and where it could have it
 *   place_search.c   both    -> which nodes and units each slice gets (the only search)
 *   place_assign.c   answer  -> concrete CPUs and devices: the Plan
 *   place_refuse.c   the rest-> why not, and the smallest change that helps
 *
 * Search works on counts per node (cores are alike there); assign turns counts into names.
 */
#pragma once

#include <stdbool.h>

#include "base/text.h"
#include "core/place.h"

/* Supply: what the host has for slices. */

typedef struct {
    const HostNode *node;
    GPtrArray *cores; /* const HostCore *: neither reserved nor offline, ascending */
    guint n_whole;    /* those of them that have all their siblings online */
    gint64 memory;    /* bytes for slices; RECORD_UNSET: not known */
    CpuSet *reserved;
    bool has_nic;                  /* a usable NIC sits here */
    guint n_domains, domain_cores; /* L3 domains with cores for slices, and the most of one */
} SupplyNode;

/* A PCI function, or a VF that is still to be made. */
typedef struct {
    guint index;
    const HostPci *pci; /* NULL: a VF to be made */
    const HostPci *pf;  /* of a VF; else NULL */
    guint pf_unit;      /* of a VF: index of its PF's unit */
    gint64 vf;          /* index of a VF on its PF; else RECORD_UNSET */
    gint64 node;        /* or unset */
    int at;             /* the same as an index in Supply.nodes; -1: of none there */
    char *address;      /* NULL: not known before the VF is made */
    GPtrArray *group;   /* Unit *: all that share its IOMMU group, itself too; NULL: alone */
    char *flaw;         /* why no slice can have it; NULL: usable */
    const char *flaw_resource;
    char *flaw_hint;
} Unit;

typedef struct {
    const Host *host;
    const SpecHost *spec_host;
    guint threads; /* siblings of a whole core */
    CpuSet *reserved;
    GPtrArray *nodes;  /* SupplyNode *: nodes that have CPUs, ascending id */
    GPtrArray *units;  /* Unit *, in the order of the host; VFs to be made come after their PF's */
    GPtrArray *groups; /* GPtrArray * of Unit *: IOMMU groups of more than one function */
    GPtrArray *wants;  /* Want *, one for each network and mode that was asked for: place_want.c */
} Supply;

/* @n_vfs: how many VFs the spec wants at most. Breaches of the reservation rules become error
 * findings, and nothing can be placed then. */
Supply *supply_new(const Host *host, const SpecHost *spec_host, guint n_vfs,
                   const GPtrArray *running, GPtrArray *findings);
void supply_free(Supply *supply);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Supply, supply_free)

const Unit *supply_find_unit(const Supply *supply, const char *address);
bool supply_core_is_whole(const Supply *supply, const HostCore *core);
/* How many L3 domains @cores cores take at least on the node. */
guint supply_parts(const Supply *supply, guint node, guint cores);
/* ACPI SLIT distance of two nodes over the local 10; the largest of the host when unknown. */
gint64 supply_distance(const Supply *supply, gint64 from, gint64 to);
/* "0000:01:00.1 (eno2)". Caller frees. */
char *unit_label(const Unit *unit);
char *pci_label(const HostPci *pci);
/* place_units.c: all PCI functions but bridges, each VF after its PF. */
void supply_add_units(Supply *supply, guint n_vfs, const GPtrArray *running);
void unit_set_flaw(Unit *unit, const char *resource, const char *hint, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
/* "default-route, bridge", or NULL when the host does not use it. Caller frees. */
char *pci_uses_text(const HostPci *pci);

/* Demand: what one slice needs. */

typedef struct {
    const SpecNic *nic;       /* or NULL */
    const SpecDevice *device; /* or NULL: exactly one of the two */
    guint number;             /* position in nics or devices */
    int locality;
    GPtrArray *units; /* const Unit *: any of these would do, in supply order; wants may share it */
    char *flaw;       /* why there are none */
    const char *flaw_resource;
    char *flaw_hint;
    const Unit *held; /* what the running slice has for it; or NULL */
} Want;

typedef struct {
    const SpecInstance *instance;
    const SpecSlice *slice;
    guint index;           /* in the order of the spec */
    guint cluster;         /* number of the cluster in the spec */
    bool alone_in_cluster; /* no other slice of the cluster on this host */
    guint n_nodes, vcpus_per_node, cores_per_node;
    bool whole;       /* needs whole cores: guest sees siblings */
    guint threads;    /* of the guest's cores */
    guint service;    /* service cores on its first node */
    bool own_service; /* not shared with the node's other slices */
    gint64 memory_per_node, hugepage_bytes;
    GPtrArray *wants;         /* Want *: NICs, then devices */
    GArray *tuples;           /* guint16, n_nodes each: the choices of supply nodes, ascending */
    bool cut;                 /* there are more choices than were listed */
    const PlanSlice *running; /* of the same name; or NULL */
    GArray *stay;             /* guint16: its supply nodes, when it may stay there; or NULL */
    char *flaw;               /* no host like this can hold it; or NULL */
    const char *flaw_resource;
    char *flaw_hint;
} Demand;

/* @slice may be a changed copy of the instance's own (to try a mend). */
Demand *demand_new(const Supply *supply, const Spec *spec, const SpecInstance *instance,
                   const SpecSlice *slice, guint index, const GPtrArray *running);
/* Those of all instances (Demand *, by index). */
GPtrArray *demands_new(const Supply *supply, const Spec *spec, const GPtrArray *instances,
                       const GPtrArray *running);
guint demands_count_vfs(const GPtrArray *instances); /* NICs that want a VF */
void demand_free(Demand *demand);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Demand, demand_free)
void demand_add_wants(Demand *demand, const Supply *supply, const Spec *spec); /* place_want.c */
void want_free(Want *want);
guint demand_cores(const Demand *demand); /* with own service cores */
/* In bytes, on all its nodes. */
static inline gint64 demand_memory(const Demand *demand)
{
    return demand->memory_per_node * demand->n_nodes;
}
/* Does the unit meet the wants' locality on these nodes? *@ret_local: it sits on one of them. */
bool want_accepts(const Want *want, const Supply *supply, const Unit *unit, const guint16 *nodes,
                  guint n_nodes, bool *ret_local);

/* Search. */

typedef struct {
    bool placed, stays;
    guint16 *nodes;     /* n_nodes indices into Supply.nodes */
    const Unit **units; /* one for each want */
} Choice;

/* One level of what a plan costs, the most important first (place_search.h). */
typedef struct {
    const char *name;
    gint64 priority;     /* of "refused"; else unset */
    gint64 value, bound; /* no plan as good on the levels before is better than bound */
} SolutionLevel;

typedef struct {
    guint n;
    Choice *choices; /* by Demand.index */
    guint admitted;
    gint64 bound;   /* no plan can admit more slices */
    bool proved;    /* admission is the best there is */
    bool cut;       /* not every choice of nodes was looked at, so nothing is proved */
    GArray *levels; /* SolutionLevel */
} Solution;

/* Search nodes; well under a second. What is not proved within it is said in plan->bounds. */
#define PLACE_BUDGET 200000

/* @demands: Demand *, by index. @budget: search nodes at most for each level. */
Solution *search_solve(const Supply *supply, const GPtrArray *demands, guint64 budget);
/* False: it is proved that not all of @demands (but for those with a flaw) can be admitted. */
bool search_may_admit(const Supply *supply, const GPtrArray *demands, guint64 budget);
/* Who is admitted, and no more: the levels below are as they come. */
Solution *search_admission(const Supply *supply, const GPtrArray *demands, guint64 budget);
void solution_free(Solution *solution);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Solution, solution_free)

/* What is left on each node, and who has which unit, under a solution. */
typedef struct {
    gint64 *whole, *cores, *memory; /* by supply node; memory: RECORD_UNSET when not known */
    guint *service;                 /* shared service cores there */
    guint *parts; /* L3 domains that the slices there need at least, each slice for itself */
    int *owner;   /* by unit: Demand.index, or -1 */
} Left;

Left *left_new(const Supply *supply);
void left_free(Left *left);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Left, left_free)
void left_copy_nodes(Left *to, const Left *from, const Supply *supply);
/* Takes a choice away from what is left; false when there is not enough, and then all is as before.
 */
bool left_take_nodes(Left *left, const Supply *supply, const Demand *demand, const guint16 *nodes,
                     bool stays);
/* Takes all that a solution places. */
void left_take_solution(Left *left, const Supply *supply, const GPtrArray *demands,
                        const Solution *solution);
/* Whether @unit may be want number @want of @demand; @mine: what it has for the wants before. */
bool left_allows_unit(const Left *left, const Supply *supply, const Demand *demand, guint want,
                      const Unit *unit, const Unit *const *mine);
/* IOMMU groups go whole to one slice: are those of @mine? */
bool units_close_groups(const Unit *const *mine, guint n);

/* Assign. */

/* Counts turned into cores. */
typedef struct {
    gint64 l3_shared;  /* L3 domains shared: for each, its slices but one */
    GPtrArray **free;  /* by supply node: const HostCore * that nobody has, ascending */
    CpuSet **shared;   /* by supply node: the service CPUs its slices share; NULL: none */
    GPtrArray **cores; /* by demand: const HostCore *, node by node, in vCPU order */
    CpuSet **service;  /* by demand: service CPUs of its own; NULL: none */
    guint n_nodes, n_demands;
} CoreMap;

CoreMap *core_map_new(const Supply *supply, const GPtrArray *demands, const Solution *solution);
void core_map_free(CoreMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CoreMap, core_map_free)

/* Gives @plan_host its slices and isolated CPUs, and @findings what they cost. Returns how many L3
 * domains are shared (CoreMap.l3_shared). */
gint64 assign_slices(const Supply *supply, const Spec *spec, const GPtrArray *demands,
                     const Solution *solution, PlanHost *plan_host, GPtrArray *findings);
/* Of NICs that cost the same, those below one PCIe root complex, where functions are free for it:
 * the last tie-break of the matching. place_devices.c */
void devices_gather(const Supply *supply, const GPtrArray *demands, Solution *solution);
/* The PCI functions of one slice. @macs: those in use in the plan; new ones are added.
 * place_devices.c */
void assign_devices(const Supply *supply, const Spec *spec, const Demand *demand,
                    const Choice *choice, GHashTable *macs, PlanSlice *slice, GPtrArray *findings);
/* place_kernel.c */
void kernel_args_add(const Host *host, const SpecHost *spec_host, PlanHost *plan_host);

/* Refuse: adds what was not placed to plan->unplaced and plan->findings. */
void refuse_slices(const Supply *supply, const Spec *spec, const GPtrArray *demands,
                   const Solution *solution, Plan *plan);
/* Why it was not placed. *@ret_hint: the mend when there is but one, else NULL. Caller frees. */
char *refuse_reason(const Supply *supply, const GPtrArray *demands, const Solution *solution,
                    const Demand *demand, const char **ret_resource, const char **ret_hint);
/* What it lacks on these nodes beside those that are placed; NULL: nothing by itself. Caller frees.
 */
char *refuse_lack(const Supply *supply, const GPtrArray *demands, const Solution *solution,
                  const Demand *demand, const guint16 *nodes);

/* place_mend.c: the @most smallest changes that let the demand in beside all that are, the smallest
 * first (char *): each has been planned. */
GPtrArray *mend_list(const Supply *supply, const Spec *spec, const GPtrArray *demands,
                     const Solution *solution, const Demand *demand, guint most);

/* A new struct for the list or pointer field @name of @record. */
void *plan_member_new(const Record *record, const char *name);
/* The finding's place in the spec; its file is known to the caller of place_slices() only. */
void finding_mark(Finding *finding, const TreeNode *node);
