/* SPDX-License-Identifier: Apache-2.0 */
/* status: the slices on this host and their state. */
#include "app/prepare.h"
#include "cli/cmd.h"
#include "cli/show.h"

static json_t *encode_slice(const Observed *slice)
{
    json_t *pins = json_array();
    g_autofree char *emulator = cpuset_format(slice->emulator_pin);

    for (guint i = 0; i < slice->vcpu_pins->len; i++) {
        g_autofree char *cpus = cpuset_format(slice->vcpu_pins->pdata[i]);

        json_array_append_new(pins, json_string(cpus));
    }
    return json_pack("{s:s, s:s, s:b, s:i, s:o, s:s?, s:s?}", "name", slice->name, "state",
                     slice->state, "autostart", (int)slice->autostart, "pid", slice->pid,
                     "vcpu_pins", pins, "emulator_cpus", emulator, "held", slice->held);
}

int cmd_status(const Globals *globals, char *const *args, GError **error)
{
    g_autoptr(GPtrArray) slices = ops_status(globals->connect, error);
    g_autoptr(GPtrArray) findings = findings_new();
    json_t *array;

    if (!slices || !prepare_check(findings, error))
        return EXIT_FAILED;
    if (!globals->json) {
        show_status(&globals->out, slices);
        show_findings(&globals->err, findings, FINDING_WARNING);
        return EXIT_FINE;
    }
    array = json_array();
    for (guint i = 0; i < slices->len; i++)
        json_array_append_new(array, encode_slice(slices->pdata[i]));
    cmd_print_json(
        globals, json_pack("{s:o, s:o}", "slices", array, "findings", findings_to_json(findings)));
    return EXIT_FINE;
}
