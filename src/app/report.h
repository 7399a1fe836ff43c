/* SPDX-License-Identifier: Apache-2.0 */
/* How the files of app/ tell what they do. */
#pragma once

#include "app/ops.h"

/* @report may be NULL. */
void report_message(const OpsReport *report, const char *format, ...) G_GNUC_PRINTF(2, 3);
