/*
 * Unit test of where Windows is found, on small disks of find-disk.py
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "find-fixture.h"
#include "guest-limits.h"

#define ARC(n) "multi(0)disk(0)rdisk(0)partition(" #n ")"
#define SYSTEMS "[operating systems]\r\n"
/* With one entry, the default. */
#define INI(path) "[boot loader]\r\ndefault=" path "\r\n" SYSTEMS path "=\"x\""

typedef struct Case {
    /* NULL: the disk's own, if it has one. */
    const char *boot_ini;
    const char *wanted;
    /* What find() says. */
    const char *found;
    /* A part of the only warning, or of the error; NULL: no warning. */
    const char *message;
} Case;

static void check_case(const Case *c, ByteSource *source)
{
    g_auto(Found) found = { 0 };
    g_autofree char *text = NULL;

    if (!found_open(&found, source, c->boot_ini)) {
        return;
    }
    g_test_message("case: %s, windows=%s", c->boot_ini, c->wanted);
    text = found_find(&found, c->wanted);
    g_assert_cmpstr(text, ==, c->found);
    if (!*c->found) {
        g_assert_nonnull(strstr(found.err->message, c->message));
    } else if (c->message) {
        g_assert_cmpuint(found.warnings->len, ==, 1);
        g_assert_nonnull(strstr(g_ptr_array_index(found.warnings, 0),
                                c->message));
    } else {
        g_assert_cmpuint(found.warnings->len, ==, 0);
    }
}

static void check_cases(const Case *cases, unsigned n, const char *dynamic,
                        const char *const wishes[FIND_MAX_WISHES])
{
    g_autoptr(ByteSource) source = find_make_disk(dynamic, wishes);

    for (unsigned i = 0; i < n; i++) {
        check_case(&cases[i], source);
    }
}

/* Two installations, and what looks like one: parts of removed ones. */
static const char *const one_volume[FIND_MAX_WISHES] = {
    "ntfs*=boot.ini,:WINDOWS,:WINDOWS.0,OLD\\system32\\config\\SAM,"
    "HALF\\system32\\config\\SYSTEM",
};

#define BOTH "1:\\WINDOWS 1:\\WINDOWS.0"
#define BOTH_0 "1:\\WINDOWS.0 1:\\WINDOWS"

static const Case entries[] = {
    { INI(ARC(1) "\\WINDOWS"), NULL, BOTH },
    { INI(ARC(1) "\\WINDOWS.0\\"), NULL, BOTH_0 },
    /* The spelling is boot.ini's. */
    { INI(ARC(1) "\\windows"), NULL, "1:\\windows 1:\\WINDOWS.0" },
    /* One installation with several entries is one; order is the file's. */
    { INI(ARC(1) "\\WINDOWS.0") " /safeboot\r\n" ARC(1) "\\windows.0=\"y\"\r\n",
      NULL, BOTH_0 },
    /* A default that is no entry; entries without a default. */
    { "[boot loader]\r\ndefault=" ARC(1) "\\WINDOWS.0\r\n" SYSTEMS
      ARC(1) "\\WINDOWS=\"x\"", NULL, BOTH_0 },
    { SYSTEMS ARC(1) "\\WINDOWS.0=\"x\"\r\n" ARC(1) "\\WINDOWS=\"y\"", NULL,
      BOTH_0 },
    /* None at all, as good as no file. */
    { "", NULL, BOTH, "no entry" },
    { "rubbish", NULL, BOTH, "no entry" },
    { INI("C:\\"), NULL, BOTH, "no entry" },
    /* Other systems' boot sectors beside a Windows. */
    { "[boot loader]\r\ndefault=C:\\grldr\r\n" SYSTEMS "C:\\grldr=\"x\"\r\n"
      ARC(1) "\\WINDOWS.0=\"y\"", NULL, BOTH_0, "C:\\grldr names no Windows" },
    { SYSTEMS "C:\\=\"DOS\"\r\n" ARC(1) "\\WINDOWS=\"x\"", NULL, BOTH,
      "C:\\ names no Windows" },
    /* Through SCSI drivers. */
    { INI("scsi(0)disk(0)rdisk(0)partition(1)\\WINDOWS"), NULL, BOTH },
    { INI("signature(8e4b2d17)disk(2)rdisk(0)partition(1)\\WINDOWS"), NULL,
      BOTH },
    /* Elsewhere. */
    { INI("signature(1badcafe)disk(0)rdisk(0)partition(1)\\WINDOWS"), NULL,
      "", "on another disk, that of signature 1badcafe" },
    { INI("multi(0)disk(0)rdisk(1)partition(1)\\WINDOWS"), NULL, "",
      "on another disk, disk(0)rdisk(1)" },
    { INI("scsi(1)disk(0)rdisk(0)partition(1)\\WINDOWS"), NULL, "",
      "of adapter 1" },
    { INI(ARC(2) "\\WINDOWS"), NULL, "", "there is no Windows" },
    { INI(ARC(0) "\\WINDOWS"), NULL, "", "there is no Windows" },
    { INI(ARC(1) "\\WINNT"), NULL, "", "there is no Windows" },
    { INI(ARC(1) "\\OLD"), NULL, "",
      "partition 1 has no \\OLD\\system32\\config\\SYSTEM: restore it" },
    { INI(ARC(1) "\\HALF"), NULL, "",
      "partition 1 has no \\HALF\\system32\\ntoskrnl.exe" },
    { INI(ARC(1)), NULL, "", "has no \\system32\\config\\SYSTEM" },
    /* Other entries on other disks are nobody's business. */
    { INI(ARC(1) "\\WINDOWS") "\r\nmulti(0)disk(0)rdisk(1)partition(1)"
      "\\WINNT=\"y\"\r\n" ARC(9) "\\WINNT=\"z\"\r\n", NULL, BOTH },
};

static void test_entries(void)
{
    check_cases(entries, G_N_ELEMENTS(entries), NULL, one_volume);
}

#define OTHER_INI INI("multi(0)disk(0)rdisk(1)partition(1)\\WINDOWS")
#define SYNTAX "this is no PARTITION:\\PATH"

static const Case wanted[] = {
    { INI(ARC(1) "\\WINDOWS"), "1:\\WINDOWS", BOTH },
    { INI(ARC(1) "\\WINDOWS"), "1:/windows.0/", BOTH_0,
      "default entry is another one, " ARC(1) "\\WINDOWS" },
    { INI(ARC(1) "\\WINDOWS.0"), "01:\\\\WINDOWS.0\\", BOTH_0 },
    /* Refused if boot.ini alone decided. */
    { OTHER_INI, "1:\\WINDOWS", BOTH, "default entry is another one" },
    { INI(ARC(1) "\\OLD"), "1:\\WINDOWS.0", BOTH_0, "is another one" },
    { INI("scsi(0)disk(0)rdisk(0)partition(1)\\WINDOWS"), "1:\\WINDOWS",
      BOTH },
    { "", "1:\\WINDOWS.0", BOTH_0 },
    /* Not there. */
    { INI(ARC(1) "\\WINDOWS"), "2:\\WINNT", "",
      "no partition of that number, the last one is 1" },
    { INI(ARC(1) "\\WINDOWS"), "4294967297:\\WINDOWS", "", "no partition" },
    { INI(ARC(1) "\\WINDOWS"), "1:\\WINNT", "",
      "windows=1:\\WINNT: there is no Windows, partition 1 has no "
      "\\WINNT\\system32\\config\\SYSTEM; the disk has 1:\\WINDOWS, "
      "1:\\WINDOWS.0" },
    { INI(ARC(1) "\\WINDOWS"), "1:\\", "", "has no \\system32\\config" },
    { INI(ARC(1) "\\WINDOWS"), "1:\\HALF", "", "ntoskrnl.exe" },
    { INI(ARC(1) "\\WINDOWS"), "1:\\boot.ini", "", "there is no Windows" },
    /* No PARTITION:\PATH. */
    { NULL, "", "", SYNTAX }, { NULL, "1", "", SYNTAX },
    { NULL, "1:", "", SYNTAX }, { NULL, "1:WINDOWS", "", SYNTAX },
    { NULL, ":\\WINDOWS", "", SYNTAX }, { NULL, "C:\\WINDOWS", "", SYNTAX },
    { NULL, "\\WINDOWS", "", SYNTAX }, { NULL, "0:\\WINDOWS", "", SYNTAX },
    { NULL, "-1:\\WINDOWS", "", SYNTAX }, { NULL, " 1:\\WINDOWS", "", SYNTAX },
    { NULL, "1 :\\WINDOWS", "", SYNTAX },
    { NULL, "99999999999999999999:\\WINDOWS", "", "no partition" },
};

static void test_wanted(void)
{
    check_cases(wanted, G_N_ELEMENTS(wanted), NULL, one_volume);
}

/*
 * 1: a maker's service partition, 2: NTLDR, 3 and 4: logical drives, with
 * Windows in the root, in a directory of one, and deeper than a search goes.
 */
static const char *const logical_drives[FIND_MAX_WISHES] = {
    "oem=", "ntfs*=boot.ini,NTLDR", "ntfs+=:,:APPS\\NT", "ntfs+=:WINNT",
};

static const Case places[] = {
    { INI(ARC(4) "\\WINNT"), NULL, "4:\\WINNT 3:" },
    { INI(ARC(3)), NULL, "3: 4:\\WINNT" },
    { INI(ARC(3) "\\"), NULL, "3: 4:\\WINNT" },
    { INI(ARC(3) "\\APPS\\NT"), NULL, "3:\\APPS\\NT 3: 4:\\WINNT" },
    { INI(ARC(4) "\\WINNT") "\r\n" ARC(3) "\\APPS\\NT=\"y\"\r\n", NULL,
      "4:\\WINNT 3:\\APPS\\NT 3:" },
    { "", "3:\\APPS/NT", "3:\\APPS\\NT 3: 4:\\WINNT" },
    { "", "3:\\", "3: 4:\\WINNT" },
    { INI(ARC(4) "\\WINNT"), "3:/", "3: 4:\\WINNT",
      "another one, " ARC(4) "\\WINNT: 3:\\ does not start" },
    /* A FAT partition: named by boot.ini, by the user. */
    { INI(ARC(1) "\\WINDOWS"), NULL, "",
      "default entry " ARC(1) "\\WINDOWS: partition 1 is a FAT volume" },
    { INI(ARC(4) "\\WINNT"), "1:\\WINDOWS", "",
      "windows=1:\\WINDOWS: partition 1 is a FAT volume" },
};

static void test_places(void)
{
    check_cases(places, G_N_ELEMENTS(places), NULL, logical_drives);
}

/* Without boot.ini NTLDR knows two places on partition 1. */
static void test_no_boot_ini(void)
{
    static const struct {
        const char *wishes[FIND_MAX_WISHES];
        const char *found, *warning;
    } disks[] = {
        { { "ntfs*=:WINNT,:WINDOWS,:ALPHA" },
          "1:\\WINDOWS 1:\\WINNT 1:\\ALPHA", NULL },
        { { "ntfs*=:WINNT,:ALPHA" }, "1:\\WINNT 1:\\ALPHA", NULL },
        { { "ntfs*=:ALPHA" }, "1:\\ALPHA", "1:\\ALPHA: without" },
        { { "ntfs*=NTLDR", "ntfs=:WINDOWS" }, "2:\\WINDOWS",
          "2:\\WINDOWS: without an entry in boot.ini" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(disks); i++) {
        g_autoptr(ByteSource) source = find_make_disk(NULL, disks[i].wishes);
        g_auto(Found) found = { 0 };
        g_autofree char *text = NULL;

        if (!found_open(&found, source, NULL)) {
            return;
        }
        text = found_find(&found, NULL);
        g_assert_cmpstr(text, ==, disks[i].found);
        g_assert_cmpuint(found.warnings->len, ==,
                         disks[i].warning ? 2 : 1);
        g_assert_nonnull(strstr(g_ptr_array_index(found.warnings, 0),
                                "\\boot.ini: No such file"));
        if (disks[i].warning) {
            g_assert_nonnull(strstr(g_ptr_array_index(found.warnings, 1),
                                    disks[i].warning));
        }
    }
}

/* System partitions that cannot be read, and disks without Windows. */
static const struct {
    const char *wishes[FIND_MAX_WISHES];
    GuestError code;
    const char *message;
} refusals[] = {
    { { "fat*=", "ntfs=:WINNT" }, GUEST_ERROR_REFUSED,
      "partition 1, which the BIOS starts, is a FAT volume: its boot.ini and "
      "hiberfil.sys cannot be read; convert it to NTFS" },
    { { "linux*=", "ntfs=:WINDOWS" }, GUEST_ERROR_REFUSED,
      "partition 1, which the BIOS starts, is no NTFS volume" },
    { { "bitlocker*=", "ntfs=:WINDOWS" }, GUEST_ERROR_REFUSED,
      "partition 1, which the BIOS starts, is encrypted by BitLocker" },
    { { "ntfs=:WINDOWS" }, GUEST_ERROR_REFUSED, "no partition of this disk "
      "is active" },
    { { "oem=", "ntfs*=x" }, GUEST_ERROR_NO_GUEST, "no NTFS volume" },
    { { "ntfs*=OLD\\system32\\config\\SAM" }, GUEST_ERROR_NO_GUEST,
      "no NTFS volume" },
    { { "linux*=" }, GUEST_ERROR_NO_GUEST, "no Windows to prepare (" },
    { { "fat*=" }, GUEST_ERROR_NO_GUEST, "convert C: /fs:ntfs" },
    { { "ntfs*=x", "bitlocker=" }, GUEST_ERROR_REFUSED, "partition 2 is "
      "encrypted by BitLocker" },
};

static void test_refusals(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autoptr(ByteSource) source = find_make_disk(NULL, refusals[i].wishes);
        g_auto(Found) found = { 0 };
        g_autofree char *text = NULL;

        if (!found_open(&found, source, NULL)) {
            return;
        }
        text = found_find(&found, NULL);
        g_assert_cmpstr(text, ==, "");
        g_assert_error(found.err, GUEST_ERROR, refusals[i].code);
        g_assert_nonnull(strstr(found.err->message, refusals[i].message));
    }
}

/* Naming an installation does not help where the BIOS starts none. */
static void test_wanted_is_no_way_around(void)
{
    static const Case cases[] = {
        { NULL, "2:\\WINNT", "", "which the BIOS starts, is a FAT volume" },
        { NULL, "1:\\WINDOWS", "", "partition 1 is a FAT volume: convert" },
        { NULL, "2:\\WINDOWS", "", "the disk has 2:\\WINNT" },
    };
    static const char *const wishes[FIND_MAX_WISHES] = {
        "fat*=", "ntfs=:WINNT",
    };
    static const Case empty_disk[] = {
        { NULL, "1:\\WINDOWS", "", "no Windows was found on the disk" },
    };
    static const char *const empty[FIND_MAX_WISHES] = { "ntfs*=x" };

    check_cases(cases, G_N_ELEMENTS(cases), NULL, wishes);
    check_cases(empty_disk, 1, NULL, empty);
}

static const char *const two_volumes[FIND_MAX_WISHES] = {
    "ntfs*=boot.ini,:WINDOWS", "ntfs=:WINNT",
};

static void test_dynamic(void)
{
    static const Case simple[] = {
        { INI(ARC(1) "\\WINDOWS"), NULL, "1:\\WINDOWS 2:\\WINNT" },
        { INI(ARC(2) "\\WINNT"), NULL, "2:\\WINNT 1:\\WINDOWS" },
    };
    static const Case mirrored[] = {
        { NULL, NULL, "", "partition 1 is a part of a mirrored volume" },
        { NULL, "2:\\WINNT", "", "partition 1 is a part of a mirrored" },
    };
    static const Case none[] = {
        { NULL, NULL, "", "database (LDM) is missing" },
    };

    check_cases(simple, G_N_ELEMENTS(simple), "simple", two_volumes);
    check_cases(simple, G_N_ELEMENTS(simple), "two-disks", two_volumes);
    check_cases(mirrored, G_N_ELEMENTS(mirrored), "mirrored", two_volumes);
    check_cases(none, G_N_ELEMENTS(none), "no-database", two_volumes);
}

/* A volume of several pieces is nobody's business unless Windows is there. */
static void test_dynamic_beside(void)
{
    static const Case cases[] = {
        { INI(ARC(1) "\\WINDOWS"), NULL, "1:\\WINDOWS" },
        { INI(ARC(2) "\\WINNT"), NULL, "",
          "default entry " ARC(2) "\\WINNT: partition 2: the partition" },
        { INI(ARC(1) "\\WINDOWS"), "2:\\WINNT", "",
          "windows=2:\\WINNT: partition 2: the partition table and" },
    };
    g_autoptr(ByteSource) source = find_make_disk("simple", two_volumes);

    for (unsigned i = 0; source && i < G_N_ELEMENTS(cases); i++) {
        g_auto(Found) found = { 0 };
        g_autofree char *text = NULL;
        uint8_t sectors;

        found_open(&found, source, cases[i].boot_ini);
        /* The second entry's size; the database has another then. */
        overlay_read(found.overlay, 446 + 16 + 12, &sectors, 1, NULL);
        sectors--;
        overlay_write(found.overlay, 446 + 16 + 12, &sectors, 1, NULL);
        disk_free(found.disk);
        found.disk = disk_read(found.overlay, NULL);
        text = found_find(&found, cases[i].wanted);
        g_assert_cmpstr(text, ==, cases[i].found);
        g_assert_true(!found.err || strstr(found.err->message,
                                           cases[i].message));
    }
}

/* Names beyond a limit are not looked at, which is said. */
static void test_many_names(void)
{
    static const Case cases[] = {
        { INI(ARC(1) "\\ZWIN"), NULL, "1:\\ZWIN 1:\\WINDOWS",
          "more than 1024 names" },
        { "", "1:\\ZWIN", "1:\\ZWIN 1:\\WINDOWS", "more than 1024 names" },
    };
    static const char *const wishes[FIND_MAX_WISHES] = {
        "ntfs*=boot.ini,:WINDOWS,:ZWIN,:ZWIN2,dx1030",
    };

    check_cases(cases, G_N_ELEMENTS(cases), NULL, wishes);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/windows-find/entries", test_entries);
    g_test_add_func("/windows-find/wanted", test_wanted);
    g_test_add_func("/windows-find/places", test_places);
    g_test_add_func("/windows-find/no-boot-ini", test_no_boot_ini);
    g_test_add_func("/windows-find/refusals", test_refusals);
    g_test_add_func("/windows-find/wanted-is-no-way-around",
                    test_wanted_is_no_way_around);
    g_test_add_func("/windows-find/dynamic", test_dynamic);
    g_test_add_func("/windows-find/dynamic-beside", test_dynamic_beside);
    g_test_add_func("/windows-find/many-names", test_many_names);
    return g_test_run();
}
