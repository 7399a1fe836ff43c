/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Discovery: this host, or a captured tree, into a Host. One file per subject (discover_cpu.c,
 * discover_pci.c ...). What cannot be known stays unset and is a finding; nothing is guessed.
 */
#pragma once

#include "model/host.h"

/* @root_directory: NULL for this running host, else a captured tree ("DIR/sys", "DIR/proc"), which
 * gives a Host marked as replayed. NULL with @error only when nothing can be read at all. */
Host *discover_host(const char *root_directory, GPtrArray *findings, GError **error);
