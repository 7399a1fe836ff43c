/* SPDX-License-Identifier: Apache-2.0 */
/* Reads model/facts.h of this host, or of a tree that stands for one. */
#pragma once

#include "model/facts.h"
#include "port/hands.h"

/* @patterns: NULL-terminated, as of man 7 glob. What cannot be read is left out. White space at the
 * end of what the kernel says is taken off; files of the disk are taken as they are. */
Facts *facts_read(const Hands *hands, const char *const *patterns);
