/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "core/compare.h"
#include "core/steps_add.h"

static void add_volume_create(const PlanSlice *slice, GPtrArray *steps)
{
    g_autofree char *size = text_format_size(slice->disk->size_bytes);

    steps_add(steps, STEP_VOLUME_CREATE, slice->name, "the slice has no disk yet",
              "delete the volume", "create volume %s, %s on top of image %s", slice->disk->path,
              size, slice->disk->image);
}

static void add_define(const PlanSlice *slice, bool anew, const char *why, GPtrArray *steps)
{
    g_autofree char *undo = anew ? g_strdup_printf("undefine domain %s", slice->name)
                                 : g_strdup("define the former domain XML again");

    steps_add(steps, STEP_DOMAIN_DEFINE, slice->name, why, undo, "define domain %s", slice->name);
}

static void add_autostart(const PlanSlice *slice, GPtrArray *steps)
{
    steps_add(steps, STEP_DOMAIN_AUTOSTART, slice->name, "the slice is to come back with the host",
              "switch autostart off", "start domain %s with the host", slice->name);
}

static const char *on_off(int flag)
{
    return flag > 0 ? "on" : "off";
}

/* libvirt sets MAC and VLAN too, but not the flags, and what it puts back when the guest ends is
 * not always what was there (a VF without a MAC gets one). So all of it is set before, and
 * journalled. */
static void add_vf(const PlanSlice *slice, const PlanDevice *device, GPtrArray *steps)
{
    g_autoptr(GString) words = g_string_new(NULL);
    g_autofree char *mac = g_ascii_strdown(device->mac, -1); /* as ip says it */
    Step *step;

    g_string_append_printf(words, "mac %s vlan %" G_GINT64_FORMAT, mac,
                           device->vlan == RECORD_UNSET ? 0 : device->vlan);
    if (device->spoofchk != RECORD_UNSET)
        g_string_append_printf(words, " spoofchk %s", on_off(device->spoofchk));
    if (device->trust != RECORD_UNSET)
        g_string_append_printf(words, " trust %s", on_off(device->trust));
    if (device->max_rate_mbps > 0)
        g_string_append_printf(words, " max_tx_rate %" G_GINT64_FORMAT, device->max_rate_mbps);
    step = steps_add(steps, STEP_VF, slice->name, "the slice is to have it so",
                     "set it as it was before", "set VF %" G_GINT64_FORMAT " of %s: %s", device->vf,
                     device->pf, words->str);
    step->setting = setting_new(SETTING_VF, device->pf, words->str);
    step->setting->vf = device->vf;
    setting_set_identity(step->setting, device->pf_vendor, device->pf_device, device->pf_mac);
}

/* libvirt would bind it too (managed), but a driver that hangs would take libvirtd along. */
static void add_driver(const PlanSlice *slice, const PlanDevice *device, GPtrArray *steps)
{
    Step *step =
        steps_add(steps, STEP_DRIVER, slice->name, "a guest has its functions by way of vfio",
                  "give it back to its driver", "bind %s to vfio-pci", device->address);

    step->setting =
        setting_new(SETTING_DRIVER, device->address, "driver vfio-pci override vfio-pci");
    setting_set_identity(step->setting, device->vendor, device->device, /* mac= */ NULL);
}

/* A VF is bound before it is set: taken back the other way round, its driver finds the former MAC
 * when it comes back. */
void steps_derive_devices(const PlanSlice *slice, GPtrArray *steps)
{
    for (guint i = 0; i < slice->devices->len; i++) {
        const PlanDevice *device = slice->devices->pdata[i];

        if (device->address)
            add_driver(slice, device, steps);
        if (device->kind == PLAN_DEVICE_VF && device->pf && device->mac)
            add_vf(slice, device, steps);
    }
}

static void add_start(const PlanSlice *slice, const char *why, GPtrArray *steps)
{
    steps_derive_devices(slice, steps);
    steps_add(steps, STEP_DOMAIN_START, slice->name, why, "stop the domain", "start domain %s",
              slice->name);
}

static void add_stop(const PlanSlice *slice, const char *why, GPtrArray *steps)
{
    steps_add(steps, STEP_DOMAIN_STOP, slice->name, why, "start the domain", "stop domain %s",
              slice->name);
}

static void derive_new(const PlanSlice *slice, GPtrArray *steps)
{
    if (slice->disk)
        add_volume_create(slice, steps);
    add_define(slice, true, "the slice does not exist yet", steps);
    add_autostart(slice, steps);
    add_start(slice, "the slice does not run yet", steps);
}

/* "vcpu 3 pin, memory and 2 more" */
static char *summarize(const GPtrArray *differences)
{
    g_autoptr(GString) text = g_string_new(NULL);
    guint shown = MIN(differences->len, 3);

    for (guint i = 0; i < shown; i++) {
        const Difference *difference = differences->pdata[i];

        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", difference->setting);
    }
    if (differences->len > shown)
        g_string_append_printf(text, " and %u more", differences->len - shown);
    g_string_append(text, differences->len == 1 ? " differs" : " differ");
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static bool is_setting(const Difference *difference, const char *setting)
{
    return strcmp(difference->setting, setting) == 0;
}

/* What the differences of a running domain call for. */
typedef struct {
    bool repin;   /* pins differ, and every thread they are for exists */
    bool restart; /* something differs that cannot change under a running guest */
} Need;

static Need judge(const GPtrArray *differences)
{
    Need need = {false, false};
    bool threads_differ = false;

    for (guint i = 0; i < differences->len; i++) {
        const Difference *difference = differences->pdata[i];

        if (is_setting(difference, COMPARE_VCPUS) || is_setting(difference, COMPARE_IOTHREADS))
            threads_differ = true;
        if (difference->live)
            need.repin = true;
        else
            need.restart = true;
    }
    need.repin = need.repin && !threads_differ;
    return need;
}

/* The disk the configuration has now is another one, or none. */
static bool disk_is_new(const GPtrArray *config_differences)
{
    for (guint i = 0; i < config_differences->len; i++) {
        const Difference *difference = config_differences->pdata[i];

        if (is_setting(difference, "disk vda source"))
            return difference->wanted != NULL;
    }
    return false;
}

/* False: the slice stays as it is, for which the reason is told. */
static bool derive_disk(const PlanSlice *slice, const Observed *observed,
                        const GPtrArray *config_differences, GPtrArray *steps, GPtrArray *findings)
{
    gint64 now = observed->disk_capacity_bytes;

    if (!slice->disk)
        return true;
    if (disk_is_new(config_differences)) {
        add_volume_create(slice, steps);
        return true;
    }
    if (now == RECORD_UNSET || now == slice->disk->size_bytes)
        return true;

    g_autofree char *old_size = text_format_size(now);
    g_autofree char *new_size = text_format_size(slice->disk->size_bytes);

    if (now > slice->disk->size_bytes) {
        g_autofree char *subject = g_strdup_printf("slice %s", slice->name);

        finding_set_hint(findings_add(findings, FINDING_ERROR, "disk-shrinks", subject,
                                      "its disk %s holds %s and the spec wants %s; a disk does not "
                                      "shrink, and the slice is left as it is",
                                      slice->disk->path, old_size, new_size),
                         "size: %s, or destroy the slice with its disk first", old_size);
        return false;
    }

    g_autofree char *why = g_strdup_printf("the disk holds %s", old_size);

    steps_add(steps, STEP_VOLUME_GROW, slice->name, why, "none: a disk does not shrink",
              "grow volume %s to %s", slice->disk->path, new_size);
    return true;
}

/* @live: differences of the running domain, NULL when it is stopped; @config: of its persistent
 * configuration. */
static void derive_domain(const PlanSlice *slice, const Observed *observed, const GPtrArray *live,
                          const GPtrArray *config, bool may_restart, GPtrArray *steps,
                          bool *ret_needs_restart)
{
    Need need = live ? judge(live) : (Need){false, false};
    bool restart = need.restart && may_restart;
    g_autofree char *why_live = live ? summarize(live) : NULL;
    g_autofree char *why_config = summarize(config);

    if (restart)
        add_stop(slice, why_live, steps);
    if (config->len > 0)
        add_define(slice, false, why_config, steps);
    if (!observed->autostart)
        add_autostart(slice, steps);
    if (need.repin && !restart)
        steps_add(steps, STEP_DOMAIN_REPIN, slice->name, why_live, "set the former pins again",
                  "set the pins of running domain %s", slice->name);
    if (restart)
        add_start(slice, "it was stopped for the change", steps);
    else if (observed->paused)
        steps_add(steps, STEP_DOMAIN_RESUME, slice->name, "the slice is paused", "pause the domain",
                  "resume domain %s", slice->name);
    else if (!observed->active)
        add_start(slice, "the slice does not run", steps);
    *ret_needs_restart = need.restart && !restart;
}

static void tell_not_ours(const PlanSlice *slice, GPtrArray *findings)
{
    g_autofree char *subject = g_strdup_printf("slice %s", slice->name);

    finding_set_hint(
        findings_add(findings, FINDING_ERROR, "domain-not-ours", subject,
                     "a domain of that name exists that was not made by bmslice: it is "
                     "left alone, and the slice is not there"),
        "rename one of the two");
}

bool steps_derive_slice(const PlanSlice *slice, const char *wanted_xml, const Observed *observed,
                        const StepsOptions *options, GPtrArray *steps, GPtrArray *findings,
                        bool *ret_needs_restart, GError **error)
{
    *ret_needs_restart = false;
    if (!observed) {
        derive_new(slice, steps);
        return true;
    }
    if (!observed->ours) {
        tell_not_ours(slice, findings);
        return true;
    }

    const char *config_xml = observed->config_xml ? observed->config_xml : observed->xml;
    g_autoptr(GPtrArray) config = compare_domains(wanted_xml, config_xml, error);
    g_autoptr(GPtrArray) live = NULL;

    if (config && observed->active)
        live = compare_domains(wanted_xml, observed->xml, error);
    if (!config || (observed->active && !live)) {
        g_prefix_error(error, "slice %s: ", slice->name);
        return false;
    }
    if (derive_disk(slice, observed, config, steps, findings))
        derive_domain(slice, observed, live, config, options && options->restart, steps,
                      ret_needs_restart);
    return true;
}

void steps_derive_destroy(const PlanSlice *slice, const Observed *observed, bool delete_disks,
                          GPtrArray *steps)
{
    /* A domain that is not ours keeps its disk too. */
    if (observed && !observed->ours)
        return;
    if (observed && observed->active)
        add_stop(slice, "the slice is to go", steps);
    if (observed)
        steps_add(steps, STEP_DOMAIN_UNDEFINE, slice->name, "the slice is to go",
                  "apply the spec again", "undefine domain %s", slice->name);
    if (delete_disks && slice->disk)
        steps_add(steps, STEP_VOLUME_DELETE, slice->name, "asked for",
                  "none: what is on the disk is gone", "delete volume %s", slice->disk->path);
}
