/* SPDX-License-Identifier: Apache-2.0 */
/* The names that `capture --anonymise` takes out: the host's, and MAC addresses, each everywhere
 * for the same other one. */
#pragma once

#include <glib.h>

typedef struct Names Names;

/* @hostname may be NULL. */
Names *names_new(const char *hostname);
void names_free(Names *names);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Names, names_free)

/* @text with other names: the host is "host1", MAC addresses count up from 02:00:00:00:00:01, also
 * within the names of interfaces ("enx020000000001"). Caller frees. */
char *names_replace(Names *names, const char *text);
