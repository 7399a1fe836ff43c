/* SPDX-License-Identifier: Apache-2.0 */
/* The page of a fleet. */
#include "core/picture_fleet.h"

#include "core/picture_private.h"

static const char FLEET_STYLE[] =
    "details{border:1px solid #d0d7de;border-radius:10px;margin:8px 0;"
    "content-visibility:auto;contain-intrinsic-size:auto 52px}"
    "summary{cursor:pointer;padding:8px 14px}summary:hover{background:rgba(128,128,128,.12)}"
    "summary b{font-size:16px}summary small{display:block}"
    ".share{display:inline-block;height:8px;border-radius:4px;background:#0072b2;margin-right:10px}"
    "details details{margin:8px 14px}details svg{display:block;max-width:100%;height:auto;"
    "margin:0 auto}ul{margin:4px 14px 12px;padding-left:20px}"
    "pre{margin:0 14px 12px;font:12px/1.6 ui-monospace,SFMono-Regular,Menlo,Consolas,"
    "'DejaVu Sans Mono',monospace;white-space:pre-wrap}"
    "@media(prefers-color-scheme:dark){details{border-color:#363d46}.share{background:#56b4e9}}";

/* Foreign text. */
static void append(GString *out, const char *text)
{
    g_autofree char *clean = picture_clean(text);
    g_autofree char *escaped = g_markup_escape_text(clean, -1);

    g_string_append(out, escaped);
}

static void append_figures(const Plan *plan, GString *out)
{
    const PlanFleet *fleet = plan->fleet;

    g_string_append_printf(out,
                           "<h1>%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
                           " slices on %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
                           " hosts</h1>\n<p>",
                           plan->bounds.admitted, fleet->slices, fleet->hosts_used, fleet->hosts);
    if (fleet->hosts_bound != RECORD_UNSET && fleet->hosts_bound > 0)
        g_string_append_printf(out,
                               "No plan uses fewer than %" G_GINT64_FORMAT " hosts (%.2f\u202f%% "
                               "above that). ",
                               fleet->hosts_bound,
                               100.0 * (double)(fleet->hosts_used - fleet->hosts_bound) /
                                   (double)fleet->hosts_bound);
    if (plan->bounds.admitted < fleet->slices)
        g_string_append_printf(out, "No plan places more than %" G_GINT64_FORMAT " slices. ",
                               plan->bounds.admitted_bound);
    g_string_append_printf(out,
                           "%" G_GINT64_FORMAT " kinds of host, %" G_GINT64_FORMAT
                           " kinds of slice, %" G_GINT64_FORMAT " ways to fill a host.</p>\n",
                           fleet->classes, fleet->flavours, fleet->patterns);
    for (guint i = 0; i < fleet->volumes->len; i++) {
        const PlanVolume *volume = g_ptr_array_index(fleet->volumes, i);

        g_string_append(out, i == 0 ? "<p><small>Hosts by volume alone: " : ", ");
        append(out, volume->resource);
        g_string_append_printf(out, " %" G_GINT64_FORMAT, volume->hosts);
    }
    g_string_append(out, fleet->volumes->len > 0 ? "</small></p>\n" : "");
}

static void append_findings(const Plan *plan, GString *out)
{
    if (plan->findings->len == 0)
        return;
    g_string_append(out, "<h2>Findings</h2>\n<table>\n");
    for (guint i = 0; i < plan->findings->len; i++) {
        const Finding *finding = g_ptr_array_index(plan->findings, i);

        g_string_append_printf(out, "<tr><td>%s</td><td>",
                               finding_severity_name(finding->severity));
        append(out, finding->subject);
        g_string_append(out, "</td><td><p>");
        append(out, finding->text);
        g_string_append(out, "</p>");
        if (finding->hint) {
            g_string_append(out, "<small>\u2192 ");
            append(out, finding->hint);
            g_string_append(out, "</small>");
        }
        g_string_append(out, "</td></tr>\n");
    }
    g_string_append(out, "</table>\n");
}

void picture_fleet_open(const Plan *plan, guint groups, guint drawn, GString *out)
{
    g_string_append_printf(out,
                           "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
                           "<title>bmslice plan</title><meta name=\"viewport\" "
                           "content=\"width=device-width,initial-scale=1\"/><style>%s%s%s</style>"
                           "</head><body>\n",
                           PICTURE_PAGE_STYLE, PICTURE_STYLE, FLEET_STYLE);
    append_figures(plan, out);
    append_findings(plan, out);
    g_string_append(out, "<h2>Ways to fill a host</h2>\n<p>Each opens to a picture of one of its "
                         "hosts, and to the names of all of them");
    if (drawn < groups)
        g_string_append_printf(out,
                               "; the %u that most hosts have are drawn, the other %u only listed "
                               "(bmslice plan --html with the inventory of one host draws it)",
                               drawn, groups - drawn);
    g_string_append(out, ".</p>\n");
}

void picture_group_open(const PictureGroup *group, GString *out)
{
    g_autofree char *machine = picture_describe_host(group->host);
    g_autofree char *hosts = picture_plural(group->hosts, "host");

    g_string_append_printf(out,
                           "<details id=\"way-%u\"><summary><span class=\"share\" "
                           "style=\"width:%upx\"></span><b>%s</b><small>",
                           group->number, 4 + group->hosts * 196 / MAX(group->most, 1), hosts);
    append(out, machine);
    g_string_append(out, "</small></summary>\n<ul>");
    for (guint i = 0; i < group->slices->len; i++) {
        g_string_append(out, "<li>");
        append(out, g_ptr_array_index(group->slices, i));
        g_string_append(out, "</li>");
    }
    g_string_append(out, "</ul>\n");
    if (group->plan) {
        g_autofree char *id = g_strdup_printf("way-%u-host", group->number);
        g_autofree char *svg = picture_draw(group->host, group->plan,
                                            g_ptr_array_index(group->plan->hosts, 0), id, false);

        g_string_append(out, svg);
        g_string_append_c(out, '\n');
    }
    g_string_append_printf(out, "<details><summary>%s by name</summary><pre>", hosts);
}

void picture_group_host(const char *name, const GPtrArray *slices, GString *out)
{
    g_string_append(out, "<b>");
    append(out, name);
    g_string_append(out, "</b>");
    for (guint i = 0; i < slices->len; i++) {
        g_string_append_c(out, ' ');
        append(out, g_ptr_array_index(slices, i));
    }
    g_string_append_c(out, '\n');
}

void picture_group_close(GString *out)
{
    g_string_append(out, "</pre></details></details>\n");
}

void picture_fleet_close(GString *out)
{
    g_string_append(out, "</body></html>\n");
}
