/*
 * The disk that fuzz targets damage: a small Windows on NTFS
 *
 * make-seeds writes it; the environment variable XENPREP_FUZZ_BASE names it.
 * The file, little-endian:
 *
 *     u64  size of the disk in bytes
 *     u32  number of regions, then each: u64 offset, u32 length
 *     then up to the end what is not zero: u64 offset, u32 length, bytes
 *
 * A region is a piece of metadata; which one has which number is told by
 * engine-regions.txt.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef FUZZ_BASE_H
#define FUZZ_BASE_H

#include "fuzz.h"

/* Ends the program, with a message, if there is none. */
void fuzz_base_load(void);

/* A copy of the disk, with no edits yet. */
ByteSource *fuzz_base_new(void);

/*
 * Takes an edit from @input: a region (8 bits), where in it (24 bits), how
 * many bytes (8 bits), and the bytes.  Numbers that are too large wrap.
 */
void fuzz_base_edit(ByteSource *source, FuzzInput *input);

#endif /* FUZZ_BASE_H */
