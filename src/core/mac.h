/* SPDX-License-Identifier: Apache-2.0 */
/* MAC addresses of VFs that the spec does not give. Pure. */
#pragma once

#include <glib.h>

#define MAC_SIZE 18 /* "02:00:00:00:00:00" and its NUL */

/* Locally administered, unicast (IEEE 802: bit 1 of the first byte set, bit 0 clear); the same for
 * ever for the same host, slice and NIC. @salt: 0, and counted up while the address is taken. */
void mac_derive(const char *hostname, const char *slice, guint nic, guint salt,
                char ret_mac[MAC_SIZE]);
