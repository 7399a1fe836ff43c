/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fleet planner: small fleets against trying everything (bounds never above the truth), planted
 * ones that fit exactly, spreads, and the same bytes twice.
 */
#include "core/fleet.h"

#include <string.h>

#include "core/place.h"
#include "fleet_case.h"

enum { MAX_HOSTS = 3, MAX_SLICES = 6 };

static guint roll(GRand *rand, guint n)
{
    return (guint)g_rand_int_range(rand, 0, (gint32)n);
}

static char *roll_host(GRand *rand)
{
    guint nodes = 1 + roll(rand, 2), cores = 3 + roll(rand, 5);
    guint memory = 8 + roll(rand, 12), vfs = 1 + roll(rand, 4);

    return g_strdup_printf("numa:%u core:%u pu:2 mem:%u nic:1x%uvf@0", nodes, cores, memory, vfs);
}

/* @racks: the first host and the third share one; clusters spread over racks or not at all. */
static char *roll_spec(GRand *rand, bool racks)
{
    GString *text = g_string_new("version: 1\n"
                                 "networks: {n: {uplinks: [{host: \"h*\", pf: nic0}]}}\n");
    guint left = 2 + roll(rand, MAX_SLICES - 1), number = 0;

    g_string_append(text, racks ? "hosts: [{name: h0, rack: a}, {name: h1, rack: b},\n"
                                  "        {name: h2, rack: a}]\n"
                                : "hosts: [{name: \"h*\"}]\n");
    g_string_append(text, "clusters:\n");
    for (guint cluster = 0; left > 0; cluster++) {
        guint size = 1 + roll(rand, left);

        g_string_append_printf(text, "  - name: c%u\n    spread: %s\n    slices:\n", cluster,
                               roll(rand, 2) ? (racks ? "rack" : "host") : "none");
        while (size > 0) {
            guint count = 1 + roll(rand, size), vcpus = 4 + 4 * roll(rand, 2);
            guint memory = 2 + 2 * roll(rand, 3), service = roll(rand, 2);
            const char *scope = roll(rand, 3) ? "node" : "slice";
            guint nodes = roll(rand, 4) ? 1 : 2;

            g_string_append_printf(
                text,
                "      - {name: \"s%u-{n}\", count: %u, vcpus: %u, memory: %uGiB, "
                "service: {cores: %u, scope: %s}, numa: {nodes: %u}",
                number++, count, vcpus, memory, service, scope, nodes);
            if (roll(rand, 2))
                g_string_append_printf(text, ", nics: [{network: n, mode: vf, locality: %s}]",
                                       roll(rand, 2) ? "required" : "any");
            g_string_append(text, "}\n");
            size -= count;
            left -= count;
        }
    }
    return g_string_free(text, FALSE);
}

/* Which sets of slices one host can hold, by the single-host planner; as bit masks. */
static bool *list_possible(const Case *c, const Host *host)
{
    guint n = c->fleet->instances->len;
    bool *possible = g_new0(bool, 1u << n);

    for (guint mask = 0; mask < 1u << n; mask++) {
        Spec own = *c->spec;
        g_autoptr(GPtrArray) clusters = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GPtrArray) slices = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GPtrArray) lists =
            g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
        g_autoptr(Plan) plan = NULL;

        own.clusters = clusters;
        for (guint i = 0; i < n; i++) {
            const SpecInstance *one = g_ptr_array_index(c->fleet->instances, i);
            SpecCluster *cluster = NULL;
            SpecSlice *slice;

            if (!(mask >> i & 1))
                continue;
            for (guint k = 0; k < clusters->len; k++)
                if (((SpecCluster *)clusters->pdata[k])->name == one->cluster->name)
                    cluster = clusters->pdata[k];
            if (!cluster) {
                cluster = g_memdup2(one->cluster, sizeof *cluster);
                cluster->slices = g_ptr_array_new();
                g_ptr_array_add(lists, cluster->slices);
                g_ptr_array_add(clusters, cluster);
            }
            slice = g_memdup2(one->slice, sizeof *slice);
            slice->name = one->name;
            slice->count = RECORD_UNSET;
            g_ptr_array_add(slices, slice);
            g_ptr_array_add(cluster->slices, slice);
        }
        plan = place_slices(&own, spec_find_host(c->spec, host->hostname), host, NULL);
        possible[mask] = plan->unplaced->len == 0;
    }
    return possible;
}

typedef struct {
    guint admitted, hosts;
} Truth;

/* As bit masks: of which clusters a rack takes one slice. */
static GArray *list_spread(const Case *c)
{
    GArray *clusters = g_array_new(false, false, sizeof(guint));

    for (guint k = 0; k < c->spec->clusters->len; k++) {
        const SpecCluster *cluster = g_ptr_array_index(c->spec->clusters, k);
        guint mask = 0;

        for (guint i = 0; i < c->fleet->instances->len; i++)
            if (((const SpecInstance *)c->fleet->instances->pdata[i])->cluster == cluster)
                mask |= 1u << i;
        if (cluster->spread == SPEC_SPREAD_RACK)
            g_array_append_val(clusters, mask);
    }
    return clusters;
}

typedef struct {
    const Case *c;
    bool *possible[MAX_HOSTS];
    GArray *spread;
    guint in_racks[MAX_HOSTS + 1]; /* slices there so far */
} Trial;

static bool rack_takes(const Trial *trial, guint rack, guint mask)
{
    for (guint k = 0; k < trial->spread->len; k++)
        if (__builtin_popcount((trial->in_racks[rack] | mask) &
                               g_array_index(trial->spread, guint, k)) > 1)
            return false;
    return true;
}

/* The most slices, then the fewest hosts: over all ways to share @left among the hosts from @host
 * on. */
static Truth try_all(Trial *trial, guint host, guint left)
{
    Truth best = {0, 0};
    guint rack;

    if (host == trial->c->hosts->len)
        return best;
    rack = host_at(trial->c, host)->rack;
    for (guint mask = left;; mask = (mask - 1) & left) {
        if (trial->possible[host][mask] && rack_takes(trial, rack, mask)) {
            Truth rest;

            trial->in_racks[rack] |= mask;
            rest = try_all(trial, host + 1, left & ~mask);
            trial->in_racks[rack] &= ~mask;
            rest.admitted += (guint)__builtin_popcount(mask);
            rest.hosts += mask != 0;
            if (rest.admitted > best.admitted ||
                (rest.admitted == best.admitted && rest.hosts < best.hosts))
                best = rest;
        }
        if (mask == 0)
            return best;
    }
}

static Truth find_truth(const Case *c)
{
    Trial trial = {.c = c, .spread = list_spread(c)};
    Truth truth;

    for (guint h = 0; h < c->hosts->len; h++)
        trial.possible[h] = list_possible(c, g_ptr_array_index(c->hosts, h));
    truth = try_all(&trial, 0, (1u << c->fleet->instances->len) - 1);
    for (guint h = 0; h < c->hosts->len; h++)
        g_free(trial.possible[h]);
    g_array_unref(trial.spread);
    return truth;
}

static Case roll_case(guint32 seed, bool racks, bool many)
{
    GRand *rand = g_rand_new_with_seed(seed);
    g_autofree char *one = roll_host(rand), *two = roll_host(rand);
    const char *const kinds[] = {one, roll(rand, 2) ? two : NULL, NULL};
    g_autofree char *text = roll_spec(rand, racks);
    guint count = racks ? MAX_HOSTS : 1 + roll(rand, MAX_HOSTS);
    Case c = case_new_many(kinds, kinds[1] ? 1 : count, text, many);

    g_rand_free(rand);
    return c;
}

static void check_small(bool racks, bool many)
{
    guint missed = 0, above = 0, total = 0, full = 0;

    for (guint32 seed = 0; seed < 400; seed++) {
        Case c = roll_case(seed, racks, many);
        Truth truth = find_truth(&c);

        check_answer(&c);
        g_test_message("seed %u: %u slices, %u hosts; truth %u on %u", seed,
                       c.fleet->instances->len, c.hosts->len, truth.admitted, truth.hosts);
        g_assert_cmpint(c.fleet->admitted, <=, truth.admitted);
        g_assert_cmpint(c.fleet->admitted_bound, >=, truth.admitted);
        total++;
        missed += c.fleet->admitted < truth.admitted;
        if (c.fleet->unplaced->len == 0) {
            full++;
            g_assert_cmpint(c.fleet->figures->hosts_bound, <=, truth.hosts);
            g_assert_cmpint(c.fleet->figures->hosts_used, >=, truth.hosts);
            above += c.fleet->figures->hosts_used > truth.hosts;
        }
        case_clear(&c);
    }
    g_test_message("%u of %u admit less than could be, %u of %u full ones use more hosts", missed,
                   total, above, full);
    g_assert_cmpuint(full, >, total / 5);
    g_assert_cmpuint(missed, <=, total / 100);
    g_assert_cmpuint(above, <=, full / 40);
}

static void test_small(void)
{
    check_small(false, false);
}

static void test_small_racks(void)
{
    check_small(true, false);
}

static void test_small_as_many(void)
{
    check_small(false, true);
    check_small(true, true);
}

#define HEAD "version: 1\nhosts: [{name: \"h*\"}]\nclusters:\n"

/* Each host exactly full: 7 cores for slices on each node, one of them for service. */
static void test_planted(void)
{
    const char *const kinds[] = {"numa:2 core:8 pu:2 mem:64", NULL};
    Case c = case_new(kinds, 50,
                      HEAD "  - name: a\n    spread: none\n    slices:\n"
                           "      - {name: \"x{n}\", count: 100, vcpus: 8, memory: 40GiB}\n"
                           "      - {name: \"y{n}\", count: 100, vcpus: 4, memory: 20GiB}\n");

    check_answer(&c);
    g_assert_cmpuint(c.fleet->unplaced->len, ==, 0);
    g_assert_cmpint(c.fleet->figures->hosts_used, ==, 50);
    g_assert_cmpint(c.fleet->figures->hosts_bound, ==, 50);
    g_assert_cmpuint(c.fleet->classes->len, ==, 1);
    g_assert_cmpuint(c.fleet->flavours->len, ==, 2);
    case_clear(&c);
}

/* The large slices fit on two of the hosts only, and the small ones must leave them that room. */
static void test_scarce(void)
{
    const char *const kinds[] = {"numa:1 core:8 pu:2 mem:64", "numa:1 core:16 pu:2 mem:64", NULL};
    Case c = case_new(kinds, 2,
                      HEAD "  - name: a\n    spread: none\n    slices:\n"
                           "      - {name: \"small{n}\", count: 4, vcpus: 12, memory: 4GiB}\n"
                           "      - {name: \"large{n}\", count: 2, vcpus: 16, memory: 4GiB}\n");

    check_answer(&c);
    g_assert_cmpuint(c.fleet->classes->len, ==, 2);
    g_assert_cmpuint(c.fleet->unplaced->len, ==, 0);
    case_clear(&c);
}

/* The higher priority is admitted where both have no room. */
static void test_priority(void)
{
    const char *const kinds[] = {"numa:1 core:6 pu:2 mem:64", NULL};
    Case c = case_new(
        kinds, 4,
        HEAD "  - name: a\n    spread: none\n    slices:\n"
             "      - {name: \"low{n}\", count: 8, vcpus: 4, memory: 4GiB}\n"
             "      - {name: \"high{n}\", count: 4, vcpus: 8, memory: 4GiB, priority: 5}\n");

    check_answer(&c);
    g_assert_cmpuint(c.fleet->unplaced->len, ==, 8);
    for (guint u = 0; u < c.fleet->unplaced->len; u++)
        g_assert_cmpuint(g_array_index(c.fleet->unplaced, guint, u), <, 8);
    case_clear(&c);
}

/* VFs of one port, wherever the slice is. */
static void test_pool(void)
{
    const char *const kinds[] = {"numa:2 core:16 pu:2 mem:64 nic:1x3vf@0", NULL};
    Case c = case_new(kinds, 4,
                      "version: 1\nnetworks: {n: {uplinks: [{host: \"h*\", pf: nic0}]}}\n"
                      "hosts: [{name: \"h*\"}]\nclusters:\n"
                      "  - name: a\n    spread: none\n    slices:\n"
                      "      - {name: \"v{n}\", count: 12, vcpus: 2, memory: 1GiB,\n"
                      "         nics: [{network: n, mode: vf, locality: any}]}\n");

    check_answer(&c);
    g_assert_cmpuint(c.fleet->unplaced->len, ==, 0);
    g_assert_cmpint(c.fleet->figures->hosts_bound, ==, 4);
    case_clear(&c);
}

static void test_same_twice(void)
{
    const char *const kinds[] = {"numa:2 core:12 pu:2 mem:64 nic:1x4vf@0",
                                 "numa:1 core:20 pu:2 mem:96", NULL};
    const char *text = "version: 1\nnetworks: {n: {uplinks: [{host: \"h*\", pf: nic0}]}}\n"
                       "hosts: [{name: \"h*\"}]\nclusters:\n"
                       "  - name: a\n    spread: none\n    slices:\n"
                       "      - {name: \"x{n}\", count: 31, vcpus: 6, memory: 11GiB}\n"
                       "      - {name: \"y{n}\", count: 17, vcpus: 10, memory: 7GiB}\n"
                       "  - name: b\n    slices:\n"
                       "      - {name: \"z{n}\", count: 9, vcpus: 4, memory: 3GiB,\n"
                       "         nics: [{network: n, mode: vf}]}\n";
    Case one = case_new(kinds, 12, text), two = case_new(kinds, 12, text);

    check_answer(&one);
    g_assert_cmpuint(one.fleet->steps, ==, two.fleet->steps);
    for (guint h = 0; h < one.hosts->len; h++) {
        const FleetHost *a = host_at(&one, h), *b = host_at(&two, h);

        g_assert_cmpint(a->pattern, ==, b->pattern);
        if (a->pattern >= 0)
            g_assert_cmpmem(a->instances->data, a->instances->len * sizeof(guint),
                            b->instances->data, b->instances->len * sizeof(guint));
    }
    case_clear(&one);
    case_clear(&two);
}

/* More kinds of hosts than are all looked at from the start. */
static void test_unlike(void)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    GRand *rand = g_rand_new_with_seed(7);
    Case c;

    for (guint i = 0; i < 300; i++) {
        guint cores = 8 + roll(rand, 16), memory = 40 + roll(rand, 60);

        g_ptr_array_add(texts, g_strdup_printf("numa:2 core:%u pu:2 mem:%u", cores, memory));
    }
    g_ptr_array_add(texts, NULL);
    g_rand_free(rand);
    c = case_new((const char *const *)texts->pdata, 1,
                 HEAD "  - name: a\n    spread: none\n    slices:\n"
                      "      - {name: \"x{n}\", count: 760, vcpus: 8, memory: 12GiB}\n"
                      "      - {name: \"y{n}\", count: 540, vcpus: 12, memory: 8GiB}\n"
                      "      - {name: \"z{n}\", count: 560, vcpus: 6, memory: 20GiB}\n");
    check_answer(&c);
    g_assert_cmpuint(c.fleet->classes->len, >, 128);
    g_assert_cmpuint(c.fleet->unplaced->len, ==, 0);
    g_test_message("%" G_GINT64_FORMAT " hosts, at least %" G_GINT64_FORMAT,
                   c.fleet->figures->hosts_used, c.fleet->figures->hosts_bound);
    g_assert_cmpint(c.fleet->figures->hosts_used, <=, c.fleet->figures->hosts_bound + 1);
    case_clear(&c);
}

static void test_marks(void)
{
    FleetMark mark;

    g_assert_true(fleet_read_mark("\xee\x80\x80"
                                  "12:3"
                                  "\xee\x80\x81 and",
                                  &mark));
    g_assert_false(mark.cluster);
    g_assert_cmpuint(mark.flavour, ==, 12);
    g_assert_cmpuint(mark.number, ==, 3);
    g_assert_cmpuint(mark.length, ==, 10);
    g_assert_false(fleet_read_mark("\xee\x80\x80"
                                   "12",
                                   &mark));
    g_assert_false(fleet_read_mark("12:3", &mark));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fleet/small", test_small);
    g_test_add_func("/fleet/small-as-many", test_small_as_many);
    g_test_add_func("/fleet/small-racks", test_small_racks);
    g_test_add_func("/fleet/planted", test_planted);
    g_test_add_func("/fleet/scarce", test_scarce);
    g_test_add_func("/fleet/priority", test_priority);
    g_test_add_func("/fleet/pool", test_pool);
    g_test_add_func("/fleet/same-twice", test_same_twice);
    g_test_add_func("/fleet/unlike", test_unlike);
    g_test_add_func("/fleet/marks", test_marks);
    return g_test_run();
}
