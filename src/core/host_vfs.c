/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VFs: their number, and a port that is up, without which they do not answer
 * (Documentation/PCI/pci-iov-howto.rst). MAC, VLAN, trust and spoof check of a VF belong to its
 * slice: core/steps_slice.c.
 */
#include "core/steps_host.h"

#define IFF_UP 0x1 /* man 7 netdevice */

static Setting *setting_of_pf(SettingKind kind, const HostPci *pf, const char *address,
                              const char *value)
{
    Setting *setting = setting_new(kind, address, value);
    const HostNet *net = pf && pf->nets->len == 1 ? pf->nets->pdata[0] : NULL;

    if (pf) {
        setting->vendor = g_strdup(pf->vendor);
        setting->device = g_strdup(pf->device);
    }
    if (net)
        setting->mac = g_strdup(net->mac);
    return setting;
}

static void derive_up(const HostInput *input, const HostPci *pf, GPtrArray *steps)
{
    const HostNet *net = pf->nets->len == 1 ? pf->nets->pdata[0] : NULL;
    g_autofree char *path =
        net && net->name ? g_strdup_printf("/sys/class/net/%s/flags", net->name) : NULL;
    const char *flags = path && input->facts ? facts_get(input->facts, path) : NULL;
    g_autoptr(GPtrArray) uses = host_pci_uses(pf);

    if (!flags || uses->len > 0 || g_ascii_strtoull(flags, NULL, 16) & IFF_UP)
        return;
    host_add_setting(steps, STEP_PORT, pf->address,
                     setting_of_pf(SETTING_NET, pf, pf->address, "state up"), "down",
                     "VFs of a port that is down do not answer", "set port %s (%s) up", pf->address,
                     net->name);
}

static gint64 count_needed(const PlanHost *plan_host, const char *address)
{
    gint64 needed = 0;

    for (guint i = 0; i < plan_host->slices->len; i++) {
        const PlanSlice *slice = plan_host->slices->pdata[i];

        for (guint d = 0; d < slice->devices->len; d++) {
            const PlanDevice *device = slice->devices->pdata[d];

            if (device->kind == PLAN_DEVICE_VF && g_strcmp0(device->pf, address) == 0)
                needed = MAX(needed, device->vf + 1);
        }
    }
    return needed;
}

static void derive_of(const HostInput *input, const char *address, GPtrArray *steps)
{
    const HostPci *pf = host_find_pci(input->host, address);
    gint64 made = pf && pf->sriov ? MAX(pf->sriov->num_vfs, 0) : 0;
    gint64 needed = count_needed(input->plan_host, address);
    g_autofree char *before = g_strdup_printf("%" G_GINT64_FORMAT, made);
    g_autofree char *value = g_strdup_printf("%" G_GINT64_FORMAT, needed);
    g_autofree char *why =
        g_strdup_printf("the slices use %s of its VFs, %s are made", value, before);

    if (needed > made)
        host_add_setting(steps, STEP_VFS, address, setting_of_pf(SETTING_VFS, pf, address, value),
                         before, why, "make %s VF%s on %s%s", value, needed == 1 ? "" : "s",
                         address, made > 0 ? " (with none of it in use)" : "");
    if (pf)
        derive_up(input, pf, steps);
}

void host_vfs(const HostInput *input, GPtrArray *steps, GPtrArray *findings)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    (void)findings;
    for (guint i = 0; i < input->plan_host->slices->len; i++) {
        const PlanSlice *slice = input->plan_host->slices->pdata[i];

        for (guint d = 0; d < slice->devices->len; d++) {
            const PlanDevice *device = slice->devices->pdata[d];

            if (device->kind == PLAN_DEVICE_VF && device->pf && g_hash_table_add(seen, device->pf))
                derive_of(input, device->pf, steps);
        }
    }
}
