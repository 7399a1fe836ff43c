/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of a pattern is the same for all its hosts but for names and what is derived from them.
 * It is written as JSON once, cut at the marks, and put together for each host.
 */
#include <string.h>

#include "app/fleet.h"
#include "base/json.h"
#include "core/domain.h"
#include "core/mac.h"
#include "core/picture_fleet.h"

/* Beside those of FleetMark: the host, the MAC address of a VF ("flavour:number:nic"), and one of
 * the host's own ("number"; FLEET_HOST_MAC). */
#define MARK_LEAD "\xee\x80"
#define HOST_MARK "\xee\x80\x83"
#define MAC_MARK "\xee\x80\x84"
#define HOST_MAC_MARK "\xee\x80\x85"
#define END_MARK "\xee\x80\x81"

typedef enum {
    PIECE_TEXT,
    PIECE_HOST,
    PIECE_NAME,
    PIECE_CLUSTER,
    PIECE_MAC,
    PIECE_HOST_MAC
} PieceKind;

typedef struct {
    PieceKind kind;
    gsize start, length; /* PIECE_TEXT: in FleetText.text */
    guint slot;          /* position in FleetHost.instances */
    guint nic;           /* PIECE_MAC; PIECE_HOST_MAC: which */
} Piece;

struct FleetText {
    char *text;
    gsize length;
    GArray *pieces; /* Piece */
    const FleetPattern *pattern;
    GArray *refused;     /* guint: slots */
    GArray *used;        /* gint64 bytes: of each node of the host, in slices */
    GPtrArray *findings; /* of the plan */
    guint n_host_macs;   /* of the NICs of a host */
    GPtrArray *macs;     /* char *: given by the spec, so not to be derived */
};

void fleet_text_free(FleetText *text)
{
    if (!text)
        return;
    g_free(text->text);
    g_array_unref(text->pieces);
    g_array_unref(text->refused);
    g_array_unref(text->used);
    g_ptr_array_unref(text->macs);
    g_clear_pointer(&text->findings, g_ptr_array_unref);
    g_free(text);
}

/* Slices are in the order of their flavours. */
static guint slot_of(const Fleet *fleet, const FleetPattern *pattern, guint flavour, guint number)
{
    guint slot = number - 1;

    for (guint f = 0; f < flavour && f < fleet->flavours->len; f++)
        slot += fleet_pattern_count(pattern, f);
    return slot;
}

static void mark_macs(const Fleet *fleet, PlanSlice *slice, GPtrArray *given)
{
    FleetMark mark;
    const FleetFlavour *flavour;

    if (!fleet_read_mark(slice->name, &mark))
        return;
    flavour = g_ptr_array_index(fleet->flavours, mark.flavour);
    for (guint d = 0; d < slice->devices->len; d++) {
        PlanDevice *device = g_ptr_array_index(slice->devices, d);
        const SpecNic *nic =
            d < flavour->slice->nics->len ? g_ptr_array_index(flavour->slice->nics, d) : NULL;

        if (device->kind != PLAN_DEVICE_VF || !nic)
            continue;
        if (nic->mac) {
            g_ptr_array_add(given, g_strdup(device->mac));
            continue;
        }
        g_free(device->mac);
        device->mac = g_strdup_printf(MAC_MARK "%u:%u:%u" END_MARK, mark.flavour, mark.number, d);
    }
}

/* A mark at @at as a piece; its length, or 0. */
static gsize read_piece(const Fleet *fleet, const FleetPattern *pattern, const char *at,
                        Piece *piece)
{
    FleetMark mark;
    guint flavour, number;
    int length = 0;

    *piece = (Piece){.kind = PIECE_HOST};
    if (g_str_has_prefix(at, HOST_MARK))
        return strlen(HOST_MARK);
    if (g_str_has_prefix(at, HOST_MAC_MARK)) {
        piece->kind = PIECE_HOST_MAC;
        return sscanf(at, HOST_MAC_MARK "%u" END_MARK "%n", &piece->nic, &length) == 1
                   ? (gsize)length
                   : 0;
    }
    if (g_str_has_prefix(at, MAC_MARK)) {
        if (sscanf(at, MAC_MARK "%u:%u:%u" END_MARK "%n", &flavour, &number, &piece->nic,
                   &length) != 3 ||
            length == 0)
            return 0;
        piece->kind = PIECE_MAC;
    } else {
        if (!fleet_read_mark(at, &mark))
            return 0;
        piece->kind = mark.cluster ? PIECE_CLUSTER : PIECE_NAME;
        flavour = mark.flavour;
        number = mark.number;
        length = (int)mark.length;
    }
    piece->slot = slot_of(fleet, pattern, flavour, number);
    return piece->slot < fleet_pattern_slices(pattern) ? (gsize)length : 0;
}

static void add_text(FleetText *text, gsize start, gsize end)
{
    Piece piece = {.kind = PIECE_TEXT, .start = start, .length = end - start};

    if (end > start)
        g_array_append_val(text->pieces, piece);
}

static void cut(FleetText *text, const Fleet *fleet, const FleetPattern *pattern)
{
    gsize done = 0;

    for (const char *at = text->text; (at = strstr(at, MARK_LEAD));) {
        Piece piece;
        gsize length = read_piece(fleet, pattern, at, &piece);

        if (length == 0 || (piece.kind == PIECE_HOST_MAC && piece.nic >= text->n_host_macs)) {
            at += strlen(MARK_LEAD);
            continue;
        }
        add_text(text, done, (gsize)(at - text->text));
        g_array_append_val(text->pieces, piece);
        at += length;
        done = (gsize)(at - text->text);
    }
    add_text(text, done, text->length);
}

static void note_refused(FleetText *text, const Fleet *fleet, const FleetPattern *pattern,
                         const Plan *plan)
{
    for (guint u = 0; u < plan->unplaced->len; u++) {
        const PlanUnplaced *unplaced = g_ptr_array_index(plan->unplaced, u);
        FleetMark mark;
        guint slot;

        if (!fleet_read_mark(unplaced->name, &mark))
            continue;
        slot = slot_of(fleet, pattern, mark.flavour, mark.number);
        g_array_append_val(text->refused, slot);
    }
}

static void add_memory(FleetText *text, const Host *host, const PlanHost *plan_host)
{
    for (guint n = 0; n < host->nodes->len; n++) {
        gint64 id = ((const HostNode *)g_ptr_array_index(host->nodes, n))->id, used = 0;

        for (guint s = 0; s < plan_host->slices->len; s++) {
            const PlanSlice *slice = g_ptr_array_index(plan_host->slices, s);

            for (guint i = 0; i < slice->nodes->len; i++)
                if (g_array_index(slice->nodes, gint64, i) == id)
                    used += domain_node_bytes(slice, i);
        }
        g_array_append_val(text->used, used);
    }
}

static void count_mac(char **mac, guint number, void *data)
{
    *(guint *)data = number + 1;
}

FleetText *fleet_text_new(const Fleet *fleet, const FleetPattern *pattern, const Host *host,
                          Plan *plan, GError **error)
{
    g_autoptr(FleetText) text = g_new0(FleetText, 1);
    PlanHost *plan_host = g_ptr_array_index(plan->hosts, 0);
    GString *written = g_string_sized_new(32 * 1024);

    text->pieces = g_array_new(false, false, sizeof(Piece));
    text->pattern = pattern;
    text->refused = g_array_new(false, false, sizeof(guint));
    text->used = g_array_new(false, false, sizeof(gint64));
    text->macs = g_ptr_array_new_with_free_func(g_free);
    g_free(plan_host->name);
    plan_host->name = g_strdup(HOST_MARK);
    for (guint i = 0; i < plan_host->slices->len; i++)
        mark_macs(fleet, g_ptr_array_index(plan_host->slices, i), text->macs);
    if (!job_derive_steps(host, plan_host, plan->findings, error)) {
        g_string_free(written, TRUE);
        return NULL;
    }
    record_write(&PLAN_HOST_RECORD, plan_host, written);
    fleet_each_mac((Host *)host, count_mac, &text->n_host_macs);
    text->length = written->len;
    text->text = g_realloc(g_string_free(written, FALSE), text->length + 1);
    cut(text, fleet, pattern);
    add_memory(text, host, plan_host);
    note_refused(text, fleet, pattern, plan);
    text->findings = g_ptr_array_ref(plan->findings);
    return g_steal_pointer(&text);
}

const GPtrArray *fleet_text_findings(const FleetText *text)
{
    return text->findings;
}

static const SpecInstance *instance_at(const Fleet *fleet, const FleetHost *host, guint slot)
{
    return g_ptr_array_index(fleet->instances, g_array_index(host->instances, guint, slot));
}

/* Without the quotes, which stand in the text. Names of slices and clusters need no escapes; a
 * host's may. */
static void append_inside(GString *out, const char *text)
{
    gsize start = out->len;

    json_append_text(out, text);
    g_string_erase(out, (gssize)start, 1);
    g_string_truncate(out, out->len - 1);
}

/* A VF's MAC address that was derived for this host. */
typedef struct {
    guint slot, nic;
    char mac[MAC_SIZE];
} Derived;

static bool is_taken(const FleetText *text, const GArray *macs, const char *mac)
{
    for (guint i = 0; i < text->macs->len; i++)
        if (strcmp(text->macs->pdata[i], mac) == 0)
            return true;
    for (guint i = 0; i < macs->len; i++)
        if (strcmp(g_array_index(macs, Derived, i).mac, mac) == 0)
            return true;
    return false;
}

/* The first time in a host's text it is derived; it stands there again in its steps. */
static void append_mac(const FleetText *text, const char *hostname, const char *slice,
                       const Piece *piece, GArray *macs, GString *out)
{
    Derived derived = {.slot = piece->slot, .nic = piece->nic};
    guint salt = 0;

    for (guint i = 0; i < macs->len; i++) {
        const Derived *before = &g_array_index(macs, Derived, i);

        if (before->slot == piece->slot && before->nic == piece->nic) {
            g_string_append(out, before->mac);
            return;
        }
    }
    do
        mac_derive(hostname, slice, piece->nic, salt++, derived.mac);
    while (is_taken(text, macs, derived.mac));
    g_array_append_val(macs, derived);
    g_string_append(out, derived.mac);
}

void fleet_text_fill(const FleetText *text, const Fleet *fleet, const FleetHost *host,
                     const char *hostname, const char *const *host_macs, GString *out)
{
    g_autoptr(GArray) macs = g_array_new(false, false, sizeof(Derived));

    for (guint i = 0; i < text->pieces->len; i++) {
        const Piece *piece = &g_array_index(text->pieces, Piece, i);

        switch (piece->kind) {
        case PIECE_TEXT:
            g_string_append_len(out, text->text + piece->start, (gssize)piece->length);
            break;
        case PIECE_HOST:
            append_inside(out, hostname);
            break;
        case PIECE_NAME:
            g_string_append(out, instance_at(fleet, host, piece->slot)->name);
            break;
        case PIECE_CLUSTER:
            g_string_append(out, instance_at(fleet, host, piece->slot)->cluster->name);
            break;
        case PIECE_MAC:
            append_mac(text, hostname, instance_at(fleet, host, piece->slot)->name, piece, macs,
                       out);
            break;
        case PIECE_HOST_MAC:
            g_string_append(out, host_macs[piece->nic]);
            break;
        }
    }
}

void fleet_each_mac(Host *host, void (*each)(char **mac, guint number, void *data), void *data)
{
    guint number = 0;

    for (guint i = 0; i < host->pci->len; i++) {
        HostPci *pci = g_ptr_array_index(host->pci, i);

        for (guint n = 0; n < pci->nets->len; n++) {
            HostNet *net = g_ptr_array_index(pci->nets, n);

            if (net->mac)
                each(&net->mac, number++, data);
        }
    }
}

static void mark_mac(char **mac, guint number, void *data)
{
    g_free(*mac);
    *mac = g_strdup_printf(HOST_MAC_MARK "%u" END_MARK, number);
}

void fleet_mark_host_macs(Host *host)
{
    fleet_each_mac(host, mark_mac, NULL);
}

char *fleet_unmark(const char *text, const Fleet *fleet, const FleetHost *host)
{
    const FleetPattern *pattern = g_ptr_array_index(fleet->patterns, (guint)host->pattern);
    g_autoptr(GString) out = g_string_new(NULL);

    while (text && *text) {
        Piece piece;
        gsize length =
            g_str_has_prefix(text, MARK_LEAD) ? read_piece(fleet, pattern, text, &piece) : 0;

        if (length > 0 && piece.kind == PIECE_NAME)
            g_string_append(out, instance_at(fleet, host, piece.slot)->name);
        else if (length > 0 && piece.kind == PIECE_CLUSTER)
            g_string_append(out, instance_at(fleet, host, piece.slot)->cluster->name);
        else
            g_string_append_len(out, text, length > 0 ? (gssize)length : 1);
        text += length > 0 ? length : 1;
    }
    return text ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

const gint64 *fleet_text_used(const FleetText *text)
{
    return &g_array_index(text->used, gint64, 0);
}

static bool is_refused(const FleetText *text, guint slot)
{
    for (guint i = 0; i < text->refused->len; i++)
        if (g_array_index(text->refused, guint, i) == slot)
            return true;
    return false;
}

GPtrArray *fleet_text_instances(const FleetText *text, const Fleet *fleet, const FleetHost *host)
{
    GPtrArray *instances = g_ptr_array_new();

    for (guint slot = 0; slot < host->instances->len; slot++)
        if (!is_refused(text, slot))
            g_ptr_array_add(instances, (gpointer)instance_at(fleet, host, slot));
    return instances;
}

/* Its number among those that are placed. */
static void append_token(const FleetText *text, const Piece *piece, GString *out)
{
    char kind = piece->kind == PIECE_HOST      ? PICTURE_TOKEN_HOST
                : piece->kind == PIECE_CLUSTER ? PICTURE_TOKEN_CLUSTER
                                               : PICTURE_TOKEN_SLICE;
    guint number = 0;
    g_autofree char *token = NULL;

    for (guint slot = 0; kind != PICTURE_TOKEN_HOST && slot < piece->slot; slot++)
        number += !is_refused(text, slot);
    token = picture_token(kind, number);
    g_string_append(out, token);
}

char *fleet_text_words(const FleetText *text, const Fleet *fleet, const char *words)
{
    GString *out = g_string_new(NULL);

    while (*words) {
        Piece piece;
        gsize length = g_str_has_prefix(words, MARK_LEAD)
                           ? read_piece(fleet, text->pattern, words, &piece)
                           : 0;

        if (length > 0)
            append_token(text, &piece, out);
        else
            g_string_append_c(out, *words);
        words += MAX(length, 1);
    }
    return g_string_free(out, FALSE);
}

void fleet_text_refused(const FleetText *text, const Fleet *fleet, const FleetHost *host,
                        GArray *instances)
{
    for (guint i = 0; i < text->refused->len; i++) {
        guint slot = g_array_index(text->refused, guint, i);

        g_array_append_val(instances, g_array_index(host->instances, guint, slot));
    }
}
