/*
 * Unit test of boot managers, and of the Windows that a BCD starts
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib/gstdio.h>
#include <string.h>

#include "bcd-fixture.h"
#include "boot-manager.h"
#include "error.h"
#include "find-fixture.h"
#include "guest-limits.h"
#include "hive-base.h"
#include "hive-cell.h"
#include "hive-file.h"
#include "le.h"
#include "util.h"

#define ID(n) "{" #n #n #n #n #n #n #n #n "-0000-11db-8000-0019dbd09914}"
#define NAME(n, text) ID(n) " (" text ")"
#define BCD "\\Boot\\BCD"
#define LOADER "\\Windows\\system32\\winload.exe"

/* Of find-disk.py: the disk, and where its partitions start. */
#define SIGNATURE 0x8e4b2d17
#define START(n) ((uint64_t)(((n) - 1) * 255 * 63 + 63) * 512)

#define PARTITION(n) \
    { .kind = BCD_DEVICE_MBR, .signature = SIGNATURE, .offset = START(n) }
#define WINDOWS(n, text, ...) \
    { ID(n), BCD_OBJECT_WINDOWS, text, __VA_ARGS__ }
#define NTLDR(n, text) \
    { ID(n), BCD_OBJECT_NTLDR, text, PARTITION(1), "\\ntldr" }

/* System Reserved, Windows, an older one, and a recovery without any. */
static const char *const usual[FIND_MAX_WISHES] = {
    "ntfs*=bootmgr,Boot\\BCD", "ntfs=:Windows",
    "ntfs=:WINNT,:Windows,Windows.old\\Windows\\system32\\ntoskrnl.exe",
    "ntfs=Recovery\\WindowsRE\\winre.wim",
};

typedef struct Case {
    BcdFixture bcd;
    const char *wanted;
    /* What found_find() says. */
    const char *found;
    /* A part of the only warning, or of the error; NULL: no warning. */
    const char *message;
} Case;

static void write_bcd(Found *found, const BcdFixture *bcd)
{
    g_autoptr(GBytes) bytes = bcd_fixture_make(bcd);

    found_write(found, disk_active(found->disk), BCD, bytes);
}

static void assert_outcome(Found *found, const char *text, const Case *c)
{
    g_assert_cmpstr(text, ==, c->found);
    if (!*c->found) {
        g_assert_nonnull(strcasestr(found->err->message, c->message));
        g_assert_error(found->err, GUEST_ERROR, GUEST_ERROR_REFUSED);
    } else if (c->message) {
        g_assert_cmpuint(found->warnings->len, ==, 1);
        g_assert_nonnull(strcasestr(g_ptr_array_index(found->warnings, 0),
                                    c->message));
    } else {
        g_assert_cmpuint(found->warnings->len, ==, 0);
    }
}

static void check_cases(const Case *cases, unsigned n, const char *boot_ini,
                        const char *const wishes[FIND_MAX_WISHES])
{
    g_autoptr(ByteSource) source = find_make_disk(NULL, wishes);

    for (unsigned i = 0; i < n; i++) {
        g_auto(Found) found = { 0 };
        g_autofree char *text = NULL;

        if (!found_open(&found, source, boot_ini)) {
            return;
        }
        g_test_message("case %u: windows=%s", i, cases[i].wanted);
        write_bcd(&found, &cases[i].bcd);
        text = found_find(&found, cases[i].wanted);
        assert_outcome(&found, text, &cases[i]);
    }
}

#define SECOND "2:\\Windows 3:\\WINDOWS 3:\\WINNT"
#define THIRD "3:\\winnt 2:\\WINDOWS 3:\\WINDOWS"

static const Case defaults[] = {
    { { ID(1), NULL, { WINDOWS(1, "Seven", PARTITION(2), LOADER,
                               "\\Windows") } }, NULL, SECOND },
    /* Several, in the menu and off it: the default comes first. */
    { { ID(2), NULL, { WINDOWS(1, "A", PARTITION(2), LOADER, "\\Windows"),
                       WINDOWS(2, "B", PARTITION(3), LOADER, "\\winnt"),
                       WINDOWS(3, "C", PARTITION(9), LOADER, "\\X") } },
      NULL, "3:\\winnt 2:\\Windows 3:\\WINDOWS" },
    { { NULL, NULL, { WINDOWS(1, "A", PARTITION(3), LOADER, "\\winnt\\") } },
      NULL, THIRD },
    /* What starts before it, once. */
    { { ID(1), ID(2), { WINDOWS(1, "A", PARTITION(2), LOADER, "\\Windows"),
                        WINDOWS(2, "B", PARTITION(3), LOADER, "\\winnt") } },
      NULL, "2:\\Windows 3:\\winnt 3:\\WINDOWS",
      "partition 1: " BCD ": the next start, that one only, is that of "
      NAME(2, "B") },
    { { ID(1), ID(1), { WINDOWS(1, "A", PARTITION(3), LOADER, "\\winnt") } },
      NULL, THIRD },
    /* A recovery is no Windows. */
    { { ID(1), NULL, { WINDOWS(1, "PE", PARTITION(3), LOADER, "\\winnt",
                               "26000022=hex:01"),
                       WINDOWS(2, "B", PARTITION(2), LOADER, "\\Windows") } },
      NULL, SECOND, NAME(1, "PE") " is no Windows: that of " NAME(2, "B")
      " is prepared, but does not start by itself" },
    { { ID(1), NULL, { { ID(1), 0x10400008, "GRUB", PARTITION(1), "\\g" },
                       WINDOWS(2, "B", PARTITION(2), LOADER, "\\Windows") } },
      NULL, SECOND, NAME(1, "GRUB") " is no Windows" },
    /* Wherever it is: nowhere, on one volume, on two. */
    { { ID(1), NULL, { WINDOWS(1, "A", { .kind = BCD_DEVICE_LOCATE }, LOADER,
                               "\\winnt") } },
      NULL, "3:\\WINNT 2:\\WINDOWS 3:\\WINDOWS" },
};

static void test_defaults(void)
{
    check_cases(defaults, G_N_ELEMENTS(defaults), NULL, usual);
}

#define ONE(...) { ID(1), NULL, { WINDOWS(1, "A", __VA_ARGS__) } }
#define CANNOT "partition 1: " BCD ": which Windows starts cannot be told, "

static const Case refused[] = {
    { ONE({ .kind = BCD_DEVICE_MBR, .signature = 7, .offset = START(2) },
          LOADER, "\\Windows"), NULL, "",
      "partition 1: " BCD ": the default entry " NAME(1, "A") " is on another "
      "disk, the partition at byte 8257536 of the disk of signature 00000007:"
      " a guest of several disks cannot be prepared" },
    { ONE({ .kind = BCD_DEVICE_GPT }, LOADER, "\\Windows"), NULL, "",
      "is on another disk" },
    { ONE({ .kind = BCD_DEVICE_MBR, .signature = SIGNATURE, .offset = 512 },
          LOADER, "\\Windows"), NULL, "", "starts \\Windows of the partition "
      "at byte 512 of the disk of signature 8e4b2d17, which the disk does not "
      "have: correct the entry" },
    { ONE({ .kind = BCD_DEVICE_FILE }, LOADER, "\\Windows"), NULL, "",
      "lies in a file, a virtual disk or" },
    { ONE({ .kind = BCD_DEVICE_OTHER }, LOADER, "\\Windows"), NULL, "",
      "starts \\Windows of a device that is no partition" },
    { ONE({ .kind = BCD_DEVICE_NONE }, LOADER, "\\Windows"), NULL, "",
      "does not say where its Windows is" },
    { ONE(PARTITION(2), LOADER, NULL), NULL, "", "does not say where" },
    { ONE(PARTITION(2), LOADER, "\\WINNT"), NULL, "",
      "is not there, partition 2 has no \\WINNT\\system32\\config\\SYSTEM" },
    { ONE(PARTITION(4), LOADER, "\\Recovery"), NULL, "", "partition 4 has no "
      "\\Recovery\\system32" },
    { ONE({ .kind = BCD_DEVICE_BOOT }, LOADER, "\\Windows"), NULL, "",
      "partition 1 has no \\Windows" },
    { ONE({ .kind = BCD_DEVICE_LOCATE }, LOADER, "\\Windows"), NULL, "",
      "and several do: say which Windows by windows=" },
    { ONE({ .kind = BCD_DEVICE_LOCATE }, LOADER, "\\X"), NULL, "",
      "starts \\X of whichever volume has it, and none has" },
    { { ID(2), NULL, { WINDOWS(1, "A", PARTITION(2), LOADER, "\\Windows") } },
      NULL, "", CANNOT "its default entry does not exist: set one (bcdedit "
      "/default) in the source VM, or name a Windows by windows=" },
    { { NULL, NULL, { WINDOWS(1, "A", PARTITION(2), LOADER, "\\Windows"),
                      WINDOWS(2, "B", PARTITION(3), LOADER, "\\winnt") } },
      NULL, "", CANNOT "none of the entries of its menu is the default" },
    { { NULL }, NULL, "", CANNOT "it has neither" },
    { { ID(1), NULL, { { ID(1), 0x10400008, "GRUB", PARTITION(1), "\\g" } } },
      NULL, "", "is no Windows, nor is another one of the menu" },
};

static void test_refused(void)
{
    check_cases(refused, G_N_ELEMENTS(refused), NULL, usual);
}

/* Who names one gets it, and hears if it is not what starts. */
static const Case wanted[] = {
    { ONE(PARTITION(2), LOADER, "\\Windows"), "2:\\WINDOWS", SECOND },
    { ONE(PARTITION(2), LOADER, "\\Windows"), "3:\\WINNT",
      "3:\\WINNT 2:\\Windows 3:\\WINDOWS", "the default entry is another one, "
      NAME(1, "A") ": 3:\\WINNT does not start by itself" },
    { ONE({ .kind = BCD_DEVICE_LOCATE }, LOADER, "\\Windows"), "3:\\WINDOWS",
      "3:\\WINDOWS 2:\\WINDOWS 3:\\WINNT", "of whichever volume has it, and "
      "several do: whether 3:\\WINDOWS starts by itself is not known" },
    { { NULL }, "3:\\WINNT", "3:\\WINNT 2:\\WINDOWS 3:\\WINDOWS",
      "whether 3:\\WINNT starts by itself is not known: it has neither a "
      "default entry nor a menu" },
    { ONE(PARTITION(2), LOADER, "\\Windows"), "4:\\Recovery", "",
      "the disk has 2:\\Windows, 3:\\WINDOWS, 3:\\WINNT" },
};

static void test_wanted(void)
{
    check_cases(wanted, G_N_ELEMENTS(wanted), NULL, usual);
}

#define INI(path) \
    "[boot loader]\r\ndefault=multi(0)disk(0)rdisk(0)" path "\r\n" \
    "[operating systems]\r\nmulti(0)disk(0)rdisk(0)" path "=\"x\""

/* Both loaders: the BCD decides, boot.ini only if that says so. */
static void test_both(void)
{
    static const char *const wishes[FIND_MAX_WISHES] = {
        "ntfs*=bootmgr,Boot\\BCD,ntldr,boot.ini,:WINDOWS",
        "ntfs=:Windows", "ntfs=:WINNT",
    };
    static const Case cases[] = {
        { { ID(2), NULL, { NTLDR(1, "XP"), WINDOWS(2, "7", PARTITION(2),
                                                   LOADER, "\\Windows") } },
          NULL, "2:\\Windows 3:\\winnt 1:\\WINDOWS" },
        { { ID(1), NULL, { NTLDR(1, "XP"), WINDOWS(2, "7", PARTITION(2),
                                                   LOADER, "\\Windows") } },
          NULL, "3:\\winnt 2:\\Windows 1:\\WINDOWS" },
        { { ID(1), NULL, { NTLDR(1, "XP") } }, "1:\\WINDOWS",
          "1:\\WINDOWS 3:\\winnt 2:\\WINDOWS", "\\boot.ini: the default entry "
          "is another one" },
    };

    check_cases(cases, G_N_ELEMENTS(cases), INI("partition(3)\\winnt"),
                wishes);
}

/* Puts @text, in characters of @width bytes, into the volume's boot code. */
static void write_boot_code(Found *found, const char *text, unsigned width)
{
    uint64_t at = disk_active(found->disk)->start + 514;
    GError *err = NULL;

    for (; *text; text++, at += width) {
        uint8_t pair[2] = { *text };

        overlay_write(found->overlay, at, pair, width, &err);
        g_assert_no_error(err);
    }
}

/* Whether the boot manager is found if there is NTLDR, too. */
static void assert_bios(ByteSource *source, const char *code, unsigned width,
                        bool expected)
{
    g_auto(Found) found = { 0 };
    g_auto(BootManagers) managers = { 0 };
    g_autoptr(Volume) volume = NULL;
    GError *err = NULL;

    if (!found_open(&found, source, NULL)) {
        return;
    }
    write_boot_code(&found, code, width);
    volume = volume_open(found.overlay, disk_active(found.disk),
                         VOLUME_READ_ONLY, &err);
    g_assert_no_error(err);
    boot_managers_find(found.overlay, found.disk, volume, &managers,
                       found.warnings, &err);
    g_assert_no_error(err);
    g_test_message("%s", code);
    g_assert_true(!!managers.bios == expected);
    g_assert_null(managers.uefi);
}

static void test_boot_code(void)
{
    static const char *const wishes[FIND_MAX_WISHES] = {
        "ntfs*=bootmgr,Boot\\BCD,ntldr",
    };
    static const char *const no_program[FIND_MAX_WISHES] = {
        "ntfs*=Boot\\BCD,ntldr",
    };
    static const char *const only_bcd[FIND_MAX_WISHES] = {
        "ntfs*=Boot\\BCD",
    };
    g_autoptr(ByteSource) source = find_make_disk(NULL, wishes);
    g_autoptr(ByteSource) other = find_make_disk(NULL, no_program);
    g_autoptr(ByteSource) bcd = find_make_disk(NULL, only_bcd);

    assert_bios(source, "NTLDR", 2, false);
    assert_bios(source, "NTLDR", 1, false);
    assert_bios(source, "BOOTMGR", 2, true);
    assert_bios(source, "NTLDR is not BOOTMGR", 1, true);
    assert_bios(source, "GRUB", 1, true);
    assert_bios(other, "BOOTMGR", 2, false);
    assert_bios(bcd, "NTLDR", 2, true);
}

/* Finds the BIOS's, after the BCD is replaced by @bytes. */
static void find_bios(Found *found, GBytes *bytes, BootManagers *managers)
{
    g_autoptr(Volume) volume = NULL;
    GError *err = NULL;

    found_write(found, disk_active(found->disk), BCD, bytes);
    volume = volume_open(found->overlay, disk_active(found->disk),
                         VOLUME_READ_ONLY, &err);
    g_assert_no_error(err);
    boot_managers_find(found->overlay, found->disk, volume, managers,
                       found->warnings, &err);
    g_assert_no_error(err);
    g_assert_nonnull(managers->bios);
    g_assert_cmpstr(managers->bios->where, ==, "partition 1: " BCD);
}

static const BcdFixture one = ONE(PARTITION(2), LOADER, "\\Windows");

/* The BCD, as it is while Windows writes to it. */
static GBytes *dirty_bcd(void)
{
    g_autoptr(GBytes) bytes = bcd_fixture_make(&one);
    gsize size = g_bytes_get_size(bytes);
    uint8_t *copy = g_memdup2(g_bytes_get_data(bytes, NULL), size);

    put_le32(copy + HIVE_BASE_PRIMARY_SEQ,
             get_le32(copy + HIVE_BASE_SECONDARY_SEQ) + 1);
    put_le32(copy + HIVE_BASE_CHECKSUM, hive_base_checksum(copy));
    return g_bytes_new_take(copy, size);
}

static void test_dirty(void)
{
    g_autoptr(ByteSource) source = find_make_disk(NULL, usual);
    g_autoptr(GBytes) bytes = dirty_bcd();
    g_auto(Found) found = { 0 };
    g_auto(BootManagers) managers = { 0 };

    if (!found_open(&found, source, NULL)) {
        return;
    }
    find_bios(&found, bytes, &managers);
    g_assert_nonnull(managers.bios->bcd);
    g_assert_true(managers.bios->has_program);
    g_assert_cmpstr(managers.bios->bcd->started->system_root, ==,
                    "\\Windows");
    g_assert_cmpuint(found.warnings->len, ==, 1);
    g_test_message("%s", (char *)g_ptr_array_index(found.warnings, 0));
    g_assert_nonnull(strstr(g_ptr_array_index(found.warnings, 0),
                            "lacks its last changes: partition 1: " BCD));
}

static void test_damaged(void)
{
    g_autoptr(ByteSource) source = find_make_disk(NULL, usual);
    g_autoptr(GBytes) bytes = g_bytes_new_static("regf", 4);
    g_auto(Found) found = { 0 };
    g_auto(BootManagers) managers = { 0 };
    g_autofree char *text = NULL;

    if (!found_open(&found, source, NULL)) {
        return;
    }
    find_bios(&found, bytes, &managers);
    g_assert_null(managers.bios->bcd);
    g_assert_nonnull(managers.bios->problem);
    text = found_find(&found, NULL);
    g_assert_cmpstr(text, ==, "");
    g_assert_error(found.err, GUEST_ERROR, GUEST_ERROR_REFUSED);
    g_assert_true(g_str_has_prefix(found.err->message, "partition 1: " BCD
                                   ": the BCD cannot be read, so"));
}

/* Who names a Windows gets it, and hears that its BCD is of no use. */
static void test_damaged_wanted(void)
{
    g_autoptr(ByteSource) source = find_make_disk(NULL, usual);
    g_autoptr(GBytes) bytes = g_bytes_new_static("regf", 4);
    g_auto(Found) found = { 0 };
    g_autofree char *text = NULL;

    if (!found_open(&found, source, NULL)) {
        return;
    }
    found_write(&found, disk_active(found.disk), BCD, bytes);
    text = found_find(&found, "2:\\Windows");
    g_assert_cmpstr(text, ==, "2:\\WINDOWS 3:\\WINDOWS 3:\\WINNT");
    g_assert_cmpuint(found.warnings->len, ==, 1);
    g_assert_true(g_str_has_prefix(g_ptr_array_index(found.warnings, 0),
                                   "partition 1: " BCD ": whether "
                                   "2:\\WINDOWS starts by itself is not "
                                   "known: "));
}

static void test_large(void)
{
    g_autoptr(ByteSource) source = find_make_disk(NULL, usual);
    g_autoptr(GBytes) bytes = g_bytes_new_take(g_malloc0(LIMIT_BCD_SIZE + 1),
                                               LIMIT_BCD_SIZE + 1);
    g_auto(Found) found = { 0 };
    g_auto(BootManagers) managers = { 0 };

    if (found_open(&found, source, NULL)) {
        find_bios(&found, bytes, &managers);
        g_assert_null(managers.bios->bcd);
        g_assert_nonnull(strstr(managers.bios->problem, "over the limit"));
    }
}

/* The BCD is as large as one may be: its last bin is a free cell. */
static void test_at_limit(void)
{
    g_autoptr(ByteSource) source = find_make_disk(NULL, usual);
    g_autoptr(GBytes) small = bcd_fixture_make(&one);
    gsize size = g_bytes_get_size(small);
    uint32_t rest = LIMIT_BCD_SIZE - size;
    uint8_t *file = g_malloc0(LIMIT_BCD_SIZE);
    g_autoptr(GBytes) bytes = g_bytes_new_take(file, LIMIT_BCD_SIZE);
    g_auto(Found) found = { 0 };
    g_auto(BootManagers) managers = { 0 };

    memcpy(file, g_bytes_get_data(small, NULL), size);
    memcpy(file + size, "hbin", 4);
    put_le32(file + size + HIVE_BIN_OFFSET, size - HIVE_BASE_SIZE);
    put_le32(file + size + HIVE_BIN_SIZE, rest);
    put_le32(file + size + HIVE_BIN_HEADER, rest - HIVE_BIN_HEADER);
    put_le32(file + HIVE_BASE_BINS_SIZE, LIMIT_BCD_SIZE - HIVE_BASE_SIZE);
    put_le32(file + HIVE_BASE_CHECKSUM, hive_base_checksum(file));
    if (found_open(&found, source, NULL)) {
        find_bios(&found, bytes, &managers);
        g_assert_cmpstr(managers.bios->problem, ==, NULL);
        g_assert_nonnull(managers.bios->bcd->started);
    }
}

#define SECTOR 512
#define TYPE_ESP 0xef

/* Where the MBR says of partition @n what it is. */
#define TYPE_AT(n) (446 + ((n) - 1) * 16 + 4)

/* Writes what is not zero of the file @path to the partition. */
static void write_image(Found *found, unsigned number, const char *path)
{
    uint64_t start = disk_partition(found->disk, number)->start;
    g_autoptr(GBytes) bytes = read_file(path);
    const uint8_t *data = g_bytes_get_data(bytes, NULL);
    static const uint8_t zeros[SECTOR];

    for (gsize at = 0; at < g_bytes_get_size(bytes); at += SECTOR) {
        if (memcmp(data + at, zeros, SECTOR) != 0) {
            g_assert_true(overlay_write(found->overlay, start + at, data + at,
                                        SECTOR, NULL));
        }
    }
}

static void set_type(Found *found, unsigned number, uint8_t type)
{
    g_assert_true(overlay_write(found->overlay, TYPE_AT(number), &type, 1,
                                NULL));
    g_clear_pointer(&found->disk, disk_free);
    found->disk = disk_read(found->overlay, NULL);
    g_assert_nonnull(found->disk);
}

/* A FAT volume with the file bcd of its directory where @script copies it. */
static const char fat_script[] =
    "set -e; cd \"$1\"; mkfs.fat -C image 7000 >&2; "
    "mmd -i image ::Boot ::EFI ::EFI/Microsoft ::EFI/Microsoft/Boot; "
    "mcopy -i image bcd \"::$2\"; mcopy -i image bcd \"::$3\"";

/*
 * Makes partition @number FAT, with @bcd at @path and a boot manager at
 * @program.  False, and the test is skipped, if there are no tools.
 */
static bool put_fat(Found *found, unsigned number, GBytes *bcd,
                    const char *path, const char *program)
{
    g_autofree char *directory = g_dir_make_tmp("boot-manager-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(directory, "bcd", NULL);
    g_autofree char *image = g_build_filename(directory, "image", NULL);
    char *argv[] = { (char *)"sh", (char *)"-c", (char *)fat_script,
                     (char *)"sh", directory, (char *)path, (char *)program,
                     NULL };
    GError *err = NULL;
    int status;
    bool ok;

    g_file_set_contents(file, g_bytes_get_data(bcd, NULL),
                        g_bytes_get_size(bcd), &err);
    g_assert_no_error(err);
    g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH |
                 G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL, &status,
                 &err);
    g_assert_no_error(err);
    ok = g_spawn_check_wait_status(status, NULL);
    if (ok) {
        write_image(found, number, image);
    } else {
        g_test_skip("mkfs.fat or mtools are not installed");
    }
    g_unlink(image);
    g_unlink(file);
    g_rmdir(directory);
    return ok;
}

/* A BIOS's active partition may be FAT. */
static void test_fat(void)
{
    static const char *const wishes[FIND_MAX_WISHES] = {
        "linux*=", "ntfs=:Windows",
    };
    g_autoptr(ByteSource) source = find_make_disk(NULL, wishes);
    g_autoptr(GBytes) bcd = bcd_fixture_make(&one);
    g_auto(Found) found = { 0 };
    g_autofree char *text = NULL;

    if (!found_open(&found, source, NULL) ||
        !put_fat(&found, 1, bcd, "/Boot/BCD", "/bootmgr")) {
        return;
    }
    text = found_find(&found, NULL);
    g_assert_cmpstr(text, ==, "2:\\Windows");
    g_assert_cmpuint(found.warnings->len, ==, 0);
}

/* A disk that a BIOS can boot and UEFI, too. */
static void test_two_firmwares(void)
{
    static const char *const wishes[FIND_MAX_WISHES] = {
        "ntfs*=bootmgr,Boot\\BCD", "ntfs=:Windows,:Other", "linux=",
    };
    static const Case cases[] = {
        { ONE(PARTITION(2), LOADER, "\\Windows"), NULL,
          "2:\\Windows 2:\\OTHER" },
        { ONE(PARTITION(2), LOADER, "\\Other"), NULL,
          "2:\\Windows 2:\\Other", "partition 3: \\EFI\\Microsoft\\Boot\\BCD: "
          "UEFI does not start 2:\\Windows, which a BIOS does, by itself" },
        { { NULL }, NULL, "2:\\Windows 2:\\OTHER", "UEFI does not start" },
    };
    g_autoptr(ByteSource) source = find_make_disk(NULL, wishes);

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) bcd = bcd_fixture_make(&cases[i].bcd);
        g_auto(Found) found = { 0 };
        g_autofree char *text = NULL;

        if (!found_open(&found, source, NULL) ||
            !put_fat(&found, 3, bcd, "/EFI/Microsoft/Boot/BCD",
                     "/EFI/Microsoft/Boot/bootmgfw.efi")) {
            return;
        }
        set_type(&found, 3, TYPE_ESP);
        write_bcd(&found, &one);
        text = found_find(&found, NULL);
        assert_outcome(&found, text, &cases[i]);
    }
}

/* No active partition: UEFI alone boots the disk. */
static void test_uefi_only(void)
{
    static const char *const wishes[FIND_MAX_WISHES] = {
        "linux=", "ntfs=:Windows",
    };
    g_autoptr(ByteSource) source = find_make_disk(NULL, wishes);
    g_autoptr(GBytes) bcd = bcd_fixture_make(&one);
    g_auto(Found) found = { 0 };
    g_autofree char *text = NULL;

    if (!found_open(&found, source, NULL) ||
        !put_fat(&found, 1, bcd, "/EFI/Microsoft/Boot/BCD",
                 "/EFI/Microsoft/Boot/bootmgfw.efi")) {
        return;
    }
    set_type(&found, 1, TYPE_ESP);
    text = found_find(&found, NULL);
    g_assert_cmpstr(text, ==, "2:\\Windows");
    g_assert_cmpuint(found.warnings->len, ==, 0);
}

/* Another system has an EFI system partition of its own, or a copy of this. */
static void test_two_esps(void)
{
    static const char *const wishes[FIND_MAX_WISHES] = {
        "linux=", "ntfs=:Windows,:Other", "linux=",
    };
    static const Case cases[] = {
        { ONE(PARTITION(2), LOADER, "\\Other"), NULL,
          "2:\\Other 2:\\WINDOWS" },
        { ONE(PARTITION(2), LOADER, "\\Windows"), NULL,
          "2:\\Windows 2:\\OTHER", "partition 1: \\EFI\\Microsoft\\Boot\\"
          "BCD: there is another boot manager, partition 3: " },
    };
    g_autoptr(ByteSource) source = find_make_disk(NULL, wishes);

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) other = bcd_fixture_make(&cases[0].bcd);
        g_autoptr(GBytes) bcd = bcd_fixture_make(&cases[i].bcd);
        g_auto(Found) found = { 0 };
        g_autofree char *text = NULL;

        if (!found_open(&found, source, NULL) ||
            !put_fat(&found, 3, other, "/EFI/Microsoft/Boot/BCD",
                     "/EFI/Microsoft/Boot/bootmgfw.efi") ||
            (i > 0 && !put_fat(&found, 1, bcd, "/EFI/Microsoft/Boot/BCD",
                               "/EFI/Microsoft/Boot/bootmgfw.efi"))) {
            return;
        }
        set_type(&found, 1, TYPE_ESP);
        set_type(&found, 3, TYPE_ESP);
        text = found_find(&found, NULL);
        assert_outcome(&found, text, &cases[i]);
    }
}

/* Whole guests: what is found, by which firmware, and what it is. */
static const struct {
    const char *kind;
    const char *found;
    bool uefi;
    const char *name;
    unsigned service_pack;
} guests[] = {
    { "win-vista", "1:\\Windows", false, "Windows Vista", 2 },
    { "win-vista-uefi", "3:\\Windows", true, "Windows Vista", 2 },
    { "win7-reserved", "2:\\Windows", false, "Windows 7", 1 },
    { "win8.1-uefi", "4:\\Windows", true, "Windows 8.1", 0 },
    { "win10", "3:\\Windows", true, "Windows 10", 0 },
    { "win10-bios", "2:\\Windows", false, "Windows 10", 0 },
    { "win11", "3:\\Windows", true, "Windows 11", 0 },
    { "ws2016", "4:\\Windows", true, "Windows Server 2016", 0 },
    { "ws2022-bios", "2:\\Windows", false, "Windows Server 2022", 0 },
    { "ws2025", "3:\\Windows", true, "Windows Server 2025", 0 },
};

/* The kernel says so, and the SYSTEM hive. */
static void assert_identity(Found *found, const char *name,
                            unsigned service_pack)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(Volume) volume = volume_open(found->overlay,
                                           found->place.partition,
                                           VOLUME_READ_ONLY, &err);
    g_autoptr(Windows) windows = NULL;
    g_autoptr(HiveFile) system = NULL;

    g_assert_no_error(err);
    windows = windows_identify(volume, &found->place, &err);
    g_assert_no_error(err);
    system = hive_file_open(volume, windows, "SYSTEM", DIRTY_HIVE_REFUSE,
                            found->warnings, &err);
    g_assert_no_error(err);
    windows_read_registry(windows, system->hive, system->where,
                          found->warnings, &err);
    g_assert_no_error(err);
    g_assert_cmpstr(windows->name, ==, name);
    g_assert_cmpuint(windows->service_pack, ==, service_pack);
}

static void assert_firmware(Found *found, bool uefi)
{
    g_auto(WindowsSurvey) survey = { 0 };
    g_autoptr(GError) err = NULL;

    windows_survey(found->overlay, found->disk, NULL, &survey,
                   found->warnings, &err);
    g_assert_no_error(err);
    g_assert_nonnull(survey.manager);
    g_assert_true(survey.manager == (uefi ? survey.managers.uefi
                                          : survey.managers.bios));
    g_assert_true(survey.manager->has_program);
    g_assert_null(uefi ? survey.managers.bios : survey.managers.uefi);
    g_assert_null(survey.boot_ini);
}

static void test_guests(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(guests); i++) {
        g_autoptr(ByteSource) source = guest_source(guests[i].kind);
        g_auto(Found) found = { 0 };
        g_autofree char *text = NULL;

        if (!source) {
            return;
        }
        found_open(&found, source, NULL);
        g_test_message("%s", guests[i].kind);
        text = found_find(&found, NULL);
        g_assert_cmpstr(text, ==, guests[i].found);
        assert_firmware(&found, guests[i].uefi);
        g_assert_cmpuint(found.warnings->len, ==, 0);
        assert_identity(&found, guests[i].name, guests[i].service_pack);
    }
}

#define EFI_BCD "partition 1: \\EFI\\Microsoft\\Boot\\BCD"
#define NO_DEFAULT ": which Windows starts cannot be told, its default entry "

/* What is odd or wrong in guests: where Windows is, or how the error begins. */
static const struct {
    const char *kind;
    const char *found;
    const char *error;
    /* A part of it, or of a warning. */
    const char *part;
} odd_guests[] = {
    { "win-vista-boot-device", "1:\\Windows", NULL, NULL },
    { "win10-compact", "3:\\Windows", NULL, NULL },
    { "win10-bcd-path", "3:\\Windows", NULL, NULL },
    { "win7-bcd-no-default", "2:\\Windows", NULL, NULL },
    { "win7-bcd-dirty", "2:\\Windows", NULL, "lacks its last changes" },
    { "win10-bcd-dirty", "3:\\Windows", NULL, "lacks its last changes" },
    { "win7-no-bcd", "", "partition 1: " BCD ": the BCD cannot be read, so",
      "No such file or directory): repair it" },
    { "win7-bcd-garbage", "", "partition 1: " BCD ": the BCD cannot be read",
      "this is no registry hive" },
    { "win7-bcd-nowhere", "", "partition 1: " BCD ": the default entry {",
      "which the disk does not have" },
    { "win10-bcd-nowhere", "", EFI_BCD ": the default entry {",
      "which the disk does not have" },
    { "win7-bcd-other-disk", "", "partition 1: " BCD ": the default entry",
      "is on another disk" },
    { "win10-bcd-other-disk", "", EFI_BCD ": the default entry",
      "is on another disk" },
    { "win7-bcd-no-object", "", "partition 1: " BCD NO_DEFAULT,
      "does not exist: set one" },
    { "win10-bcd-no-object", "", EFI_BCD NO_DEFAULT, "set one" },
    { "win10-bcd-root", "", EFI_BCD ": the default entry", "partition 3 has "
      "no \\WinXP\\system32\\config\\SYSTEM: restore it" },
    { "win10-no-bcd", "", "partition 1: the EFI system partition has no "
      "\\EFI\\Microsoft\\Boot\\BCD", "write one (bcdboot)" },
};

static void check_odd_guest(unsigned i, ByteSource *source)
{
    g_auto(Found) found = { 0 };
    g_autofree char *text = NULL;

    found_open(&found, source, NULL);
    g_test_message("%s", odd_guests[i].kind);
    text = found_find(&found, NULL);
    g_assert_cmpstr(text, ==, odd_guests[i].found);
    g_assert_cmpuint(found.warnings->len, ==,
                     !odd_guests[i].error && odd_guests[i].part);
    if (odd_guests[i].error) {
        g_assert_error(found.err, GUEST_ERROR, GUEST_ERROR_REFUSED);
        g_assert_true(g_str_has_prefix(found.err->message,
                                       odd_guests[i].error));
        g_assert_nonnull(strstr(found.err->message, odd_guests[i].part));
    } else if (odd_guests[i].part) {
        g_assert_nonnull(strstr(g_ptr_array_index(found.warnings, 0),
                                odd_guests[i].part));
    }
}

static void test_odd_guests(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(odd_guests); i++) {
        g_autoptr(ByteSource) source = guest_source(odd_guests[i].kind);

        if (!source) {
            return;
        }
        check_odd_guest(i, source);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/boot-manager/defaults", test_defaults);
    g_test_add_func("/boot-manager/refused", test_refused);
    g_test_add_func("/boot-manager/wanted", test_wanted);
    g_test_add_func("/boot-manager/both", test_both);
    g_test_add_func("/boot-manager/boot-code", test_boot_code);
    g_test_add_func("/boot-manager/dirty", test_dirty);
    g_test_add_func("/boot-manager/damaged", test_damaged);
    g_test_add_func("/boot-manager/damaged-wanted", test_damaged_wanted);
    g_test_add_func("/boot-manager/large", test_large);
    g_test_add_func("/boot-manager/at-limit", test_at_limit);
    g_test_add_func("/boot-manager/fat", test_fat);
    g_test_add_func("/boot-manager/two-firmwares", test_two_firmwares);
    g_test_add_func("/boot-manager/uefi-only", test_uefi_only);
    g_test_add_func("/boot-manager/two-esps", test_two_esps);
    g_test_add_func("/boot-manager/guests", test_guests);
    g_test_add_func("/boot-manager/odd-guests", test_odd_guests);
    return g_test_run();
}
