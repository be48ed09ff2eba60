/*
 * Limits of files: at each of them, and one beyond
 *
 * docs/limits.rst says which limits are tested elsewhere.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <zlib.h>

#include "boot-manager.h"
#include "cabinet-image.h"
#include "cabinet.h"
#include "disk.h"
#include "driver-place.h"
#include "dynamic.h"
#include "error.h"
#include "fat.h"
#include "guest-limits.h"
#include "le.h"
#include "mspack-io.h"
#include "pe-image.h"
#include "vmdk.h"

static void assert_message(GError *err, int code, const char *part)
{
    g_assert_error(err, GUEST_ERROR, code);
    g_test_message("%s", err->message);
    g_assert_nonnull(strstr(err->message, part));
    g_assert_null(strchr(err->message, '\n'));
}

/* ---------------------------------------------------------------- programs */

static PeInfo *parse(guint8 *image, gsize size, GError **errp)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(image, size);

    return pe_parse("x.sys", bytes, errp);
}

/* What is behind a driver's last section does not matter. */
static void test_pe_size(void)
{
    g_autofree guint8 *image = build_image(&atapi);
    g_autoptr(GError) err = NULL;
    PeInfo *info;

    image = g_realloc(image, LIMIT_PE_SIZE + 1);
    info = parse(image, LIMIT_PE_SIZE, &err);
    g_assert_no_error(err);
    pe_info_free(info);
    g_assert_null(parse(image, LIMIT_PE_SIZE + 1, &err));
    assert_message(err, GUEST_ERROR_INVALID, "x.sys: 67108865 bytes are too "
                   "many for a driver or kernel");
}

/* The image, whose first import is in a name of that length. */
static guint8 *with_long_import(unsigned length)
{
    guint8 *image = build_image(&atapi);

    /* The resources lie behind it, and are not looked at. */
    put32(image + OPTIONAL + 0x60 + 16, 0);
    put32(image + IDATA + 0x0c, 0x2000);
    memset(image + RSRC, 'n', length);
    image[RSRC + length] = '\0';
    return image;
}

static void test_pe_name(void)
{
    g_autofree guint8 *most = with_long_import(LIMIT_PE_NAME);
    g_autofree guint8 *more = with_long_import(LIMIT_PE_NAME + 1);
    g_autoptr(GError) err = NULL;
    PeInfo *info = parse(most, IMAGE_SIZE, &err);

    g_assert_no_error(err);
    g_assert_cmpuint(strlen(info->imports[0]), ==, LIMIT_PE_NAME);
    pe_info_free(info);
    g_assert_null(parse(more, IMAGE_SIZE, &err));
    assert_message(err, GUEST_ERROR_INVALID, "the name of an imported module "
                   "is empty or does not end");
}

/* ---------------------------------------------------------------- cabinets */

static void test_unpacker_piece(void)
{
    void *most = mspack_io_system.alloc(NULL, LIMIT_UNPACKER_PIECE);

    g_assert_nonnull(most);
    mspack_io_system.free(most);
    g_assert_null(mspack_io_system.alloc(NULL, LIMIT_UNPACKER_PIECE + 1));
}

/* CFFILE of the first member, behind CFHEADER and CFFOLDER. */
#define FIRST_FILE (36 + 8)
#define FILE_OFFSET 4

#define MEMBER_SIZE 16

/* Three members; @first is where the first one says that it lies. */
static ByteSource *cabinet_with(uint32_t first)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("0123456789abcde", 16);
    const CabinetMember members[] = {
        { "a.sys", bytes }, { "b.sys", bytes }, { "c.sys", bytes },
    };
    g_autoptr(GBytes) cabinet = cabinet_image(members, 3);
    gsize size;
    g_autofree guint8 *data = g_memdup2(g_bytes_get_data(cabinet, NULL),
                                        g_bytes_get_size(cabinet));
    g_autoptr(GBytes) changed = NULL;

    g_bytes_get_data(cabinet, &size);
    put32(data + FIRST_FILE + FILE_OFFSET, first);
    changed = g_bytes_new(data, size);
    return source_new_bytes(changed);
}

static void extract(Cabinet *cabinet, const char *member)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) bytes = cabinet_extract(cabinet, member, 100, &err);

    g_assert_no_error(err);
}

/* As libmspack does it: it goes on in a folder, or begins anew. */
static void test_cost(void)
{
    g_autoptr(ByteSource) source = cabinet_with(0);
    g_autoptr(Cabinet) cabinet = cabinet_open(source, NULL);

    g_assert_cmpuint(cabinet_cost(cabinet, "a.sys"), ==, 16);
    g_assert_cmpuint(cabinet_cost(cabinet, "C.SYS"), ==, 48);
    extract(cabinet, "a.sys");
    g_assert_cmpuint(cabinet_cost(cabinet, "b.sys"), ==, 16);
    g_assert_cmpuint(cabinet_cost(cabinet, "c.sys"), ==, 32);
    extract(cabinet, "c.sys");
    g_assert_cmpuint(cabinet_cost(cabinet, "b.sys"), ==, 32);
    extract(cabinet, "b.sys");
    g_assert_cmpuint(cabinet_cost(cabinet, "c.sys"), ==, 16);
}

/* Reads a.sys of the cabinet as drivers are read. */
static bool read_place(uint32_t first, uint64_t *left, GError **errp)
{
    g_autoptr(ByteSource) source = cabinet_with(first);
    const DriverPlace place = {
        .path = (char *)"x.cab",
        .cabinet = true,
        .bytes = source,
    };
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autoptr(GPtrArray) missing = g_ptr_array_new();
    g_autoptr(GPtrArray) found =
        g_ptr_array_new_with_free_func((GDestroyNotify)driver_file_free);

    g_ptr_array_add(names, (char *)"a.sys");
    return driver_place_read(&place, names, left, found, missing, errp);
}

#define TOO_MUCH \
    "a.sys: more than 4096 MiB would have to be unpacked for it, all " \
    "cabinets taken together; unpack it yourself, and name its folder by " \
    "driver-source"

/* Members that lie far behind are not there, but that is known too late. */
static void test_unpacked_size(void)
{
    uint64_t left = LIMIT_UNPACKED_SIZE;
    g_autoptr(GError) err = NULL;

    g_assert_true(read_place(0, &left, NULL));
    g_assert_cmpuint(left, ==, LIMIT_UNPACKED_SIZE - MEMBER_SIZE);
    left = LIMIT_UNPACKED_SIZE;
    g_assert_false(read_place(-MEMBER_SIZE, &left, &err));
    assert_message(err, GUEST_ERROR_INVALID, "a.sys: it is damaged");
    g_assert_cmpuint(left, ==, 0);
    g_clear_error(&err);
    left = LIMIT_UNPACKED_SIZE;
    g_assert_false(read_place(-MEMBER_SIZE + 1, &left, &err));
    assert_message(err, GUEST_ERROR_REFUSED, TOO_MUCH);
}

/* What one cabinet has taken the next one has not. */
static void test_unpacked_of_several(void)
{
    const uint32_t half = 1u << 31;
    uint64_t left = LIMIT_UNPACKED_SIZE;
    g_autoptr(GError) err = NULL;

    for (unsigned i = 0; i < 2; i++) {
        g_assert_false(read_place(half - MEMBER_SIZE, &left, &err));
        assert_message(err, GUEST_ERROR_INVALID, "a.sys: it is damaged");
        g_clear_error(&err);
    }
    g_assert_cmpuint(left, ==, 0);
    g_assert_false(read_place(0, &left, &err));
    assert_message(err, GUEST_ERROR_REFUSED, TOO_MUCH);
}

/* ------------------------------------------------------------------- disks */

#define ADAPTER "ddb.adapterType = \"ide\"\n"

/* A descriptor in which the line ends at @end. */
static char *adapter_at(gsize end)
{
    GString *text = g_string_new(NULL);
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(ByteSource) source = NULL;
    g_autoptr(GError) err = NULL;
    char *type;

    while (text->len + strlen(ADAPTER) < end) {
        g_string_append_c(text, '\n');
    }
    g_string_append(text, ADAPTER);
    bytes = g_string_free_to_bytes(text);
    source = source_new_bytes(bytes);
    type = vmdk_adapter_type(source, &err);
    g_assert_no_error(err);
    return type;
}

/* A line that is not read to its end is none, or another one. */
static void test_vmdk_descriptor(void)
{
    g_autofree char *most = adapter_at(LIMIT_VMDK_DESCRIPTOR);
    g_autofree char *more = adapter_at(LIMIT_VMDK_DESCRIPTOR +
                                       strlen(ADAPTER));

    g_assert_cmpstr(most, ==, "ide");
    g_assert_null(more);
}

/* Offsets in a partition table, and in its entries. */
#define TABLE 446
#define TYPE 4
#define FIRST 8
#define COUNT 12

static void put_partition(guint8 *sector, unsigned index, uint8_t type,
                          uint32_t first, uint32_t count)
{
    guint8 *entry = sector + TABLE + 16 * index;

    entry[TYPE] = type;
    put32(entry + FIRST, first);
    put32(entry + COUNT, count);
    put16(sector + 510, 0xaa55);
}

/* A disk with @n logical drives, one behind the other. */
static Disk *read_drives(unsigned n, GError **errp)
{
    const uint32_t first = 100, each = 10;
    gsize size = (first + each * n) * 512;
    guint8 *data = g_malloc0(size);
    g_autoptr(GBytes) bytes = g_bytes_new_take(data, size);
    g_autoptr(ByteSource) source = source_new_bytes(bytes);
    g_autoptr(Overlay) overlay = overlay_new(source, 0);

    put_partition(data, 0, 5, first, each * n);
    for (unsigned i = 0; i < n; i++) {
        guint8 *table = data + (first + each * i) * 512;

        put_partition(table, 0, 7, 1, each - 1);
        if (i + 1 < n) {
            put_partition(table, 1, 5, each * (i + 1), each);
        }
    }
    return disk_read(overlay, errp);
}

static void test_logical_drives(void)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(Disk) most = read_drives(LIMIT_LOGICAL_DRIVES, &err);

    g_assert_no_error(err);
    g_assert_cmpuint(most->partitions->len, ==, LIMIT_LOGICAL_DRIVES);
    g_assert_null(read_drives(LIMIT_LOGICAL_DRIVES + 1, &err));
    assert_message(err, GUEST_ERROR_INVALID, "the extended partition holds "
                   "more than 64 logical drives, or its tables form a loop: "
                   "mend it in the source VM");
}

/* A disk with a GPT of @n entries, of which the last one is used. */
static Disk *read_gpt(uint32_t n, GError **errp)
{
    const uint64_t array = 2, after = array + ((uint64_t)n + 3) / 4;
    gsize size = (after + 10) * 512;
    guint8 *data = g_malloc0(size), *header = data + 512;
    guint8 *entries = data + array * 512, *last = entries + (n - 1) * 128;
    g_autoptr(GBytes) bytes = g_bytes_new_take(data, size);
    g_autoptr(ByteSource) source = source_new_bytes(bytes);
    g_autoptr(Overlay) overlay = overlay_new(source, 0);

    put_partition(data, 0, 0xee, 1, after + 9);
    memset(last, 1, 32);
    put_le64(last + 32, after);
    put_le64(last + 40, after + 5);
    memcpy(header, "EFI PART\0\0\1\0\x5c", 13);
    put_le64(header + 24, 1);
    put_le64(header + 40, after);
    put_le64(header + 48, after + 9);
    put_le64(header + 72, array);
    put_le32(header + 80, n);
    put_le32(header + 84, 128);
    put_le32(header + 88, crc32(0, entries, n * 128));
    put_le32(header + 16, crc32(0, header, 92));
    return disk_read(overlay, errp);
}

static void test_gpt_entries(void)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(Disk) most = read_gpt(LIMIT_GPT_ENTRIES, &err);

    g_assert_no_error(err);
    g_assert_cmpuint(most->partitions->len, ==, 1);
    g_assert_cmpuint(disk_partition(most, 1)->entry, ==,
                     LIMIT_GPT_ENTRIES - 1);
    g_assert_null(read_gpt(LIMIT_GPT_ENTRIES + 1, &err));
    assert_message(err, GUEST_ERROR_INVALID, "the first one counts more or "
                   "fewer entries than there can be, and its copy");
}

/*
 * A FAT32 volume whose root has @size bytes: nothing but entries that are
 * deleted, and the last one, which is not.
 */
static GBytes *read_root(uint32_t size, GError **errp)
{
    const uint32_t cluster = 32768, n = (size + cluster - 1) / cluster;
    gsize total = 512 * 2 + (gsize)(n + 1) * cluster;
    guint8 *boot = g_malloc0(total), *table = boot + 512;
    guint8 *root = boot + 1024, *last = root + size - 32;
    g_autoptr(GBytes) bytes = g_bytes_new_take(boot, total);
    g_autoptr(ByteSource) source = source_new_bytes(bytes);
    g_autoptr(Overlay) overlay = overlay_new(source, 0);
    Partition partition = { .number = 1, .size = total };
    g_autoptr(FatVolume) fat = NULL;

    put16(boot + 11, 512);
    boot[13] = cluster / 512;
    boot[14] = boot[16] = boot[36] = 1;
    put_le32(boot + 32, total / 512);
    boot[44] = 2;
    put16(boot + 510, 0xaa55);
    for (uint32_t i = 2; i < n + 2; i++) {
        put_le32(table + 4 * i, i == n + 1 ? 0xfffffff : i + 1);
    }
    memset(root, 0xe5, (gsize)n * cluster);
    memcpy(last, "BCD        ", 12);
    memset(last + 12, 0, 20);
    fat = fat_open(overlay, &partition, errp);
    return fat ? fat_read(fat, "\\BCD", 0, errp) : NULL;
}

static void test_fat_directory(void)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) most = read_root(LIMIT_FAT_DIRECTORY, &err);

    g_assert_no_error(err);
    g_assert_cmpuint(g_bytes_get_size(most), ==, 0);
    g_assert_null(read_root(LIMIT_FAT_DIRECTORY + 32, &err));
    assert_message(err, GUEST_ERROR_INVALID, "partition 1: \\BCD: one of its "
                   "directories has no end: chkdsk the FAT volume in the "
                   "source VM");
}

/* How many warnings a disk of @n EFI system partitions gets. */
static guint count_esp_warnings(unsigned n)
{
    g_autoptr(GBytes) bytes = g_bytes_new_take(g_malloc0(MiB), MiB);
    g_autoptr(ByteSource) source = source_new_bytes(bytes);
    g_autoptr(Overlay) overlay = overlay_new(source, 0);
    g_autoptr(Disk) disk = disk_new();
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_auto(BootManagers) managers = { 0 };

    for (unsigned i = 0; i < n; i++) {
        Partition esp = {
            .number = i + 1,
            .type = PARTITION_TYPE_ESP,
            .start = 4096 * i,
            .size = 4096,
        };

        g_array_append_val(disk->partitions, esp);
    }
    g_assert_true(boot_managers_find(overlay, disk, NULL, &managers, warnings,
                                     NULL));
    return warnings->len;
}

static void test_esps(void)
{
    g_assert_cmpuint(count_esp_warnings(LIMIT_ESPS), ==, 0);
    g_assert_cmpuint(count_esp_warnings(LIMIT_ESPS + 1), ==, 1);
}

/* The private header of a dynamic disk; see dynamic-database.c. */
#define PRIVHEAD (6 * 512)
#define PRIVHEAD_DISK_GUID 0x30
#define PRIVHEAD_DATABASE_START 0x12b
#define PRIVHEAD_DATABASE_SIZE 0x133

static void put_be64(uint8_t *p, uint64_t n)
{
    for (unsigned i = 0; i < 8; i++) {
        p[i] = n >> (56 - 8 * i);
    }
}

/* What is wrong with a disk whose database has so many sectors of zeros. */
static GError *read_database(uint64_t sectors)
{
    g_autoptr(GBytes) bytes = g_bytes_new_take(g_malloc0(8 * MiB), 8 * MiB);
    g_autoptr(ByteSource) source = source_new_bytes(bytes);
    g_autoptr(Overlay) overlay = overlay_new(source, MiB);
    g_autoptr(Disk) table = disk_new();
    uint8_t head[512] = "PRIVHEAD";
    GError *err = NULL;

    memcpy(head + PRIVHEAD_DISK_GUID,
           "12345678-1234-1234-1234-123456789012", 36);
    put_be64(head + PRIVHEAD_DATABASE_START, 100);
    put_be64(head + PRIVHEAD_DATABASE_SIZE, sectors);
    overlay_write(overlay, PRIVHEAD, head, sizeof(head), NULL);
    g_assert_null(dynamic_disk_read(overlay, table, &err));
    return err;
}

static void test_ldm_size(void)
{
    g_autoptr(GError) most = read_database(LIMIT_LDM_SIZE / 512);
    g_autoptr(GError) more = read_database(LIMIT_LDM_SIZE / 512 + 1);

    assert_message(most, GUEST_ERROR_INVALID, "has no table of contents");
    assert_message(more, GUEST_ERROR_INVALID,
                   "cannot have the size that it says");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/limits-files/pe-size", test_pe_size);
    g_test_add_func("/limits-files/pe-name", test_pe_name);
    g_test_add_func("/limits-files/unpacker-piece", test_unpacker_piece);
    g_test_add_func("/limits-files/cost", test_cost);
    g_test_add_func("/limits-files/unpacked-size", test_unpacked_size);
    g_test_add_func("/limits-files/unpacked-of-several",
                    test_unpacked_of_several);
    g_test_add_func("/limits-files/vmdk-descriptor", test_vmdk_descriptor);
    g_test_add_func("/limits-files/logical-drives", test_logical_drives);
    g_test_add_func("/limits-files/gpt-entries", test_gpt_entries);
    g_test_add_func("/limits-files/esps", test_esps);
    g_test_add_func("/limits-files/fat-directory", test_fat_directory);
    g_test_add_func("/limits-files/ldm-size", test_ldm_size);
    return g_test_run();
}
