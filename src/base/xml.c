/* SPDX-License-Identifier: Apache-2.0 */
#include "base/xml.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"

struct Xml {
    xmlDocPtr document;
    xmlXPathContextPtr context;
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathObject, xmlXPathFreeObject)

static char *parser_complaint(xmlParserCtxtPtr parser)
{
    const xmlError *last = xmlCtxtGetLastError(parser);

    if (!last || !last->message)
        return g_strdup("not XML");

    g_autofree char *message = g_strchomp(g_strdup(last->message));

    return g_strdup_printf("line %d: %s", last->line, message);
}

Xml *xml_read(const char *text, GError **error)
{
    gsize length = strlen(text);
    xmlParserCtxtPtr parser = length <= G_MAXINT ? xmlNewParserCtxt() : NULL;

    if (!parser) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "XML document too large");
        return NULL;
    }

    xmlDocPtr document =
        xmlCtxtReadMemory(parser, text, (int)length, NULL, NULL,
                          XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    g_autofree char *complaint = document ? NULL : parser_complaint(parser);

    xmlFreeParserCtxt(parser);
    if (document && document->intSubset) {
        /* Entities can be declared only there. */
        complaint = g_strdup("a document type is not accepted");
        xmlFreeDoc(document);
    }
    if (complaint) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "cannot read XML: %s", complaint);
        return NULL;
    }

    Xml *xml = g_new0(Xml, 1);

    xml->document = document;
    xml->context = xmlXPathNewContext(document);
    g_assert(xml->context);
    return xml;
}

void xml_free(Xml *xml)
{
    if (!xml)
        return;
    xmlXPathFreeContext(xml->context);
    xmlFreeDoc(xml->document);
    g_free(xml);
}

void xml_add_namespace(Xml *xml, const char *prefix, const char *uri)
{
    g_assert(xmlXPathRegisterNs(xml->context, BAD_CAST prefix, BAD_CAST uri) == 0);
}

static xmlXPathObject *evaluate(Xml *xml, XmlNode at, const char *expression)
{
    xml->context->node = at ? at : (XmlNode)xml->document;

    xmlXPathObject *result = xmlXPathEvalExpression(BAD_CAST expression, xml->context);

    if (!result)
        g_error("XPath '%s' does not compile", expression);
    return result;
}

GPtrArray *xml_nodes(Xml *xml, XmlNode at, const char *expression)
{
    GPtrArray *nodes = g_ptr_array_new();
    g_autoptr(xmlXPathObject) result = evaluate(xml, at, expression);

    for (int i = 0; i < xmlXPathNodeSetGetLength(result->nodesetval); i++)
        g_ptr_array_add(nodes, xmlXPathNodeSetItem(result->nodesetval, i));
    return nodes;
}

char *xml_text(Xml *xml, XmlNode at, const char *expression)
{
    g_autoptr(xmlXPathObject) result = evaluate(xml, at, expression);
    xmlChar *string = xmlXPathCastToString(result);
    char *text = g_strstrip(g_strdup((const char *)string));

    xmlFree(string);
    if (*text == '\0')
        g_clear_pointer(&text, g_free);
    return text;
}

gint64 xml_int(Xml *xml, XmlNode at, const char *expression)
{
    g_autofree char *text = xml_text(xml, at, expression);

    if (!text)
        return XML_UNSET;

    bool hex = g_str_has_prefix(text, "0x");
    guint64 number;

    if (!g_ascii_string_to_unsigned(hex ? text + 2 : text, hex ? 16 : 10, 0, G_MAXINT64, &number,
                                    NULL))
        return XML_UNSET;
    return (gint64)number;
}

/* https://libvirt.org/formatdomain.html#memory-allocation: "k" and "KiB" are 1024, "KB" is 1000. */
static const struct {
    const char *name;
    gint64 bytes;
} units[] = {
    {"b", 1},
    {"bytes", 1},
    {"KB", 1000},
    {"k", 1 << 10},
    {"KiB", 1 << 10},
    {"MB", 1000 * 1000},
    {"M", 1 << 20},
    {"MiB", 1 << 20},
    {"GB", 1000 * 1000 * 1000},
    {"G", 1 << 30},
    {"GiB", 1 << 30},
    {"T", G_GINT64_CONSTANT(1) << 40},
    {"TiB", G_GINT64_CONSTANT(1) << 40},
};

gint64 xml_bytes(Xml *xml, XmlNode at, const char *expression, const char *unit_expression)
{
    gint64 number = xml_int(xml, at, expression);
    g_autofree char *unit = xml_text(xml, at, unit_expression);

    for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
        if (g_ascii_strcasecmp(unit ? unit : "KiB", units[i].name) == 0)
            return number == XML_UNSET || number > G_MAXINT64 / units[i].bytes
                       ? XML_UNSET
                       : number * units[i].bytes;
    }
    return XML_UNSET;
}

CpuSet *xml_cpus(Xml *xml, XmlNode at, const char *expression)
{
    g_autofree char *text = xml_text(xml, at, expression);

    if (!text)
        return NULL;

    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    g_autoptr(CpuSet) cpus = cpuset_new();

    for (char **part = parts; *part; part++) {
        char *range = g_strstrip(*part);
        bool excluded = *range == '^';
        g_autoptr(CpuSet) some = cpuset_parse(excluded ? range + 1 : range, NULL);

        if (!some)
            return NULL;
        if (excluded)
            cpuset_subtract(cpus, some);
        else
            cpuset_union(cpus, some);
    }
    return g_steal_pointer(&cpus);
}

char *xml_pci_address(Xml *xml, XmlNode at, const char *expression)
{
    g_autoptr(GPtrArray) nodes = xml_nodes(xml, at, expression);

    if (nodes->len == 0)
        return NULL;

    XmlNode address = nodes->pdata[0];
    gint64 domain = xml_int(xml, address, "@domain");
    gint64 bus = xml_int(xml, address, "@bus");
    gint64 slot = xml_int(xml, address, "@slot");
    gint64 function = xml_int(xml, address, "@function");

    if (bus == XML_UNSET || slot == XML_UNSET || function == XML_UNSET)
        return NULL;
    return g_strdup_printf("%04x:%02x:%02x.%x", domain == XML_UNSET ? 0 : (guint)domain, (guint)bus,
                           (guint)slot, (guint)function);
}
