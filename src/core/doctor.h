/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doctor: what stands between a host and slices that run, and run well: each finding with its
 * evidence (file and value) and the exact mend. Pure: it judges an inventory and the facts that
 * port/examine.h read; what is not known makes no finding.
 */
#pragma once

#include <glib.h>

#include "model/condition.h"
#include "model/finding.h"
#include "model/host.h"
#include "model/spec.h"

/* The code of each check (const char *). Caller unrefs. */
GPtrArray *doctor_codes(void);

/* Adds to @findings, and sorts all of them worst first. @spec: only what matters for it; NULL: all.
 * @fleet: the hosts that are to share the spec (Host *), or NULL. */
void doctor_check(const Host *host, const Condition *condition, const Spec *spec,
                  const GPtrArray *fleet, GPtrArray *findings);
