/* SPDX-License-Identifier: Apache-2.0 */
/* Planning many hosts, and writing what came out. */
#include <errno.h>

#include "app/fleet.h"
#include "base/error.h"
#include "port/folder.h"

/* Written at once. */
#define BLOCK ((gsize)256 * 1024)
/* Refused slices that are told of by name; all are in the plan's "unplaced". */
#define MAX_TOLD 32

bool job_is_fleet(const char *const *inventories)
{
    if (!inventories || !inventories[0])
        return false;
    return inventories[1] || g_str_has_suffix(inventories[0], ".jsonl") ||
           folder_exists(inventories[0]);
}

/* What of the host's name the plan may depend on: which uplinks are meant for it. */
static void append_uplinks(const Spec *spec, const SpecHost *spec_host, const char *name,
                           GString *key)
{
    for (guint n = 0; n < spec->networks->len; n++) {
        const SpecNetwork *network = g_ptr_array_index(spec->networks, n);

        for (guint u = 0; u < network->uplinks->len; u++) {
            const SpecUplink *uplink = g_ptr_array_index(network->uplinks, u);

            g_string_append_c(key, g_strcmp0(uplink->host, spec_host->name) == 0 ||
                                           g_pattern_match_simple(uplink->host, name)
                                       ? '+'
                                       : '-');
        }
    }
}

/* All of a host entry but whom it names and where they stand. */
static const char *entry_key(const SpecHost *spec_host, GHashTable *entries)
{
    const char *key = g_hash_table_lookup(entries, spec_host);
    const Record *record = NULL;
    json_t *json;
    char *text;

    if (key)
        return key;
    for (guint i = 0; i < SPEC_RECORD.n_fields; i++)
        if (g_str_equal(SPEC_RECORD.fields[i].name, "hosts"))
            record = SPEC_RECORD.fields[i].record;
    json = record_encode(record, spec_host);
    json_object_del(json, "name");
    json_object_del(json, "rack");
    text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    key = g_intern_string(text);
    free(text);
    g_hash_table_insert(entries, (gpointer)spec_host, (gpointer)key);
    return key;
}

static char *variant_key(const FleetJob *job, const Spec *spec, const FleetMember *member,
                         const char *cmdline, GHashTable *entries)
{
    const SpecHost *spec_host = member->spec_host;
    const FleetForm *form = job->forms->pdata[member->form];
    GString *key = g_string_new(NULL);

    g_string_printf(key, "%u %s", member->form, entry_key(spec_host, entries));
    for (guint n = 0; n < form->n_nodes; n++) {
        gint64 bytes = g_array_index(job->memory, gint64, member->memory + n);
        gint64 left = MAX(bytes - MAX(spec_host->reserve.memory_per_node, 0), 0);

        g_string_append_printf(key, " %" G_GINT64_FORMAT,
                               bytes == RECORD_UNSET ? bytes : left / job->fleet->memory_unit);
    }
    append_uplinks(spec, spec_host, member->name, key);
    g_string_append_printf(key, " %s", cmdline ? cmdline : "?");
    return g_string_free(key, FALSE);
}

void fleet_add_members(FleetJob *job, const Spec *spec)
{
    g_autoptr(GHashTable) by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) entries = g_hash_table_new(g_direct_hash, g_direct_equal);

    for (guint i = 0; i < job->members->len; i++) {
        FleetMember *member = &g_array_index(job->members, FleetMember, i);
        g_autofree char *cmdline = fleet_plain_cmdline(member->cmdline);
        g_autofree char *key = variant_key(job, spec, member, cmdline, entries);
        FleetVariant *variant = g_hash_table_lookup(by_key, key);

        if (!variant) {
            variant = g_new0(FleetVariant, 1);
            variant->host = fleet_member_host(job, member);
            g_free(variant->host->kernel.cmdline);
            variant->host->kernel.cmdline = g_steal_pointer(&cmdline);
            fleet_mark_host_macs(variant->host);
            variant->spec_host = member->spec_host;
            variant->class = fleet_find_class(job->fleet, variant->spec_host, variant->host);
            variant->number = job->variants->len;
            g_ptr_array_add(job->variants, variant);
            g_hash_table_insert(by_key, g_steal_pointer(&key), variant);
        }
        member->variant = variant->number;
        fleet_add_host(job->fleet, variant->class, member->spec_host->rack);
    }
}

typedef struct {
    Finding *finding;
    guint hosts;
} Told;

/* The same news about many hosts are told once, of the first. */
static void tell_pattern(Job *job, GHashTable *told, const FleetHost *host,
                         const GPtrArray *findings)
{
    const Fleet *fleet = job->fleet->fleet;
    const FleetPattern *pattern = g_ptr_array_index(fleet->patterns, (guint)host->pattern);

    for (guint i = 0; i < findings->len; i++) {
        const Finding *one = g_ptr_array_index(findings, i);
        g_autofree char *key = g_strdup_printf("%s %u", one->code, one->line);
        g_autofree char *subject = fleet_unmark(one->subject, fleet, host);
        g_autofree char *text = fleet_unmark(one->text, fleet, host);
        g_autofree char *hint = fleet_unmark(one->hint, fleet, host);
        Told *before = g_hash_table_lookup(told, key);

        if (before) {
            before->hosts += pattern->hosts;
            continue;
        }
        before = g_new0(Told, 1);
        before->finding =
            findings_add(job->findings, one->severity, one->code, subject, "%s", text);
        before->hosts = pattern->hosts;
        if (hint && *hint)
            finding_set_hint(before->finding, "%s", hint);
        if (one->path)
            finding_set_path(before->finding, one->path);
        if (one->line > 0)
            finding_set_place(before->finding, job->tree, one->line, one->column);
        g_hash_table_insert(told, g_steal_pointer(&key), before);
    }
}

/* One finding for the refused slices of a flavour. */
static void tell_refused(Job *job)
{
    const Fleet *fleet = job->fleet->fleet;
    g_autofree guint *counts = g_new0(guint, MAX(fleet->flavours->len, 1));
    g_autofree guint *first = g_new0(guint, MAX(fleet->flavours->len, 1));

    for (guint i = 0; i < fleet->unplaced->len; i++) {
        guint instance = g_array_index(fleet->unplaced, guint, i);
        guint flavour = g_array_index(fleet->flavour_of, guint, instance);

        if (counts[flavour]++ == 0)
            first[flavour] = instance;
    }
    for (guint f = 0, told = 0; f < fleet->flavours->len && told < MAX_TOLD; f++) {
        const SpecInstance *instance =
            counts[f] ? g_ptr_array_index(fleet->instances, first[f]) : NULL;
        const FleetFlavour *flavour = g_ptr_array_index(fleet->flavours, f);
        g_autofree char *subject = NULL;
        g_autofree char *reason = NULL;
        const char *resource;
        Finding *finding;

        if (!instance)
            continue;
        told++;
        subject = g_strdup_printf("slice %s", instance->name);
        reason = fleet_explain(fleet, f, &resource);
        finding = findings_add(job->findings, FINDING_ERROR, "refused", subject,
                               "%u of %u slices like it have no place: %s", counts[f],
                               flavour->instances->len, reason);
        if (instance->slice->node)
            finding_set_place(finding, job->tree, instance->slice->node->line,
                              instance->slice->node->column);
    }
}

/* Hosts of one class get one plan, unless something else than its counts tells them apart. */
const FleetText *fleet_find_text(FleetJob *job, guint member, GError **error)
{
    const FleetHost *host = g_ptr_array_index(job->fleet->hosts, member);
    FleetPattern *pattern = g_ptr_array_index(job->fleet->patterns, (guint)host->pattern);
    const FleetVariant *variant =
        job->variants->pdata[g_array_index(job->members, FleetMember, member).variant];
    gint64 key = (gint64)variant->number << 32 | pattern->number;
    FleetText *text = g_hash_table_lookup(job->texts, &key);
    g_autoptr(Plan) plan = NULL;

    if (text)
        return text;
    if (pattern->plan && fleet_class_host(job->fleet, variant->class) == variant->host)
        plan = g_steal_pointer(&pattern->plan); /* made when the pattern was checked */
    else
        plan = fleet_place(job->fleet, pattern, variant->spec_host, variant->host);
    text = fleet_text_new(job->fleet, pattern, variant->host, plan, error);
    if (text)
        g_hash_table_insert(job->texts, g_memdup2(&key, sizeof key), text);
    return text;
}

/* All texts are made before the first host is written: what a variant of a class refuses that the
 * class's first host did not is then known. */
static bool make_texts(Job *job, GError **error)
{
    Fleet *fleet = job->fleet->fleet;
    guint before = fleet->unplaced->len;

    for (guint h = 0; h < fleet->hosts->len; h++) {
        const FleetHost *host = g_ptr_array_index(fleet->hosts, h);
        const FleetText *text;

        if (host->pattern < 0)
            continue;
        text = fleet_find_text(job->fleet, h, error);
        if (!text)
            return false;
        fleet_text_refused(text, fleet, host, fleet->unplaced);
    }
    fleet->admitted -= fleet->unplaced->len - before;
    return true;
}

static void tell_patterns(Job *job)
{
    const Fleet *fleet = job->fleet->fleet;
    g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autofree bool *done = g_new0(bool, MAX(fleet->patterns->len, 1));
    GHashTableIter iter;
    gpointer value;

    for (guint h = 0; h < fleet->hosts->len; h++) {
        const FleetHost *host = g_ptr_array_index(fleet->hosts, h);
        const FleetText *text;

        if (host->pattern < 0 || done[host->pattern])
            continue;
        done[host->pattern] = true;
        text = fleet_find_text(job->fleet, h, NULL); /* is there already */
        tell_pattern(job, told, host, fleet_text_findings(text));
    }
    g_hash_table_iter_init(&iter, told);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Told *one = value;
        char *text;

        if (one->hosts < 2)
            continue;
        text = g_strdup_printf("%s; the like on %u hosts", one->finding->text, one->hosts);
        g_free(one->finding->text);
        one->finding->text = text;
    }
}

static bool plan_members(Job *job, GError **error)
{
    FleetJob *fleet_job = job->fleet;
    Fleet *fleet = fleet_job->fleet = fleet_new(job->spec, fleet_job->members->len);

    fleet_add_members(fleet_job, job->spec);
    findings_move(job->findings, fleet->findings);
    fleet_solve(fleet);
    if (!make_texts(job, error))
        return false;
    job_place_findings(job->tree, job->findings);
    tell_refused(job);
    tell_patterns(job);
    job->plan = plan_new();
    job->plan->bounds.admitted = fleet->admitted;
    job->plan->bounds.admitted_bound = fleet->admitted_bound;
    job->plan->fleet = g_steal_pointer(&fleet->figures);
    g_ptr_array_unref(job->plan->findings);
    job->plan->findings = g_ptr_array_ref(job->findings);
    return true;
}

bool job_plan_fleet(Job *job, const char *const *inventories, GError **error)
{
    g_autoptr(FleetJob) fleet_job = fleet_job_new();

    if (!fleet_read(fleet_job, job->spec, inventories, job->findings, error))
        return false;
    if (findings_have(job->findings, FINDING_ERROR))
        return true;
    if (fleet_job->members->len == 0) {
        job_tell_no_host(job, fleet_job->others, fleet_job->n_others);
        return true;
    }
    if (fleet_job->members->len == 1) {
        const FleetMember *member = &g_array_index(fleet_job->members, FleetMember, 0);

        job->spec_host = spec_find_host(job->spec, member->name);
        job->host = fleet_member_host(fleet_job, member);
        return true;
    }
    job->fleet = g_steal_pointer(&fleet_job);
    return plan_members(job, error);
}

typedef struct {
    OpsWrite write;
    void *data;
    GString *buffer;
} Sink;

static bool flush(Sink *sink, gsize least, GError **error)
{
    bool good;

    if (sink->buffer->len < least)
        return true;
    good = sink->write(sink->buffer->str, sink->buffer->len, sink->data);
    g_string_truncate(sink->buffer, 0);
    if (!good)
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "the plan cannot be written: %s",
                    g_strerror(errno));
    return good;
}

static void append_json(GString *out, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER);

    g_string_append(out, text);
    free(text);
    json_decref(json);
}

static bool write_hosts(FleetJob *job, Sink *sink, GError **error)
{
    bool first = true;

    for (guint h = 0; h < job->fleet->hosts->len; h++) {
        const FleetHost *host = g_ptr_array_index(job->fleet->hosts, h);
        const FleetMember *member;
        const FleetText *text;

        if (host->pattern < 0)
            continue;
        text = fleet_find_text(job, h, error);
        if (!text)
            return false;
        g_string_append(sink->buffer, first ? "\n" : ",\n");
        first = false;
        member = &g_array_index(job->members, FleetMember, h);
        fleet_text_fill(text, job->fleet, host, member->name, fleet_macs_of(job, member),
                        sink->buffer);
        if (!flush(sink, BLOCK, error))
            return false;
    }
    return true;
}

static bool write_unplaced(FleetJob *job, Sink *sink, GError **error)
{
    const Fleet *fleet = job->fleet;
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_set_size(texts, (int)fleet->flavours->len);
    for (guint i = 0; i < fleet->unplaced->len; i++) {
        guint number = g_array_index(fleet->unplaced, guint, i);
        guint flavour = g_array_index(fleet->flavour_of, guint, number);
        const SpecInstance *instance = g_ptr_array_index(fleet->instances, number);
        char **tail = (char **)&texts->pdata[flavour];

        if (!*tail) {
            const char *resource;
            g_autofree char *reason = fleet_explain(fleet, flavour, &resource);
            g_autoptr(GString) text = g_string_new(NULL);

            append_json(text, json_pack("{s:s, s:s}", "resource", resource, "reason", reason));
            *tail = g_strdup(text->str + 1); /* without the brace */
        }
        g_string_append_printf(sink->buffer, "%s\n{\"name\":\"%s\",\"cluster\":\"%s\",%s",
                               i > 0 ? "," : "", instance->name, instance->cluster->name, *tail);
        if (!flush(sink, BLOCK, error))
            return false;
    }
    return true;
}

bool ops_write_fleet(const Job *job, OpsWrite write, void *data, GError **error)
{
    Sink sink = {write, data, g_string_sized_new(2 * BLOCK)};
    g_autoptr(GString) buffer = sink.buffer;

    g_string_append(buffer, "{\"version\":1,\"hosts\":[");
    if (!write_hosts(job->fleet, &sink, error))
        return false;
    g_string_append(buffer, "\n],\"unplaced\":[");
    if (!write_unplaced(job->fleet, &sink, error))
        return false;
    g_string_append(buffer, "],\n\"findings\":");
    append_json(buffer, findings_to_json(job->findings));
    g_string_append(buffer, ",\n\"bounds\":");
    append_json(buffer, record_encode(&PLAN_BOUNDS_RECORD, &job->plan->bounds));
    g_string_append(buffer, ",\n\"fleet\":");
    append_json(buffer, record_encode(&PLAN_FLEET_RECORD, job->plan->fleet));
    g_string_append(buffer, "}\n");
    return flush(&sink, 0, error);
}
