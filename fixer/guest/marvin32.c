/*
 * Marvin32: the checksum that Windows puts on entries of registry logs
 *
 * A 64-bit state in two halves takes in the data four bytes at a time, with
 * additions, rotations and XOR.  The bit 0x80 marks the data's end.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "le.h"
#include "marvin32.h"

typedef struct State {
    uint32_t low;
    uint32_t high;
} State;

static uint32_t rotate_left(uint32_t x, unsigned bits)
{
    return x << bits | x >> (32 - bits);
}

static void take_in(State *s, uint32_t word)
{
    s->low += word;
    s->high ^= s->low;
    s->low = rotate_left(s->low, 20) + s->high;
    s->high = rotate_left(s->high, 9) ^ s->low;
    s->low = rotate_left(s->low, 27) + s->high;
    s->high = rotate_left(s->high, 19);
}

uint64_t marvin32(uint64_t seed, const uint8_t *data, size_t length)
{
    State s = { .low = (uint32_t)seed, .high = seed >> 32 };
    uint32_t rest = 0x80;

    for (; length >= 4; length -= 4, data += 4) {
        take_in(&s, get_le32(data));
    }
    while (length > 0) {
        length--;
        rest = rest << 8 | data[length];
    }
    take_in(&s, rest);
    take_in(&s, 0);
    return (uint64_t)s.high << 32 | s.low;
}
