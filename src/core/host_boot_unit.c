/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What brings the host's settings back at each boot, before libvirt starts its slices: the plan,
 * kept on the host; a systemd unit that makes it true again (man 5 systemd.unit); and a hook of
 * libvirt (https://libvirt.org/hooks.html) that refuses to start a slice whose settings could not
 * be made.
 */
#include <string.h>

#include "base/json.h"
#include "core/steps_host.h"

#define UNIT_TEXT                                                                                  \
    "# Made by bmslice; \"bmslice prepare --undo\" takes it back.\n"                               \
    "[Unit]\n"                                                                                     \
    "Description=Make this host ready for its slices (bmslice)\n"                                  \
    "Wants=systemd-udev-settle.service\n"                                                          \
    "After=local-fs.target systemd-modules-load.service systemd-udev-settle.service\n"             \
    "Before=libvirtd.service virtqemud.service libvirt-guests.service\n"                           \
    "\n"                                                                                           \
    "[Service]\n"                                                                                  \
    "Type=oneshot\n"                                                                               \
    "RemainAfterExit=yes\n"                                                                        \
    "ExecStart=%s prepare --boot\n"                                                                \
    "TimeoutStartSec=600\n"                                                                        \
    "\n"                                                                                           \
    "[Install]\n"                                                                                  \
    "WantedBy=multi-user.target\n"

/* Names of slices are checked words (TEXT_FORM_NAME): they can name a file. */
#define HOOK_TEXT                                                                                  \
    "#!/bin/sh\n"                                                                                  \
    "# Made by bmslice; \"bmslice prepare --undo\" takes it back. A slice that the host is not\n"  \
    "# ready for is not started; why stands in the file.\n"                                        \
    "[ \"$2\" = prepare ] && [ -e \"" STEPS_HELD "/$1\" ] || exit 0\n"                             \
    "echo \"bmslice: $(cat \"" STEPS_HELD "/$1\")\" >&2\n"                                         \
    "exit 1\n"

#define MODULES_TEXT                                                                               \
    "# Made by bmslice; \"bmslice prepare --undo\" takes it back.\n"                               \
    "vfio-pci\n"

static void add_file(const HostInput *input, const char *path, const char *text, gint64 mode,
                     const char *why, GPtrArray *steps)
{
    const char *before = facts_get(input->facts, path);
    Setting *setting;

    if (g_strcmp0(before, text) == 0)
        return;
    setting = setting_new(SETTING_FILE, path, text);
    setting->mode = mode;
    host_add_setting(steps,
                     before && strcmp(path, STEPS_BOOT_PLAN) == 0 ? STEP_BOOT_PLAN : STEP_BOOT_UNIT,
                     input->plan_host->name, setting, before, why, "write %s", path);
}

void host_boot_unit(const HostInput *input, GPtrArray *steps, GPtrArray *findings)
{
    g_autofree char *unit = NULL;
    g_autofree char *plan = NULL;

    (void)findings;
    if (!input->facts || !input->program || input->plan_host->slices->len == 0)
        return;
    unit = g_strdup_printf(UNIT_TEXT, input->program);
    plan = plan_host_write(input->plan_host);
    add_file(input, STEPS_MODULES, MODULES_TEXT, 0644, "libvirt looks for it when it starts",
             steps);
    add_file(input, STEPS_BOOT_PLAN, plan, 0600, "each boot makes it true again", steps);
    add_file(input, STEPS_HOOK, HOOK_TEXT, 0755,
             "a slice whose settings could not be made is not to start", steps);
    add_file(input, STEPS_BOOT_UNIT_PATH, unit, 0644,
             "a reboot takes pages, VFs and interrupts back to what the kernel does by itself",
             steps);
    if (g_strcmp0(facts_get(input->facts, STEPS_BOOT_WANTS), unit) != 0)
        host_add_setting(steps, STEP_BOOT_UNIT, input->plan_host->name,
                         setting_new(SETTING_LINK, STEPS_BOOT_WANTS, STEPS_BOOT_UNIT_PATH), NULL,
                         "the unit is to run at each boot", "enable %s", STEPS_BOOT_UNIT_PATH);
}
