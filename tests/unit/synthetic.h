/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole servers from one line, for tests of the planner (the idea is hwloc's synthetic topologies):
 *
 *   "numa:2 l3:1 core:6 pu:2 mem:32 nic:2x8vf@0 nic:1@1 pair@0 used@0 dev:2@1"
 *
 *   numa, l3, core, pu  NUMA nodes, L3 domains a node, cores an L3 domain, threads a core
 *   sib:near            siblings are n and n + 1; else n and n + number of cores
 *   mem:GIB             of each node; mem:? not known
 *   page:MIB, page:MIB/K  hugepages of that size, ascending, none or K on each node; without:
 *                       which there are is not known
 *   off:CPU             this CPU is offline
 *   lost:CPU            the node of this CPU's core is not known
 *   nic:K@N, nic:KxVvf@N  K PFs on node N, each with V VFs to be made; N = ? not known
 *   vfs:V@N             a PF with V VFs made already
 *   pair@N              two NICs in one IOMMU group
 *   used@N              a NIC that the host uses
 *   bare@N              a NIC without a network interface, as while vfio has it
 *   dev:K@N             K accelerators 8086:0d5c
 *   nic:K@N/80          with a node, any of these: below the root complex pci0000:80
 *   iommu:off, kvm:off
 *
 * PFs are called nic0, nic1 ... in this order, pairs and used ones too.
 */
#pragma once

#include "model/host.h"
#include "model/spec.h"

/* Aborts the test when the text is wrong or the host is not sound. */
Host *synthetic_host(const char *text);

/* Aborts the test when the spec is wrong. The caller owns both. */
Spec *synthetic_spec(const char *yaml, Tree **ret_tree);
