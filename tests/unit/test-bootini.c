/*
 * Unit test of boot.ini and ARC paths
 *
 * What becomes of each real boot.ini is in bootini-samples.txt.
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
        g_assert_true(arc_path_is(good_paths[i].text));
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
        g_assert_false(arc_path_is(bad_paths[i]));
        g_assert_false(arc_path_parse(bad_paths[i], &path));
    }
}

/* Which partition of a disk a path means. */
static void test_arc_partitions(void)
{
    static const struct {
        const char *path;
        unsigned partition;
        const char *other;
    } cases[] = {
        { "multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS", 1, NULL },
        { "multi(0)disk(0)rdisk(0)partition(2)\\WINDOWS", 2, NULL },
        { "multi(0)disk(0)rdisk(0)partition(3)\\WINDOWS", 0, NULL },
        { "multi(0)disk(0)rdisk(0)partition(0)\\WINDOWS", 0, NULL },
        { "scsi(0)disk(0)rdisk(0)partition(2)\\WINDOWS", 2, NULL },
        { "signature(8e4b2d17)disk(5)rdisk(0)partition(2)", 2, NULL },
        { "multi(0)disk(0)rdisk(1)partition(1)\\WINDOWS", 0,
          "disk(0)rdisk(1) of adapter 0" },
        { "scsi(1)disk(2)rdisk(0)partition(1)\\WINDOWS", 0,
          "disk(2)rdisk(0) of adapter 1" },
        { "signature(1badcafe)disk(0)rdisk(0)partition(1)", 0,
          "that of signature 1badcafe" },
    };
    Partition partitions[] = { { .number = 1 }, { .number = 2 } };
    Disk disk = {
        .signature = 0x8e4b2d17,
        .partitions = g_array_new(FALSE, FALSE, sizeof(Partition)),
    };

    g_array_append_vals(disk.partitions, partitions, 2);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(ArcPath) path = { 0 };
        g_autofree char *other = NULL;
        const Partition *partition;

        g_test_message("%s", cases[i].path);
        g_assert_true(arc_path_parse(cases[i].path, &path));
        partition = arc_path_partition(&path, &disk);
        g_assert_cmpuint(partition ? partition->number : 0, ==,
                         cases[i].partition);
        other = arc_path_other_disk(&path, &disk);
        g_assert_cmpstr(other, ==, cases[i].other);
    }
    g_array_unref(disk.partitions);
}

#define ENTRY(n) "multi(0)disk(0)rdisk(0)partition(" #n ")\\WINDOWS"
#define MAX_PATHS 4

/* What is to be read out of one text. */
typedef struct Expected {
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
        const BootEntry *entry;

        g_assert_cmpuint(n, <, ini->entries->len);
        entry = g_ptr_array_index(ini->entries, n);
        g_assert_cmpstr(entry->path, ==, expected->paths[n]);
    }
    g_assert_cmpuint(ini->entries->len, ==, n);
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
    g_assert_cmpuint(ini->entries->len, ==, 0);
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
    g_assert_cmpuint(of_second->entries->len, ==, 0);
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
    g_assert_cmpuint(ini->entries->len, ==, LIMIT_BOOT_INI_ENTRIES);
}

/* How NTLDR reads an entry, and what it starts. */
static void test_entries(void)
{
    static const struct {
        const char *line, *title, *switches;
    } cases[] = {
        { "C:\\=\"MS-DOS\"", "MS-DOS", "" },
        { "C:\\ = Previous system", "Previous system", "" },
        { "C:\\=Old /win95 ", "Old", "/win95" },
        { "C:\\=\"a = b / c\"/PAE/3GB\t/sos", "a = b / c", "/PAE /3GB /sos" },
        { "C:\\=\"\" x /y", "", "x /y" },
        { "C:\\=\"open /sos", "open /sos", "" },
        { "C:\\=", "", "" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strconcat("[operating systems]\n",
                                            cases[i].line, NULL);
        g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));
        g_autoptr(BootIni) ini = boot_ini_parse(bytes);
        g_autofree char *switches = NULL;
        const BootEntry *entry = boot_ini_started(ini);

        g_test_message("%s", cases[i].line);
        g_assert_nonnull(entry);
        g_assert_cmpstr(entry->path, ==, "C:\\");
        g_assert_cmpstr(entry->title, ==, cases[i].title);
        switches = g_strjoinv(" ", entry->switches);
        g_assert_cmpstr(switches, ==, cases[i].switches);
    }
}

/* Which entry starts a Windows: the default before the others. */
static void test_find(void)
{
    static const char text[] =
        "[boot loader]\ndefault=scsi(0)disk(0)rdisk(0)partition(1)\\WINNT\n"
        "[operating systems]\n"
        "multi(0)disk(0)rdisk(1)partition(1)\\WINDOWS=\"other disk\"\n"
        "multi(0)disk(0)rdisk(0)partition(1)\\winnt=\"ide\"\n"
        "scsi(0)disk(0)rdisk(0)partition(1)\\WINNT=\"scsi\"\n"
        "scsi(0)disk(0)rdisk(0)partition(2)\\WINNT=\"second\"\n"
        "C:\\=\"DOS\"\n";
    static const struct {
        unsigned partition;
        const char *directory;
        bool from_ide;
        const char *title;
    } cases[] = {
        { 1, "\\WINNT", false, "scsi" },
        { 1, "\\WinNT", true, "ide" },
        { 2, "\\WINNT", false, "second" },
        { 2, "\\WINNT", true, NULL },
        { 1, "\\WINDOWS", false, NULL },
        { 1, "", false, NULL },
    };
    g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));
    g_autoptr(BootIni) ini = boot_ini_parse(bytes);
    Partition partitions[] = { { .number = 1 }, { .number = 2 } };
    g_autoptr(GArray) array = g_array_new(FALSE, FALSE, sizeof(Partition));
    Disk disk = { .partitions = array };

    g_array_append_vals(array, partitions, 2);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Partition *partition = disk_partition(&disk,
                                                    cases[i].partition);
        const BootEntry *entry = boot_ini_find(ini, &disk, partition,
                                               cases[i].directory,
                                               cases[i].from_ide);

        g_assert_cmpstr(entry ? entry->title : NULL, ==, cases[i].title);
        g_assert_null(boot_ini_find(NULL, &disk, partition,
                                    cases[i].directory, false));
    }
}

static void test_switches(void)
{
    static const char text[] =
        "[operating systems]\nC:\\=\"x\" /HAL=a.dll /kernel=b.exe /pae "
        "/SAFEBOOT:MINIMAL /noexecute=optin /noexecute=alwaysoff /debugport=";
    static const struct {
        const char *name, *value;
    } cases[] = {
        { "HAL", "a.dll" }, { "hal", "a.dll" }, { "KERNEL", "b.exe" },
        { "PAE", "" }, { "safeboot", "MINIMAL" }, { "NOEXECUTE", "optin" },
        { "DEBUGPORT", "" },
        /* Neither a part of a name nor a longer one is the switch. */
        { "NOPAE", NULL }, { "DEBUG", NULL }, { "KERNELS", NULL },
    };
    g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));
    g_autoptr(BootIni) ini = boot_ini_parse(bytes);
    const BootEntry *entry = boot_ini_started(ini);

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *value = boot_entry_switch(entry, cases[i].name);

        g_assert_cmpstr(value, ==, cases[i].value);
        g_assert_true(boot_entry_has(entry, cases[i].name) ==
                      (cases[i].value != NULL));
        g_assert_null(boot_entry_switch(NULL, cases[i].name));
    }
}

/* What is said of a text, and at which line: all of it, joined. */
static void test_warnings(void)
{
    static const struct {
        const char *text, *warnings;
    } cases[] = {
        { "", "there are no entries" },
        { "; a comment\r\n\r\n[boot loader]\ntimeout=-1\n"
          "[operating systems]\nC:\\=\"a\"\n",
          "there is no default, NTLDR starts the first entry" },
        { "[boot loader]\ndefault=C:\\\n[operating systems]\nc:\\=\"a\"\n",
          "" },
        { "[boot loader]\ndefault=C:\\\n[operating systems]\n"
          "C:\\=\"a\"\r\nC:\\=\"b\"\r", "2 entries have the path of the "
          "default: NTLDR starts the first of them" },
        { "stray\nmore\n[boot loader]\rtimeout=soon\r\ndefault=\r\n"
          "default=C:\\\ndefault=D:\\\n[ghosts]\nC:\\=x\n"
          "[operating systems]\nC:\\=\"a\" /hal=toolonganame.dll "
          "/kernel /HAL=ok.dll\nnothing\n",
          "line 1: this is in front of all sections, NTLDR passes over it|"
          "line 4: the timeout 'soon' is no number|"
          "line 5: the default has no value|"
          "line 7: there is a default already, this one does not count|"
          "line 8: NTLDR passes over the section [ghosts]|"
          "line 11: /hal=toolonganame.dll: NTLDR takes the 8.3 name of a "
          "file in system32 there|"
          "line 11: /kernel: NTLDR takes the 8.3 name of a file in system32 "
          "there|"
          "line 11: there are both /hal=toolonganame.dll and /HAL=ok.dll, "
          "of which only one counts|"
          "line 12: this is no entry, NTLDR passes over it" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) bytes = g_bytes_new_static(cases[i].text,
                                                     strlen(cases[i].text));
        g_autoptr(BootIni) ini = boot_ini_parse(bytes);
        g_autofree char *warnings = NULL;

        g_ptr_array_add(ini->warnings, NULL);
        warnings = g_strjoinv("|", (char **)ini->warnings->pdata);
        g_assert_cmpstr(warnings, ==, cases[i].warnings);
    }
}

/* A text that is nothing but trouble is not answered at length. */
static void test_limits(void)
{
    GString *text = g_string_new("[operating systems]\nC:\\=\"x\"");
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(BootIni) ini = NULL;

    for (unsigned i = 0; i < LIMIT_BOOT_INI_SIZE / 4; i++) {
        g_string_append(text, " /a");
    }
    for (unsigned i = 0; i < LIMIT_BOOT_INI_SIZE / 4; i++) {
        g_string_append(text, "\nx");
    }
    bytes = g_string_free_to_bytes(text);
    ini = boot_ini_parse(bytes);
    g_assert_cmpuint(ini->entries->len, ==, 1);
    g_assert_cmpuint(g_strv_length(boot_ini_started(ini)->switches), ==,
                     LIMIT_BOOT_INI_SWITCHES);
    g_assert_cmpuint(ini->warnings->len, ==, LIMIT_BOOT_INI_WARNINGS);
}

static void append_entry(GString *text, const BootEntry *entry,
                         unsigned number)
{
    g_autofree char *switches = g_strjoinv(" ", entry->switches);
    g_auto(ArcPath) arc = { 0 };

    g_string_append_printf(text, "entry %u: %s\n", number, entry->path);
    if (arc_path_parse(entry->path, &arc)) {
        g_string_append_printf(text, "  partition: %u of disk(%u)rdisk(%u)\n",
                               arc.partition, arc.disk, arc.rdisk);
    }
    g_string_append_printf(text, "  title: %s\n", entry->title);
    g_string_append_printf(text, *switches ? "  switches: %s\n" : "%s",
                           switches);
}

/* All that is known of a boot.ini, as bootini-samples.txt has it. */
static char *describe(const BootIni *ini)
{
    GString *text = g_string_new(NULL);
    const BootEntry *started = boot_ini_started(ini);
    guint number = 0;

    if (ini->has_timeout) {
        g_string_append_printf(text, "timeout: %d\n", ini->timeout);
    }
    g_string_append_printf(text, "default: %s\n", ini->default_path);
    if (g_ptr_array_find(ini->entries, started, &number)) {
        g_string_append_printf(text, "starts: entry %u\n", number + 1);
    } else {
        g_string_append_printf(text, "starts: %s\n",
                               boot_ini_started_path(ini));
    }
    for (guint i = 0; i < ini->entries->len; i++) {
        append_entry(text, g_ptr_array_index(ini->entries, i), i + 1);
    }
    for (guint i = 0; i < ini->warnings->len; i++) {
        g_string_append_printf(text, "warning: %s\n",
                               (char *)g_ptr_array_index(ini->warnings, i));
    }
    return g_string_free(text, FALSE);
}

/* The table's text for a file, up to the next file or the end. */
static char *find_sample(const char *table, const char *name)
{
    g_autofree char *heading = g_strdup_printf("\n[%s]\n", name);
    const char *start = strstr(table, heading);
    const char *end;

    if (!start) {
        g_error("bootini-samples.txt has no line for %s", name);
    }
    start += strlen(heading);
    end = strstr(start, "\n[");
    return end ? g_strndup(start, end - start) : g_strdup(start);
}

static unsigned count_samples(const char *table)
{
    unsigned n = 0;

    for (const char *p = table; (p = strstr(p, "\n[")); p++) {
        n++;
    }
    return n;
}

/* What people have posted: every file is in the table, and the reverse. */
static void test_real_files(void)
{
    g_autofree char *directory = shared_data("bootini");
    g_autoptr(GDir) dir = directory ? g_dir_open(directory, 0, NULL) : NULL;
    g_autofree char *table = NULL;
    const char *name;
    unsigned seen = 0;

    if (!dir) {
        return;
    }
    g_file_get_contents(XENPREP_SOURCE "/tests/unit/bootini-samples.txt",
                        &table, NULL, NULL);
    g_assert_nonnull(table);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        g_autoptr(GBytes) text = read_file(path);
        g_autoptr(BootIni) ini = boot_ini_parse(text);
        g_autofree char *found = describe(ini);
        g_autofree char *expected = find_sample(table, name);

        g_test_message("[%s]\n%s", name, found);
        g_assert_cmpstr(found, ==, expected);
        seen++;
    }
    g_assert_cmpuint(seen, ==, count_samples(table));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bootini/arc-paths", test_arc_paths);
    g_test_add_func("/bootini/arc-partitions", test_arc_partitions);
    g_test_add_func("/bootini/texts", test_texts);
    g_test_add_func("/bootini/find", test_find);
    g_test_add_func("/bootini/empty-file", test_empty_file);
    g_test_add_func("/bootini/zero-and-utf16", test_zero_and_utf16);
    g_test_add_func("/bootini/many-entries", test_many_entries);
    g_test_add_func("/bootini/entries", test_entries);
    g_test_add_func("/bootini/switches", test_switches);
    g_test_add_func("/bootini/warnings", test_warnings);
    g_test_add_func("/bootini/limits", test_limits);
    g_test_add_func("/bootini/real-files", test_real_files);
    return g_test_run();
}
