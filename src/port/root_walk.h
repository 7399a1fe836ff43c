/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resolution of a path inside a folder in user space, for kernels before 5.6 and sandboxes that
 * refuse openat2(). Of root.c only; it has its own header for the tests.
 */
#pragma once

#include <stdbool.h>

/* An O_PATH descriptor of @path below @root_fd, or -1 with errno. Symlinks, absolute ones too, and
 * ".." stay inside. @follow: follow a symlink in the last place. */
int root_walk_open(int root_fd, const char *path, bool follow);
