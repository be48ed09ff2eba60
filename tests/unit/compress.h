/*
 * Compressors for tests: SZDD, KWAJ, a cabinet of one member
 *
 * Written from descriptions of the formats, not from the decompressors that
 * they are to test.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEST_COMPRESS_H
#define TEST_COMPRESS_H

#include <gio/gio.h>
#include <stdbool.h>
#include <string.h>

#include "cabinet-image.h"

/* The longest match that an LZSS code can name, and where it is. */
typedef struct Match {
    unsigned length;
    unsigned distance;
} Match;

/* The code has room for matches of 18 bytes, but none of SZDD is over 16. */
enum { WINDOW = 4096, MATCH_MIN = 3, MATCH_MAX = 16 };

/* The byte at @at; before the beginning the window holds blanks. */
static guint8 byte_at(const guint8 *data, gssize at)
{
    return at < 0 ? ' ' : data[at];
}

static Match find_match(const guint8 *data, gssize size, gssize at,
                        bool matches)
{
    Match best = { 0 };

    for (unsigned distance = 1; matches && distance <= WINDOW - MATCH_MAX;
         distance++) {
        unsigned n = 0;

        while (n < MATCH_MAX && at + n < size &&
               byte_at(data, at + n - distance) == data[at + n]) {
            n++;
        }
        if (n > best.length) {
            best = (Match) { n, distance };
        }
    }
    return best;
}

static void append_match(GByteArray *out, unsigned where, unsigned length)
{
    append_le(out, 1, where);
    append_le(out, 1, (where >> 4 & 0xf0) | (length - MATCH_MIN));
}

/*
 * LZSS: a byte of eight flags, the lowest first, then for each a literal (1)
 * or two bytes: where in the window, 12 bits, and 4 bits of length.  The
 * window of 4096 bytes is written from @start on.
 */
static void append_lzss(GByteArray *out, GBytes *bytes, unsigned start,
                        bool matches)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    guint flags_at = 0;
    unsigned codes = 0;

    for (gsize at = 0; at < size; codes++) {
        Match match = find_match(data, size, at, matches);

        if (codes % 8 == 0) {
            flags_at = out->len;
            append_le(out, 1, 0);
        }
        if (match.length < MATCH_MIN) {
            out->data[flags_at] |= 1 << codes % 8;
            append_le(out, 1, data[at++]);
            continue;
        }
        append_match(out, (start + at - match.distance) % WINDOW,
                     match.length);
        at += match.length;
    }
}

static GBytes *szdd(GBytes *bytes, bool matches)
{
    GByteArray *out = g_byte_array_new();

    g_byte_array_append(out, (const guint8 *)"SZDD\x88\xf0\x27\x33" "AS", 10);
    append_le(out, 4, g_bytes_get_size(bytes));
    append_lzss(out, bytes, WINDOW - 16, matches);
    return g_byte_array_free_to_bytes(out);
}

static GBytes *szdd_literals(GBytes *bytes)
{
    return szdd(bytes, false);
}

static GBytes *szdd_matches(GBytes *bytes)
{
    return szdd(bytes, true);
}

/* The variant of QuickBASIC's setup: no letter, another start. */
static GBytes *szdd_qbasic(GBytes *bytes)
{
    GByteArray *out = g_byte_array_new();

    g_byte_array_append(out, (const guint8 *)"SZ \x88\xf0\x27\x33\xd1", 8);
    append_le(out, 4, g_bytes_get_size(bytes));
    append_lzss(out, bytes, WINDOW - 18, true);
    return g_byte_array_free_to_bytes(out);
}

/* KWAJ's methods */
enum { STORED, INVERTED, LZSS, LZ_HUFFMAN, MSZIP };

/* Without a length there is nothing behind the fixed header. */
static GByteArray *kwaj_header(GBytes *bytes, unsigned method,
                               bool with_length)
{
    GByteArray *out = g_byte_array_new();

    g_byte_array_append(out, (const guint8 *)"KWAJ\x88\xf0\x27\xd1", 8);
    append_le(out, 2, method);
    append_le(out, 2, with_length ? 18 : 14);
    append_le(out, 2, with_length ? 1 : 0);
    if (with_length) {
        append_le(out, 4, g_bytes_get_size(bytes));
    }
    return out;
}

static GBytes *kwaj_stored(GBytes *bytes)
{
    GByteArray *out = kwaj_header(bytes, STORED, true);
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);

    g_byte_array_append(out, data, size);
    return g_byte_array_free_to_bytes(out);
}

static GBytes *kwaj_inverted(GBytes *bytes)
{
    GByteArray *out = kwaj_header(bytes, INVERTED, true);
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);

    for (gsize i = 0; i < size; i++) {
        append_le(out, 1, data[i] ^ 0xff);
    }
    return g_byte_array_free_to_bytes(out);
}

static GBytes *kwaj_lzss(GBytes *bytes)
{
    GByteArray *out = kwaj_header(bytes, LZSS, true);

    append_lzss(out, bytes, WINDOW - 18, true);
    return g_byte_array_free_to_bytes(out);
}

static GBytes *kwaj_without_length(GBytes *bytes)
{
    GByteArray *out = kwaj_header(bytes, LZSS, false);

    append_lzss(out, bytes, WINDOW - 18, true);
    return g_byte_array_free_to_bytes(out);
}

/* Bits, the highest first, and how many of the last byte are used. */
typedef struct Bits {
    GByteArray *out;
    unsigned used;
} Bits;

static void put_bits(Bits *bits, unsigned count, unsigned value)
{
    while (count-- > 0) {
        if (bits->used % 8 == 0) {
            append_le(bits->out, 1, 0);
        }
        bits->out->data[bits->out->len - 1] |=
            (value >> count & 1) << (7 - bits->used++ % 8);
    }
}

/*
 * LZ and Huffman, here with codes of equal lengths: type 0 of each of the five
 * tables, and a sixth for nothing.  A symbol 0 of the first table (16 symbols)
 * begins up to 32 literals, whose number has 5 bits; more than 0 is a match of
 * two bytes more, whose distance has 6 bits and 6 again.
 */
static GBytes *kwaj_huffman(GBytes *bytes)
{
    GByteArray *out = kwaj_header(bytes, LZ_HUFFMAN, true);
    Bits bits = { .out = out };
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);

    put_bits(&bits, 6 * 4, 0);
    for (gsize at = 0; at < size;) {
        Match match = find_match(data, size, at, true);
        bool found = match.length >= MATCH_MIN;

        put_bits(&bits, 4, found ? match.length - 2 : 0);
        if (found) {
            put_bits(&bits, 12, match.distance);
            at += match.length;
        } else {
            put_bits(&bits, 5, 0);
            put_bits(&bits, 8, data[at++]);
        }
    }
    return g_byte_array_free_to_bytes(out);
}

static GBytes *deflate(const guint8 *data, gsize size)
{
    g_autoptr(GZlibCompressor) compressor =
        g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_RAW, 9);
    g_autoptr(GInputStream) plain = g_memory_input_stream_new_from_data(
        data, size, NULL);
    g_autoptr(GInputStream) stream = g_converter_input_stream_new(
        plain, G_CONVERTER(compressor));

    return g_input_stream_read_bytes(stream, 2 * CABINET_BLOCK, NULL, NULL);
}

/* Blocks of 32 KiB: length, "CK", deflated bytes; the length 0 ends it. */
static GBytes *kwaj_mszip(GBytes *bytes)
{
    GByteArray *out = kwaj_header(bytes, MSZIP, true);
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);

    for (gsize at = 0; at < size; at += CABINET_BLOCK) {
        g_autoptr(GBytes) block = deflate(data + at,
                                          MIN(CABINET_BLOCK, size - at));
        gsize length;
        const guint8 *deflated = g_bytes_get_data(block, &length);

        append_le(out, 2, length + 2);
        g_byte_array_append(out, (const guint8 *)"CK", 2);
        g_byte_array_append(out, deflated, length);
    }
    append_le(out, 2, 0);
    return g_byte_array_free_to_bytes(out);
}

static GBytes *cabinet(GBytes *bytes)
{
    CabinetMember member = { "whatever.sys", bytes };

    return cabinet_image(&member, 1);
}

static GBytes *plain(GBytes *bytes)
{
    return g_bytes_ref(bytes);
}

typedef struct Format {
    const char *name;
    GBytes *(*compress)(GBytes *bytes);
    /* A file that is cut is noticed. */
    bool knows_its_length;
} Format;

static const Format formats[] = {
    { "plain", plain, false },
    { "cabinet", cabinet, true },
    { "szdd/literals", szdd_literals, true },
    { "szdd/matches", szdd_matches, true },
    { "szdd/qbasic", szdd_qbasic, true },
    { "kwaj/stored", kwaj_stored, true },
    { "kwaj/inverted", kwaj_inverted, true },
    { "kwaj/lzss", kwaj_lzss, true },
    { "kwaj/without-length", kwaj_without_length, false },
    { "kwaj/huffman", kwaj_huffman, true },
    { "kwaj/mszip", kwaj_mszip, true },
};

#endif /* TEST_COMPRESS_H */
