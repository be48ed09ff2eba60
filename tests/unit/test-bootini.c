/*
 * Unit test of boot.ini and ARC paths
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "bootini.h"
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

static const struct {
    const char *text;
    const char *path;
} files[] = {
    { "[boot loader]\r\ntimeout=30\r\ndefault=" ENTRY(2) "\r\n"
      "[operating systems]\r\n" ENTRY(1) "=\"XP\" /fastdetect\r\n",
      ENTRY(2) },
    /* Blanks and case; the last line has no end. */
    { "[Boot Loader]\n  Default = " ENTRY(3) "  ", ENTRY(3) },
    /* No default: NTLDR takes the first entry. */
    { "[operating systems]\r\n" ENTRY(4) "=\"XP\"\r\n" ENTRY(5) "=\"b\"\r\n",
      ENTRY(4) },
    /* A key of the name elsewhere is not the default. */
    { "[other]\r\ndefault=" ENTRY(1) "\r\n[operating systems]\r\n"
      ENTRY(6) "=\"XP\"\r\n", ENTRY(6) },
    { "[boot loader]\r\ndefaults=" ENTRY(1) "\r\n", NULL },
    { "", NULL },
    { "no sections at all", NULL },
};

static void test_default(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(GBytes) text = g_bytes_new_static(files[i].text,
                                                    strlen(files[i].text));
        g_autofree char *path = boot_ini_default(text);

        g_assert_cmpstr(path, ==, files[i].path);
    }
}

/* Whatever people have posted is read without harm. */
static void test_real_files(void)
{
    g_autofree char *directory = shared_data("bootini");
    g_autoptr(GDir) dir = directory ? g_dir_open(directory, 0, NULL) : NULL;
    const char *name;
    unsigned parsed = 0;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        g_autoptr(GBytes) text = read_file(path);
        g_autofree char *value = boot_ini_default(text);
        g_auto(ArcPath) arc = { 0 };

        g_test_message("%s: %s", name, value);
        parsed += value && arc_path_parse(value, &arc);
    }
    if (dir) {
        g_assert_cmpuint(parsed, >, 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bootini/arc-paths", test_arc_paths);
    g_test_add_func("/bootini/default", test_default);
    g_test_add_func("/bootini/real-files", test_real_files);
    return g_test_run();
}
