/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain's QEMU process as the kernel shows it: threads and their CPUs
 * (/proc/PID/task/TID/status, man 5 proc), guest memory by node (numa_maps), drivers bound to its
 * devices.
 */
#pragma once

#include "model/observed.h"
#include "model/plan.h"

/* Fills pid, threads, memory and devices of @observed, which has name, uuid and xml. A process that
 * cannot be found, or is not this domain's (its command line lacks the uuid), leaves pid 0.
 * @root_directory: NULL for this running host, else a tree with "proc", "run" and "sys" for tests.
 */
void process_observe(const char *root_directory, Observed *observed);
