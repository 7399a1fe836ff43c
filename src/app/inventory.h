/* SPDX-License-Identifier: Apache-2.0 */
/* Inventories: Host JSON files, folders of them, JSON Lines (.jsonl). What is in them is the
 * reader's business. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* The text of one host, valid during the call. @place: where it stands, for messages: a path, or
 * "PATH line N". */
typedef void (*InventoryEach)(const char *place, const char *text, gsize length, void *data);

/* Each host of the inventories (NULL-terminated paths) as they come; JSON Lines are read line by
 * line. false with @error for what cannot be read and for a folder without a .json file. */
bool inventory_read(const char *const *paths, InventoryEach each, void *data, GError **error);
