/* SPDX-License-Identifier: Apache-2.0 */
#include "core/mac.h"

#include <string.h>

void mac_derive(const char *hostname, const char *slice, guint nic, guint salt,
                char ret_mac[MAC_SIZE])
{
    g_autofree char *text = salt ? g_strdup_printf("%s/%s/%u/%u", hostname, slice, nic, salt)
                                 : g_strdup_printf("%s/%s/%u", hostname, slice, nic);
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);

    memcpy(ret_mac, "02:", 3);
    for (guint i = 0; i < 5; i++) {
        memcpy(ret_mac + 3 + 3 * i, sum + 2 * i, 2);
        ret_mac[5 + 3 * i] = i < 4 ? ':' : '\0';
    }
}
