/* SPDX-License-Identifier: Apache-2.0 */
/* A page around the picture of a plan; no script, nothing from elsewhere. */
#include "core/picture_private.h"

static const char PAGE_STYLE[] =
    ":root{color-scheme:light dark}"
    "body{margin:0 auto;padding:24px;max-width:1600px;background:#fff;color:#1f2328;"
    "font:14px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue','DejaVu Sans',"
    "sans-serif}"
    "h1{font-size:24px;margin:0 0 12px}h2{font-size:18px;margin:32px 0 8px}"
    "table{border-collapse:collapse}td,th{text-align:left;padding:4px 20px 4px 0;"
    "border-bottom:1px solid #d0d7de;vertical-align:top}"
    ".drawing{border:1px solid #d0d7de;border-radius:10px;overflow:auto;margin:16px 0}"
    ".drawing>svg{display:block;max-width:100%;height:auto;margin:0 auto}a{color:#0969da}"
    "p{margin:0}small{font-size:13px;color:#57606a}"
    "@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}"
    ".drawing,td,th{border-color:#363d46}a{color:#6cb6ff}small{color:#9da7b1}}";

void picture_open_page(const char *style, GString *out)
{
    g_string_append_printf(out,
                           "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
                           "<title>bmslice plan</title><meta name=\"viewport\" "
                           "content=\"width=device-width,initial-scale=1\"/><style>%s%s%s</style>"
                           "</head>",
                           PAGE_STYLE, PICTURE_STYLE, style);
}

char *picture_write_html(const Host *host, const Plan *plan, const PlanHost *plan_host)
{
    g_autoptr(Picture) picture = picture_collect(host, plan, plan_host);
    g_autofree char *svg = picture_draw(picture, "picture", false);
    GString *out = g_string_new(NULL);

    picture_open_page("", out);
    g_string_append_printf(out, "<body>\n<div class=\"drawing\">%s</div>\n</body></html>\n", svg);
    return g_string_free(out, FALSE);
}
