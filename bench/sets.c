/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>

#include "sets.h"

const SetShape SET_SHAPES[] = {
    {"2x32", 2, 32, 256, 8, 1},
    {"2x64", 2, 64, 512, 16, 1},
    {"4x32", 4, 32, 256, 8, 1},
    {"8x16", 8, 16, 128, 8, 1},
};
const guint N_SET_SHAPES = G_N_ELEMENTS(SET_SHAPES);
const char *const SET_KIND_NAMES[] = {"planted", "slack", "shifted", "random", NULL};

static const guint LARGE_SIZES[] = {2, 4, 6, 8, 12, 16, 24, 32};
static const guint SMALL_SIZES[] = {2, 2, 4, 4, 4, 6, 8, 8};

/* xorshift64: the sets must not change with the library's generator. */
static guint roll(guint64 *state, guint n)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (guint)((*state >> 11) % n);
}

static void cut_cores(GArray *set, guint left, const guint *sizes, guint64 *state)
{
    while (left > 0) {
        SetSlice slice = {sizes[roll(state, G_N_ELEMENTS(LARGE_SIZES))], 0, 0};

        if (slice.cores > left)
            continue;
        left -= slice.cores;
        g_array_append_val(set, slice);
    }
}

/* One node, cut exactly. */
static void cut_node(GArray *set, const SetShape *shape, const guint *sizes, guint64 *state)
{
    guint first = set->len, n, memory, vfs = shape->vfs;

    cut_cores(set, shape->cores, sizes, state);
    n = set->len - first;
    memory = shape->memory_gib - n;
    for (guint i = 0; i < n; i++) {
        SetSlice *slice = &g_array_index(set, SetSlice, first + i);
        guint part = i == n - 1 ? memory : MIN(roll(state, 2 * memory / (n - i) + 1), memory);
        guint share = i == n - 1 ? vfs : MIN(roll(state, vfs + 1), 2);

        slice->memory_gib = 1 + part;
        slice->vfs = share;
        memory -= part;
        vfs -= share;
    }
}

static void move_memory(GArray *set, guint64 *state)
{
    for (guint i = 0; i < 3; i++) {
        SetSlice *from = &g_array_index(set, SetSlice, roll(state, set->len));
        SetSlice *to = &g_array_index(set, SetSlice, roll(state, set->len));
        guint part = 1 + roll(state, 4);

        if (from->memory_gib > part) {
            from->memory_gib -= part;
            to->memory_gib += part;
        }
    }
}

static void shuffle(GArray *set, guint64 *state)
{
    for (guint i = set->len; i > 1; i--) {
        SetSlice *a = &g_array_index(set, SetSlice, i - 1);
        SetSlice *b = &g_array_index(set, SetSlice, roll(state, i));
        SetSlice spare = *a;

        *a = *b;
        *b = spare;
    }
}

static void draw(GArray *set, const SetShape *shape, const guint *sizes, guint64 *state)
{
    guint percent = 90 + roll(state, 21), cores = 0, memory = 0;

    for (;;) {
        guint size = sizes[roll(state, G_N_ELEMENTS(LARGE_SIZES))];
        guint each = shape->memory_gib / shape->cores;
        SetSlice slice = {size, 1 + roll(state, 2 * size * each), roll(state, 3) / 2};

        if (size > shape->cores || slice.memory_gib > shape->memory_gib)
            continue;
        cores += size;
        memory += slice.memory_gib;
        if (100 * cores > percent * shape->nodes * shape->cores ||
            100 * memory > percent * shape->nodes * shape->memory_gib)
            return;
        g_array_append_val(set, slice);
    }
}

GArray *set_new(const SetShape *shape, SetKind kind, bool small, guint64 seed)
{
    GArray *set = g_array_new(false, false, sizeof(SetSlice));
    const guint *sizes = small ? SMALL_SIZES : LARGE_SIZES;
    guint64 state = (seed + 1) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);

    for (guint i = 0; i < 8; i++)
        roll(&state, 2); /* small seeds are alike at first */
    if (kind == SET_RANDOM) {
        draw(set, shape, sizes, &state);
        return set;
    }
    for (guint n = 0; n < shape->nodes; n++)
        cut_node(set, shape, sizes, &state);
    if (kind == SET_SLACK)
        g_array_remove_index_fast(set, roll(&state, set->len));
    if (kind == SET_SHIFTED)
        move_memory(set, &state);
    shuffle(set, &state);
    return set;
}

char *set_host_line(const SetShape *shape)
{
    GString *line = g_string_new(NULL);

    g_string_append_printf(line, "numa:%u l3:%u core:%u pu:2 mem:%u", shape->nodes, shape->l3,
                           (shape->cores + 2) / shape->l3, shape->memory_gib + 4);
    for (guint n = 0; n < shape->nodes; n++)
        g_string_append_printf(line, " nic:1x%uvf@%u", shape->vfs, n);
    return g_string_free(line, FALSE);
}

char *set_spec_yaml(const SetShape *shape, const GArray *set)
{
    GString *yaml = g_string_new("version: 1\nnetworks:\n  fh: {uplinks: [");

    for (guint n = 0; n < shape->nodes; n++)
        g_string_append_printf(yaml, "%s{host: server1, pf: nic%u}", n ? ", " : "", n);
    g_string_append(yaml, "]}\nhosts:\n  - {name: server1}\nclusters:\n"
                          "  - name: planted\n    spread: none\n    slices:\n");
    for (guint i = 0; i < set->len; i++) {
        const SetSlice *slice = &g_array_index(set, SetSlice, i);

        g_string_append_printf(yaml, "      - {name: s%u, vcpus: %u, memory: %uGiB, nics: [", i,
                               2 * slice->cores, slice->memory_gib);
        for (guint v = 0; v < slice->vfs; v++)
            g_string_append_printf(yaml, "%s{network: fh, mode: vf}", v ? ", " : "");
        g_string_append(yaml, "]}\n");
    }
    return g_string_free(yaml, FALSE);
}
