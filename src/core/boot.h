/* SPDX-License-Identifier: Apache-2.0 */
/* What the host must have before a slice of the stored plan may start. Pure. */
#pragma once

#include "core/steps.h"

/* Are all the ports there that the plan's VFs lie on? Drivers take their time at boot. */
bool boot_ports_are_there(const Host *host, const PlanHost *plan_host);
/* Why the slice's devices are not what they were when it was planned (gone, another card, in use by
 * the host), or NULL. Caller frees. */
char *boot_find_flaw(const Host *host, const PlanSlice *slice);
/* Does the slice need what this step of the host makes? Pages on its nodes, VFs of its ports; the
 * rest costs it speed only. */
bool boot_step_concerns(const Step *step, const PlanSlice *slice);
