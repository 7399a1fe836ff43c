/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of a fleet as a page: core/picture_fleet.h. */
#include "app/fleet.h"
#include "base/text.h"
#include "core/picture_fleet.h"
#include "port/file.h"

/* So many drawings are there without JavaScript, some 8 MB; those of rarer ways are packed. */
#define MAX_PLAIN 150
/* Written at once. */
#define BLOCK ((gsize)256 * 1024)

/* Hosts that get the same, and of which the same is drawn. */
typedef struct {
    GArray *hosts; /* guint, in the order of the inventory */
} Way;

static void way_free(Way *way)
{
    g_array_unref(way->hosts);
    g_free(way);
}

static guint first_of(const Way *way)
{
    return g_array_index(way->hosts, guint, 0);
}

/* Those of most hosts first. */
static int compare_ways(gconstpointer a, gconstpointer b)
{
    const Way *x = *(Way *const *)a, *y = *(Way *const *)b;

    if (x->hosts->len != y->hosts->len)
        return x->hosts->len > y->hosts->len ? -1 : 1;
    return first_of(x) < first_of(y) ? -1 : 1;
}

/* A text is for hosts that differ in names and MAC addresses, which are not drawn or are tokens,
 * and in the bytes of their memory. */
static char *way_key(FleetJob *job, guint number, GError **error)
{
    const FleetMember *member = &g_array_index(job->members, FleetMember, number);
    const FleetForm *form = job->forms->pdata[member->form];
    const FleetText *text = fleet_find_text(job, number, error);
    GString *key;

    if (!text)
        return NULL;
    key = g_string_new(NULL);
    g_string_printf(key, "%p ", (const void *)text);
    picture_append_memory(&g_array_index(job->memory, gint64, member->memory),
                          fleet_text_used(text), form->n_nodes, key);
    return g_string_free(key, FALSE);
}

/* Way *; NULL with @error. */
static GPtrArray *list_ways(FleetJob *job, GError **error)
{
    g_autoptr(GPtrArray) ways = g_ptr_array_new_with_free_func((GDestroyNotify)way_free);
    g_autoptr(GHashTable) by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint h = 0; h < job->fleet->hosts->len; h++) {
        g_autofree char *key = NULL;
        Way *way;

        if (((const FleetHost *)g_ptr_array_index(job->fleet->hosts, h))->pattern < 0)
            continue;
        key = way_key(job, h, error);
        if (!key)
            return NULL;
        way = g_hash_table_lookup(by_key, key);
        if (!way) {
            way = g_new0(Way, 1);
            way->hosts = g_array_new(false, false, sizeof(guint));
            g_ptr_array_add(ways, way);
            g_hash_table_insert(by_key, g_steal_pointer(&key), way);
        }
        g_array_append_val(way->hosts, h);
    }
    g_ptr_array_sort(ways, compare_ways);
    return g_steal_pointer(&ways);
}

/* "3 x worker-{n}: 8 vCPUs, 16 GiB, 1 NIC" */
static GPtrArray *describe_slices(const Fleet *fleet, const FleetPattern *pattern)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

    for (guint f = 0; f < fleet->flavours->len; f++) {
        const SpecSlice *slice = ((FleetFlavour *)g_ptr_array_index(fleet->flavours, f))->slice;
        guint count = fleet_pattern_count(pattern, f);
        g_autofree char *size = NULL;
        GString *line;

        if (count == 0)
            continue;
        size = text_format_size_short(slice->memory);
        line = g_string_new(NULL);
        g_string_printf(line, "%u \u00d7 %s: %" G_GINT64_FORMAT " vCPUs, %s", count, slice->name,
                        slice->vcpus, size);
        if (slice->nics->len > 0)
            g_string_append_printf(line, ", %u NIC%s", slice->nics->len,
                                   slice->nics->len > 1 ? "s" : "");
        for (guint d = 0; d < slice->devices->len; d++) {
            const SpecDevice *device = g_ptr_array_index(slice->devices, d);

            g_string_append_printf(line, ", %" G_GINT64_FORMAT " of %s:%s", device->count,
                                   device->vendor, device->device);
        }
        g_ptr_array_add(lines, g_string_free(line, FALSE));
    }
    return lines;
}

/* Findings of refused slices are told once, above: they are of no host. */
static void add_findings(const FleetJob *job, const FleetText *text, const Host *variant,
                         GPtrArray *findings)
{
    const GPtrArray *told = fleet_text_findings(text);
    g_autofree char *host_subject = g_strconcat("host ", variant->hostname, NULL);
    g_autofree char *token = picture_token(PICTURE_TOKEN_HOST, 0);

    for (guint i = 0; i < told->len; i++) {
        const Finding *one = g_ptr_array_index(told, i);
        g_autofree char *subject = NULL;
        g_autofree char *words = fleet_text_words(text, job->fleet, one->text);
        g_autofree char *hint = one->hint ? fleet_text_words(text, job->fleet, one->hint) : NULL;
        Finding *finding;

        if (g_str_has_prefix(one->code, "unplaced-"))
            continue;
        if (g_strcmp0(one->subject, host_subject) == 0)
            subject = g_strconcat("host ", token, NULL);
        else if (one->subject)
            subject = fleet_text_words(text, job->fleet, one->subject);
        finding = findings_add(findings, one->severity, one->code, subject, "%s", words);
        if (hint && *hint)
            finding_set_hint(finding, "%s", hint);
    }
}

/* Those of one host; its arrays are the caller's. */
static PictureNames names_of(FleetJob *job, guint number)
{
    const FleetText *text = fleet_find_text(job, number, NULL); /* is there already */
    GPtrArray *slices =
        fleet_text_instances(text, job->fleet, g_ptr_array_index(job->fleet->hosts, number));
    GPtrArray *clusters = g_ptr_array_sized_new(slices->len);

    for (guint i = 0; i < slices->len; i++) {
        const SpecInstance *instance = slices->pdata[i];

        g_ptr_array_add(clusters, instance->cluster->name);
        slices->pdata[i] = instance->name;
    }
    return (PictureNames){g_array_index(job->members, FleetMember, number).name, slices, clusters};
}

static void names_clear(PictureNames *names)
{
    g_ptr_array_unref((GPtrArray *)names->slices);
    g_ptr_array_unref((GPtrArray *)names->clusters);
}

static void replace(char **name, char kind, guint number)
{
    g_free(*name);
    *name = picture_token(kind, number);
}

/* The plan of a way, with tokens for the names of its first host; NULL with @error. */
static Plan *plan_of_way(FleetJob *job, guint first, const PictureNames *names, GError **error)
{
    const FleetMember *member = &g_array_index(job->members, FleetMember, first);
    const FleetVariant *variant = job->variants->pdata[member->variant];
    g_autoptr(Plan) plan = fleet_member_plan(job, first, error);
    PlanHost *plan_host;

    if (!plan)
        return NULL;
    plan_host = g_ptr_array_index(plan->hosts, 0);
    for (guint i = 0; i < plan_host->slices->len; i++) {
        PlanSlice *slice = g_ptr_array_index(plan_host->slices, i);
        guint number;

        if (!g_ptr_array_find_with_equal_func((GPtrArray *)names->slices, slice->name, g_str_equal,
                                              &number))
            continue;
        replace(&slice->name, PICTURE_TOKEN_SLICE, number);
        replace(&slice->cluster, PICTURE_TOKEN_CLUSTER, number);
    }
    replace(&plan_host->name, PICTURE_TOKEN_HOST, 0);
    add_findings(job, fleet_find_text(job, first, NULL), variant->host, plan->findings);
    return g_steal_pointer(&plan);
}

static void append_names(FleetJob *job, const Way *way, GString *out)
{
    for (guint i = 0; i < way->hosts->len; i++) {
        PictureNames names = names_of(job, g_array_index(way->hosts, guint, i));

        picture_way_host(&names, out);
        names_clear(&names);
    }
}

static bool append_way(FleetJob *job, const GPtrArray *ways, guint index, GString *out,
                       GError **error)
{
    const Way *way = ways->pdata[index], *largest = ways->pdata[0];
    guint first = first_of(way);
    const FleetHost *fleet_host = g_ptr_array_index(job->fleet->hosts, first);
    g_autoptr(GPtrArray) kinds = describe_slices(
        job->fleet, g_ptr_array_index(job->fleet->patterns, (guint)fleet_host->pattern));
    g_autoptr(Host) host = fleet_member_host(job, &g_array_index(job->members, FleetMember, first));
    PictureNames names = names_of(job, first);
    g_autoptr(Plan) plan = plan_of_way(job, first, &names, error);

    if (plan)
        picture_way_open(&(PictureWay){.number = index + 1,
                                       .hosts = way->hosts->len,
                                       .most = largest->hosts->len,
                                       .kinds = kinds,
                                       .host = host,
                                       .plan = plan,
                                       .names = &names,
                                       .packed = index >= MAX_PLAIN},
                         out);
    names_clear(&names);
    if (!plan)
        return false;
    append_names(job, way, out);
    picture_way_close(out);
    return true;
}

/* What has come together, from @least bytes on. */
static bool flush(FileDraft *draft, GString *out, gsize least, GError **error)
{
    if (out->len < least)
        return true;
    if (!file_draft_append(draft, out->str, out->len, error))
        return false;
    g_string_truncate(out, 0);
    return true;
}

bool ops_write_fleet_html(const Job *job, const char *path, GError **error)
{
    g_autoptr(GPtrArray) ways = list_ways(job->fleet, error);
    g_autoptr(FileDraft) draft = ways ? file_draft_open(path, 0644, error) : NULL;
    g_autoptr(GString) out = g_string_sized_new(2 * BLOCK);

    if (!draft)
        return false;
    picture_fleet_open(job->plan, ways->len, MIN(ways->len, MAX_PLAIN), out);
    for (guint w = 0; w < ways->len; w++)
        if (!append_way(job->fleet, ways, w, out, error) || !flush(draft, out, BLOCK, error))
            return false;
    picture_fleet_close(out);
    return flush(draft, out, 0, error) && file_draft_finish(draft, error);
}
