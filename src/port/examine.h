/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the state of a host that `doctor` judges: a table of files below /sys, /proc and /etc, of
 * this host or of a captured tree. It decides nothing.
 */
#pragma once

#include <glib.h>

#include "model/condition.h"
#include "model/host.h"
#include "port/asked.h"

/* @root_directory: a captured tree, or NULL for this host. @host: its inventory, which tells whose
 * files there are. NULL with @error when the directory cannot be opened. */
/* The same of a root that is open; @asked is the device's own answer, NULL: unknown. */
Condition *examine_root(Root *root, const Asked *asked, const Host *host);

Condition *examine_host(const char *root_directory, const Host *host, GError **error);
