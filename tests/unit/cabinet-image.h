/*
 * A small cabinet for tests: members in one folder, not compressed
 *
 * Layout: Microsoft's [MS-CAB].
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEST_CABINET_IMAGE_H
#define TEST_CABINET_IMAGE_H

#include <glib.h>
#include <string.h>

typedef struct CabinetMember {
    const char *name;
    GBytes *bytes;
} CabinetMember;

/* Uncompressed bytes in a CFDATA, at most. */
#define CABINET_BLOCK 32768

static inline void append_le(GByteArray *out, unsigned size, guint32 value)
{
    guint8 bytes[4] = { value, value >> 8, value >> 16, value >> 24 };

    g_byte_array_append(out, bytes, size);
}

/* CFFILE for each member, all in folder 0. */
static inline GByteArray *cabinet_files(const CabinetMember *members,
                                        unsigned count)
{
    GByteArray *out = g_byte_array_new();
    guint32 offset = 0;

    for (unsigned i = 0; i < count; i++) {
        guint32 size = g_bytes_get_size(members[i].bytes);

        append_le(out, 4, size);
        append_le(out, 4, offset);
        append_le(out, 2, 0);
        /* date, time, attributes */
        append_le(out, 4, 0x2821);
        append_le(out, 2, 0x20);
        g_byte_array_append(out, (const guint8 *)members[i].name,
                            strlen(members[i].name) + 1);
        offset += size;
    }
    return out;
}

/* CFDATA, whose checksum may be 0: none. */
static inline GByteArray *cabinet_blocks(const CabinetMember *members,
                                         unsigned count, unsigned *blocks)
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    GByteArray *out = g_byte_array_new();

    for (unsigned i = 0; i < count; i++) {
        gsize size;
        const guint8 *data = g_bytes_get_data(members[i].bytes, &size);

        g_byte_array_append(all, data, size);
    }
    for (guint at = 0; at < all->len; at += CABINET_BLOCK) {
        guint size = MIN(CABINET_BLOCK, all->len - at);

        append_le(out, 4, 0);
        append_le(out, 2, size);
        append_le(out, 2, size);
        g_byte_array_append(out, all->data + at, size);
        ++*blocks;
    }
    return out;
}

static inline GBytes *cabinet_image(const CabinetMember *members,
                                    unsigned count)
{
    enum { HEADER_SIZE = 36, FOLDER_SIZE = 8 };
    unsigned blocks = 0;
    g_autoptr(GByteArray) files = cabinet_files(members, count);
    g_autoptr(GByteArray) data = cabinet_blocks(members, count, &blocks);
    GByteArray *out = g_byte_array_new();
    guint32 data_at = HEADER_SIZE + FOLDER_SIZE + files->len;

    /* CFHEADER */
    g_byte_array_append(out, (const guint8 *)"MSCF\0\0\0\0", 8);
    append_le(out, 4, data_at + data->len);
    append_le(out, 4, 0);
    append_le(out, 4, HEADER_SIZE + FOLDER_SIZE);
    append_le(out, 4, 0);
    /* version 1.3, folders, files, flags, number of the set and in it */
    append_le(out, 2, 0x0103);
    append_le(out, 2, 1);
    append_le(out, 2, count);
    append_le(out, 2, 0);
    append_le(out, 4, 0);
    /* CFFOLDER: offset of CFDATA, blocks, method */
    append_le(out, 4, data_at);
    append_le(out, 2, blocks);
    append_le(out, 2, 0);
    g_byte_array_append(out, files->data, files->len);
    g_byte_array_append(out, data->data, data->len);
    return g_byte_array_free_to_bytes(out);
}

#endif /* TEST_CABINET_IMAGE_H */
