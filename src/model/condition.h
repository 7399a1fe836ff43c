/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Condition: the state a host is in, beyond its inventory, as the files of its kernel have it: each
 * fact is a file and what stands in it, word for word. core/doctor.h judges them; nothing here
 * does. No I/O.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

#include "base/cpuset.h"
#include "model/record.h"

/* Facts that are no files. */
#define CONDITION_LIBVIRT "libvirt"             /* its version, "9.0.0" */
#define CONDITION_LIBVIRT_ERROR "libvirt error" /* why it does not answer */
#define CONDITION_QEMU "qemu"                   /* its version, by libvirt */

typedef struct {
    char *path; /* without the leading "/"; a "*" stands for all of that place with this value */
    char *value;
    CpuSet *cpus; /* of a path with "cpu*": whose value it is; else NULL */
} Fact;

typedef struct {
    GPtrArray *facts; /* Fact *; what is not known is not in it */
} Condition;

extern const Record CONDITION_RECORD;

Condition *condition_new(void);
void condition_free(Condition *condition);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Condition, condition_free)

/* Copies @path and @value, takes @cpus. */
void condition_add(Condition *condition, const char *path, const char *value, CpuSet *cpus);

/* The value of the first fact of that path, or NULL: unknown. */
const char *condition_value(const Condition *condition, const char *path);
