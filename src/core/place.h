/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The planner: all slices of a spec onto one host, together. Pure: the same input gives the same
 * bytes. The hard rules of design section 6 are never traded; what cannot be placed is refused
 * whole, with the reason.
 */
#pragma once

#include "model/host.h"
#include "model/plan.h"
#include "model/spec.h"

/* @running: PlanSlice * that run on the host now and stay where they are as long as that breaks no
 * rule of the spec; NULL or empty: none. The plan's findings hold refusals (errors), and what the
 * plan costs (warnings). Steps are not yet in it: core/steps.h. Never NULL. */
Plan *place_slices(const Spec *spec, const SpecHost *spec_host, const Host *host,
                   const GPtrArray *running);
