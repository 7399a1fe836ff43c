/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the discover_*.c share. Each part fills its own members of the Host, from the parts before
 * it in the table of discover.c, and leaves unset what it cannot know.
 */
#pragma once

#include <stdbool.h>

#include "model/finding.h"
#include "model/host.h"
#include "model/host_gaps.h"
#include "port/asked.h"
#include "port/root.h"

typedef struct {
    Root *root;
    const char *directory; /* of the captured tree; NULL: this running host */
    Host *host;
    GPtrArray *findings;
    Asked *asked; /* what no file tells; NULL: a tree that another tool captured */
    char
        *cpuinfo; /* the beginning of /proc/cpuinfo, which says the same of each CPU; may be NULL */
} Discovery;

/* Without the CPUs there is no host: false with @error. */
bool discover_cpu(Discovery *discovery, GError **error);
/* The same from sysfs alone. Returns which CPUs have siblings that are not known. *@ret_sure:
 * nothing is missing, and nothing is odd. */
HostGap discover_cpu_files(Discovery *discovery, bool *ret_sure);
/* The others tell what is missing as findings, one for each kind of gap. */
void discover_kernel(Discovery *discovery);
void discover_memory(Discovery *discovery);
void discover_pci(Discovery *discovery);
void discover_nets(Discovery *discovery);
void discover_place(Discovery *discovery);
void discover_storage(Discovery *discovery);

/* A network interface of the host, of a PCI function or virtual. */
typedef struct {
    char *name;
    char *path;        /* its folder in sysfs; NULL: only others speak of it */
    GPtrArray *uppers; /* Net *, the interfaces that stand on this one */
    GPtrArray *uses;   /* char *: HOST_USE_... */
} Net;

Net *discover_find_net(GPtrArray *nets, const char *name, bool add);

/* Fills uppers and uses of @nets (Net *), and adds what else it comes across. False: routes or
 * addresses could not be read, so that there may be more uses than those found. */
bool discover_net_uses(Discovery *discovery, GPtrArray *nets);

/* discover_remote.c: adds the uses of interfaces by file systems and disks elsewhere, and by the
 * SSH session that this runs in. */
void discover_remote_storage(Discovery *discovery, const GArray *routes, GPtrArray *nets);
void discover_ssh(Discovery *discovery, GPtrArray *nets);
/* The interface over which @ip (in the order of struct in_addr) is reached, or NULL; the routes are
 * those that discover_net_use.c read. */
const char *discover_route_to(const GArray *routes, guint32 ip);
/* The lines of a file split at white space: GStrv *. */
GPtrArray *discover_read_words(Root *root, const char *path);

/* A warning of code @code that @format, with what stands at @path as its evidence, and the mend. */
Finding *discover_warn(Discovery *discovery, const char *code, const char *path, const char *format,
                       ...) G_GNUC_PRINTF(4, 5);

/* A kernel list in the file @list, or a mask in the file @mask; both are whole paths. NULL:
 * neither. */
CpuSet *discover_read_cpus(Root *root, const char *list, const char *mask);
/* Adds to a list of uses what is not there yet; once it is full it is sorted by name. */
void discover_add_use(GPtrArray *uses, const char *use);
void discover_sort_uses(GPtrArray *uses);
/* The PCI functions in a sysfs path, outermost first: char *. */
GPtrArray *discover_path_functions(const char *path);
/* "0000:01:00.0", also with a domain above 16 bits. */
bool discover_is_pci_address(const char *text);
/* @name is @prefix and digits, no more: the number; else -1. */
gint64 discover_numbered(const char *name, const char *prefix);
