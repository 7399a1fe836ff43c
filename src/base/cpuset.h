/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CpuSet: a set of CPU numbers (also used for NUMA node numbers). Text form is the kernel's list
 * format, "0-3,8" (Documentation/admin-guide/cputopology.rst and bitmap_parselist()).
 * It must not know what a CPU is, nor read files.
 *
 * A CpuSet pointer that is NULL means "unknown" in the models; the functions below want a set,
 * but for cpuset_free(), cpuset_copy(), cpuset_equal() and cpuset_format(), which take NULL.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Above the largest NR_CPUS of any kernel; a larger number in a list is an error, not memory. */
#define CPUSET_LIMIT 65536

typedef struct CpuSet CpuSet;

CpuSet *cpuset_new(void);
CpuSet *cpuset_copy(const CpuSet *set);
void cpuset_free(CpuSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CpuSet, cpuset_free)

/* Parses a kernel list; "" is the empty set. White space and NULs at the end are ignored.
 * Accepts the stride form "0-31:2/4". Returns a new set, or NULL with @error. */
CpuSet *cpuset_parse(const char *list, GError **error);

/* The kernel's other way of writing a set: hexadecimal words of 32 bits with commas, the highest
 * first ("ff,ffffffff"; lib/vsprintf.c, %*pb). NULL when @text is none. */
CpuSet *cpuset_parse_mask(const char *text);
char *cpuset_format_mask(const CpuSet *set); /* caller frees */

/* The kernel list, shortest form, ascending; "" for the empty set. NULL gives NULL. Caller frees.
 */
char *cpuset_format(const CpuSet *set);

void cpuset_add(CpuSet *set, guint cpu); /* cpu < CPUSET_LIMIT */
void cpuset_remove(CpuSet *set, guint cpu);
bool cpuset_has(const CpuSet *set, guint cpu);
guint cpuset_count(const CpuSet *set);
bool cpuset_is_empty(const CpuSet *set);

/* The lowest member >= @from, or -1. Loop: for (int c = cpuset_next(s, 0); c >= 0;
 * c = cpuset_next(s, c + 1)). */
int cpuset_next(const CpuSet *set, guint from);

void cpuset_union(CpuSet *set, const CpuSet *other);     /* set |= other */
void cpuset_subtract(CpuSet *set, const CpuSet *other);  /* set &= ~other */
void cpuset_intersect(CpuSet *set, const CpuSet *other); /* set &= other */
bool cpuset_intersects(const CpuSet *a, const CpuSet *b);
bool cpuset_is_subset(const CpuSet *inner, const CpuSet *outer);
bool cpuset_equal(const CpuSet *a, const CpuSet *b); /* two NULLs are equal */
