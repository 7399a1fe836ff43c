/* SPDX-License-Identifier: Apache-2.0 */
/* Every hard rule of a plan (design sections 6 and 7), asserted. It shares no code with the planner
 * and aborts the test at the first breach. tests/check-plan does the same for people. */
#pragma once

#include "model/host.h"
#include "model/plan.h"
#include "model/spec.h"

void plan_check(const Spec *spec, const SpecHost *spec_host, const Host *host, const Plan *plan);
