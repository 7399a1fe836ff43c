/* SPDX-License-Identifier: Apache-2.0 */
/* From a spec file to a plan. */
#include "app/job.h"

#include "app/fleet.h"
#include "base/error.h"
#include "core/libvirt_host.h"
#include "core/place.h"
#include "port/discover.h"
#include "port/facts.h"
#include "port/file.h"
#include "port/lock.h"

#define SPEC_MAX_BYTES ((gsize)4 * 1024 * 1024)

void job_free(Job *job)
{
    if (!job)
        return;
    virt_close(job->virt);
    lock_release(job->lock);
    fleet_job_free(job->fleet);
    plan_free(job->plan);
    host_free(job->host);
    spec_free(job->spec); /* points into the tree */
    tree_free(job->tree);
    g_clear_pointer(&job->running, g_ptr_array_unref);
    g_ptr_array_unref(job->findings);
    g_free(job->connect);
    g_free(job);
}

bool job_read_spec(Job *job, const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize length;

    if (!file_read(path, SPEC_MAX_BYTES, &text, &length, error)) {
        g_prefix_error(error, "spec ");
        return false;
    }
    job->tree = g_str_has_suffix(path, ".json") ? tree_parse_json(path, text, length)
                                                : tree_parse_yaml(path, text, length);
    job->spec = spec_from_tree(job->tree, job->findings);
    return true;
}

const char *job_uri(const Job *job)
{
    if (job->connect)
        return job->connect;
    return job->spec_host && job->spec_host->uri ? job->spec_host->uri : JOB_DEFAULT_URI;
}

Virt *job_open_virt(Job *job, GError **error)
{
    if (!job->virt)
        job->virt = virt_open(job_uri(job), error);
    return job->virt;
}

static bool leads_here(const char *uri)
{
    static const char *const local[] = {"qemu:///system", "qemu:///session", NULL};

    return g_strv_contains(local, uri) || g_str_has_prefix(uri, "test:///");
}

/* The inventory is this machine's, so the connection must lead to this machine too. */
static bool check_live(const Job *job, GError **error)
{
    const char *uri = job_uri(job);

    if (job->host->replayed == 1) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_USAGE,
                    "the inventory of %s comes from a file: this needs the running host",
                    job->host->hostname);
        return false;
    }
    if (leads_here(uri))
        return true;
    g_set_error(error, BMS_ERROR, BMS_ERROR_USAGE,
                "%s leads to another host: this version works on the host it runs on "
                "(qemu:///system); run it there",
                uri);
    return false;
}

void job_place_findings(const Tree *tree, GPtrArray *findings)
{
    for (guint i = 0; i < findings->len; i++) {
        Finding *finding = findings->pdata[i];

        if (finding->line > 0 && !finding->file)
            finding_set_place(finding, tree, finding->line, finding->column);
    }
}

char *job_program(GError **error)
{
    char *path = g_file_read_link("/proc/self/exe", error);

    if (!path)
        g_prefix_error(error, "finding the path of this program: ");
    return path;
}

bool job_derive_steps(const Host *host, PlanHost *plan_host, GPtrArray *findings, GError **error)
{
    const StepsOptions options = {0};
    GPtrArray *steps = plan_host->steps;
    g_autoptr(Facts) facts = NULL;
    g_autofree char *program = NULL;

    if (host->replayed != 1) {
        facts = facts_read(&HANDS_OF_HOST, STEPS_FACTS);
        program = job_program(error);
        if (!program)
            return false;
    }
    steps_derive_host(host, plan_host, facts, program, steps, findings);
    for (guint i = 0; i < plan_host->slices->len; i++) {
        bool needs_restart;

        if (!steps_derive_slice(plan_host->slices->pdata[i], NULL, NULL, &options, steps, findings,
                                &needs_restart, error))
            return false;
    }
    return true;
}

/* What runs here already holds CPUs and devices. A mere plan does without where libvirt does not
 * answer, and says so. False with @error. */
static bool read_running(Job *job, bool live, GPtrArray **ret_running, GError **error)
{
    g_autoptr(GError) silent = NULL;

    if (!live && (job->host->replayed == 1 || !leads_here(job_uri(job))))
        return true;
    *ret_running = job_read_running(job, live ? error : &silent);
    if (*ret_running || live)
        return *ret_running != NULL;
    finding_set_hint(
        findings_add(job->findings, FINDING_INFO, "running-unknown", job->host->hostname,
                     "slices that run here already are not counted: %s", silent->message),
        "start libvirtd, or plan from an inventory");
    return true;
}

static bool plan_slices(Job *job, bool live, GError **error)
{
    g_autoptr(GPtrArray) configs = NULL;

    if (!read_running(job, live, &job->running, error))
        return false;
    if (job->running)
        configs = job_running_configs(job->running);
    job->plan = place_slices(job->spec, job->spec_host, job->host, configs);
    job->plan_host = job->plan->hosts->pdata[0];
    if (job->connect) {
        g_free(job->plan_host->uri);
        job->plan_host->uri = g_strdup(job->connect);
    }
    job_place_findings(job->tree, job->plan->findings);
    /* one list for both: what is said later is in the Plan JSON too */
    findings_move(job->findings, job->plan->findings);
    g_ptr_array_unref(job->plan->findings);
    job->plan->findings = g_ptr_array_ref(job->findings);
    if (job->running)
        job_check_overlap(job, job->running);
    return job_derive_steps(job->host, job->plan_host, job->findings, error);
}

bool ops_plan(const JobOptions *options, Job **ret_job, GError **error)
{
    g_autoptr(Job) job = g_new0(Job, 1);
    g_autoptr(GPtrArray) hosts = NULL;

    job->findings = findings_new();
    job->connect = g_strdup(options->connect);
    if (!job_read_spec(job, options->spec_path, error))
        return false;
    if (job->spec && options->exclusive) {
        job->lock = lock_take(error);
        if (!job->lock)
            return false;
    }
    if (job->spec && options->fleet && job_is_fleet(options->inventories)) {
        if (!job_plan_fleet(job, options->inventories, error))
            return false;
    } else if (job->spec) {
        hosts = job_read_hosts(options->inventories, job->findings, error);
        if (!hosts)
            return false;
        if (!findings_have(job->findings, FINDING_ERROR))
            job_choose_host(job, hosts);
    }
    if (job->host) {
        if (options->live && !check_live(job, error))
            return false;
        if (!plan_slices(job, options->live, error))
            return false;
    }
    *ret_job = g_steal_pointer(&job);
    return true;
}

static gint64 read_free_pages(gint64 node, gint64 size_bytes, void *data)
{
    return virt_read_free_pages(data, node, size_bytes);
}

Host *ops_discover_libvirt(const char *uri, GPtrArray *findings, GError **error)
{
    g_autoptr(Virt) virt = virt_open(uri, error);
    g_autoptr(LibvirtTold) told = virt ? virt_read_inventory(virt, error) : NULL;

    return told ? host_from_libvirt(told, read_free_pages, virt, findings, error) : NULL;
}

Host *ops_discover(const char *root, GPtrArray *findings, GError **error)
{
    return discover_host(root, findings, error);
}
