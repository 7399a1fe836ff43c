/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Xml: one parsed XML document and XPath questions to it (libxml2). Documents come from libvirt and
 * from files: no network, no entities, no document type. It must not know what a domain is.
 */
#pragma once

#include <glib.h>

#include "base/cpuset.h"

/* "Absent", the same number as the models' RECORD_UNSET. */
#define XML_UNSET (-1)

typedef struct Xml Xml;
/* An element; libxml2's own node, which users of this header need not know. */
typedef struct _xmlNode *XmlNode;

/* @error says where the text stops being XML. */
Xml *xml_read(const char *text, GError **error);
void xml_free(Xml *xml);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Xml, xml_free)

/* Makes @prefix usable in expressions. */
void xml_add_namespace(Xml *xml, const char *prefix, const char *uri);

/* Expressions are evaluated at @at; NULL: the document. They are literals of this program: one that
 * does not compile is a mistake in it and aborts. */

/* The elements, in document order (XmlNode; they belong to @xml). Free with g_ptr_array_unref.
 */
GPtrArray *xml_nodes(Xml *xml, XmlNode at, const char *expression);
/* string(@expression) without white space around it, or NULL when empty. Caller frees. */
char *xml_text(Xml *xml, XmlNode at, const char *expression);
/* A whole number >= 0, decimal or 0x; XML_UNSET when absent or nonsense. */
gint64 xml_int(Xml *xml, XmlNode at, const char *expression);
/* @expression is a number of the unit that @unit_expression names (libvirt's scaled integers:
 * "KiB" when absent) -> bytes, or XML_UNSET. */
gint64 xml_bytes(Xml *xml, XmlNode at, const char *expression, const char *unit_expression);
/* A CPU or node list as libvirt reads it ("0-3,^2,8": an exclusion applies to what stands before
 * it); NULL when absent or nonsense. */
CpuSet *xml_cpus(Xml *xml, XmlNode at, const char *expression);
/* An <address> with domain, bus, slot and function below @at -> "0000:01:00.0", or NULL. */
char *xml_pci_address(Xml *xml, XmlNode at, const char *expression);
