/* SPDX-License-Identifier: Apache-2.0 */
/* Hugepages, a node at a time (Documentation/admin-guide/mm/hugetlbpage.rst). */
#include <string.h>

#include "base/text.h"
#include "core/domain.h"
#include "core/kernel.h"
#include "core/steps_host.h"

#define KIB 1024

static gint64 pool_total(const HostNode *node, gint64 page_bytes)
{
    const HostHugepages *pool = host_find_pool(node, page_bytes);

    return pool ? MAX(pool->total, 0) : 0;
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

/* Will the kernel arguments, which are not in force yet, bring them? */
static bool come_at_boot(const HostInput *input, gint64 page_bytes)
{
    const GPtrArray *arguments = input->plan_host->kernel_args;

    for (guint i = 0; pages_at_boot(input->plan_host, page_bytes) && i < arguments->len; i++) {
        if (g_str_has_prefix(arguments->pdata[i], "hugepage") &&
            !kernel_argument_is_met(input->plan_host, input->host->kernel.cmdline,
                                    arguments->pdata[i], NULL))
            return true;
    }
    return false;
}

static void derive_pool(const HostInput *input, const HostNode *node, gint64 page_bytes,
                        GPtrArray *steps)
{
    gint64 total = pool_total(node, page_bytes);
    gint64 needed = domain_pages_on_node(input->plan_host, node->id, page_bytes);

    if (needed <= total)
        return;

    g_autofree char *size = text_format_size(page_bytes);
    g_autofree char *subject = g_strdup_printf("node %" G_GINT64_FORMAT, node->id);
    g_autofree char *before = g_strdup_printf("%" G_GINT64_FORMAT, total);
    g_autofree char *value = g_strdup_printf("%" G_GINT64_FORMAT, needed);
    g_autofree char *pool =
        g_strdup_printf("/sys/devices/system/node/node%" G_GINT64_FORMAT
                        "/hugepages/hugepages-%" G_GINT64_FORMAT "kB/nr_hugepages",
                        node->id, page_bytes / KIB);
    g_autofree char *why =
        g_strdup_printf("the slices need %s pages of %s on node %" G_GINT64_FORMAT ", %s are there",
                        value, size, node->id, before);
    Step *step = host_add_setting(
        steps, STEP_HUGEPAGES, subject, setting_new(SETTING_ATTRIBUTE, pool, value), before, why,
        "reserve %s pages of %s on node %" G_GINT64_FORMAT, value, size, node->id);

    /* A running kernel seldom finds memory in pieces this large, and may drop what it uses trying.
     */
    if (come_at_boot(input, page_bytes)) {
        g_clear_pointer(&step->setting, setting_free);
        step->reboot = 1;
    }
}

/* /dev/hugepages has the default size only, and libvirt wants a mount of each size that it is to
 * use (https://libvirt.org/kbase/memorydevices.html; found when it starts). */
#define MOUNT_TEXT                                                                                 \
    "# Made by bmslice; \"bmslice prepare --undo\" takes it back.\n"                               \
    "[Unit]\n"                                                                                     \
    "Description=Huge pages of 2 MiB, beside the default ones of 1 GiB (bmslice)\n"                \
    "DefaultDependencies=no\n"                                                                     \
    "Before=sysinit.target\n"                                                                      \
    "ConditionPathExists=/sys/kernel/mm/hugepages/hugepages-2048kB\n"                              \
    "\n"                                                                                           \
    "[Mount]\n"                                                                                    \
    "What=hugetlbfs\n"                                                                             \
    "Where=/dev/hugepages2M\n"                                                                     \
    "Type=hugetlbfs\n"                                                                             \
    "Options=pagesize=2M\n"                                                                        \
    "\n"                                                                                           \
    "[Install]\n"                                                                                  \
    "WantedBy=sysinit.target\n"

static void derive_mount(const HostInput *input, GPtrArray *steps)
{
    static const char why[] = "libvirt uses pages only of sizes that are mounted";
    const char *before = facts_get(input->facts, STEPS_PAGES_MOUNT);

    if (g_strcmp0(before, MOUNT_TEXT) != 0)
        host_add_setting(steps, STEP_BOOT_UNIT, input->plan_host->name,
                         setting_new(SETTING_FILE, STEPS_PAGES_MOUNT, MOUNT_TEXT), before, why,
                         "write " STEPS_PAGES_MOUNT)
            ->reboot = 1;
    if (g_strcmp0(facts_get(input->facts, STEPS_PAGES_WANTS), MOUNT_TEXT) != 0)
        host_add_setting(steps, STEP_BOOT_UNIT, input->plan_host->name,
                         setting_new(SETTING_LINK, STEPS_PAGES_WANTS, STEPS_PAGES_MOUNT), NULL, why,
                         "enable " STEPS_PAGES_MOUNT);
}

static gint compare_sizes(gconstpointer a, gconstpointer b)
{
    gint64 left = *(const gint64 *)a, right = *(const gint64 *)b;

    return left < right ? -1 : left > right;
}

void host_pages(const HostInput *input, GPtrArray *steps, GPtrArray *findings)
{
    g_autoptr(GArray) sizes = g_array_new(FALSE, FALSE, sizeof(gint64));

    (void)findings;
    for (guint i = 0; i < input->plan_host->slices->len; i++) {
        const PlanSlice *slice = input->plan_host->slices->pdata[i];

        if (slice->hugepage_bytes > 0)
            g_array_append_val(sizes, slice->hugepage_bytes);
    }
    g_array_sort(sizes, compare_sizes);
    if (input->facts && g_ptr_array_find_with_equal_func(input->plan_host->kernel_args,
                                                         "hugepagesz=2M", g_str_equal, NULL))
        derive_mount(input, steps);
    for (guint n = 0; n < input->host->nodes->len; n++) {
        for (guint i = 0; i < sizes->len; i++) {
            gint64 size = g_array_index(sizes, gint64, i);

            if (i == 0 || size != g_array_index(sizes, gint64, i - 1))
                derive_pool(input, input->host->nodes->pdata[n], size, steps);
        }
    }
}
