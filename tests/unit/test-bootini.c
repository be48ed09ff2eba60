/*
 * Unit test of boot.ini and ARC paths
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "bootini.h"
#include "guest-limits.h"
#include "util.h"

static const struct {
    const char *text;
    ArcKind kind;
    unsigned rdisk, partition;
    uint32_t signature;
    const char *directory;
} good_paths[] = {
    { "multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS", ARC_MULTI, 0, 1, 0,
      "\\WINDOWS" },
    { "MULTI(0)Disk(0)rDisk(1)Partition(12)\\WINNT\\", ARC_MULTI, 1, 12, 0,
      "\\WINNT" },
    { "scsi(0)disk(1)rdisk(0)partition(2)\\WINNT", ARC_SCSI, 0, 2, 0,
      "\\WINNT" },
    { "signature(8b467c12)disk(0)rdisk(0)partition(1)\\WINDOWS",
      ARC_SIGNATURE, 0, 1, 0x8b467c12, "\\WINDOWS" },
    { "multi(0)disk(0)rdisk(0)partition(1)", ARC_MULTI, 0, 1, 0, "" },
};

static const char *const bad_paths[] = {
    "", "C:\\", "C:\\CMDCONS\\BOOTSECT.DAT", "multi", "multi(0)",
    "multi()disk(0)rdisk(0)partition(1)\\WINDOWS",
    "multi(0)disk(0)rdisk(0)\\WINDOWS",
    "multi(0)disk(0)rdisk(0)partition(1)WINDOWS",
    "multi(0)disk(0)rdisk(0)partition(-1)\\WINDOWS",
    "multi(0)disk(0)rdisk(0)partition(99999999999)\\WINDOWS",
    "multi(0)disk(0)rdisk( 0)partition(1)\\WINDOWS",
    "multi(0x1)disk(0)rdisk(0)partition(1)\\WINDOWS",
};

static void test_arc_paths(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(good_paths); i++) {
        g_auto(ArcPath) path = { 0 };

        g_test_message("%s", good_paths[i].text);
        g_assert_true(arc_path_parse(good_paths[i].text, &path));
        g_assert_cmpint(path.kind, ==, good_paths[i].kind);
        g_assert_cmpuint(path.rdisk, ==, good_paths[i].rdisk);
        g_assert_cmpuint(path.partition, ==, good_paths[i].partition);
        g_assert_cmphex(path.signature, ==, good_paths[i].signature);
        g_assert_cmpstr(path.directory, ==, good_paths[i].directory);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(bad_paths); i++) {
        g_auto(ArcPath) path = { 0 };

        g_test_message("%s", bad_paths[i]);
        g_assert_false(arc_path_parse(bad_paths[i], &path));
    }
}

#define ENTRY(n) "multi(0)disk(0)rdisk(0)partition(" #n ")\\WINDOWS"
#define WINNT "multi(0)disk(0)rdisk(0)partition(1)\\WINNT"
#define MAX_PATHS 4

/* What is to be read out of one text. */
typedef struct Expected {
    /* A file of the directory, or a text. */
    const char *text;
    const char *default_path;
    const char *paths[MAX_PATHS];
} Expected;

static void check(const BootIni *ini, const Expected *expected)
{
    unsigned n = 0;

    g_test_message("%s", expected->text);
    g_assert_cmpstr(ini->default_path, ==, expected->default_path);
    for (; n < MAX_PATHS && expected->paths[n]; n++) {
        g_assert_cmpuint(n, <, ini->paths->len);
        g_assert_cmpstr(g_ptr_array_index(ini->paths, n), ==,
                        expected->paths[n]);
    }
    g_assert_cmpuint(ini->paths->len, ==, n);
}

static const Expected texts[] = {
    { "[boot loader]\r\ntimeout=30\r\ndefault=" ENTRY(2) "\r\n"
      "[operating systems]\r\n" ENTRY(1) "=\"XP\" /fastdetect\r\n",
      ENTRY(2), { ENTRY(1) } },
    /* Blanks and case; the last line has no end. */
    { "[Boot Loader]\n  Default = " ENTRY(3) "  ", ENTRY(3) },
    { "[operating systems]\r\n" ENTRY(4) "=\"XP\"\r\n" ENTRY(5) "=\"b\"\r\n",
      NULL, { ENTRY(4), ENTRY(5) } },
    /* A key of the name elsewhere is not the default. */
    { "[other]\r\ndefault=" ENTRY(1) "\r\n[operating systems]\r\n"
      ENTRY(6) "=\"XP\"\r\n", NULL, { ENTRY(6) } },
    { "[boot loader]\r\ndefaults=" ENTRY(1) "\r\n", NULL },
    /* What a section in between hides is no entry. */
    { "[operating systems]\r\n" ENTRY(1) "=\"a\"\r\n[hidden]\r\n"
      ENTRY(2) "=\"b\"\r\n[operating systems]\r\n" ENTRY(3) "=\"c\"\r\n",
      NULL, { ENTRY(1), ENTRY(3) } },
    /* The first default is it; one without a value is none. */
    { "[boot loader]\r\ndefault=\r\ndefault=" ENTRY(1) "\r\ndefault="
      ENTRY(2) "\r\n", ENTRY(1) },
    /* What follows DOS' end of file, or a zero, is not there. */
    { "[boot loader]\r\n\x1a" "default=" ENTRY(1) "\r\n", NULL },
    { "", NULL },
    { "no sections at all", NULL },
};

static void test_texts(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GBytes) text = g_bytes_new_static(texts[i].text,
                                                    strlen(texts[i].text));
        g_autoptr(BootIni) ini = boot_ini_parse(text);

        check(ini, &texts[i]);
    }
}

static void test_empty_file(void)
{
    g_autoptr(GBytes) text = g_bytes_new(NULL, 0);
    g_autoptr(BootIni) ini = boot_ini_parse(text);

    g_assert_null(ini->default_path);
    g_assert_cmpuint(ini->paths->len, ==, 0);
}

static void test_zero_and_utf16(void)
{
    static const char zero[] = "[boot loader]\r\n\0default=" ENTRY(1);
    static const char utf16[] = "\xff\xfe[\0b\0o\0o\0t\0";
    g_autoptr(GBytes) first = g_bytes_new_static(zero, sizeof(zero) - 1);
    g_autoptr(GBytes) second = g_bytes_new_static(utf16, sizeof(utf16) - 1);
    g_autoptr(BootIni) of_first = boot_ini_parse(first);
    g_autoptr(BootIni) of_second = boot_ini_parse(second);

    g_assert_null(of_first->default_path);
    g_assert_null(of_second->default_path);
    g_assert_cmpuint(of_second->paths->len, ==, 0);
}

/* However many entries there are, only so many are looked at. */
static void test_many_entries(void)
{
    GString *text = g_string_new("[operating systems]\r\n");
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(BootIni) ini = NULL;

    for (unsigned i = 0; i < 2 * LIMIT_BOOT_INI_ENTRIES; i++) {
        g_string_append(text, ENTRY(1) "=\"XP\"\r\n");
    }
    bytes = g_string_free_to_bytes(text);
    ini = boot_ini_parse(bytes);
    g_assert_cmpuint(ini->paths->len, ==, LIMIT_BOOT_INI_ENTRIES);
}

/* What people have posted: every file has its line. */
static const Expected files[] = {
    /* "default=" in front of an entry: a path of NTLDR's that is none. */
    { "bad-default-prefix-in-os.ini", ENTRY(1), { "default" } },
    { "default-not-in-os-list.ini", ENTRY(1), { WINNT } },
    { "double-noexecute.ini", ENTRY(1), { ENTRY(1) } },
    { "ems-redirect-2003.ini", ENTRY(2), { ENTRY(2), ENTRY(2) } },
    { "grldr-before-os-section.ini", WINNT, { WINNT } },
    { "kernel-hal-smp-line.ini", WINNT, { WINNT } },
    { "numproc.ini", ENTRY(1), { ENTRY(1) } },
    { "redirect-empty-baud.ini", ENTRY(1), { ENTRY(1) } },
    { "scsi-mininT4.ini", "scsi(0)disk(0)rdisk(0)partition(1)\\winnt",
      { "scsi(0)disk(0)rdisk(0)partition(1)\\winnt" } },
    { "sig-disk2-windows0.ini",
      "signature(c5b6c5b6)disk(2)rdisk(0)partition(1)\\WINDOWS.0",
      { "signature(c5b6c5b6)disk(2)rdisk(0)partition(1)\\WINDOWS.0" } },
    { "sig-short-hex-mixed-2000.ini",
      "signature(4d859)disk(1)rdisk(0)partition(1)\\WINDOWS",
      { "signature(4d859)disk(1)rdisk(0)partition(1)\\WINDOWS",
        "multi(0)disk(0)rdisk(0)partition(1)\\BACKUUP", WINNT } },
    { "sig-xphome.ini",
      "signature(f55cf55c)disk(0)rdisk(0)partition(1)\\WINDOWS",
      { "signature(f55cf55c)disk(0)rdisk(0)partition(1)\\WINDOWS" } },
    { "spaced-wubildr.ini", ENTRY(1), { ENTRY(1), "C:\\wubildr.mbr" } },
    { "trailing-junk-option.ini", ENTRY(1), { ENTRY(1) } },
    { "two-installs-windows0.ini", ENTRY(1) ".0",
      { ENTRY(1) ".0", ENTRY(1) } },
    { "vista-comment-header.ini", ENTRY(1), { ENTRY(1) } },
    { "w2k-two-disks-cmdcons.ini", WINNT,
      { WINNT, "C:\\CMDCONS\\BOOTSECT.DAT",
        "multi(0)disk(0)rdisk(1)partition(1)\\WINNT" } },
};

static const Expected *find_expected(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
        if (g_str_equal(files[i].text, name)) {
            return &files[i];
        }
    }
    g_error("there is no line for %s in the table", name);
}

static void test_real_files(void)
{
    g_autofree char *directory = shared_data("bootini");
    g_autoptr(GDir) dir = directory ? g_dir_open(directory, 0, NULL) : NULL;
    const char *name;
    unsigned seen = 0;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        g_autoptr(GBytes) text = read_file(path);
        g_autoptr(BootIni) ini = boot_ini_parse(text);
        g_auto(ArcPath) arc = { 0 };

        check(ini, find_expected(name));
        g_assert_true(arc_path_parse(ini->default_path, &arc));
        seen++;
    }
    if (dir) {
        g_assert_cmpuint(seen, ==, G_N_ELEMENTS(files));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bootini/arc-paths", test_arc_paths);
    g_test_add_func("/bootini/texts", test_texts);
    g_test_add_func("/bootini/empty-file", test_empty_file);
    g_test_add_func("/bootini/zero-and-utf16", test_zero_and_utf16);
    g_test_add_func("/bootini/many-entries", test_many_entries);
    g_test_add_func("/bootini/real-files", test_real_files);
    return g_test_run();
}
