/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of core/verify.h share. */
#pragma once

#include <stdbool.h>

#include "core/verify.h"

typedef struct {
    const Host *host;
    const PlanHost *plan_host;
    const PlanSlice *slice;
    const Observed *observed;
    GPtrArray *checks;
} VerifyContext;

/* A check of the slice: PASS when @good, else FAIL. The text says what should be; the evidence,
 * which the caller sets, says what is. */
Check *verify_add(const VerifyContext *context, bool good, const char *id, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
void verify_skip(const VerifyContext *context, const char *id, const char *why);

/* The list, or "unknown" for NULL. Caller frees. */
char *verify_list(const CpuSet *cpus);

/* Checks of its PCI functions (verify_devices.c). */
void verify_device_present(const VerifyContext *context, const char *id);
void verify_device_driver(const VerifyContext *context, const char *id);
void verify_device_group(const VerifyContext *context, const char *id);

/* Checks of the process (verify_threads.c). */
void verify_vcpu_threads_complete(const VerifyContext *context, const char *id);
void verify_thread_affinity(const VerifyContext *context, const char *id);
void verify_foreign_cpu(const VerifyContext *context, const char *id);
