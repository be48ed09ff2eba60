/*
 * libmspack's input and output: a ByteSource and a buffer
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_MSPACK_IO_H
#define GUEST_MSPACK_IO_H

#include <glib.h>
#include <mspack.h>
#include <stdbool.h>
#include <stdint.h>

#include "source.h"

/*
 * Bytes that are read ahead: libmspack reads headers in pieces of 8 or 16.
 * More and more while it goes through a folder, as it must up to the member:
 * each is a question to a disk that may be far away.
 */
#define MSPACK_IO_WINDOW (64 * 1024)
#define MSPACK_IO_MAX_WINDOW (1024 * 1024)

typedef struct MspackIo {
    ByteSource *source;
    /* Bytes of the source that may be read. */
    uint64_t input_size;
    /* Bytes of the source around the last read. */
    uint8_t *window;
    uint64_t window_start;
    size_t window_length;
    /* What is written; NULL while nothing may be. */
    GByteArray *output;
    size_t output_max;
    /* Why a read failed, which libmspack is not told. */
    GError *source_error;
} MspackIo;

/* The functions to create a decompressor with. */
extern struct mspack_system mspack_io_system;

/* @io reads @source, which must outlive it. */
void mspack_io_init(MspackIo *io, ByteSource *source);

/*
 * What to pass as the name of a file to read or to write.  libmspack hands
 * it back unchanged to open(): no file is ever opened by a name.
 */
const char *mspack_io_name(MspackIo *io);

/* Frees what is left; libmspack's own objects must be gone. */
void mspack_io_clear(MspackIo *io);

/* From here, writes go to a new buffer of at most @max bytes. */
void mspack_io_start_output(MspackIo *io, size_t max);

/* The buffer, and the end of writing. */
GBytes *mspack_io_finish_output(MspackIo *io);

/*
 * Sets "WHAT: cause", or only the cause if @what is NULL, for what libmspack
 * returned, an MSPACK_ERR_*; if the source failed, that is the cause.
 */
void mspack_io_set_error(MspackIo *io, int code, const char *what,
                         GError **errp);

#endif /* GUEST_MSPACK_IO_H */
