/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Host from what libvirt tells of one (https://libvirt.org/formatcaps.html, formatnode.html): for
 * servers that are reached by libvirt only. What it does not tell is unset: above all what the host
 * uses its devices for, so no plan hands out one of them from such an inventory. Pure.
 */
#pragma once

#include "model/finding.h"
#include "model/host.h"

/* @capabilities: XML of virConnectGetCapabilities(); @devices: XML of node devices (char *), those
 * that are neither PCI functions nor network interfaces are passed over. NULL with @error when they
 * are not XML. */
Host *host_from_libvirt(const char *hostname, const char *capabilities, const GPtrArray *devices,
                        GPtrArray *findings, GError **error);
