/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts of a fleet, one by one. Parsing a host costs far more than comparing its text with one that
 * was parsed before, and in a fleet most hosts are alike: a text that equals a form everywhere but
 * in its gaps is known to be sound, and what it says stands in the gaps.
 */
#include <string.h>

#include "app/fleet.h"
#include "app/inventory.h"

/* Forms that a text is compared with, the latest first. */
#define MAX_COMPARED 64
#define MAX_OTHERS 8

typedef enum { GAP_NAME, GAP_MAC, GAP_MEMORY, GAP_CMDLINE } GapKind;

typedef struct {
    GapKind kind;
    gsize start, end; /* of the value, without quotes */
} Gap;

static void form_free(FleetForm *form)
{
    g_free(form->text);
    g_array_unref(form->gaps);
    host_free(form->host);
    g_free(form);
}

static void variant_free(FleetVariant *variant)
{
    host_free(variant->host);
    g_free(variant);
}

FleetJob *fleet_job_new(void)
{
    FleetJob *job = g_new0(FleetJob, 1);

    job->forms = g_ptr_array_new_with_free_func((GDestroyNotify)form_free);
    job->variants = g_ptr_array_new_with_free_func((GDestroyNotify)variant_free);
    job->members = g_array_new(false, false, sizeof(FleetMember));
    job->macs = g_ptr_array_new();
    job->memory = g_array_new(false, false, sizeof(gint64));
    job->names = g_string_chunk_new(1 << 16);
    job->seen = g_hash_table_new(g_str_hash, g_str_equal);
    job->others = g_ptr_array_new();
    job->texts =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, (GDestroyNotify)fleet_text_free);
    return job;
}

void fleet_job_free(FleetJob *job)
{
    if (!job)
        return;
    g_hash_table_unref(job->texts);
    fleet_free(job->fleet); /* points into the variants' hosts */
    g_ptr_array_unref(job->forms);
    g_ptr_array_unref(job->variants);
    g_array_unref(job->members);
    g_array_unref(job->memory);
    g_ptr_array_unref(job->macs);
    g_hash_table_unref(job->seen);
    g_ptr_array_unref(job->others);
    g_string_chunk_free(job->names);
    g_free(job);
}

char *fleet_plain_cmdline(const char *cmdline)
{
    static const char *const own[] = {"BOOT_IMAGE=", "root=", "resume=", "initrd=", NULL};
    g_auto(GStrv) words = cmdline ? g_strsplit(cmdline, " ", -1) : NULL;
    GString *plain = cmdline ? g_string_new(NULL) : NULL;

    for (guint i = 0; words && words[i]; i++) {
        bool drop = false;

        for (guint k = 0; own[k]; k++)
            drop |= g_str_has_prefix(words[i], own[k]);
        if (!drop)
            g_string_append_printf(plain, "%s%s", plain->len ? " " : "", words[i]);
    }
    return plain ? g_string_free(plain, FALSE) : NULL;
}

static bool is_gap_char(GapKind kind, char c)
{
    if (kind == GAP_NAME)
        return g_ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
    if (kind == GAP_CMDLINE)
        return g_ascii_isprint(c) && c != '"' && c != '\\';
    return kind == GAP_MAC ? g_ascii_isxdigit(c) || c == ':' : g_ascii_isdigit(c);
}

/* Adds the value that begins at @at, when it is one that may differ. */
static void add_gap(FleetForm *form, const char *key, gsize key_length, const char *at)
{
    static const struct {
        const char *key;
        GapKind kind;
        bool quoted;
    } kinds[] = {{"hostname", GAP_NAME, true},
                 {"mac", GAP_MAC, true},
                 {"memory_bytes", GAP_MEMORY, false},
                 {"cmdline", GAP_CMDLINE, true}};

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        Gap gap = {.kind = kinds[i].kind};
        const char *end;

        if (strlen(kinds[i].key) != key_length || memcmp(kinds[i].key, key, key_length) != 0)
            continue;
        if (kinds[i].quoted && *at++ != '"')
            return;
        for (end = at; is_gap_char(gap.kind, *end); end++)
            ;
        if (end == at || (kinds[i].quoted && *end != '"'))
            return;
        gap.start = (gsize)(at - form->text);
        gap.end = (gsize)(end - form->text);
        g_array_append_val(form->gaps, gap);
    }
}

/* The text is sound JSON, so a string before a colon is a key. */
static void find_gaps(FleetForm *form)
{
    for (const char *at = form->text; *at; at++) {
        const char *key = at + 1, *end;

        if (*at != '"')
            continue;
        for (end = key; *end && *end != '"'; end++)
            if (*end == '\\' && end[1])
                end++;
        at = *end ? end : end - 1;
        end = at + 1 + strspn(at + 1, " \t\r\n");
        if (*end == ':')
            add_gap(form, key, (gsize)(at - key), end + 1 + strspn(end + 1, " \t\r\n"));
    }
}

/* One name, each node's memory, each NIC's address (the last of @macs): else the gaps do not say
 * what they seem to. */
static bool gaps_are_sound(const FleetForm *form, const Host *host, const GPtrArray *macs)
{
    guint names = 0, sizes = 0, n_macs = 0, cmdlines = 0;

    for (guint i = 0; i < form->gaps->len; i++) {
        const Gap *gap = &g_array_index(form->gaps, Gap, i);
        g_autofree char *value = g_strndup(form->text + gap->start, gap->end - gap->start);

        if (gap->kind == GAP_NAME) {
            if (names++ > 0 || strcmp(value, host->hostname) != 0)
                return false;
        } else if (gap->kind == GAP_MEMORY) {
            const HostNode *node;

            if (sizes >= host->nodes->len)
                return false;
            node = g_ptr_array_index(host->nodes, sizes++);
            if (strlen(value) > 18 || g_ascii_strtoll(value, NULL, 10) != node->memory_bytes)
                return false;
        } else if (gap->kind == GAP_CMDLINE) {
            if (cmdlines++ > 0 || g_strcmp0(value, host->kernel.cmdline) != 0)
                return false;
        } else if (n_macs >= form->n_macs ||
                   strcmp(value, macs->pdata[macs->len - form->n_macs + n_macs++]) != 0) {
            return false;
        }
    }
    return names == 1 && sizes == host->nodes->len && n_macs == form->n_macs;
}

/* Is @text of this form? What it says goes into @name and to the end of the job's lists. */
static bool form_matches(FleetJob *job, const FleetForm *form, const char *text, gsize length,
                         GString *name, GString *cmdline)
{
    gsize at = 0, done = 0;
    guint before = job->memory->len, macs_before = job->macs->len;

    for (guint i = 0; i < form->gaps->len; i++) {
        const Gap *gap = &g_array_index(form->gaps, Gap, i);
        gsize same = gap->start - done, start;

        if (length - at < same || memcmp(text + at, form->text + done, same) != 0)
            goto differs;
        done = gap->end;
        at += same;
        for (start = at; at < length && is_gap_char(gap->kind, text[at]); at++)
            ;
        if (at == start || (gap->kind == GAP_MEMORY && at - start > 18))
            goto differs;
        if (gap->kind == GAP_NAME) {
            g_string_truncate(name, 0);
            g_string_append_len(name, text + start, (gssize)(at - start));
        } else if (gap->kind == GAP_CMDLINE) {
            g_string_truncate(cmdline, 0);
            g_string_append_len(cmdline, text + start, (gssize)(at - start));
        } else if (gap->kind == GAP_MEMORY) {
            gint64 bytes = 0;

            if (text[start] == '0' && at - start > 1) /* no number in JSON */
                goto differs;
            for (gsize d = start; d < at; d++)
                bytes = bytes * 10 + (text[d] - '0');
            g_array_append_val(job->memory, bytes);
        } else {
            g_ptr_array_add(job->macs, g_string_chunk_insert_len(job->names, text + start,
                                                                 (gssize)(at - start)));
        }
    }
    if (length - at == form->length - done &&
        memcmp(text + at, form->text + done, length - at) == 0)
        return true;
differs:
    g_array_set_size(job->memory, before);
    g_ptr_array_set_size(job->macs, (int)macs_before);
    return false;
}

static void add_mac(char **mac, guint number, void *data)
{
    FleetJob *job = data;

    g_ptr_array_add(job->macs, g_string_chunk_insert(job->names, *mac));
}

static guint add_macs(FleetJob *job, Host *host)
{
    guint before = job->macs->len;

    fleet_each_mac(host, add_mac, job);
    return job->macs->len - before;
}

/* The host's addresses are the last of @macs. */
static FleetForm *form_new(const char *text, gsize length, Host *host, guint n_macs,
                           const GPtrArray *macs)
{
    FleetForm *form = g_new0(FleetForm, 1);

    form->gaps = g_array_new(false, false, sizeof(Gap));
    form->text = g_strndup(text, length);
    form->length = length;
    form->host = host;
    form->n_nodes = host->nodes->len;
    form->n_macs = n_macs;
    find_gaps(form);
    if (!gaps_are_sound(form, host, macs))
        g_clear_pointer(&form->text, g_free);
    return form;
}

static void add_member(FleetJob *job, const Spec *spec, guint form, const char *name,
                       const char *cmdline, guint memory, guint macs, GPtrArray *findings)
{
    FleetMember member = {.form = form, .memory = memory, .macs = macs};

    if (g_hash_table_contains(job->seen, name)) {
        findings_add(findings, FINDING_ERROR, "host-twice", "hosts",
                     "the inventory holds two hosts that are named %s", name);
        return;
    }
    member.name = g_string_chunk_insert(job->names, name);
    member.cmdline = cmdline ? g_string_chunk_insert_const(job->names, cmdline) : NULL;
    g_hash_table_add(job->seen, (gpointer)member.name);
    member.spec_host = spec_find_host(spec, name);
    if (member.spec_host) {
        g_array_append_val(job->members, member);
    } else {
        if (job->others->len < MAX_OTHERS)
            g_ptr_array_add(job->others, (gpointer)member.name);
        job->n_others++;
    }
}

static void add_new(FleetJob *job, const Spec *spec, const char *place, const char *text,
                    gsize length, GPtrArray *findings)
{
    g_autoptr(Tree) tree = tree_parse_json(place, text, length);
    Host *host = host_from_tree(tree, findings);
    guint memory = job->memory->len, macs = job->macs->len, n_macs;

    if (!host)
        return;
    host->replayed = 1; /* a file is never this running host, whatever it says */
    for (guint n = 0; n < host->nodes->len; n++) {
        const HostNode *node = g_ptr_array_index(host->nodes, n);

        g_array_append_val(job->memory, node->memory_bytes);
    }
    n_macs = add_macs(job, host);
    g_ptr_array_add(job->forms, form_new(text, length, host, n_macs, job->macs));
    add_member(job, spec, job->forms->len - 1, host->hostname, host->kernel.cmdline, memory, macs,
               findings);
    if (job->forms->len > MAX_COMPARED) {
        FleetForm *oldest = job->forms->pdata[job->forms->len - 1 - MAX_COMPARED];

        g_clear_pointer(&oldest->text, g_free);
    }
}

static void add_text(FleetJob *job, const Spec *spec, const char *place, const char *text,
                     gsize length, GPtrArray *findings)
{
    g_autoptr(GString) name = g_string_new(NULL);
    g_autoptr(GString) cmdline = g_string_new(NULL);
    guint memory = job->memory->len, macs = job->macs->len;
    guint n = job->forms->len;

    for (guint i = 0; i < MIN(n, MAX_COMPARED); i++) {
        const FleetForm *form = job->forms->pdata[n - 1 - i];

        if (form->text && form_matches(job, form, text, length, name, cmdline)) {
            add_member(job, spec, n - 1 - i, name->str,
                       cmdline->len > 0 ? cmdline->str : form->host->kernel.cmdline, memory, macs,
                       findings);
            return;
        }
    }
    add_new(job, spec, place, text, length, findings);
}

typedef struct {
    FleetJob *job;
    const Spec *spec;
    GPtrArray *findings;
} Reading;

static void read_host(const char *place, const char *text, gsize length, void *data)
{
    const Reading *reading = data;

    add_text(reading->job, reading->spec, place, text, length, reading->findings);
}

bool fleet_read(FleetJob *job, const Spec *spec, const char *const *inventories,
                GPtrArray *findings, GError **error)
{
    Reading reading = {job, spec, findings};

    return inventory_read(inventories, read_host, &reading, error);
}

static void replace_mac(char **mac, guint number, void *data)
{
    g_free(*mac);
    *mac = g_strdup(((const char *const *)data)[number]);
}

Host *fleet_member_host(const FleetJob *job, const FleetMember *member)
{
    const FleetForm *form = job->forms->pdata[member->form];
    Host *host = record_copy(&HOST_RECORD, form->host);

    g_free(host->hostname);
    host->hostname = g_strdup(member->name);
    g_free(host->kernel.cmdline);
    host->kernel.cmdline = g_strdup(member->cmdline);
    for (guint n = 0; n < host->nodes->len; n++) {
        HostNode *node = g_ptr_array_index(host->nodes, n);

        node->memory_bytes = g_array_index(job->memory, gint64, member->memory + n);
    }
    fleet_each_mac(host, replace_mac, (void *)fleet_macs_of(job, member));
    return host;
}
