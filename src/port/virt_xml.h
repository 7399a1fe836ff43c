/* SPDX-License-Identifier: Apache-2.0 */
/* Reading XML that libvirt wrote: parse, and take texts out by XPath. It does no I/O. */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)

/* NULL when it is no XML. Caller frees with xmlFreeDoc(). */
xmlDoc *virt_xml_parse(const char *text);

/* The texts of the nodes @xpath selects, in document order (char *); empty when there are none. */
GPtrArray *virt_xml_texts(xmlDoc *document, const char *xpath);

/* The first of them, or NULL. Caller frees. */
char *virt_xml_text(xmlDoc *document, const char *xpath);

/* Addresses of the PCI devices a domain XML hands to its guest: "0000:01:00.0" (char *). */
GPtrArray *virt_xml_pci_addresses(xmlDoc *document);
