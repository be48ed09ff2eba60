/*
 * Little-endian numbers in bytes, whatever their alignment
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_LE_H
#define GUEST_LE_H

#include <stdint.h>

static inline uint16_t get_le16(const uint8_t *p)
{
    return p[0] | p[1] << 8;
}

static inline uint32_t get_le32(const uint8_t *p)
{
    return get_le16(p) | (uint32_t)get_le16(p + 2) << 16;
}

static inline uint64_t get_le64(const uint8_t *p)
{
    return get_le32(p) | (uint64_t)get_le32(p + 4) << 32;
}

static inline void put_le16(uint8_t *p, uint16_t value)
{
    p[0] = value;
    p[1] = value >> 8;
}

static inline void put_le32(uint8_t *p, uint32_t value)
{
    put_le16(p, value);
    put_le16(p + 2, value >> 16);
}

static inline void put_le64(uint8_t *p, uint64_t value)
{
    put_le32(p, value);
    put_le32(p + 4, value >> 32);
}

#endif /* GUEST_LE_H */
