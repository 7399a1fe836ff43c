/* SPDX-License-Identifier: Apache-2.0 */
#include "place_case.h"

static void roll_nics(GRand *rand, const Case *c, CaseSlice *slice)
{
    slice->n_nics = c->n_pfs ? roll(rand, MAX_NICS + 1) : 0;
    for (guint i = 0; i < slice->n_nics; i++) {
        CaseNic *nic = &slice->nics[i];

        nic->pfs = 1 + roll(rand, (1u << c->n_pfs) - 1);
        nic->vf = roll(rand, 3) > 0;
        nic->locality = (int)roll(rand, 3);
    }
    if (slice->n_nics == 2 && roll(rand, 3) == 0)
        slice->nics[0].bond = slice->nics[1].bond = slice->nics[0].vf = slice->nics[1].vf = true;
}

Case roll_case(GRand *rand)
{
    Case c = {.n_nodes = 1 + roll(rand, 3), .cores = 3 + roll(rand, 6), .pu = 1 + roll(rand, 2)};

    c.memory_gib = 10 + roll(rand, 24);
    c.n_pfs = roll(rand, MAX_PFS + 1);
    c.n_slices = 1 + roll(rand, 5);
    c.spread_none = roll(rand, 8) > 0;
    for (guint i = 0; i < c.n_pfs; i++) {
        c.pf_node[i] = roll(rand, c.n_nodes);
        c.pf_vfs[i] = roll(rand, 5);
    }
    for (guint i = 0; i < c.n_slices; i++) {
        CaseSlice *slice = &c.slices[i];

        slice->nodes = roll(rand, 5) == 0 ? MIN(2, c.n_nodes) : 1;
        slice->isolate = roll(rand, 4) == 0;
        slice->vcpus = (1 + roll(rand, 4)) * slice->nodes * (roll(rand, 8) ? c.pu : 1);
        slice->memory_gib = (1 + roll(rand, 8)) * slice->nodes;
        slice->service = roll(rand, 3);
        slice->own_service = roll(rand, 2);
        slice->pin = slice->nodes == 1 && roll(rand, 4) == 0 ? (int)roll(rand, c.n_nodes) : -1;
        slice->priority = roll(rand, 3) ? 0 : 5;
        roll_nics(rand, &c, slice);
    }
    return c;
}

Host *write_host(const Case *c)
{
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_append_printf(text, "numa:%u core:%u pu:%u mem:%u", c->n_nodes, c->cores, c->pu,
                           c->memory_gib);
    for (guint i = 0; i < c->n_pfs; i++)
        g_string_append_printf(text, " nic:1x%u@%u", c->pf_vfs[i], c->pf_node[i]);
    return synthetic_host(text->str);
}

static void write_networks(const Case *c, GString *yaml)
{
    if (c->n_pfs == 0)
        return;
    g_string_append(yaml, "networks:\n");
    for (guint i = 0; i < c->n_slices; i++)
        for (guint n = 0; n < c->slices[i].n_nics; n++) {
            const char *comma = "";

            g_string_append_printf(yaml, "  net%u-%u: {uplinks: [", i, n);
            for (guint p = 0; p < c->n_pfs; p++)
                if (c->slices[i].nics[n].pfs >> p & 1) {
                    g_string_append_printf(yaml, "%s{host: server1, pf: nic%u}", comma, p);
                    comma = ", ";
                }
            g_string_append(yaml, "]}\n");
        }
    g_string_append(yaml, "  spare: {uplinks: [{host: server1, pf: nic0}]}\n");
}

static void write_slice(const CaseSlice *slice, guint number, GString *yaml)
{
    static const char *const localities[] = {"required", "preferred", "any"};

    g_string_append_printf(yaml,
                           "      - name: s%u\n        vcpus: %u\n        smt: %s\n"
                           "        memory: %uGiB\n        priority: %u\n"
                           "        service: {cores: %u, scope: %s}\n",
                           number, slice->vcpus, slice->isolate ? "isolate" : "pairs",
                           slice->memory_gib, slice->priority, slice->service,
                           slice->own_service ? "slice" : "node");
    if (slice->pin >= 0)
        g_string_append_printf(yaml, "        numa: {nodes: 1, pin: [%d]}\n", slice->pin);
    else
        g_string_append_printf(yaml, "        numa: {nodes: %u}\n", slice->nodes);
    g_string_append(yaml, "        nics: [");
    for (guint n = 0; n < slice->n_nics; n++)
        g_string_append_printf(yaml, "%s{network: net%u-%u, mode: %s, locality: %s%s}",
                               n ? ", " : "", number, n, slice->nics[n].vf ? "vf" : "pf",
                               localities[slice->nics[n].locality],
                               slice->nics[n].bond ? ", bond: b0" : "");
    g_string_append(yaml, "]\n");
}

char *write_spec(const Case *c)
{
    GString *yaml = g_string_new("version: 1\n");

    write_networks(c, yaml);
    g_string_append_printf(yaml,
                           "hosts:\n  - {name: server1, reserve: {cores_per_node: 1, "
                           "memory_per_node: 2GiB}}\n"
                           "clusters:\n  - name: one\n    spread: %s\n    slices:\n",
                           c->spread_none ? "none" : "host");
    for (guint i = 0; i < c->n_slices; i++)
        write_slice(&c->slices[i], i, yaml);
    return g_string_free(yaml, FALSE);
}
