/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many hosts in one plan. Hosts are read one by one and written one by one; what is kept of each is
 * its name, which form it has, and its slices. The files below are all that include this:
 *
 *   fleet_read.c   inventories -> forms and hosts
 *   fleet_text.c   the plan of a pattern as text with gaps, filled for each host
 *   fleet.c        the use case
 *   fleet_hosts.c  its hosts one by one
 *   fleet_page.c   the same as a page for a browser
 */
#pragma once

#include "app/job.h"
#include "core/fleet.h"

/* A Host JSON text of which others differ only in the name, the MAC addresses, the sizes of memory
 * and the kernel command line: these need not be parsed again. */
typedef struct {
    char *text; /* NULL: no longer compared with */
    gsize length;
    GArray *gaps; /* where in the text those values are; fleet_read.c */
    Host *host;   /* as parsed */
    guint n_nodes, n_macs;
} FleetForm;

/* Hosts that get the same plan for the same slices. */
typedef struct {
    Host *host; /* the first of them */
    const SpecHost *spec_host;
    guint class;
    guint number;
} FleetVariant;

typedef struct {
    const char *name;    /* in FleetJob.names */
    const char *cmdline; /* there too; or NULL */
    const SpecHost *spec_host;
    guint form, variant; /* variant: once it is known */
    guint memory;        /* index of its first node's size in FleetJob.memory */
    guint macs;          /* index of its first NIC's address in FleetJob.macs */
} FleetMember;

typedef struct FleetJob {
    Fleet *fleet;        /* NULL while hosts are read */
    GPtrArray *forms;    /* FleetForm * */
    GPtrArray *variants; /* FleetVariant * */
    GArray *members;     /* FleetMember: the hosts that the spec is for, as they came */
    GPtrArray *macs;     /* const char *, in names: of each net of each member that has one */
    GArray *memory;      /* gint64 bytes of each node of each member */
    GStringChunk *names;
    GHashTable *seen;  /* names of all hosts, the others too */
    GPtrArray *others; /* char *: some hosts that the spec is not for */
    guint n_others;
    GHashTable *texts; /* FleetText by variant and pattern */
} FleetJob;

/* By number of its NICs; NULL when no host has one. */
static inline const char *const *fleet_macs_of(const FleetJob *job, const FleetMember *member)
{
    return job->macs->len ? (const char *const *)job->macs->pdata + member->macs : NULL;
}

FleetJob *fleet_job_new(void);
void fleet_job_free(FleetJob *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FleetJob, fleet_job_free)

/* fleet_read.c: all hosts of the inventories; those that @spec is for become members. */
bool fleet_read(FleetJob *job, const Spec *spec, const char *const *inventories,
                GPtrArray *findings, GError **error);
/* A kernel command line without what is each host's own, and nothing to a plan: where its root and
 * its image are. Caller frees; NULL for NULL. */
char *fleet_plain_cmdline(const char *cmdline);
/* The member's Host; caller frees. */
Host *fleet_member_host(const FleetJob *job, const FleetMember *member);

/* fleet.c: the members as hosts of job->fleet. */
void fleet_add_members(FleetJob *job, const Spec *spec);
/* The plan of a member that has slices, as text; the job's. */
const struct FleetText *fleet_find_text(FleetJob *job, guint member, GError **error);

/* fleet_hosts.c: what is written for the member, read back: so it is the same. NULL with @error. */
Plan *fleet_member_plan(const FleetJob *job, guint member, GError **error);

/* fleet_text.c */
typedef struct FleetText FleetText;

/* @plan: of a pattern, with marks; its steps are derived here. */
FleetText *fleet_text_new(const Fleet *fleet, const FleetPattern *pattern, const Host *host,
                          Plan *plan, GError **error);
void fleet_text_free(FleetText *text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FleetText, fleet_text_free)
/* What its plan costs (Finding *, with marks). */
const GPtrArray *fleet_text_findings(const FleetText *text);
/* Appends the host's plan as one line of JSON. @host_macs: by number of the host's NIC. */
void fleet_text_fill(const FleetText *text, const Fleet *fleet, const FleetHost *host,
                     const char *hostname, const char *const *host_macs, GString *out);
/* The MAC addresses of the host's own NICs, by number, as far as they are known. */
void fleet_each_mac(Host *host, void (*each)(char **mac, guint number, void *data), void *data);
/* Puts marks for the MAC addresses of the host's own NICs, which its steps name. */
void fleet_mark_host_macs(Host *host);
/* Marks replaced by the names that they have on this host. Caller frees; NULL for NULL. */
char *fleet_unmark(const char *text, const Fleet *fleet, const FleetHost *host);
/* Bytes of each node of its host that slices have. */
const gint64 *fleet_text_used(const FleetText *text);
/* The slices that the host has, const SpecInstance *. */
GPtrArray *fleet_text_instances(const FleetText *text, const Fleet *fleet, const FleetHost *host);
/* Words of its findings with tokens (core/picture_fleet.h) that number these. Caller frees. */
char *fleet_text_words(const FleetText *text, const Fleet *fleet, const char *words);
/* Instances of the host that its planner refused all the same (guint); usually none. */
void fleet_text_refused(const FleetText *text, const Fleet *fleet, const FleetHost *host,
                        GArray *instances);
