/*
 * Parts of the PE parser that its files share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_PE_INTERNAL_H
#define GUEST_PE_INTERNAL_H

#include "guest-limits.h"
#include "pe.h"

/* What an RVA is translated with; the rest of a section header is not kept. */
typedef struct PeSection {
    uint32_t address;
    uint32_t size;
    uint32_t offset;
} PeSection;

typedef struct PeImage {
    /* For messages. */
    const char *name;
    const uint8_t *data;
    size_t size;
    /* SizeOfHeaders: below it, RVAs are file offsets. */
    uint32_t headers_size;
    PeSection sections[LIMIT_PE_SECTIONS];
    unsigned sections_count;
    /* RVAs of the import directory and the resource tree, 0 for none. */
    uint32_t imports;
    uint32_t resources;
} PeImage;

/* Little-endian fields; the bytes need no alignment. */
static inline uint16_t pe_u16(const uint8_t *p)
{
    return p[0] | p[1] << 8;
}

static inline uint32_t pe_u32(const uint8_t *p)
{
    return pe_u16(p) | (uint32_t)pe_u16(p + 2) << 16;
}

/* pe.c */

/* Sets "NAME: cause" and returns false. */
bool pe_error(const PeImage *image, GError **errp, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* The @length bytes at a file offset, or NULL and an error about @what. */
const uint8_t *pe_at_offset(const PeImage *image, uint64_t offset,
                            size_t length, const char *what, GError **errp);

/* The same at an RVA: in the headers or in the data of one section. */
const uint8_t *pe_at_address(const PeImage *image, uint64_t address,
                             size_t length, const char *what, GError **errp);

/*
 * All bytes from an RVA to the end of what holds it, at least one; NULL and
 * an error about @what if nothing holds it.
 */
const uint8_t *pe_rest_at_address(const PeImage *image, uint64_t address,
                                  size_t *length, const char *what,
                                  GError **errp);

/* pe-version.c */

/* Fills the version fields of @info, if there is a version resource. */
bool pe_read_version(const PeImage *image, PeInfo *info, GError **errp);

#endif /* GUEST_PE_INTERNAL_H */
