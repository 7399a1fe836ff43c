/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VFs: their number, and a port that is up, without which they do not answer
 * (Documentation/PCI/pci-iov-howto.rst). MAC, VLAN, trust and spoof check of a VF belong to its
 * slice: core/steps_slice.c.
 */
#include "core/steps_host.h"

#define IFF_UP 0x1 /* man 7 netdevice */

/* The port is the one that was planned, whatever sits at its address by now. */
static Setting *setting_of_pf(SettingKind kind, const PlanDevice *device, const char *value)
{
    Setting *setting = setting_new(kind, device->pf, value);

    setting_set_identity(setting, device->pf_vendor, device->pf_device, device->pf_mac);
    return setting;
}

static const char *net_fact(const HostInput *input, const HostNet *net, const char *name)
{
    g_autofree char *path = g_strdup_printf("/sys/class/net/%s/%s", net->name, name);

    return facts_get(input->facts, path);
}

/* What of "state up mtu N" the port lacks, or NULL; the caller frees it. */
static char *lacking_words(const HostInput *input, const HostNet *net, gint64 wanted_mtu)
{
    const char *flags = net_fact(input, net, "flags");
    const char *mtu = net_fact(input, net, "mtu");
    GString *words = g_string_new(NULL);

    if (flags && !(g_ascii_strtoull(flags, NULL, 16) & IFF_UP))
        g_string_append(words, "state up");
    if (mtu && wanted_mtu > g_ascii_strtoll(mtu, NULL, 10))
        g_string_append_printf(words, "%smtu %" G_GINT64_FORMAT, words->len ? " " : "", wanted_mtu);
    return g_string_free(words, words->len == 0);
}

/* A port that the host uses is the host's to set up. */
static void derive_port(const HostInput *input, const HostPci *pf, const PlanDevice *device,
                        gint64 mtu, GPtrArray *steps)
{
    const HostNet *net = pf->nets->len == 1 ? pf->nets->pdata[0] : NULL;
    g_autoptr(GPtrArray) uses = host_pci_uses(pf);
    g_autofree char *words = NULL;

    if (!input->facts || !net || !net->name || uses->len > 0)
        return;
    words = lacking_words(input, net, mtu);
    if (words)
        host_add_setting(steps, STEP_PORT, pf->address, setting_of_pf(SETTING_NET, device, words),
                         NULL,
                         "VFs of a port that is down do not answer, nor do they send more than it",
                         "set port %s (%s): %s", pf->address, net->name, words);
}

/* How many VFs of the port, and the largest MTU of their networks. */
static gint64 count_needed(const PlanHost *plan_host, const char *address, gint64 *ret_mtu)
{
    gint64 needed = 0;

    *ret_mtu = RECORD_UNSET;

    for (guint i = 0; i < plan_host->slices->len; i++) {
        const PlanSlice *slice = plan_host->slices->pdata[i];

        for (guint d = 0; d < slice->devices->len; d++) {
            const PlanDevice *device = slice->devices->pdata[d];

            if (device->kind != PLAN_DEVICE_VF || g_strcmp0(device->pf, address) != 0)
                continue;
            needed = MAX(needed, device->vf + 1);
            *ret_mtu = MAX(*ret_mtu, device->mtu);
        }
    }
    return needed;
}

/* Making VFs sets the port up anew: nothing for one that the host uses. */
static void tell_used(const char *address, const GPtrArray *uses, GPtrArray *findings)
{
    findings_add(findings, FINDING_ERROR, "vfs-of-used-port", address,
                 "its VFs would have to be made, and the host uses it (%s)",
                 (const char *)uses->pdata[0]);
}

/* A new number takes all VFs away for a moment; one of them may be the host's. */
static bool tell_used_vf(const HostInput *input, const char *address, GPtrArray *findings)
{
    for (guint i = 0; i < input->host->pci->len; i++) {
        const HostPci *vf = input->host->pci->pdata[i];
        g_autoptr(GPtrArray) uses = g_strcmp0(vf->pf, address) == 0 ? host_pci_uses(vf) : NULL;

        if (!uses || uses->len == 0)
            continue;
        findings_add(findings, FINDING_ERROR, "vfs-in-use", address,
                     "more VFs would have to be made on it, which takes all away first, and the "
                     "host uses %s (%s)",
                     vf->address, (const char *)uses->pdata[0]);
        return true;
    }
    return false;
}

/* @device: the first of the VFs that are planned on its port. */
static void derive_of(const HostInput *input, const PlanDevice *device, GPtrArray *steps,
                      GPtrArray *findings)
{
    const HostPci *pf = host_find_pci(input->host, device->pf);
    g_autoptr(GPtrArray) uses = pf ? host_pci_uses(pf) : g_ptr_array_new();
    gint64 made = pf && pf->sriov ? MAX(pf->sriov->num_vfs, 0) : 0;
    gint64 mtu;
    gint64 needed = count_needed(input->plan_host, device->pf, &mtu);
    g_autofree char *before = g_strdup_printf("%" G_GINT64_FORMAT, made);
    g_autofree char *value = g_strdup_printf("%" G_GINT64_FORMAT, needed);
    g_autofree char *why =
        g_strdup_printf("the slices use %s of its VFs, %s are made", value, before);

    if (needed > made && uses->len > 0)
        tell_used(device->pf, uses, findings);
    else if (needed > made && !tell_used_vf(input, device->pf, findings))
        host_add_setting(steps, STEP_VFS, device->pf, setting_of_pf(SETTING_VFS, device, value),
                         before, why, "make %s VF%s on %s%s", value, needed == 1 ? "" : "s",
                         device->pf, made > 0 ? " (with none of it in use)" : "");
    if (pf)
        derive_port(input, pf, device, mtu, steps);
}

void host_vfs(const HostInput *input, GPtrArray *steps, GPtrArray *findings)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < input->plan_host->slices->len; i++) {
        const PlanSlice *slice = input->plan_host->slices->pdata[i];

        for (guint d = 0; d < slice->devices->len; d++) {
            const PlanDevice *device = slice->devices->pdata[d];

            if (device->kind == PLAN_DEVICE_VF && device->pf && g_hash_table_add(seen, device->pf))
                derive_of(input, device, steps, findings);
        }
    }
}
