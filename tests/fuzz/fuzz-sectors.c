/*
 * A disk made of an input: a few sectors among zeros
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "fuzz.h"

#define SECTOR 512

/* A sector's number and its bytes. */
#define ENTRY (4 + SECTOR)

typedef struct SectorSource {
    ByteSource source;
    const uint8_t *entries;
    size_t n;
} SectorSource;

/* Of the range at @offset, what of the bytes at @place is in it. */
static void copy_overlap(uint8_t *buf, uint64_t offset, size_t length,
                         uint64_t place, const uint8_t *bytes)
{
    uint64_t from = MAX(offset, place);
    uint64_t to = MIN(offset + length, place + SECTOR);

    if (from < to) {
        memcpy(buf + (from - offset), bytes + (from - place), to - from);
    }
}

static bool sectors_pread(ByteSource *source, uint64_t offset, void *buf,
                          size_t length, GError **errp)
{
    SectorSource *s = (SectorSource *)source;

    memset(buf, 0, length);
    for (size_t i = 0; i < s->n; i++) {
        FuzzInput entry = { s->entries + i * ENTRY, ENTRY };
        uint64_t number = fuzz_take32(&entry);

        copy_overlap(buf, offset, length, number * SECTOR, entry.p);
    }
    return true;
}

static void sectors_free(ByteSource *source)
{
    g_free(source);
}

ByteSource *fuzz_sectors_new(const uint8_t *data, size_t size)
{
    FuzzInput input = { data, size };
    SectorSource *s = g_new0(SectorSource, 1);

    s->source.size = (uint64_t)fuzz_take32(&input) * SECTOR;
    s->source.pread = sectors_pread;
    s->source.free = sectors_free;
    s->entries = input.p;
    s->n = input.left / ENTRY;
    return &s->source;
}
