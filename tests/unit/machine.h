/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server and the slices that the tests of domain, compare, steps and verify share: two nodes,
 * 24 CPUs, siblings n and n + 12, even CPUs on node 0, as in the runbook. Written as YAML of the
 * Host and Plan JSON; a test changes members as it needs.
 */
#pragma once

#include "model/host.h"
#include "model/plan.h"

#define GIB (G_GINT64_CONSTANT(1) << 30)

/* Each aborts the test when its text cannot be decoded whole. */
Host *machine_host(void);
PlanSlice *machine_slice(const char *yaml);
/* A plan with one host, "server1", and these slices (NULL-terminated YAML texts). */
Plan *machine_plan(const char *const *slices);
CpuSet *machine_cpus(const char *list);

/* Where tests/golden/domain/NAME.xml lies. Caller frees. */
char *machine_golden_path(const char *name);

extern const char MACHINE_RED[];
extern const char MACHINE_BLUE[];
extern const char MACHINE_VF[];        /* a VF with MAC and VLAN, another without VLAN */
extern const char MACHINE_TWO_NODES[]; /* 1 GiB pages on both nodes */
extern const char MACHINE_SMALL[];     /* no disk, no devices, service on the host's CPUs */
