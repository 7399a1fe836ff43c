/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host: the inventory of one server, as plain data (the "Host JSON" of `bmslice discover --json`).
 * Discovered by port/discover.h, or read from a file. Unknown is RECORD_UNSET or NULL, never a
 * guess. No I/O here.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

#include "base/cpuset.h"
#include "model/record.h"

typedef struct {
    char *model;
    gint64 sockets, cores, threads;
    CpuSet *online;
} HostCpu;

typedef struct {
    gint64 size_bytes, total, free; /* pages of this size on this node */
} HostHugepages;

typedef struct {
    gint64 id;
    CpuSet *cpus;         /* online CPUs; empty for a memory-only node */
    gint64 memory_bytes;  /* MemTotal of the node */
    GPtrArray *hugepages; /* HostHugepages *, ascending by size */
    /* gint64, to each node in the order of Host.nodes (ACPI SLIT; 10 = itself); empty: unknown */
    GArray *distances;
} HostNode;

typedef struct {
    gint64 id;               /* position in Host.cores; unique on the host, unlike sysfs core_id */
    gint64 socket, node, l3; /* l3: number of the L3 domain, unique on the host */
    CpuSet *cpus;            /* the online SMT siblings */
} HostCore;

typedef struct {
    gint64 total_vfs, num_vfs;
    gint64 offset,
        stride; /* sriov_offset, sriov_stride: routing ID of VF i = PF + offset + i * stride */
} HostSriov;

/* What the host does with a device: any of these forbids handing it to a slice. */
#define HOST_USE_DEFAULT_ROUTE "default-route"
#define HOST_USE_BRIDGE "bridge"
#define HOST_USE_BOND "bond"
#define HOST_USE_VLAN "vlan"
#define HOST_USE_ADDRESS                                                                           \
    "address"              /* an IP address is set: the host talks over it; see design 7.1 */
#define HOST_USE_SSH "ssh" /* the SSH session that discovery ran in comes over it */
#define HOST_USE_ROOT_STORAGE "root-storage"
#define HOST_USE_STORAGE "storage" /* a mounted file system, swap, or a block device in use */

/* What stands at the other end of a cable, by LLDP. */
typedef struct {
    char *system; /* name of the switch */
    char *port;   /* its port, as it calls it */
} HostNeighbour;

typedef struct {
    char *name, *mac;    /* mac: the permanent one where the kernel tells */
    GPtrArray *altnames; /* char *: its other names; NULL: unknown */
    char *representor;   /* of a port of the NIC's own switch: which, "pf0vf3"; NULL: it is none */
    gint64 speed_mbps;
    int carrier;
    HostNeighbour *neighbour; /* NULL: unknown */
    GPtrArray *uses;          /* char *: HOST_USE_...; NULL: unknown */
} HostNet;

/* The PCIe link above a device: what it runs at, and what the device can do. */
typedef struct {
    gint64 width, max_width;           /* lanes */
    gint64 speed_mtps, max_speed_mtps; /* 8000 is 8.0 GT/s */
} HostLink;

typedef struct {
    char *address;                      /* "0000:01:00.0" */
    char *vendor, *device, *class_code; /* hex without 0x: "8086" "1528" "020000" */
    char *name;                         /* of pci.ids, or NULL */
    char *driver;                       /* NULL: none bound, or unknown */
    gint64 node, iommu_group;
    char *root_complex; /* "pci0000:00", the host bridge it hangs below */
    char *slot;         /* as the firmware calls it */
    HostLink *link;     /* of what has lanes to lose; NULL: unknown */
    HostSriov *sriov;   /* NULL: no PF */
    char *pf;           /* of a VF: the address of its PF */
    GPtrArray *nets;    /* HostNet * */
    GPtrArray *uses;    /* char *: uses that are not through a net, HOST_USE_ROOT_STORAGE ...;
                         * NULL: unknown */
} HostPci;

typedef struct {
    char *release;
    char *cmdline; /* its arguments, as far as they may be told (model/kernel_words.h) */
    CpuSet *isolated, *nohz_full;
    CpuSet *partition; /* isolated at run time for the slices (PARTITION_CGROUP); NULL: none */
    int iommu;         /* IOMMU groups exist */
    int kvm;           /* /dev/kvm exists, and on x86 the CPU has VT-x or AMD-V */
} HostKernel;

typedef struct {
    gint64 version; /* 1 */
    char *hostname, *arch;
    int replayed; /* read from a captured tree or a file, not from this running host */
    HostCpu cpu;
    GPtrArray *nodes; /* HostNode *, ascending id */
    GPtrArray *cores; /* HostCore *, ascending lowest CPU */
    GPtrArray *pci;   /* HostPci *, ascending address */
    HostKernel kernel;
} Host;

extern const Record HOST_RECORD;

Host *host_new(void);
void host_free(Host *host);
/* An unset struct of the Host: "nodes", "nodes.hugepages", "pci", "pci.nets" ... (keys of the Host
 * JSON); to be added to such a list of the Host, which frees it. */
void *host_new_part(const char *path);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Host, host_free)

json_t *host_to_json(const Host *host);

/* Reads Host JSON and checks that it is sound (host_check). NULL when there are error findings. */
Host *host_from_tree(const Tree *tree, GPtrArray *findings);

/* Every invariant the planner relies on: ids unique, each online CPU in exactly one core and at
 * most one node, cores' nodes and VFs' PFs exist, distance rows complete. Each breach is an error
 * finding; tests call it on every host they make. */
void host_check(const Host *host, GPtrArray *findings);

/* "pci0000:00" of the path of a device in sysfs, ".../devices/pci0000:00/0000:00:01.0"; NULL: it is
 * below no host bridge. Caller frees. */
char *host_root_complex_of(const char *path);
/* "8.0 GT/s PCIe", or the number alone -> 8000; unset: it is none. */
gint64 host_link_speed_of(const char *text);
/* The six bytes of an Ethernet address in lower case; NULL: it is none (InfiniBand's twenty are
 * none), or all zero. Caller frees. */
char *host_mac_of(const char *text);

/* What the node @id that the firmware names for a device can mean: itself when the host has it; the
 * only node when none is named (RECORD_UNSET) and all CPUs are on that; else RECORD_UNSET. */
gint64 host_node_of_device(const Host *host, gint64 id);

const HostNode *host_find_node(const Host *host, gint64 id);
const HostHugepages *host_find_pool(const HostNode *node, gint64 size_bytes);
const HostPci *host_find_pci(const Host *host, const char *address);
/* By netdev name, other names too, or by address ("0000:01:00.1", "01:00.1"). */
const HostPci *host_find_nic(const Host *host, const char *name_or_address);
const HostCore *host_core_of_cpu(const Host *host, guint cpu);

/* Network controllers: PCI class 02xxxx. */
bool host_pci_is_nic(const HostPci *pci);
/* The others of its IOMMU group, bridges aside (const HostPci *, the host's own); empty also where
 * the group is not known. Caller unrefs. */
GPtrArray *host_pci_group_others(const Host *host, const HostPci *pci);
/* Storage, NICs, displays and accelerators have lanes to lose; a VF has its PF's. */
bool host_pci_has_lanes(const HostPci *pci);
/* Bridges (class 06xxxx) belong to the fabric: vfio leaves them in a group without harm. */
bool host_pci_is_bridge(const HostPci *pci);
/* The host's own uses of a function, its own and those of its nets; the array is the caller's, the
 * strings stay the host's. */
GPtrArray *host_pci_uses(const HostPci *pci);
/* Is that list all there is? No, when the inventory has it as unknown, or has a NIC on a network
 * driver (captures often lack its interface): what is not known to be free is not free. */
bool host_pci_use_is_known(const HostPci *pci);
