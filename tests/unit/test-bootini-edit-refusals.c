/*
 * Unit test of the boot.ini editor: what it refuses, and where its limits are
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "bootini-commands.h"
#include "error.h"
#include "guest-limits.h"

#define SIGNATURE 0x8e4b2d17
#define ARC(n) "multi(0)disk(0)rdisk(0)partition(" #n ")"
#define OS "[operating systems]"
/* Of 58 characters. */
#define LONG_TITLE "Windows Server 2003, Standard Edition, of the second floor"

/* What is said of an edit of a text, behind the name of the file. */
typedef struct Refusal {
    const char *text;
    const char *command;
    const char *message;
} Refusal;

/* What is refused, why, and with what remedy. */
static const Refusal refusals[] = {
    { OS "\nC:\\=\"a\"\n", "default 2",
      "entry 2: there is only 1 entry: 'win-xenfix boot-ini' shows it" },
    { OS "\nC:\\=\"a\"\nC:\\=\"b\"\n", "remove 3", "entry 3: there are only 2 "
      "entries: 'win-xenfix boot-ini' shows them" },
    { OS "\nx\x80=\"a\"\nC:\\=\"b\"\n[boot loader]\ndefault=C:\\\n",
      "default 1", "entry 1: 'x\\x80' is no path, so that NTLDR could not "
      "start it: choose another one, or add one" },
    { "[boot loader]\ndefault=D:\\\n" OS "\nC:\\=\"a\"\n", "switch 0 /x",
      "no entry has the path of the default, D:\\, which NTLDR starts without "
      "switches: add an entry of that path, or make another one the default "
      "first ('win-xenfix boot-ini --add' or '--default')" },
    { OS "\nC:\\=\"a\"\n", "timeout 1000", "a timeout of 1000: it has to be 0 "
      "to 999 seconds, or -1 for no end" },
    { OS "\nC:\\=\"a\"\n", "timeout -2", "a timeout of -2: it has to be 0 to "
      "999 seconds, or -1 for no end" },
    { OS "\nC:\\=\"a\"\n", "remove 1", "entry 1: it is the only one, and "
      "cannot be removed: add another one first" },
    { OS "\nC:\\=\"a\"\nD:\\=\"b\"\n", "remove 0", "entry 1: it is the one "
      "that is started, and cannot be removed: make another one the default "
      "first" },
    { OS "\nC:\\=\"a\n", "switch 1 /x", "entry 1: the title's second "
      "quotation mark is missing, so that it cannot have switches: add it in "
      "the source VM" },
    { OS "\nC:\\=\"a\n", "hal a.dll - A", "entry 1: the title's second "
      "quotation mark is missing, so that it cannot have switches: add it in "
      "the source VM" },
    { OS "\nC:\\=bare /x junk\n", "switch 1 -/x", "entry 1: its title has no "
      "quotation marks, and would take in what is behind the switch: add them "
      "in the source VM" },
    { OS "\nC:\\=\"a\"\n", "switch 1 x", "'x' is no switch, it has no effect: "
      "give /NAME, /NAME=VALUE or -/NAME" },
    { OS "\nC:\\=\"a\"\n", "switch 1 ", "'' is not one switch: give /NAME, "
      "/NAME=VALUE or -/NAME" },
    { OS "\nC:\\=\"a\"\n", "switch 1 /", "'/' is not one switch: give /NAME, "
      "/NAME=VALUE or -/NAME" },
    { OS "\nC:\\=\"a\"\n", "switch 1 /=1", "'/=1' is not one switch: give "
      "/NAME, /NAME=VALUE or -/NAME" },
    { OS "\nC:\\=\"a\"\n", "switch 1 /a/b", "'/a/b' is not one switch: give "
      "/NAME, /NAME=VALUE or -/NAME" },
    { OS "\nC:\\=\"a\"\n", "switch 1 /a b", "the switch /a b has blanks, "
      "quotation marks, or characters beyond ASCII: leave them out" },
    { OS "\nC:\\=\"a\"\n", "switch 1 /a\r\nC:\\=x", "the switch "
      "/a\\x0d\\x0aC:\\=x has blanks, quotation marks, or characters beyond "
      "ASCII: leave them out" },
    { OS "\nC:\\=\"a\"\n", "switch 1 /hal=halaacpi.dll2", "/hal=halaacpi.dll2: "
      "NTLDR takes the 8.3 name of a file in system32 there: give /NAME, "
      "/NAME=VALUE or -/NAME" },
    { OS "\nC:\\=\"a\"\n", "switch 1 -/x=1", "'-/x=1' does not name a switch: "
      "give -/NAME, without a value" },
    { OS "\nC:\\=\"a\"\n", "switch 1 -x", "'-x' does not name a switch: give "
      "-/NAME, without a value" },
    { OS "\nC:\\=\"a\"\n", "switch 1 -/", "'-/' does not name a switch: give "
      "-/NAME, without a value" },
    { OS "\nC:\\=\"a\"\n", "switch 1 -", "'-' does not name a switch: give "
      "-/NAME, without a value" },
    { OS "\nC:\\=\"a\"\n", "add C:\\", "the line to add: this is no entry, "
      "NTLDR passes over it: it has to be PATH=\"TITLE\" /SWITCH..." },
    { OS "\nC:\\=\"a\"\n", "add ;C:\\=\"a\"", "the line to add: this is no "
      "entry: it has to be PATH=\"TITLE\" /SWITCH..." },
    { OS "\nC:\\=\"a\"\n", "add [x]", "the line to add: NTLDR passes over the "
      "section [x]: it has to be PATH=\"TITLE\" /SWITCH..." },
    { OS "\nC:\\=\"a\"\n", "add  ", "the line to add: this is no entry: it "
      "has to be PATH=\"TITLE\" /SWITCH..." },
    { OS "\nC:\\=\"a\"\n", "add C:\\=\"a\" x", "the line to add: 'x' is no "
      "switch, it has no effect: it has to be PATH=\"TITLE\" /SWITCH..." },
    { OS "\nC:\\=\"a\"\n", "add C:\\=\"a", "the line to add: the title's "
      "second quotation mark is missing, so that there are no switches: it "
      "has to be PATH=\"TITLE\" /SWITCH..." },
    { OS "\nC:\\=\"a\"\n", "add C:\\=a", "the line to add has no title in "
      "quotation marks: it has to be PATH=\"TITLE\" /SWITCH..." },
    { OS "\nC:\\=\"a\"\n", "add C:\\=\"\"", "the line to add has no title in "
      "quotation marks: it has to be PATH=\"TITLE\" /SWITCH..." },
    { OS "\nC:\\=\"a\"\n", "add W=\"a\"", "the line to add: 'W' is no path, "
      "NTLDR cannot start this entry: it has to be PATH=\"TITLE\" "
      "/SWITCH..." },
    { OS "\nC:\\=\"a\"\n", "add C:\\=\"a\nD:\\=\"", "the line to add has "
      "characters beyond printable ASCII: C:\\=\"a\\x0aD:\\=\": leave them "
      "out" },
    { OS "\nC:\\=\"a\"\n", "add " ARC(3) "=\"a\"", ARC(3) ": the disk has no "
      "partition 3, but 2 in all: name one of them" },
    { OS "\nC:\\=\"a\"\n", "add signature(1)disk(0)rdisk(0)partition(1)=\"a\"",
      "signature(1)disk(0)rdisk(0)partition(1) is on another disk (that of "
      "signature 1): name a partition of this one, as in multi(0)disk(0)"
      "rdisk(0)partition(1)" },
    { OS "\nC:\\=\"a\"\n", "add C:\\=\"" LONG_TITLE ", in the hall\"",
      "the title '" LONG_TITLE ", in the hall' has 71 characters, for which "
      "the menu has no room: shorten it to 70" },
    { OS "\nC:\\=\"a\"\n", "hal halaacpi.dll2 - A", "/HAL=halaacpi.dll2: "
      "NTLDR takes the 8.3 name of a file in system32 there: give /NAME, "
      "/NAME=VALUE or -/NAME" },
    { OS "\nC:\\=\"a\"\n", "hal a.dll - A\"", "'A\"' cannot be a part of a "
      "title: give up to 70 ASCII characters, and no quotation marks" },
};

static void test_refusals(void)
{
    Disk *disk = boot_test_disk(SIGNATURE, 2);

    for (unsigned i = 0; i < G_N_ELEMENTS(refusals); i++) {
        const Refusal *c = &refusals[i];
        g_autoptr(GError) err = NULL;
        g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GBytes) text = g_bytes_new_static(c->text, strlen(c->text));
        g_autoptr(BootIniEdit) edit = boot_ini_edit_new(text, NULL);
        g_autoptr(GBytes) after = NULL;
        g_autofree char *wanted = g_strconcat("\\boot.ini: ", c->message, NULL);

        g_assert_false(boot_command(edit, c->command, disk, warnings, &err));
        g_assert_cmpstr(err->message, ==, wanted);
        after = boot_ini_edit_text(edit);
        g_assert_true(g_bytes_equal(text, after));
        g_assert_cmpuint(boot_ini_edit_changes(edit)->len, ==, 0);
    }
    boot_test_disk_free(disk);
}

/* What is no boot.ini to NTLDR is none that could be edited. */
static void test_no_boot_ini(void)
{
    static const struct {
        const char *text;
        gsize size;
        const char *message;
    } cases[] = {
        { "", 0, "\\boot.ini: it has no entry in *" },
        { "x", 1, "\\boot.ini: it has no entry in *" },
        { "[boot loader]\nC:\\=\"a\"\n", 24, "\\boot.ini: it has no entry *" },
        { "\xff\xfe[\0o\0", 6, "\\boot.ini: it is in UTF-16, *" },
        { "\xfe\xff\0[\0o", 6, "\\boot.ini: it is in UTF-16, *" },
        { "[\0o\0", 4, "\\boot.ini: it is in UTF-16, *" },
        { "\0[\0o", 4, "\\boot.ini: it is in UTF-16, *" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) err = NULL;
        g_autoptr(GBytes) text = g_bytes_new_static(cases[i].text,
                                                    cases[i].size);

        g_assert_null(boot_ini_edit_new(text, &err));
        g_assert_error(err, GUEST_ERROR, GUEST_ERROR_REFUSED);
        g_assert_true(g_pattern_match_simple(cases[i].message, err->message));
    }
}

static BootIniEdit *edit_of(GString *text, GError **errp)
{
    g_autoptr(GBytes) bytes = g_string_free_to_bytes(text);

    return boot_ini_edit_new(bytes, errp);
}

/* Up to the last byte, and not beyond. */
static void test_size(void)
{
    for (unsigned more = 0; more <= 4; more++) {
        GString *text = g_string_new(OS "\nC:\\=\"a\"\n;");
        gsize size = LIMIT_BOOT_INI_SIZE - 3 + more;
        g_autoptr(BootIniEdit) edit = NULL;
        g_autoptr(GError) err = NULL;

        while (text->len < size) {
            g_string_append_c(text, 'x');
        }
        edit = edit_of(text, &err);
        if (size > LIMIT_BOOT_INI_SIZE) {
            g_assert_null(edit);
            g_assert_error(err, GUEST_ERROR, GUEST_ERROR_REFUSED);
        } else if (size + strlen(" /x") > LIMIT_BOOT_INI_SIZE) {
            g_assert_false(boot_ini_edit_switch(edit, 1, "/x", &err));
            g_assert_error(err, GUEST_ERROR, GUEST_ERROR_NO_SPACE);
            g_assert_false(boot_entry_has(boot_ini_started(
                               boot_ini_edit_parsed(edit)), "x"));
        } else {
            g_assert_true(boot_ini_edit_switch(edit, 1, "/x", &err));
        }
    }
}

static GString *many_entries(unsigned n)
{
    GString *text = g_string_new(OS "\n");

    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(text, "C:\\%u=\"a\"\n", i);
    }
    return text;
}

static void test_entries(void)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(BootIniEdit) edit =
        edit_of(many_entries(LIMIT_BOOT_INI_ENTRIES - 1), NULL);
    Disk *disk = boot_test_disk(SIGNATURE, 2);

    g_assert_true(boot_ini_edit_add(edit, "C:\\=\"b\"", disk, NULL));
    g_assert_false(boot_ini_edit_add(edit, "D:\\=\"b\"", disk, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_NO_SPACE);
    g_clear_error(&err);
    g_assert_false(boot_ini_edit_add_hal(edit, "a.dll", NULL, "A", &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_NO_SPACE);
    g_clear_error(&err);
    g_assert_cmpuint(boot_ini_edit_parsed(edit)->entries->len, ==,
                     LIMIT_BOOT_INI_ENTRIES);
    g_assert_cmpuint(boot_ini_edit_changes(edit)->len, ==, 1);
    boot_test_disk_free(disk);
    g_assert_null(edit_of(many_entries(LIMIT_BOOT_INI_ENTRIES + 1), &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_REFUSED);
}

static void test_many_switches(void)
{
    GString *text = g_string_new(OS "\nC:\\=\"a\"");
    g_autoptr(BootIniEdit) edit = NULL;
    g_autoptr(GError) err = NULL;

    for (unsigned i = 0; i < LIMIT_BOOT_INI_SWITCHES; i++) {
        g_string_append_printf(text, " /s%u", i);
    }
    edit = edit_of(text, NULL);
    g_assert_true(boot_ini_edit_switch(edit, 1, "/s63=1", &err));
    g_assert_false(boot_ini_edit_switch(edit, 1, "/x", &err));
    g_assert_cmpstr(err->message, ==, "\\boot.ini: entry 1: it has more than "
                    "64 switches: take some away in the source VM");
    g_assert_cmpuint(boot_ini_edit_changes(edit)->len, ==, 1);
}

/* As many timeouts as fit are no reason to take long. */
static void test_many_timeouts(void)
{
    GString *text = g_string_new(OS "\nC:\\=\"a\"\n[boot loader]\n");
    g_autoptr(BootIniEdit) edit = NULL;
    g_autoptr(GError) err = NULL;

    while (text->len + strlen("timeout=1\n") < LIMIT_BOOT_INI_SIZE) {
        g_string_append(text, "timeout=1\n");
    }
    edit = edit_of(text, NULL);
    g_assert_true(boot_ini_edit_timeout(edit, 5, NULL));
    g_assert_false(boot_ini_edit_timeout(edit, 500, &err));
    g_assert_error(err, GUEST_ERROR, GUEST_ERROR_NO_SPACE);
    g_assert_cmpint(boot_ini_edit_parsed(edit)->timeout, ==, 5);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bootini-edit/refusals", test_refusals);
    g_test_add_func("/bootini-edit/no-boot-ini", test_no_boot_ini);
    g_test_add_func("/bootini-edit/size", test_size);
    g_test_add_func("/bootini-edit/entries", test_entries);
    g_test_add_func("/bootini-edit/many-switches", test_many_switches);
    g_test_add_func("/bootini-edit/many-timeouts", test_many_timeouts);
    return g_test_run();
}
