/*
 * Marvin32: the checksum that Windows puts on entries of registry logs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_MARVIN32_H
#define GUEST_MARVIN32_H

#include <stddef.h>
#include <stdint.h>

/* The hash of the @length bytes at @data. */
uint64_t marvin32(uint64_t seed, const uint8_t *data, size_t length);

#endif /* GUEST_MARVIN32_H */
