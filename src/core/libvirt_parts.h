/* SPDX-License-Identifier: Apache-2.0 */
/* What the files libvirt_*.c share; nobody else includes this. */
#pragma once

#include "core/libvirt_host.h"
#include "model/host_gaps.h"

/* The host itself knows more than its libvirt tells. */
#define LIBVIRT_WARN(code, ...)                                                                    \
    finding_set_hint(findings_add(findings, FINDING_WARNING, (code), host->hostname, __VA_ARGS__), \
                     "run bmslice discover on the host itself")

/* libvirt_devices.c: PCI functions and their interfaces, of a @host whose CPUs and nodes are known.
 */
void libvirt_read_devices(const LibvirtTold *told, Host *host, GPtrArray *findings);
