/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wanted against running, setting by setting. The table of settings in compare.c is the one place
 * that says what of a domain XML bmslice cares for, how it is called in a diff, and whether it can
 * change under a running guest. Pure.
 */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/* While one of these differs, pins cannot be set: threads are missing or too many. */
#define COMPARE_VCPUS "vcpus"
#define COMPARE_IOTHREADS "iothreads"

typedef struct {
    char *setting; /* "vcpu 3 pin", "memory", "disk vda source" */
    char *wanted;  /* NULL: should not be there */
    char *running; /* NULL: is not there */
    bool live;     /* can be changed while the guest runs */
} Difference;

/* Both are domain XML; what libvirt adds by itself (addresses, aliases, machine version) does not
 * count. Differences *, in table order; empty when equal. @error when one cannot be read. */
GPtrArray *compare_domains(const char *wanted_xml, const char *running_xml, GError **error);

/* Adds that of the disk's size, which no domain XML has; in bytes, unset: unknown, no difference.
 */
void compare_disk(gint64 wanted, gint64 now, GPtrArray *differences);

json_t *differences_to_json(const GPtrArray *differences);
