/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings of a host, read and made true. One file for each kind (change_file.c ...) and one row in
 * change.c. It decides nothing: what is to change, and in which order, comes from core/steps.h; the
 * journal is port/journal.h.
 */
#pragma once

#include "model/setting.h"
#include "port/hands.h"

/* The value that the setting has now, worded as Setting.value; *@ret_value is NULL when it is
 * absent. */
bool change_read(const Hands *hands, const Setting *setting, char **ret_value, GError **error);
/* Is it as wanted? For a file with a command, that the command has done its work too. *@ret_value,
 * where wanted: as change_read() says. */
bool change_is_met(const Hands *hands, const Setting *wanted, bool *ret_met, char **ret_value,
                   GError **error);
/* Makes it so and reads it back. A function of PCI must be the one that is meant (vendor, device,
 * MAC): addresses can move to another card over a reboot. */
bool change_make(const Hands *hands, const Setting *setting, GError **error);
