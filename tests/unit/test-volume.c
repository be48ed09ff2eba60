/*
 * Tests of the NTFS module: names, new files, files that are written over
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include <gio/gio.h>

#include "volume-internal.h"

#include <ntfs-3g/dir.h>

#include "disk.h"
#include "error.h"
#include "util.h"
#include "volume-taken.h"

#define DRIVERS "\\WINDOWS\\system32\\drivers\\"
#define SYSTEM "\\WINDOWS\\system32\\config\\system"
#define INDEX_BLOCK_SIZE 4096

/* Of an index block: INDEX_BLOCK and INDEX_HEADER of libntfs-3g's layout.h. */
#define INDEX_VCN 0x10              /* u64, its own number */
#define INDEX_ENTRIES 0x18          /* u32, where they begin, from here */
#define INDEX_LENGTH 0x1c           /* u32, where they end, from 0x18 */
#define INDEX_FLAGS 0x24            /* u8, 1: others are below it */
#define ENTRY_LENGTH 8              /* u16, of the entry */
#define ENTRY_FLAGS 12              /* u8, 1: has a block below it, 2: last */

/* The volume with Windows of a test guest, which may be written to. */
typedef struct Guest {
    ByteSource *source;
    Overlay *overlay;
    Disk *disk;
    Volume *volume;
} Guest;

static void guest_clear(Guest *guest)
{
    g_clear_pointer(&guest->volume, volume_free);
    g_clear_pointer(&guest->disk, disk_free);
    g_clear_pointer(&guest->overlay, overlay_free);
    g_clear_pointer(&guest->source, source_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Guest, guest_clear)

static void guest_mount(Guest *guest)
{
    GError *err = NULL;

    guest->volume = volume_open(guest->overlay,
                                disk_partition(guest->disk, 1),
                                VOLUME_READ_WRITE, &err);
    g_assert_no_error(err);
}

/* False if the guest cannot be built here; the test is skipped then. */
static bool guest_open(Guest *guest, const char *kind)
{
    GError *err = NULL;

    guest->source = guest_source(kind);
    if (!guest->source) {
        return false;
    }
    guest->overlay = overlay_new(guest->source, 64 * 1024 * 1024);
    guest->disk = disk_read(guest->overlay, &err);
    g_assert_no_error(err);
    guest_mount(guest);
    return true;
}

static GBytes *pattern(size_t size)
{
    uint8_t *data = g_malloc(size);

    for (size_t i = 0; i < size; i++) {
        data[i] = i * 7 + i / 4096;
    }
    return g_bytes_new_take(data, size);
}

/* Unmounts and mounts again: @path holds @bytes now. */
static void assert_holds(Guest *guest, const char *path, GBytes *bytes)
{
    g_autoptr(GBytes) found = NULL;
    GError *err = NULL;

    volume_close(g_steal_pointer(&guest->volume), &err);
    g_assert_no_error(err);
    guest_mount(guest);
    found = volume_read(guest->volume, path, 64 * 1024 * 1024, &err);
    g_assert_no_error(err);
    g_assert_true(g_bytes_equal(found, bytes));
}

/* ------------------------------------------------------------------ names */

/* Finds each name of the folder, whatever its case; how many there are. */
static unsigned find_all(Volume *volume, const char *folder)
{
    g_auto(GStrv) names = volume_list(volume, folder, NULL);
    unsigned count = 0;

    for (; names[count]; count++) {
        g_autofree char *name = g_ascii_strup(names[count], -1);
        g_autofree char *path = g_strdup_printf("%s\\%s", folder, name);
        VolumeFileInfo info;
        GError *err = NULL;

        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            volume_stat(volume, path, &info, &err);
            g_assert_no_error(err);
        }
    }
    return count;
}

static void test_all_names(void)
{
    g_auto(Guest) guest = { 0 };

    if (guest_open(&guest, "xp-sp3-built")) {
        g_assert_cmpuint(find_all(guest.volume, "\\WINDOWS\\inf"), >, 330);
        g_assert_cmpuint(find_all(guest.volume, "\\WINDOWS\\system32"), >,
                         20);
        g_assert_cmpuint(find_all(guest.volume, "\\"), >, 5);
        /* By its short name, too. */
        g_assert_cmpuint(find_all(guest.volume, "\\DOCUME~1"), >, 3);
    }
}

static GBytes *unpack(const char *path)
{
    g_autoptr(GBytes) packed = read_file(path);
    g_autoptr(GInputStream) input = g_memory_input_stream_new_from_bytes(
        packed);
    g_autoptr(GConverter) gzip = G_CONVERTER(g_zlib_decompressor_new(
        G_ZLIB_COMPRESSOR_FORMAT_GZIP));
    g_autoptr(GInputStream) plain = g_converter_input_stream_new(input, gzip);
    g_autoptr(GOutputStream) output = g_memory_output_stream_new_resizable();

    g_assert_cmpint(g_output_stream_splice(
        output, plain, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL, NULL), >,
        0);
    return g_memory_output_stream_steal_as_bytes(
        G_MEMORY_OUTPUT_STREAM(output));
}

/* Names in all folders below @folder, found one by one. */
static unsigned find_below(Volume *volume, const char *folder)
{
    g_auto(GStrv) names = volume_list(volume, folder, NULL);
    unsigned count = find_all(volume, folder);

    for (char **name = names; *name; name++) {
        g_autofree char *path = g_strdup_printf("%s\\%s", folder, *name);
        VolumeFileInfo info;

        if (**name != '.' && **name != '$' &&
            volume_stat(volume, path, &info, NULL) && info.directory) {
            count += find_below(volume, path);
        }
    }
    return count;
}

/* A folder of a thousand files, whose index Windows has made. */
static void test_made_by_windows(void)
{
    g_autofree char *path = shared_data("ntfs/windows-ntfs31-bigdir.bin.gz");
    g_auto(Guest) guest = { 0 };
    g_autoptr(GBytes) bytes = NULL;
    Partition partition = { .number = 1 };
    GError *err = NULL;

    if (!path) {
        return;
    }
    bytes = unpack(path);
    partition.size = g_bytes_get_size(bytes);
    guest.source = source_new_bytes(bytes);
    guest.overlay = overlay_new(guest.source, 0);
    guest.volume = volume_open(guest.overlay, &partition, VOLUME_READ_ONLY,
                               &err);
    g_assert_no_error(err);
    g_assert_cmpuint(find_below(guest.volume, ""), >, 1000);
}

static void test_names_that_are_not_there(void)
{
    static const char *const paths[] = {
        "\\ ", "\\zzz", "\\boot.in", "\\boot.ini2", "\\boot.ini\\x",
        "\\WINDOWS\\inf\\!", "\\WINDOWS\\inf\\oem10.in",
        "\\WINDOWS\\inf\\\xc3\xbf", DRIVERS "disk.sys\\x\\y",
    };
    g_auto(Guest) guest = { 0 };

    if (!guest_open(&guest, "xp-sp3-built")) {
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        bool exists = true;
        GError *err = NULL;
        VolumeFileInfo info;

        g_assert_true(volume_exists(guest.volume, paths[i], &exists, NULL));
        g_assert_false(exists);
        g_assert_false(volume_stat(guest.volume, paths[i], &info, &err));
        g_assert_error(err, GUEST_ERROR, GUEST_ERROR_NOT_FOUND);
        g_clear_error(&err);
    }
}

static void test_two_names(void)
{
    g_auto(Guest) guest = { 0 };
    VolumeFileInfo info;
    GError *err = NULL;
    bool exists;

    if (!guest_open(&guest, "two-systems")) {
        return;
    }
    g_assert_false(volume_exists(guest.volume, SYSTEM, &exists, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_REFUSED);
    g_assert_nonnull(strstr(err->message, "differ in case only"));
    g_assert_null(strchr(err->message, '\n'));
    g_clear_error(&err);
    /* What is beside them is none the worse. */
    g_assert_true(volume_stat(guest.volume,
                              "\\WINDOWS\\system32\\config\\software", &info,
                              NULL));
}

/* ---------------------------------------------------------- damaged index */

static uint32_t get_le32(const uint8_t *p)
{
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

/*
 * Calls @damage for each index block of the volume, and writes the block back
 * if it says so; how many there were.
 */
static unsigned foreach_block(Guest *guest,
                              bool (*damage)(uint8_t *block, unsigned number))
{
    const Partition *partition = disk_partition(guest->disk, 1);
    uint8_t block[INDEX_BLOCK_SIZE];
    unsigned count = 0;

    for (uint64_t at = 0; at + sizeof(block) <= partition->size;
         at += sizeof(block)) {
        g_assert_true(overlay_read(guest->overlay, partition->start + at,
                                   block, sizeof(block), NULL));
        if (memcmp(block, "INDX", 4) == 0) {
            count++;
            if (damage(block, count)) {
                g_assert_true(overlay_write(
                    guest->overlay, partition->start + at, block,
                    sizeof(block), NULL));
            }
        }
    }
    return count;
}

/* Lets each entry that has a block below it have its own block there. */
static bool make_circle(uint8_t *block, unsigned number)
{
    size_t at = 0x18 + get_le32(block + INDEX_ENTRIES);
    size_t end = MIN(0x18 + get_le32(block + INDEX_LENGTH),
                     INDEX_BLOCK_SIZE);

    if (!(block[INDEX_FLAGS] & 1)) {
        return false;
    }
    while (at + 16 <= end) {
        size_t length = block[at + ENTRY_LENGTH] |
                        block[at + ENTRY_LENGTH + 1] << 8;

        if (length < 24 || at + length > end) {
            break;
        }
        memcpy(block + at + length - 8, block + INDEX_VCN, 8);
        at += length;
    }
    return true;
}

/* Another byte of each block is another one. */
static bool spoil(uint8_t *block, unsigned number)
{
    unsigned at = 0x18 + number * 37 % 0x100;

    block[at] ^= 1 << number % 8;
    return true;
}

/* Whatever comes of it, it comes to an end, and an error says what it is. */
static void look_up_in_damage(Guest *guest)
{
    static const char *const names[] = {
        "!", "net000.pnf", "net150.pnf", "oem100.inf", "oem301.inf", "zzz",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_strdup_printf("\\WINDOWS\\inf\\%s",
                                                names[i]);
        g_autoptr(GError) err = NULL;
        bool exists;

        if (!volume_exists(guest->volume, path, &exists, &err)) {
            g_assert_nonnull(err);
            g_assert_null(strchr(err->message, '\n'));
        }
    }
}

static void test_circle(void)
{
    g_auto(Guest) guest = { 0 };
    GError *err = NULL;
    bool exists;

    if (!guest_open(&guest, "xp-sp3-built")) {
        return;
    }
    g_assert_cmpuint(foreach_block(&guest, make_circle), >, 10);
    look_up_in_damage(&guest);
    g_assert_false(volume_exists(guest.volume, "\\WINDOWS\\inf\\zzz",
                                 &exists, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
    g_clear_error(&err);
}

static void test_damaged_index(void)
{
    g_auto(Guest) guest = { 0 };

    if (!guest_open(&guest, "xp-sp3-built")) {
        return;
    }
    for (unsigned round = 0; round < 6; round++) {
        /* Damage adds up. */
        foreach_block(&guest, spoil);
        look_up_in_damage(&guest);
    }
}

/* Changes a bit of the bitmap of a directory's index. */
static void flip_bit(Guest *guest, const char *path, unsigned number)
{
    ntfs_inode *dir = volume_open_inode(guest->volume, path, NULL);
    ntfs_attr *bitmap = ntfs_attr_open(dir, AT_BITMAP, NTFS_INDEX_I30, 4);
    uint8_t byte;

    g_assert_cmpint(ntfs_attr_pread(bitmap, number / 8, 1, &byte), ==, 1);
    byte ^= 1 << number % 8;
    g_assert_cmpint(ntfs_attr_pwrite(bitmap, number / 8, 1, &byte), ==, 1);
    ntfs_attr_close(bitmap);
    g_assert_cmpint(ntfs_inode_close(dir), ==, 0);
}

/*
 * A bitmap that says of each block in turn that it is free: a new name would
 * get that, and the names in it would be gone.
 */
static void test_index_bitmap(void)
{
    g_autoptr(GBytes) text = pattern(100);
    g_auto(Guest) guest = { 0 };
    unsigned refused = 0;

    if (!guest_open(&guest, "xp-sp3-built")) {
        return;
    }
    for (unsigned i = 0; i < 10; i++) {
        g_autoptr(GError) err = NULL;

        flip_bit(&guest, "\\WINDOWS\\inf", i);
        refused +=
            !volume_create(guest.volume, "\\WINDOWS\\inf\\new.inf", text, &err);
        g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
        g_assert_nonnull(strstr(err->message,
                                "partition 1: \\WINDOWS\\inf: "
                                "its index does not agree with the index's "
                                "bitmap about block "));
        g_assert_true(g_str_has_suffix(err->message, ": chkdsk the volume in "
                                                     "the source VM"));
        flip_bit(&guest, "\\WINDOWS\\inf", i);
    }
    g_assert_cmpuint(refused, ==, 10);
    g_assert_true(
        volume_create(guest.volume, "\\WINDOWS\\inf\\new.inf", text, NULL));
    assert_holds(&guest, "\\WINDOWS\\inf\\new.inf", text);
}

/*
 * $MFT's bitmap says of all records that they are free.  libntfs-3g looks at a
 * record before it takes it: that is what this relies on.
 */
static void test_mft_bitmap(void)
{
    g_autoptr(GBytes) text = pattern(100);
    g_auto(Guest) guest = { 0 };
    g_auto(GStrv) names = NULL;
    g_autofree uint8_t *none = NULL;
    ntfs_attr *bitmap;

    if (!guest_open(&guest, "xp-sp3-built")) {
        return;
    }
    names = volume_list(guest.volume, "\\WINDOWS\\inf", NULL);
    bitmap = guest.volume->ntfs->mftbmp_na;
    none = g_malloc0(bitmap->data_size);
    g_assert_cmpint(ntfs_attr_pwrite(bitmap, 0, bitmap->data_size, none), ==,
                    bitmap->data_size);
    g_assert_true(
        volume_create(guest.volume, "\\WINDOWS\\inf\\new.inf", text, NULL));
    for (char **name = names; *name; name++) {
        g_autofree char *path = g_strdup_printf("\\WINDOWS\\inf\\%s", *name);
        VolumeFileInfo info;

        g_assert_true(**name == '.' ||
                      volume_stat(guest.volume, path, &info, NULL));
    }
}

/* ----------------------------------------------------------------- writing */

static void test_replace(void)
{
    static const char *const kinds[] = {
        "xp-sp3-built", "xp-sp3-compressed", "xp-sp3-aged",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        /* Longer, shorter, and within what is resident. */
        for (size_t size = 3000000; size > 0; size /= 60) {
            g_auto(Guest) guest = { 0 };
            g_autoptr(GBytes) bytes = pattern(size);
            GError *err = NULL;

            if (guest_open(&guest, kinds[i])) {
                volume_replace(guest.volume, SYSTEM, bytes, &err);
                g_assert_no_error(err);
                assert_holds(&guest, SYSTEM, bytes);
            }
        }
    }
}

static void test_hard_link(void)
{
    g_auto(Guest) guest = { 0 };
    g_autoptr(GBytes) bytes = pattern(1000);
    GError *err = NULL;

    if (!guest_open(&guest, "linked-system")) {
        return;
    }
    g_assert_false(volume_replace(guest.volume, SYSTEM, bytes, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_REFUSED);
    g_assert_nonnull(strstr(err->message, "hard link"));
    g_clear_error(&err);
    /* A short name beside the long one is no second name. */
    g_assert_true(volume_replace(guest.volume,
                                 "\\Documents and Settings\\J\xc3\xb6rg\\"
                                 "My Documents\\Letter 1 of J\xc3\xb6rg.txt",
                                 bytes, &err));
    g_assert_no_error(err);
}

/* Some 120 clusters are free, and no two of them are neighbours. */
static void test_scattered_space(void)
{
    g_auto(Guest) guest = { 0 };
    g_autoptr(GBytes) fits = pattern(100 * 4096);
    g_autoptr(GBytes) too_much = pattern(100 * 4096);
    GError *err = NULL;

    if (!guest_open(&guest, "w2k3-nearly-full")) {
        return;
    }
    volume_create(guest.volume, DRIVERS "first.sys", fits, &err);
    g_assert_no_error(err);
    assert_holds(&guest, DRIVERS "first.sys", fits);
    g_assert_false(volume_create(guest.volume, DRIVERS "second.sys",
                                 too_much, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_NO_SPACE);
    g_clear_error(&err);
}

/* What is free again was written to: it was a file's, $Bitmap is wrong. */
static void test_taken_for_a_while(void)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GBytes) large = pattern(64 * 1024);
    g_autoptr(GBytes) empty = pattern(0);
    g_autoptr(GError) err = NULL;
    g_auto(Guest) guest = { 0 };

    if (!guest_open(&guest, "wrong-bitmap")) {
        return;
    }
    g_assert_true(volume_create(guest.volume, "\\new.bin", large, NULL));
    g_assert_true(volume_replace(guest.volume, "\\new.bin", empty, NULL));
    assert_holds(&guest, "\\new.bin", empty);
    g_assert_false(volume_check_taken(guest.overlay,
                                      disk_partition(guest.disk, 1),
                                      warnings, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
    g_assert_nonnull(strstr(err->message, "(filler.bin) lies"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/volume/all-names", test_all_names);
    g_test_add_func("/volume/made-by-windows", test_made_by_windows);
    g_test_add_func("/volume/names-that-are-not-there",
                    test_names_that_are_not_there);
    g_test_add_func("/volume/two-names", test_two_names);
    g_test_add_func("/volume/circle", test_circle);
    g_test_add_func("/volume/damaged-index", test_damaged_index);
    g_test_add_func("/volume/index-bitmap", test_index_bitmap);
    g_test_add_func("/volume/mft-bitmap", test_mft_bitmap);
    g_test_add_func("/volume/replace", test_replace);
    g_test_add_func("/volume/hard-link", test_hard_link);
    g_test_add_func("/volume/scattered-space", test_scattered_space);
    g_test_add_func("/volume/taken-for-a-while", test_taken_for_a_while);
    return g_test_run();
}
