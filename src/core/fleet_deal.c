/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From counts to slices: which host gets which pattern, and which slice of a flavour goes where.
 * Slices of one flavour are alike but for their clusters; of these, the one with the most slices
 * left goes first, so that none is left at the end with more slices than hosts.
 */
#include "core/fleet_internal.h"

/* The slices of one flavour and cluster that have no host yet: instances[next .. end). */
typedef struct {
    guint cluster, next, end;
} Queue;

/* A heap, the longest queue first. */
static bool goes_before(const Queue *a, const Queue *b)
{
    guint x = a->end - a->next, y = b->end - b->next;

    return x != y ? x > y : a->cluster < b->cluster;
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

static GArray *heap_new(const Fleet *fleet, const FleetFlavour *flavour)
{
    GArray *heap = g_array_new(false, false, sizeof(Queue));
    guint n = flavour->instances->len;

    for (guint i = 0; i < n;) {
        guint instance = g_array_index(flavour->instances, guint, i);
        Queue queue = {g_array_index(fleet->cluster_of, guint, instance), i, i};

        while (queue.end < n &&
               g_array_index(fleet->cluster_of, guint,
                             g_array_index(flavour->instances, guint, queue.end)) == queue.cluster)
            queue.end++;
        i = queue.end;
        heap_push(heap, queue);
    }
    return heap;
}

bool fleet_may_join(const Fleet *fleet, const FleetHost *host, guint number)
{
    const SpecInstance *instance = g_ptr_array_index(fleet->instances, number);
    guint cluster = g_array_index(fleet->cluster_of, guint, number);

    if (instance->cluster->spread == SPEC_SPREAD_NONE)
        return true;
    for (guint i = 0; i < host->instances->len; i++)
        if (g_array_index(fleet->cluster_of, guint, g_array_index(host->instances, guint, i)) ==
            cluster)
            return false;
    return true;
}

/* One slice of the flavour onto the host; false: none that is left may go there. */
static bool deal_slot(const Fleet *fleet, const FleetFlavour *flavour, GArray *heap,
                      FleetHost *host)
{
    g_autoptr(GArray) aside = NULL;
    bool dealt = false;

    while (heap->len > 0 && !dealt) {
        Queue queue = heap_pop(heap);
        guint instance = g_array_index(flavour->instances, guint, queue.next);

        if (fleet_may_join(fleet, host, instance)) {
            g_array_append_val(host->instances, instance);
            queue.next++;
            dealt = true;
            if (queue.next < queue.end)
                heap_push(heap, queue);
        } else {
            if (!aside)
                aside = g_array_new(false, false, sizeof(Queue));
            g_array_append_val(aside, queue);
        }
    }
    for (guint i = 0; aside && i < aside->len; i++)
        heap_push(heap, g_array_index(aside, Queue, i));
    return dealt;
}

/* Where all that are left of the flavour are of clusters that @host has: one that lies elsewhere
 * comes here, and one of these takes its place. */
static bool swap_slot(const Fleet *fleet, guint flavour, GArray *heap, FleetHost *host)
{
    Queue queue = heap->len > 0 ? g_array_index(heap, Queue, 0) : (Queue){0};
    guint instance;

    if (heap->len == 0)
        return false;
    instance = g_array_index(fleet_flavour(fleet, flavour)->instances, guint, queue.next);
    for (guint h = 0; h < fleet->hosts->len; h++) {
        FleetHost *other = g_ptr_array_index(fleet->hosts, h);

        if (other == host || !other->instances || !fleet_may_join(fleet, other, instance))
            continue;
        for (guint i = 0; i < other->instances->len; i++) {
            guint moved = g_array_index(other->instances, guint, i);

            if (g_array_index(fleet->flavour_of, guint, moved) != flavour ||
                !fleet_may_join(fleet, host, moved))
                continue;
            g_array_index(other->instances, guint, i) = instance;
            g_array_append_val(host->instances, moved);
            queue = heap_pop(heap);
            if (++queue.next < queue.end)
                heap_push(heap, queue);
            return true;
        }
    }
    return false;
}

static void deal_host(Fleet *fleet, GPtrArray *heaps, const FleetState *wanted, FleetHost *host)
{
    g_autoptr(FleetState) state = fleet_state_copy(fleet, wanted);

    host->instances = g_array_new(false, false, sizeof(guint));
    for (guint f = 0; f < fleet->flavours->len; f++)
        for (guint i = 0; i < wanted->counts[f]; i++)
            if (!deal_slot(fleet, fleet_flavour(fleet, f), g_ptr_array_index(heaps, f), host) &&
                !swap_slot(fleet, f, g_ptr_array_index(heaps, f), host))
                fleet_state_drop(state, f);
    fleet_set_pattern(fleet, host, state);
}

/* Each class's hosts in order, each bucket's in a row. */
void fleet_deal(Fleet *fleet, const GPtrArray *buckets)
{
    g_autoptr(GPtrArray) heaps = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    g_autofree guint *next = g_new0(guint, MAX(fleet->classes->len, 1));

    for (guint f = 0; f < fleet->flavours->len; f++)
        g_ptr_array_add(heaps, heap_new(fleet, fleet_flavour(fleet, f)));
    for (guint b = 0; b < buckets->len; b++) {
        const FleetBucket *bucket = g_ptr_array_index(buckets, b);
        guint class = bucket->state->class;

        for (guint i = 0; i < bucket->hosts; next[class]++) {
            FleetHost *host = g_ptr_array_index(fleet->hosts, next[class]);

            if (host->class != class)
                continue;
            deal_host(fleet, heaps, bucket->state, host);
            i++;
        }
    }
    for (guint f = 0; f < fleet->flavours->len; f++) {
        const GArray *heap = g_ptr_array_index(heaps, f);

        for (guint q = 0; q < heap->len; q++) {
            const Queue *queue = &g_array_index(heap, Queue, q);

            for (guint i = queue->next; i < queue->end; i++)
                g_array_append_val(fleet->unplaced,
                                   g_array_index(fleet_flavour(fleet, f)->instances, guint, i));
        }
    }
}
