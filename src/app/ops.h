/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The use cases. The command line calls these and nothing below them; a web page would call the
 * same. They print nothing: results and findings come back as data, progress through a callback.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "core/compare.h"
#include "core/explain.h"
#include "core/steps.h"
#include "model/check.h"
#include "model/condition.h"
#include "model/finding.h"
#include "model/host.h"
#include "model/observed.h"
#include "model/plan.h"
#include "model/spec.h"

/* Opened and closed in here: callers of app never see port. */
struct FleetJob;
struct Lock;
struct Virt;

/* One spec on one host: all that the verbs share. */
typedef struct {
    Tree *tree;
    Spec *spec;
    Host *host;
    const SpecHost *spec_host;
    Plan *plan;          /* findings in it are those of reading, discovery and planning, in order */
    PlanHost *plan_host; /* the plan's one host; NULL when there are error findings before it */
    struct FleetJob *fleet; /* many hosts: then host and plan_host are NULL, and plan holds all but
                             * the hosts */
    GPtrArray *findings;    /* everything said so far; plan_to_json writes the plan's own */
    GPtrArray *running;     /* what runs on the host (app/job.h); NULL: not looked at */
    struct Lock *lock;      /* held from before the host is looked at until the job ends */
    struct Virt *virt;      /* the connection, once an operation needed it */
    char *connect;          /* overrides the spec's uri, or NULL */
} Job;

void job_free(Job *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Job, job_free)

typedef struct {
    const char *spec_path;
    const char *const *inventories; /* NULL-terminated paths; NULL or empty: this host */
    const char *connect;            /* overrides the spec's uri; NULL: the spec's */
    bool exclusive;                 /* will change the host: no other bmslice may, meanwhile */
    bool fleet;                     /* may plan many hosts of the inventories */
    bool live;                      /* must be this host: refuses a replayed inventory */
} JobOptions;

typedef void (*OpsMessage)(const char *text, void *data);
/* A long transfer: bytes done of total. */
typedef void (*OpsProgress)(const char *what, gint64 done, gint64 total, void *data);

typedef struct {
    OpsMessage message;   /* a step starts or is done; may be NULL */
    OpsProgress progress; /* may be NULL */
    void *data;
} OpsReport;

/* Reads spec and host, and plans. false with @error on failure; bad data is in job->findings, and
 * job->plan is NULL when it keeps planning from happening. */
bool ops_plan(const JobOptions *options, Job **ret_job, GError **error);

/* A piece of text; false stops the writing. */
typedef bool (*OpsWrite)(const char *text, gsize length, void *data);

/* The Plan JSON of a fleet: one object, each host with slices on a line of its own, written as it
 * is made. */
bool ops_write_fleet(const Job *job, OpsWrite write, void *data, GError **error);

/* One host of a fleet's plan, for eyes. */
typedef struct {
    const char *name;
    GPtrArray *slices; /* const char *: names; the reader's */
} OpsFleetHost;

/* Each host with slices, in the order of the inventory. */
void ops_each_fleet_host(const Job *job, void (*each)(const OpsFleetHost *host, void *data),
                         void *data);

/* Each of them as a job of one host, as if it alone had been planned: host, plan and plan_host are
 * valid during the call. Slow beside the others: for what is wanted host by host. */
typedef bool (*OpsEachJob)(const Job *one, void *data, GError **error);
bool ops_each_fleet_job(const Job *job, OpsEachJob each, void *data, GError **error);
/* The domain XML of each slice, DIR/HOST/SLICE.xml. */
bool ops_write_fleet_xml(const Job *job, const char *directory, GError **error);

/* One file with a page for each host (core/picture_fleet.h). Replaces @path at once or not at all.
 */
bool ops_write_fleet_html(const Job *job, const char *path, GError **error);

/* Wanted domain XML of each slice, in plan order (char *). NULL with @error while a VF of one has
 * no address yet. */
GPtrArray *ops_domain_xml(const Job *job, GError **error);
/* The same as files, DIR/SLICE.xml; makes the folder when there is none. */
bool ops_write_xml(const Job *job, const char *directory, GError **error);

/* The plan as pictures (core/picture.h): one SVG, or an HTML page. Replaces @path at once or not at
 * all. */
bool ops_write_svg(const Job *job, const char *path, GError **error);
bool ops_write_html(const Job *job, const char *path, GError **error);
/* Where the slice could be instead, and what would let it in. *@ret_explanation: NULL when
 * job->findings say why nothing can be placed. False with @error for a name that is not in the
 * spec.
 */
bool ops_explain(Job *job, const char *slice, Explanation **ret_explanation, GError **error);
typedef struct {
    const char *spec_path;          /* only what matters for it; NULL: all */
    const char *root;               /* a captured tree; NULL: this host */
    const char *const *inventories; /* hosts that share the spec; NULL-terminated, or NULL */
    const char *connect;            /* overrides the spec's uri; NULL: the spec's */
} DoctorOptions;

/* What stands between a host and slicing: *@ret_job has the host and the findings, worst first;
 * *@ret_condition (the caller's) the facts they rest on, NULL when the spec is not one. */
bool ops_doctor(const DoctorOptions *options, Job **ret_job, Condition **ret_condition,
                GError **error);

/* The inventory of this host (@root NULL) or of a captured tree. */
Host *ops_discover(const char *root, GPtrArray *findings, GError **error);

/* The inventory of the host that libvirt at @uri leads to, as far as it tells. */
Host *ops_discover_libvirt(const char *uri, GPtrArray *findings, GError **error);

/* What discovery and doctor read of this host, into the tar @path ("-": standard output).
 * *@ret_entries: how many files, links and folders are in it. */
bool ops_capture(const char *path, bool anonymise, guint *ret_entries, GPtrArray *findings,
                 GError **error);

/* One slice as wanted and as it is. */
typedef struct {
    const PlanSlice *slice;
    Observed *observed; /* NULL: does not exist */
    char *wanted_xml;
    GPtrArray *differences; /* Difference *; NULL when observed is NULL */
    GPtrArray *steps;       /* Step *, what apply would do */
    bool needs_restart;
} SliceState;

/* What apply would do, for apply --dry-run, diff and apply itself: SliceState *, in plan order.
 * Opens the connection. @restart: running slices may be stopped and started. */
GPtrArray *ops_inspect(Job *job, bool restart, GError **error);
/* Those of the plan's host steps that the slices cannot start without: pages, VFs, ports that are
 * up.
 * *@ret_changed: something was; then the host is another one, and is to be planned anew. */
bool ops_apply_host(Job *job, const OpsReport *report, bool *ret_changed, GError **error);
/* Runs exactly the steps of @states. */
bool ops_apply(Job *job, GPtrArray *states, const OpsReport *report, GError **error);
bool ops_verify(Job *job, GPtrArray **ret_checks, GError **error);
/* @names: NULL-terminated; NULL or empty: all of the spec. *@ret_steps: what was done (Step *). */
bool ops_destroy(Job *job, const char *const *names, bool delete_disks, const OpsReport *report,
                 GPtrArray **ret_steps, GError **error);
/* All slices of ours on the host @connect leads to, running or not: Observed *, by name. */
GPtrArray *ops_status(const char *connect, GError **error);
