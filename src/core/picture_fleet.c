/* SPDX-License-Identifier: Apache-2.0 */
/* The page of a fleet. */
#include "core/picture_fleet.h"

#include "base/pack.h"
#include "base/text.h"
#include "core/picture_private.h"

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
    g_autofree char *classes = picture_plural(fleet->classes, "kind");
    g_autofree char *flavours = picture_plural(fleet->flavours, "kind");
    g_autofree char *patterns = picture_plural(fleet->patterns, "way");

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
    g_string_append_printf(out, "%s of host, %s of slice, %s to fill a host.</p>\n", classes,
                           flavours, patterns);
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

void picture_append_memory(const gint64 *bytes, const gint64 *used, guint n_nodes, GString *key)
{
    gint64 total = 0;

    for (guint n = 0; n <= n_nodes; n++) {
        gint64 all = n < n_nodes ? bytes[n] : total;
        gint64 rest = n < n_nodes ? MAX(all - used[n], 0) : all;
        g_autofree char *size = all == RECORD_UNSET ? NULL : text_format_size_short(all);
        g_autofree char *rest_size = all == RECORD_UNSET ? NULL : text_format_size_short(rest);

        g_string_append_printf(key, "%s %s ", size ? size : "?", rest_size ? rest_size : "?");
        total = total == RECORD_UNSET || all == RECORD_UNSET ? RECORD_UNSET : total + all;
    }
}

void picture_fleet_open(const Plan *plan, guint ways, guint plain, GString *out)
{
    picture_open_page(PICTURE_FLEET_STYLE, out);
    g_string_append(out, "<body>\n<div id=\"host\"></div>\n<div id=\"fleet\">\n");
    append_figures(plan, out);
    append_findings(plan, out);
    g_string_append(out,
                    "<section id=\"hosts\" hidden=\"\"><h2>Hosts</h2>\n<p><input id=\"filter\" "
                    "type=\"search\" placeholder=\"part of the name of a host or a slice\" "
                    "aria-label=\"filter\"/> <small id=\"count\"></small></p>\n"
                    "<ul id=\"found\"></ul></section>\n"
                    "<h2>Ways to fill a host</h2>\n<p>Each opens to a picture of the first of "
                    "its hosts, and to the names of all of them.</p>\n");
    if (plain < ways)
        g_string_append_printf(out,
                               "<noscript><p>Without JavaScript the pictures of the first %u are "
                               "there, and the words of all.</p></noscript>\n",
                               plain);
}

/* An element with words in which there may be tokens: pen_words() in HTML. */
static void append_words(const PictureWay *way, const char *element, const char *words,
                         GString *out)
{
    g_autofree char *clean = picture_clean(words);
    g_autofree char *text = picture_name_tokens(clean, way->names);
    g_autofree char *escaped = g_markup_escape_text(text, -1);

    g_string_append_printf(out, "<%s", element);
    if (picture_has_tokens(clean)) {
        g_autofree char *attribute = g_markup_escape_text(clean, -1);

        g_string_append_printf(out, " data-t=\"%s\"", attribute);
    }
    g_string_append_printf(out, ">%s</%s>", escaped, element);
}

static void append_slice(const PictureWay *way, const Picture *picture, guint index, GString *out)
{
    const PlanSlice *slice = picture_slice(picture, index);
    g_autoptr(GPtrArray) lines = picture_describe_slice(picture, slice, G_MAXUINT);
    g_autofree char *box = pen_class("legend s", (int)index);
    g_autofree char *ink = pen_class("t2 i", (int)index);
    g_autofree char *letter = picture_letter(index);

    g_string_append_printf(
        out,
        "<div><svg width=\"30\" height=\"30\" aria-hidden=\"true\">"
        "<rect class=\"%s\" x=\"1\" y=\"1\" width=\"28\" height=\"28\" rx=\"6\"/>"
        "<text class=\"%s\" x=\"15\" y=\"20\" text-anchor=\"middle\">%s</text>"
        "</svg>",
        box, ink, letter);
    append_words(way, "b", slice->name, out);
    for (guint i = 0; i < lines->len; i++)
        append_words(way, "p", g_ptr_array_index(lines, i), out);
    g_string_append(out, "</div>\n");
}

static void append_notes(const PictureWay *way, GString *out)
{
    const GPtrArray *findings = way->plan->findings;

    if (findings->len == 0)
        return;
    g_string_append(out, "<table>\n");
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);

        g_string_append_printf(out, "<tr><td>%u</td><td>%s</td>", i + 1,
                               finding_severity_name(finding->severity));
        append_words(way, "td", finding->subject, out);
        g_string_append(out, "<td>");
        append_words(way, "p", finding->text, out);
        if (finding->hint) {
            g_autofree char *hint = g_strconcat("\u2192 ", finding->hint, NULL);

            append_words(way, "small", hint, out);
        }
        g_string_append(out, "</td></tr>\n");
    }
    g_string_append(out, "</table>\n");
}

static void append_drawing(const PictureWay *way, Picture *picture, GString *out)
{
    g_autofree char *id = g_strdup_printf("way-%u-host", way->number);
    g_autofree char *svg = picture_draw(picture, id, false);
    g_autofree char *packed = way->packed ? pack_text(svg) : NULL;

    if (packed)
        g_string_append_printf(out, "<div class=\"drawing\" data-z=\"%s\"></div>\n", packed);
    else
        g_string_append_printf(out, "<div class=\"drawing\">%s</div>\n", svg);
}

/* All of a host that is not its own alone. */
static void append_host(const PictureWay *way, GString *out)
{
    g_autoptr(Picture) picture =
        picture_collect(way->host, way->plan, g_ptr_array_index(way->plan->hosts, 0));

    picture->names = way->names;
    g_string_append(out, "<div class=\"way\">");
    append_drawing(way, picture, out);
    g_string_append(out, "<div class=\"slices\">\n");
    for (guint i = 0; i < picture->plan_host->slices->len; i++)
        append_slice(way, picture, i, out);
    g_string_append(out, "</div>\n");
    append_notes(way, out);
    g_string_append(out, "</div>\n");
}

void picture_way_open(const PictureWay *way, GString *out)
{
    g_autofree char *machine = picture_describe_host(way->host);
    g_autofree char *hosts = picture_plural(way->hosts, "host");

    g_string_append_printf(out,
                           "<details id=\"way-%u\"><summary><span class=\"share\" "
                           "style=\"width:%upx\"></span><b>%s</b><small>",
                           way->number, 4 + way->hosts * 196 / MAX(way->most, 1), hosts);
    append(out, machine);
    for (guint i = 0; i < way->kinds->len; i++) {
        g_string_append(out, i == 0 ? "<br/>" : "; ");
        append(out, g_ptr_array_index(way->kinds, i));
    }
    g_string_append(out, "</small></summary>\n");
    append_host(way, out);
    g_string_append_printf(out, "<details><summary>%s by name</summary><ul class=\"names\">\n",
                           hosts);
}

/* The script reads them from here: the host, then each cluster before its slices. */
void picture_way_host(const PictureNames *names, GString *out)
{
    g_autofree char *clean = picture_clean(names->host);
    g_autofree char *address = g_uri_escape_string(clean, NULL, FALSE);
    const char *cluster = NULL;

    g_string_append_printf(out, "<li><a href=\"#host=%s\">", address);
    append(out, names->host);
    g_string_append(out, "</a>");
    for (guint i = 0; i < names->slices->len; i++) {
        const char *its = g_ptr_array_index(names->clusters, i);

        if (g_strcmp0(cluster, its) != 0) {
            cluster = its;
            g_string_append(out, " <i>");
            append(out, cluster);
            g_string_append(out, "</i>");
        }
        g_string_append_c(out, ' ');
        append(out, g_ptr_array_index(names->slices, i));
    }
    g_string_append(out, "</li>\n");
}

void picture_way_close(GString *out)
{
    g_string_append(out, "</ul></details></details>\n");
}

void picture_fleet_close(GString *out)
{
    g_string_append_printf(out, "</div>\n<script>%s</script>\n</body></html>\n",
                           PICTURE_FLEET_SCRIPT);
}
