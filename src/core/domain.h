/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libvirt domain XML of a slice (https://libvirt.org/formatdomain.html): written from plan and
 * host, and read back. Pure.
 */
#pragma once

#include <stdbool.h>

#include "model/host.h"
#include "model/ownership.h"
#include "model/plan.h"

/* @uuid: of the domain that is redefined, or NULL for a new one. A device or disk whose address is
 * not known yet (PlanDevice.address NULL) is an error finding of the planner and must not get here.
 * Caller frees. */
char *domain_write_xml(const Host *host, const PlanHost *plan_host, const PlanSlice *slice,
                       const char *uuid);

/* Bytes of guest memory on node slice->nodes[@index] (0 for a slice without nodes): whole pages,
 * split evenly, what is left over on the first nodes. */
gint64 domain_node_bytes(const PlanSlice *slice, guint index);
/* Pages of @page_bytes that the slices of @plan_host need on host node @node. */
gint64 domain_pages_on_node(const PlanHost *plan_host, gint64 node, gint64 page_bytes);

/* Sockets the guest sees; vcpus / (sockets * threads) cores in each. */
guint domain_guest_sockets(const PlanSlice *slice);

/* What the XML of one of our domains says of its placement: name, cluster, nodes, pins, memory,
 * devices (address, kind, mac, vlan), disk path. NULL with @error when it is no domain XML of ours.
 */
PlanSlice *domain_read_xml(const char *xml, GError **error);

/* Does this domain XML carry our metadata element? */
bool domain_is_ours(const char *xml);
