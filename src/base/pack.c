/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pack.h"

#include <gio/gio.h>
#include <string.h>

#define LEVEL 6

char *pack_text(const char *text)
{
    g_autoptr(GZlibCompressor) compressor =
        g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, LEVEL);
    g_autoptr(GByteArray) packed = g_byte_array_new();
    gsize left = strlen(text);

    for (GConverterResult result = G_CONVERTER_CONVERTED; result != G_CONVERTER_FINISHED;) {
        guint8 block[16 * 1024];
        gsize read = 0, written = 0;

        /* fails only without memory, for which GLib ends the program */
        result = g_converter_convert(G_CONVERTER(compressor), text, left, block, sizeof block,
                                     G_CONVERTER_INPUT_AT_END, &read, &written, NULL);
        g_assert(result != G_CONVERTER_ERROR);
        g_byte_array_append(packed, block, (guint)written);
        text += read;
        left -= read;
    }
    return g_base64_encode(packed->data, packed->len);
}
