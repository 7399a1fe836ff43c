/* SPDX-License-Identifier: Apache-2.0 */
/* verify: proof, check by check. */
#include "cli/cmd.h"
#include "cli/show.h"

static guint count_verdict(const GPtrArray *checks, CheckVerdict verdict)
{
    guint count = 0;

    for (guint i = 0; i < checks->len; i++)
        count += ((const Check *)checks->pdata[i])->verdict == verdict;
    return count;
}

int cmd_verify(const Globals *globals, char *const *args, GError **error)
{
    const JobOptions options = {.spec_path = args[0], .connect = globals->connect, .live = true};
    g_autoptr(Job) job = cmd_open_job(globals, &options, FINDING_ERROR, error);
    g_autoptr(GPtrArray) checks = NULL;
    guint passed, failed, skipped;

    if (!job)
        return EXIT_FAILED;
    if (!job->plan_host)
        return cmd_refuse(globals, job, "checks");
    if (!ops_verify(job, &checks, error))
        return EXIT_FAILED;
    passed = count_verdict(checks, CHECK_PASS);
    failed = count_verdict(checks, CHECK_FAIL);
    skipped = count_verdict(checks, CHECK_SKIP);
    if (globals->json) {
        cmd_print_json(globals,
                       json_pack("{s:o, s:{s:i, s:i, s:i}, s:o}", "checks", checks_to_json(checks),
                                 "summary", "pass", passed, "fail", failed, "skip", skipped,
                                 "findings", findings_to_json(job->findings)));
    } else {
        show_checks(&globals->out, checks);
        term_print(&globals->out, failed ? TERM_RED : TERM_GREEN,
                   "%u passed, %u failed, %u skipped\n", passed, failed, skipped);
    }
    return failed || cmd_is_refused(job) ? EXIT_FINDINGS : EXIT_FINE;
}
