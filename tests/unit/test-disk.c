/*
 * Unit test of partition tables: made by hand, and those of real disks
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "disk.h"
#include "error.h"
#include "util.h"

#define SECTORS 4096
#define ACTIVE 0x80

/* A disk that a test fills with partition tables. */
typedef struct TestDisk {
    uint8_t bytes[SECTORS * 512];
} TestDisk;

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) {
        p[i] = v >> (8 * i);
    }
}

/* Writes entry @index of the table in @sector. */
static void put_entry(TestDisk *disk, uint32_t sector, unsigned index,
                      uint8_t flags, uint8_t type, uint32_t start,
                      uint32_t count)
{
    uint8_t *table = disk->bytes + sector * 512;
    uint8_t *entry = table + 446 + 16 * index;

    entry[0] = flags;
    entry[4] = type;
    put32(entry + 8, start);
    put32(entry + 12, count);
    table[510] = 0x55;
    table[511] = 0xaa;
}

static Disk *read_bytes(const void *bytes, size_t size, GError **errp)
{
    g_autoptr(GBytes) data = g_bytes_new_static(bytes, size);
    g_autoptr(ByteSource) source = source_new_bytes(data);
    g_autoptr(Overlay) overlay = overlay_new(source, 0);

    return disk_read(overlay, errp);
}

static Disk *read_disk(const TestDisk *disk, GError **errp)
{
    return read_bytes(disk->bytes, sizeof(disk->bytes), errp);
}

static void check(const Disk *disk, unsigned number, uint8_t type,
                  uint64_t start, uint64_t count)
{
    const Partition *p = disk_partition(disk, number);

    g_assert_nonnull(p);
    g_assert_cmpuint(p->number, ==, number);
    g_assert_cmpuint(p->type, ==, type);
    g_assert_cmpuint(p->start, ==, start * 512);
    g_assert_cmpuint(p->size, ==, count * 512);
}

static void test_primaries(void)
{
    g_autofree TestDisk *t = g_new0(TestDisk, 1);
    g_autoptr(Disk) disk = NULL;

    put32(t->bytes + 440, 0xcafe1234);
    put_entry(t, 0, 1, 0, 7, 63, 1000);
    put_entry(t, 0, 3, ACTIVE, 6, 2000, 500);
    disk = read_disk(t, NULL);
    g_assert_cmpuint(disk->signature, ==, 0xcafe1234);
    g_assert_cmpuint(disk->partitions->len, ==, 2);
    check(disk, 1, 7, 63, 1000);
    check(disk, 2, 6, 2000, 500);
    g_assert_true(disk_active(disk) == disk_partition(disk, 2));
    g_assert_null(disk_partition(disk, 0));
    g_assert_null(disk_partition(disk, 3));
}

static void test_logical_drives_come_last(void)
{
    g_autofree TestDisk *t = g_new0(TestDisk, 1);
    g_autoptr(Disk) disk = NULL;

    /* The extended partition stands first and is not counted. */
    put_entry(t, 0, 0, 0, 0x0f, 1000, 2000);
    put_entry(t, 0, 1, ACTIVE, 7, 63, 900);
    put_entry(t, 1000, 0, 0, 7, 63, 400);
    put_entry(t, 1000, 1, 0, 5, 500, 500);
    put_entry(t, 1500, 0, 0, 0x0b, 63, 300);
    disk = read_disk(t, NULL);
    g_assert_cmpuint(disk->partitions->len, ==, 3);
    check(disk, 1, 7, 63, 900);
    check(disk, 2, 7, 1063, 400);
    check(disk, 3, 0x0b, 1563, 300);
}

static void test_loop(void)
{
    g_autofree TestDisk *t = g_new0(TestDisk, 1);
    g_autoptr(GError) err = NULL;

    put_entry(t, 0, 0, 0, 5, 1000, 2000);
    put_entry(t, 1000, 0, 0, 7, 63, 400);
    put_entry(t, 1000, 1, 0, 5, 500, 500);
    put_entry(t, 1500, 1, 0, 5, 500, 500);
    g_assert_null(read_disk(t, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
}

static void test_beyond_the_disk(void)
{
    g_autofree TestDisk *t = g_new0(TestDisk, 1);
    g_autoptr(Disk) disk = NULL;

    put_entry(t, 0, 0, 0, 0x83, 63, SECTORS);
    put_entry(t, 0, 1, 0, 0x0b, UINT32_MAX, UINT32_MAX);
    put_entry(t, 0, 2, 0, 7, 100, 200);
    disk = read_disk(t, NULL);
    g_assert_cmpuint(disk_partition(disk, 1)->size, ==, 0);
    g_assert_cmpuint(disk_partition(disk, 2)->size, ==, 0);
    check(disk, 3, 7, 100, 200);
}

/* What the guest needs is not there. */
static void test_cut_off(void)
{
    static const struct {
        uint8_t flags, type;
    } entries[] = { { 0, 7 }, { ACTIVE, 6 } };

    for (unsigned i = 0; i < G_N_ELEMENTS(entries); i++) {
        g_autofree TestDisk *t = g_new0(TestDisk, 1);
        g_autoptr(GError) err = NULL;

        put_entry(t, 0, 0, entries[i].flags, entries[i].type, 63, SECTORS);
        g_assert_null(read_disk(t, &err));
        g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
        g_assert_nonnull(strstr(err->message, "cut off"));
    }
}

static void test_gpt(void)
{
    g_autofree TestDisk *t = g_new0(TestDisk, 1);
    g_autoptr(GError) err = NULL;

    put_entry(t, 0, 0, 0, 0xee, 1, SECTORS - 1);
    g_assert_null(read_disk(t, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_REFUSED);
}

/* What is no table: nothing, a boot sector's code, a disk of a few bytes. */
static void test_no_table(void)
{
    g_autofree TestDisk *t = g_new0(TestDisk, 1);
    const size_t sizes[] = { sizeof(t->bytes), 512, 511, 1, 0 };

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GError) err = NULL;

        g_assert_null(read_bytes(t->bytes, sizes[i], &err));
        g_assert_error(err, GUEST_ERROR, GUEST_ERROR_NO_GUEST);
        g_assert_nonnull(strstr(err->message, "-f vmdk"));
    }
    memset(t->bytes, 0x33, 510);
    t->bytes[510] = 0x55;
    t->bytes[511] = 0xaa;
    g_assert_null(read_disk(t, NULL));
}

/* Samples of real disks: name, and type and start of each partition. */
static const struct {
    const char *name;
    unsigned n;
    struct {
        uint8_t type;
        uint64_t start;
    } partitions[4];
} samples[] = {
    { "partitions/mbr-512-p0.bin", 0, { { 0 } } },
    { "partitions/mbr-512-p1.bin", 1, { { 0x83, 1 } } },
    { "partitions/mbr-512-p4.bin", 4,
      { { 0x83, 1 }, { 0x83, 3 }, { 0x83, 5 }, { 0x8e, 7 } } },
    { "partitions/mbr-512-p1e2.bin", 3,
      { { 0x83, 1025 }, { 0x83, 2 }, { 0x83, 514 } } },
    { "partitions/mbr-512-p1e2_2.bin", 3,
      { { 0x83, 1 }, { 0x83, 66 }, { 0x8e, 102 } } },
};

static void test_real_disks(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(samples); i++) {
        g_autofree char *path = shared_data(samples[i].name);
        g_autoptr(GBytes) bytes = path ? read_file(path) : NULL;
        g_autoptr(Disk) disk = NULL;

        if (!bytes) {
            return;
        }
        disk = read_bytes(g_bytes_get_data(bytes, NULL),
                          g_bytes_get_size(bytes), NULL);
        g_assert_nonnull(disk);
        g_assert_cmpuint(disk->partitions->len, ==, samples[i].n);
        for (unsigned j = 0; j < samples[i].n; j++) {
            const Partition *p = disk_partition(disk, j + 1);

            g_assert_cmpuint(p->type, ==, samples[i].partitions[j].type);
            g_assert_cmpuint(p->start / 512, ==,
                             samples[i].partitions[j].start);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/disk/primaries", test_primaries);
    g_test_add_func("/disk/logical-drives-come-last",
                    test_logical_drives_come_last);
    g_test_add_func("/disk/loop", test_loop);
    g_test_add_func("/disk/beyond-the-disk", test_beyond_the_disk);
    g_test_add_func("/disk/cut-off", test_cut_off);
    g_test_add_func("/disk/gpt", test_gpt);
    g_test_add_func("/disk/no-table", test_no_table);
    g_test_add_func("/disk/real-disks", test_real_disks);
    return g_test_run();
}
