/*
 * Unit test of FAT volumes made by hand: sound, damaged and hostile ones
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include "error.h"
#include "fat.h"
#include "le.h"

#define SECTOR 512
#define START (64 * SECTOR)     /* of the partition, on the disk */

/* Clusters of one sector, in the order of the tree. */
#define ROOT 2                  /* on FAT32 */
#define EFI 3
#define FILE_1 4                /* and 6, 5 */
#define FILE_SIZE 1200
#define NEXT_FREE 7

#define NAME "BCD        "

/* A volume of 12, 16 or 32 bits with \EFI\BCD on it. */
typedef struct Volume {
    uint8_t *bytes;
    size_t size;
    unsigned bits;
    /* In bytes, in @bytes. */
    size_t table;
    size_t root;
    size_t data;
} Volume;

static uint8_t *cluster_of(Volume *v, uint32_t cluster)
{
    return v->bytes + v->data + (size_t)(cluster - 2) * SECTOR;
}

static uint8_t *root_of(Volume *v)
{
    return v->bytes + v->root;
}

static uint8_t *boot_of(Volume *v)
{
    return v->bytes + START;
}

static void put_link(Volume *v, uint32_t cluster, uint32_t next)
{
    uint8_t *p = v->bytes + v->table;

    if (v->bits == 32) {
        put_le32(p + 4 * cluster, next);
    } else if (v->bits == 16) {
        put_le16(p + 2 * cluster, next);
    } else {
        uint16_t old = get_le16(p + cluster * 3 / 2);

        put_le16(p + cluster * 3 / 2,
                 cluster & 1 ? (old & 0xf) | (next & 0xfff) << 4
                             : (old & 0xf000) | (next & 0xfff));
    }
}

static void put_name(uint8_t *entry, const char *name, uint8_t attributes,
                     uint32_t cluster, uint32_t size)
{
    memset(entry, 0, 32);
    memcpy(entry, name, 11);
    entry[11] = attributes;
    put_le16(entry + 20, cluster >> 16);
    put_le16(entry + 26, cluster);
    put_le32(entry + 28, size);
}

static uint8_t checksum(const uint8_t *name)
{
    uint8_t sum = 0;

    for (unsigned i = 0; i < 11; i++) {
        sum = ((sum & 1) << 7) + (sum >> 1) + name[i];
    }
    return sum;
}

/* One piece of a long name, of ASCII. */
static void put_piece(uint8_t *entry, uint8_t order, const char *text,
                      uint8_t sum)
{
    static const uint8_t places[] = {
        1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30,
    };
    size_t length = strlen(text);

    memset(entry, 0, 32);
    entry[0] = order;
    entry[11] = 0x0f;
    entry[13] = sum;
    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
        put_le16(entry + places[i], i < length ? text[i]
                                    : i == length ? 0 : 0xffff);
    }
}

/* The boot sector; @sectors are all of the volume. */
static void put_boot_sector(Volume *v, uint32_t sectors, uint32_t table)
{
    uint8_t *p = boot_of(v);

    put_le16(p + 11, SECTOR);
    p[13] = 1;
    put_le16(p + 14, 1);
    p[16] = 1;
    put_le32(p + 32, sectors);
    if (v->bits == 32) {
        put_le32(p + 36, table);
        put_le32(p + 44, ROOT);
    } else {
        put_le16(p + 17, 16);
        put_le16(p + 22, table);
    }
    put_le16(p + 510, 0xaa55);
}

static void volume_init(Volume *v, unsigned bits)
{
    uint32_t clusters = bits == 16 ? 5000 : 100;
    uint32_t table = ((clusters + 2) * bits / 8 + SECTOR) / SECTOR;
    uint32_t root = bits == 32 ? 0 : 1;
    uint32_t sectors = 1 + table + root + clusters;

    v->bits = bits;
    v->size = START + (size_t)sectors * SECTOR;
    v->bytes = g_malloc0(v->size);
    v->table = START + SECTOR;
    v->data = v->table + (size_t)(table + root) * SECTOR;
    v->root = bits == 32 ? v->data : v->table + (size_t)table * SECTOR;
    put_boot_sector(v, sectors, table);

    put_link(v, ROOT, 0xfffffff);
    put_link(v, EFI, 0xfffffff);
    put_link(v, FILE_1, 6);
    put_link(v, 6, 5);
    put_link(v, 5, 0xfffffff);
    put_name(root_of(v), "WIN-XENPREP", 0x08, 0, 0);
    put_name(root_of(v) + 32, "EFI        ", 0x10, EFI, 0);
    put_name(cluster_of(v, EFI), ".          ", 0x10, EFI, 0);
    put_name(cluster_of(v, EFI) + 32, "..         ", 0x10, 0, 0);
    put_name(cluster_of(v, EFI) + 64, NAME, 0x20, FILE_1, FILE_SIZE);
    memset(cluster_of(v, FILE_1), 'a', SECTOR);
    memset(cluster_of(v, 6), 'b', SECTOR);
    memset(cluster_of(v, 5), 'c', SECTOR);
}

static void volume_clear(Volume *v)
{
    g_clear_pointer(&v->bytes, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Volume, volume_clear)

/* A partition of @size bytes, or as large as the disk allows. */
static GBytes *read_path(const Volume *v, uint64_t size, const char *path,
                         size_t max_size, bool *exists, GError **errp)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(v->bytes, v->size);
    g_autoptr(ByteSource) source = source_new_bytes(bytes);
    g_autoptr(Overlay) overlay = overlay_new(source, 0);
    Partition partition = {
        .number = 1,
        .start = START,
        .size = MIN(size, v->size - START),
    };
    g_autoptr(FatVolume) fat = fat_open(overlay, &partition, errp);

    if (exists) {
        g_assert_true(fat && fat_exists(fat, path, exists, errp));
        return NULL;
    }
    return fat ? fat_read(fat, path, max_size, errp) : NULL;
}

static void check_file(const Volume *v, const char *path)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) bytes = read_path(v, UINT64_MAX, path, FILE_SIZE, NULL,
                                        &err);
    const char *p;
    gsize size;

    g_assert_no_error(err);
    p = g_bytes_get_data(bytes, &size);
    g_assert_cmpuint(size, ==, FILE_SIZE);
    for (gsize i = 0; i < size; i++) {
        g_assert_cmpint(p[i], ==, 'a' + i / SECTOR);
    }
}

static void check_error(const Volume *v, const char *path, int code,
                        const char *part)
{
    g_autoptr(GError) err = NULL;
    g_autofree char *text = NULL;

    g_assert_null(read_path(v, UINT64_MAX, path, FILE_SIZE, NULL, &err));
    g_assert_error(err, GUEST_ERROR, code);
    text = g_utf8_make_valid(err->message, -1);
    g_test_message("%s", text);
    g_assert_nonnull(strstr(err->message, part));
    g_assert_null(strchr(err->message, '\n'));
}

static bool exists(const Volume *v, const char *path)
{
    g_autoptr(GError) err = NULL;
    bool found;

    read_path(v, UINT64_MAX, path, 0, &found, &err);
    g_assert_no_error(err);
    return found;
}

/* Calls @test with a volume of each kind. */
static void for_each_kind(void (*test)(Volume *v))
{
    static const unsigned kinds[] = { 12, 16, 32 };

    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_auto(Volume) v = { 0 };

        g_test_message("FAT%u", kinds[i]);
        volume_init(&v, kinds[i]);
        test(&v);
    }
}

static void look_for_paths(Volume *v)
{
    static const char *const paths[] = {
        "\\EFI\\BCD", "\\efi\\bcd", "EFI\\BCD", "\\\\Efi\\\\bCd\\",
        "\\EFI\\.\\BCD", "\\EFI\\..\\EFI\\BCD",
    };
    static const char *const none[] = {
        "\\BCD", "\\EFI\\BC", "\\EFI\\BCD.", "\\EFI\\BCDX", "\\EFI\\BCD\\BCD",
        "\\EFI\\BCD        ", "\\WIN-XENP.REP", "\\WIN-XENPREP", "\\xyz\\BCD",
        "\\EFI\\\xff\xfe",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(paths); i++) {
        check_file(v, paths[i]);
        g_assert_true(exists(v, paths[i]));
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(none); i++) {
        check_error(v, none[i], GUEST_ERROR_NOT_FOUND, "no such file");
        g_assert_false(exists(v, none[i]));
    }
    g_assert_true(exists(v, "\\EFI"));
    g_assert_true(exists(v, "\\"));
    g_assert_true(exists(v, ""));
    check_error(v, "\\EFI", GUEST_ERROR_INVALID, "is a directory");
    check_error(v, "\\", GUEST_ERROR_INVALID, "is a directory");
}

static void test_paths(void)
{
    for_each_kind(look_for_paths);
}

/* More names than a path of Windows' can have. */
static void test_path_depth(void)
{
    g_autoptr(GString) path = g_string_new("\\EFI");
    g_auto(Volume) v = { 0 };

    volume_init(&v, 12);
    for (unsigned i = 2; i < 130; i++) {
        g_string_append(path, "\\.");
    }
    g_string_append(path, "\\BCD");
    check_file(&v, path->str);
    g_string_insert(path, 4, "\\.");
    g_assert_false(exists(&v, path->str));
}

static void test_max_size(void)
{
    g_auto(Volume) v = { 0 };

    volume_init(&v, 32);
    put_le32(cluster_of(&v, EFI) + 64 + 28, FILE_SIZE + 1);
    check_error(&v, "\\EFI\\BCD", GUEST_ERROR_INVALID,
                "has 1201 bytes, more than such a file can have");
}

static void damage_chains(Volume *v)
{
    const uint32_t last = v->bits == 16 ? 5001 : 101;
    const uint32_t bad[] = {
        0, 1, last + 1, v->bits == 12 ? 0xff0 : 0xfff0,
        v->bits == 32 ? 0xffffff7 : v->bits == 16 ? 0xfff7 : 0xff7,
        0xfffffff,
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        put_link(v, 6, bad[i]);
        check_error(v, "\\EFI\\BCD", GUEST_ERROR_INVALID,
                    "its chain of clusters breaks off: chkdsk");
        put_link(v, 6, 5);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        put_name(cluster_of(v, EFI) + 64, NAME, 0x20, bad[i], FILE_SIZE);
        check_error(v, "\\EFI\\BCD", GUEST_ERROR_INVALID,
                    "its chain of clusters breaks off: chkdsk");
    }
    put_name(cluster_of(v, EFI) + 64, NAME, 0x20, FILE_1, FILE_SIZE);
    check_file(v, "\\EFI\\BCD");
    /* What follows the end of the file is nobody's business. */
    put_link(v, 5, 1);
    check_file(v, "\\EFI\\BCD");
    /* On the last cluster there is. */
    put_link(v, 6, last);
    put_link(v, last, 0xfffffff);
    memset(cluster_of(v, last), 'c', SECTOR);
    check_file(v, "\\EFI\\BCD");
}

static void test_chains(void)
{
    for_each_kind(damage_chains);
}

/* A file whose clusters are a loop is as long as it says. */
static void test_file_loop(void)
{
    g_auto(Volume) v = { 0 };

    volume_init(&v, 32);
    put_link(&v, 6, FILE_1);
    memset(cluster_of(&v, FILE_1), 'a', SECTOR);
    g_assert_false(memcmp(cluster_of(&v, FILE_1), "c", 1) == 0);
    {
        g_autoptr(GBytes) bytes = read_path(&v, UINT64_MAX, "\\EFI\\BCD",
                                            FILE_SIZE, NULL, NULL);

        g_assert_cmpuint(g_bytes_get_size(bytes), ==, FILE_SIZE);
    }
    put_le32(cluster_of(&v, EFI) + 64 + 28, UINT32_MAX);
    {
        g_autoptr(GError) err = NULL;

        g_assert_null(read_path(&v, UINT64_MAX, "\\EFI\\BCD", SIZE_MAX, NULL,
                                &err));
        g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
        g_assert_nonnull(strstr(err->message, "larger than the volume"));
    }
}

static void loop_directory(Volume *v)
{
    /* Fill it, so that it does not end. */
    for (unsigned i = 0; i < SECTOR / 32; i++) {
        put_name(cluster_of(v, EFI) + 32 * i, "OTHER      ", 0x20, 0, 0);
    }
    put_link(v, EFI, 7);
    put_link(v, 7, EFI);
    memcpy(cluster_of(v, 7), cluster_of(v, EFI), SECTOR);
    check_error(v, "\\EFI\\BCD", GUEST_ERROR_INVALID,
                "one of its directories has no end");
    /* Itself; nowhere. */
    put_link(v, EFI, EFI);
    check_error(v, "\\EFI\\BCD", GUEST_ERROR_INVALID,
                "one of its directories has no end");
    put_link(v, EFI, 0);
    check_error(v, "\\EFI\\BCD", GUEST_ERROR_INVALID, "breaks off");
    put_name(root_of(v) + 32, "EFI        ", 0x10, 1, 0);
    check_error(v, "\\EFI\\BCD", GUEST_ERROR_INVALID, "breaks off");
    /* A directory in cluster 0 is the root. */
    put_name(root_of(v) + 32, "EFI        ", 0x10, 0, 0);
    check_error(v, "\\EFI\\EFI\\EFI\\BCD", GUEST_ERROR_NOT_FOUND,
                "no such file");
}

static void test_directory_loop(void)
{
    for_each_kind(loop_directory);
}

/* Entries of the directory in several clusters; deleted ones among them. */
static void test_long_directory(void)
{
    g_auto(Volume) v = { 0 };

    volume_init(&v, 32);
    memset(cluster_of(&v, EFI), 0xe5, SECTOR);
    put_link(&v, EFI, 50);
    put_link(&v, 50, 0xfffffff);
    put_name(cluster_of(&v, 50) + SECTOR - 32, NAME, 0x20, FILE_1,
             FILE_SIZE);
    for (unsigned i = 0; i < SECTOR / 32 - 1; i++) {
        put_name(cluster_of(&v, 50) + 32 * i, NAME, 0x20, 60, 1);
        cluster_of(&v, 50)[32 * i] = 0xe5;
    }
    check_file(&v, "\\EFI\\BCD");
    /* Nothing counts behind the end. */
    cluster_of(&v, EFI)[0] = 0;
    g_assert_false(exists(&v, "\\EFI\\BCD"));
}

/* The pieces of a name of 17 characters, and what is wrong with them. */
static void test_long_names(void)
{
    static const char *const path = "\\EFI\\boot manager.efi";
    g_auto(Volume) v = { 0 };
    uint8_t *pieces, sum;

    volume_init(&v, 16);
    pieces = cluster_of(&v, EFI) + 64;
    put_name(pieces + 64, "BOOTMA~1EFI", 0x20, FILE_1, FILE_SIZE);
    sum = checksum(pieces + 64);

    put_piece(pieces, 0x42, ".efi", sum);
    put_piece(pieces + 32, 1, "boot manager", sum);
    g_assert_false(exists(&v, path));
    put_piece(pieces, 0x42, "efi", sum);
    put_piece(pieces + 32, 1, "boot manager.", sum);
    check_file(&v, path);
    check_file(&v, "\\EFI\\BOOT MANAGER.EFI");
    check_file(&v, "\\EFI\\bootma~1.efi");
    g_assert_false(exists(&v, "\\EFI\\boot manager.ef"));

    /* The checksum of another name. */
    put_piece(pieces + 32, 1, "boot manager.", sum + 1);
    g_assert_false(exists(&v, path));
    put_piece(pieces, 0x42, "efi", sum + 1);
    g_assert_false(exists(&v, path));
    check_file(&v, "\\EFI\\bootma~1.efi");

    /* A piece that is missing, comes twice, or is out of its order. */
    put_piece(pieces, 0x43, "efi", sum);
    put_piece(pieces + 32, 1, "boot manager.", sum);
    g_assert_false(exists(&v, path));
    put_piece(pieces, 0x42, "efi", sum);
    put_piece(pieces + 32, 2, "boot manager.", sum);
    g_assert_false(exists(&v, path));
    put_piece(pieces, 1, "boot manager.", sum);
    put_piece(pieces + 32, 0x42, "efi", sum);
    g_assert_false(exists(&v, path));
    put_piece(pieces, 0x42, "efi", sum);
    put_piece(pieces + 32, 1, "boot manager.", sum);
    pieces[32] = 0xe5;
    g_assert_false(exists(&v, path));
    check_file(&v, "\\EFI\\bootma~1.efi");

    /* No such orders. */
    put_piece(pieces, 0x40, "efi", sum);
    g_assert_false(exists(&v, path));
    put_piece(pieces, 0x7f, "efi", sum);
    g_assert_false(exists(&v, path));
    put_piece(pieces, 0x3f, "efi", sum);
    g_assert_false(exists(&v, path));
    check_file(&v, "\\EFI\\bootma~1.efi");
}

/* A long name of 255 characters, and of as many as the pieces can hold. */
static void test_longest_name(void)
{
    g_auto(Volume) v = { 0 };
    uint8_t sum, *pieces;

    volume_init(&v, 12);
    put_link(&v, EFI, NEXT_FREE);
    put_link(&v, NEXT_FREE, 0xfff);
    memcpy(cluster_of(&v, 60), NAME, 11);
    sum = checksum(cluster_of(&v, 60));
    for (unsigned last = 8; last <= 13; last += 5) {
        g_autofree char *name = g_strnfill(19 * 13 + last, 'x');
        g_autofree char *path = g_strconcat("\\EFI\\", name, NULL);
        g_autofree char *longer = g_strconcat(path, "x", NULL);

        for (unsigned i = 0; i < 20; i++) {
            pieces = i < 14 ? cluster_of(&v, EFI) + 64 + 32 * i
                            : cluster_of(&v, NEXT_FREE) + 32 * (i - 14);
            put_piece(pieces, i ? 20 - i : 20 | 0x40,
                      i ? "xxxxxxxxxxxxx" : name + 19 * 13, sum);
        }
        put_name(cluster_of(&v, NEXT_FREE) + 32 * 6, NAME, 0x20, FILE_1,
                 FILE_SIZE);
        check_file(&v, path);
        g_assert_false(exists(&v, longer));
        check_file(&v, "\\EFI\\BCD");
    }
}

/* Bytes beyond ASCII in a short name, and those that stand for others. */
static void test_short_names(void)
{
    g_auto(Volume) v = { 0 };
    uint8_t *entry;

    volume_init(&v, 12);
    entry = cluster_of(&v, EFI) + 64;
    memcpy(entry, "B\x80\x44     TXT", 11);
    g_assert_false(exists(&v, "\\EFI\\B\xc2\x80""D.TXT"));
    memcpy(entry, "\x05""CD     TXT", 11);
    g_assert_false(exists(&v, "\\EFI\\\x05""CD.TXT"));
    memcpy(entry, "B CD    A B", 11);
    check_file(&v, "\\EFI\\b cd.a b");
    memcpy(entry, "BCD     TXT", 11);
    check_file(&v, "\\EFI\\bcd.txt");
    g_assert_false(exists(&v, "\\EFI\\BCD"));
    memset(entry, ' ', 11);
    g_assert_true(exists(&v, "\\EFI\\"));
    g_assert_false(exists(&v, "\\EFI\\ "));
}

/* Boot sectors that are none of a FAT: what is put where. */
static const struct {
    unsigned bits, field, size;
    uint32_t value;
} bad_boot_sectors[] = {
    { 12, 510, 2, 0xaa54 },
    { 12, 11, 2, 0 }, { 12, 11, 2, 256 }, { 12, 11, 2, 513 },
    { 12, 11, 2, 8192 }, { 12, 11, 2, 0xffff },
    { 12, 13, 1, 0 }, { 12, 13, 1, 3 }, { 12, 13, 1, 128 },
    { 12, 14, 2, 0 }, { 12, 14, 2, 0xffff },
    { 12, 16, 1, 0 }, { 12, 16, 1, 3 }, { 12, 16, 1, 255 },
    { 12, 17, 2, 0 }, { 12, 17, 2, 0xffff },
    { 12, 22, 2, 0 }, { 12, 22, 2, 0xffff },
    { 12, 32, 4, 0 }, { 12, 32, 4, 3 }, { 12, 32, 4, UINT32_MAX },
    { 32, 17, 2, 16 }, { 32, 36, 4, 0 }, { 32, 36, 4, UINT32_MAX },
    { 32, 40, 2, 0x81 }, { 32, 42, 2, 1 },
};

static void test_boot_sectors(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(bad_boot_sectors); i++) {
        g_auto(Volume) v = { 0 };
        uint8_t *field;

        volume_init(&v, bad_boot_sectors[i].bits);
        check_file(&v, "\\EFI\\BCD");
        field = boot_of(&v) + bad_boot_sectors[i].field;
        for (unsigned j = 0; j < bad_boot_sectors[i].size; j++) {
            field[j] = bad_boot_sectors[i].value >> 8 * j;
        }
        g_test_message("offset %u is 0x%x", bad_boot_sectors[i].field,
                       bad_boot_sectors[i].value);
        check_error(&v, "\\EFI\\BCD", GUEST_ERROR_INVALID,
                    "does not begin as a FAT volume does");
    }
}

/* A table that is too short for the clusters that there are. */
static void test_short_table(void)
{
    g_auto(Volume) v = { 0 };

    volume_init(&v, 32);
    /* The table has 128 entries, the volume twice as many clusters. */
    v.bytes = g_realloc(v.bytes, 2 * v.size);
    memset(v.bytes + v.size, 0, v.size);
    v.size *= 2;
    put_le32(boot_of(&v) + 32, (v.size - START) / SECTOR);
    check_file(&v, "\\EFI\\BCD");
    put_link(&v, 6, 127);
    memset(cluster_of(&v, 127), 'c', SECTOR);
    check_file(&v, "\\EFI\\BCD");
    put_link(&v, 6, 128);
    check_error(&v, "\\EFI\\BCD", GUEST_ERROR_INVALID, "breaks off");
}

/* FAT32 may say that only its second table is kept. */
static void test_second_table(void)
{
    g_auto(Volume) v = { 0 };

    volume_init(&v, 32);
    boot_of(&v)[16] = 2;
    memmove(v.bytes + v.table + 2 * SECTOR, v.bytes + v.table + SECTOR,
            v.size - v.table - 2 * SECTOR);
    memcpy(v.bytes + v.table + SECTOR, v.bytes + v.table, SECTOR);
    v.root = v.data += SECTOR;
    check_file(&v, "\\EFI\\BCD");
    memset(v.bytes + v.table, 0, SECTOR);
    check_error(&v, "\\EFI\\BCD", GUEST_ERROR_INVALID, "breaks off");
    put_le16(boot_of(&v) + 40, 0x81);
    check_file(&v, "\\EFI\\BCD");
}

static void cut_off(Volume *v)
{
    const uint64_t sizes[] = { 0, 511, SECTOR, v->size - START - SECTOR };

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GError) err = NULL;

        g_assert_null(read_path(v, sizes[i], "\\EFI\\BCD", FILE_SIZE, NULL,
                                &err));
        g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
    }
}

static void test_cut_off(void)
{
    for_each_kind(cut_off);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fat-damage/paths", test_paths);
    g_test_add_func("/fat-damage/path-depth", test_path_depth);
    g_test_add_func("/fat-damage/max-size", test_max_size);
    g_test_add_func("/fat-damage/chains", test_chains);
    g_test_add_func("/fat-damage/file-loop", test_file_loop);
    g_test_add_func("/fat-damage/directory-loop", test_directory_loop);
    g_test_add_func("/fat-damage/long-directory", test_long_directory);
    g_test_add_func("/fat-damage/long-names", test_long_names);
    g_test_add_func("/fat-damage/longest-name", test_longest_name);
    g_test_add_func("/fat-damage/short-names", test_short_names);
    g_test_add_func("/fat-damage/boot-sectors", test_boot_sectors);
    g_test_add_func("/fat-damage/short-table", test_short_table);
    g_test_add_func("/fat-damage/second-table", test_second_table);
    g_test_add_func("/fat-damage/cut-off", test_cut_off);
    return g_test_run();
}
