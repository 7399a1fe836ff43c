/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What reading has in common for the three documents (spec, Host JSON, Plan JSON): the parser's
 * problems become findings, an empty document and one of another version are said plainly.
 * It must not know any particular model, and does no I/O.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/tree.h"
#include "model/record.h"

/* Reads the root of @tree by @record. Never NULL: a document that cannot be read gives an empty
 * struct and findings. The result may point into @tree; free it with record_free(). */
void *document_decode(const Record *record, const Tree *tree, GPtrArray *findings);

/* An error finding unless @version is 1. An unset one is passed over: record_decode() has told. */
void document_check_version(const char *what, gint64 version, const Tree *tree,
                            GPtrArray *findings);
