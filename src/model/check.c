/* SPDX-License-Identifier: Apache-2.0 */
#include "model/check.h"

#include "base/json.h"

static const char *const verdict_names[] = {"PASS", "FAIL", "SKIP"};
static const char *const verdict_words[] = {"pass", "fail", "skip"};

static void check_free(Check *check)
{
    g_free(check->subject);
    g_free(check->text);
    g_free(check->evidence);
    g_free(check);
}

GPtrArray *checks_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)check_free);
}

Check *checks_add(GPtrArray *checks, CheckVerdict verdict, const char *id, const char *subject,
                  const char *format, ...)
{
    Check *check = g_new0(Check, 1);
    va_list arguments;

    check->verdict = verdict;
    check->id = id;
    check->subject = g_strdup(subject);
    va_start(arguments, format);
    check->text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_ptr_array_add(checks, check);
    return check;
}

void check_set_evidence(Check *check, const char *format, ...)
{
    va_list arguments;

    g_free(check->evidence);
    va_start(arguments, format);
    check->evidence = g_strdup_vprintf(format, arguments);
    va_end(arguments);
}

const char *check_verdict_name(CheckVerdict verdict)
{
    return verdict_names[verdict];
}

json_t *checks_to_json(const GPtrArray *checks)
{
    json_t *array = json_array();

    for (guint i = 0; i < checks->len; i++) {
        const Check *check = g_ptr_array_index(checks, i);
        json_t *json = json_object();

        json_set_text(json, "verdict", verdict_words[check->verdict]);
        json_set_text(json, "id", check->id);
        json_set_text(json, "subject", check->subject);
        json_set_text(json, "text", check->text);
        json_set_text(json, "evidence", check->evidence);
        json_array_append_new(array, json);
    }
    return array;
}
