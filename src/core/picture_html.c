/* SPDX-License-Identifier: Apache-2.0 */
/* A page around the pictures of a plan; no script, nothing from elsewhere. */
#include "core/picture_private.h"

const char PICTURE_PAGE_STYLE[] =
    ":root{color-scheme:light dark}"
    "body{margin:0 auto;padding:24px;max-width:1600px;background:#fff;color:#1f2328;"
    "font:14px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue','DejaVu Sans',"
    "sans-serif}"
    "h1{font-size:24px;margin:0 0 12px}h2{font-size:18px;margin:32px 0 8px}"
    "table{border-collapse:collapse}td,th{text-align:left;padding:4px 20px 4px 0;"
    "border-bottom:1px solid #d0d7de;vertical-align:top}"
    "section{margin:24px 0;border:1px solid #d0d7de;border-radius:10px;overflow:auto;"
    "content-visibility:auto;contain-intrinsic-size:auto 900px}"
    "section svg{display:block;max-width:100%;height:auto;margin:0 auto}a{color:#0969da}"
    "p{margin:0}small{font-size:13px;color:#57606a}"
    "@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}"
    "section,td,th{border-color:#363d46}a{color:#6cb6ff}small{color:#9da7b1}}";

static void leaf(xmlTextWriterPtr writer, const char *element, const char *text)
{
    g_autofree char *clean = picture_clean(text);

    (void)xmlTextWriterWriteElement(writer, BAD_CAST element, BAD_CAST clean);
}

static void leaf_number(xmlTextWriterPtr writer, const char *element, gint64 number)
{
    (void)xmlTextWriterWriteFormatElement(writer, BAD_CAST element, "%" G_GINT64_FORMAT, number);
}

static void open_element(xmlTextWriterPtr writer, const char *element)
{
    (void)xmlTextWriterStartElement(writer, BAD_CAST element);
}

static void close_element(xmlTextWriterPtr writer)
{
    (void)xmlTextWriterEndElement(writer);
}

static GHashTable *index_hosts(const GPtrArray *hosts)
{
    GHashTable *index = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < hosts->len; i++) {
        Host *host = g_ptr_array_index(hosts, i);

        if (host->hostname)
            g_hash_table_insert(index, host->hostname, host);
    }
    return index;
}

static void write_head(xmlTextWriterPtr writer)
{
    open_element(writer, "head");
    open_element(writer, "meta");
    (void)xmlTextWriterWriteAttribute(writer, BAD_CAST "charset", BAD_CAST "utf-8");
    close_element(writer);
    leaf(writer, "title", "bmslice plan");
    open_element(writer, "meta");
    (void)xmlTextWriterWriteAttribute(writer, BAD_CAST "name", BAD_CAST "viewport");
    (void)xmlTextWriterWriteAttribute(writer, BAD_CAST "content",
                                      BAD_CAST "width=device-width,initial-scale=1");
    close_element(writer);
    open_element(writer, "style");
    (void)xmlTextWriterWriteRaw(writer, BAD_CAST PICTURE_PAGE_STYLE);
    (void)xmlTextWriterWriteRaw(writer, BAD_CAST PICTURE_STYLE);
    close_element(writer);
    close_element(writer);
}

static guint count_vcpus(const PlanHost *plan_host)
{
    guint count = 0;

    for (guint i = 0; i < plan_host->slices->len; i++)
        count += ((const PlanSlice *)g_ptr_array_index(plan_host->slices, i))->vcpus->len;
    return count;
}

static void write_index(xmlTextWriterPtr writer, const Plan *plan, GHashTable *hosts)
{
    open_element(writer, "table");
    open_element(writer, "tr");
    leaf(writer, "th", "Host");
    leaf(writer, "th", "Slices");
    leaf(writer, "th", "vCPUs");
    leaf(writer, "th", "Machine");
    close_element(writer);
    for (guint i = 0; i < plan->hosts->len; i++) {
        const PlanHost *plan_host = g_ptr_array_index(plan->hosts, i);
        const Host *host = g_hash_table_lookup(hosts, plan_host->name);
        g_autofree char *name = picture_clean(plan_host->name);
        g_autofree char *machine = host ? picture_describe_host(host) : g_strdup("no inventory");

        open_element(writer, "tr");
        open_element(writer, "td");
        if (host) {
            open_element(writer, "a");
            (void)xmlTextWriterWriteFormatAttribute(writer, BAD_CAST "href", "#host-%u", i + 1);
            (void)xmlTextWriterWriteString(writer, BAD_CAST name);
            close_element(writer);
        } else {
            (void)xmlTextWriterWriteString(writer, BAD_CAST name);
        }
        close_element(writer);
        leaf_number(writer, "td", plan_host->slices->len);
        leaf_number(writer, "td", count_vcpus(plan_host));
        leaf(writer, "td", machine);
        close_element(writer);
    }
    close_element(writer);
}

static bool is_refusal(const Finding *finding)
{
    return finding->subject && g_str_has_prefix(finding->code, "unplaced-");
}

/* The hints of the refused slices, by the subject of their findings. */
static GHashTable *index_hints(const Plan *plan)
{
    GHashTable *index = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < plan->findings->len; i++) {
        const Finding *finding = g_ptr_array_index(plan->findings, i);

        if (is_refusal(finding) && finding->hint)
            g_hash_table_insert(index, finding->subject, finding->hint);
    }
    return index;
}

/* One cell: what is wrong, and below it the mend. */
static void write_words(xmlTextWriterPtr writer, const char *text, const char *hint)
{
    open_element(writer, "td");
    leaf(writer, "p", text);
    if (hint) {
        g_autofree char *words = g_strconcat("\u2192 ", hint, NULL);

        leaf(writer, "small", words);
    }
    close_element(writer);
}

static void write_refused(xmlTextWriterPtr writer, const Plan *plan)
{
    g_autoptr(GHashTable) hints = index_hints(plan);

    if (plan->unplaced->len == 0)
        return;
    leaf(writer, "h2", "Not placed");
    open_element(writer, "table");
    for (guint i = 0; i < plan->unplaced->len; i++) {
        const PlanUnplaced *unplaced = g_ptr_array_index(plan->unplaced, i);
        g_autofree char *subject = g_strconcat("slice ", unplaced->name, NULL);

        open_element(writer, "tr");
        leaf(writer, "td", unplaced->name);
        leaf(writer, "td", unplaced->resource);
        write_words(writer, unplaced->reason, g_hash_table_lookup(hints, subject));
        close_element(writer);
    }
    close_element(writer);
}

static void write_findings(xmlTextWriterPtr writer, const Plan *plan)
{
    bool titled = false;

    for (guint i = 0; i < plan->findings->len; i++) {
        const Finding *finding = g_ptr_array_index(plan->findings, i);

        if (is_refusal(finding))
            continue;
        if (!titled) {
            leaf(writer, "h2", "Findings");
            open_element(writer, "table");
            titled = true;
        }
        open_element(writer, "tr");
        leaf(writer, "td", finding_severity_name(finding->severity));
        leaf(writer, "td", finding->subject);
        write_words(writer, finding->text, finding->hint);
        close_element(writer);
    }
    if (titled)
        close_element(writer);
}

static void write_sections(xmlTextWriterPtr writer, const Plan *plan, GHashTable *hosts)
{
    for (guint i = 0; i < plan->hosts->len; i++) {
        const PlanHost *plan_host = g_ptr_array_index(plan->hosts, i);
        const Host *host = g_hash_table_lookup(hosts, plan_host->name);
        g_autofree char *id = g_strdup_printf("host-%u", i + 1);
        g_autofree char *svg = host ? picture_draw(host, plan, plan_host, id, false) : NULL;

        if (!svg)
            continue;
        open_element(writer, "section");
        (void)xmlTextWriterWriteAttribute(writer, BAD_CAST "id", BAD_CAST id);
        (void)xmlTextWriterWriteRaw(writer, BAD_CAST svg);
        close_element(writer);
    }
}

char *picture_write_html(const GPtrArray *hosts, const Plan *plan)
{
    g_autoptr(GHashTable) index = index_hosts(hosts);
    xmlBufferPtr buffer = xmlBufferCreate();
    xmlTextWriterPtr writer = xmlNewTextWriterMemory(buffer, 0);
    char *text;

    (void)xmlTextWriterWriteRaw(writer, BAD_CAST "<!DOCTYPE html>\n");
    open_element(writer, "html");
    (void)xmlTextWriterWriteAttribute(writer, BAD_CAST "lang", BAD_CAST "en");
    write_head(writer);
    open_element(writer, "body");
    leaf(writer, "h1", "bmslice plan");
    write_index(writer, plan, index);
    if (plan->hosts->len > 1) { /* else they are in the picture */
        write_refused(writer, plan);
        write_findings(writer, plan);
    }
    write_sections(writer, plan, index);
    close_element(writer);
    close_element(writer);
    (void)xmlTextWriterWriteRaw(writer, BAD_CAST "\n");
    (void)xmlTextWriterFlush(writer);
    xmlFreeTextWriter(writer);
    text = g_strdup((const char *)xmlBufferContent(buffer));
    xmlBufferFree(buffer);
    return text;
}
