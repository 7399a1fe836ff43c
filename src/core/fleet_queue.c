/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which host of its class a pattern goes to. Hosts of a class are alike, so they come in order; but
 * where clusters spread over racks, a rack takes of a flavour only as many slices as there are
 * clusters of it: then the next host stands where there is most room of that kind.
 */
#include "core/fleet_internal.h"

#define OVERFLOW 1000.0
/* Hosts that are looked at to change patterns with, in all; up to a tenth of a second. */
#define MAX_SWAP_VISITS 3000000
/* And for one, once there is one that will do. */
#define SWAP_CHOICE 300

struct FleetQueues {
    Fleet *fleet;
    guint n_racks;           /* 1 when racks do not matter */
    GArray **hosts;          /* FleetHost *: by class and rack, the last first */
    guint *used;             /* slices there by now, by rack and flavour */
    guint *most;             /* that a rack takes, by flavour */
    const FleetState *state; /* the last one; its flavours, and how each rack suits it */
    guint *wanted, n_wanted;
    double *rates; /* G_MAXDOUBLE: no host is left there */
};

bool fleet_has_rack_spread(const Spec *spec)
{
    for (guint i = 0; i < spec->clusters->len; i++)
        if (((const SpecCluster *)g_ptr_array_index(spec->clusters, i))->spread == SPEC_SPREAD_RACK)
            return true;
    return false;
}

/* One of each cluster that spreads over racks, and all others. */
static guint count_most(const Fleet *fleet, const FleetFlavour *flavour)
{
    guint most = 0, last = G_MAXUINT;

    for (guint i = 0; i < flavour->instances->len; i++) {
        guint number = g_array_index(flavour->instances, guint, i);
        guint cluster = g_array_index(fleet->cluster_of, guint, number);
        const SpecInstance *instance = g_ptr_array_index(fleet->instances, number);

        most += instance->cluster->spread != SPEC_SPREAD_RACK || cluster != last;
        last = cluster;
    }
    return MAX(most, 1);
}

FleetQueues *fleet_queues_new(Fleet *fleet)
{
    FleetQueues *queues = g_new0(FleetQueues, 1);
    bool racks = fleet_has_rack_spread(fleet->spec);
    guint n = fleet->flavours->len;

    queues->fleet = fleet;
    queues->n_racks = racks ? g_hash_table_size(fleet->racks) + 1 : 1;
    queues->hosts = g_new0(GArray *, MAX((gsize)queues->n_racks * fleet->classes->len, 1));
    queues->used = g_new0(guint, MAX((gsize)queues->n_racks * n, 1));
    queues->most = g_new(guint, MAX(n, 1));
    queues->wanted = g_new(guint, MAX(n, 1));
    queues->rates = g_new0(double, queues->n_racks);
    for (guint f = 0; f < n; f++)
        queues->most[f] = racks ? count_most(fleet, fleet_flavour(fleet, f)) : 1;
    for (guint h = fleet->hosts->len; h-- > 0;) {
        FleetHost *host = g_ptr_array_index(fleet->hosts, h);
        GArray **queue =
            &queues->hosts[(gsize)host->class * queues->n_racks + (racks ? host->rack : 0)];

        if (!*queue)
            *queue = g_array_new(false, false, sizeof(FleetHost *));
        g_array_append_val(*queue, host);
    }
    return queues;
}

void fleet_queues_free(FleetQueues *queues)
{
    for (gsize i = 0; i < (gsize)queues->n_racks * queues->fleet->classes->len; i++)
        g_clear_pointer(&queues->hosts[i], g_array_unref);
    g_free(queues->hosts);
    g_free(queues->used);
    g_free(queues->most);
    g_free(queues->wanted);
    g_free(queues->rates);
    g_free(queues);
}

/* How full the rack would be of what the pattern has. */
static double rate_rack(const FleetQueues *queues, guint rack)
{
    const guint *used = &queues->used[(gsize)rack * queues->fleet->flavours->len];
    double full = 0;

    for (guint i = 0; i < queues->n_wanted; i++) {
        guint f = queues->wanted[i], count = queues->state->counts[f];

        full += (double)used[f] * count / queues->most[f];
        if (used[f] + count > queues->most[f])
            full += OVERFLOW * (used[f] + count - queues->most[f]);
    }
    return full;
}

/* For the pattern at hand. */
static void set_rate(FleetQueues *queues, guint rack)
{
    const GArray *hosts = queues->hosts[(gsize)queues->state->class * queues->n_racks + rack];
    double rate = queues->n_racks > 1 ? rate_rack(queues, rack) : 0;

    queues->rates[rack] = hosts && hosts->len > 0 ? rate : G_MAXDOUBLE;
}

static void start_pattern(FleetQueues *queues, const FleetState *state)
{
    queues->state = state;
    queues->n_wanted = 0;
    for (guint f = 0; f < queues->fleet->flavours->len; f++)
        if (state->counts[f] > 0)
            queues->wanted[queues->n_wanted++] = f;
    for (guint r = 0; r < queues->n_racks; r++)
        set_rate(queues, r);
}

/* Of what a rack takes of a flavour, the largest share that a host with the pattern has. */
static double tightness(const FleetQueues *queues, const FleetState *state)
{
    double most = 0;

    for (guint f = 0; f < queues->fleet->flavours->len; f++)
        most = MAX(most, (double)state->counts[f] / queues->most[f]);
    return most;
}

static int compare_tightness(gconstpointer a, gconstpointer b, gpointer data)
{
    double x = tightness(data, (*(FleetBucket *const *)a)->state);
    double y = tightness(data, (*(FleetBucket *const *)b)->state);

    return x != y ? (x > y ? -1 : 1) : 0;
}

void fleet_queues_sort(FleetQueues *queues, GPtrArray *buckets)
{
    if (queues->n_racks > 1) /* stable */
        g_ptr_array_sort_with_data(buckets, compare_tightness, queues);
}

FleetHost *fleet_queues_next(FleetQueues *queues, const FleetState *state)
{
    guint n = queues->fleet->flavours->len, best = 0;
    GArray *hosts;
    FleetHost *host;

    if (state != queues->state)
        start_pattern(queues, state);
    for (guint r = 1; r < queues->n_racks; r++)
        if (queues->rates[r] < queues->rates[best])
            best = r;
    hosts = queues->hosts[(gsize)state->class * queues->n_racks + best];
    host = g_array_index(hosts, FleetHost *, hosts->len - 1);
    g_array_set_size(hosts, hosts->len - 1);
    for (guint i = 0; i < queues->n_wanted; i++)
        queues->used[(gsize)best * n + queues->wanted[i]] += state->counts[queues->wanted[i]];
    set_rate(queues, best);
    return host;
}

/* Of the pattern, a flavour that the rack has too many of; as many as there are: none. */
static guint find_excess(const FleetQueues *queues, const FleetTurn *turn)
{
    guint n = queues->fleet->flavours->len, f = 0;
    const guint *used = &queues->used[(gsize)turn->host->rack * n];

    while (f < n && (!turn->state || turn->state->counts[f] == 0 || used[f] <= queues->most[f]))
        f++;
    return f;
}

static int excess(guint used, guint most)
{
    return used > most ? (int)(used - most) : 0;
}

/* By how many slices less the two racks overflow when the hosts' patterns change places. */
static int rate_swap(const FleetQueues *queues, const FleetTurn *a, const FleetTurn *b)
{
    guint n = queues->fleet->flavours->len;
    const guint *of_a = &queues->used[(gsize)a->host->rack * n];
    const guint *of_b = &queues->used[(gsize)b->host->rack * n];
    int gain = 0;

    for (guint f = 0; f < n; f++) {
        guint to_a = b->state ? b->state->counts[f] : 0, to_b = a->state->counts[f];

        if (to_a == to_b)
            continue;
        gain += excess(of_a[f], queues->most[f]) + excess(of_b[f], queues->most[f]);
        gain -= excess(of_a[f] + to_a - to_b, queues->most[f]);
        gain -= excess(of_b[f] + to_b - to_a, queues->most[f]);
    }
    return gain;
}

static void add_used(FleetQueues *queues, const FleetTurn *turn, int factor)
{
    guint n = queues->fleet->flavours->len;
    guint *used = &queues->used[(gsize)turn->host->rack * n];

    for (guint f = 0; turn->state && f < n; f++)
        used[f] += (guint)(factor * turn->state->counts[f]);
}

static void swap(FleetQueues *queues, FleetTurn *a, FleetTurn *b)
{
    FleetState *state = a->state;

    add_used(queues, a, -1);
    add_used(queues, b, -1);
    a->state = b->state;
    b->state = state;
    add_used(queues, a, 1);
    add_used(queues, b, 1);
}

/* Of the class's hosts the one to change with, if that helps. *@visits is counted up. */
static FleetTurn *find_partner(const FleetQueues *queues, const FleetTurn *turn,
                               const GPtrArray *of_class, guint from, guint *visits)
{
    guint n = queues->fleet->flavours->len, f = find_excess(queues, turn);
    FleetTurn *best = NULL;
    int most = 0;

    for (guint i = 1; f < n && i < of_class->len && (!best || i < SWAP_CHOICE); i++) {
        FleetTurn *other = g_ptr_array_index(of_class, (from + i) % of_class->len);
        guint count = other->state ? other->state->counts[f] : 0;
        int gain;

        ++*visits;
        if (other->host->rack == turn->host->rack || count >= turn->state->counts[f] ||
            queues->used[(gsize)other->host->rack * n + f] >= queues->most[f])
            continue;
        gain = rate_swap(queues, turn, other);
        if (gain > most) {
            most = gain;
            best = other;
        }
    }
    return best;
}

/* Hosts that have no pattern yet. */
static void add_idle(const FleetQueues *queues, GArray *turns)
{
    for (gsize i = 0; i < (gsize)queues->n_racks * queues->fleet->classes->len; i++)
        for (guint h = 0; queues->hosts[i] && h < queues->hosts[i]->len; h++) {
            FleetTurn turn = {.host = g_array_index(queues->hosts[i], FleetHost *, h)};

            g_array_append_val(turns, turn);
        }
}

static void drop_idle(GArray *turns)
{
    guint kept = 0;

    for (guint t = 0; t < turns->len; t++)
        if (g_array_index(turns, FleetTurn, t).state)
            g_array_index(turns, FleetTurn, kept++) = g_array_index(turns, FleetTurn, t);
    g_array_set_size(turns, kept);
}

static void balance_class(FleetQueues *queues, const GPtrArray *of_class, guint *visits)
{
    bool better = true;

    while (better && *visits < MAX_SWAP_VISITS) {
        better = false;
        for (guint i = 0; i < of_class->len && *visits < MAX_SWAP_VISITS; i++) {
            FleetTurn *turn = g_ptr_array_index(of_class, i);
            FleetTurn *other = find_partner(queues, turn, of_class, i, visits);

            if (other)
                swap(queues, turn, other);
            better |= other != NULL;
        }
    }
}

void fleet_queues_balance(FleetQueues *queues, GArray *turns)
{
    g_autoptr(GPtrArray) classes =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    guint visits = 0;

    if (queues->n_racks == 1)
        return;
    add_idle(queues, turns);
    for (guint c = 0; c < queues->fleet->classes->len; c++)
        g_ptr_array_add(classes, g_ptr_array_new());
    for (guint t = 0; t < turns->len; t++) {
        FleetTurn *turn = &g_array_index(turns, FleetTurn, t);

        g_ptr_array_add(g_ptr_array_index(classes, turn->host->class), turn);
    }
    for (guint c = 0; c < classes->len; c++)
        balance_class(queues, g_ptr_array_index(classes, c), &visits);
    drop_idle(turns);
}
