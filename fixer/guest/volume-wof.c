/*
 * Files that Windows has compressed behind NTFS's back
 *
 * CompactOS, of Windows 10 and later, leaves the unnamed stream of a file a
 * hole and puts the contents, compressed, into a stream WofCompressedData; a
 * reparse point makes the driver wof.sys read that in its place.  For
 * libntfs-3g such a file is all zeros.  Kernel, HAL and drivers may be so, for
 * the boot loader reads them, too; the SYSTEM hive is not.
 *
 * The reparse point is that of WOF_EXTERNAL_INFO and
 * FILE_PROVIDER_EXTERNAL_INFO_V1 (Microsoft, "winioctl.h"); the stream is as
 * wimlib's programmer found it (ntfs-3g-system-compression):
 *
 *   u32[chunks - 1]  where each chunk but the first begins, from the end of
 *                    this table on
 *   chunks           each of them compressed by itself, or as it is if that
 *                    would not make it smaller
 *
 * XPRESS with Huffman codes is unpacked by libfwnt, which does nothing but
 * that and has no other dependency.  It has no LZX; wimlib has, and would bring
 * libxml2 and libfuse into the jail.  Nothing here writes such a file.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>

#include <libfwnt.h>

#include "error.h"
#include "le.h"
#include "volume-wof.h"

/* A reparse point */
/* u32 */
#define REPARSE_TAG 0x00
/* WOF_EXTERNAL_INFO: u32, 1; u32 */
#define WOF_VERSION 0x08
#define WOF_PROVIDER 0x0c
/* FILE_PROVIDER_EXTERNAL_INFO_V1: u32, 1; u32 */
#define FILE_VERSION 0x10
#define FILE_ALGORITHM 0x14
#define REPARSE_SIZE 0x18

#define TAG_WOF 0x80000017

enum {
    PROVIDER_WIM = 1,
    PROVIDER_FILE = 2,
};

static const WofKind algorithms[] = {
    WOF_XPRESS4K, WOF_LZX, WOF_XPRESS8K, WOF_XPRESS16K,
};

#define LARGEST_CHUNK 16384

/* A packed chunk begins with the lengths of 512 codes, four bits each. */
#define CODE_LENGTHS 256
#define LONGEST_CODE 15

#define NO_CHUNK UINT32_MAX

struct WofFile {
    Volume *volume;
    const char *path;
    ntfs_attr *na;
    /* Bytes of the contents, of a chunk of them, and of the table. */
    uint32_t size;
    uint32_t chunk_size;
    uint32_t table_size;
    /* The number of the chunk that is unpacked in @chunk, or NO_CHUNK. */
    uint32_t current;
    uint8_t chunk[LARGEST_CHUNK];
    uint8_t packed[LARGEST_CHUNK];
};

static WofKind parse_reparse_point(const uint8_t *p, size_t size)
{
    uint32_t algorithm;

    if (size < REPARSE_SIZE || get_le32(p + REPARSE_TAG) != TAG_WOF ||
        get_le32(p + WOF_VERSION) != 1) {
        return WOF_OTHER;
    }
    if (get_le32(p + WOF_PROVIDER) == PROVIDER_WIM) {
        return WOF_WIM;
    }
    algorithm = get_le32(p + FILE_ALGORITHM);
    return get_le32(p + WOF_PROVIDER) == PROVIDER_FILE &&
           get_le32(p + FILE_VERSION) == 1 &&
           algorithm < G_N_ELEMENTS(algorithms)
           ? algorithms[algorithm] : WOF_OTHER;
}

bool wof_probe(Volume *volume, ntfs_inode *ni, const char *path,
               WofKind *kind, GError **errp)
{
    uint8_t point[REPARSE_SIZE] = { 0 };
    ntfs_attr *na = ntfs_attr_open(ni, AT_REPARSE_POINT, AT_UNNAMED, 0);
    s64 size;

    if (!na && errno == ENOENT && !volume->device_error) {
        *kind = ni->flags & FILE_ATTR_REPARSE_POINT ? WOF_OTHER : WOF_NONE;
        return true;
    }
    size = na ? ntfs_attr_pread(na, 0, sizeof(point), point) : -1;
    if (size < 0) {
        volume_set_error(volume, path, errp);
    } else {
        *kind = parse_reparse_point(point, size);
    }
    if (na) {
        ntfs_attr_close(na);
    }
    return size >= 0;
}

static bool set_damaged(const WofFile *file, const char *what, GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                "%s: %s: it is compressed by CompactOS, and damaged: %s: "
                "restore it in the source VM (sfc /scannow)",
                file->volume->label, file->path, what);
    return false;
}

static uint32_t chunk_size_of(WofKind kind)
{
    return kind == WOF_XPRESS4K ? 4096 : kind == WOF_XPRESS8K ? 8192 : 16384;
}

static bool open_stream(WofFile *file, ntfs_inode *ni, GError **errp)
{
    ntfschar *name = NULL;
    int length = ntfs_mbstoucs("WofCompressedData", &name);

    if (length > 0) {
        file->na = ntfs_attr_open(ni, AT_DATA, name, length);
    }
    free(name);
    if (!file->na && errno == ENOENT && !file->volume->device_error) {
        return set_damaged(file, "its stream WofCompressedData is missing",
                           errp);
    }
    if (!file->na) {
        volume_set_error(file->volume, file->path, errp);
    }
    return file->na != NULL;
}

WofFile *wof_open(Volume *volume, ntfs_inode *ni, const char *path,
                  WofKind kind, uint64_t size, GError **errp)
{
    g_autoptr(WofFile) file = g_new0(WofFile, 1);

    file->volume = volume;
    file->path = path;
    file->size = size;
    file->chunk_size = chunk_size_of(kind);
    file->current = NO_CHUNK;
    /* Beyond that the table has larger entries; no file that boots is so. */
    if (size > UINT32_MAX) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "%s: %s: it is compressed by CompactOS, and larger than "
                    "4 GiB: decompress it in the source VM (compact /u /exe)",
                    volume->label, path);
        return NULL;
    }
    if (size > 0) {
        file->table_size = (size - 1) / file->chunk_size * 4;
    }
    if (!open_stream(file, ni, errp)) {
        return NULL;
    }
    if (file->na->data_size < file->table_size) {
        set_damaged(file, "its table of chunks is cut off", errp);
        return NULL;
    }
    return g_steal_pointer(&file);
}

void wof_free(WofFile *file)
{
    if (file) {
        if (file->na) {
            ntfs_attr_close(file->na);
        }
        g_free(file);
    }
}

static bool read_stream(WofFile *file, uint64_t offset, void *buf,
                        size_t length, GError **errp)
{
    s64 n = ntfs_attr_pread(file->na, offset, length, buf);

    if (n != (s64)length) {
        errno = n < 0 ? errno : EIO;
        volume_set_error(file->volume, file->path, errp);
        return false;
    }
    return true;
}

/*
 * Where the packed chunk @number begins, in the stream; for the one behind the
 * last where that ends.
 */
static bool find_chunk(WofFile *file, uint32_t number, uint64_t *start,
                       GError **errp)
{
    uint8_t entry[4] = { 0 };

    if (number > file->table_size / 4) {
        *start = file->na->data_size;
        return true;
    }
    if (number > 0 &&
        !read_stream(file, (number - 1) * 4ULL, entry, 4, errp)) {
        return false;
    }
    *start = file->table_size + (uint64_t)get_le32(entry);
    return true;
}

/* How many of the 2^15 longest codes begin with one of that length. */
static uint32_t code_share(unsigned length)
{
    return length ? 1 << (LONGEST_CODE - length) : 0;
}

/*
 * Whether the codes are whole: [MS-XCA] 2.2 has a decoder refuse any others,
 * and libfwnt writes beyond its own memory for them.
 */
static bool has_whole_codes(const uint8_t *packed, size_t size)
{
    uint32_t share = 0;

    for (size_t i = 0; i < CODE_LENGTHS && i < size; i++) {
        share += code_share(packed[i] & 15) + code_share(packed[i] >> 4);
    }
    return size >= CODE_LENGTHS && share == 1 << LONGEST_CODE;
}

/* Unpacks @size bytes, those of a chunk, out of @packed_size. */
static bool unpack(WofFile *file, size_t packed_size, size_t size,
                   GError **errp)
{
    size_t unpacked = size;

    if (!has_whole_codes(file->packed, packed_size) ||
        libfwnt_lzxpress_huffman_decompress(file->packed, packed_size,
                                            file->chunk, &unpacked,
                                            NULL) != 1 ||
        unpacked != size) {
        return set_damaged(file, "a chunk of it cannot be unpacked", errp);
    }
    return true;
}

/* Makes @number, of @size bytes, the current chunk. */
static bool read_chunk(WofFile *file, uint32_t number, size_t size,
                       GError **errp)
{
    uint64_t start, end;

    if (file->current == number) {
        return true;
    }
    file->current = NO_CHUNK;
    if (!find_chunk(file, number, &start, errp) ||
        !find_chunk(file, number + 1, &end, errp)) {
        return false;
    }
    if (start >= end || end - start > size ||
        end > (uint64_t)file->na->data_size) {
        return set_damaged(file, "its table of chunks makes no sense", errp);
    }
    if (end - start == size) {
        /* It would not have become smaller. */
        if (!read_stream(file, start, file->chunk, size, errp)) {
            return false;
        }
    } else if (!read_stream(file, start, file->packed, end - start, errp) ||
               !unpack(file, end - start, size, errp)) {
        return false;
    }
    file->current = number;
    return true;
}

bool wof_read(WofFile *file, uint64_t offset, void *buf, size_t length,
              GError **errp)
{
    uint8_t *to = buf;

    while (length > 0) {
        uint32_t number = offset / file->chunk_size;
        size_t at = offset % file->chunk_size;
        size_t size = MIN(file->chunk_size,
                          file->size - number * (uint64_t)file->chunk_size);
        size_t n = MIN(length, size - at);

        if (!read_chunk(file, number, size, errp)) {
            return false;
        }
        memcpy(to, file->chunk + at, n);
        to += n;
        offset += n;
        length -= n;
    }
    return true;
}
