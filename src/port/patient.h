/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes to files of the kernel, some of which never return (a driver that waits for a guest, a VF
 * in use). Each is done by a child with a deadline: what hangs is the child, and it is told of.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Writes @text to @path at once, as a shell's echo would. When the write has not come back after
 * @seconds, *@error names the file, the child, its state and where in the kernel it waits (man 5
 * proc: stat, wchan); the child is left behind, for it cannot be ended. */
bool patient_write(const char *path, const char *text, guint seconds, GError **error);
