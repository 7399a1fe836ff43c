/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan that is stored on a prepared host, which each boot makes true again (app/boot.c). It is
 * the last spec's that was prepared, or applied on the prepared host.
 */
#pragma once

#include "app/changes.h"

/* *@ret_plan: of one host; NULL: none is stored. False with @error when it is no plan. */
bool boot_plan_read(const Hands *hands, GPtrArray *findings, Plan **ret_plan, GError **error);

/* The slices of the stored plan that @plan_host lacks and that are in @existing (PlanSlice *, the
 * domains of ours): a warning in @findings for all of them. Are there any? */
bool boot_plan_tell_others(const Plan *stored, const PlanHost *plan_host, const GPtrArray *existing,
                           GPtrArray *findings);

/* For a spec that is applied without being prepared: stores its plan where one is stored already
 * and all slices of that are in the new one or gone. Else what would be missing after a reboot is
 * told among changes->findings. */
bool boot_plan_keep(Changes *changes, const PlanHost *plan_host, const GPtrArray *existing,
                    GError **error);
