/* SPDX-License-Identifier: Apache-2.0 */
/* The PCI functions that slices can have, and why not the others (design section 7, rules 1 to 4).
 */
#include "core/place_internal.h"

#include <string.h>

char *pci_label(const HostPci *pci)
{
    const HostNet *net = pci->nets->len ? g_ptr_array_index(pci->nets, 0) : NULL;

    return net ? g_strdup_printf("%s (%s)", pci->address, net->name) : g_strdup(pci->address);
}

char *unit_label(const Unit *unit)
{
    g_autofree char *pf = NULL;

    if (unit->pci && !unit->pf)
        return pci_label(unit->pci);
    pf = pci_label(unit->pf);
    return g_strdup_printf("VF %" G_GINT64_FORMAT " of %s", unit->vf, pf);
}

char *pci_uses_text(const HostPci *pci)
{
    g_autoptr(GPtrArray) uses = host_pci_uses(pci);

    if (uses->len == 0)
        return NULL;
    g_ptr_array_add(uses, NULL);
    return g_strjoinv(", ", (char **)uses->pdata);
}

void unit_set_flaw(Unit *unit, const char *resource, const char *hint, const char *format, ...)
{
    va_list arguments;

    if (unit->flaw)
        return; /* the first is the worst */
    va_start(arguments, format);
    unit->flaw = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    unit->flaw_resource = resource;
    unit->flaw_hint = g_strdup(hint);
}

const Unit *supply_find_unit(const Supply *supply, const char *address)
{
    for (guint i = 0; address && i < supply->units->len; i++) {
        const Unit *unit = g_ptr_array_index(supply->units, i);

        if (unit->address && g_ascii_strcasecmp(unit->address, address) == 0)
            return unit;
    }
    return NULL;
}

static Unit *add_unit(Supply *supply, const HostPci *pci, const HostPci *pf, guint pf_unit,
                      gint64 vf)
{
    Unit *unit = g_new0(Unit, 1);

    unit->index = supply->units->len;
    unit->pci = pci;
    unit->pf = pf;
    unit->pf_unit = pf_unit;
    unit->vf = vf;
    unit->node = pci && pci->node != RECORD_UNSET ? pci->node : pf ? pf->node : RECORD_UNSET;
    unit->address = pci ? g_strdup(pci->address) : NULL;
    g_ptr_array_add(supply->units, unit);
    return unit;
}

/* Routing ID: bus, device and function in one number (PCI Express, "Routing ID"). */
static bool parse_address(const char *address, guint *ret_domain, guint *ret_id)
{
    guint bus, slot, function;

    if (sscanf(address, "%x:%x:%x.%x", ret_domain, &bus, &slot, &function) != 4)
        return false;
    *ret_id = bus << 8 | slot << 3 | function;
    return true;
}

static char *vf_address(const HostPci *pf, gint64 vf)
{
    guint domain, id;
    gint64 vf_id;

    if (pf->sriov->offset <= 0 || pf->sriov->stride < 0 ||
        !parse_address(pf->address, &domain, &id))
        return NULL;
    if (vf > 0 && pf->sriov->stride == 0)
        return NULL;
    vf_id = id + pf->sriov->offset + vf * pf->sriov->stride;
    if (vf_id > 0xffff)
        return NULL;
    return g_strdup_printf("%04x:%02x:%02x.%x", domain, (guint)vf_id >> 8, ((guint)vf_id >> 3) & 31,
                           (guint)vf_id & 7);
}

/* The index of an existing VF: by its address, else its rank among the PF's VFs (Host.pci ascends).
 */
static gint64 vf_index(const HostPci *pf, const HostPci *vf, gint64 rank)
{
    for (gint64 i = 0; i < MAX(pf->sriov->num_vfs, 0); i++) {
        g_autofree char *address = vf_address(pf, i);

        if (!address)
            break;
        if (g_ascii_strcasecmp(address, vf->address) == 0)
            return i;
    }
    return rank;
}

static bool is_held_by_running(const GPtrArray *running, const char *pf)
{
    for (guint i = 0; running && i < running->len; i++) {
        const PlanSlice *slice = g_ptr_array_index(running, i);

        for (guint d = 0; d < slice->devices->len; d++) {
            const PlanDevice *device = g_ptr_array_index(slice->devices, d);

            if (device->kind == PLAN_DEVICE_VF && g_strcmp0(device->pf, pf) == 0)
                return true;
        }
    }
    return false;
}

#define FRESH_INVENTORY_HINT "take the inventory on the running host"

/* A VF that does not exist yet: making it changes sriov_numvfs, which the kernel takes only from 0,
 * so the existing ones would go first (rule 4). */
static void judge_new_vf(Unit *unit, const GPtrArray *running)
{
    g_autofree char *uses = pci_uses_text(unit->pf);
    g_autofree char *label = NULL;

    if (!uses && host_pci_use_is_known(unit->pf) && unit->pf->sriov->num_vfs <= 0)
        return;
    label = pci_label(unit->pf);
    if (uses)
        unit_set_flaw(unit, "nic", "make the VFs by hand first; bmslice then uses them",
                      "VFs of %s would have to be made, and the host uses it (%s)", label, uses);
    else if (!host_pci_use_is_known(unit->pf))
        unit_set_flaw(unit, "nic", FRESH_INVENTORY_HINT,
                      "VFs of %s would have to be made, and what the host uses it for is not known",
                      label);
    else if (unit->pf->sriov->num_vfs > 0 && is_held_by_running(running, unit->pf->address))
        unit_set_flaw(unit, "nic", NULL,
                      "%s has %" G_GINT64_FORMAT " VFs, and more cannot be made while a guest "
                      "holds one",
                      label, unit->pf->sriov->num_vfs);
}

static void add_vfs(Supply *supply, const HostPci *pf, guint n_vfs, const GPtrArray *running)
{
    guint pf_unit = supply->units->len - 1;
    gint64 have = MAX(pf->sriov->num_vfs, 0);
    gint64 rank = 0;
    bool busy = false;

    for (guint i = 0; i < supply->host->pci->len; i++) {
        const HostPci *vf = g_ptr_array_index(supply->host->pci, i);

        if (g_strcmp0(vf->pf, pf->address) == 0) {
            g_autofree char *uses = pci_uses_text(vf);

            add_unit(supply, vf, pf, pf_unit, vf_index(pf, vf, rank++));
            busy |= uses || !host_pci_use_is_known(vf);
        }
    }
    have = MAX(have, rank);
    for (gint64 i = have; i < MIN(pf->sriov->total_vfs, have + n_vfs); i++) {
        Unit *unit = add_unit(supply, NULL, pf, pf_unit, i);

        unit->address = vf_address(pf, i);
        if (busy)
            unit_set_flaw(unit, "nic", NULL, "more VFs of %s cannot be made: the host uses one",
                          pf->address);
        judge_new_vf(unit, running);
    }
}

static void set_groups(Supply *supply)
{
    g_autoptr(GHashTable) by_number = g_hash_table_new(g_int64_hash, g_int64_equal);

    for (guint i = 0; i < supply->units->len; i++) {
        Unit *unit = g_ptr_array_index(supply->units, i);
        GPtrArray *group;

        if (!unit->pci || unit->pci->iommu_group == RECORD_UNSET)
            continue;
        group = g_hash_table_lookup(by_number, &unit->pci->iommu_group);
        if (!group) {
            group = g_ptr_array_new();
            g_ptr_array_add(supply->groups, group);
            g_hash_table_insert(by_number, (gpointer)&unit->pci->iommu_group, group);
        }
        g_ptr_array_add(group, unit);
        unit->group = group;
    }
    for (guint i = 0; i < supply->units->len; i++) {
        Unit *unit = g_ptr_array_index(supply->units, i);

        if (unit->group && unit->group->len == 1)
            unit->group = NULL;
    }
}

static const char *iommu_argument(const Host *host)
{
    if (host->cpu.model && strstr(host->cpu.model, "AMD"))
        return "enable AMD-Vi (IOMMU) in the firmware, and see that the kernel arguments have no "
               "amd_iommu=off";
    return "add the kernel arguments intel_iommu=on iommu=pt, and see that the firmware has VT-d "
           "enabled";
}

/* A group goes whole or not at all, and the host's part of it can never go. */
#define OTHER_GROUP_HINT "take a function that has an IOMMU group of its own, in another slot"

/* A member of the group that the host has, or may have. */
static void judge_neighbour(Unit *unit, const Unit *other)
{
    g_autofree char *uses = pci_uses_text(other->pci);
    g_autofree char *label = NULL;
    g_autofree char *other_label = NULL;

    if (!uses && host_pci_use_is_known(other->pci))
        return;
    label = unit_label(unit);
    other_label = pci_label(other->pci);
    if (uses)
        unit_set_flaw(unit, "iommu-group", OTHER_GROUP_HINT,
                      "%s shares its IOMMU group with %s, which the host uses (%s)", label,
                      other_label, uses);
    else
        unit_set_flaw(unit, "iommu-group", OTHER_GROUP_HINT,
                      "%s shares its IOMMU group with %s, and what the host uses that for is "
                      "not known",
                      label, other_label);
}

/* Only a function whose whole IOMMU group can be taken from the host can be taken at all. */
static void judge_unit(const Supply *supply, Unit *unit)
{
    const HostPci *pci = unit->pci ? unit->pci : unit->pf;
    const char *resource = host_pci_is_nic(pci) ? "nic" : "device";
    g_autofree char *label = NULL;
    g_autofree char *uses = unit->pci ? pci_uses_text(unit->pci) : NULL;
    bool known = !unit->pci || host_pci_use_is_known(unit->pci);

    if (uses || !known || pci->iommu_group == RECORD_UNSET)
        label = unit_label(unit);
    if (uses)
        unit_set_flaw(unit, resource, NULL, "the host uses %s (%s)", label, uses);
    else if (!known)
        unit_set_flaw(unit, resource, FRESH_INVENTORY_HINT,
                      "what the host uses %s for is not known", label);
    if (pci->iommu_group == RECORD_UNSET && supply->host->kernel.iommu != 1)
        unit_set_flaw(unit, "iommu-group", iommu_argument(supply->host), "the IOMMU is off");
    else if (pci->iommu_group == RECORD_UNSET)
        unit_set_flaw(unit, "iommu-group", NULL, "%s is in no IOMMU group", label);
    for (guint i = 0; unit->group && i < unit->group->len; i++)
        if (g_ptr_array_index(unit->group, i) != unit)
            judge_neighbour(unit, g_ptr_array_index(unit->group, i));
}

/* Without ACS a PF shares its group with its neighbours, and its VFs would join them there. */
static void judge_new_vf_group(const Supply *supply, Unit *unit)
{
    const Unit *pf = g_ptr_array_index(supply->units, unit->pf_unit);

    if (pf->group)
        unit_set_flaw(unit, "iommu-group", NULL,
                      "%s shares its IOMMU group with other functions, and its VFs would too",
                      unit->pf->address);
}

void supply_add_units(Supply *supply, guint n_vfs, const GPtrArray *running)
{
    const Host *host = supply->host;

    for (guint i = 0; i < host->pci->len; i++) {
        const HostPci *pci = g_ptr_array_index(host->pci, i);
        const HostPci *pf = host_find_pci(host, pci->pf);

        if (host_pci_is_bridge(pci) || (pf && pf->sriov))
            continue; /* a VF is added with its PF */
        add_unit(supply, pci, NULL, 0, RECORD_UNSET);
        if (pci->sriov)
            add_vfs(supply, pci, n_vfs, running);
    }
    set_groups(supply);
    for (guint i = 0; i < supply->units->len; i++) {
        Unit *unit = g_ptr_array_index(supply->units, i);

        judge_unit(supply, unit);
        if (!unit->pci)
            judge_new_vf_group(supply, unit);
    }
}
