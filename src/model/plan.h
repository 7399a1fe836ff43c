/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plan: who gets what, and the steps that make it so (the "Plan JSON" of `bmslice plan --json`).
 * Made by core/place.h and core/steps.h. It holds all that the domain XML needs besides the Host,
 * so that every later stage runs from files. No I/O here.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

#include "base/cpuset.h"
#include "model/finding.h"
#include "model/record.h"
#include "model/setting.h"

typedef struct {
    gint64 id, cpu;
} PlanVcpu;

typedef struct {
    gint64 id; /* from 1, as libvirt counts */
    CpuSet *cpus;
} PlanIothread;

typedef enum { PLAN_DEVICE_PF, PLAN_DEVICE_VF, PLAN_DEVICE_PCI } PlanDeviceKind;

typedef struct {
    char *address; /* NULL: a VF that is still to be made and whose address cannot be known yet */
    int kind;      /* PlanDeviceKind */
    char *network; /* NULL for PLAN_DEVICE_PCI */
    gint64 node;   /* of the device, or unset */
    char *vendor, *device; /* identity, re-checked before use (with the address) */
    /* VF only */
    char *pf;                             /* address of the PF */
    gint64 vf;                            /* index */
    char *pf_vendor, *pf_device, *pf_mac; /* identity of the PF; pf_mac: the permanent one */
    char *mac;
    gint64 vlan; /* unset: untagged */
    int trust, spoofchk;
    gint64 max_rate_mbps; /* unset: no limit */
    gint64 mtu;           /* its port has at least; unset: any */
} PlanDevice;

typedef struct {
    char *image;  /* key of the spec's images */
    char *source; /* path of the base image */
    char *sha256; /* of the base image, or NULL */
    char *path;   /* of the slice's own disk on the host */
    gint64 size_bytes;
} PlanDisk;

typedef struct {
    char *name, *cluster;
    GArray *nodes;    /* gint64, host NUMA nodes, ascending; guest node i lies on nodes[i] */
    GPtrArray *vcpus; /* PlanVcpu *, ascending id; split evenly over nodes, in their order */
    gint64 threads;   /* guest SMT threads per core: consecutive vCPUs are siblings when 2 */
    CpuSet *emulator_cpus;
    GPtrArray *iothreads; /* PlanIothread * */
    gint64 memory_bytes;
    gint64 hugepage_bytes; /* unset: ordinary pages */
    GPtrArray *devices;    /* PlanDevice *, NICs in the order of the spec, then the others */
    PlanDisk *disk;        /* or NULL */
} PlanSlice;

/* One reversible change. The host's steps come before the slices'. */
typedef enum {
    STEP_KERNEL_ARGS, /* needs a reboot */
    STEP_HUGEPAGES,
    STEP_VFS,
    STEP_PORT,
    STEP_INTERRUPT,
    STEP_TUNING,
    STEP_SERVICE,
    STEP_PARTITION, /* of CPUs, at run time */
    STEP_BOOT_UNIT,
    STEP_BOOT_PLAN, /* stored already, to be another one */
    STEP_REBOOT,
    STEP_DRIVER, /* vfio-pci for a slice's function */
    STEP_VF,     /* MAC, VLAN and flags of a slice's VF */
    STEP_VOLUME_CREATE,
    STEP_VOLUME_GROW,
    STEP_DOMAIN_DEFINE,
    STEP_DOMAIN_REPIN, /* of a running slice */
    STEP_DOMAIN_STOP,
    STEP_DOMAIN_START,
    STEP_DOMAIN_RESUME,
    STEP_DOMAIN_AUTOSTART,
    STEP_DOMAIN_UNDEFINE,
    STEP_VOLUME_DELETE,
} StepKind;

typedef struct {
    int kind;         /* StepKind */
    char *subject;    /* the slice, or the device or node of a host step */
    char *text;       /* what is done, one line: "define domain Red_k8s_cluster_worker1" */
    char *why;        /* one line */
    char *undo;       /* what takes it back, one line */
    int reboot;       /* flag: takes effect at the next boot */
    int by_hand;      /* flag: bmslice cannot do it here; text is what to do */
    Setting *setting; /* of a host: what it makes; NULL: nothing now, or not a setting */
} Step;

typedef struct {
    char *name, *uri;
    int kvm; /* false: the slices run under emulation */
    CpuSet *reserved_cpus, *isolated_cpus;
    int isolation;          /* SpecIsolation, by its word */
    GPtrArray *take_over;   /* char *: services that bmslice may stop */
    GPtrArray *kernel_args; /* char * */
    GPtrArray *slices;      /* PlanSlice *, in the order of the spec */
    GPtrArray *steps;       /* Step * */
} PlanHost;

typedef struct {
    char *name, *cluster;
    char
        *resource; /* "cores" "memory" "hugepages" "nic" "device" "iommu-group" "numa" "host" ... */
    char *reason;
} PlanUnplaced;

/* One of the things a plan is to be good at; those before it count for more. */
typedef struct {
    char *level;         /* "refused" "moved" "l3-shared" ...; bmslice(1) names them all */
    gint64 priority;     /* of "refused": of these slices; else unset */
    gint64 value, bound; /* no plan as good on the levels before it is better than bound */
    gint64 gap;          /* between the two; 0: proved to be the best there is */
} PlanLevel;

/* Slices in an L3 domain but one, over all domains. */
#define PLAN_LEVEL_L3 "l3-shared"

typedef struct {
    gint64 admitted, admitted_bound; /* slices; bound: no plan can admit more */
    int optimal;                     /* flag: no level has a gap; unset: nothing was planned */
    GPtrArray *levels;               /* PlanLevel *, the most important first */
} PlanBounds;

/* By this resource alone, the slices take so many hosts. */
typedef struct {
    char *resource; /* "cores" "memory" ..., or the kind of PCI function */
    gint64 hosts;
} PlanVolume;

/* How good the plan of many hosts is. */
typedef struct {
    gint64 hosts;             /* of the inventory that the spec is for */
    gint64 slices;            /* of the spec */
    gint64 classes, flavours; /* kinds of host and of slice, as the planner tells them apart */
    gint64 patterns;          /* ways in which a host was filled */
    gint64 hosts_used;        /* that have slices */
    gint64 hosts_bound;       /* no plan uses fewer; unset when slices were refused */
    GPtrArray *volumes;       /* PlanVolume *: weaker bounds, one a resource */
} PlanFleet;

typedef struct {
    gint64 version;
    GPtrArray *hosts;    /* PlanHost * */
    GPtrArray *unplaced; /* PlanUnplaced * */
    GPtrArray *findings; /* Finding *, written by plan_to_json beside the record */
    PlanBounds bounds;
    PlanFleet *fleet; /* NULL: one host */
} Plan;

extern const Record PLAN_RECORD;
extern const Record PLAN_SLICE_RECORD;
extern const Record PLAN_BOUNDS_RECORD;
extern const Record STEP_RECORD;
extern const Record PLAN_HOST_RECORD;
extern const Record PLAN_UNPLACED_RECORD;
extern const Record PLAN_BOUNDS_RECORD;
extern const Record PLAN_FLEET_RECORD;

Plan *plan_new(void);
void plan_free(Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)

PlanSlice *plan_slice_new(void);
void plan_slice_free(PlanSlice *slice);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PlanSlice, plan_slice_free)

PlanFleet *plan_fleet_new(void);
void plan_fleet_free(PlanFleet *fleet);
PlanVolume *plan_volume_new(void);

json_t *plan_to_json(const Plan *plan);
Plan *plan_from_tree(const Tree *tree, GPtrArray *findings);

/* A Plan JSON of this one host, without its steps: what it is to be, whatever it is. Caller frees.
 */
char *plan_host_write(const PlanHost *host);
/* Does it change the host rather than a slice? */
bool step_is_of_host(const Step *step);
/* Pages, VFs and their ports, the partition of its CPUs: what a slice cannot start without, or not
 * where it is to be. The rest costs performance only. */
bool step_is_needed_to_start(const Step *step);
/* Does apply make it? What is needed to start, and the plan of a prepared host. */
bool step_is_of_apply(const Step *step);
/* Are CPUs to be kept from the host's scheduler at all? */
bool plan_host_isolates(const PlanHost *host);

/* Every vCPU's CPU, and these with the emulator's and the IOThreads'. Caller frees. */
CpuSet *plan_slice_vcpu_cpus(const PlanSlice *slice);
CpuSet *plan_slice_all_cpus(const PlanSlice *slice);
const PlanSlice *plan_host_find_slice(const PlanHost *host, const char *name);
