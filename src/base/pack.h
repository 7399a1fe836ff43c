/* SPDX-License-Identifier: Apache-2.0 */
/* Text made small. */
#pragma once

/* gzip (RFC 1952) in base64 (RFC 4648), as a browser unpacks it: DecompressionStream of
 * https://compression.spec.whatwg.org/. Without a date or a name: the same text gives the same
 * bytes with the same zlib. Caller frees. */
char *pack_text(const char *text);
