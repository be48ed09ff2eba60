/*
 * What fuzz targets share: their entry points, and how they take inputs apart
 *
 * A target is one file with LLVMFuzzerTestOneInput().  libFuzzer calls it with
 * inputs that it makes up; replay.c, in the ordinary build, with files.  What
 * a target finds wrong with the engine's result is a failed assertion.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef FUZZ_H
#define FUZZ_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "guest/source.h"

/* The names are libFuzzer's.  The first is called before any input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is left of an input. */
typedef struct FuzzInput {
    const uint8_t *p;
    size_t left;
} FuzzInput;

/* Little-endian; an input that has ended goes on with zeros. */
uint8_t fuzz_take8(FuzzInput *input);
uint32_t fuzz_take32(FuzzInput *input);
uint64_t fuzz_take64(FuzzInput *input);

/*
 * The next bytes, up to @length of them, in memory of their own, so that a
 * sanitizer sees who reads beyond them.
 */
GBytes *fuzz_take_bytes(FuzzInput *input, size_t length);

/* A 32-bit length, and as many bytes. */
GBytes *fuzz_take_part(FuzzInput *input);

GBytes *fuzz_take_rest(FuzzInput *input);

/* Frees @err, which a function that failed has set. */
void fuzz_expect_error(GError *err);

/*
 * A disk of which some sectors are not zero: its size in sectors (32 bits),
 * then for each of them its number (32 bits) and its 512 bytes.  Of a number
 * that comes twice the later one counts.  @data must outlive it.
 */
ByteSource *fuzz_sectors_new(const uint8_t *data, size_t size);

#endif /* FUZZ_H */
