/*
 * Unit test of partition tables: made by hand, and those of real disks
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
    } entries[] = { { 0, 7 }, { 0, 0x42 }, { ACTIVE, 6 } };

    for (unsigned i = 0; i < G_N_ELEMENTS(entries); i++) {
        g_autofree TestDisk *t = g_new0(TestDisk, 1);
        g_autoptr(GError) err = NULL;

        put_entry(t, 0, 0, entries[i].flags, entries[i].type, 63, SECTORS);
        g_assert_null(read_disk(t, &err));
        g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
        g_assert_nonnull(strstr(err->message, "cut off"));
    }
}

/* An MBR that says there is a GPT, and none; see test-gpt.c. */
static void test_no_gpt(void)
{
    g_autofree TestDisk *t = g_new0(TestDisk, 1);
    g_autoptr(GError) err = NULL;

    put_entry(t, 0, 0, 0, 0xee, 1, SECTORS - 1);
    g_assert_null(read_disk(t, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
    g_assert_nonnull(strstr(err->message, "should have a GPT"));
}

/* Where partitions stand in the tables, and where these are. */
static void test_places(void)
{
    static const uint32_t sectors[] = { 0, 1000, 1500 };
    g_autofree TestDisk *t = g_new0(TestDisk, 1);
    g_autoptr(Disk) disk = NULL;

    put_entry(t, 0, 1, 0, 0xef, 63, 900);
    put_entry(t, 0, 3, 0, 0x0f, 1000, 2000);
    put_entry(t, 1000, 1, 0, 7, 63, 400);
    put_entry(t, 1000, 2, 0, 5, 500, 500);
    put_entry(t, 1500, 0, 0, 7, 63, 300);
    disk = read_disk(t, NULL);
    g_assert_cmpint(disk->scheme, ==, DISK_MBR);
    g_assert_true(guid_is_zero(&disk->guid));
    g_assert_cmpuint(disk_partition(disk, 1)->entry, ==, 1);
    g_assert_cmpuint(disk_partition(disk, 2)->entry, ==, 1);
    g_assert_cmpuint(disk_partition(disk, 3)->entry, ==, 0);
    g_assert_true(disk_esp(disk) == disk_partition(disk, 1));
    g_assert_false(disk_blank_entry_before(disk, disk_partition(disk, 1)));
    g_assert_cmpuint(disk->tables->len, ==, G_N_ELEMENTS(sectors));
    for (unsigned i = 0; i < G_N_ELEMENTS(sectors); i++) {
        const DiskTable *table = &g_array_index(disk->tables, DiskTable, i);

        g_assert_cmpuint(table->offset, ==, sectors[i] * 512);
        g_assert_cmpuint(table->size, ==, 512);
    }
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

/*
 * A disk of 4096-byte sectors: the table leads nowhere in sectors of 512.  If
 * it leads somewhere, the disk is not one, whatever lies further on.
 */
static void test_4kn(void)
{
    static const uint8_t types[] = { 7, 5, 0x0f };

    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree TestDisk *t = g_new0(TestDisk, 1);
        g_autoptr(Disk) disk = NULL;
        g_autoptr(GError) err = NULL;

        put_entry(t, 0, 0, ACTIVE, types[i], 100, 200);
        put_entry(t, 800, 0, 0, 0, 0, 0);
        g_assert_null(read_disk(t, &err));
        g_assert_error(err, GUEST_ERROR, GUEST_ERROR_REFUSED);
        g_assert_nonnull(strstr(err->message, "4Kn"));

        put_entry(t, 100, 0, 0, 0, 0, 0);
        disk = read_disk(t, NULL);
        g_assert_nonnull(disk);
    }
}

#define MAX_PARTITIONS 4

/* Of real disks: each has its line, the partitions or the error. */
typedef struct Sample {
    const char *name;
    /* Part of the message. */
    const char *error;
    unsigned n;
    struct {
        uint8_t type;
        uint64_t start, count;
    } partitions[MAX_PARTITIONS];
} Sample;

/* Where only the first sectors are at hand, the rest beyond has no size. */
#define P1E2 3, { { 0x83, 1025, 1023 }, { 0x83, 2, 511 }, { 0x83, 514, 511 } }
#define P1E2_2 3, { { 0x83, 1, 64 }, { 0x83, 66, 35 }, { 0x8e, 102, 1946 } }

static const Sample samples[] = {
    { "gpt-512-0p.raw.gz", NULL, 0, { { 0 } } },
    { "gpt-512-3p.raw.gz", NULL, 3,
      { { 0xee, 34, 31 }, { 0xee, 65, 64 }, { 0xef, 129, 1886 } } },
    { "mbr-4096-p1e0.bin.gz", "4Kn" },
    { "mbr-4096-p1e1.bin.gz", "4Kn" },
    { "mbr-512-p0.bin", NULL, 0, { { 0 } } },
    { "mbr-512-p1.bin", NULL, 1, { { 0x83, 1, 0 } } },
    { "mbr-512-p1e2.bin", NULL, P1E2 },
    { "mbr-512-p1e2.bin.gz", NULL, P1E2 },
    { "mbr-512-p1e2_2.bin", NULL, P1E2_2 },
    { "mbr-512-p1e2_2.bin.gz", NULL, P1E2_2 },
    { "mbr-512-p4.bin", NULL, 4,
      { { 0x83, 1, 0 }, { 0x83, 3, 0 }, { 0x83, 5, 0 }, { 0x8e, 7, 0 } } },
};

static const Sample *find_sample(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(samples); i++) {
        if (g_str_equal(samples[i].name, name)) {
            return &samples[i];
        }
    }
    g_error("there is no line for %s in the table", name);
}

static GBytes *decompress(GBytes *bytes)
{
    g_autoptr(GConverter) gunzip = G_CONVERTER(
        g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP));
    g_autoptr(GInputStream) in = g_memory_input_stream_new_from_bytes(bytes);
    g_autoptr(GInputStream) plain = g_converter_input_stream_new(in, gunzip);
    g_autoptr(GOutputStream) out = g_memory_output_stream_new_resizable();

    g_assert_cmpint(g_output_stream_splice(
        out, plain, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL, NULL), >, 0);
    return g_memory_output_stream_steal_as_bytes(
        G_MEMORY_OUTPUT_STREAM(out));
}

static GBytes *read_sample(const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_autoptr(GBytes) bytes = read_file(path);

    return g_str_has_suffix(name, ".gz") ? decompress(bytes)
                                         : g_steal_pointer(&bytes);
}

static bool is_gpt(const Sample *sample)
{
    return g_str_has_prefix(sample->name, "gpt");
}

static void check_sample(const Sample *sample, GBytes *bytes)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(Disk) disk = read_bytes(g_bytes_get_data(bytes, NULL),
                                      g_bytes_get_size(bytes), &err);

    g_test_message("%s: %s", sample->name, err ? err->message : "read");
    if (sample->error) {
        g_assert_error(err, GUEST_ERROR, GUEST_ERROR_REFUSED);
        g_assert_nonnull(strstr(err->message, sample->error));
        return;
    }
    g_assert_no_error(err);
    g_assert_cmpint(disk->scheme, ==, is_gpt(sample) ? DISK_GPT : DISK_MBR);
    g_assert_cmpuint(disk->warnings->len, ==, 0);
    g_assert_cmpuint(disk->partitions->len, ==, sample->n);
    for (unsigned i = 0; i < sample->n; i++) {
        check(disk, i + 1, sample->partitions[i].type,
              sample->partitions[i].start, sample->partitions[i].count);
    }
}

static void test_real_disks(void)
{
    g_autofree char *directory = shared_data("partitions");
    g_autoptr(GDir) dir = directory ? g_dir_open(directory, 0, NULL) : NULL;
    const char *name;
    unsigned seen = 0;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autoptr(GBytes) bytes = read_sample(directory, name);

        check_sample(find_sample(name), bytes);
        seen++;
    }
    if (dir) {
        g_assert_cmpuint(seen, ==, G_N_ELEMENTS(samples));
    }
}

/* Starts as mmls lists them: primaries, then logical drives, in sectors. */
static GArray *mmls_starts(const char *mmls, bool gpt, GBytes *bytes)
{
    GArray *starts = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    g_autofree char *output = NULL;
    g_autofree char *path = NULL;
    g_auto(GStrv) lines = NULL;
    int fd = g_file_open_tmp("test-disk-XXXXXX", &path, NULL);
    const char *argv[] = { mmls, "-t", gpt ? "gpt" : "dos", path, NULL };
    const char *format = gpt ? "%*u:  %u %" SCNu64
                             : "%*u:  %u:%*u %" SCNu64;

    /* It wants the whole disk. */
    g_assert_cmpint(ftruncate(fd, SECTORS * 512), ==, 0);
    g_assert_cmpint(pwrite(fd, g_bytes_get_data(bytes, NULL),
                           g_bytes_get_size(bytes), 0), ==,
                    g_bytes_get_size(bytes));
    close(fd);
    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL,
                               G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                               &output, NULL, NULL, NULL));
    g_unlink(path);
    lines = g_strsplit(output, "\n", -1);
    /*
     * "004:  001:000   0000000002 ...": table, entry, start; of a GPT, where
     * partitions may come in any order, "004:  000       0000000034 ..."
     */
    for (unsigned table = 0; table < 16; table++) {
        for (char **line = lines; *line; line++) {
            unsigned of_table;
            uint64_t start;

            if (sscanf(*line, format, &of_table, &start) == 2 &&
                of_table == table) {
                g_array_append_val(starts, start);
            }
        }
    }
    return starts;
}

/* The numbers of partitions are those of another reader's order. */
static void test_mmls_agrees(void)
{
    g_autofree char *mmls = g_find_program_in_path("mmls");
    g_autofree char *directory = shared_data("partitions");

    if (!mmls) {
        g_test_skip("mmls is not installed");
    }
    for (unsigned i = 0; mmls && directory && i < G_N_ELEMENTS(samples);
         i++) {
        g_autoptr(GBytes) bytes = read_sample(directory, samples[i].name);
        g_autoptr(GArray) starts = NULL;
        g_autoptr(Disk) disk = NULL;

        if (samples[i].error) {
            continue;
        }
        disk = read_bytes(g_bytes_get_data(bytes, NULL),
                          g_bytes_get_size(bytes), NULL);
        starts = mmls_starts(mmls, is_gpt(&samples[i]), bytes);
        g_test_message("%s", samples[i].name);
        g_assert_cmpuint(disk->partitions->len, ==, starts->len);
        for (unsigned j = 0; j < starts->len; j++) {
            g_assert_cmpuint(disk_partition(disk, j + 1)->start / 512, ==,
                             g_array_index(starts, uint64_t, j));
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
    g_test_add_func("/disk/no-gpt", test_no_gpt);
    g_test_add_func("/disk/places", test_places);
    g_test_add_func("/disk/no-table", test_no_table);
    g_test_add_func("/disk/4kn", test_4kn);
    g_test_add_func("/disk/real-disks", test_real_disks);
    g_test_add_func("/disk/mmls-agrees", test_mmls_agrees);
    return g_test_run();
}
