/* SPDX-License-Identifier: Apache-2.0 */
/* What the subjects of core/steps_host.c share: each is one function in a file host_<subject>.c. */
#pragma once

#include "core/steps_add.h"
#include "model/facts.h"

typedef struct {
    const Host *host;
    const PlanHost *plan_host;
    const Facts *facts;  /* NULL: the host is only known from an inventory */
    const char *program; /* path of bmslice on the host, for its units; NULL with @facts */
} HostInput;

void host_kernel_args(const HostInput *input, GPtrArray *steps, GPtrArray *findings);
void host_pages(const HostInput *input, GPtrArray *steps, GPtrArray *findings);
void host_vfs(const HostInput *input, GPtrArray *steps, GPtrArray *findings);
void host_services(const HostInput *input, GPtrArray *steps, GPtrArray *findings);
void host_interrupts(const HostInput *input, GPtrArray *steps, GPtrArray *findings);
void host_tuning(const HostInput *input, GPtrArray *steps, GPtrArray *findings);
void host_partition(const HostInput *input, GPtrArray *steps, GPtrArray *findings);
void host_boot_unit(const HostInput *input, GPtrArray *steps, GPtrArray *findings);

/* Appends a step that makes one setting, which the step takes; the undo is told from @before, the
 * value it has now. */
Step *host_add_setting(GPtrArray *steps, StepKind kind, const char *subject, Setting *setting,
                       const char *before, const char *why, const char *text, ...)
    G_GNUC_PRINTF(7, 8);
