/* SPDX-License-Identifier: Apache-2.0 */
#include "port/tar.h"

#include <string.h>

#define BLOCK 512
#define SHORT_NAME 100

/* The header of POSIX.1-1988 (struct posix_header of GNU tar). */
typedef struct {
    char name[SHORT_NAME], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], kind;
    char link[SHORT_NAME], magic[8], rest[BLOCK - 265];
} Header;
G_STATIC_ASSERT(sizeof(Header) == BLOCK);

static void add_padded(GByteArray *tar, const char *bytes, gsize length)
{
    static const guint8 zeros[BLOCK];

    g_byte_array_append(tar, (const guint8 *)bytes, (guint)length);
    if (length % BLOCK)
        g_byte_array_append(tar, zeros, (guint)(BLOCK - length % BLOCK));
}

static void add_header(GByteArray *tar, char kind, const char *name, const char *link, gsize size)
{
    Header header = {.kind = kind, .magic = "ustar  "};
    unsigned sum = 0;

    strncpy(header.name, name, sizeof header.name - 1);
    strncpy(header.link, link, sizeof header.link - 1);
    g_snprintf(header.mode, sizeof header.mode, "%07o", kind == TAR_FOLDER ? 0755 : 0644);
    g_snprintf(header.uid, sizeof header.uid, "%07o", 0);
    g_snprintf(header.gid, sizeof header.gid, "%07o", 0);
    g_snprintf(header.size, sizeof header.size, "%011o", (unsigned)size);
    g_snprintf(header.mtime, sizeof header.mtime, "%011o", 0);
    memset(header.checksum, ' ', sizeof header.checksum);
    for (gsize i = 0; i < sizeof header; i++)
        sum += ((const guint8 *)&header)[i];
    g_snprintf(header.checksum, sizeof header.checksum, "%06o", sum);
    g_byte_array_append(tar, (const guint8 *)&header, sizeof header);
}

/* 'L': the name of the next entry; 'K': the target of its link. */
static void add_long(GByteArray *tar, char kind, const char *text)
{
    if (strlen(text) < SHORT_NAME)
        return;
    add_header(tar, kind, "././@LongLink", "", strlen(text) + 1);
    add_padded(tar, text, strlen(text) + 1);
}

void tar_add(GByteArray *tar, TarKind kind, const char *path, const char *content)
{
    const char *link = kind == TAR_LINK ? content : "";
    gsize size = kind == TAR_FILE ? strlen(content) : 0;

    add_long(tar, 'L', path);
    add_long(tar, 'K', link);
    add_header(tar, (char)kind, path, link, size);
    if (size)
        add_padded(tar, content, size);
}

void tar_end(GByteArray *tar)
{
    static const guint8 zeros[2 * BLOCK];

    g_byte_array_append(tar, zeros, sizeof zeros);
}
