/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of app/ops.h share; nobody else includes this. */
#pragma once

#include "app/ops.h"
#include "port/virt.h"

#define JOB_DEFAULT_URI "qemu:///system"

/* How long a guest may take to shut down by itself before it is ended. */
#define JOB_STOP_SECONDS 30

/* job_hosts.c: the hosts of the inventories, or this one (Host *, as the caller's own). What is
 * wrong with a file of them is in @findings. NULL with @error. */
GPtrArray *job_read_hosts(const char *const *inventories, GPtrArray *findings, GError **error);

/* Moves the one host that the spec is for out of @hosts into the job; when there is none or more
 * than one, that is an error among job->findings and job->host stays NULL. */
void job_choose_host(Job *job, GPtrArray *hosts);

/* What is wrong with the choice of hosts (job_hosts.c): @names of those that are there, @count in
 * all. */
void job_tell_no_host(Job *job, const GPtrArray *names, guint count);

/* fleet.c: may these inventories hold many hosts? */
bool job_is_fleet(const char *const *inventories);
/* Reads them and plans: job->fleet; or job->host, when the spec is for one of them alone. */
bool job_plan_fleet(Job *job, const char *const *inventories, GError **error);

/* job.c: the planner knows lines and columns of the spec, but not its file. */
void job_place_findings(const Tree *tree, GPtrArray *findings);
/* As if nothing existed yet; ops_inspect() tells what really is to be done. */
bool job_derive_steps(const Host *host, PlanHost *plan_host, GPtrArray *findings, GError **error);
/* job.c: the tree and spec of the job; job->spec stays NULL where its findings have errors. */
bool job_read_spec(Job *job, const char *path, GError **error);
/* Where the slices run. */
const char *job_uri(const Job *job);
/* Connects, once; the job closes. NULL with @error. */
Virt *job_open_virt(Job *job, GError **error);

/* What a domain of ours holds. */
typedef struct {
    PlanSlice *config; /* by its configuration: where it is to be */
    PlanSlice *live;   /* as it runs; NULL: it does not */
} Held;

void held_free(Held *held);

/* job_running.c: all domains of ours (Held *). */
GPtrArray *job_read_running(Job *job, GError **error);
/* Their configurations (PlanSlice *, still theirs): a pin that was changed behind our back must
 * show as a difference, not become the plan. */
GPtrArray *job_running_configs(const GPtrArray *running);
/* What the plan gives to a slice while another one of ours still holds it is an error among
 * job->findings. */
void job_check_overlap(Job *job, const GPtrArray *running);

/* The path of this program, for the units that it writes. NULL with @error. */
char *job_program(GError **error);
/* boot.c: why the slice may not start now, or NULL. Caller frees. */
char *job_read_held(const char *slice);
/* It may start: what it needs has been made. */
void job_release(const char *slice);

/* The domain XML of a slice; NULL with @error while a VF of it has no address yet. */
char *job_write_domain(const Job *job, const PlanSlice *slice, const char *uuid, GError **error);
