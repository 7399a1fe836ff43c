/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A place for slices that have none: on a host with room; else in the place of others that find
 * room elsewhere, most often one of the same flavour whose cluster is not where this one's is; else
 * on a host that was empty. Who makes room has found another place first.
 */
#include "core/fleet_internal.h"

/* That make room for one. */
#define MAX_MOVED 6

enum { UNKNOWN, NO, YES };

enum { ANY_NODE = G_MAXUINT };

/* How room is made on a host of some pattern: what goes, and on which node that is. What the host
 * has then is made when it is needed: there are many ways, and a state is large. */
typedef struct {
    guint node;
    guint n, out[MAX_MOVED]; /* flavours */
} Way;

/* What is known of a pattern. */
typedef struct {
    GArray *hosts;    /* FleetHost * that have it, or had it */
    guint8 *room;     /* by flavour: for one more? */
    GHashTable *ways; /* flavour -> GArray of Way; NULL: none sought yet */
} Known;

typedef struct {
    Fleet *fleet;
    GPtrArray *known;   /* Known *: by pattern */
    guint8 *home;       /* by flavour: is there room anywhere? */
    GPtrArray **empty;  /* FleetHost *: by class */
    GHashTable *failed; /* flavours and clusters of which one found no room */
    GHashTable *stuck;  /* no other room, while something was moved */
    GHashTable *vain;   /* and nobody to make some */
    guint *order;       /* of the flavours, the scarcest first */
    bool may_open;      /* also hosts that are empty */
    guint64 visits, most;
} Mend;

/* A slice's new host, and what pattern that had. */
typedef struct {
    guint instance;
    FleetHost *host;
    int before;
} Move;

static FleetPattern *pattern_at(const Fleet *fleet, guint number)
{
    return g_ptr_array_index(fleet->patterns, number);
}

static guint flavour_of(const Fleet *fleet, guint instance)
{
    return g_array_index(fleet->flavour_of, guint, instance);
}

static void known_free(Known *known)
{
    g_clear_pointer(&known->ways, g_hash_table_unref);
    g_free(known->room);
    g_array_unref(known->hosts);
    g_free(known);
}

static void mend_clear(Mend *mend)
{
    for (guint p = 0; p < mend->known->len; p++)
        known_free(g_ptr_array_index(mend->known, p));
    g_ptr_array_unref(mend->known);
    for (guint c = 0; c < mend->fleet->classes->len; c++)
        g_ptr_array_unref(mend->empty[c]);
    g_free(mend->empty);
    g_hash_table_unref(mend->failed);
    g_hash_table_unref(mend->stuck);
    g_hash_table_unref(mend->vain);
    g_free(mend->order);
    g_free(mend->home);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Mend, mend_clear)

static Known *known_at(Mend *mend, guint number)
{
    guint n = MAX(mend->fleet->flavours->len, 1);

    while (mend->known->len <= number) {
        Known *known = g_new0(Known, 1);

        known->hosts = g_array_new(false, false, sizeof(FleetHost *));
        known->room = g_new0(guint8, n);
        g_ptr_array_add(mend->known, known);
    }
    return g_ptr_array_index(mend->known, number);
}

static void note_host(Mend *mend, FleetHost *host)
{
    if (host->pattern >= 0)
        g_array_append_val(known_at(mend, (guint)host->pattern)->hosts, host);
    else
        g_ptr_array_add(mend->empty[host->class], host);
}

static void mend_init(Mend *mend, Fleet *fleet)
{
    mend->fleet = fleet;
    mend->known = g_ptr_array_new();
    mend->empty = g_new(GPtrArray *, MAX(fleet->classes->len, 1));
    mend->home = g_new0(guint8, MAX(fleet->flavours->len, 1));
    mend->failed = g_hash_table_new(NULL, NULL);
    mend->stuck = g_hash_table_new(NULL, NULL);
    mend->vain = g_hash_table_new(NULL, NULL);
    mend->order = fleet_order_scarce(fleet);
    for (guint c = 0; c < fleet->classes->len; c++)
        mend->empty[c] = g_ptr_array_new();
    for (guint h = 0; h < fleet->hosts->len; h++)
        note_host(mend, g_ptr_array_index(fleet->hosts, h));
}

/* Of a set: the slice's cluster and flavour. */
static gpointer like_key(const Fleet *fleet, guint instance)
{
    gsize cluster = g_array_index(fleet->cluster_of, guint, instance);

    return GSIZE_TO_POINTER(cluster * fleet->flavours->len + flavour_of(fleet, instance));
}

/* Is one like it in the set? */
static bool has_like(const Mend *mend, GHashTable *set, guint instance)
{
    return g_hash_table_contains(set, like_key(mend->fleet, instance));
}

static void add_like(const Mend *mend, GHashTable *set, guint instance)
{
    g_hash_table_add(set, like_key(mend->fleet, instance));
}

static bool is_refused(const Fleet *fleet, FleetState *state)
{
    const FleetPattern *like = fleet_find_pattern(fleet, state);

    return like && like->refused;
}

/* Of the pattern, with one more of @flavour; NULL: no room. */
static FleetState *with_more(const Fleet *fleet, const FleetPattern *pattern, guint flavour)
{
    g_autoptr(FleetState) state = NULL;
    guint64 nodes;
    double rest;

    if (!fleet_state_fits(fleet, pattern->state, flavour, &nodes, &rest))
        return NULL;
    state = fleet_state_copy(fleet, pattern->state);
    fleet_state_take(fleet, state, flavour, nodes);
    return is_refused(fleet, state) ? NULL : g_steal_pointer(&state);
}

static bool has_room(Mend *mend, guint number, guint flavour)
{
    FleetPattern *pattern = pattern_at(mend->fleet, number);
    guint8 *room;

    if (pattern->hosts == 0 || pattern->refused)
        return false;
    room = &known_at(mend, number)->room[flavour];
    if (*room == UNKNOWN) {
        g_autoptr(FleetState) state = with_more(mend->fleet, pattern, flavour);

        *room = state ? YES : NO;
    }
    return *room == YES;
}

/* A host with something on it that has room; NULL: none. *@ret_state: what it has then. */
static FleetHost *find_room(Mend *mend, guint instance, const FleetHost *except,
                            FleetState **ret_state)
{
    guint flavour = flavour_of(mend->fleet, instance), n = mend->fleet->patterns->len;

    for (guint p = 0; p < n; p++) {
        const GArray *hosts;

        mend->visits++;
        if (!has_room(mend, p, flavour))
            continue;
        hosts = known_at(mend, p)->hosts;
        for (guint h = 0; h < hosts->len; h++) {
            FleetHost *host = g_array_index(hosts, FleetHost *, h);

            mend->visits++;
            if (host->pattern != (int)p || host == except ||
                !fleet_may_join(mend->fleet, host, instance))
                continue;
            *ret_state = with_more(mend->fleet, pattern_at(mend->fleet, p), flavour);
            return host;
        }
    }
    return NULL;
}

static FleetHost *find_empty(Mend *mend, guint instance, FleetState **ret_state)
{
    const Fleet *fleet = mend->fleet;
    guint flavour = flavour_of(fleet, instance);

    for (guint c = 0; c < fleet->classes->len; c++) {
        g_autoptr(FleetState) state = NULL;

        if (!fleet_class(fleet, c)->uses[flavour].possible || mend->empty[c]->len == 0)
            continue;
        state = fleet_state_new(fleet, c);
        if (!fleet_state_add(fleet, state, flavour) || is_refused(fleet, state))
            continue;
        for (guint h = 0; h < mend->empty[c]->len; h++) {
            FleetHost *host = g_ptr_array_index(mend->empty[c], h);

            mend->visits++;
            if (host->pattern >= 0 || !fleet_may_join(fleet, host, instance))
                continue;
            *ret_state = g_steal_pointer(&state);
            return host;
        }
    }
    return NULL;
}

static void set_pattern(Mend *mend, FleetHost *host, FleetState *state)
{
    fleet_set_pattern(mend->fleet, host, state);
    note_host(mend, host);
}

/* Puts it where there is room, but not on @except. */
static bool settle(Mend *mend, guint instance, const FleetHost *except, Move *ret_move)
{
    g_autoptr(FleetState) state = NULL;
    FleetHost *host;

    if (has_like(mend, mend->failed, instance) || (except && has_like(mend, mend->stuck, instance)))
        return false;
    host = find_room(mend, instance, except, &state);
    if (!host && mend->may_open)
        host = find_empty(mend, instance, &state);
    if (!host) {
        add_like(mend, except ? mend->stuck : mend->failed, instance);
        return false;
    }
    *ret_move = (Move){instance, host, host->pattern};
    fleet_host_put(mend->fleet, host, instance);
    set_pattern(mend, host, state);
    return true;
}

static guint place_on(const FleetHost *host, guint instance)
{
    guint i = 0;

    while (g_array_index(host->instances, guint, i) != instance)
        i++;
    return i;
}

/* All back to @host. */
static void take_back(Mend *mend, FleetHost *host, const Move *moves, guint n)
{
    Fleet *fleet = mend->fleet;

    while (n-- > 0) {
        const Move *move = &moves[n];
        g_autoptr(FleetState) state =
            move->before < 0
                ? fleet_state_new(fleet, move->host->class)
                : fleet_state_copy(fleet, pattern_at(fleet, (guint)move->before)->state);

        fleet_host_take(fleet, move->host, place_on(move->host, move->instance));
        set_pattern(mend, move->host, state);
        fleet_host_put(fleet, host, move->instance);
    }
}

/* One of @flavour from @host to another. */
static bool move_one(Mend *mend, FleetHost *host, guint flavour, Move *ret_move)
{
    Fleet *fleet = mend->fleet;

    for (guint i = host->instances->len; i-- > 0;) {
        guint instance = g_array_index(host->instances, guint, i);

        if (flavour_of(fleet, instance) != flavour || has_like(mend, mend->failed, instance) ||
            has_like(mend, mend->stuck, instance))
            continue;
        fleet_host_take(fleet, host, i);
        if (settle(mend, instance, host, ret_move))
            return true;
        fleet_host_put(fleet, host, instance); /* the last one now */
    }
    return false;
}

/* Is there room for one of @flavour at all? */
static bool has_home(Mend *mend, guint flavour)
{
    for (guint p = 0; p < mend->fleet->patterns->len; p++)
        if (has_room(mend, p, flavour))
            return true;
    for (guint c = 0; mend->may_open && c < mend->fleet->classes->len; c++)
        if (fleet_class(mend->fleet, c)->uses[flavour].possible && mend->empty[c]->len > 0)
            return true;
    return false;
}

static bool has_homes(Mend *mend, const Way *way)
{
    for (guint i = 0; i < way->n; i++) {
        guint8 *home = &mend->home[way->out[i]];

        if (*home == UNKNOWN)
            *home = has_home(mend, way->out[i]) ? YES : NO;
        if (*home == NO)
            return false;
    }
    return true;
}

static void add_way(GArray *ways, guint node, const guint *out, guint n)
{
    Way way = {.node = node, .n = n};

    memcpy(way.out, out, n * sizeof *out);
    g_array_append_val(ways, way);
}

/* One of @gone, another flavour or the same, for one of @flavour; NULL: no room. */
static FleetState *exchange(const Fleet *fleet, const FleetState *from, guint flavour, guint gone)
{
    g_autoptr(FleetState) state = fleet_state_copy(fleet, from);

    if (gone == flavour)
        return g_steal_pointer(&state);
    fleet_state_drop(fleet, state, gone);
    if (!fleet_state_add(fleet, state, flavour) || is_refused(fleet, state))
        return NULL;
    return g_steal_pointer(&state);
}

/* One of @flavour comes to lie on @node, and what has no room there beside it goes, what many hosts
 * can hold first: @out, MAX_MOVED at most. NULL: it cannot be so. */
static FleetState *put_on(const Mend *mend, const FleetState *from, guint flavour, guint node,
                          guint *out, guint *ret_n)
{
    const Fleet *fleet = mend->fleet;
    g_autoptr(FleetState) state = fleet_state_new(fleet, from->class);
    guint n = 0;

    if (!fleet_state_fits_at(fleet, state, flavour, (guint64)1 << node))
        return NULL;
    fleet_state_take(fleet, state, flavour, (guint64)1 << node);
    for (guint i = 0; i < fleet->flavours->len; i++)
        for (guint s = 0; from->counts[mend->order[i]] > 0 && s < from->slots->len; s++) {
            const FleetSlot *slot = &g_array_index(from->slots, FleetSlot, s);

            if (slot->flavour != mend->order[i])
                continue;
            if (fleet_state_fits_at(fleet, state, slot->flavour, slot->nodes))
                fleet_state_take(fleet, state, slot->flavour, slot->nodes);
            else if (n < MAX_MOVED)
                out[n++] = slot->flavour;
            else
                return NULL;
        }
    *ret_n = n;
    return n > 1 && !is_refused(fleet, state) ? g_steal_pointer(&state) : NULL;
}

/* What a host of the pattern has when the way has been gone. */
static FleetState *end_of(const Mend *mend, guint number, const Way *way, guint flavour)
{
    const FleetState *from = pattern_at(mend->fleet, number)->state;
    guint out[MAX_MOVED], n;

    return way->node == ANY_NODE ? exchange(mend->fleet, from, flavour, way->out[0])
                                 : put_on(mend, from, flavour, way->node, out, &n);
}

static void list_ways(Mend *mend, const FleetState *from, guint flavour, GArray *ways)
{
    const Fleet *fleet = mend->fleet;
    const FleetClass *class = fleet_class(fleet, from->class);

    for (guint g = 0; g < fleet->flavours->len; g++) {
        g_autoptr(FleetState) state =
            from->counts[g] > 0 ? exchange(fleet, from, flavour, g) : NULL;

        if (state)
            add_way(ways, ANY_NODE, &g, 1);
    }
    for (guint node = 0; node < class->n_nodes && class->uses[flavour].n_nodes == 1; node++) {
        g_autoptr(FleetState) state = NULL;
        guint out[MAX_MOVED], n;

        if (class->uses[flavour].nodes >> node & 1)
            state = put_on(mend, from, flavour, node, out, &n);
        if (state)
            add_way(ways, node, out, n);
    }
}

/* To make room for one of @flavour on hosts of the pattern. */
static const GArray *find_ways(Mend *mend, guint number, guint flavour)
{
    const FleetState *from = pattern_at(mend->fleet, number)->state;
    Known *known = known_at(mend, number);
    GArray *ways;

    if (!known->ways)
        known->ways = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_array_unref);
    ways = g_hash_table_lookup(known->ways, GUINT_TO_POINTER(flavour));
    if (ways)
        return ways;
    ways = g_array_new(false, false, sizeof(Way));
    g_hash_table_insert(known->ways, GUINT_TO_POINTER(flavour), ways);
    if (fleet_class(mend->fleet, from->class)->uses[flavour].possible)
        list_ways(mend, from, flavour, ways);
    return ways;
}

static bool go_way(Mend *mend, guint number, const Way *way, guint instance)
{
    const GArray *hosts = known_at(mend, number)->hosts;
    guint n_hosts = hosts->len; /* grows meanwhile */

    for (guint h = 0; h < n_hosts && mend->visits < mend->most; h++) {
        FleetHost *host = g_array_index(hosts, FleetHost *, h);
        Move moves[MAX_MOVED];
        guint n = 0;

        mend->visits++;
        if (host->pattern != (int)number || !fleet_may_join(mend->fleet, host, instance))
            continue;
        while (n < way->n && move_one(mend, host, way->out[n], &moves[n]))
            n++;
        if (n == way->n) {
            g_autoptr(FleetState) state =
                end_of(mend, number, way, flavour_of(mend->fleet, instance));

            fleet_host_put(mend->fleet, host, instance);
            set_pattern(mend, host, state);
            return true;
        }
        take_back(mend, host, moves, n);
    }
    return false;
}

/* In the place of others: of one, or (@wide) of more. */
static bool replace(Mend *mend, guint instance, bool wide)
{
    guint n = mend->fleet->patterns->len;

    for (guint p = 0; p < n && mend->visits < mend->most; p++) {
        const GArray *ways;

        mend->visits++;
        if (pattern_at(mend->fleet, p)->hosts == 0 || pattern_at(mend->fleet, p)->refused)
            continue;
        ways = find_ways(mend, p, flavour_of(mend->fleet, instance));
        for (guint w = 0; w < ways->len; w++) {
            const Way way = g_array_index(ways, Way, w);

            mend->visits++;
            if ((way.n > 1) == wide && has_homes(mend, &way) && go_way(mend, p, &way, instance))
                return true;
        }
    }
    return false;
}

static bool mend_one(Mend *mend, guint instance)
{
    Move move;

    if (has_like(mend, mend->vain, instance))
        return false;
    if (settle(mend, instance, NULL, &move))
        return true;
    if (mend->fleet->flavours->len > FLEET_MAX_FLAVOURS)
        return false; /* what is known of so many grows without use */
    memset(mend->home, UNKNOWN, mend->fleet->flavours->len);
    if (replace(mend, instance, false) || replace(mend, instance, true))
        return true;
    add_like(mend, mend->vain, instance);
    return false;
}

/* Beside others, in the place of others, on empty hosts too; and where others made room since. */
enum { PASS_BESIDE, PASS_OPEN, PASS_AGAIN, N_PASSES };

guint fleet_mend(Fleet *fleet, const GArray *left, guint64 visits)
{
    g_auto(Mend) mend = {.most = visits};
    g_autoptr(GArray) rest = g_array_copy((GArray *)left);
    guint placed = 0;

    fleet_find_racks(fleet);
    mend_init(&mend, fleet);
    for (guint pass = 0; pass < N_PASSES; pass++) {
        guint kept = 0;

        mend.may_open = pass != PASS_BESIDE;
        g_hash_table_remove_all(mend.failed);
        g_hash_table_remove_all(mend.stuck);
        g_hash_table_remove_all(mend.vain);
        for (guint i = 0; i < rest->len; i++) {
            guint instance = g_array_index(rest, guint, i);

            Move move;

            if (pass == PASS_AGAIN ? settle(&mend, instance, NULL, &move)
                                   : mend_one(&mend, instance))
                placed++;
            else
                g_array_index(rest, guint, kept++) = instance;
        }
        g_array_set_size(rest, kept);
    }
    g_array_append_vals(fleet->unplaced, rest->data, rest->len);
    return placed;
}
