/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no file tells, or only beside what is private (addresses): a running host's kernel is asked
 * for it, and a captured tree has the answers in a file of its own (ASKED_FILE), so that discovery
 * says the same of both. A tree that another tool captured has none.
 */
#pragma once

#include <glib.h>

#include "model/record.h"
#include "port/root.h"

#define ASKED_FILE "bmslice.json"

typedef struct {
    char *name;
    GPtrArray *altnames; /* char *; NULL: unknown */
    char *mac;           /* the permanent one, as the driver tells it; or NULL */
    char *system, *port; /* of the switch at the other end, by LLDP; or NULL */
    GPtrArray *uses;     /* char *: HOST_USE_... that the interface has by itself */
} AskedNet;

typedef struct {
    gint64 version;  /* 1 */
    char *arch;      /* uname -m */
    char *kvm;       /* of /dev/kvm: "mode=0660 uid=0 gid=107"; NULL: not there */
    int routes;      /* could the routes be read? */
    GPtrArray *nets; /* AskedNet * */
} Asked;

/* asked_names.c: adds all interfaces with their other names. */
void asked_add_names(Asked *asked);

/* asked_lldp.c: adds what lldpd has heard, where it runs; and that of its answer @text. */
void asked_add_lldp(Asked *asked);
void asked_add_neighbours(Asked *asked, const char *text);

/* Asks the running kernel all but what is asked for each interface (asked_find_net). */
Asked *asked_new_live(void);
/* The file in a captured tree; NULL when there is none, or it is broken. */
Asked *asked_read(Root *root);
/* Its text, for a captured tree. Caller frees. */
char *asked_write(const Asked *asked);
void asked_free(Asked *asked);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Asked, asked_free)

/* The interface of that name; @add: made when it is not there, else NULL then. */
AskedNet *asked_find_net(Asked *asked, const char *name, bool add);
