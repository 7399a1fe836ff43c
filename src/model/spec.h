/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spec: the one file a user writes, version 1. Reading is three functions, in this order:
 * spec_decode (shape), spec_fill_defaults (what performance needs), spec_check (does it make sense
 * in itself). What only a host can tell is the planner's business. No I/O here.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/tree.h"
#include "model/record.h"

typedef struct {
    const TreeNode *node;
    char *name;
    char *source; /* absolute path of a qcow2 or raw image */
    char *sha256; /* or NULL */
} SpecImage;

typedef struct {
    const TreeNode *node;
    char *host; /* name of a host entry, or a name that such an entry's pattern matches */
    char *pf;   /* netdev name or PCI address */
} SpecUplink;

typedef struct {
    const TreeNode *node;
    char *name;
    gint64 vlan;        /* 1-4094, or unset: untagged */
    gint64 mtu;         /* bytes; unset: the ports' own */
    GPtrArray *uplinks; /* SpecUplink * */
} SpecNetwork;

typedef struct {
    const TreeNode *node;
    gint64 cores_per_node;  /* unset when cpus is given */
    CpuSet *cpus;           /* or NULL */
    gint64 memory_per_node; /* bytes */
} SpecReserve;

typedef enum { SPEC_ISOLATION_BOOT, SPEC_ISOLATION_RUNTIME, SPEC_ISOLATION_NONE } SpecIsolation;
extern const char *const SPEC_ISOLATION_WORDS[]; /* in this order; NULL-terminated */
typedef enum { SPEC_ISOLATION_FULL, SPEC_ISOLATION_ISOLCPUS } SpecIsolationStyle;

/* How the slices' CPUs are kept from the host's scheduler. */
typedef struct {
    int mode;  /* SpecIsolation */
    int style; /* SpecIsolationStyle: which kernel arguments */
} SpecIsolate;

typedef struct {
    const TreeNode *node;
    char *name; /* may be a pattern with * and ? */
    char *uri;
    char *rack; /* that its hosts stand in; or NULL: not known */
    SpecReserve reserve;
    SpecIsolate isolation;
    GPtrArray *take_over; /* char *: services that may be stopped for the slices */
    int repack;           /* flag: running slices may be moved to make room */
    char *disk_dir;       /* where the slices' disks lie on the host */
} SpecHost;

typedef enum { SPEC_SMT_PAIRS, SPEC_SMT_ISOLATE } SpecSmt;
typedef enum { SPEC_HUGEPAGES_1GIB, SPEC_HUGEPAGES_2MIB, SPEC_HUGEPAGES_NONE } SpecHugepages;
typedef enum { SPEC_SCOPE_SLICE, SPEC_SCOPE_NODE } SpecScope;
typedef enum { SPEC_NIC_PF, SPEC_NIC_VF } SpecNicMode;
typedef enum { SPEC_LOCALITY_REQUIRED, SPEC_LOCALITY_PREFERRED, SPEC_LOCALITY_ANY } SpecLocality;
typedef enum { SPEC_SPREAD_HOST, SPEC_SPREAD_NONE, SPEC_SPREAD_RACK } SpecSpread;

typedef struct {
    const TreeNode *node;
    gint64 nodes; /* NUMA nodes the slice lies on */
    GArray *pin;  /* gint64 node ids; empty: the planner chooses */
} SpecNuma;

typedef struct {
    const TreeNode *node;
    gint64 cores; /* 0: emulator threads and IOThreads run on the host's reserved CPUs */
    int scope;    /* SpecScope */
} SpecService;

typedef struct {
    const TreeNode *node;
    char *image; /* key of images */
    gint64 size; /* bytes */
} SpecDisk;

typedef struct {
    const TreeNode *node;
    char *network;       /* key of networks */
    int mode;            /* SpecNicMode */
    int locality;        /* SpecLocality */
    char *mac;           /* VF only; NULL: derived from host, slice and NIC */
    gint64 vlan;         /* VF only; unset: the network's */
    int trust, spoofchk; /* VF only */
    gint64 max_rate;     /* VF only: Mbit/s the guest may send; unset: no limit */
    char *bond;
    int bond_mode; /* SpecBondMode, or unset */
} SpecNic;

typedef enum { SPEC_BOND_ACTIVE_BACKUP, SPEC_BOND_8023AD, SPEC_BOND_BALANCE_XOR } SpecBondMode;

typedef struct {
    const TreeNode *node;
    char *vendor, *device; /* hex ids */
    gint64 count;
    int locality; /* SpecLocality */
} SpecDevice;

typedef struct {
    const TreeNode *node;
    char *user;
    GPtrArray *ssh_keys; /* char * */
    char *password_hash;
} SpecLogin;

typedef struct {
    const TreeNode *node;
    char *name;      /* with {n} when count is given */
    gint64 count;    /* how many alike; unset: one */
    gint64 priority; /* the higher is admitted first; 0 */
    gint64 vcpus;
    int smt;       /* SpecSmt */
    gint64 memory; /* bytes */
    int hugepages; /* SpecHugepages */
    SpecNuma numa;
    SpecService service;
    gint64 iothreads;
    SpecDisk *disk;     /* or NULL */
    GPtrArray *nics;    /* SpecNic * */
    GPtrArray *devices; /* SpecDevice * */
    SpecLogin *login;   /* or NULL */
} SpecSlice;

typedef struct {
    const TreeNode *node;
    char *name;
    int spread;        /* SpecSpread: may two slices of this cluster share a host, a rack? */
    GPtrArray *slices; /* SpecSlice *, as written; spec_expand() applies count */
} SpecCluster;

typedef struct {
    gint64 version;
    GPtrArray *images, *networks, *hosts, *clusters;
} Spec;

extern const Record SPEC_RECORD;

/* One slice after count: its own name, and the entry it comes from. */
typedef struct {
    char *name;
    const SpecCluster *cluster;
    const SpecSlice *slice;
} SpecInstance;

void spec_free(Spec *spec);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Spec, spec_free)

/* Always returns a Spec; it points into @tree, which must outlive it. The tree's own problems
 * become findings too. */
Spec *spec_decode(const Tree *tree, GPtrArray *findings);
void spec_fill_defaults(Spec *spec);
void spec_check(const Spec *spec, const Tree *tree, GPtrArray *findings);

/* The three in order. NULL when there are error findings. */
Spec *spec_from_tree(const Tree *tree, GPtrArray *findings);

/* All instances in the order of the file (SpecInstance *; free with g_ptr_array_unref). */
GPtrArray *spec_expand(const Spec *spec);

const SpecImage *spec_find_image(const Spec *spec, const char *name);
const SpecNetwork *spec_find_network(const Spec *spec, const char *name);
/* The first host entry whose name or pattern matches @hostname, or NULL. */
const SpecHost *spec_find_host(const Spec *spec, const char *hostname);

/* Bytes of one page, or RECORD_UNSET for SPEC_HUGEPAGES_NONE. */
gint64 spec_hugepage_bytes(SpecHugepages hugepages);
