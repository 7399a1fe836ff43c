/* SPDX-License-Identifier: Apache-2.0 */
/* Proof, check by check: what was planned against what libvirt and the kernel show. Pure. */
#pragma once

#include "model/check.h"
#include "model/host.h"
#include "model/observed.h"
#include "model/plan.h"

/* @observed NULL: no such domain. */
void verify_slice(const Host *host, const PlanHost *plan_host, const PlanSlice *slice,
                  const Observed *observed, GPtrArray *checks);

/* What concerns the host as a whole: isolated CPUs in force, kernel arguments. */
void verify_host(const Host *host, const PlanHost *plan_host, GPtrArray *checks);
