/*
 * Unit test of GUID partition tables: made by hand, damaged, and those that
 * sgdisk makes, as sfdisk reads them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "disk.h"
#include "error.h"
#include "guest-limits.h"
#include "le.h"
#include "util.h"

#define SECTOR 512
#define SECTORS 4096
#define ENTRIES 128
#define ENTRY_SIZE 128
#define ARRAY_SECTORS (ENTRIES * ENTRY_SIZE / SECTOR)
#define LAST (SECTORS - 1)
#define FIRST_USABLE (2 + ARRAY_SECTORS)
#define LAST_USABLE (LAST - ARRAY_SECTORS - 1)

#define ESP "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
#define RESERVED "E3C9E316-0B5C-4DB8-817D-F92DF00215AE"
#define BASIC "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
#define RECOVERY "DE94BBA4-06D1-4D40-A16A-BFD50179D6AC"
#define LDM_DATABASE "5808C8AA-7E8F-42E0-85D2-E1E90434CFB3"
#define LDM_DATA "AF9B60A0-1431-4F62-BC68-3311714A69AD"
#define LINUX "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
#define DISK_GUID "0123ABCD-4567-89EF-0123-456789ABCDEF"

/* Fields of a header. */
#define SIZE 12
#define CRC 16
#define OWN 24
#define OTHER 32
#define FIRST 40
#define LAST_FIELD 48
#define GUID 56
#define ARRAY 72
#define COUNT 80
#define ENTRY_SIZE_FIELD 84
#define ARRAY_CRC 88
#define HEADER_SIZE 92

/* A disk that a test fills; it may be cut off, or made larger. */
typedef struct TestDisk {
    uint8_t bytes[2 * SECTORS * SECTOR];
    size_t size;
} TestDisk;

static uint8_t *sector_of(TestDisk *t, uint64_t sector)
{
    return t->bytes + sector * SECTOR;
}

static void put_guid(uint8_t *p, const char *text)
{
    Guid guid;

    g_assert_true(guid_parse(text, &guid));
    memcpy(p, &guid, sizeof(guid));
}

static void put_mbr_entry(TestDisk *t, unsigned index, uint8_t flags,
                          uint8_t type, uint32_t start, uint32_t count)
{
    uint8_t *entry = t->bytes + 446 + 16 * index;

    entry[0] = flags;
    entry[4] = type;
    put_le32(entry + 8, start);
    put_le32(entry + 12, count);
    put_le16(t->bytes + 510, 0xaa55);
}

/* Makes both checksums of the GPT right whose header is in @sector. */
static void seal(TestDisk *t, uint64_t sector)
{
    uint8_t *header = sector_of(t, sector);
    uint64_t array = get_le64(header + ARRAY);
    uint64_t size = (uint64_t)get_le32(header + COUNT) * ENTRY_SIZE;
    uint32_t length = MIN(get_le32(header + SIZE), SECTOR);

    if (array < SECTORS && size <= (SECTORS - array) * SECTOR) {
        put_le32(header + ARRAY_CRC, crc32(0, sector_of(t, array), size));
    }
    put_le32(header + CRC, 0);
    put_le32(header + CRC, crc32(0, header, length));
}

static void put_header(TestDisk *t, uint64_t own, uint64_t other,
                       uint64_t array)
{
    uint8_t *header = sector_of(t, own);

    memcpy(header, "EFI PART\0\0\1\0", 12);
    put_le32(header + SIZE, HEADER_SIZE);
    put_le64(header + OWN, own);
    put_le64(header + OTHER, other);
    put_le64(header + FIRST, FIRST_USABLE);
    put_le64(header + LAST_FIELD, LAST_USABLE);
    put_guid(header + GUID, DISK_GUID);
    put_le64(header + ARRAY, array);
    put_le32(header + COUNT, ENTRIES);
    put_le32(header + ENTRY_SIZE_FIELD, ENTRY_SIZE);
    seal(t, own);
}

/* One entry of both arrays; the partition's GUID has its type's last byte. */
static void put_entry(TestDisk *t, unsigned index, const char *type,
                      uint64_t first, uint64_t last)
{
    static const uint64_t headers[] = { 1, LAST };

    for (unsigned i = 0; i < G_N_ELEMENTS(headers); i++) {
        uint64_t array = get_le64(sector_of(t, headers[i]) + ARRAY);
        uint8_t *entry = sector_of(t, array) + index * ENTRY_SIZE;

        put_guid(entry, type);
        put_guid(entry + 16, DISK_GUID);
        entry[16] = index;
        put_le64(entry + 32, first);
        put_le64(entry + 40, last);
        put_le64(entry + 48, GPT_HIDDEN | index);
        seal(t, headers[i]);
    }
}

/* A disk with a GPT in which there is nothing. */
static TestDisk *new_disk(void)
{
    TestDisk *t = g_new0(TestDisk, 1);

    t->size = SECTORS * SECTOR;
    put_mbr_entry(t, 0, 0, 0xee, 1, SECTORS - 1);
    put_header(t, 1, LAST, 2);
    put_header(t, LAST, 1, LAST - ARRAY_SECTORS);
    return t;
}

/* One with three partitions, as Windows' setup makes them. */
static TestDisk *new_windows_disk(void)
{
    TestDisk *t = new_disk();

    put_entry(t, 0, ESP, 34, 299);
    put_entry(t, 1, RESERVED, 300, 399);
    put_entry(t, 2, BASIC, 400, LAST_USABLE);
    return t;
}

static Disk *read_disk(const TestDisk *t, GError **errp)
{
    g_autoptr(GBytes) data = g_bytes_new_static(t->bytes, t->size);
    g_autoptr(ByteSource) source = source_new_bytes(data);
    g_autoptr(Overlay) overlay = overlay_new(source, 0);

    return disk_read(overlay, errp);
}

static void check(const Disk *disk, unsigned number, unsigned entry,
                  uint8_t type, uint64_t first, uint64_t last)
{
    const Partition *p = disk_partition(disk, number);

    g_assert_nonnull(p);
    g_assert_cmpuint(p->number, ==, number);
    g_assert_cmpuint(p->entry, ==, entry);
    g_assert_cmphex(p->type, ==, type);
    g_assert_false(p->active);
    g_assert_cmpuint(p->start, ==, first * SECTOR);
    g_assert_cmpuint(p->size, ==, (last - first + 1) * SECTOR);
    g_assert_cmphex(p->attributes, ==, GPT_HIDDEN | entry);
    g_assert_cmpuint(p->guid.bytes[0], ==, entry);
}

static void check_windows_disk(const Disk *disk)
{
    g_autofree char *guid = guid_to_string(&disk->guid);

    g_assert_cmpint(disk->scheme, ==, DISK_GPT);
    g_assert_cmpstr(guid, ==, "{" DISK_GUID "}");
    g_assert_cmpuint(disk->partitions->len, ==, 3);
    check(disk, 1, 0, 0xef, 34, 299);
    check(disk, 2, 1, 0xee, 300, 399);
    check(disk, 3, 2, 7, 400, LAST_USABLE);
    g_assert_true(disk_esp(disk) == disk_partition(disk, 1));
    g_assert_null(disk_active(disk));
}

/* The only warning there is has this in it; NULL: there is none. */
static void check_warning(const Disk *disk, const char *part)
{
    g_assert_cmpuint(disk->warnings->len, ==, part ? 1 : 0);
    if (part) {
        const char *text = g_ptr_array_index(disk->warnings, 0);

        g_test_message("%s", text);
        g_assert_nonnull(strstr(text, part));
        g_assert_null(strchr(text, '\n'));
    }
}

static void check_error(const TestDisk *t, int code, const char *part)
{
    g_autoptr(GError) err = NULL;

    g_assert_null(read_disk(t, &err));
    g_assert_error(err, GUEST_ERROR, code);
    g_test_message("%s", err->message);
    g_assert_nonnull(strstr(err->message, part));
    g_assert_null(strchr(err->message, '\n'));
}

static void check_taken(const TestDisk *t, const char *warning)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(Disk) disk = read_disk(t, &err);

    g_assert_no_error(err);
    check_windows_disk(disk);
    check_warning(disk, warning);
}

static void test_windows(void)
{
    g_autofree TestDisk *t = new_windows_disk();

    check_taken(t, NULL);
}

static void test_types(void)
{
    static const struct {
        const char *guid;
        uint8_t type;
    } types[] = {
        { ESP, PARTITION_TYPE_ESP }, { RESERVED, PARTITION_TYPE_GPT },
        { BASIC, PARTITION_TYPE_IFS }, { RECOVERY, PARTITION_TYPE_RECOVERY },
        { LDM_DATABASE, PARTITION_TYPE_LDM },
        { LDM_DATA, PARTITION_TYPE_LDM }, { LINUX, PARTITION_TYPE_GPT },
    };
    g_autofree TestDisk *t = new_disk();
    g_autoptr(Disk) disk = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        put_entry(t, i, types[i].guid, 100 + 10 * i, 109 + 10 * i);
    }
    disk = read_disk(t, NULL);
    g_assert_cmpuint(disk->partitions->len, ==, G_N_ELEMENTS(types));
    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *guid =
            guid_to_string(&disk_partition(disk, i + 1)->type_guid);
        g_autofree char *expected = g_strdup_printf("{%s}", types[i].guid);

        check(disk, i + 1, i, types[i].type, 100 + 10 * i, 109 + 10 * i);
        g_assert_cmpstr(guid, ==, expected);
    }
}

static void test_empty(void)
{
    g_autofree TestDisk *t = new_disk();
    g_autoptr(Disk) disk = read_disk(t, NULL);

    g_assert_nonnull(disk);
    g_assert_cmpuint(disk->partitions->len, ==, 0);
    g_assert_null(disk_esp(disk));
    check_warning(disk, NULL);
}

/* Numbers count what is used; the order is the table's, not the disk's. */
static void test_blank_entries(void)
{
    g_autofree TestDisk *t = new_disk();
    g_autoptr(Disk) disk = NULL;

    put_entry(t, 0, BASIC, 2000, 2999);
    put_entry(t, 3, ESP, 100, 199);
    put_entry(t, ENTRIES - 1, BASIC, 200, 299);
    disk = read_disk(t, NULL);
    g_assert_cmpuint(disk->partitions->len, ==, 3);
    check(disk, 1, 0, 7, 2000, 2999);
    check(disk, 2, 3, 0xef, 100, 199);
    check(disk, 3, ENTRIES - 1, 7, 200, 299);
    g_assert_false(disk_blank_entry_before(disk, disk_partition(disk, 1)));
    g_assert_true(disk_blank_entry_before(disk, disk_partition(disk, 2)));
    g_assert_true(disk_blank_entry_before(disk, disk_partition(disk, 3)));
}

/* Where no partition may be: the MBR, two headers, two arrays. */
static void test_tables(void)
{
    static const struct {
        uint64_t sector, count;
    } places[] = {
        { 0, 1 }, { 1, 1 }, { 2, ARRAY_SECTORS }, { LAST, 1 },
        { LAST - ARRAY_SECTORS, ARRAY_SECTORS },
    };
    g_autofree TestDisk *t = new_windows_disk();
    g_autoptr(Disk) disk = read_disk(t, NULL);

    g_assert_cmpuint(disk->tables->len, ==, G_N_ELEMENTS(places));
    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
        const DiskTable *table = &g_array_index(disk->tables, DiskTable, i);

        g_assert_cmpuint(table->offset, ==, places[i].sector * SECTOR);
        g_assert_cmpuint(table->size, ==, places[i].count * SECTOR);
    }
}

/* What Windows takes for a GPT disk, and what for one with an MBR. */
static void test_mbr_decides(void)
{
    g_autofree TestDisk *t = new_windows_disk();
    g_autoptr(Disk) hybrid = NULL;
    g_autoptr(Disk) second = NULL;
    g_autoptr(Disk) stale = NULL;

    /* Some BIOSes want it so. */
    t->bytes[446] = 0x80;
    check_taken(t, NULL);

    t->bytes[446] = 0;
    put_mbr_entry(t, 1, 0x80, 7, 400, LAST_USABLE - 399);
    hybrid = read_disk(t, NULL);
    g_assert_cmpint(hybrid->scheme, ==, DISK_MBR);
    g_assert_true(guid_is_zero(&hybrid->guid));
    g_assert_cmpuint(hybrid->partitions->len, ==, 2);
    g_assert_cmpuint(disk_active(hybrid)->number, ==, 2);
    g_assert_false(disk_blank_entry_before(hybrid, disk_active(hybrid)));
    check_warning(hybrid, "hybrid MBR");

    put_mbr_entry(t, 0, 0, 0, 0, 0);
    stale = read_disk(t, NULL);
    g_assert_cmpint(stale->scheme, ==, DISK_MBR);
    g_assert_cmpuint(stale->partitions->len, ==, 1);
    g_assert_cmpuint(disk_partition(stale, 1)->entry, ==, 1);
    check_warning(stale, NULL);

    put_mbr_entry(t, 1, 0, 0xee, 1, SECTORS - 1);
    second = read_disk(t, NULL);
    g_assert_cmpint(second->scheme, ==, DISK_MBR);
    check_warning(second, "hybrid MBR");

    memset(t->bytes + 446, 0, 66);
    check_error(t, GUEST_ERROR_NO_GUEST, "no partition table");
}

/* Damages a byte of a GPT, and mends it again. */
static void flip(TestDisk *t, uint64_t offset)
{
    t->bytes[offset] ^= 0xff;
}

/* Whatever byte is wrong, the other GPT is read, or goes unnoticed. */
static void test_each_byte(void)
{
    const struct {
        uint64_t header, array;
        const char *warning;
    } tables[] = {
        { 1, 2, "its copy at the end of the disk is read instead" },
        { LAST, LAST - ARRAY_SECTORS, "Windows boots without it" },
    };
    g_autofree TestDisk *t = new_windows_disk();

    for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (unsigned j = 0; j < HEADER_SIZE; j++) {
            flip(t, tables[i].header * SECTOR + j);
            check_taken(t, tables[i].warning);
            flip(t, tables[i].header * SECTOR + j);
        }
        for (unsigned j = 0; j < 4 * ENTRY_SIZE; j++) {
            flip(t, tables[i].array * SECTOR + j);
            check_taken(t, tables[i].warning);
            flip(t, tables[i].array * SECTOR + j);
        }
    }
    check_taken(t, NULL);
}

static void test_both_damaged(void)
{
    static const struct {
        uint64_t primary, copy;
        const char *part;
    } damages[] = {
        { SECTOR, LAST * SECTOR, "the first one is not there, and its copy, "
          "in the last sector, is not there: copy the image again" },
        { SECTOR + GUID, LAST * SECTOR + GUID, "the first one has a wrong "
          "checksum, and its copy, in the last sector, has a wrong" },
        { 2 * SECTOR, (LAST - ARRAY_SECTORS) * SECTOR, "has entries with a "
          "wrong checksum" },
        { SECTOR, (LAST - 1) * SECTOR, "mend the GPT in the source VM" },
    };
    g_autofree TestDisk *t = new_windows_disk();

    for (unsigned i = 0; i < G_N_ELEMENTS(damages); i++) {
        flip(t, damages[i].primary);
        flip(t, damages[i].copy);
        check_error(t, GUEST_ERROR_INVALID, damages[i].part);
        flip(t, damages[i].primary);
        flip(t, damages[i].copy);
    }
    check_taken(t, NULL);
}

static void test_copy_differs(void)
{
    g_autofree TestDisk *t = new_windows_disk();
    uint8_t *entry = sector_of(t, LAST - ARRAY_SECTORS) + 3 * ENTRY_SIZE;

    memcpy(entry, entry - ENTRY_SIZE, ENTRY_SIZE);
    seal(t, LAST);
    check_taken(t, "has other entries: Windows goes by the first one");
}

/* Fields of the first header that no sound one has, its checksum right. */
static const struct {
    unsigned field, size;
    uint64_t value;
    const char *fault;
} bad_fields[] = {
    { 8, 4, 0x00010001, "is of an unknown version" },
    { SIZE, 4, HEADER_SIZE - 1, "is of an unknown version" },
    { SIZE, 4, SECTOR + 1, "is of an unknown version" },
    { SIZE, 4, UINT32_MAX, "is of an unknown version" },
    { OWN, 8, 2, "belongs to another sector" },
    { COUNT, 4, 0, "more or fewer entries" },
    { COUNT, 4, LIMIT_GPT_ENTRIES + 1, "more or fewer entries" },
    { COUNT, 4, UINT32_MAX, "more or fewer entries" },
    { ENTRY_SIZE_FIELD, 4, 0, "a size that Windows does not know" },
    { ENTRY_SIZE_FIELD, 4, 256, "a size that Windows does not know" },
    { ENTRY_SIZE_FIELD, 4, UINT32_MAX, "a size that Windows does not know" },
    { ARRAY, 8, 0, "where they cannot be" },
    { ARRAY, 8, 1, "where they cannot be" },
    { ARRAY, 8, 3, "where they cannot be" },
    { ARRAY, 8, LAST_USABLE, "where they cannot be" },
    { ARRAY, 8, LAST, "where they cannot be" },
    { ARRAY, 8, SECTORS, "where they cannot be" },
    { ARRAY, 8, UINT64_MAX, "where they cannot be" },
    { ARRAY, 8, UINT64_MAX / SECTOR, "where they cannot be" },
};

static void test_bad_fields(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(bad_fields); i++) {
        g_autofree TestDisk *t = new_windows_disk();
        uint8_t *field = sector_of(t, 1) + bad_fields[i].field;
        g_autoptr(Disk) disk = NULL;

        if (bad_fields[i].size == 4) {
            put_le32(field, bad_fields[i].value);
        } else {
            put_le64(field, bad_fields[i].value);
        }
        seal(t, 1);
        check_taken(t, bad_fields[i].fault);
    }
}

static void test_long_header(void)
{
    g_autofree TestDisk *t = new_windows_disk();

    put_le32(sector_of(t, 1) + SIZE, SECTOR);
    sector_of(t, 1)[SECTOR - 1] = 0x5a;
    seal(t, 1);
    check_taken(t, NULL);
    flip(t, 2 * SECTOR - 1);
    check_taken(t, "has a wrong checksum");
}

/* An image of which the end is missing, from some sector on. */
static void test_cut_off(void)
{
    static const uint64_t in_partition[] = {
        LAST, LAST_USABLE, 1000, FIRST_USABLE,
    };
    static const uint64_t in_table[] = { FIRST_USABLE - 1, 3, 2, 1 };
    g_autofree TestDisk *t = new_windows_disk();

    for (unsigned i = 0; i < G_N_ELEMENTS(in_partition); i++) {
        t->size = in_partition[i] * SECTOR;
        check_error(t, GUEST_ERROR_INVALID, "the GPT's copy is beyond the "
                    "end of the disk: the image is cut off, copy it again");
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(in_table); i++) {
        t->size = in_table[i] * SECTOR;
        check_error(t, GUEST_ERROR_INVALID,
                    "copy the image again if it was cut off");
    }
    /* The table says that there is more, though it ends in time. */
    t->size = 1000 * SECTOR;
    put_le64(sector_of(t, 1) + OTHER, 999);
    seal(t, 1);
    check_error(t, GUEST_ERROR_INVALID, "partition 3 ends beyond the end of "
                "the disk: the image is cut off");
}

/* A disk that was made larger keeps its copy where it was. */
static void test_grown(void)
{
    g_autofree TestDisk *t = new_windows_disk();

    t->size = 2 * SECTORS * SECTOR;
    check_taken(t, NULL);
    flip(t, SECTOR);
    check_error(t, GUEST_ERROR_INVALID, "mend the GPT in the source VM");
}

static void test_no_copy(void)
{
    static const uint64_t places[] = { 0, 1, 100, LAST - 1 };

    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree TestDisk *t = new_windows_disk();

        put_le64(sector_of(t, 1) + OTHER, places[i]);
        seal(t, 1);
        check_taken(t, "is not there: Windows boots without it");
    }
}

/* Entries that the firmware would leave out. */
static void test_bad_entries(void)
{
    static const struct {
        uint64_t first, last;
        const char *part;
    } entries[] = {
        { 300, 400, "partitions 1 and 4 overlap" },
        { 0, 299, "outside" },
        { FIRST_USABLE - 1, 200, "outside" },
        { 1, 1, "outside" },
        { 2000, LAST_USABLE + 1, "outside" },
        { LAST, LAST, "outside" },
        { 2000, 1999, "outside" },
        { 2000, 0, "outside" },
        { 0, 0, "outside" },
        { 2000, UINT64_MAX, "outside" },
        { UINT64_MAX, UINT64_MAX, "outside" },
        { UINT64_MAX / SECTOR + 1, UINT64_MAX / SECTOR + 100, "outside" },
        { 999, 999, "partitions 3 and 4 overlap" },
        { 34, LAST_USABLE, "overlap" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(entries); i++) {
        g_autofree TestDisk *t = new_disk();

        put_entry(t, 0, ESP, 350, 449);
        put_entry(t, 1, RESERVED, 450, 549);
        put_entry(t, 2, BASIC, 550, 999);
        put_entry(t, 3, BASIC, entries[i].first, entries[i].last);
        check_error(t, GUEST_ERROR_INVALID, entries[i].part);
    }
}

/* The copy may be anywhere, but not in a partition. */
static void test_copy_in_partition(void)
{
    g_autofree TestDisk *t = new_windows_disk();

    put_header(t, 600, 1, LAST - ARRAY_SECTORS);
    put_le64(sector_of(t, 1) + OTHER, 600);
    seal(t, 1);
    check_error(t, GUEST_ERROR_INVALID, "partition 3: a GPT lies in it");
}

static void test_4kn(void)
{
    g_autofree TestDisk *t = new_disk();

    memmove(t->bytes + 4096, t->bytes + SECTOR, SECTOR);
    memset(t->bytes + SECTOR, 0, SECTOR);
    check_error(t, GUEST_ERROR_REFUSED, "4Kn");
}

/* ------------------------------------------------------------------ judges */

/* Runs a command line, the path of a disk in the end; its output. */
static char *run(const char *command, const char *path)
{
    g_autofree char *line = g_strdup_printf("%s %s", command, path);
    g_autoptr(GError) err = NULL;
    char *output = NULL;
    int status;

    g_spawn_command_line_sync(line, &output, NULL, &status, &err);
    g_assert_no_error(err);
    g_spawn_check_wait_status(status, &err);
    g_assert_no_error(err);
    return output;
}

/* Both programs, or the test is skipped. */
static bool have_judges(void)
{
    static const char *const names[] = { "sgdisk", "sfdisk" };

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_find_program_in_path(names[i]);

        if (!path) {
            g_test_skip("sgdisk or sfdisk is not installed");
            return false;
        }
    }
    return true;
}

/* What sgdisk is told, and what the first sector of each partition is. */
static const char *const layouts[] = {
    /* Windows 10, UEFI. */
    "-n 1:2048:+100K -t 1:ef00 -n 2:0:+16K -t 2:0c01 -n 3:0:+20M -t 3:0700 "
    "-n 4:0:0 -t 4:2700 -A 4:set:0 -A 4:set:63",
    /* Windows 7: recovery first. */
    "-n 1:2048:+1M -t 1:2700 -n 2:0:+1M -t 2:ef00 -n 3:0:+1M -t 3:0c01 "
    "-n 4:0:0 -t 4:0700",
    /* Blank entries, and an order that is not that of the disk. */
    "-n 5:20000:+1M -t 5:0700 -n 2:4096:+1M -t 2:ef00 -n 9:30000:0 -t 9:8300",
    /* A dynamic disk. */
    "-n 1:2048:+1M -t 1:4200 -n 2:0:0 -t 2:4201",
    /* More entries than usual, and fewer. */
    "-S 256 -n 200:4096:+1M -t 200:0700",
    "-S 56 -n 56:4096:+1M -t 56:0700",
};

/* The path of a disk of 32 MiB, to be unlinked and freed. */
static char *make_disk(const char *layout)
{
    char *path = NULL;
    int fd = g_file_open_tmp("test-gpt-XXXXXX", &path, NULL);
    g_autofree char *command = g_strdup_printf("sgdisk -a 8 %s", layout);
    g_autofree char *output = NULL;

    g_assert_cmpint(ftruncate(fd, 32 * MiB), ==, 0);
    close(fd);
    output = run(command, path);
    return path;
}

static void check_guid(const Guid *guid, const char *text)
{
    Guid other;

    g_assert_true(guid_parse(text, &other));
    g_assert_true(guid_equal(guid, &other));
}

/* Compares what was read with one node of sfdisk's. */
static void check_node(const Partition *p, JsonObject *node)
{
    g_autofree char *end =
        g_strdup(json_object_get_string_member(node, "node"));
    const char *number = end + strlen(end);

    while (number > end && g_ascii_isdigit(number[-1])) {
        number--;
    }
    g_assert_cmpuint(p->entry + 1, ==, g_ascii_strtoull(number, NULL, 10));
    g_assert_cmpuint(p->start / SECTOR, ==,
                     json_object_get_int_member(node, "start"));
    g_assert_cmpuint(p->size / SECTOR, ==,
                     json_object_get_int_member(node, "size"));
    check_guid(&p->type_guid, json_object_get_string_member(node, "type"));
    check_guid(&p->guid, json_object_get_string_member(node, "uuid"));
}

static int compare_entries(gconstpointer a, gconstpointer b)
{
    const Partition *x = a, *y = b;

    return x->entry < y->entry ? -1 : x->entry > y->entry;
}

static void check_as_sfdisk(const char *path, const char *warning)
{
    g_autoptr(ByteSource) source = file_source_new(path);
    g_autoptr(Overlay) overlay = overlay_new(source, 0);
    g_autoptr(GError) err = NULL;
    g_autoptr(Disk) disk = disk_read(overlay, &err);
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autofree char *text = run("sfdisk -J", path);
    JsonArray *nodes = NULL;
    JsonObject *table;

    g_assert_no_error(err);
    check_warning(disk, warning);
    g_assert_true(json_parser_load_from_data(parser, text, -1, NULL));
    table = json_object_get_object_member(
        json_node_get_object(json_parser_get_root(parser)),
        "partitiontable");
    g_assert_cmpstr(json_object_get_string_member(table, "label"), ==, "gpt");
    check_guid(&disk->guid, json_object_get_string_member(table, "id"));
    if (json_object_has_member(table, "partitions")) {
        nodes = json_object_get_array_member(table, "partitions");
    }
    g_assert_cmpuint(disk->partitions->len, ==,
                     nodes ? json_array_get_length(nodes) : 0);
    g_array_sort(disk->partitions, compare_entries);
    for (guint i = 0; i < disk->partitions->len; i++) {
        check_node(&g_array_index(disk->partitions, Partition, i),
                   json_array_get_object_element(nodes, i));
    }
}

/* Exchanges a sector of the disk with @bytes. */
static void swap(const char *path, uint64_t offset, uint8_t bytes[SECTOR])
{
    uint8_t before[SECTOR];
    FILE *file = fopen(path, "r+b");

    g_assert_nonnull(file);
    g_assert_cmpint(fseek(file, offset, SEEK_SET), ==, 0);
    g_assert_cmpuint(fread(before, 1, SECTOR, file), ==, SECTOR);
    g_assert_cmpint(fseek(file, offset, SEEK_SET), ==, 0);
    g_assert_cmpuint(fwrite(bytes, 1, SECTOR, file), ==, SECTOR);
    g_assert_cmpint(fclose(file), ==, 0);
    memcpy(bytes, before, SECTOR);
}

/* On a disk that is whole, and without one of its headers or the other. */
static void test_judges_agree(void)
{
    for (unsigned i = 0; have_judges() && i < G_N_ELEMENTS(layouts); i++) {
        g_autofree char *path = make_disk(layouts[i]);
        uint8_t sector[SECTOR] = { 0 };

        g_test_message("%s", layouts[i]);
        check_as_sfdisk(path, NULL);
        swap(path, 32 * MiB - SECTOR, sector);
        check_as_sfdisk(path, "Windows boots without it");
        swap(path, 32 * MiB - SECTOR, sector);
        swap(path, SECTOR, sector);
        check_as_sfdisk(path, "its copy at the end of the disk is read");
        g_unlink(path);
    }
}

/* sgdisk's own verdict on a disk, to make sure that ours are not lenient. */
static void test_sgdisk_likes_ours(void)
{
    g_autofree TestDisk *t = new_windows_disk();
    g_autofree char *path = NULL;
    g_autofree char *output = NULL;

    if (!have_judges()) {
        return;
    }
    close(g_file_open_tmp("test-gpt-XXXXXX", &path, NULL));
    g_assert_true(g_file_set_contents(path, (char *)t->bytes, t->size,
                                      NULL));
    output = run("sgdisk -v", path);
    g_unlink(path);
    g_test_message("%s", output);
    g_assert_nonnull(strstr(output, "No problems found"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gpt/windows", test_windows);
    g_test_add_func("/gpt/types", test_types);
    g_test_add_func("/gpt/empty", test_empty);
    g_test_add_func("/gpt/blank-entries", test_blank_entries);
    g_test_add_func("/gpt/tables", test_tables);
    g_test_add_func("/gpt/mbr-decides", test_mbr_decides);
    g_test_add_func("/gpt/each-byte", test_each_byte);
    g_test_add_func("/gpt/both-damaged", test_both_damaged);
    g_test_add_func("/gpt/copy-differs", test_copy_differs);
    g_test_add_func("/gpt/bad-fields", test_bad_fields);
    g_test_add_func("/gpt/long-header", test_long_header);
    g_test_add_func("/gpt/cut-off", test_cut_off);
    g_test_add_func("/gpt/grown", test_grown);
    g_test_add_func("/gpt/no-copy", test_no_copy);
    g_test_add_func("/gpt/bad-entries", test_bad_entries);
    g_test_add_func("/gpt/copy-in-partition", test_copy_in_partition);
    g_test_add_func("/gpt/4kn", test_4kn);
    g_test_add_func("/gpt/judges-agree", test_judges_agree);
    g_test_add_func("/gpt/sgdisk-likes-ours", test_sgdisk_likes_ours);
    return g_test_run();
}
