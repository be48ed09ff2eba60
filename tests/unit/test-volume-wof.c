/*
 * Unit test of files that CompactOS has compressed
 *
 * The files are made here, chunk by chunk; one chunk is wimlib's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "volume-internal.h"


#include "error.h"
#include "find-fixture.h"
#include "guest-limits.h"
#include "le.h"
#include "wof-sample.h"

#define PATH "\\WINDOWS\\system32\\ntoskrnl.exe"
#define TAG_WOF 0x80000017

/* What a reparse point of WOF says. */
enum { XPRESS4K, LZX, XPRESS8K, XPRESS16K };
enum { WIM = 1, FILES = 2 };

typedef struct Reparse {
    uint32_t tag, provider, algorithm;
} Reparse;

/* An empty disk, of which a file becomes a compressed one. */
typedef struct Guest {
    Found found;
    Volume *volume;
} Guest;

static void guest_clear(Guest *guest)
{
    g_clear_pointer(&guest->volume, volume_free);
    found_clear(&guest->found);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Guest, guest_clear)

static ByteSource *make_disk(void)
{
    static const char *const wishes[FIND_MAX_WISHES] = { "ntfs*=:WINDOWS" };

    return find_make_disk(NULL, wishes);
}

/* False if there is no disk. */
static bool guest_open(Guest *guest, ByteSource *disk)
{
    GError *err = NULL;

    if (!found_open(&guest->found, disk, NULL)) {
        return false;
    }
    guest->volume = volume_open(guest->found.overlay,
                                disk_active(guest->found.disk),
                                VOLUME_READ_WRITE, &err);
    g_assert_no_error(err);
    return true;
}

/*
 * By hand, and without an entry in $Reparse, which nobody looks at: the
 * library's function forgets memory.
 */
static void add_reparse_point(ntfs_inode *ni, const Reparse *reparse)
{
    uint8_t point[24] = { 0 };

    put_le32(point, reparse->tag);
    put_le16(point + 4, sizeof(point) - 8);
    put_le32(point + 8, 1);
    put_le32(point + 12, reparse->provider);
    put_le32(point + 16, 1);
    put_le32(point + 20, reparse->algorithm);
    g_assert_cmpint(ntfs_attr_add(ni, AT_REPARSE_POINT, AT_UNNAMED, 0, point,
                                  sizeof(point)), ==, 0);
    ni->flags |= FILE_ATTR_REPARSE_POINT;
    NInoFileNameSetDirty(ni);
}

static void add_stream(ntfs_inode *ni, GBytes *stream)
{
    ntfschar *name = NULL;
    int length = ntfs_mbstoucs("WofCompressedData", &name);
    gsize size;
    const uint8_t *data = g_bytes_get_data(stream, &size);

    g_assert_cmpint(ntfs_attr_add(ni, AT_DATA, name, length, data, size), ==,
                    0);
    free(name);
}

/*
 * Makes PATH such a file, of @size bytes; without a @stream, which may be
 * NULL, nothing is compressed.
 */
static void make_file(Guest *guest, const Reparse *reparse, uint64_t size,
                      GBytes *stream)
{
    GError *err = NULL;
    ntfs_inode *ni = volume_open_inode(guest->volume, PATH, &err);
    ntfs_attr *na;

    g_assert_no_error(err);
    na = ntfs_attr_open(ni, AT_DATA, AT_UNNAMED, 0);
    g_assert_cmpint(ntfs_attr_truncate(na, 0), ==, 0);
    g_assert_cmpint(ntfs_attr_truncate(na, size), ==, 0);
    ntfs_attr_close(na);
    if (stream) {
        add_stream(ni, stream);
    }
    add_reparse_point(ni, reparse);
    g_assert_cmpint(ntfs_inode_close(ni), ==, 0);
}

/* Sixteen letters, in no order: they take four bits each. */
static uint8_t *letters(size_t size)
{
    uint8_t *data = g_malloc(size);
    uint32_t state = 1;

    for (size_t i = 0; i < size; i++) {
        state = state * 1103515245 + 12345;
        data[i] = 'a' + (state >> 16) % 16;
    }
    return data;
}

/*
 * A chunk of them, compressed ([MS-XCA] 2.2): the lengths of 512 codes, four
 * bits each, then the codes in words of 16 bits, the first in the highest bits.
 */
static void append_packed(GByteArray *stream, const uint8_t *data, size_t size)
{
    guint at = stream->len;

    g_byte_array_set_size(stream, at + 256 + (size + 3) / 4 * 2 + 4);
    memset(stream->data + at, 0, stream->len - at);
    for (unsigned letter = 'a'; letter < 'a' + 16; letter++) {
        stream->data[at + letter / 2] |= letter % 2 ? 0x40 : 0x04;
    }
    at += 256;
    for (size_t i = 0; i < size; i++) {
        stream->data[at + i / 4 * 2 + (i % 4 < 2)] |=
            (data[i] - 'a') << (i % 2 ? 0 : 4);
    }
}

/* All chunks, every third as it is, behind their table. */
static GBytes *pack(const uint8_t *data, size_t size, size_t chunk)
{
    size_t table = (size - 1) / chunk * 4;
    GByteArray *stream = g_byte_array_new();

    g_byte_array_set_size(stream, table);
    for (size_t at = 0; at < size; at += chunk) {
        size_t n = MIN(chunk, size - at);

        if (at > 0) {
            put_le32(stream->data + (at / chunk - 1) * 4,
                     stream->len - table);
        }
        if (at / chunk % 3 == 2 || n < 1000) {
            g_byte_array_append(stream, data + at, n);
        } else {
            append_packed(stream, data + at, n);
        }
    }
    return g_byte_array_free_to_bytes(stream);
}

static const struct {
    uint32_t algorithm;
    size_t chunk;
} forms[] = {
    { XPRESS4K, 4096 }, { XPRESS8K, 8192 }, { XPRESS16K, 16384 },
};

static void assert_reads(Guest *guest, const uint8_t *data, size_t size)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) bytes = volume_read(guest->volume, PATH, MiB, &err);

    g_assert_no_error(err);
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
                    data, size);
}

/* The same piece by piece, forwards and backwards. */
static void assert_reads_pieces(Guest *guest, const uint8_t *data,
                                size_t size)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(ByteSource) source = volume_open_file(guest->volume, PATH,
                                                    &err);
    uint8_t piece[5000];

    g_assert_no_error(err);
    g_assert_cmpuint(source->size, ==, size);
    for (size_t at = 0; at < size; at += 777) {
        size_t where = at / 777 % 2 ? at : size - at;
        size_t n = MIN(sizeof(piece), size - where);

        source_read(source, where, piece, n, &err);
        g_assert_no_error(err);
        g_assert_cmpmem(piece, n, data + where, n);
    }
}

static void test_read(void)
{
    static const size_t sizes[] = {
        0, 1, 1000, 4095, 4096, 4097, 16384, 16385, 100000,
    };
    g_autoptr(ByteSource) disk = make_disk();

    for (unsigned i = 0; i < G_N_ELEMENTS(forms) * G_N_ELEMENTS(sizes); i++) {
        size_t size = sizes[i / G_N_ELEMENTS(forms)];
        unsigned form = i % G_N_ELEMENTS(forms);
        Reparse reparse = { TAG_WOF, FILES, forms[form].algorithm };
        g_autofree uint8_t *data = letters(size);
        g_autoptr(GBytes) stream = size == 0
            ? g_bytes_new(NULL, 0) : pack(data, size, forms[form].chunk);
        g_auto(Guest) guest = { 0 };

        if (!guest_open(&guest, disk)) {
            return;
        }
        make_file(&guest, &reparse, size, stream);
        assert_reads(&guest, data, size);
        assert_reads_pieces(&guest, data, size);
    }
}

/* What another program has compressed, with matches in it. */
static void test_sample(void)
{
    static const Reparse reparse = { TAG_WOF, FILES, XPRESS4K };
    g_autofree char *text = wof_sample_text();
    g_autoptr(GBytes) stream = g_bytes_new_static(wof_sample,
                                                  sizeof(wof_sample));
    g_autoptr(ByteSource) disk = make_disk();
    g_auto(Guest) guest = { 0 };

    if (guest_open(&guest, disk)) {
        make_file(&guest, &reparse, WOF_SAMPLE_SIZE, stream);
        assert_reads(&guest, (uint8_t *)text, WOF_SAMPLE_SIZE);
    }
}

static void assert_refused(Guest *guest, const char *message)
{
    g_autoptr(GBytes) bytes = volume_read(guest->volume, PATH, MiB,
                                          &guest->found.err);
    g_autoptr(ByteSource) source = volume_open_file(guest->volume, PATH,
                                                    NULL);

    g_assert_null(bytes);
    g_assert_null(source);
    g_test_message("%s", guest->found.err->message);
    g_assert_error(guest->found.err, GUEST_ERROR, GUEST_ERROR_REFUSED);
    g_assert_true(g_str_has_prefix(guest->found.err->message,
                                   "partition 1: " PATH ": "));
    g_assert_nonnull(strstr(guest->found.err->message, message));
}

/* What would read as zeros is refused. */
static void test_refused(void)
{
    static const struct {
        Reparse reparse;
        const char *message;
    } cases[] = {
        { { TAG_WOF, FILES, LZX }, "as LZX, which is not read here: "
          "decompress it in the source VM (compact /u /exe FILE, or all of "
          "Windows by compact /compactos:never)" },
        { { TAG_WOF, FILES, 4 }, "behind a reparse point" },
        { { TAG_WOF, WIM, 0 }, "in a WIM (WIMBoot)" },
        { { TAG_WOF, 3, 0 }, "behind a reparse point" },
        { { 0x80000013, FILES, 0 }, "deduplication" },
    };
    g_autoptr(ByteSource) disk = make_disk();

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) stream = g_bytes_new_static("x", 1);
        g_auto(Guest) guest = { 0 };

        if (!guest_open(&guest, disk)) {
            return;
        }
        make_file(&guest, &cases[i].reparse, 5000, stream);
        assert_refused(&guest, cases[i].message);
    }
}

/* Such a file is never written over, whatever its kind. */
static void test_replace(void)
{
    static const Reparse reparse = { TAG_WOF, FILES, XPRESS4K };
    g_autoptr(GBytes) stream = g_bytes_new_static(wof_sample,
                                                  sizeof(wof_sample));
    g_autoptr(GBytes) bytes = g_bytes_new_static("new", 3);
    g_autofree char *text = wof_sample_text();
    g_autoptr(ByteSource) disk = make_disk();
    g_auto(Guest) guest = { 0 };
    g_autoptr(GError) err = NULL;

    if (!guest_open(&guest, disk)) {
        return;
    }
    make_file(&guest, &reparse, WOF_SAMPLE_SIZE, stream);
    g_assert_false(volume_replace(guest.volume, PATH, bytes, &err));
    g_test_message("%s", err->message);
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_REFUSED);
    g_assert_nonnull(strstr(err->message, PATH ": is compressed by CompactOS, "
                            "and is not written over: decompress it"));
    assert_reads(&guest, (uint8_t *)text, WOF_SAMPLE_SIZE);
}

/* How a file is damaged, and what is said then. */
static const struct {
    uint64_t size;
    /* The stream is cut to that; -1: it is missing. */
    ssize_t stream;
    /* A byte of it that is another. */
    size_t at;
    uint8_t value;
    const char *message;
} damages[] = {
    { 12288, -1, 0, 0, "its stream WofCompressedData is missing" },
    { 12288, 7, 0, 0, "its table of chunks is cut off" },
    { UINT32_MAX, 7000, 0, 0, "its table of chunks is cut off" },
    { 12288, 8, 0, 0, "makes no sense" },
    /* The second chunk begins behind the third; where the first does. */
    { 12288, 7000, 3, 1, "makes no sense" },
    { 12288, 7000, 0, 0, "cannot be unpacked" },
    { 12288, 7000, 7, 0xff, "makes no sense" },
    /* The last chunk, which is not packed, is too short. */
    { 12288, 3000, 0, 0, "makes no sense" },
    /* Codes that are none. */
    { 12288, 7000, 8 + 'a' / 2, 0xff, "cannot be unpacked" },
};

static void test_damage(void)
{
    static const Reparse reparse = { TAG_WOF, FILES, XPRESS4K };
    g_autofree uint8_t *data = letters(12288);
    g_autoptr(GBytes) whole = pack(data, 12288, 4096);
    g_autoptr(ByteSource) disk = make_disk();

    for (unsigned i = 0; i < G_N_ELEMENTS(damages); i++) {
        g_autoptr(GByteArray) stream = g_byte_array_new();
        g_autoptr(GBytes) bytes = NULL;
        g_autoptr(GBytes) found = NULL;
        g_autoptr(GError) err = NULL;
        g_auto(Guest) guest = { 0 };

        if (!guest_open(&guest, disk)) {
            return;
        }
        g_byte_array_append(stream, g_bytes_get_data(whole, NULL),
                            g_bytes_get_size(whole));
        g_assert_cmpint(damages[i].stream, <=, (ssize_t)stream->len);
        stream->data[damages[i].at] = damages[i].value;
        bytes = g_bytes_new(stream->data, MAX(damages[i].stream, 0));
        make_file(&guest, &reparse, damages[i].size,
                  damages[i].stream < 0 ? NULL : bytes);
        found = volume_read(guest.volume, PATH, UINT32_MAX, &err);
        g_assert_null(found);
        g_test_message("%u: %s", i, err->message);
        g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
        g_assert_nonnull(strstr(err->message, damages[i].message));
    }
}

/*
 * Codes that leave some of what may come without a meaning.  With all of them
 * as long as can be libfwnt would write beyond its stack.
 */
static void test_codes(void)
{
    static const Reparse reparse = { TAG_WOF, FILES, XPRESS4K };
    static const uint8_t lengths[] = { 0xff, 0xaa, 0x11, 0x00 };
    g_autoptr(ByteSource) disk = make_disk();

    for (unsigned i = 0; i < G_N_ELEMENTS(lengths); i++) {
        uint8_t chunk[2000] = { 0 };
        g_autoptr(GBytes) bytes = NULL;
        g_autoptr(GBytes) found = NULL;
        g_autoptr(GError) err = NULL;
        g_auto(Guest) guest = { 0 };

        if (!guest_open(&guest, disk)) {
            return;
        }
        memset(chunk, lengths[i], 256);
        bytes = g_bytes_new(chunk, sizeof(chunk));
        make_file(&guest, &reparse, 4096, bytes);
        found = volume_read(guest.volume, PATH, UINT32_MAX, &err);
        g_assert_null(found);
        g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
        g_assert_nonnull(strstr(err->message, "cannot be unpacked"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/volume-wof/read", test_read);
    g_test_add_func("/volume-wof/sample", test_sample);
    g_test_add_func("/volume-wof/refused", test_refused);
    g_test_add_func("/volume-wof/replace", test_replace);
    g_test_add_func("/volume-wof/damage", test_damage);
    g_test_add_func("/volume-wof/codes", test_codes);
    return g_test_run();
}
