/*
 * Fuzz target: GUID partition tables
 *
 * The input is: flags (8 bits), the number of sectors (8 bits), two headers of
 * 92 bytes, for the second sector and for the last one, and what begins in
 * the third sector.  The flags say which checksums are made right, as whoever
 * means harm would: of the first header (1) and its entries (2), of the other
 * one (4) and its entries (8).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <zlib.h>

#include "disk.h"
#include "fuzz.h"
#include "le.h"

#define SECTOR 512
#define HEADER_SIZE 92

/* In a header. */
#define HEADER_CRC 16
#define HEADER_ARRAY 72
#define HEADER_COUNT 80
#define HEADER_ARRAY_CRC 88

/* Of a partition's entry in the MBR. */
#define MBR_TYPE 450
#define MBR_MAGIC 510

enum {
    SEAL_FIRST = 1,
    SEAL_FIRST_ARRAY = 2,
    SEAL_COPY = 4,
    SEAL_COPY_ARRAY = 8,
};

static void seal(uint8_t *disk, size_t size, uint8_t *header, bool header_too,
                 bool array_too)
{
    uint64_t array = get_le64(header + HEADER_ARRAY);
    uint64_t length = (uint64_t)get_le32(header + HEADER_COUNT) * 128;

    if (array_too && array < size / SECTOR &&
        length <= size - array * SECTOR) {
        put_le32(header + HEADER_ARRAY_CRC,
                 crc32(0, disk + array * SECTOR, length));
    }
    if (header_too) {
        put_le32(header + HEADER_CRC, 0);
        put_le32(header + HEADER_CRC, crc32(0, header, HEADER_SIZE));
    }
}

static void take(FuzzInput *input, uint8_t *to, size_t room)
{
    size_t length = MIN(room, input->left);

    memcpy(to, input->p, length);
    input->p += length;
    input->left -= length;
}

/* The disk that the input describes. */
static GBytes *make_disk(FuzzInput *input)
{
    uint8_t flags = fuzz_take8(input);
    uint8_t sectors = fuzz_take8(input);
    size_t size = MAX(sectors, 3) * SECTOR;
    uint8_t *disk = g_malloc0(size);
    uint8_t *first = disk + SECTOR, *copy = disk + size - SECTOR;

    disk[MBR_TYPE] = PARTITION_TYPE_GPT;
    put_le16(disk + MBR_MAGIC, 0xaa55);
    take(input, first, HEADER_SIZE);
    take(input, copy, HEADER_SIZE);
    take(input, disk + 2 * SECTOR, size - 3 * SECTOR);
    seal(disk, size, first, flags & SEAL_FIRST, flags & SEAL_FIRST_ARRAY);
    seal(disk, size, copy, flags & SEAL_COPY, flags & SEAL_COPY_ARRAY);
    return g_bytes_new_take(disk, size);
}

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    return a < b + b_size && b < a + a_size;
}

static void check_place(const Disk *disk, guint index)
{
    const Partition *p = &g_array_index(disk->partitions, Partition, index);

    for (guint i = 0; i < index; i++) {
        const Partition *other = &g_array_index(disk->partitions, Partition,
                                                i);

        g_assert_false(overlap(p->start, p->size, other->start,
                               other->size));
        g_assert_cmpuint(other->entry, <, p->entry);
    }
    for (guint i = 0; i < disk->tables->len; i++) {
        const DiskTable *table = &g_array_index(disk->tables, DiskTable, i);

        g_assert_false(overlap(p->start, p->size, table->offset,
                               table->size));
    }
}

static void check_disk(const Disk *disk, uint64_t size)
{
    g_assert_cmpint(disk->scheme, ==, DISK_GPT);
    g_assert_null(disk_active(disk));
    for (guint i = 0; i < disk->partitions->len; i++) {
        const Partition *p = disk_partition(disk, i + 1);

        g_assert_cmpuint(p->number, ==, i + 1);
        g_assert_cmpuint(p->size, >, 0);
        g_assert_cmpuint(p->start, <, size);
        g_assert_cmpuint(p->size, <=, size - p->start);
        check_place(disk, i);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = { data, size };
    g_autoptr(GBytes) bytes = make_disk(&input);
    g_autoptr(ByteSource) source = source_new_bytes(bytes);
    g_autoptr(Overlay) overlay = overlay_new(source, 0);
    GError *err = NULL;
    g_autoptr(Disk) disk = disk_read(overlay, &err);

    if (disk) {
        check_disk(disk, source->size);
    } else {
        fuzz_expect_error(err);
    }
    return 0;
}
