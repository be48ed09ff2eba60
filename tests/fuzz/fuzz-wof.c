/*
 * Fuzz target: files that CompactOS has compressed
 *
 * The input: a byte that chooses the algorithm, the file's size in bytes (24
 * bits), then its stream WofCompressedData.  There is no volume: what is asked
 * of libntfs-3g about that stream is made up here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <string.h>

#include "error.h"
#include "fuzz.h"
#include "volume-wof.h"

/* A file that is longer would only take longer. */
#define MAX_SIZE (256 * 1024)

static FuzzInput stream;

/* ---------------------------------------------------------- libntfs-3g */

/* The linker puts these in the place of the library's. */
ntfs_attr *__wrap_ntfs_attr_open(ntfs_inode *ni, const ATTR_TYPES type,
                                 ntfschar *name, u32 name_len);
s64 __wrap_ntfs_attr_pread(ntfs_attr *na, const s64 pos, s64 count, void *b);
void __wrap_ntfs_attr_close(ntfs_attr *na);

ntfs_attr *__wrap_ntfs_attr_open(ntfs_inode *ni, const ATTR_TYPES type,
                                 ntfschar *name, u32 name_len)
{
    ntfs_attr *na = g_new0(ntfs_attr, 1);

    g_assert_cmpint(type, ==, AT_DATA);
    g_assert_cmpuint(name_len, ==, strlen("WofCompressedData"));
    na->data_size = stream.left;
    return na;
}

/* As the library, it gives what there is, also if that is less. */
s64 __wrap_ntfs_attr_pread(ntfs_attr *na, const s64 pos, s64 count, void *b)
{
    s64 n;

    g_assert_cmpint(count, >, 0);
    g_assert_cmpint(pos, >=, 0);
    if (pos >= na->data_size) {
        return 0;
    }
    n = MIN(count, na->data_size - pos);
    memcpy(b, stream.p + pos, n);
    return n;
}

void __wrap_ntfs_attr_close(ntfs_attr *na)
{
    g_free(na);
}

/* -------------------------------------------------------------- target */

static WofFile *open_file(Volume *volume, WofKind kind, size_t size)
{
    GError *err = NULL;
    WofFile *file = wof_open(volume, NULL, "\\hal.dll", kind, size, &err);

    if (!file) {
        fuzz_expect_error(err);
    }
    return file;
}

/* To be freed; NULL if it cannot be read. */
static uint8_t *read_whole(WofFile *file, size_t size)
{
    /* One more, for an empty file, too, is read. */
    g_autofree uint8_t *data = g_malloc(size + 1);
    GError *err = NULL;

    memset(data, 0xaa, size);
    if (!wof_read(file, 0, data, size, &err)) {
        fuzz_expect_error(err);
        return NULL;
    }
    return g_steal_pointer(&data);
}

/*
 * The same file in pieces, from its end on, has the same bytes: all of them
 * come from the stream, whatever was in the buffer.
 */
static void read_backwards(WofFile *file, const uint8_t *whole, size_t size)
{
    enum { PIECE = 5000 };
    uint8_t piece[PIECE];

    for (size_t end = size; end > 0;) {
        size_t length = MIN(end, PIECE);
        GError *err = NULL;

        memset(piece, 0x55, sizeof(piece));
        end -= length;
        g_assert_true(wof_read(file, end, piece, length, &err));
        g_assert_no_error(err);
        g_assert_cmpmem(piece, length, whole + end, length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const WofKind kinds[] = {
        WOF_XPRESS4K, WOF_XPRESS8K, WOF_XPRESS16K,
    };
    FuzzInput input = { data, size };
    WofKind kind = kinds[fuzz_take8(&input) % G_N_ELEMENTS(kinds)];
    g_autoptr(GBytes) length = fuzz_take_bytes(&input, 3);
    FuzzInput number = { g_bytes_get_data(length, NULL),
                         g_bytes_get_size(length) };
    size_t file_size = fuzz_take32(&number) % MAX_SIZE;
    g_autoptr(GBytes) rest = fuzz_take_rest(&input);
    Volume volume = { .label = (char *)"partition 1" };
    g_autoptr(WofFile) file = NULL;
    g_autofree uint8_t *whole = NULL;

    stream = (FuzzInput) { g_bytes_get_data(rest, NULL),
                           g_bytes_get_size(rest) };
    file = open_file(&volume, kind, file_size);
    whole = file ? read_whole(file, file_size) : NULL;
    if (whole) {
        read_backwards(file, whole, file_size);
    }
    return 0;
}
