/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The linear program's answer in whole hosts. Rounded down it leaves some dozens of hosts to be
 * filled, and filling these one after the other wastes one in ten. So the program is solved anew
 * for what is left, its surest patterns are taken, and so on (diving).
 */
#include "core/fleet_columns.h"

/* Classes that are looked at beside those that the program has split. */
#define WORTHIEST 48
#define MAX_ROUNDS 40
/* Of the hosts that are left, at least so many are filled in each round. */
#define SHARE 0.25
#define PRICE_ROUNDS 10
#define NODE_BUDGET 1000
#define BUDGET 3000000
#define SETTLED 1e-4
/* As a part of what is left. */
#define GAP 2e-3
/* Slices out cost so much more than they are worth, until all that can be are in. */
#define BOX 1.5

typedef struct {
    const Fleet *fleet;
    Fleet view; /* what is left of it: all flavours, some classes */
    guint most;
    guint *numbers; /* of the view's classes in the fleet */
    int *in_view;   /* of the fleet's classes in the view, or -1 */
    const double *unplaced;
    double *soft, *values; /* by flavour */
    FleetColumns columns;
    FleetAnswer *answer;
} Dive;

/* Hosts of the class with the pattern, as many as there are hosts and slices for it. */
static guint take(const Fleet *fleet, const FleetLp *lp, const FleetColumn *column, guint class,
                  guint hosts, FleetAnswer *answer)
{
    g_autoptr(FleetState) state = NULL;
    FleetBucket *bucket;

    hosts = MIN(hosts, answer->free_hosts[class]);
    if (hosts == 0)
        return 0;
    state = fleet_column_state(lp->fleet, column);
    state->class = class;
    for (guint f = 0; f < fleet->flavours->len; f++)
        if (state->counts[f] > 0)
            hosts = MIN(hosts, answer->left[f] / state->counts[f]);
    if (hosts == 0)
        return 0;
    for (guint f = 0; f < fleet->flavours->len; f++)
        answer->left[f] -= hosts * state->counts[f];
    answer->free_hosts[class] -= hosts;
    bucket = g_new0(FleetBucket, 1);
    bucket->state = g_steal_pointer(&state);
    bucket->hosts = hosts;
    g_ptr_array_add(answer->buckets, bucket);
    return hosts;
}

static guint whole(const FleetBasic *basic)
{
    return basic->column ? (guint)(basic->x + 1e-6) : 0;
}

static void round_down(const Fleet *fleet, const FleetLp *lp, const FleetBasic *basic,
                       FleetAnswer *answer)
{
    guint hosts = whole(basic);

    if (hosts > 0)
        (void)take(fleet, lp, basic->column, (guint)basic->class, hosts, answer);
}

void fleet_round_down(const Fleet *fleet, const FleetLp *lp, FleetAnswer *answer)
{
    for (guint c = 0; c < lp->n_classes; c++)
        round_down(fleet, lp, &lp->keys[c], answer);
    for (guint r = 0; r < lp->n_rows; r++)
        round_down(fleet, lp, &lp->rows[r], answer);
}

static void add_class(Dive *dive, guint number)
{
    guint n = dive->view.classes->len;

    if (dive->in_view[number] >= 0 || dive->answer->free_hosts[number] == 0 || n >= dive->most)
        return;
    dive->in_view[number] = (int)n;
    dive->numbers[n] = number;
    g_ptr_array_add(dive->view.classes,
                    g_memdup2(fleet_class(dive->fleet, number), sizeof(FleetClass)));
}

static void dive_init(Dive *dive, const FleetLp *lp, const guint *order)
{
    const Fleet *fleet = dive->fleet;
    guint n = MAX(fleet->flavours->len, 1);

    dive->view = *fleet;
    dive->view.classes = g_ptr_array_new_with_free_func(g_free);
    dive->view.flavours = g_ptr_array_new_with_free_func(g_free);
    dive->most = lp->n_rows + WORTHIEST;
    dive->numbers = g_new(guint, dive->most);
    dive->in_view = g_new(int, MAX(fleet->classes->len, 1));
    dive->soft = g_new(double, n);
    dive->values = g_new(double, n);
    for (guint c = 0; c < fleet->classes->len; c++)
        dive->in_view[c] = -1;
    for (guint r = 0; r < lp->n_rows; r++)
        if (lp->rows[r].class >= 0)
            add_class(dive, (guint)lp->rows[r].class);
    for (guint c = 0; c < fleet->classes->len; c++)
        add_class(dive, order[c]);
    for (guint f = 0; f < fleet->flavours->len; f++) {
        dive->soft[f] = MIN(BOX * lp->witness[f] + 1e-3, dive->unplaced[f]);
        g_ptr_array_add(dive->view.flavours,
                        g_memdup2(fleet_flavour(fleet, f), sizeof(FleetFlavour)));
    }
    dive->columns = (FleetColumns){.fleet = &dive->view,
                                   .tables = fleet_tables_new(&dive->view),
                                   .worth = fleet_worth_new(&dive->view),
                                   .slots = g_array_new(false, false, sizeof(FleetSlot)),
                                   .best = g_new(double, dive->most),
                                   .node_budget = NODE_BUDGET,
                                   .look_up = true,
                                   .later = true,
                                   .near = true};
}

static void dive_clear(Dive *dive)
{
    g_ptr_array_unref(dive->view.classes);
    g_ptr_array_unref(dive->view.flavours);
    g_free(dive->numbers);
    g_free(dive->in_view);
    g_free(dive->soft);
    g_free(dive->values);
    fleet_tables_free(dive->columns.tables);
    fleet_worth_free(dive->columns.worth);
    g_array_unref(dive->columns.slots);
    g_free(dive->columns.best);
}

/* What is left, as a fleet of its own; how many slices. */
static guint set_view(Dive *dive)
{
    guint slices = 0;

    for (guint f = 0; f < dive->view.flavours->len; f++) {
        FleetFlavour *flavour = fleet_flavour(&dive->view, f);

        flavour->count = dive->answer->left[f];
        flavour->most = MIN(flavour->most, flavour->count);
        slices += flavour->count;
    }
    for (guint c = 0; c < dive->view.classes->len; c++)
        fleet_class(&dive->view, c)->hosts = dive->answer->free_hosts[dive->numbers[c]];
    return slices;
}

/* Has the view slices for one host of it? @counts: room, all 0. */
static bool can_have(const Dive *dive, const FleetColumn *column, guint *counts)
{
    bool fits = true;

    for (guint i = 0; i < column->n_slots; i++) {
        guint f = column->slots[i].flavour;

        fits = ++counts[f] <= fleet_flavour(&dive->view, f)->count && fits;
    }
    for (guint i = 0; i < column->n_slots; i++)
        counts[column->slots[i].flavour] = 0;
    return fits;
}

/* Patterns of the program before this one that can still be had. */
static void add_columns(const Dive *dive, const FleetLp *from, FleetLp *lp)
{
    g_autofree guint *counts = g_new0(guint, lp->n_rows + 1);
    g_autoptr(GArray) slots = g_array_new(false, false, sizeof(FleetSlot));

    for (guint i = 0; i < from->pool->len; i++) {
        const FleetColumn *column = g_ptr_array_index(from->pool, i);
        int class = from->fleet == &dive->view ? (int)column->class : dive->in_view[column->class];

        if (class < 0 || fleet_class(&dive->view, (guint) class)->hosts == 0 ||
            !can_have(dive, column, counts))
            continue;
        g_array_set_size(slots, 0);
        g_array_append_vals(slots, column->slots, column->n_slots);
        (void)fleet_lp_add(lp, (guint) class, slots);
    }
}

static void solve(Dive *dive, FleetLp *lp, guint64 budget)
{
    dive->columns.lp = lp;
    fleet_lp_set_unplaced(lp, dive->soft);
    fleet_lp_settle(lp, SETTLED);
    for (guint i = 0; i < PRICE_ROUNDS && dive->view.steps < budget; i++) {
        guint before = lp->pool->len;

        fleet_columns_values(lp, dive->values);
        for (guint f = 0; f < lp->n_rows; f++)
            if (fleet_flavour(&dive->view, f)->count == 0)
                dive->values[f] = 0;
        (void)fleet_columns_round(&dive->columns, dive->values);
        if (lp->pool->len == before)
            break;
        fleet_lp_settle(lp, SETTLED);
        if (fleet_columns_closed(lp, GAP))
            break;
    }
    fleet_lp_set_unplaced(lp, dive->unplaced);
    fleet_lp_settle(lp, SETTLED);
}

static int compare_x(gconstpointer a, gconstpointer b)
{
    double x = (*(const FleetBasic *const *)a)->x, y = (*(const FleetBasic *const *)b)->x;

    return x != y ? (x > y ? -1 : 1) : 0;
}

static void list_basics(const FleetBasic *basics, guint n, GPtrArray *list, double *hosts)
{
    for (guint i = 0; i < n; i++) {
        if (!basics[i].column || basics[i].x < 1e-6)
            continue;
        g_ptr_array_add(list, (gpointer)&basics[i]);
        *hosts += basics[i].x;
    }
}

/* Whole hosts of the program's patterns, and of those that come nearest. How many. */
static guint take_surest(Dive *dive, const FleetLp *lp)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    double hosts = 0;
    guint taken = 0;

    list_basics(lp->keys, lp->n_classes, list, &hosts);
    list_basics(lp->rows, lp->n_rows, list, &hosts);
    g_ptr_array_sort(list, compare_x); /* stable */
    for (guint i = 0; i < list->len; i++) {
        const FleetBasic *basic = g_ptr_array_index(list, i);
        guint wanted = whole(basic);

        if (wanted == 0 && taken >= SHARE * hosts)
            break;
        taken += take(dive->fleet, lp, basic->column, dive->numbers[basic->class], MAX(wanted, 1),
                      dive->answer);
    }
    return taken;
}

void fleet_dive(Fleet *fleet, const FleetLp *lp, const guint *order, FleetAnswer *answer)
{
    Dive dive = {.fleet = fleet, .unplaced = lp->unplaced, .answer = answer};
    g_autoptr(FleetLp) before = NULL;
    guint64 budget = fleet->steps + BUDGET;

    fleet_round_down(fleet, lp, answer);
    dive_init(&dive, lp, order);
    for (guint round = 0; round < MAX_ROUNDS && set_view(&dive) > 0; round++) {
        FleetLp *next = fleet_lp_new(&dive.view, dive.unplaced, lp->host);

        add_columns(&dive, before ? before : lp, next);
        fleet_lp_free(before);
        before = next;
        solve(&dive, next, budget);
        if (take_surest(&dive, next) == 0)
            break;
    }
    fleet->steps = dive.view.steps;
    dive_clear(&dive);
}
