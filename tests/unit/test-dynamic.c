/*
 * Unit test of dynamic disks: databases that tests/guests/ldm.py writes, whole
 * and damaged, and what Debian's ldmtool says of them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "dynamic.h"
#include "error.h"
#include "guest-limits.h"
#include "util.h"

#define SECTOR 512
#define DISK_SECTORS (32u * MiB / SECTOR)
#define DATABASE ((uint64_t)DISK_SECTORS * SECTOR - MiB)

/* In the database. */
#define TOC_1 (DATABASE + SECTOR)
#define TOC_2 (DATABASE + 2 * SECTOR)
#define VMDB (DATABASE + 17 * SECTOR)
#define VBLK(n) (VMDB + SECTOR + 128 * (n))
/* On the disk. */
#define PRIVHEAD (6 * SECTOR)

/* The table has the partition that is looked at, and another one. */
#define START 63
#define COUNT 20000
static const char script[] =
    "import struct, sys\n"
    "sys.dont_write_bytecode = True\n"
    "sys.path.insert(0, sys.argv[1])\n"
    "import ldm\n"
    "mbr = bytes(440) + struct.pack('<I2x', 0xcafe1234)\n"
    "for flag, start, count in (128, 63, 20000), (0, 20063, 10000):\n"
    "    mbr += struct.pack('<B3xB3xII', flag, 7, start, count)\n"
    "with open(sys.argv[3], 'w+b') as raw:\n"
    "    raw.truncate(32 << 20)\n"
    "    raw.write(mbr.ljust(510, b'\\0') + b'\\x55\\xaa')\n"
    "    ldm.make_dynamic(raw, sys.argv[2])\n";

/*
 * A disk with a GPT, which has a partition for the database.  The private
 * header in sector 6, which ldm.py writes as well, becomes a part of the GPT.
 */
#define GPT_HEADER 4095u
#define GPT_START 4096
#define GPT_COUNT 36864
#define GPT_TOOL "sgdisk"
static const char gpt_script[] =
    "import subprocess, sys\n"
    "sys.dont_write_bytecode = True\n"
    "sys.path.insert(0, sys.argv[1])\n"
    "from ldm import Component, Extent, Volume, write_database\n"
    "volume = Volume((Component((Extent(0, 4096, 36864),)),))\n"
    "with open(sys.argv[3], 'w+b') as raw:\n"
    "    raw.truncate(32 << 20)\n"
    "    write_database(raw, 2048, [volume], 0xcafe1234)\n"
    "subprocess.run(['sgdisk', '-a', '8', '-n', '1:2048:4095', '-t',\n"
    "                '1:4201', '-n', '2:4096:40959', '-t', '2:4200',\n"
    "                sys.argv[3]], check=True, capture_output=True)\n";

/* Kinds of ldm.py, what ldmtool calls them, and part of the refusal. */
static const struct {
    const char *kind, *ldmtool, *refusal;
} kinds[] = {
    { "simple", "simple", NULL },
    { "two-disks", "simple", NULL },
    { "extended", "spanned", "a spanned or extended volume" },
    { "spanned", "spanned", "a spanned or extended volume" },
    { "striped", "striped", "a striped volume" },
    { "mirrored", "mirrored", "break the mirror" },
    { "raid5", "RAID5", "a RAID-5 volume" },
    { "elsewhere", "simple", "no volume in its database" },
    { "no-database", NULL, "database (LDM) is missing" },
};

/* The path of a new disk, to be unlinked and freed. */
static char *run_script(const char *text, const char *kind)
{
    g_autoptr(GError) err = NULL;
    char *path = NULL;
    int fd = g_file_open_tmp("test-dynamic-XXXXXX", &path, NULL);
    int status;
    char *argv[] = {
        (char *)"python3", (char *)"-c", (char *)text,
        (char *)XENPREP_SOURCE "/tests/guests", (char *)kind, path, NULL,
    };

    close(fd);
    g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                 NULL, &status, &err);
    g_assert_no_error(err);
    g_spawn_check_wait_status(status, &err);
    g_assert_no_error(err);
    return path;
}

static char *make_disk(const char *kind)
{
    return run_script(script, kind);
}

static ByteSource *open_disk(const char *kind)
{
    g_autofree char *path = make_disk(kind);
    ByteSource *source = file_source_new(path);

    g_unlink(path);
    return source;
}

static bool check_simple(Overlay *overlay, uint64_t count, GError **errp)
{
    Partition partition = {
        .number = 1,
        .type = PARTITION_TYPE_LDM,
        .start = START * SECTOR,
        .size = count * SECTOR,
    };
    g_autoptr(Disk) table = disk_new();
    g_autoptr(DynamicDisk) disk = dynamic_disk_read(overlay, table, errp);

    return disk && dynamic_disk_check_simple(disk, &partition, errp);
}

static void test_kinds(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(ByteSource) source = open_disk(kinds[i].kind);
        g_autoptr(Overlay) overlay = overlay_new(source, 0);
        g_autoptr(GError) err = NULL;
        bool simple = check_simple(overlay, COUNT, &err);

        g_test_message("%s: %s", kinds[i].kind, err ? err->message : "taken");
        g_assert_true(simple == !kinds[i].refusal);
        if (!simple) {
            g_assert_nonnull(strstr(err->message, kinds[i].refusal));
            g_assert_null(strchr(err->message, '\n'));
        }
    }
}

/* What ldmtool prints, to be freed. */
static char *run_ldmtool(const char *tool, const char *path,
                         const char *const words[4])
{
    char *output = NULL;
    const char *argv[] = {
        tool, "-d", path, words[0], words[1], words[2], words[3], NULL,
    };

    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL,
                               G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                               &output, NULL, NULL, NULL));
    return output;
}

/* The group's GUID is in the private header, the volume always the first. */
static void test_ldmtool_agrees(void)
{
    g_autofree char *tool = g_find_program_in_path("ldmtool");

    if (!tool) {
        g_test_skip("ldmtool is not installed");
    }
    for (unsigned i = 0; tool && i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *path = make_disk(kinds[i].kind);
        g_autoptr(ByteSource) source = file_source_new(path);
        g_autofree char *expected = g_strdup_printf("\"type\" : \"%s\"",
                                                    kinds[i].ldmtool);
        g_autofree char *output = NULL;
        char guid[37] = "";
        const char *words[] = { "show", "volume", guid, "Volume1" };

        source_read(source, PRIVHEAD + 0xb0, guid, 36, NULL);
        output = run_ldmtool(tool, path, words);
        g_unlink(path);
        g_test_message("%s: %s", kinds[i].kind, output);
        if (kinds[i].ldmtool) {
            g_assert_nonnull(strstr(output, expected));
        } else {
            g_assert_null(strstr(output, "\"type\""));
        }
    }
}

/* Damage to a database with a mirrored volume or a simple one. */
static const struct {
    bool mirrored;
    uint64_t offset;
    const char *bytes;
    size_t length;
    /* Part of the message; NULL: the damage does not matter. */
    const char *error;
} damages[] = {
#define BYTES(s) s, sizeof(s) - 1
    { false, PRIVHEAD, BYTES("PRIVHEAR"), "is missing" },
    { false, PRIVHEAD + 0x30, BYTES("no guid"), "is missing" },
    { false, PRIVHEAD + 0x30, BYTES("00000000"), "know this disk" },
    { false, PRIVHEAD + 0x12b, BYTES("\x7f\xff\xff\xff"), "cut off" },
    { false, PRIVHEAD + 0x133, BYTES("\xff\xff\xff\xff\xff\xff"),
      "cut off" },
    { false, PRIVHEAD + 0x133, BYTES("\0\0\0\0\0\0\0\0"), "size" },
    { false, PRIVHEAD + 0x11b, BYTES("\0\0\0\0\0\0\0\0"), "no volume" },
    /* One table of contents is as good as another. */
    { false, TOC_1, BYTES("XXXXXXXX"), NULL },
    { false, TOC_1 + 0x2e, BYTES("\0\0\0\0\x40\0\0\0"), NULL },
    { false, TOC_1 + 0x36, BYTES("\xff\xff\xff\xff\xff\xff\xff\xff"),
      NULL },
    { false, TOC_1 + 0x24, BYTES("confiG"), NULL },
    { false, VMDB, BYTES("VMDX"), "no table of contents" },
    { false, VMDB + 0x12, BYTES("\0\5"), "version" },
    { false, VMDB + 0x10, BYTES("\0\2"), "in the middle of a change" },
    { false, VMDB + 8, BYTES("\0\0\0\x08"), "impossible size" },
    { false, VMDB + 8, BYTES("\xff\xff\xff\xff"), "impossible size" },
    { false, VMDB + 0x0c, BYTES("\x7f\xff\xff\xff"), "more or fewer" },
    { false, VMDB + 0x0c, BYTES("\xff\xff\xff\xff"), "more or fewer" },
    { false, VMDB + 0x8d, BYTES("\xff\xff\xff\xff"), "more or fewer" },
    { true, VMDB + 0x89, BYTES("\0\0\0\1"), "more or fewer" },
    /* Records: the group, the disk in two pieces, a volume, its parts. */
    { false, VBLK(1) + 12, BYTES("\0\xf0\1\0"), "do not fit" },
    { false, VBLK(1) + 12, BYTES("\0\2\0\2"), "do not fit" },
    { false, VBLK(1) + 12, BYTES("\0\1\0\2"), "do not fit" },
    { false, VBLK(2) + 12, BYTES("\0\1\0\3"), "do not fit" },
    /* One of as many pieces as there may be, and of one more. */
    { false, VBLK(3) + 12, BYTES("\0\0\0\x08"), "more or fewer" },
    { false, VBLK(3) + 12, BYTES("\0\0\0\x09"), "do not fit" },
    { false, VBLK(3), BYTES("XBLK"), "more or fewer" },
    { false, VBLK(3) + 19, BYTES("\x61"), "unknown kind" },
    { false, VBLK(3) + 19, BYTES("\x57"), "unknown kind" },
    { false, VBLK(3) + 20, BYTES("\x7f\xff\xff\xff"), "cut off" },
    { false, VBLK(3) + 20, BYTES("\0\0\0\x10"), "cut off" },
    { false, VBLK(3) + 24, BYTES("\x09"), "cut off" },
    { false, VBLK(3) + 26, BYTES("\xff"), "cut off" },
    /* What two children more or less are: a half that was lost. */
    { false, VBLK(4) + 25, BYTES("\x7f"), "part is missing" },
    { false, VBLK(3) + 25, BYTES("\x7f"), "part is missing" },
#undef BYTES
};

static void test_damage(void)
{
    g_autoptr(ByteSource) whole_volume = open_disk("simple");
    g_autoptr(ByteSource) mirror = open_disk("mirrored");

    for (unsigned i = 0; i < G_N_ELEMENTS(damages); i++) {
        g_autoptr(Overlay) overlay =
            overlay_new(damages[i].mirrored ? mirror : whole_volume, MiB);
        g_autoptr(GError) err = NULL;
        bool simple;

        g_assert_true(overlay_write(overlay, damages[i].offset,
                                    damages[i].bytes, damages[i].length,
                                    NULL));
        simple = check_simple(overlay, COUNT, &err);
        g_test_message("%u: %s", i, err ? err->message : "taken");
        g_assert_true(simple == !damages[i].error);
        if (!simple) {
            g_assert_nonnull(strstr(err->message, damages[i].error));
        }
    }
}

/* Sizes that differ, and a disk that ends before sector 6. */
static void test_partition_and_disk(void)
{
    g_autoptr(ByteSource) source = open_disk("simple");
    g_autoptr(Overlay) overlay = overlay_new(source, 0);
    static const uint8_t few[6 * SECTOR];
    g_autoptr(GBytes) bytes = g_bytes_new_static(few, sizeof(few));
    g_autoptr(ByteSource) small = source_new_bytes(bytes);
    g_autoptr(Overlay) tiny = overlay_new(small, 0);
    g_autoptr(GError) err = NULL;

    g_assert_false(check_simple(overlay, COUNT - 1, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_REFUSED);
    g_assert_nonnull(strstr(err->message, "differ about its size"));
    g_clear_error(&err);
    g_assert_false(check_simple(tiny, COUNT, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_INVALID);
}

/* The disk with a GPT; NULL, and the test is skipped, without sgdisk. */
static char *make_gpt_disk(void)
{
    g_autofree char *tool = g_find_program_in_path(GPT_TOOL);

    if (!tool) {
        g_test_skip(GPT_TOOL " is not installed");
        return NULL;
    }
    return run_script(gpt_script, "");
}

/* Whether partition @number is a simple volume; @table is the disk's. */
static bool check_gpt(Overlay *overlay, const Disk *table, unsigned number,
                      GError **errp)
{
    g_autoptr(DynamicDisk) disk = dynamic_disk_read(overlay, table, errp);

    return disk &&
           dynamic_disk_check_simple(disk, disk_partition(table, number),
                                     errp);
}

static void check_refused(bool ok, GError **err, const char *part)
{
    g_assert_false(ok);
    g_test_message("%s", (*err)->message);
    g_assert_nonnull(strstr((*err)->message, part));
    g_clear_error(err);
}

static void test_gpt(void)
{
    g_autofree char *path = make_gpt_disk();
    g_autoptr(ByteSource) source = path ? file_source_new(path) : NULL;
    g_autoptr(Overlay) overlay = path ? overlay_new(source, MiB) : NULL;
    g_autoptr(Disk) table = path ? disk_read(overlay, NULL) : NULL;
    g_autoptr(Disk) empty = disk_new();
    g_autoptr(GError) err = NULL;

    if (!path) {
        return;
    }
    g_unlink(path);
    g_assert_cmpint(table->scheme, ==, DISK_GPT);
    g_assert_cmpuint(disk_partition(table, 2)->type, ==, PARTITION_TYPE_LDM);
    g_assert_cmpuint(disk_partition(table, 2)->start, ==, GPT_START * SECTOR);
    g_assert_cmpuint(disk_partition(table, 2)->size, ==, GPT_COUNT * SECTOR);
    g_assert_true(check_gpt(overlay, table, 2, &err));
    check_refused(check_gpt(overlay, table, 1, &err), &err, "no volume in");
    empty->scheme = DISK_GPT;
    check_refused(check_gpt(overlay, empty, 2, &err), &err, "is missing");
    overlay_write(overlay, GPT_HEADER * SECTOR, "X", 1, NULL);
    check_refused(check_gpt(overlay, table, 2, &err), &err, "is missing");
}

static void test_ldmtool_agrees_on_gpt(void)
{
    g_autofree char *tool = g_find_program_in_path("ldmtool");
    g_autofree char *path = tool ? make_gpt_disk() : NULL;
    g_autofree char *output = NULL;
    g_autoptr(ByteSource) source = path ? file_source_new(path) : NULL;
    char guid[37] = "";
    const char *words[] = { "show", "volume", guid, "Volume1" };

    if (!tool) {
        g_test_skip("ldmtool is not installed");
    }
    if (!path) {
        return;
    }
    source_read(source, GPT_HEADER * SECTOR + 0xb0, guid, 36, NULL);
    output = run_ldmtool(tool, path, words);
    g_unlink(path);
    g_test_message("%s", output);
    g_assert_nonnull(strstr(output, "\"type\" : \"simple\""));
}

/* Whatever bytes there are, the answer is yes or a line. */
static void test_random_damage(void)
{
    g_autoptr(ByteSource) source = open_disk("mirrored");

    for (unsigned run = 0; run < 2000; run++) {
        g_autoptr(Overlay) overlay = overlay_new(source, MiB);
        g_autoptr(GError) err = NULL;

        for (int edits = g_test_rand_int_range(1, 4); edits > 0; edits--) {
            const uint64_t places[] = {
                PRIVHEAD, TOC_1, TOC_2, VMDB,
                VBLK(0) + SECTOR * g_test_rand_int_range(0, 4),
            };
            uint64_t at = places[g_test_rand_int_range(0, 5)] +
                          g_test_rand_int_range(0, SECTOR);
            uint8_t byte = g_test_rand_int();

            g_assert_true(overlay_write(overlay, at, &byte, 1, NULL));
        }
        g_assert_true(check_simple(overlay, COUNT, &err) == !err);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dynamic/kinds", test_kinds);
    g_test_add_func("/dynamic/ldmtool-agrees", test_ldmtool_agrees);
    g_test_add_func("/dynamic/damage", test_damage);
    g_test_add_func("/dynamic/partition-and-disk", test_partition_and_disk);
    g_test_add_func("/dynamic/gpt", test_gpt);
    g_test_add_func("/dynamic/ldmtool-agrees-on-gpt",
                    test_ldmtool_agrees_on_gpt);
    g_test_add_func("/dynamic/random-damage", test_random_damage);
    return g_test_run();
}
