/* SPDX-License-Identifier: Apache-2.0 */
#include "core/place_fill.h"

#include <string.h>

#define MEMO_FIRST ((gsize)1 << 10)
#define MEMO_LAST ((gsize)1 << 18)

struct Fill {
    guint n_nodes, n_dims, n_flavours;
    FillNode *nodes;
    FillFlavour *flavours; /* the largest first; so is all that goes by flavour here */
    guint *place;          /* by the caller's number of a flavour: its place among them */
    guint *class;          /* by node: nodes of a class are alike */
    guint *counts;         /* by flavour: left to be placed */
    guint *placed;         /* flavour * n_nodes + node */
    guint64 *key;          /* by flavour, then by class of nodes */
    guint base;    /* service cores that every node in use has, taken off its cores already */
    guint64 *memo; /* states that failed; 0: free */
    gsize memo_size, memo_used;
    guint64 steps, budget;
};

/* splitmix64: keys of states must not depend on the run. */
static guint64 mix(guint64 x)
{
    x += G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static void add_flavours(Fill *fill, const FillFlavour *flavours)
{
    double total[FILL_MAX_DIMS] = {0};

    for (guint n = 0; n < fill->n_nodes; n++)
        for (guint d = 0; d < fill->n_dims; d++)
            total[d] += (double)MAX(fill->nodes[n].cap[d], 0);
    for (guint f = 0; f < fill->n_flavours; f++) { /* few, and mostly sorted */
        double weight = 0;
        guint i = f;

        for (guint d = 0; d < fill->n_dims; d++) {
            double share = total[d] > 0 ? (double)flavours[f].need[d] / total[d] : 0;

            weight += share * share;
        }
        for (; i > 0 && fill->flavours[i - 1].weight < weight; i--) {
            fill->flavours[i] = fill->flavours[i - 1];
            fill->counts[i] = fill->counts[i - 1];
        }
        fill->flavours[i] = flavours[f];
        fill->flavours[i].weight = weight;
        fill->counts[i] = f; /* lent */
    }
    for (guint i = 0; i < fill->n_flavours; i++)
        fill->place[fill->counts[i]] = i;
}

static bool nodes_are_alike(const Fill *fill, guint a, guint b)
{
    if (fill->nodes[a].service != fill->nodes[b].service ||
        memcmp(fill->nodes[a].cap, fill->nodes[b].cap, fill->n_dims * sizeof(gint64)) != 0)
        return false;
    for (guint f = 0; f < fill->n_flavours; f++) {
        const FillFlavour *flavour = &fill->flavours[f];

        if ((flavour->allowed >> a & 1) != (flavour->allowed >> b & 1) ||
            flavour->rank[a] != flavour->rank[b])
            return false;
    }
    return true;
}

static void classify_nodes(Fill *fill)
{
    for (guint n = 0; n < fill->n_nodes; n++) {
        fill->class[n] = n;
        for (guint m = 0; m < n; m++)
            if (fill->class[m] == m && nodes_are_alike(fill, m, n)) {
                fill->class[n] = m;
                break;
            }
    }
}

/* Whoever comes first onto a node brings this much service; so it can be taken off at once, and
 * does not look like room. */
static void take_base_service(Fill *fill, const FillFlavour *flavours)
{
    fill->base = fill->n_flavours ? G_MAXUINT : 0;
    for (guint f = 0; f < fill->n_flavours; f++)
        fill->base = MIN(fill->base, flavours[f].service);
    for (guint n = 0; n < fill->n_nodes; n++) {
        FillNode *node = &fill->nodes[n];

        if (node->service < fill->base) {
            node->cap[FILL_CORES] -= fill->base - node->service;
            node->service = fill->base;
        }
    }
}

Fill *fill_new(const FillNode *nodes, guint n_nodes, guint n_dims, const FillFlavour *flavours,
               guint n_flavours)
{
    gsize wide = n_nodes * sizeof(FillNode) + n_flavours * sizeof(FillFlavour) +
                 (n_flavours + n_nodes) * sizeof(guint64);
    gsize narrow = (2 * n_flavours + n_nodes + n_flavours * n_nodes) * sizeof(guint);
    Fill *fill = g_malloc0(sizeof(Fill) + wide + narrow); /* all in one piece */

    fill->n_nodes = n_nodes;
    fill->n_dims = n_dims;
    fill->n_flavours = n_flavours;
    fill->nodes = (FillNode *)(fill + 1);
    fill->flavours = (FillFlavour *)(fill->nodes + n_nodes);
    fill->key = (guint64 *)(fill->flavours + n_flavours);
    fill->place = (guint *)(fill->key + n_flavours + n_nodes);
    fill->counts = fill->place + n_flavours;
    fill->class = fill->counts + n_flavours;
    fill->placed = fill->class + n_nodes;
    memcpy(fill->nodes, nodes, n_nodes * sizeof(*nodes));
    for (guint i = 0; i < n_flavours + n_nodes; i++)
        fill->key[i] = mix(i);
    take_base_service(fill, flavours);
    add_flavours(fill, flavours);
    classify_nodes(fill);
    return fill;
}

void fill_free(Fill *fill)
{
    if (!fill)
        return;
    g_free(fill->memo);
    g_free(fill);
}

guint fill_placed(const Fill *fill, guint flavour, guint node)
{
    return fill->placed[fill->place[flavour] * fill->n_nodes + node];
}

static bool fits(const Fill *fill, const FillFlavour *flavour, const FillNode *node)
{
    gint64 extra = flavour->service > node->service ? flavour->service - node->service : 0;

    if (flavour->need[FILL_CORES] + extra > node->cap[FILL_CORES])
        return false;
    for (guint d = 1; d < fill->n_dims; d++)
        if (flavour->need[d] > node->cap[d])
            return false;
    return true;
}

static void take(const Fill *fill, const FillFlavour *flavour, FillNode *node)
{
    if (flavour->service > node->service) {
        node->cap[FILL_CORES] -= flavour->service - node->service;
        node->service = flavour->service;
    }
    for (guint d = 0; d < fill->n_dims; d++)
        node->cap[d] -= flavour->need[d];
}

/* The quick ways. */

static double room_of(const Fill *fill, const FillNode *node, guint number)
{
    double room = 0;

    for (guint d = 0; d < fill->n_dims; d++) {
        gint64 all = fill->nodes[number].cap[d];

        room += all > 0 ? (double)node->cap[d] / (double)all : 0;
    }
    return room;
}

static int choose_node(const Fill *fill, const FillFlavour *flavour, const FillNode *now, guint way)
{
    int best = -1;
    double best_room = 0;

    for (guint n = 0; n < fill->n_nodes; n++) {
        double room;

        if (!(flavour->allowed >> n & 1) || !fits(fill, flavour, &now[n]))
            continue;
        room = room_of(fill, &now[n], n);
        if (way == 0)
            room = -room;
        if (best >= 0 && way < 2 && flavour->rank[n] != flavour->rank[best]) {
            if (flavour->rank[n] > flavour->rank[best])
                continue;
        } else if (best >= 0 && room >= best_room) {
            continue;
        }
        best = (int)n;
        best_room = room;
    }
    return best;
}

static void start(Fill *fill, const guint *counts)
{
    for (guint f = 0; f < fill->n_flavours; f++)
        fill->counts[fill->place[f]] = counts[f];
    memset(fill->placed, 0, fill->n_flavours * fill->n_nodes * sizeof(guint));
}

FillResult fill_quick(Fill *fill, const guint *counts, guint way)
{
    FillNode now[FILL_MAX_NODES];

    memcpy(now, fill->nodes, fill->n_nodes * sizeof(*now));
    start(fill, counts);
    for (guint f = 0; f < fill->n_flavours; f++) {
        for (guint c = 0; c < fill->counts[f]; c++) {
            int n = choose_node(fill, &fill->flavours[f], now, way);

            if (n < 0)
                return FILL_UNKNOWN;
            take(fill, &fill->flavours[f], &now[n]);
            fill->placed[f * fill->n_nodes + (guint)n]++;
        }
    }
    return FILL_FOUND;
}

/* The exact one. */

static void memo_put(guint64 *memo, gsize size, guint64 state)
{
    gsize at = state & (size - 1);

    while (memo[at] && memo[at] != state)
        at = (at + 1) & (size - 1);
    memo[at] = state;
}

static bool is_known(const Fill *fill, guint64 state)
{
    gsize at = state & (fill->memo_size - 1);

    if (!fill->memo)
        return false;
    while (fill->memo[at] && fill->memo[at] != state)
        at = (at + 1) & (fill->memo_size - 1);
    return fill->memo[at] == state;
}

static void remember(Fill *fill, guint64 state)
{
    if (fill->memo_used * 2 >= fill->memo_size && fill->memo_size < MEMO_LAST) {
        gsize size = fill->memo ? fill->memo_size * 4 : MEMO_FIRST;
        guint64 *memo = g_new0(guint64, size);

        for (gsize i = 0; i < fill->memo_size; i++)
            if (fill->memo[i])
                memo_put(memo, size, fill->memo[i]);
        g_free(fill->memo);
        fill->memo = memo;
        fill->memo_size = size;
    }
    if (fill->memo_used * 2 >= fill->memo_size)
        return; /* full: what is not remembered is searched again */
    memo_put(fill->memo, fill->memo_size, state);
    fill->memo_used++;
}

/* What is left to be placed, and the classes of nodes to place it on. */
static guint64 state_of(const Fill *fill, guint64 open)
{
    guint64 state = 0;

    for (guint f = 0; f < fill->n_flavours; f++)
        state += fill->key[f] * fill->counts[f];
    for (guint n = 0; n < fill->n_nodes; n++)
        if (open >> n & 1)
            state += fill->key[fill->n_flavours + fill->class[n]];
    return mix(state) | 1; /* never the mark of a free place */
}

/* The node that is being filled. */
typedef struct {
    guint number;
    guint64 others;      /* that are open */
    const gint64 *slack; /* by how much all of them have more than what is left needs */
} Bin;

static FillResult next_node(Fill *fill, guint64 open, const gint64 *slack, guint *space);

/* Is there enough left to bring this node down to what may be wasted in all? @fitting: flavours
 * that it can take, of which those from @from on count. */
static bool can_be_closed(const Fill *fill, const Bin *bin, guint from, const FillNode *node,
                          const guint *fitting, guint n_fitting)
{
    gint64 missing[FILL_MAX_DIMS];
    bool enough = true;

    for (guint d = 0; d < fill->n_dims; d++) {
        missing[d] = node->cap[d] - bin->slack[d];
        if (d == FILL_CORES)
            missing[d] += node->service - fill->nodes[bin->number].service; /* that is lost too */
        enough = enough && missing[d] <= 0;
    }
    for (guint i = 0; i < n_fitting && !enough; i++) {
        guint f = fitting[i];

        if (f < from)
            continue;
        enough = true;
        for (guint d = 0; d < fill->n_dims; d++) {
            missing[d] -= fill->flavours[f].need[d] * fill->counts[f];
            enough = enough && missing[d] <= 0;
        }
    }
    return enough;
}

/* Fills the node up with slices of the flavours from @from on. @list: those that it could take
 * before, with space behind it. What did not fit then fits no more. */
static FillResult complete(Fill *fill, const Bin *bin, guint from, const FillNode *node,
                           guint *list, guint n_list)
{
    guint *fitting = list + n_list, n_fitting = 0;
    gint64 rest[FILL_MAX_DIMS];

    if (++fill->steps > fill->budget)
        return FILL_UNKNOWN;
    for (guint i = 0; i < n_list; i++)
        if (fill->counts[list[i]] && fits(fill, &fill->flavours[list[i]], node))
            fitting[n_fitting++] = list[i];
    if (!can_be_closed(fill, bin, from, node, fitting, n_fitting))
        return FILL_NONE;
    for (guint i = 0; i < n_fitting; i++) {
        guint f = fitting[i];
        FillNode after;
        FillResult result;

        if (f < from)
            continue;
        after = *node;
        take(fill, &fill->flavours[f], &after);
        fill->counts[f]--;
        fill->placed[f * fill->n_nodes + bin->number]++;
        result = complete(fill, bin, f, &after, fitting, n_fitting);
        fill->counts[f]++;
        if (result != FILL_NONE)
            return result;
        fill->placed[f * fill->n_nodes + bin->number]--;
    }
    if (n_fitting > 0)
        return FILL_NONE; /* closing it now gains nothing */
    for (guint d = 0; d < fill->n_dims; d++) {
        rest[d] = bin->slack[d] - node->cap[d];
        if (d == FILL_CORES)
            rest[d] -= node->service - fill->nodes[bin->number].service;
        if (rest[d] < 0)
            return FILL_NONE;
    }
    return next_node(fill, bin->others, rest, fitting);
}

/* Puts one of the flavour onto the node, and fills that up. */
static FillResult open_node(Fill *fill, const Bin *bin, guint f, guint *space)
{
    FillNode node = fill->nodes[bin->number];
    guint n_list = 0;
    FillResult result;

    take(fill, &fill->flavours[f], &node);
    fill->counts[f]--;
    fill->placed[f * fill->n_nodes + bin->number]++;
    for (guint i = 0; i < fill->n_flavours; i++)
        if (fill->counts[i] && (fill->flavours[i].allowed >> bin->number & 1))
            space[n_list++] = i;
    result = complete(fill, bin, f, &node, space, n_list);
    fill->counts[f]++;
    if (result == FILL_NONE)
        fill->placed[f * fill->n_nodes + bin->number]--;
    return result;
}

/* @space: for lists of flavours. */
static FillResult next_node(Fill *fill, guint64 open, const gint64 *slack, guint *space)
{
    guint f = 0;
    guint64 state;

    while (f < fill->n_flavours && !fill->counts[f])
        f++;
    if (f == fill->n_flavours)
        return FILL_FOUND;
    if (!open)
        return FILL_NONE;
    state = state_of(fill, open);
    if (is_known(fill, state))
        return FILL_NONE;
    for (guint8 rank = 0, next = 0; next != G_MAXUINT8; rank = next) {
        guint64 tried = 0; /* classes */

        next = G_MAXUINT8;
        for (guint n = 0; n < fill->n_nodes; n++) {
            const FillFlavour *flavour = &fill->flavours[f];
            const Bin bin = {n, open & ~(G_GUINT64_CONSTANT(1) << n), slack};
            FillResult result;

            if (!(open >> n & 1) || !(flavour->allowed >> n & 1) || (tried >> fill->class[n] & 1) ||
                !fits(fill, flavour, &fill->nodes[n]))
                continue;
            if (flavour->rank[n] != rank) {
                if (flavour->rank[n] > rank)
                    next = MIN(next, flavour->rank[n]);
                continue;
            }
            tried |= G_GUINT64_CONSTANT(1) << fill->class[n];
            result = open_node(fill, &bin, f, space);
            if (result != FILL_NONE)
                return result;
        }
    }
    remember(fill, state);
    return FILL_NONE;
}

FillResult fill_exact(Fill *fill, const guint *counts, guint64 *budget)
{
    gint64 slack[FILL_MAX_DIMS] = {0};
    g_autofree guint *space = NULL;
    gsize n_slices = 0;
    FillResult result;

    start(fill, counts);
    for (guint d = 0; d < fill->n_dims; d++) {
        for (guint n = 0; n < fill->n_nodes; n++)
            slack[d] += MAX(fill->nodes[n].cap[d], 0);
        for (guint f = 0; f < fill->n_flavours; f++)
            slack[d] -= fill->flavours[f].need[d] * fill->counts[f];
        if (slack[d] < 0)
            return FILL_NONE;
    }
    for (guint f = 0; f < fill->n_flavours; f++)
        n_slices += counts[f];
    /* a list for each slice, and one more for each node */
    space = g_new(guint, (n_slices + fill->n_nodes) * fill->n_flavours + 1);
    fill->steps = 0;
    fill->budget = *budget;
    result = next_node(
        fill, fill->n_nodes == 64 ? G_MAXUINT64 : (G_GUINT64_CONSTANT(1) << fill->n_nodes) - 1,
        slack, space);
    *budget -= MIN(fill->steps, *budget);
    return result;
}
