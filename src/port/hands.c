/* SPDX-License-Identifier: Apache-2.0 */
#include "port/hands.h"

#include <gio/gio.h>
#include <string.h>

#include "base/error.h"

static bool run_command(const char *const *argv, char **ret_output, void *data, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_autoptr(GSubprocess) process = NULL;
    g_autofree char *output = NULL;
    g_autofree char *complaint = NULL;

    (void)data;
    g_subprocess_launcher_setenv(launcher, "LC_ALL", "C", TRUE);
    process = g_subprocess_launcher_spawnv(launcher, argv, error);
    if (!process ||
        !g_subprocess_communicate_utf8(process, NULL, NULL, &output, &complaint, error)) {
        g_prefix_error(error, "%s: ", argv[0]);
        return false;
    }
    if (!g_subprocess_get_successful(process)) {
        g_autofree char *words = g_strjoinv(" ", (char **)argv);

        g_strstrip(complaint);
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "%s: %s", words,
                    *complaint ? complaint : "failed, without a word");
        return false;
    }
    if (ret_output)
        *ret_output = g_steal_pointer(&output);
    return true;
}

const Hands HANDS_OF_HOST = {.root = "", .run = run_command};

char *hands_path(const Hands *hands, const char *path)
{
    return g_strconcat(hands->root, path, NULL);
}

bool hands_run(const Hands *hands, const char *const *argv, char **ret_output, GError **error)
{
    return hands->run(argv, ret_output, hands->data, error);
}

void hands_watch(const Hands *hands, const char *what)
{
    if (hands->watch)
        hands->watch(what, hands->data);
}
