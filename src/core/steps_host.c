/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "core/domain.h"
#include "core/kernel.h"
#include "core/steps_add.h"

#define KIB 1024
#define GRUB_FILE "/etc/default/grub.d/60-bmslice.cfg"

static void append_word(GString *words, const char *word)
{
    if (words->len > 0)
        g_string_append_c(words, ' ');
    g_string_append(words, word);
}

/* A word that sets the same argument to something else, or NULL. Arguments that are given more than
 * once on purpose ("hugepagesz=1G hugepages=8 hugepagesz=2M ...") replace nothing. */
static const char *find_other_value(char **cmdline, const char *argument)
{
    const char *equals = strchr(argument, '=');

    if (!equals || g_str_has_prefix(argument, "hugepage"))
        return NULL;
    for (char **word = cmdline; *word; word++) {
        if (strncmp(*word, argument, (gsize)(equals - argument) + 1) == 0)
            return *word;
    }
    return NULL;
}

static void derive_kernel_args(const Host *host, const PlanHost *plan_host, GPtrArray *steps)
{
    g_auto(GStrv) cmdline =
        g_strsplit_set(host->kernel.cmdline ? host->kernel.cmdline : "", " \t\n", -1);
    g_autoptr(GString) missing = g_string_new(NULL);
    g_autoptr(GString) replaced = g_string_new(NULL);

    for (guint i = 0; i < plan_host->kernel_args->len; i++) {
        const char *argument = plan_host->kernel_args->pdata[i];

        if (kernel_argument_is_met(plan_host, host->kernel.cmdline, argument, NULL))
            continue;

        const char *other = find_other_value(cmdline, argument);

        append_word(missing, argument);
        if (other)
            append_word(replaced, other);
    }
    if (missing->len == 0)
        return;

    g_autofree char *instead =
        replaced->len > 0 ? g_strdup_printf(" instead of %s", replaced->str) : g_strdup("");
    g_autofree char *undo =
        g_strdup_printf("take %s off the kernel command line%s%s, then reboot", missing->str,
                        replaced->len > 0 ? ", put back " : "", replaced->str);
    Step *step = steps_add(
        steps, STEP_KERNEL_ARGS, plan_host->name,
        host->kernel.cmdline ? "the running kernel was started without them"
                             : "the inventory does not say what the kernel was started with",
        undo,
        "add to the kernel command line: %s%s (GRUB: " GRUB_FILE ", update-grub), then reboot",
        missing->str, instead);

    step->reboot = step->by_hand = 1;
}

static gint64 pool_total(const HostNode *node, gint64 page_bytes)
{
    for (guint i = 0; i < node->hugepages->len; i++) {
        const HostHugepages *pool = node->hugepages->pdata[i];

        if (pool->size_bytes == page_bytes)
            return MAX(pool->total, 0);
    }
    return 0;
}

/* Do the plan's kernel arguments reserve pages of this size at boot ("hugepagesz=1G")? */
static bool pages_at_boot(const PlanHost *plan_host, gint64 page_bytes)
{
    g_autofree char *size = text_format_size(page_bytes);
    g_autofree char *argument = g_strdup_printf("hugepagesz=%s", size);

    /* The kernel writes "1G" for what is "1GiB" here. */
    argument[strlen(argument) - strlen("iB")] = '\0';
    return g_ptr_array_find_with_equal_func(plan_host->kernel_args, argument, g_str_equal, NULL);
}

static void derive_pool(const PlanHost *plan_host, const HostNode *node, gint64 page_bytes,
                        GPtrArray *steps)
{
    gint64 total = pool_total(node, page_bytes);
    gint64 needed = domain_pages_on_node(plan_host, node->id, page_bytes);

    if (needed <= total)
        return;

    g_autofree char *size = text_format_size(page_bytes);
    g_autofree char *subject = g_strdup_printf("node %" G_GINT64_FORMAT, node->id);
    g_autofree char *pool =
        g_strdup_printf("/sys/devices/system/node/node%" G_GINT64_FORMAT
                        "/hugepages/hugepages-%" G_GINT64_FORMAT "kB/nr_hugepages",
                        node->id, page_bytes / KIB);
    g_autofree char *why = g_strdup_printf(
        "the slices need %" G_GINT64_FORMAT " pages of %s on node %" G_GINT64_FORMAT
        ", %" G_GINT64_FORMAT " are there; %s",
        needed, size, node->id, total,
        pages_at_boot(plan_host, page_bytes) ? "the kernel arguments reserve them at each boot"
                                             : "a reboot empties the pool again");
    g_autofree char *undo = g_strdup_printf("echo %" G_GINT64_FORMAT " > %s", total, pool);
    Step *step = steps_add(steps, STEP_HUGEPAGES, subject, why, undo,
                           "echo %" G_GINT64_FORMAT " > %s", needed, pool);

    step->by_hand = 1;
}

static gint compare_sizes(gconstpointer a, gconstpointer b)
{
    gint64 left = *(const gint64 *)a, right = *(const gint64 *)b;

    return left < right ? -1 : left > right;
}

static void derive_hugepages(const Host *host, const PlanHost *plan_host, GPtrArray *steps)
{
    g_autoptr(GArray) sizes = g_array_new(FALSE, FALSE, sizeof(gint64));

    for (guint i = 0; i < plan_host->slices->len; i++) {
        const PlanSlice *slice = plan_host->slices->pdata[i];

        if (slice->hugepage_bytes > 0)
            g_array_append_val(sizes, slice->hugepage_bytes);
    }
    g_array_sort(sizes, compare_sizes);
    for (guint n = 0; n < host->nodes->len; n++) {
        for (guint i = 0; i < sizes->len; i++) {
            gint64 size = g_array_index(sizes, gint64, i);

            if (i == 0 || size != g_array_index(sizes, gint64, i - 1))
                derive_pool(plan_host, host->nodes->pdata[n], size, steps);
        }
    }
}

static const char *flag_word(int flag)
{
    return flag > 0 ? "on" : "off";
}

/* libvirt sets MAC and VLAN of a VF; trust and spoof check are nobody else's. */
static void append_vf_flags(GString *text, const HostPci *pf, const PlanDevice *device)
{
    const HostNet *net = pf && pf->nets->len > 0 ? pf->nets->pdata[0] : NULL;

    if (device->trust == RECORD_UNSET && device->spoofchk == RECORD_UNSET)
        return;
    g_string_append_printf(text, " && ip link set %s vf %" G_GINT64_FORMAT,
                           net && net->name ? net->name : "PF", device->vf);
    if (device->trust != RECORD_UNSET)
        g_string_append_printf(text, " trust %s", flag_word(device->trust));
    if (device->spoofchk != RECORD_UNSET)
        g_string_append_printf(text, " spoofchk %s", flag_word(device->spoofchk));
}

static void derive_vfs_of(const Host *host, const PlanHost *plan_host, const char *address,
                          GPtrArray *steps)
{
    const HostPci *pf = host_find_pci(host, address);
    gint64 made = pf && pf->sriov ? MAX(pf->sriov->num_vfs, 0) : 0;
    gint64 needed = 0;
    g_autoptr(GString) flags = g_string_new(NULL);

    for (guint i = 0; i < plan_host->slices->len; i++) {
        const PlanSlice *slice = plan_host->slices->pdata[i];

        for (guint d = 0; d < slice->devices->len; d++) {
            const PlanDevice *device = slice->devices->pdata[d];

            if (device->kind != PLAN_DEVICE_VF || g_strcmp0(device->pf, address) != 0)
                continue;
            needed = MAX(needed, device->vf + 1);
            append_vf_flags(flags, pf, device);
        }
    }
    if (needed <= made)
        return;

    g_autofree char *file = g_strdup_printf("/sys/bus/pci/devices/%s/sriov_numvfs", address);
    g_autofree char *why =
        g_strdup_printf("the slices use %" G_GINT64_FORMAT " VFs of %s, %" G_GINT64_FORMAT
                        " are made; a reboot takes them away again",
                        needed, address, made);
    /* The kernel takes a new number only after 0, which takes the VFs from whoever holds them. */
    g_autofree char *zero =
        made > 0 ? g_strdup_printf("with no VF of it in use: echo 0 > %s && ", file) : g_strdup("");
    g_autofree char *undo =
        g_strdup_printf("with no VF of it in use: echo %" G_GINT64_FORMAT " > %s", made, file);
    Step *step = steps_add(steps, STEP_VFS, address, why, undo,
                           "%secho %" G_GINT64_FORMAT " > %s%s", zero, needed, file, flags->str);

    step->by_hand = 1;
}

static void derive_vfs(const Host *host, const PlanHost *plan_host, GPtrArray *steps)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < plan_host->slices->len; i++) {
        const PlanSlice *slice = plan_host->slices->pdata[i];

        for (guint d = 0; d < slice->devices->len; d++) {
            const PlanDevice *device = slice->devices->pdata[d];

            if (device->kind == PLAN_DEVICE_VF && device->pf && g_hash_table_add(seen, device->pf))
                derive_vfs_of(host, plan_host, device->pf, steps);
        }
    }
}

void steps_derive_host(const Host *host, const PlanHost *plan_host, GPtrArray *steps)
{
    derive_kernel_args(host, plan_host, steps);
    derive_hugepages(host, plan_host, steps);
    derive_vfs(host, plan_host, steps);
}
