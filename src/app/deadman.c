/* SPDX-License-Identifier: Apache-2.0 */
#include "app/deadman.h"

#include "app/job.h"
#include "base/error.h"
#include "core/steps_add.h"

#define OWNER ":confirm"
#define FOLDER "/etc/systemd/system/"
#define UNIT "bmslice-confirm"

#define SERVICE_TEXT                                                                               \
    "# Made by bmslice; \"bmslice prepare --confirm\" takes it back.\n"                            \
    "[Unit]\n"                                                                                     \
    "Description=Take back what bmslice prepared, for nobody has confirmed it\n"                   \
    "StartLimitIntervalSec=0\n"                                                                    \
    "\n"                                                                                           \
    "[Service]\n"                                                                                  \
    "Type=oneshot\n"                                                                               \
    "ExecStart=%s prepare --undo --dead-man --reboot\n"                                            \
    "SuccessExitStatus=3\n"                                                                        \
    "Restart=on-failure\n"                                                                         \
    "RestartSec=15\n"

#define TIMER_TEXT                                                                                 \
    "# Made by bmslice; \"bmslice prepare --confirm\" takes it back.\n"                            \
    "[Unit]\n"                                                                                     \
    "Description=Wait for bmslice prepare --confirm\n"                                             \
    "\n"                                                                                           \
    "[Timer]\n"                                                                                    \
    "OnActiveSec=%us\n"                                                                            \
    "AccuracySec=1s\n"                                                                             \
    "\n"                                                                                           \
    "[Install]\n"                                                                                  \
    "WantedBy=timers.target\n"

static bool systemctl(const Changes *changes, const char *verb, const char *unit, GError **error)
{
    const char *const argv[] = {"systemctl", verb, unit, NULL};

    return hands_run(changes->hands, argv, NULL, error);
}

static bool write_setting(Changes *changes, Setting *setting, const char *text, GError **error)
{
    g_autoptr(GPtrArray) steps = steps_new();
    Step *step = steps_add(steps, STEP_BOOT_UNIT, OWNER, "asked for", "remove it", "%s", text);

    step->setting = setting;
    return changes_make(changes, OWNER, step, NULL, error);
}

bool deadman_arm(Changes *changes, guint seconds, GError **error)
{
    g_autofree char *program = job_program(error);
    g_autofree char *service = g_strdup_printf(SERVICE_TEXT, program);
    g_autofree char *timer = g_strdup_printf(TIMER_TEXT, seconds);

    if (!program)
        return false;
    return write_setting(changes, setting_new(SETTING_FILE, FOLDER UNIT ".service", service),
                         "write " FOLDER UNIT ".service", error) &&
           write_setting(changes, setting_new(SETTING_FILE, FOLDER UNIT ".timer", timer),
                         "write " FOLDER UNIT ".timer", error) &&
           write_setting(changes,
                         setting_new(SETTING_LINK, FOLDER "timers.target.wants/" UNIT ".timer",
                                     FOLDER UNIT ".timer"),
                         "enable " UNIT ".timer", error) &&
           systemctl(changes, "daemon-reload", NULL, error) &&
           systemctl(changes, "restart", UNIT ".timer", error);
}

/* Whoever takes all back needs no timer any more, which would take back what comes after. */
bool deadman_stop(Changes *changes, GError **error)
{
    g_autoptr(GPtrArray) list = changes_list(changes, OWNER);

    return list->len == 0 || systemctl(changes, "stop", UNIT ".timer", error);
}

bool deadman_disarm(Changes *changes, bool *ret_armed, GError **error)
{
    g_autoptr(GPtrArray) list = changes_list(changes, OWNER);

    *ret_armed = list->len > 0;
    return !*ret_armed || (systemctl(changes, "stop", UNIT ".timer", error) &&
                           changes_undo(changes, CHANGES_ALL, OWNER, error) &&
                           systemctl(changes, "daemon-reload", NULL, error));
}
