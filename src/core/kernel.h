/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel arguments as values: does a running kernel's command line give what a plan asks for?
 * (Documentation/admin-guide/kernel-parameters.txt) Pure.
 */
#pragma once

#include <stdbool.h>

#include "model/plan.h"

/* @cmdline: /proc/cmdline, NULL: unknown, which meets nothing. @argument: one of
 * plan_host->kernel_args. Lists of isolated CPUs may hold more than is asked for (a host that was
 * prepared for more slices), but none that the host keeps; irqaffinity may be any that spares the
 * slices' CPUs. All others must be there word for word. *@ret_word, where wanted: the word of the
 * command line that decides, or NULL; the caller frees it. */
bool kernel_argument_is_met(const PlanHost *plan_host, const char *cmdline, const char *argument,
                            char **ret_word);
