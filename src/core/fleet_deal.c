/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From counts to slices: which host gets which pattern, and which slice of a flavour goes where.
 * Slices of one flavour are alike but for their clusters; of these, the one with the most slices
 * left goes first, so that none is left at the end with more slices than hosts.
 */
#include "core/fleet_internal.h"

/* A cluster is looked at anew when it has lost so great a part. */
#define STALE 32

/* The slices of one flavour and cluster that have no host yet: instances[next .. end). */
typedef struct {
    guint cluster, next, end;
    guint left; /* of the cluster, in all flavours, when it was last looked at */
    int spread; /* the cluster's */
} Queue;

typedef struct {
    Fleet *fleet;
    GPtrArray *heaps; /* of Queue, by flavour */
    guint *left;      /* by cluster: slices that have no host yet */
    guint *last;      /* by cluster: the turn, or the rack, that had one last */
    guint turn;       /* from 1: one host each */
    GArray *of_host;  /* Parked: until the next host */
    GArray *of_rack;  /* until the next rack */
} Deal;

/* A queue that is not in its heap: its cluster has had its slice. */
typedef struct {
    guint flavour;
    Queue queue;
} Parked;

/* A heap, the longest queue first. */
static bool goes_before(const Queue *a, const Queue *b)
{
    guint x = a->end - a->next, y = b->end - b->next;

    if (x != y)
        return x > y;
    return a->left != b->left ? a->left > b->left : a->cluster < b->cluster;
}

static void heap_push(GArray *heap, Queue queue)
{
    guint at = heap->len;

    g_array_append_val(heap, queue);
    while (at > 0) {
        Queue *child = &g_array_index(heap, Queue, at);
        Queue *parent = &g_array_index(heap, Queue, (at - 1) / 2);

        if (!goes_before(child, parent))
            return;
        queue = *child;
        *child = *parent;
        *parent = queue;
        at = (at - 1) / 2;
    }
}

static Queue heap_pop(GArray *heap)
{
    Queue top = g_array_index(heap, Queue, 0);
    guint at = 0;

    g_array_index(heap, Queue, 0) = g_array_index(heap, Queue, heap->len - 1);
    g_array_set_size(heap, heap->len - 1);
    for (;;) {
        guint child = 2 * at + 1;
        Queue moved;

        if (child >= heap->len)
            return top;
        if (child + 1 < heap->len &&
            goes_before(&g_array_index(heap, Queue, child + 1), &g_array_index(heap, Queue, child)))
            child++;
        if (!goes_before(&g_array_index(heap, Queue, child), &g_array_index(heap, Queue, at)))
            return top;
        moved = g_array_index(heap, Queue, at);
        g_array_index(heap, Queue, at) = g_array_index(heap, Queue, child);
        g_array_index(heap, Queue, child) = moved;
        at = child;
    }
}

static int spread_of(const Fleet *fleet, guint instance)
{
    return ((const SpecInstance *)g_ptr_array_index(fleet->instances, instance))->cluster->spread;
}

static GArray *heap_new(const Fleet *fleet, const FleetFlavour *flavour)
{
    GArray *heap = g_array_new(false, false, sizeof(Queue));
    guint n = flavour->instances->len;

    for (guint i = 0; i < n;) {
        guint instance = g_array_index(flavour->instances, guint, i);
        Queue queue = {.cluster = g_array_index(fleet->cluster_of, guint, instance),
                       .next = i,
                       .end = i,
                       .left = G_MAXUINT,
                       .spread = spread_of(fleet, instance)};

        while (queue.end < n &&
               g_array_index(fleet->cluster_of, guint,
                             g_array_index(flavour->instances, guint, queue.end)) == queue.cluster)
            queue.end++;
        i = queue.end;
        heap_push(heap, queue);
    }
    return heap;
}

/* The bit of fleet->in_racks for the instance's cluster in the host's rack. */
static gsize rack_bit(const Fleet *fleet, const FleetHost *host, guint instance)
{
    gsize cluster = g_array_index(fleet->cluster_of, guint, instance);

    return cluster * (g_hash_table_size(fleet->racks) + 1) + host->rack;
}

static void set_in_rack(Fleet *fleet, const FleetHost *host, guint instance, bool is_there)
{
    gsize bit = rack_bit(fleet, host, instance);

    if (!fleet->in_racks || spread_of(fleet, instance) != SPEC_SPREAD_RACK)
        return;
    if (is_there)
        fleet->in_racks[bit / 8] |= (guint8)(1 << bit % 8);
    else
        fleet->in_racks[bit / 8] &= (guint8) ~(1 << bit % 8);
}

static void append(FleetHost *host, guint instance)
{
    if (!host->instances)
        host->instances = g_array_new(false, false, sizeof(guint));
    g_array_append_val(host->instances, instance);
}

void fleet_find_racks(Fleet *fleet)
{
    gsize bits = (gsize)fleet->spec->clusters->len * (g_hash_table_size(fleet->racks) + 1);

    if (fleet->in_racks || !fleet_has_rack_spread(fleet->spec))
        return;
    fleet->in_racks = g_malloc0(bits / 8 + 1);
    for (guint h = 0; h < fleet->hosts->len; h++) {
        const FleetHost *host = g_ptr_array_index(fleet->hosts, h);

        for (guint i = 0; host->instances && i < host->instances->len; i++)
            set_in_rack(fleet, host, g_array_index(host->instances, guint, i), true);
    }
}

void fleet_host_put(Fleet *fleet, FleetHost *host, guint instance)
{
    append(host, instance);
    set_in_rack(fleet, host, instance, true);
}

void fleet_host_take(Fleet *fleet, FleetHost *host, guint index)
{
    set_in_rack(fleet, host, g_array_index(host->instances, guint, index), false);
    g_array_remove_index(host->instances, index);
}

bool fleet_may_join(const Fleet *fleet, const FleetHost *host, guint number)
{
    guint cluster = g_array_index(fleet->cluster_of, guint, number);
    int spread = spread_of(fleet, number);

    if (spread == SPEC_SPREAD_NONE)
        return true;
    if (spread == SPEC_SPREAD_RACK) {
        gsize bit = rack_bit(fleet, host, number);

        return !(fleet->in_racks[bit / 8] >> bit % 8 & 1);
    }
    for (guint i = 0; host->instances && i < host->instances->len; i++)
        if (g_array_index(fleet->cluster_of, guint, g_array_index(host->instances, guint, i)) ==
            cluster)
            return false;
    return true;
}

/* As fleet_may_join(), where hosts come rack by rack. */
static bool may_go(const Deal *deal, const Queue *queue, const FleetHost *host)
{
    if (queue->spread == SPEC_SPREAD_NONE)
        return true;
    return deal->last[queue->cluster] !=
           (queue->spread == SPEC_SPREAD_RACK ? host->rack + 1 : deal->turn);
}

static void put(Deal *deal, guint flavour, Queue *queue, FleetHost *host)
{
    guint instance =
        g_array_index(fleet_flavour(deal->fleet, flavour)->instances, guint, queue->next);

    append(host, instance);
    deal->last[queue->cluster] = queue->spread == SPEC_SPREAD_RACK ? host->rack + 1 : deal->turn;
    queue->left = --deal->left[queue->cluster];
    queue->next++;
}

static void park(const Deal *deal, guint flavour, Queue queue)
{
    Parked parked = {flavour, queue};

    g_array_append_val(queue.spread == SPEC_SPREAD_RACK ? deal->of_rack : deal->of_host, parked);
}

static void unpark(const Deal *deal, GArray *all)
{
    for (guint i = 0; i < all->len; i++) {
        const Parked *parked = &g_array_index(all, Parked, i);

        heap_push(g_ptr_array_index(deal->heaps, parked->flavour), parked->queue);
    }
    g_array_set_size(all, 0);
}

/* One slice of the flavour onto the host; false: none that is left may go there. */
static bool deal_slot(Deal *deal, guint flavour, FleetHost *host)
{
    GArray *heap = g_ptr_array_index(deal->heaps, flavour);

    while (heap->len > 0) {
        Queue queue = heap_pop(heap);
        guint left = deal->left[queue.cluster];

        if (queue.left > left + left / STALE) {
            queue.left = left;
            heap_push(heap, queue);
            continue;
        }
        if (!may_go(deal, &queue, host)) {
            park(deal, flavour, queue);
            continue;
        }
        put(deal, flavour, &queue, host);
        if (queue.next == queue.end)
            return true;
        if (queue.spread == SPEC_SPREAD_NONE)
            heap_push(heap, queue);
        else
            park(deal, flavour, queue);
        return true;
    }
    return false;
}

static void deal_host(Deal *deal, FleetState *wanted, FleetHost *host)
{
    const Fleet *fleet = deal->fleet;
    g_autoptr(FleetState) less = NULL;

    deal->turn++;
    host->instances = g_array_sized_new(false, false, sizeof(guint), wanted->slices);
    for (guint f = 0; f < fleet->flavours->len; f++)
        for (guint i = 0; i < wanted->counts[f]; i++) {
            if (deal_slot(deal, f, host))
                continue;
            if (!less)
                less = fleet_state_copy(fleet, wanted);
            fleet_state_drop(fleet, less, f);
        }
    unpark(deal, deal->of_host);
    fleet_set_pattern(deal->fleet, host, less ? less : wanted);
}

static int compare_turns(gconstpointer a, gconstpointer b)
{
    const FleetTurn *x = a, *y = b;

    return x->host->rack < y->host->rack ? -1 : x->host->rack > y->host->rack;
}

/* Rack by rack: then each takes the slices of the clusters that have most left, and that leaves
 * none over which any other way would place (Gale and Ryser 1957), where clusters are of one
 * flavour. */
static GArray *list_turns(Fleet *fleet, GPtrArray *buckets)
{
    g_autoptr(FleetQueues) queues = fleet_queues_new(fleet);
    GArray *turns = g_array_new(false, false, sizeof(FleetTurn));

    fleet_queues_sort(queues, buckets);
    for (guint b = 0; b < buckets->len; b++) {
        const FleetBucket *bucket = g_ptr_array_index(buckets, b);

        for (guint i = 0; i < bucket->hosts; i++) {
            FleetTurn turn = {fleet_queues_next(queues, bucket->state), bucket->state};

            g_array_append_val(turns, turn);
        }
    }
    fleet_queues_balance(queues, turns);
    if (fleet_has_rack_spread(fleet->spec))
        g_array_sort(turns, compare_turns);
    return turns;
}

static void leave_out(Fleet *fleet, guint flavour, const GArray *heap)
{
    const GArray *instances = fleet_flavour(fleet, flavour)->instances;

    for (guint q = 0; q < heap->len; q++) {
        const Queue *queue = &g_array_index(heap, Queue, q);

        g_array_append_vals(fleet->unplaced, &g_array_index(instances, guint, queue->next),
                            queue->end - queue->next);
    }
}

void fleet_deal(Fleet *fleet, GPtrArray *buckets)
{
    guint n_clusters = MAX(fleet->spec->clusters->len, 1);
    g_autoptr(GArray) turns = list_turns(fleet, buckets);
    g_autoptr(GPtrArray) heaps = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    g_autofree guint *left = g_new0(guint, n_clusters);
    g_autofree guint *last = g_new0(guint, n_clusters);
    g_autoptr(GArray) of_host = g_array_new(false, false, sizeof(Parked));
    g_autoptr(GArray) of_rack = g_array_new(false, false, sizeof(Parked));
    Deal deal = {.fleet = fleet,
                 .heaps = heaps,
                 .left = left,
                 .last = last,
                 .of_host = of_host,
                 .of_rack = of_rack};

    for (guint i = 0; i < fleet->cluster_of->len; i++)
        left[g_array_index(fleet->cluster_of, guint, i)]++;
    for (guint f = 0; f < fleet->flavours->len; f++)
        g_ptr_array_add(heaps, heap_new(fleet, fleet_flavour(fleet, f)));
    for (guint t = 0; t < turns->len; t++) {
        const FleetTurn *turn = &g_array_index(turns, FleetTurn, t);

        if (t > 0 && turn->host->rack != g_array_index(turns, FleetTurn, t - 1).host->rack)
            unpark(&deal, of_rack);
        deal_host(&deal, turn->state, turn->host);
    }
    unpark(&deal, of_rack);
    for (guint f = 0; f < fleet->flavours->len; f++)
        leave_out(fleet, f, g_ptr_array_index(heaps, f));
}
