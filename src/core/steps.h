/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of steps between what is and what the plan wants: built first, run later, so that a dry
 * run prints exactly what would be done. Pure.
 */
#pragma once

#include "model/host.h"
#include "model/observed.h"
#include "model/plan.h"

typedef struct {
    bool restart; /* the user allows a running slice to be stopped and started */
} StepsOptions;

/* What the host still lacks for this plan, by what the inventory shows: kernel arguments not in
 * force, hugepages missing on a node, VFs not made. This version leaves them to the user (by_hand).
 */
void steps_derive_host(const Host *host, const PlanHost *plan_host, GPtrArray *steps);

/* For one slice. @observed NULL: nothing of that name exists. @wanted_xml: domain_write_xml().
 * A change that only a restart can bring, without options->restart, gives the steps that need none,
 * and sets *@ret_needs_restart. */
bool steps_derive_slice(const PlanSlice *slice, const char *wanted_xml, const Observed *observed,
                        const StepsOptions *options, GPtrArray *steps, bool *ret_needs_restart,
                        GError **error);

/* To remove a slice. */
void steps_derive_destroy(const PlanSlice *slice, const Observed *observed, bool delete_disks,
                          GPtrArray *steps);

GPtrArray *steps_new(void);
