/*
 * Where the parts of an undo file are; shared by its reader and its writer
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UNDO_INTERNAL_H
#define UNDO_INTERNAL_H

#include <string.h>

#include "undo-file.h"

#define UNDO_MAGIC "XENFIXUN"
#define UNDO_MAGIC_SIZE 8

/* Of the header; docs/undo-file.rst.  Numbers are little-endian. */
enum {
    UNDO_AT_MAGIC = 0,
    UNDO_AT_VERSION = 8,            /* u32 */
    UNDO_AT_FILE_SIZE = 16,         /* u64 */
    UNDO_AT_DISK_SIZE = 24,         /* u64 */
    UNDO_AT_PATCHES = 32,           /* u32: how many */
    UNDO_AT_MARKS = 36,             /* u32: how many */
    UNDO_AT_FORMAT = 40,            /* 32 bytes, padded with zeros */
    UNDO_AT_BODY_DIGEST = 72,       /* of all behind the header */
    UNDO_AT_HEADER_DIGEST = 448,    /* of all in front of this */
};

/* In front of a patch's bytes: offset and length, u64. */
#define UNDO_PATCH_FIXED 16

/* In front of a mark's text: kind, length of the text (u32), offset, length
 * (u64), digest. */
#define UNDO_MARK_FIXED (8 + 16 + UNDO_DIGEST_SIZE)

static inline uint32_t undo_get32(const uint8_t *p)
{
    uint32_t value;

    memcpy(&value, p, sizeof(value));
    return GUINT32_FROM_LE(value);
}

static inline uint64_t undo_get64(const uint8_t *p)
{
    uint64_t value;

    memcpy(&value, p, sizeof(value));
    return GUINT64_FROM_LE(value);
}

void undo_digest(const uint8_t *data, size_t size,
                 uint8_t digest[UNDO_DIGEST_SIZE]);

#endif /* UNDO_INTERNAL_H */
