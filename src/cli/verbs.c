/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verbs.h"

const Verb VERBS[] = {
    {"discover", "[PART]", "inventory of this host, or of a captured tree (--root)", 0, 1,
     DISCOVER_OPTIONS, cmd_discover},
    {"capture", "FILE", "what discover and doctor read of this host, as a tar", 1, 1,
     CAPTURE_OPTIONS, cmd_capture},
    {"doctor", "[SPEC]", "what stands between this host and slicing, worst first, with its mend", 0,
     1, DOCTOR_OPTIONS, cmd_doctor},
    {"plan", "SPEC", "placement, core map, steps, domain XML, pictures; changes nothing", 1, 1,
     PLAN_OPTIONS, cmd_plan},
    {"explain", "SPEC SLICE", "why it landed there, or the smallest change that would let it", 2, 2,
     EXPLAIN_OPTIONS, cmd_explain},
    {"prepare", "[SPEC]", "the host: kernel arguments, hugepages, VFs, interrupts; and undo", 0, 1,
     PREPARE_OPTIONS, cmd_prepare},
    {"apply", "SPEC", "everything up to running slices; repeat it and nothing changes", 1, 1,
     APPLY_OPTIONS, cmd_apply},
    {"diff", "SPEC", "wanted against running, setting by setting", 1, 1, NULL, cmd_diff},
    {"status", "", "the slices on this host and their state", 0, 0, NULL, cmd_status},
    {"verify", "SPEC", "proof, check by check: pins, threads, memory, devices", 1, 1, NULL,
     cmd_verify},
    {"destroy", "SPEC [SLICE...]", "remove slices and give their devices back", 1, -1,
     DESTROY_OPTIONS, cmd_destroy},
};

const guint N_VERBS = G_N_ELEMENTS(VERBS);
