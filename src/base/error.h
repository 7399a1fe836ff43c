/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error domain of bmslice. A failure is a GError: it is returned, prefixed on the way up
 * (g_prefix_error) and printed once, in src/cli/main.c. It must not carry findings: those are data
 * (model/finding.h).
 */
#pragma once

#include <glib.h>

#define BMS_ERROR (bms_error_quark())

typedef enum {
    BMS_ERROR_FAILED, /* it could not be done: exit 1 */
    BMS_ERROR_USAGE,  /* the caller asked for something that makes no sense: exit 2 */
} BmsError;

GQuark bms_error_quark(void);
