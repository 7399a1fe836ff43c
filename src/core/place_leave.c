/* SPDX-License-Identifier: Apache-2.0 */
/* Choices of what to leave out, when not all slices can be admitted. */
#include "core/place_admit.h"

/* Choices of slices to leave out that are looked at. */
#define MAX_CHOICES 4000
/* Looked at on the way to them, most of which the volume forbids. */
#define MAX_VISITS 40000

typedef struct {
    guint64 cores;
    guint first, count; /* of items, in Choices.items */
} Omission;

typedef struct {
    gint64 cores, memory;
} Volume;

typedef struct {
    GArray *list;    /* Omission */
    GArray *items;   /* guint */
    Volume lack;     /* what must still be left out for the others to fit by volume */
    Volume *biggest; /* by class: of one item */
    guint stack[64];
    guint depth, visits;
    bool cut;
} Choices;

static bool are_interchangeable(const Admit *admit, guint i, guint j)
{
    return admit->flavour[i] != G_MAXUINT && admit->flavour[i] == admit->flavour[j] &&
           item_at(admit, i)->class == item_at(admit, j)->class;
}

static Volume volume_of(const Demand *demand)
{
    return (Volume){demand_cores(demand), demand_memory(demand)};
}

static void measure_lack(const Admit *admit, Choices *choices, guint last_class)
{
    for (guint n = 0; n < admit->search->supply->nodes->len; n++) {
        choices->lack.cores -= admit->left->cores[n];
        choices->lack.memory -= MAX(admit->left->memory[n], 0);
    }
    for (guint i = 0; i < admit->n; i++) {
        const Item *item = item_at(admit, i);
        Volume volume = volume_of(item->demand), *biggest;

        if (item->class > last_class || is_fixed(admit, i))
            continue;
        biggest = &choices->biggest[item->class];
        biggest->cores = MAX(biggest->cores, volume.cores);
        biggest->memory = MAX(biggest->memory, volume.memory);
        choices->lack.cores += volume.cores;
        choices->lack.memory += volume.memory;
    }
}

/* Can so many more of @class, and of the classes after it, make room enough? */
static bool is_in_reach(const Choices *choices, const guint *sizes, guint class, guint last_class,
                        guint left)
{
    Volume most = {left * choices->biggest[class].cores, left * choices->biggest[class].memory};

    for (guint k = class + 1; k <= last_class; k++) {
        most.cores += sizes[k] * choices->biggest[k].cores;
        most.memory += sizes[k] * choices->biggest[k].memory;
    }
    return choices->lack.cores <= most.cores && choices->lack.memory <= most.memory;
}

static void leave_item(const Admit *admit, Choices *choices, guint i)
{
    Volume volume = volume_of(item_at(admit, i)->demand);

    choices->stack[choices->depth++] = i;
    choices->lack.cores -= volume.cores;
    choices->lack.memory -= volume.memory;
}

static void keep_item(const Admit *admit, Choices *choices)
{
    Volume volume = volume_of(item_at(admit, choices->stack[--choices->depth])->demand);

    choices->lack.cores += volume.cores;
    choices->lack.memory += volume.memory;
}

static void add_choice(const Admit *admit, Choices *choices)
{
    Omission choice = {0, choices->items->len, choices->depth};

    for (guint d = 0; d < choices->depth; d++)
        choice.cores += demand_cores(item_at(admit, choices->stack[d])->demand);
    g_array_append_vals(choices->items, choices->stack, choices->depth);
    g_array_append_val(choices->list, choice);
}

/* @sizes: how many to leave out, by class. */
static void list_choices(const Admit *admit, Choices *choices, const guint *sizes, guint class,
                         guint last_class, guint from, guint left)
{
    choices->cut |= choices->list->len >= MAX_CHOICES || choices->visits++ >= MAX_VISITS;
    if (choices->cut || !is_in_reach(choices, sizes, class, last_class, left))
        return;
    if (left == 0 && class == last_class) {
        add_choice(admit, choices);
        return;
    }
    if (left == 0) {
        list_choices(admit, choices, sizes, class + 1, last_class, 0, sizes[class + 1]);
        return;
    }
    for (guint j = from; j < admit->n && !choices->cut; j++) {
        guint i = admit->n - 1 - j; /* of equal choices, who comes first in the spec is admitted */
        bool again = false;

        if (item_at(admit, i)->class != class || is_fixed(admit, i))
            continue;
        for (guint k = from; k < j; k++)
            again |= are_interchangeable(admit, i, admit->n - 1 - k);
        if (again)
            continue;
        leave_item(admit, choices, i);
        list_choices(admit, choices, sizes, class, last_class, j + 1, left - 1);
        keep_item(admit, choices);
    }
}

static int compare_choices(gconstpointer a, gconstpointer b)
{
    const Omission *x = a, *y = b;

    if (x->cores != y->cores)
        return x->cores < y->cores ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

/* FILL_FOUND: one of the choices works; *@ret_cores: what it leaves out. */
static FillResult try_choices(Admit *admit, const guint *sizes, guint last_class, gint64 *ret_cores)
{
    g_autoptr(GArray) list = g_array_new(false, false, sizeof(Omission));
    g_autoptr(GArray) items = g_array_new(false, false, sizeof(guint));
    g_autofree Volume *biggest = g_new0(Volume, last_class + 1);
    Choices choices = {.list = list, .items = items, .biggest = biggest};
    guint total = 0;
    FillResult result = FILL_NONE;

    for (guint k = 0; k <= last_class; k++)
        total += sizes[k];
    if (total > G_N_ELEMENTS(choices.stack))
        return FILL_UNKNOWN;
    measure_lack(admit, &choices, last_class);
    list_choices(admit, &choices, sizes, 0, last_class, 0, sizes[0]);
    if (choices.cut)
        return FILL_UNKNOWN;
    g_array_sort(list, compare_choices);
    for (guint c = 0; c < list->len; c++) {
        const Omission *choice = &g_array_index(list, Omission, c);
        FillResult one;

        for (guint i = 0; i < admit->n; i++)
            admit->in[i] = item_at(admit, i)->class <= last_class;
        for (guint d = 0; d < choice->count; d++)
            admit->in[g_array_index(items, guint, choice->first + d)] = false;
        one = admit_try(admit, false);
        *ret_cores = (gint64)choice->cores;
        if (one == FILL_FOUND)
            return result == FILL_NONE ? FILL_FOUND : FILL_UNKNOWN;
        if (one == FILL_UNKNOWN)
            result = FILL_UNKNOWN;
        if (admit->budget == 0)
            return FILL_UNKNOWN;
    }
    return result;
}

void admit_leave_out(Admit *admit)
{
    Search *search = admit->search;
    g_autofree guint *sizes = g_new0(guint, search->n_classes);
    gint64 cores = 0;

    for (guint k = 0; k < search->n_classes; k++) {
        FillResult result;

        search->floor[1 + k] = 0;
        while ((result = try_choices(admit, sizes, k, &cores)) == FILL_NONE && sizes[k] < admit->n)
            search->floor[1 + k] = ++sizes[k];
        if (result != FILL_FOUND)
            return;
    }
    search->floor[search->base + COST_CORES] = cores;
}
