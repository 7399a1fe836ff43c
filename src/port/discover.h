/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Discovery: this host, or a captured tree, into a Host. One file per subject (discover_cpu.c,
 * discover_pci.c ...). What cannot be known stays unset and is a finding; nothing is guessed.
 */
#pragma once

#include "model/host.h"
#include "port/asked.h"
#include "port/root.h"

/* @root_directory: NULL for this running host, else a captured tree ("DIR/sys", "DIR/proc"), which
 * gives a Host marked as replayed. NULL with @error only when nothing can be read at all. */
Host *discover_host(const char *root_directory, GPtrArray *findings, GError **error);

/* The same of a root that is open. @directory: as @root_directory. @asked: of a running host, to be
 * completed; of a captured tree, what it has, or NULL. */
Host *discover_root(Root *root, const char *directory, Asked *asked, GPtrArray *findings,
                    GError **error);
