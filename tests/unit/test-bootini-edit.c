/*
 * Unit test of the boot.ini editor on texts made for it
 *
 * What is refused is in test-bootini-edit-refusals, real files are in
 * test-bootini-edits, random ones in test-bootini-edit-random.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "bootini-commands.h"

#define SIGNATURE 0x8e4b2d17
#define ARC(n) "multi(0)disk(0)rdisk(0)partition(" #n ")"
#define SCSI(n) "scsi(0)disk(0)rdisk(0)partition(" #n ")"
#define XP ARC(1) "\\WINDOWS"

/* What becomes of a text; NULL: nothing. */
typedef struct Case {
    const char *text;
    const char *command;
    const char *result;
} Case;

static void check_case(const Case *c)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GBytes) text = g_bytes_new_static(c->text, strlen(c->text));
    g_autoptr(BootIniEdit) edit = boot_ini_edit_new(text, &err);
    Disk *disk = boot_test_disk(SIGNATURE, 2);
    const char *wanted = c->result ? c->result : c->text;
    g_autofree char *shown = boot_escape(c->text, strlen(c->text));
    g_autofree char *shown_wanted = boot_escape(wanted, strlen(wanted));
    g_autoptr(GBytes) found = NULL;
    g_autofree char *shown_found = NULL;

    g_test_message("%s: %s", shown, c->command);
    g_assert_no_error(err);
    boot_command(edit, c->command, disk, warnings, &err);
    boot_test_disk_free(disk);
    g_assert_no_error(err);
    found = boot_ini_edit_text(edit);
    shown_found = boot_escape(g_bytes_get_data(found, NULL),
                              g_bytes_get_size(found));
    g_assert_cmpstr(shown_found, ==, shown_wanted);
    g_assert_true((boot_ini_edit_changes(edit)->len > 0) ==
                  (c->result != NULL));
}

static void check_cases(const Case *cases, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        check_case(&cases[i]);
    }
}

#define OS "[operating systems]"

/* Ends of lines, of the file, and of what NTLDR reads of it. */
static void test_line_ends(void)
{
    static const Case cases[] = {
        /* Of the neighbour, whatever the others have. */
        { "[boot loader]\n" OS "\r\nC:\\=\"a\"\r\n", "timeout 5",
          "[boot loader]\ntimeout=5\n" OS "\r\nC:\\=\"a\"\r\n" },
        { "[boot loader]\r" OS "\rC:\\=\"a\"\r", "timeout 5",
          "[boot loader]\rtimeout=5\r" OS "\rC:\\=\"a\"\r" },
        { OS "\nC:\\=\"a\"\n", "add D:\\=\"b\"",
          OS "\nC:\\=\"a\"\nD:\\=\"b\"\n" },
        { OS "\r\nC:\\=\"a\"\nD:\\=x\n\rjunk", "remove 2",
          OS "\r\nC:\\=\"a\"\n\rjunk" },
        /* The last line has none, and goes on having none. */
        { OS "\r\nC:\\=\"a\"", "add D:\\=\"b\"",
          OS "\r\nC:\\=\"a\"\r\nD:\\=\"b\"" },
        { OS "\nC:\\=\"a\"", "add D:\\=\"b\"",
          OS "\nC:\\=\"a\"\nD:\\=\"b\"" },
        { OS "\nC:\\=\"a\"", "switch 1 /x", OS "\nC:\\=\"a\" /x" },
        { OS "\nC:\\=\"a\"\nD:\\=\"b\"", "remove 2", OS "\nC:\\=\"a\"\n" },
        { OS "\nC:\\=\"a\"\n;\nC:\\=\"b\"", "default 2",
          OS "\nC:\\=\"b\"\nC:\\=\"a\"\n;\n" },
        { OS "\nC:\\=\"a\"", "hal a.dll - A",
          OS "\nC:\\=\"a - A\" /HAL=a.dll\nC:\\=\"a\"" },
        /* NTLDR stops at Ctrl-Z, and no byte behind that changes. */
        { OS "\r\nC:\\=\"a\"\x1a" "C:\\=\"c\"\r\n\x80\xff", "add D:\\=\"b\"",
          OS "\r\nC:\\=\"a\"\r\nD:\\=\"b\"\x1a" "C:\\=\"c\"\r\n\x80\xff" },
        { OS "\r\nC:\\=\"a\"\r\n\x1a\x1a\r\n", "switch 0 /x",
          OS "\r\nC:\\=\"a\" /x\r\n\x1a\x1a\r\n" },
    };

    check_cases(cases, G_N_ELEMENTS(cases));
}

/* Blanks, comments, other bytes and other sections stay. */
static void test_untouched(void)
{
    static const Case cases[] = {
        { "  [BOOT LOADER] \r\n\ttimeout \t=  007 \t\r\n  Default=C:\\ \r\n"
          " [Operating Systems]\r\n C:\\ = \"a\"\t/x  /y \r\n", "timeout 7",
          NULL },
        { "  [BOOT LOADER] \r\n\ttimeout \t=  007 \t\r\n  Default=C:\\ \r\n"
          " [Operating Systems]\r\n C:\\ = \"a\"\t/x  /y \r\n", "timeout 8",
          "  [BOOT LOADER] \r\n\ttimeout \t=  8 \t\r\n  Default=C:\\ \r\n"
          " [Operating Systems]\r\n C:\\ = \"a\"\t/x  /y \r\n" },
        { OS "\r\n C:\\ = \"a\"\t/x  /y \r\n", "switch 1 -/x",
          OS "\r\n C:\\ = \"a\"  /y \r\n" },
        { OS "\r\n C:\\ = \"a\"\t/x  /y \r\n", "switch 1 /X=2",
          OS "\r\n C:\\ = \"a\"\t/X=2  /y \r\n" },
        { OS "\r\n C:\\ = \"a\"\t/x  /y \r\n", "switch 1 /z",
          OS "\r\n C:\\ = \"a\"\t/x  /y /z \r\n" },
        /* OEM code page, and comments that look like what is wanted. */
        { "\xef\xbb\xbf;\x80\r\n[boot loader]\r\n;timeout=1\r\n" OS "\r\n"
          ";C:\\=\"x\"\r\n\t" XP "=\"\x81\x9f \x8e\" /pae\r\n", "timeout 2",
          "\xef\xbb\xbf;\x80\r\n[boot loader]\r\ntimeout=2\r\n;timeout=1\r\n"
          OS "\r\n;C:\\=\"x\"\r\n\t" XP "=\"\x81\x9f \x8e\" /pae\r\n" },
        { OS "\r\n\t" XP "=\"\x81\x9f \x8e\" /pae\r\n", "hal - k.exe \x41",
          OS "\r\n\t" XP "=\"\x81\x9f \x8e - A\" /pae /KERNEL=k.exe\r\n\t" XP
          "=\"\x81\x9f \x8e\" /pae\r\n" },
        { OS "\nC:\\\x99=\"a\"\nD:\\=b\n[boot loader]\ndefault=D:\\\n",
          "default 1",
          OS "\nC:\\\x99=\"a\"\nD:\\=b\n[boot loader]\ndefault=C:\\\x99\n" },
        /* Entries that a section hides are no neighbours. */
        { OS "\nC:\\=\"a\"\n[hidden]\nD:\\=\"b\"\n", "add E:\\=\"c\"",
          OS "\nC:\\=\"a\"\nE:\\=\"c\"\n[hidden]\nD:\\=\"b\"\n" },
        { OS "\nC:\\=\"a\"\n[hidden]\nX\n" OS "\nD:\\=\"b\"\n",
          "add E:\\=\"c\"", OS "\nC:\\=\"a\"\n[hidden]\nX\n" OS
          "\nD:\\=\"b\"\nE:\\=\"c\"\n" },
    };

    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_default(void)
{
    static const Case cases[] = {
        /* Without a default the first entry is started. */
        { OS "\nC:\\=\"a\"\nD:\\=\"b\"\n", "default 1", NULL },
        { ";\n" OS "\nC:\\=\"a\"\nD:\\=\"b\"\n", "default 2",
          ";\n[boot loader]\ndefault=D:\\\n" OS "\nC:\\=\"a\"\nD:\\=\"b\"\n" },
        { "stray\ndefault=D:\\\n[boot loader]\n" OS "\nC:\\=\"a\"\nD:\\=x\n",
          "default 2", "stray\ndefault=D:\\\n[boot loader]\ndefault=D:\\\n"
          OS "\nC:\\=\"a\"\nD:\\=x\n" },
        /* The first [boot loader] is as good as any. */
        { "[boot loader]\n" OS "\nC:\\=\"a\"\nD:\\=x\n[boot loader]\n",
          "default 2", "[boot loader]\ndefault=D:\\\n" OS "\nC:\\=\"a\"\n"
          "D:\\=x\n[boot loader]\n" },
        /* Of entries with one path the first is. */
        { OS "\nC:\\=\"a\"\nc:\\=\"b\"\nC:\\=\"c\" /x\n", "default 3",
          OS "\nC:\\=\"c\" /x\nC:\\=\"a\"\nc:\\=\"b\"\n" },
        { "[boot loader]\ndefault=D:\\\n" OS "\nC:\\=\"a\"\n;\nc:\\=\"b\"\n",
          "default 2", "[boot loader]\ndefault=c:\\\n" OS "\nc:\\=\"b\"\n"
          "C:\\=\"a\"\n;\n" },
        { OS "\nC:\\=\"a\"\n" OS " 2\n  C:\\=\"b\" \r\n", "default 2",
          OS "\n  C:\\=\"b\" \r\nC:\\=\"a\"\n" OS " 2\n" },
        /* The first default counts, if it has a value. */
        { "[boot loader]\ndefault=\ndefault=C:\\\ndefault=E:\\\n" OS
          "\nC:\\=\"a\"\nD:\\=b\n", "default 2", "[boot loader]\ndefault=\n"
          "default=D:\\\ndefault=E:\\\n" OS "\nC:\\=\"a\"\nD:\\=b\n" },
        { "[boot loader]\ndefault =  \n" OS "\nC:\\=\"a\"\nD:\\=b\n",
          "default 2",
          "[boot loader]\ndefault =D:\\  \n" OS "\nC:\\=\"a\"\nD:\\=b\n" },
        { "[boot loader]\ndefault=c:\\\n" OS "\nC:\\=\"a\"\nD:\\=b\n",
          "default 1", NULL },
        { "[boot loader]\ndefault=c:\\\n" OS "\nC:\\=\"a\"\nD:\\=b\n",
          "default 0", NULL },
    };

    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_timeout(void)
{
    static const Case cases[] = {
        { OS "\nC:\\=\"a\"\n", "timeout -1",
          "[boot loader]\ntimeout=-1\n" OS "\nC:\\=\"a\"\n" },
        { "[boot loader]\ntimeout=\n" OS "\nC:\\=\"a\"\n", "timeout 999",
          "[boot loader]\ntimeout=999\n" OS "\nC:\\=\"a\"\n" },
        { "[boot loader]\ntimeout=5 s\n" OS "\nC:\\=\"a\"\n", "timeout 0",
          "[boot loader]\ntimeout=0\n" OS "\nC:\\=\"a\"\n" },
        /* Of several, nobody says which one counts. */
        { "[boot loader]\ntimeout=5\ntimeout=6\n" OS "\nC:\\=\"a\"\n"
          "[boot loader]\ntimeout=17\n", "timeout 6", "[boot loader]\n"
          "timeout=6\ntimeout=6\n" OS "\nC:\\=\"a\"\n[boot loader]\n"
          "timeout=6\n" },
    };

    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_switches(void)
{
    static const Case cases[] = {
        { OS "\nC:\\=\n", "switch 1 /x", OS "\nC:\\= /x\n" },
        { OS "\nC:\\=DOS\n", "switch 1 /x", OS "\nC:\\=DOS /x\n" },
        { OS "\nC:\\= /x\n", "switch 1 -/x", OS "\nC:\\=\n" },
        { OS "\nC:\\=\"a\"/x/y\n", "switch 1 -/X", OS "\nC:\\=\"a\"/y\n" },
        { OS "\nC:\\=\"a\"/x/y\n", "switch 1 -/y", OS "\nC:\\=\"a\"/x\n" },
        { OS "\nC:\\=\"a\" /x/y /x=2\t/x:3 z\n", "switch 1 -/x",
          OS "\nC:\\=\"a\" /y z\n" },
        { OS "\nC:\\=\"a\" /x/y /x=2\t/x:3 z\n", "switch 1 /x=2",
          OS "\nC:\\=\"a\" /x=2/y z\n" },
        { OS "\nC:\\=\"a\" /x/y /x\n", "switch 1 /X",
          OS "\nC:\\=\"a\" /x/y\n" },
        { OS "\nC:\\=\"a\" /FASTDETECT\n", "switch 1 /fastdetect", NULL },
        { OS "\nC:\\=\"a\" /pae\n", "switch 1 -/nopae", NULL },
        { OS "\nC:\\=\"/a\" /pae\n", "switch 1 -/a", NULL },
        { OS "\nC:\\=\"a\"\n", "switch 1 /safeboot:minimal(alternateshell)",
          OS "\nC:\\=\"a\" /safeboot:minimal(alternateshell)\n" },
    };

    check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_add(void)
{
    static const Case cases[] = {
        { OS "\nC:\\=\"a\" /x /y\n", "add c:\\ = \"b\" /Y/X", NULL },
        { OS "\nC:\\=\"a\" /x /y\n", "add   C:\\=\"a\" /x  ",
          OS "\nC:\\=\"a\" /x /y\nC:\\=\"a\" /x\n" },
        { OS "\n  C:\\=\"a\"\n\n;\n", "add " ARC(2) "=\"b\"",
          OS "\n  C:\\=\"a\"\n" ARC(2) "=\"b\"\n\n;\n" },
        { OS "\nC:\\=\"a\"\n", "add signature(8E4B2D17)disk(3)rdisk(0)"
          "partition(2)\\W=\"b\"", OS "\nC:\\=\"a\"\nsignature(8E4B2D17)"
          "disk(3)rdisk(0)partition(2)\\W=\"b\"\n" },
    };

    check_cases(cases, G_N_ELEMENTS(cases));
}

#define SIG(n) "signature(8E4b2d17)disk(1)rdisk(0)partition(" #n ")"

static void test_rewrite_arc(void)
{
    static const Case cases[] = {
        { "[boot loader]\ndefault = " SIG(2) "\\WinNT\\ \n" OS "\n\t"
          SIG(2) "\\WINNT\\ = \"a\" /x\n" SCSI(1) "=\"b\"\n",
          "rewrite-arc started", "[boot loader]\ndefault = " ARC(2)
          "\\WinNT\\ \n" OS "\n\t" ARC(2) "\\WINNT\\ = \"a\" /x\n" SCSI(1)
          "=\"b\"\n" },
        { OS "\n" SIG(2) "\\A=\"a\"\n" SCSI(1) "=\"b\"\n" SCSI(3)
          "=\"c\"\nscsi(0)disk(1)rdisk(0)partition(1)=\"d\"\n",
          "rewrite-arc all", OS "\n" ARC(2) "\\A=\"a\"\n" ARC(1) "=\"b\"\n"
          SCSI(3) "=\"c\"\nscsi(0)disk(1)rdisk(0)partition(1)=\"d\"\n" },
        /* What was started must not lose its switches to one in front. */
        { "[boot loader]\ndefault=" SCSI(1) "\\W\n" OS "\n" ARC(1)
          "\\w=\"other\" /basevideo\n;\n" SCSI(1) "\\W=\"started\" /x\n",
          "rewrite-arc started", "[boot loader]\ndefault=" ARC(1) "\\W\n"
          OS "\n" ARC(1) "\\W=\"started\" /x\n" ARC(1)
          "\\w=\"other\" /basevideo\n;\n" },
        /* The one in front becomes that path only now. */
        { "[boot loader]\ndefault=" ARC(1) "\\W\n" OS "\n" SCSI(1)
          "\\w=\"other\"\n" ARC(1) "\\W=\"started\" /x\n", "rewrite-arc all",
          "[boot loader]\ndefault=" ARC(1) "\\W\n" OS "\n" ARC(1)
          "\\W=\"started\" /x\n" ARC(1) "\\w=\"other\"\n" },
        { "[boot loader]\ndefault=" ARC(1) "\\W\n" OS "\n" SCSI(1)
          "\\w=\"other\"\n" ARC(1) "\\W=\"started\" /x\n",
          "rewrite-arc started", NULL },
        { "[boot loader]\ndefault=" SIG(1) "\\W\n" OS "\n" ARC(1)
          "\\w=\"a\"\n", "rewrite-arc started", "[boot loader]\ndefault="
          ARC(1) "\\W\n" OS "\n" ARC(1) "\\w=\"a\"\n" },
    };

    check_cases(cases, G_N_ELEMENTS(cases));
}

#define LONG_TITLE "Windows Server 2003, Standard Edition, of the second floor"

static void test_hal(void)
{
    static const Case cases[] = {
        /* The old entry stays, and is chosen again for the asking. */
        { OS "\n" XP "=\"XP\" /x\n", "hal a.dll k.exe ACPI PC",
          OS "\n" XP "=\"XP - ACPI PC\" /x /HAL=a.dll /KERNEL=k.exe\n" XP
          "=\"XP\" /x\n" },
        { OS "\n" XP "=\"XP - ACPI PC\" /x /HAL=a.dll\n" XP "=\"XP\" /x\n",
          "hal - - Standard PC",
          OS "\n" XP "=\"XP\" /x\n" XP "=\"XP - ACPI PC\" /x /HAL=a.dll\n" },
        { OS "\n" XP "=\"XP - ACPI PC\" /x /HAL=a.dll\n" XP "=\"XP\" /x\n",
          "hal A.DLL - ACPI PC", NULL },
        { OS "\n" XP "=\"XP - ACPI PC\" /x /HAL=a.dll\n" XP "=\"XP\" /x\n",
          "hal b.dll k.exe MPS PC", OS "\n" XP "=\"XP - MPS PC\" /x "
          "/HAL=b.dll /KERNEL=k.exe\n" XP "=\"XP - ACPI PC\" /x /HAL=a.dll\n"
          XP "=\"XP\" /x\n" },
        /* That separator is the user's own. */
        { OS "\n" XP "=\"XP - mine\" /HAL=a.dll\n", "hal b.dll - B",
          OS "\n" XP "=\"XP - mine - B\" /HAL=b.dll\n" XP
          "=\"XP - mine\" /HAL=a.dll\n" },
        { OS "\n" XP "=\"XP - mine\" /x\n" XP "=\"XP\"\n", "hal b.dll - B",
          OS "\n" XP "=\"XP - mine - B\" /x /HAL=b.dll\n" XP
          "=\"XP - mine\" /x\n" XP "=\"XP\"\n" },
        /* A doubtful one is not the one wanted, nor is it copied so. */
        { OS "\n" XP "=\"XP\" /hal=a.dll /HAL=b.dll\n", "hal a.dll - A",
          OS "\n" XP "=\"XP - A\" /hal=a.dll\n" XP
          "=\"XP\" /hal=a.dll /HAL=b.dll\n" },
        { OS "\n" XP "=XP \"/x\n", "hal a.dll - A/C",
          OS "\n" XP "=\"XP ' - A/C\"/x /HAL=a.dll\n" XP "=XP \"/x\n" },
        { OS "\n" XP "=\n", "hal a.dll - A",
          OS "\n" XP "=\"A\" /HAL=a.dll\n" XP "=\n" },
        { OS "\n" XP "=\"" LONG_TITLE "\"\n", "hal a.dll - 15 characters..",
          OS "\n" XP "=\"Windows Server 2003, Standard Edition, of the "
          "second - 15 characters..\" /HAL=a.dll\n" XP
          "=\"" LONG_TITLE "\"\n" },
        { OS "\n" XP "=\"" LONG_TITLE "\"\n",
          "hal a.dll - 16 characters...",
          OS "\n" XP "=\"Windows Server 2003, Standard Edition, of the "
          "- 16 characters...\" /HAL=a.dll\n" XP "=\"" LONG_TITLE "\"\n" },
        { OS "\n" XP "=\"\x81\x9e\x81\x9e\x81\x9e\x81\x9e\x81\x9e\"\n",
          "hal a.dll - so long that of what was there before there is but "
          "half of it", OS "\n" XP "=\"so long that of what was there before "
          "there is but half of it\" /HAL=a.dll\n"
          XP "=\"\x81\x9e\x81\x9e\x81\x9e\x81\x9e\x81\x9e\"\n" },
    };

    check_cases(cases, G_N_ELEMENTS(cases));
}

static BootIniEdit *edit_of(GString *text, GError **errp)
{
    g_autoptr(GBytes) bytes = g_string_free_to_bytes(text);

    return boot_ini_edit_new(bytes, errp);
}

/* Each edit sees what the one before has made of it. */
static void test_sequence(void)
{
    static const char *const commands[] = {
        "timeout 20", "add " ARC(2) "\\W=\"B\"", "default 2",
        "remove 1", "switch 0 /sos", "hal a.dll - A", "rewrite-arc all",
    };
    static const char *const changes[] = {
        "timeout: 20, was not given",
        "entry 2 added: " ARC(2) "\\W=\"B\"",
        "default: " ARC(2) "\\W, was not given",
        "entry 1 removed: C:\\=\"\\x81\"",
        "entry 1: /sos added",
        "entry 1 added: " ARC(2) "\\W=\"B - A\" /sos /HAL=a.dll",
    };
    GString *text = g_string_new(OS "\nC:\\=\"\x81\"\n");
    g_autoptr(BootIniEdit) edit = edit_of(text, NULL);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GBytes) after = NULL;
    Disk *disk = boot_test_disk(SIGNATURE, 2);
    const GPtrArray *found;

    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_assert_true(boot_command(edit, commands[i], disk, warnings, NULL));
    }
    boot_test_disk_free(disk);
    found = boot_ini_edit_changes(edit);
    g_assert_cmpuint(found->len, ==, G_N_ELEMENTS(changes));
    for (unsigned i = 0; i < found->len; i++) {
        g_assert_cmpstr(g_ptr_array_index(found, i), ==, changes[i]);
    }
    after = boot_ini_edit_text(edit);
    g_assert_cmpmem(g_bytes_get_data(after, NULL), g_bytes_get_size(after),
                    "[boot loader]\ndefault=" ARC(2) "\\W\ntimeout=20\n" OS
                    "\n" ARC(2) "\\W=\"B - A\" /sos /HAL=a.dll\n" ARC(2)
                    "\\W=\"B\" /sos\n", g_bytes_get_size(after));
}

/* What a user hears of a rewrite. */
static void test_warnings(void)
{
    static const struct {
        const char *text, *warnings;
    } cases[] = {
        { "[boot loader]\ndefault=" SCSI(1) "\\W\n" OS "\n" ARC(1)
          "\\W=\"a\"\n" SCSI(1) "\\W=\"b\"\n", "\\boot.ini: entry 2: another "
          "entry has the same path now: this one is put in front of it, so "
          "that NTLDR starts what it started before" },
        { "[boot loader]\ndefault=" SCSI(1) "\\W\n" OS "\n" ARC(1)
          "\\W=\"a\"\n", "\\boot.ini: no entry was the default, entry 1 is "
          "now: NTLDR starts it, with its switches" },
        { "[boot loader]\ndefault=" SCSI(7) "\\W\x80\n" OS "\n" ARC(1)
          "\\W=\"a\"\n", "\\boot.ini: default: " SCSI(7) "\\W\\x80: the disk "
          "has no partition 7: it stays as it is, and does not start" },
        { "[boot loader]\ndefault=" SCSI(7) "\\W\n" OS "\n" SCSI(7)
          "\\W=\"a\"\n", "\\boot.ini: entry 1: " SCSI(7) "\\W: the disk has "
          "no partition 7: it stays as it is, and does not start" },
        { OS "\n" SCSI(1) "=\"a\"\nsignature(1)disk(0)rdisk(0)partition(1)"
          "=\"b\"\n", "\\boot.ini: entry 2: signature(1)disk(0)rdisk(0)"
          "partition(1) is on another disk (that of signature 1): it stays as "
          "it is, and does not start from IDE" },
    };
    Disk *disk = boot_test_disk(SIGNATURE, 2);

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(BootIniEdit) edit = edit_of(g_string_new(cases[i].text),
                                              NULL);

        g_assert_true(boot_ini_edit_rewrite_arc(edit, disk, false, warnings,
                                                NULL));
        g_assert_cmpuint(warnings->len, ==, 1);
        g_assert_cmpstr(g_ptr_array_index(warnings, 0), ==,
                        cases[i].warnings);
    }
    boot_test_disk_free(disk);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bootini-edit/line-ends", test_line_ends);
    g_test_add_func("/bootini-edit/untouched", test_untouched);
    g_test_add_func("/bootini-edit/default", test_default);
    g_test_add_func("/bootini-edit/timeout", test_timeout);
    g_test_add_func("/bootini-edit/switches", test_switches);
    g_test_add_func("/bootini-edit/add", test_add);
    g_test_add_func("/bootini-edit/rewrite-arc", test_rewrite_arc);
    g_test_add_func("/bootini-edit/hal", test_hal);
    g_test_add_func("/bootini-edit/sequence", test_sequence);
    g_test_add_func("/bootini-edit/warnings", test_warnings);
    return g_test_run();
}
