/* SPDX-License-Identifier: Apache-2.0 */
#include "port/virt_xml.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <string.h>

xmlDoc *virt_xml_parse(const char *text)
{
    return xmlReadMemory(text, (int)strlen(text), "libvirt.xml", NULL,
                         XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
}

static char *copy_text(xmlNode *node)
{
    xmlChar *content = xmlNodeGetContent(node);
    char *text = g_strdup((const char *)content);

    xmlFree(content);
    return text;
}

GPtrArray *virt_xml_texts(xmlDoc *document, const char *xpath)
{
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    xmlXPathContext *context = xmlXPathNewContext(document);
    xmlXPathObject *result = xmlXPathEval(BAD_CAST xpath, context);
    int count = result && result->nodesetval ? result->nodesetval->nodeNr : 0;

    for (int i = 0; i < count; i++)
        g_ptr_array_add(texts, copy_text(result->nodesetval->nodeTab[i]));
    xmlXPathFreeObject(result);
    xmlXPathFreeContext(context);
    return texts;
}

char *virt_xml_text(xmlDoc *document, const char *xpath)
{
    g_autoptr(GPtrArray) texts = virt_xml_texts(document, xpath);

    return texts->len > 0 ? g_strdup(texts->pdata[0]) : NULL;
}

#define PCI_XPATH                                                                                  \
    "/domain/devices/hostdev[@type='pci']/source/address"                                          \
    "|/domain/devices/interface[@type='hostdev']/source/address[@type='pci']"

static guint64 read_hex(xmlNode *node, const char *name)
{
    xmlChar *text = xmlGetProp(node, BAD_CAST name);
    guint64 value = text ? g_ascii_strtoull((const char *)text, NULL, 16) : 0;

    xmlFree(text);
    return value;
}

GPtrArray *virt_xml_pci_addresses(xmlDoc *document)
{
    GPtrArray *addresses = g_ptr_array_new_with_free_func(g_free);
    xmlXPathContext *context = xmlXPathNewContext(document);
    xmlXPathObject *result = xmlXPathEval(BAD_CAST PCI_XPATH, context);
    int count = result && result->nodesetval ? result->nodesetval->nodeNr : 0;

    for (int i = 0; i < count; i++) {
        xmlNode *node = result->nodesetval->nodeTab[i];

        g_ptr_array_add(addresses,
                        g_strdup_printf("%04x:%02x:%02x.%x", (guint)read_hex(node, "domain"),
                                        (guint)read_hex(node, "bus"), (guint)read_hex(node, "slot"),
                                        (guint)read_hex(node, "function")));
    }
    xmlXPathFreeObject(result);
    xmlXPathFreeContext(context);
    return addresses;
}
