/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of PCI functions from this machine's pci.ids (https://pci-ids.ucw.cz/; its form stands at
 * its top). Only the vendors that are there are looked for: reading the whole of it would take
 * longer than all of discovery.
 */
#pragma once

#include <glib.h>

#include "model/host.h"

/* Fills the names of all functions that @text, the content of a pci.ids, knows: "Vendor Device".
 * Names that are no UTF-8 are left out. */
void pci_names_fill(GPtrArray *functions, const char *text, gsize length);

/* The same from the pci.ids of this machine, if it has one. */
void pci_names_look_up(GPtrArray *functions);
