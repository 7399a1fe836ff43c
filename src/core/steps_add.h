/* SPDX-License-Identifier: Apache-2.0 */
/* How the files of core/steps.h append a step. */
#pragma once

#include "core/steps.h"

/* The list owns the result; @why and @undo are copied. */
Step *steps_add(GPtrArray *steps, StepKind kind, const char *subject, const char *why,
                const char *undo, const char *text, ...) G_GNUC_PRINTF(6, 7);
