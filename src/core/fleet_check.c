/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns through the single-host planner, and what it refuses or the counts left out to
 * fleet_mend.c. */
#include "core/fleet_internal.h"

#include "core/place.h"

/* Rounds of placing what was refused; each ends with all patterns checked. */
#define MAX_ROUNDS 8
/* In the first; some tenths of a second. */
#define MEND_VISITS 6000000

/* Before and after the numbers of a slot in a plan's texts: characters of private use. */
#define NAME_MARK "\xee\x80\x80"
#define CLUSTER_MARK "\xee\x80\x82"
#define END_MARK "\xee\x80\x81"

static char *slot_text(const char *mark, guint flavour, const char *number)
{
    return g_strdup_printf("%s%u:%s" END_MARK, mark, flavour, number);
}

/* The slices of a pattern, each flavour an entry with a count, as a spec of its own. The entries
 * are changed copies; what they point to stays the fleet's. */
typedef struct {
    Spec spec;
    SpecCluster cluster;
    GPtrArray *copies; /* SpecSlice *, shallow */
} PatternSpec;

static void copy_free(SpecSlice *slice)
{
    g_free(slice->name);
    g_array_unref(slice->numa.pin);
    g_free(slice);
}

static void pattern_spec_init(const Fleet *fleet, PatternSpec *pattern)
{
    pattern->spec = *fleet->spec;
    pattern->cluster = (SpecCluster){.name = (char *)"", .spread = SPEC_SPREAD_NONE};
    pattern->copies = g_ptr_array_new_with_free_func((GDestroyNotify)copy_free);
    pattern->cluster.slices = pattern->copies;
    pattern->spec.clusters = g_ptr_array_new();
    g_ptr_array_add(pattern->spec.clusters, &pattern->cluster);
}

static SpecSlice *add_copy(const Fleet *fleet, guint flavour, const char *number,
                           PatternSpec *pattern)
{
    SpecSlice *copy = g_memdup2(fleet_flavour(fleet, flavour)->slice, sizeof *copy);

    copy->name = slot_text(NAME_MARK, flavour, number);
    copy->count = RECORD_UNSET;
    copy->numa.pin = g_array_ref(copy->numa.pin);
    g_ptr_array_add(pattern->copies, copy);
    return copy;
}

/* The planner chooses the nodes. */
static void fill_free(const Fleet *fleet, const FleetState *state, PatternSpec *pattern)
{
    for (guint f = 0; f < fleet->flavours->len; f++)
        if (state->counts[f] > 0)
            add_copy(fleet, f, "{n}", pattern)->count = state->counts[f];
}

static void append_nodes(const Host *host, guint64 nodes, GArray *pin)
{
    guint index = 0;

    for (guint n = 0; n < host->nodes->len; n++) {
        const HostNode *node = g_ptr_array_index(host->nodes, n);

        if (cpuset_is_empty(node->cpus))
            continue;
        if (nodes >> index & 1)
            g_array_append_val(pin, node->id);
        index++;
    }
}

/* Each slice on the nodes where the counts have it. */
static void fill_pinned(const Fleet *fleet, const FleetState *state, const Host *host,
                        PatternSpec *pattern)
{
    for (guint f = 0; f < fleet->flavours->len; f++) {
        guint number = 0;

        for (guint i = 0; state->counts[f] > 0 && i < state->slots->len; i++) {
            const FleetSlot *slot = &g_array_index(state->slots, FleetSlot, i);
            g_autofree char *text = NULL;
            SpecSlice *copy;

            if (slot->flavour != f)
                continue;
            text = g_strdup_printf("%u", ++number);
            copy = add_copy(fleet, f, text, pattern);
            g_array_unref(copy->numa.pin);
            copy->numa.pin = g_array_new(false, false, sizeof(gint64));
            append_nodes(host, slot->nodes, copy->numa.pin);
        }
    }
}

static void pattern_spec_clear(PatternSpec *pattern)
{
    g_ptr_array_unref(pattern->spec.clusters);
    g_ptr_array_unref(pattern->copies);
}

static Plan *place(const Fleet *fleet, const FleetState *state, const SpecHost *spec_host,
                   const Host *host, bool pinned)
{
    PatternSpec own;
    Plan *plan;

    pattern_spec_init(fleet, &own);
    if (pinned)
        fill_pinned(fleet, state, host, &own);
    else
        fill_free(fleet, state, &own);
    plan = place_slices(&own.spec, spec_host, host, NULL);
    pattern_spec_clear(&own);
    return plan;
}

Plan *fleet_place(const Fleet *fleet, const FleetPattern *pattern, const SpecHost *spec_host,
                  const Host *host)
{
    Plan *plan = place(fleet, pattern->state, spec_host, host, false);
    const PlanHost *plan_host;

    if (plan->unplaced->len > 0) { /* its search may have ended early: lead it */
        Plan *other = place(fleet, pattern->state, spec_host, host, true);

        if (other->unplaced->len >= plan->unplaced->len) {
            plan_free(other);
        } else {
            plan_free(plan);
            plan = other;
        }
    }
    plan_host = g_ptr_array_index(plan->hosts, 0);
    for (guint i = 0; i < plan_host->slices->len; i++) {
        PlanSlice *slice = g_ptr_array_index(plan_host->slices, i);

        g_free(slice->cluster);
        slice->cluster = g_strdup_printf(CLUSTER_MARK "%s", slice->name + strlen(NAME_MARK));
    }
    return plan;
}

char *fleet_explain_alone(const Fleet *fleet, guint flavour, const FleetClass *class,
                          const char **ret_resource)
{
    g_autofree guint16 *counts = g_new0(guint16, fleet->flavours->len);
    const FleetState one = {.counts = counts};
    g_autoptr(Plan) plan = NULL;
    const PlanUnplaced *unplaced;

    counts[flavour] = 1;
    plan = place(fleet, &one, class->spec_host, class->host, false);
    if (plan->unplaced->len == 0)
        return NULL;
    unplaced = g_ptr_array_index(plan->unplaced, 0);
    *ret_resource = g_intern_string(unplaced->resource); /* there are few of them */
    return g_strdup_printf("no host of the inventory could hold it, even if it were empty; %s: %s",
                           class->host->hostname, unplaced->reason);
}

bool fleet_read_mark(const char *text, FleetMark *ret_mark)
{
    char *end;

    if (g_str_has_prefix(text, NAME_MARK))
        ret_mark->cluster = false;
    else if (g_str_has_prefix(text, CLUSTER_MARK))
        ret_mark->cluster = true;
    else
        return false;
    ret_mark->flavour = (guint)g_ascii_strtoull(text + strlen(NAME_MARK), &end, 10);
    if (*end != ':')
        return false;
    ret_mark->number = (guint)g_ascii_strtoull(end + 1, &end, 10);
    if (!g_str_has_prefix(end, END_MARK))
        return false;
    ret_mark->length = (gsize)(end - text) + strlen(END_MARK);
    return true;
}

static guint state_hash(gconstpointer data)
{
    const FleetPattern *pattern = data;
    guint hash = pattern->state->class * 31 + pattern->state->slices;

    for (guint f = 0; f < pattern->n_flavours; f++)
        hash = hash * 33 + pattern->state->counts[f];
    return hash;
}

static gboolean state_equal(gconstpointer a, gconstpointer b)
{
    const FleetPattern *x = a, *y = b;

    return x->state->class == y->state->class &&
           memcmp(x->state->counts, y->state->counts, x->n_flavours * sizeof *x->state->counts) ==
               0;
}

FleetPattern *fleet_find_pattern(const Fleet *fleet, FleetState *state)
{
    FleetPattern key = {.state = state, .n_flavours = fleet->flavours->len};

    return g_hash_table_lookup(fleet->by_state, &key);
}

GHashTable *fleet_patterns_table(void)
{
    return g_hash_table_new(state_hash, state_equal);
}

void fleet_set_pattern(Fleet *fleet, FleetHost *host, FleetState *state)
{
    FleetPattern *pattern;

    if (host->pattern >= 0)
        ((FleetPattern *)g_ptr_array_index(fleet->patterns, (guint)host->pattern))->hosts--;
    host->pattern = -1;
    if (state->slices == 0)
        return;
    pattern = fleet_find_pattern(fleet, state);
    if (!pattern) {
        pattern = g_new0(FleetPattern, 1);
        pattern->state = fleet_state_copy(fleet, state);
        pattern->n_flavours = fleet->flavours->len;
        pattern->number = fleet->patterns->len;
        g_ptr_array_add(fleet->patterns, pattern);
        g_hash_table_add(fleet->by_state, pattern);
    }
    pattern->hosts++;
    host->pattern = (int)pattern->number;
}

/* How many slices of each flavour the single-host planner refuses. */
static void count_refused(const Fleet *fleet, FleetPattern *pattern)
{
    for (guint u = 0; u < pattern->plan->unplaced->len; u++) {
        const PlanUnplaced *unplaced = g_ptr_array_index(pattern->plan->unplaced, u);
        FleetMark mark;

        if (!fleet_read_mark(unplaced->name, &mark))
            continue;
        if (!pattern->refused)
            pattern->refused = g_new0(guint16, fleet->flavours->len);
        pattern->refused[mark.flavour]++;
    }
}

/* A new host gets the slices that the pattern may keep; the others are left. */
static void reduce_host(Fleet *fleet, const FleetPattern *pattern, FleetHost *host, GArray *left)
{
    g_autoptr(FleetState) state = fleet_state_copy(fleet, pattern->state);
    g_autofree guint16 *refused =
        g_memdup2(pattern->refused, fleet->flavours->len * sizeof *pattern->refused);

    for (guint i = host->instances->len; i-- > 0;) {
        guint instance = g_array_index(host->instances, guint, i);
        guint flavour = g_array_index(fleet->flavour_of, guint, instance);

        if (refused[flavour] == 0)
            continue;
        refused[flavour]--;
        fleet_state_drop(fleet, state, flavour);
        g_array_append_val(left, instance);
        fleet_host_take(fleet, host, i);
    }
    fleet_set_pattern(fleet, host, state);
}

/* Every pattern in use that was not looked at yet; what is refused comes into @left. */
static void check_new(Fleet *fleet, GArray *left)
{
    for (guint p = 0; p < fleet->patterns->len; p++) { /* grows meanwhile */
        FleetPattern *pattern = g_ptr_array_index(fleet->patterns, p);
        const FleetClass *class = fleet_class(fleet, pattern->state->class);

        if (pattern->hosts == 0 || pattern->plan)
            continue;
        pattern->plan = fleet_place(fleet, pattern, class->spec_host, class->host);
        count_refused(fleet, pattern);
        for (guint h = 0; pattern->refused && h < fleet->hosts->len; h++) {
            FleetHost *host = g_ptr_array_index(fleet->hosts, h);

            if (host->pattern == (int)p)
                reduce_host(fleet, pattern, host, left);
        }
    }
}

typedef struct {
    const Fleet *fleet;
} SlotOrder;

static int compare_slots(gconstpointer a, gconstpointer b, gpointer data)
{
    const Fleet *fleet = ((const SlotOrder *)data)->fleet;
    guint x = *(const guint *)a, y = *(const guint *)b;
    guint p = g_array_index(fleet->flavour_of, guint, x);
    guint q = g_array_index(fleet->flavour_of, guint, y);

    return p != q ? (p < q ? -1 : 1) : (x < y ? -1 : x > y);
}

static int compare_numbers(gconstpointer a, gconstpointer b)
{
    guint x = *(const guint *)a, y = *(const guint *)b;

    return x < y ? -1 : x > y;
}

/* Who comes first finds room more easily: the higher priority, then the order of the spec. */
static int compare_priorities(gconstpointer a, gconstpointer b, gpointer data)
{
    const GPtrArray *instances = ((const Fleet *)data)->instances;
    const SpecInstance *x = instances->pdata[*(const guint *)a];
    const SpecInstance *y = instances->pdata[*(const guint *)b];

    if (x->slice->priority != y->slice->priority)
        return x->slice->priority > y->slice->priority ? -1 : 1;
    return compare_numbers(a, b);
}

void fleet_check_patterns(Fleet *fleet)
{
    SlotOrder order = {fleet};

    for (guint round = 0; round < MAX_ROUNDS; round++) {
        g_autoptr(GArray) left = g_array_new(false, false, sizeof(guint));
        g_autoptr(GArray) again = fleet->unplaced;

        fleet->unplaced = g_array_new(false, false, sizeof(guint));
        check_new(fleet, left);
        g_array_append_vals(left, again->data, again->len);
        g_array_sort_with_data(left, compare_priorities, fleet);
        if (round + 1 == MAX_ROUNDS)
            g_array_append_vals(fleet->unplaced, left->data, left->len);
        else if (left->len > 0 && fleet_mend(fleet, left, MEND_VISITS / (round + 1)) > 0)
            continue;
        break; /* all patterns in use are checked */
    }
    g_array_sort(fleet->unplaced, compare_numbers);
    for (guint h = 0; h < fleet->hosts->len; h++) {
        FleetHost *host = g_ptr_array_index(fleet->hosts, h);

        if (host->instances)
            g_array_sort_with_data(host->instances, compare_slots, &order);
    }
}
