/* SPDX-License-Identifier: Apache-2.0 */
/* Check: one line of `verify`: what was looked at, the verdict, and the evidence. */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef enum { CHECK_PASS, CHECK_FAIL, CHECK_SKIP } CheckVerdict;

typedef struct {
    CheckVerdict verdict;
    const char *id; /* stable, a literal: "vcpu-pin", "thread-affinity" */
    char *subject;  /* slice name, or host */
    char *text;     /* "vCPU 3 on CPU 18" */
    char *evidence; /* "/proc/4112/task/4122/status: CPU 0/KVM Cpus_allowed_list 4"; may be NULL */
} Check;

GPtrArray *checks_new(void);
Check *checks_add(GPtrArray *checks, CheckVerdict verdict, const char *id, const char *subject,
                  const char *format, ...) G_GNUC_PRINTF(5, 6);
void check_set_evidence(Check *check, const char *format, ...) G_GNUC_PRINTF(2, 3);
const char *check_verdict_name(CheckVerdict verdict); /* "PASS" "FAIL" "SKIP" */
json_t *checks_to_json(const GPtrArray *checks);
