/* SPDX-License-Identifier: Apache-2.0 */
/* The PCI functions of a slice: which of those that cost the same, and how the plan tells them. */
#include <string.h>

#include "core/mac.h"
#include "core/place_internal.h"

/* Under one root complex. */

/* NULL: not known. */
static const char *root_of(const Unit *unit)
{
    return (unit->pf ? unit->pf : unit->pci)->root_complex;
}

/* A NIC that may be another one of its node: neither running nor of a bond, whose members are where
 * they are for a reason. */
static bool may_change(const Demand *demand, const Choice *choice, guint number)
{
    const Want *want = g_ptr_array_index(demand->wants, number);

    return want->nic && !want->nic->bond && !(choice->stays && want->held) &&
           root_of(choice->units[number]);
}

static guint count_roots(const Demand *demand, const Choice *choice, const Unit *const *units)
{
    guint count = 0;

    for (guint w = 0; w < demand->wants->len; w++) {
        bool again = !may_change(demand, choice, w);

        for (guint v = 0; v < w; v++)
            again = again || (may_change(demand, choice, v) &&
                              g_str_equal(root_of(units[v]), root_of(units[w])));
        count += !again;
    }
    return count;
}

/* The first free function for the want that costs what its own does, below @root if one is. */
static const Unit *find_below(const Supply *supply, const Left *left, const Demand *demand,
                              const Choice *choice, guint number, const char *root,
                              const Unit *const *mine)
{
    const Want *want = g_ptr_array_index(demand->wants, number);
    const Unit *own = choice->units[number], *other = NULL;

    for (guint i = 0; i < want->units->len; i++) {
        const Unit *unit = g_ptr_array_index(want->units, i);

        if (unit->node != own->node || !root_of(unit) ||
            !left_allows_unit(left, supply, demand, number, unit, mine))
            continue;
        if (g_str_equal(root_of(unit), root))
            return unit;
        if (!other || unit == own)
            other = unit;
    }
    return other;
}

/* The slice's functions, as many as can be below @root: fills @units. */
static bool choose_below(const Supply *supply, Left *left, const Demand *demand,
                         const Choice *choice, const char *root, const Unit **units)
{
    guint n = demand->wants->len;
    bool found = true;

    for (guint w = 0; w < n; w++)
        left->owner[choice->units[w]->index] =
            may_change(demand, choice, w) ? -1 : (int)demand->index;
    for (guint w = 0; w < n && found; w++) {
        units[w] = may_change(demand, choice, w)
                       ? find_below(supply, left, demand, choice, w, root, units)
                       : choice->units[w];
        found = units[w] != NULL;
        if (found)
            left->owner[units[w]->index] = (int)demand->index;
    }
    for (guint w = 0; w < n && units[w]; w++)
        left->owner[units[w]->index] = -1;
    for (guint w = 0; w < n; w++)
        left->owner[choice->units[w]->index] = (int)demand->index;
    return found && units_close_groups(units, n);
}

/* The root complexes (const char *) below which its NICs could be, in the order of the wants. */
static GPtrArray *list_roots(const Demand *demand, const Choice *choice)
{
    GPtrArray *roots = g_ptr_array_new();

    for (guint w = 0; w < demand->wants->len; w++) {
        const GPtrArray *units = ((const Want *)g_ptr_array_index(demand->wants, w))->units;

        for (guint i = 0; i < units->len && may_change(demand, choice, w); i++) {
            const char *root = root_of(g_ptr_array_index(units, i));

            if (root && !g_ptr_array_find_with_equal_func(roots, root, g_str_equal, NULL))
                g_ptr_array_add(roots, (gpointer)root);
        }
    }
    return roots;
}

static bool gather_slice(const Supply *supply, Left *left, const Demand *demand, Choice *choice)
{
    guint n = demand->wants->len, before = count_roots(demand, choice, choice->units);
    guint fewest = before;
    g_autoptr(GPtrArray) roots = before > 1 ? list_roots(demand, choice) : g_ptr_array_new();
    g_autofree const Unit **units = g_new0(const Unit *, n + 1);
    g_autofree const Unit **best = g_new0(const Unit *, n + 1);

    for (guint r = 0; r < roots->len && fewest > 1; r++) {
        guint count;

        memset(units, 0, n * sizeof(*units));
        if (!choose_below(supply, left, demand, choice, roots->pdata[r], units))
            continue;
        count = count_roots(demand, choice, units);
        if (count < fewest)
            memcpy(best, units, n * sizeof(*best));
        fewest = MIN(fewest, count);
    }
    if (fewest == before)
        return false;
    for (guint w = 0; w < n; w++)
        left->owner[choice->units[w]->index] = -1;
    for (guint w = 0; w < n; w++)
        left->owner[best[w]->index] = (int)demand->index;
    memcpy(choice->units, best, n * sizeof(*best));
    return true;
}

void devices_gather(const Supply *supply, const GPtrArray *demands, Solution *solution)
{
    g_autoptr(Left) left = NULL;
    bool changed = false;

    for (guint i = 0; i < demands->len; i++)
        changed |= solution->choices[i].placed &&
                   count_roots(g_ptr_array_index(demands, i), &solution->choices[i],
                               solution->choices[i].units) > 1;
    if (!changed)
        return; /* on most hosts there is nothing to be gathered */
    left = left_new(supply);
    left_take_solution(left, supply, demands, solution);
    do { /* what one slice gives back may be what another lacks */
        changed = false;
        for (guint i = 0; i < demands->len; i++)
            if (solution->choices[i].placed)
                changed |= gather_slice(supply, left, g_ptr_array_index(demands, i),
                                        &solution->choices[i]);
    } while (changed);
}

static char *derive_mac(const char *hostname, const char *slice, guint number, GHashTable *macs)
{
    for (guint salt = 0;; salt++) {
        char mac[MAC_SIZE];

        mac_derive(hostname, slice, number, salt, mac);
        if (g_hash_table_add(macs, g_strdup(mac)))
            return g_strdup(mac);
    }
}

static void fill_vf(const Supply *supply, const Spec *spec, const Demand *demand, const Want *want,
                    const Unit *unit, GHashTable *macs, PlanDevice *device)
{
    const SpecNic *nic = want->nic;
    const SpecNetwork *network = spec_find_network(spec, nic->network);

    device->pf = g_strdup(unit->pf->address);
    device->vf = unit->vf;
    device->pf_vendor = g_strdup(unit->pf->vendor);
    device->pf_device = g_strdup(unit->pf->device);
    if (unit->pf->nets->len == 1)
        device->pf_mac = g_strdup(((const HostNet *)unit->pf->nets->pdata[0])->mac);
    device->mac =
        nic->mac ? g_ascii_strdown(nic->mac, -1)
                 : derive_mac(supply->host->hostname, demand->instance->name, want->number, macs);
    device->vlan = nic->vlan != RECORD_UNSET || !network ? nic->vlan : network->vlan;
    device->trust = nic->trust;
    device->spoofchk = nic->spoofchk;
    device->max_rate_mbps = nic->max_rate;
    device->mtu = network ? network->mtu : RECORD_UNSET;
}

static char *nodes_text(const Supply *supply, const Demand *demand, const Choice *choice)
{
    GString *text = g_string_new(demand->n_nodes > 1 ? "nodes " : "node ");

    for (guint i = 0; i < demand->n_nodes; i++) {
        const SupplyNode *node = g_ptr_array_index(supply->nodes, choice->nodes[i]);

        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, i ? "," : "", node->node->id);
    }
    return g_string_free(text, false);
}

/* Asked for (locality: preferred), and still worth to be known. */
static void tell_remote(const Supply *supply, const Demand *demand, const Choice *choice,
                        const Want *want, const Unit *unit, GPtrArray *findings)
{
    g_autofree char *subject = NULL;
    g_autofree char *label = NULL;
    g_autofree char *nodes = NULL;
    g_autofree char *path = NULL;
    bool local;
    Finding *finding;

    want_accepts(want, supply, unit, choice->nodes, demand->n_nodes, &local);
    if (local || want->locality != SPEC_LOCALITY_PREFERRED)
        return;
    subject = g_strdup_printf("slice %s", demand->instance->name);
    label = unit_label(unit);
    nodes = nodes_text(supply, demand, choice);
    if (unit->node == RECORD_UNSET)
        finding = findings_add(findings, FINDING_WARNING,
                               want->nic ? "nic-remote-node" : "device-remote-node", subject,
                               "its %s %s sits on a node the host does not tell, its vCPUs on %s",
                               want->nic ? "NIC" : "device", label, nodes);
    else
        finding = findings_add(findings, FINDING_WARNING,
                               want->nic ? "nic-remote-node" : "device-remote-node", subject,
                               "its %s %s sits on node %" G_GINT64_FORMAT
                               ", its vCPUs on %s: every %s crosses the sockets",
                               want->nic ? "NIC" : "device", label, unit->node, nodes,
                               want->nic ? "packet" : "access");
    finding_mark(finding, want->nic ? want->nic->node : want->device->node);
    if (unit->address) {
        path = g_strdup_printf("/sys/bus/pci/devices/%s/numa_node", unit->address);
        finding_set_path(finding, path);
    }
    if (unit->node != RECORD_UNSET)
        finding_set_hint(finding,
                         "a %s on %s would not, nor would the slice on node %" G_GINT64_FORMAT,
                         want->nic ? "NIC" : "device", nodes, unit->node);
}

static void tell_unknown_address(const Demand *demand, const Want *want, const Unit *unit,
                                 GPtrArray *findings)
{
    g_autofree char *subject = NULL;
    g_autofree char *label = NULL;
    Finding *finding;

    if (unit->address)
        return;
    subject = g_strdup_printf("slice %s", demand->instance->name);
    label = unit_label(unit);
    finding = findings_add(findings, FINDING_ERROR, "vf-address-unknown", subject,
                           "%s is not made yet, and the host does not tell its address", label);
    finding_set_hint(finding, "make the VFs of %s first, then plan again", unit->pf->address);
    finding_mark(finding, want->nic->node);
}

void assign_devices(const Supply *supply, const Spec *spec, const Demand *demand,
                    const Choice *choice, GHashTable *macs, PlanSlice *slice, GPtrArray *findings)
{
    for (guint w = 0; w < demand->wants->len; w++) {
        const Want *want = g_ptr_array_index(demand->wants, w);
        const Unit *unit = choice->units[w];
        const HostPci *pci = unit->pci ? unit->pci : unit->pf;
        PlanDevice *device = plan_member_new(&PLAN_SLICE_RECORD, "devices");

        device->kind = !want->nic                       ? PLAN_DEVICE_PCI
                       : want->nic->mode == SPEC_NIC_VF ? PLAN_DEVICE_VF
                                                        : PLAN_DEVICE_PF;
        device->address = g_strdup(unit->address);
        device->network = want->nic ? g_strdup(want->nic->network) : NULL;
        device->node = unit->node;
        device->vendor = g_strdup(pci->vendor);
        device->device = unit->pci ? g_strdup(pci->device) : NULL; /* a VF has an id of its own */
        if (device->kind == PLAN_DEVICE_VF)
            fill_vf(supply, spec, demand, want, unit, macs, device);
        g_ptr_array_add(slice->devices, device);
        tell_remote(supply, demand, choice, want, unit, findings);
        tell_unknown_address(demand, want, unit, findings);
    }
}
