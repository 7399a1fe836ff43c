/* SPDX-License-Identifier: Apache-2.0 */
/* NICs, their bonds, and MAC addresses over the whole spec. */
#include "model/spec_check.h"

/* The settings of a VF that the host makes on its PF, and the reason why a PF has none of them. */
static const struct {
    const char *key;
    const char *reason;
} vf_settings[] = {
    {"mac", "the host cannot give a whole function a MAC address; it keeps its own"},
    {"vlan", "the host cannot tag for a whole function; the guest does that itself"},
    {"trust", "it is a setting of a VF; a whole function is free anyway"},
    {"spoofchk", "it is a setting of a VF; nothing checks a whole function"},
    {"max_rate", "it is a setting of a VF; nothing limits a whole function"},
    {"bond", "members of a bond are VFs here; the guest can bond whole functions itself"},
    {"bond_mode", "members of a bond are VFs here; the guest can bond whole functions itself"},
};

static void check_pf(const SpecCheck *check, const SpecNic *nic, const char *subject)
{
    for (guint i = 0; i < G_N_ELEMENTS(vf_settings); i++) {
        const TreeNode *value = tree_get(nic->node, vf_settings[i].key);

        if (value && !tree_is_null(value)) {
            Finding *finding = SPEC_ERROR("vf-only", nic->node, vf_settings[i].key, subject,
                                          "%s is only for mode: vf: %s", vf_settings[i].key,
                                          vf_settings[i].reason);
            finding_set_hint(finding, "leave it out, or use mode: vf");
        }
    }
}

static void check_bond_mode(const SpecCheck *check, const SpecNic *nic, const char *subject)
{
    Finding *finding;

    if (nic->bond_mode == RECORD_UNSET)
        return;
    if (!nic->bond) {
        finding = SPEC_ERROR("bond-mode-alone", nic->node, "bond_mode", subject,
                             "bond_mode without bond: which NICs belong together?");
        finding_set_hint(finding, "give each member the same bond: NAME");
    }
    if (nic->bond_mode == SPEC_BOND_8023AD) {
        finding = SPEC_ERROR(
            "lacp-on-vf", nic->node, "bond_mode", subject,
            "802.3ad does not work on VFs: the switch sees one LACP partner on each physical port, "
            "and all VFs and the PF share that port");
        finding_set_hint(finding, "bond_mode: active-backup, or mode: pf and LACP in the guest");
    }
}

static void check_nic(const SpecCheck *check, const SpecNic *nic, const char *subject)
{
    if (nic->network && !spec_find_network(check->spec, nic->network)) {
        Finding *finding = SPEC_ERROR("unknown-network", nic->node, "network", subject,
                                      "there is no network '%s'", nic->network);
        spec_check_hint_names(finding, nic->network, check->spec->networks);
    }
    if (nic->mode == SPEC_NIC_PF)
        check_pf(check, nic, subject);
    else
        check_bond_mode(check, nic, subject);
}

static const SpecNic *nic_of(const SpecSlice *slice, guint index)
{
    return g_ptr_array_index(slice->nics, index);
}

static bool is_member(const SpecNic *nic, const char *bond)
{
    return nic->mode == SPEC_NIC_VF && g_strcmp0(nic->bond, bond) == 0;
}

/* Reports on the bond whose first member is nics[@first]. */
static void check_bond(const SpecCheck *check, const SpecSlice *slice, guint first,
                       const char *subject)
{
    const SpecNic *head = nic_of(slice, first);
    guint members = 0;
    int mode = RECORD_UNSET;

    for (guint i = 0; i < slice->nics->len; i++) {
        const SpecNic *nic = nic_of(slice, i);

        if (!is_member(nic, head->bond))
            continue;
        if (i < first)
            return; /* has been looked at */
        members++;
        if (mode != RECORD_UNSET && nic->bond_mode != RECORD_UNSET && nic->bond_mode != mode)
            SPEC_ERROR("bond-modes-differ", nic->node, "bond_mode", subject,
                       "the members of bond '%s' do not agree on bond_mode", head->bond);
        if (mode == RECORD_UNSET)
            mode = nic->bond_mode;
    }
    if (members == 1)
        SPEC_WARNING("bond-of-one", head->node, "bond", subject,
                     "bond '%s' has one member only, and so no spare", head->bond);
}

static void check_mac(const SpecCheck *check, const SpecSlice *slice, const SpecNic *nic,
                      GHashTable *macs, const char *subject)
{
    char *mac = g_ascii_strdown(nic->mac, -1);
    const SpecNic *first = g_hash_table_lookup(macs, mac);

    if (first)
        SPEC_ERROR("duplicate-mac", nic->node, "mac", subject,
                   "the NIC on line %u has the same MAC address", first->node->line);
    else if (slice->count > 1)
        SPEC_ERROR("duplicate-mac", nic->node, "mac", subject,
                   "with count, each of the slices would have this MAC address");
    g_hash_table_replace(macs, mac, (void *)(first ? first : nic));
}

static void check_slice_nics(const SpecCheck *check, const SpecSlice *slice, GHashTable *macs,
                             const char *slice_subject)
{
    for (guint i = 0; i < slice->nics->len; i++) {
        const SpecNic *nic = nic_of(slice, i);
        g_autofree char *subject = g_strdup_printf("%s, nics[%u]", slice_subject, i);

        check_nic(check, nic, subject);
        if (nic->bond && nic->mode == SPEC_NIC_VF)
            check_bond(check, slice, i, subject);
        if (nic->mac)
            check_mac(check, slice, nic, macs, subject);
    }
}

void spec_check_all_nics(const SpecCheck *check)
{
    g_autoptr(GHashTable) macs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < check->spec->clusters->len; i++) {
        const SpecCluster *cluster = g_ptr_array_index(check->spec->clusters, i);

        for (guint j = 0; j < cluster->slices->len; j++) {
            const SpecSlice *slice = g_ptr_array_index(cluster->slices, j);
            g_autofree char *subject = spec_check_slice_subject(slice);

            check_slice_nics(check, slice, macs, subject);
        }
    }
}
