/* SPDX-License-Identifier: Apache-2.0 */
#include "app/report.h"

#include <stdarg.h>

void report_message(const OpsReport *report, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    if (!report || !report->message)
        return;
    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    report->message(text, report->data);
}
