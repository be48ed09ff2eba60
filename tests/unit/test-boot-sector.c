/*
 * Unit test of NTFS boot sectors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "boot-sector.h"
#include "error.h"
#include "le.h"
#include "util.h"

#define SECTOR 512
#define TRACK 63
#define START (2048 * SECTOR)
#define VOLUME_SECTORS 10000
#define SERIAL 0x0123456789abcdefULL
#define HEADS 0x1a

/* A disk that is zeros but for a boot sector and its copy. */
typedef struct Image {
    ByteSource source;
    uint8_t boot[SECTOR];
    uint8_t copy[SECTOR];
    uint64_t copy_offset;
    bool fails;
} Image;

typedef struct Fixture {
    /* What the BIOS reports. */
    unsigned track;
    Image image;
    Partition partition;
    Overlay *overlay;
    GPtrArray *warnings;
} Fixture;

/* The part of @sector, which is at @at on the disk, that was asked for. */
static void overlap(const uint8_t *sector, uint64_t at, uint64_t offset,
                    uint8_t *buf, size_t length)
{
    uint64_t from = MAX(at, offset);
    uint64_t to = MIN(at + SECTOR, offset + length);

    if (from < to) {
        memcpy(buf + (from - offset), sector + (from - at), to - from);
    }
}

static bool image_pread(ByteSource *source, uint64_t offset, void *buf,
                        size_t length, GError **errp)
{
    Image *image = (Image *)source;

    if (image->fails) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_IO, "no such luck");
        return false;
    }
    memset(buf, 0, length);
    overlap(image->boot, START, offset, buf, length);
    overlap(image->copy, image->copy_offset, offset, buf, length);
    return true;
}

static void make_boot_sector(uint8_t *p, unsigned bytes_per_sector,
                             uint64_t sectors)
{
    memset(p, 0xa5, SECTOR);
    memcpy(p + 0x03, "NTFS    ", 8);
    put_le16(p + 0x0b, bytes_per_sector);
    put_le16(p + 0x18, 63);
    put_le16(p + HEADS, 16);
    put_le32(p + 0x1c, START / SECTOR);
    put_le64(p + 0x28, sectors);
    put_le64(p + 0x48, SERIAL);
}

/* A volume of @sectors that fills its partition, at the end of the disk. */
static void make_volume(Fixture *f, unsigned bytes_per_sector,
                        uint64_t sectors)
{
    make_boot_sector(f->image.boot, bytes_per_sector, sectors);
    make_boot_sector(f->image.copy, bytes_per_sector, sectors);
    f->image.copy_offset = START + sectors * bytes_per_sector;
    f->image.source.size = f->image.copy_offset + bytes_per_sector;
    f->partition = (Partition) {
        .number = 2,
        .type = PARTITION_TYPE_IFS,
        .start = START,
        .size = (sectors + 1) * bytes_per_sector,
    };
}

/* Once more from the image, of which @max_size bytes may be changed. */
static void start_again(Fixture *f, size_t max_size)
{
    overlay_free(f->overlay);
    f->overlay = overlay_new(&f->image.source, max_size);
    g_ptr_array_set_size(f->warnings, 0);
}

static void setup(Fixture *f, gconstpointer data)
{
    f->image.source.pread = image_pread;
    f->track = TRACK;
    make_volume(f, SECTOR, VOLUME_SECTORS);
    f->warnings = g_ptr_array_new_with_free_func(g_free);
    start_again(f, 1024 * 1024);
}

static void teardown(Fixture *f, gconstpointer data)
{
    overlay_free(f->overlay);
    g_ptr_array_unref(f->warnings);
}

/* What of a boot sector was changed: bits of expect_changed(). */
enum { NOTHING = 0, BOOT = 1, COPY = 2 };

typedef struct Changed {
    const Image *image;
    unsigned heads;
    unsigned which;
} Changed;

/* A patch is one sector, and differs in the heads alone. */
static bool check_patch(uint64_t offset, const void *data, size_t length,
                        void *opaque, GError **errp)
{
    Changed *changed = opaque;
    bool is_boot = offset == START;
    uint8_t expected[SECTOR];

    g_assert_true(is_boot || offset == changed->image->copy_offset);
    memcpy(expected, is_boot ? changed->image->boot : changed->image->copy,
           SECTOR);
    put_le16(expected + HEADS, changed->heads);
    g_assert_cmpmem(data, length, expected, SECTOR);
    changed->which |= is_boot ? BOOT : COPY;
    return true;
}

/* Exactly these sectors have got the heads, and nothing else was changed. */
static void expect_changed(Fixture *f, unsigned heads, unsigned which)
{
    Changed changed = { .image = &f->image, .heads = heads };

    g_assert_true(overlay_foreach_patch(f->overlay, check_patch, &changed,
                                        &(GError *){ NULL }));
    g_assert_cmpuint(changed.which, ==, which);
}

static bool try_heads(Fixture *f, unsigned heads, GError **errp)
{
    BiosGeometry bios = { .heads = heads, .sectors_per_track = f->track };

    return boot_sector_set_geometry(f->overlay, &f->partition, &bios,
                                    f->warnings, errp);
}

static void set_heads(Fixture *f, unsigned heads)
{
    g_autoptr(GError) err = NULL;

    try_heads(f, heads, &err);
    g_assert_no_error(err);
}

static void expect_refused(Fixture *f, GuestError code, const char *message)
{
    g_autoptr(GError) err = NULL;
    BootSector boot;

    g_assert_false(boot_sector_read(f->overlay, &f->partition, &boot, &err));
    g_assert_error(err, GUEST_ERROR, (int)code);
    g_assert_nonnull(strstr(err->message, message));
    g_clear_error(&err);
    g_assert_false(try_heads(f, 255, &err));
    g_assert_error(err, GUEST_ERROR, (int)code);
    expect_changed(f, 255, NOTHING);
}

static void test_read(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) err = NULL;
    BootSector boot;

    boot_sector_read(f->overlay, &f->partition, &boot, &err);
    g_assert_no_error(err);
    g_assert_cmpuint(boot.bytes_per_sector, ==, SECTOR);
    g_assert_cmpuint(boot.sectors_per_track, ==, 63);
    g_assert_cmpuint(boot.heads, ==, 16);
    g_assert_cmpuint(boot.hidden_sectors, ==, 2048);
    g_assert_cmpuint(boot.total_sectors, ==, VOLUME_SECTORS);
    g_assert_cmphex(boot.serial, ==, SERIAL);
}

static void test_other_volumes(Fixture *f, gconstpointer data)
{
    static const char *const ids[] = { "MSDOS5.0", "-FVE-FS-", "NTFS   ", "" };

    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
        memset(f->image.boot + 3, 0, 8);
        memcpy(f->image.boot + 3, ids[i], strlen(ids[i]));
        expect_refused(f, GUEST_ERROR_INVALID, "partition 2: its first");
    }
}

/* Beyond the end of a disk disk_read() leaves a partition no size. */
static void test_no_room(Fixture *f, gconstpointer data)
{
    f->partition.size = 0;
    expect_refused(f, GUEST_ERROR_INVALID, "partition 2: its first");
    f->partition.size = SECTOR - 1;
    expect_refused(f, GUEST_ERROR_INVALID, "partition 2: its first");
}

static void test_beyond_the_disk(Fixture *f, gconstpointer data)
{
    f->partition.start = f->image.source.size - SECTOR + 1;
    expect_refused(f, GUEST_ERROR_INVALID, "beyond the end of the disk");
    f->partition.start = UINT64_MAX - 100;
    expect_refused(f, GUEST_ERROR_INVALID, "beyond the end of the disk");
}

static void test_sector_sizes(Fixture *f, gconstpointer data)
{
    static const uint16_t bad[] = { 0, 1, 256, 511, 513, 768, 8192, 65535 };
    static const uint16_t good[] = { 512, 1024, 2048, 4096 };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        put_le16(f->image.boot + 0x0b, bad[i]);
        expect_refused(f, GUEST_ERROR_INVALID, "damaged");
    }
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        make_volume(f, good[i], VOLUME_SECTORS);
        start_again(f, 1024 * 1024);
        set_heads(f, 255);
        expect_changed(f, 255, BOOT | COPY);
        g_assert_cmpuint(f->warnings->len, ==, 0);
    }
}

static void test_unreadable(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) err = NULL;
    BootSector boot;

    f->image.fails = true;
    g_assert_false(boot_sector_read(f->overlay, &f->partition, &boot, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_IO);
}

static void test_set(Fixture *f, gconstpointer data)
{
    static const unsigned heads[] = { 255, 128, 64, 32, 7, 255 };

    for (gsize i = 0; i < G_N_ELEMENTS(heads); i++) {
        set_heads(f, heads[i]);
        expect_changed(f, heads[i], BOOT | COPY);
    }
    set_heads(f, 16);
    expect_changed(f, 16, NOTHING);
    g_assert_cmpuint(f->warnings->len, ==, 0);
}

static void test_set_again(Fixture *f, gconstpointer data)
{
    /* Nothing may be written: there is no room for it. */
    start_again(f, 0);
    set_heads(f, 16);
    expect_changed(f, 16, NOTHING);
    g_assert_cmpuint(f->warnings->len, ==, 0);
}

static void test_one_of_two(Fixture *f, gconstpointer data)
{
    put_le16(f->image.boot + HEADS, 255);
    set_heads(f, 255);
    expect_changed(f, 255, COPY);
    put_le16(f->image.boot + HEADS, 0xffff);
    put_le16(f->image.copy + HEADS, 255);
    start_again(f, 1024 * 1024);
    set_heads(f, 255);
    expect_changed(f, 255, BOOT);
    g_assert_cmpuint(f->warnings->len, ==, 0);
}

/* The volume's own boot sector is all that there is. */
static void expect_no_copy(Fixture *f)
{
    start_again(f, 1024 * 1024);
    set_heads(f, 255);
    expect_changed(f, 255, BOOT);
    g_assert_cmpuint(f->warnings->len, ==, 1);
    g_assert_true(g_str_has_prefix(g_ptr_array_index(f->warnings, 0),
                                   "partition 2: there is no copy"));
}

/* The fields that tell whose copy it is. */
static void test_foreign_copy(Fixture *f, gconstpointer data)
{
    static const unsigned fields[] = { 0x03, 0x0a, 0x0c, 0x28, 0x2f, 0x48,
                                       0x4f };

    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        f->image.copy[fields[i]] ^= 0x02;
        expect_no_copy(f);
        f->image.copy[fields[i]] ^= 0x02;
    }
    memset(f->image.copy, 0, SECTOR);
    expect_no_copy(f);
}

/* Sizes that lead nowhere, some of them by an overflow to the copy. */
static void test_hostile_sizes(Fixture *f, gconstpointer data)
{
    static const uint64_t sizes[] = {
        0, VOLUME_SECTORS + 1, UINT32_MAX, 1ULL << 55,
        (1ULL << 55) + VOLUME_SECTORS, INT64_MAX, 1ULL << 63, UINT64_MAX,
        UINT64_MAX - START / SECTOR,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        put_le64(f->image.boot + 0x28, sizes[i]);
        put_le64(f->image.copy + 0x28, sizes[i]);
        expect_no_copy(f);
    }
}

/* Within the partition it may end anywhere; the copy is behind it. */
static void test_small_volume(Fixture *f, gconstpointer data)
{
    f->partition.size *= 3;
    f->image.source.size += f->partition.size;
    set_heads(f, 255);
    expect_changed(f, 255, BOOT | COPY);
}

/* The partition says that there is more than there is. */
static void test_cut_off(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) err = NULL;

    f->image.source.size -= 1;
    g_assert_false(try_heads(f, 255, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
    g_assert_nonnull(strstr(err->message, "beyond the end of the disk"));
}

static void test_hidden(void)
{
    BootSector boot = { .hidden_sectors = 63 };
    Partition partition = { .number = 3, .start = 63 * SECTOR };
    g_autofree char *warning = NULL;

    g_assert_null(boot_sector_check_hidden(&boot, &partition));
    /* as many, modulo 2^32 */
    partition.start += (1ULL << 32) * SECTOR;
    warning = boot_sector_check_hidden(&boot, &partition);
    g_assert_cmpstr(warning, ==,
                    "partition 3 begins at sector 4294967359, but its boot "
                    "sector has 63 hidden sectors: its boot code will not "
                    "find the volume; run fixboot of the Recovery Console");
}

/* A volume that was formatted behind a BIOS of 64 heads and 32 sectors. */
static void test_track(Fixture *f, gconstpointer data)
{
    BootSector boot;

    put_le16(f->image.boot + 0x18, 32);
    put_le16(f->image.copy + 0x18, 32);
    set_heads(f, 16);
    g_assert_true(boot_sector_read(f->overlay, &f->partition, &boot, NULL));
    g_assert_cmpuint(boot.sectors_per_track, ==, TRACK);
    g_assert_cmpuint(boot.heads, ==, 16);
    f->partition.start = f->image.copy_offset;
    g_assert_true(boot_sector_read(f->overlay, &f->partition, &boot, NULL));
    g_assert_cmpuint(boot.sectors_per_track, ==, TRACK);
}

/* What is read from @bytes, as a row of the table says it. */
static char *describe(Fixture *f, GBytes *bytes)
{
    g_autoptr(GError) err = NULL;
    BootSector boot;

    g_assert_cmpuint(g_bytes_get_size(bytes), ==, SECTOR);
    memcpy(f->image.boot, g_bytes_get_data(bytes, NULL), SECTOR);
    start_again(f, 0);
    if (!boot_sector_read(f->overlay, &f->partition, &boot, &err)) {
        return g_strdup(strchr(err->message, ':') + 2);
    }
    return g_strdup_printf("%u %u %u %u %" G_GUINT64_FORMAT
                           "\t%016" G_GINT64_MODIFIER "x",
                           boot.bytes_per_sector, boot.heads,
                           boot.sectors_per_track, boot.hidden_sectors,
                           boot.total_sectors, boot.serial);
}

/* File -> what is read from it. */
static GHashTable *read_table(void)
{
    g_autoptr(GBytes) bytes = read_file(XENPREP_SOURCE
                                        "/tests/unit/ntfs-boot-samples.txt");
    g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL),
                                      g_bytes_get_size(bytes));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                              g_free);

    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, "\t", 2);

        if (**line != '#' && **line != '\0') {
            g_assert_cmpuint(g_strv_length(fields), ==, 2);
            g_hash_table_insert(table, g_strdup(fields[0]),
                                g_strdup(fields[1]));
        }
    }
    return table;
}

/* The boot sector of a volume made by Windows, and a copy behind it. */
static void check_sample_edit(Fixture *f, GBytes *bytes)
{
    const uint8_t *boot = g_bytes_get_data(bytes, NULL);

    make_volume(f, get_le16(boot + 0x0b), get_le64(boot + 0x28));
    memcpy(f->image.boot, boot, SECTOR);
    memcpy(f->image.copy, boot, SECTOR);
    f->track = get_le16(boot + 0x18);
    start_again(f, 1024 * 1024);
    set_heads(f, 240);
    expect_changed(f, 240, BOOT | COPY);
    g_assert_cmpuint(f->warnings->len, ==, 0);
}

static void test_samples(Fixture *f, gconstpointer data)
{
    g_autofree char *path = shared_data("ntfs");
    g_autoptr(GHashTable) table = read_table();
    g_autoptr(GDir) dir = path ? g_dir_open(path, 0, NULL) : NULL;
    const char *name;
    unsigned count = 0;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        g_autoptr(GBytes) bytes = NULL;
        g_autofree char *found = NULL;

        if (g_str_has_suffix(name, ".boot")) {
            bytes = read_file(file);
            found = describe(f, bytes);
            g_test_message("%s", name);
            g_assert_cmpstr(found, ==, g_hash_table_lookup(table, name));
            check_sample_edit(f, bytes);
            count++;
        }
    }
    g_assert_true(!path || count == g_hash_table_size(table));
}

#define ADD(path, func) \
    g_test_add("/boot-sector/" path, Fixture, NULL, setup, func, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("read", test_read);
    ADD("other-volumes", test_other_volumes);
    ADD("no-room", test_no_room);
    ADD("beyond-the-disk", test_beyond_the_disk);
    ADD("sector-sizes", test_sector_sizes);
    ADD("unreadable", test_unreadable);
    ADD("set", test_set);
    ADD("set-again", test_set_again);
    ADD("one-of-two", test_one_of_two);
    ADD("foreign-copy", test_foreign_copy);
    ADD("hostile-sizes", test_hostile_sizes);
    ADD("small-volume", test_small_volume);
    ADD("cut-off", test_cut_off);
    g_test_add_func("/boot-sector/hidden", test_hidden);
    ADD("track", test_track);
    ADD("samples", test_samples);
    return g_test_run();
}
