/* SPDX-License-Identifier: Apache-2.0 */
/* Which PCI functions could serve each NIC and device of a slice. */
#include "core/place_internal.h"

void want_free(Want *want)
{
    g_ptr_array_unref(want->units);
    g_free(want->flaw);
    g_free(want->flaw_hint);
    g_free(want);
}

static Want *want_new(const SpecNic *nic, const SpecDevice *device, guint number, int locality)
{
    Want *want = g_new0(Want, 1);

    want->nic = nic;
    want->device = device;
    want->number = number;
    want->locality = locality;
    want->units = g_ptr_array_new();
    return want;
}

/* The first flaw is told: the uplinks of a network are in the order of the user's preference. */
static void G_GNUC_PRINTF(4, 5)
    set_flaw(Want *want, const char *resource, const char *hint, const char *format, ...)
{
    va_list arguments;

    if (want->flaw)
        return;
    va_start(arguments, format);
    want->flaw = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    want->flaw_resource = resource;
    want->flaw_hint = g_strdup(hint);
}

static void add_unit(Want *want, const Unit *unit)
{
    g_autofree char *label = NULL;

    if (g_ptr_array_find(want->units, unit, NULL))
        return;
    if (unit->flaw) {
        set_flaw(want, unit->flaw_resource, unit->flaw_hint, "%s", unit->flaw);
        return;
    }
    /* Its VFs would vanish from under whoever has them. */
    if (unit->vf != RECORD_UNSET || !unit->pci->sriov || unit->pci->sriov->num_vfs <= 0) {
        g_ptr_array_add(want->units, (gpointer)unit);
        return;
    }
    label = unit_label(unit);
    set_flaw(want, want->nic ? "nic" : "device", want->nic ? "mode: vf" : NULL,
             "%s has %" G_GINT64_FORMAT " VFs: a PF with VFs is not handed through", label,
             unit->pci->sriov->num_vfs);
}

static bool uplink_is_here(const SpecUplink *uplink, const Supply *supply)
{
    return g_strcmp0(uplink->host, supply->spec_host->name) == 0 ||
           g_pattern_match_simple(uplink->host, supply->host->hostname);
}

static void add_uplink(Want *want, const Supply *supply, const SpecUplink *uplink)
{
    const HostPci *pf = host_find_nic(supply->host, uplink->pf);
    guint before = want->units->len;
    bool is_vf = want->nic->mode == SPEC_NIC_VF;

    if (!pf) {
        set_flaw(want, "nic", "see bmslice discover for the names and addresses",
                 "%s has no NIC %s", supply->host->hostname, uplink->pf);
        return;
    }
    if (is_vf && (!pf->sriov || pf->sriov->total_vfs <= 0)) {
        g_autofree char *label = pci_label(pf);

        set_flaw(want, "nic", "mode: pf", "%s has no VFs (no SR-IOV)", label);
        return;
    }
    for (guint i = 0; i < supply->units->len; i++) {
        const Unit *unit = g_ptr_array_index(supply->units, i);

        if (is_vf ? unit->pf == pf : unit->pci == pf)
            add_unit(want, unit);
    }
    if (want->units->len > before)
        return;
    set_flaw(want, "nic", NULL, "%s is no function a slice could have", pf->address);
}

/* While vfio has a function it has no netdev name, so an uplink that is given by name cannot be
 * found on the host; the running slice's own record says which function it is. */
static void add_held(Want *want, const Supply *supply, const PlanSlice *running, guint position)
{
    const PlanDevice *device;
    const Unit *unit;
    int kind = want->device                     ? PLAN_DEVICE_PCI
               : want->nic->mode == SPEC_NIC_VF ? PLAN_DEVICE_VF
                                                : PLAN_DEVICE_PF;

    if (!running || position >= running->devices->len)
        return;
    device = g_ptr_array_index(running->devices, position);
    unit = supply_find_unit(supply, device->address);
    if (device->kind != kind || !unit || unit->flaw)
        return;
    if (want->nic && g_strcmp0(device->network, want->nic->network) != 0)
        return;
    if (kind == PLAN_DEVICE_PF && want->units->len == 0 && unit->pci->nets->len == 0) {
        g_ptr_array_unref(want->units); /* others may share it */
        want->units = g_ptr_array_new();
        g_ptr_array_add(want->units, (gpointer)unit);
    }
    if (g_ptr_array_find(want->units, unit, NULL))
        want->held = unit;
}

/* The first NIC of that network and mode. */
static const Want *find_known(const Supply *supply, const SpecNic *nic)
{
    for (guint i = 0; i < supply->wants->len; i++) {
        const Want *known = g_ptr_array_index(supply->wants, i);

        if (known->nic->mode == nic->mode && g_str_equal(known->nic->network, nic->network))
            return known;
    }
    return NULL;
}

static Want *want_copy(const Want *known, const SpecNic *nic, guint number)
{
    Want *want = g_new0(Want, 1);

    want->nic = nic;
    want->number = number;
    want->locality = nic->locality;
    want->units = g_ptr_array_ref(known->units);
    want->flaw = g_strdup(known->flaw);
    want->flaw_resource = known->flaw_resource;
    want->flaw_hint = g_strdup(known->flaw_hint);
    return want;
}

static Want *want_nic(const Supply *supply, const Spec *spec, const SpecNic *nic, guint number)
{
    const SpecNetwork *network = spec_find_network(spec, nic->network);
    const Want *known = find_known(supply, nic);
    Want *want;
    bool here = false;

    if (known)
        return want_copy(known, nic, number);
    want = want_new(nic, NULL, number, nic->locality);

    for (guint i = 0; network && i < network->uplinks->len; i++) {
        const SpecUplink *uplink = g_ptr_array_index(network->uplinks, i);

        if (!uplink_is_here(uplink, supply))
            continue;
        here = true;
        add_uplink(want, supply, uplink);
    }
    if (!here)
        set_flaw(want, "nic", "add an uplink of this host to the network",
                 "network %s has no uplink on %s", nic->network, supply->host->hostname);
    g_ptr_array_add(supply->wants, want);
    return want_copy(want, nic, number);
}

static Want *want_device(const Supply *supply, const SpecDevice *device, guint number)
{
    Want *want = want_new(NULL, device, number, device->locality);

    for (guint i = 0; i < supply->units->len; i++) {
        const Unit *unit = g_ptr_array_index(supply->units, i);

        if (unit->pci && g_ascii_strcasecmp(unit->pci->vendor ?: "", device->vendor) == 0 &&
            g_ascii_strcasecmp(unit->pci->device ?: "", device->device) == 0)
            add_unit(want, unit);
    }
    set_flaw(want, "device", NULL, "%s has no PCI device %s:%s", supply->host->hostname,
             device->vendor, device->device);
    return want;
}

void demand_add_wants(Demand *demand, const Supply *supply, const Spec *spec)
{
    for (guint i = 0; i < demand->slice->nics->len; i++)
        g_ptr_array_add(demand->wants,
                        want_nic(supply, spec, g_ptr_array_index(demand->slice->nics, i), i));
    for (guint i = 0; i < demand->slice->devices->len; i++) {
        const SpecDevice *device = g_ptr_array_index(demand->slice->devices, i);

        for (gint64 n = 0; n < MAX(device->count, 1); n++)
            g_ptr_array_add(demand->wants, want_device(supply, device, i));
    }
    for (guint w = 0; w < demand->wants->len; w++)
        add_held(g_ptr_array_index(demand->wants, w), supply, demand->running, w);
}

bool want_accepts(const Want *want, const Supply *supply, const Unit *unit, const guint16 *nodes,
                  guint n_nodes, bool *ret_local)
{
    bool local = supply->host->nodes->len == 1; /* then there is nowhere else */

    for (guint i = 0; i < n_nodes; i++) {
        const SupplyNode *node = g_ptr_array_index(supply->nodes, nodes[i]);

        local |= unit->node != RECORD_UNSET && unit->node == node->node->id;
    }
    *ret_local = local;
    return local || want->locality != SPEC_LOCALITY_REQUIRED;
}
