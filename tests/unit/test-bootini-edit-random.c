/*
 * Unit test of the boot.ini editor by random edits of random texts
 *
 * What is checked is what holds whatever the text is: the parser finds what the
 * edit wanted, all other lines are the same bytes in the same order, a refused
 * edit changes nothing, and most edits change nothing when done again.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>
#include <string.h>

#include "bootini-commands.h"
#include "error.h"
#include "guest-limits.h"

#define ROUNDS 20000
#define MAX_LINES 24
#define SIGNATURE 0x4d859

static const char *const lines[] = {
    "[boot loader]", "[operating systems]", "[operating systems]",
    "[Operating Systems] x", "[hidden]", "timeout=30", "timeout = soon",
    "TimeOut=-1", "default=C:\\", "default=", "Default = "
    "multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS",
    "default=scsi(0)disk(0)rdisk(0)partition(1)\\WINDOWS",
    "default=signature(4d859)disk(1)rdisk(0)partition(2)\\WINNT",
    "; multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS=\"comment\"", "", "stray",
    "C:\\=\"DOS\"", "c:\\ = DOS /x", "C:\\=", "=", "=\"\"", "C:\\=\"open /a",
    "C:\\=bare/a/b junk/c", "C:\\=bare /sos junk",
    "multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS=\"A\" /fastdetect",
    "MULTI(0)disk(0)rdisk(0)partition(1)\\windows\t=\t\"B\"/sos/pae",
    "scsi(0)disk(0)rdisk(0)partition(1)\\WINDOWS=\"S - x\" /HAL=a.dll /hal=b",
    "scsi(1)disk(0)rdisk(0)partition(1)\\WINDOWS=\"other\" /sos /SOS=1",
    "signature(4d859)disk(1)rdisk(0)partition(2)\\WINNT=\"\x81\x84\" /kernel=k",
    "signature(04D859)disk(1)rdisk(0)partition(1)\\=\"t\" /noexecute=optin  ",
    "scsi(0)disk(0)rdisk(0)partition(9)\\WINNT=\"no such\"",
};

/*
 * Both CR and LF alone are not in one text: where a line between them goes they
 * are one line end, and what was an empty line is none.
 */
static const char *const ends[][4] = {
    { "\r\n", "\r\n", "\n", " \r\n" },
    { "\r\n", "\r\n", "\r", " \r\n" },
};

static const char *const switches[] = {
    "/sos", "/SOS=1", "/pae", "/HAL=halaacpi.dll", "/noexecute=optout",
    "-/sos", "-/hal", "-/a", "-/x", "-/b", "/a", "/kernel=x.exe",
};

static const char *const added[] = {
    "C:\\=\"DOS\" /x", "multi(0)disk(0)rdisk(0)partition(2)\\W=\"W\"",
    "scsi(0)disk(0)rdisk(0)partition(1)\\WINDOWS=\"S\" /HAL=b /hal=a.dll",
    "C:\\=\"a\" /sos /a/b", "C:\\CMDCONS\\BOOTSECT.DAT=\"C\" /cmdcons",
};

static const char *const hals[] = {
    "halaacpi.dll - ACPI", "- ntkrnlmp.exe MP", "a.dll b.exe x", "- - plain",
};

#define PICK(array) (array)[g_test_rand_int_range(0, G_N_ELEMENTS(array))]

static GBytes *random_text(void)
{
    GString *text = g_string_new(NULL);
    int n = g_test_rand_int_range(1, MAX_LINES);
    const char *const *own_ends = ends[g_test_rand_bit()];

    for (int i = 0; i < n; i++) {
        g_string_append(text, g_test_rand_bit() ? "" : " \t");
        g_string_append(text, PICK(lines));
        if (i + 1 < n || g_test_rand_bit()) {
            g_string_append(text, own_ends[g_test_rand_int_range(0, 4)]);
        }
    }
    if (g_test_rand_int_range(0, 4) == 0) {
        g_string_append(text, "\x1a" "C:\\=behind\r\n");
    }
    return g_string_free_to_bytes(text);
}

static char *random_command(const BootIni *ini)
{
    int n = g_test_rand_int_range(0, ini->entries->len + 2);

    switch (g_test_rand_int_range(0, 7)) {
    case 0:
        return g_strdup_printf("default %d", n);
    case 1:
        return g_strdup_printf("timeout %d", g_test_rand_int_range(-2, 1001));
    case 2:
        return g_strdup_printf("add %s", PICK(added));
    case 3:
        return g_strdup_printf("remove %d", n);
    case 4:
        return g_strdup_printf("switch %d %s", n, PICK(switches));
    case 5:
        return g_strdup(g_test_rand_bit() ? "rewrite-arc all"
                                          : "rewrite-arc started");
    default:
        return g_strdup_printf("hal %s", PICK(hals));
    }
}

static char *switch_value(const BootEntry *entry, const char *name)
{
    char *value = boot_entry_switch(entry, name);

    return value ? value : g_strdup("-");
}

static void check_switch(const BootIni *before, const BootIni *after,
                         const char *command)
{
    g_auto(GStrv) words = g_strsplit(command, " ", 3);
    int number = atoi(words[1]);
    const char *wanted = words[2];
    guint index = number - 1;
    const BootEntry *entry;
    unsigned n = 0;

    g_assert_cmpuint(before->entries->len, ==, after->entries->len);
    if (number == 0) {
        g_ptr_array_find(before->entries, boot_ini_started(before), &index);
    }
    entry = g_ptr_array_index(after->entries, index);
    for (char **p = entry->switches; *p; p++) {
        n += g_ascii_strcasecmp(*p, wanted) == 0;
    }
    if (*wanted == '-') {
        g_assert_false(boot_entry_has(entry, wanted + 2));
    } else {
        g_assert_cmpuint(n, ==, 1);
    }
}

/* HAL and kernel are those, and the path and its other switches stay. */
static void check_hal(const BootIni *before, const BootIni *after,
                      const char *command)
{
    g_auto(GStrv) words = g_strsplit(command, " ", 4);
    const BootEntry *entry = boot_ini_started(after);
    g_autofree char *hal = switch_value(entry, "HAL");
    g_autofree char *kernel = switch_value(entry, "KERNEL");

    g_assert_cmpint(g_ascii_strcasecmp(hal, words[1]), ==, 0);
    g_assert_cmpint(g_ascii_strcasecmp(kernel, words[2]), ==, 0);
    g_assert_cmpint(g_ascii_strcasecmp(boot_ini_started_path(before),
                                       entry->path), ==, 0);
    g_assert_cmpuint(after->entries->len, <=, before->entries->len + 1);
    g_assert_cmpuint(strlen(entry->title), <=, LIMIT_BOOT_INI_TITLE);
}

/* What is started has the switches and the title that it had. */
static void check_rewritten(const BootIni *before, const BootIni *after)
{
    const BootEntry *old = boot_ini_started(before);
    const BootEntry *new = boot_ini_started(after);

    g_assert_cmpuint(before->entries->len, ==, after->entries->len);
    g_assert_true(!old || new);
    if (old) {
        g_assert_cmpstr(old->title, ==, new->title);
        g_assert_true(g_strv_equal((const char *const *)old->switches,
                                   (const char *const *)new->switches));
    }
}

static void check_result(const BootIni *before, const BootIni *after,
                         const char *command)
{
    int number = atoi(strchr(command, ' ') + 1);

    if (g_str_has_prefix(command, "timeout ")) {
        g_assert_true(after->has_timeout);
        g_assert_cmpint(after->timeout, ==, number);
    } else if (g_str_has_prefix(command, "default ") && number > 0) {
        const BootEntry *wanted = g_ptr_array_index(before->entries,
                                                    number - 1);
        const BootEntry *started = boot_ini_started(after);

        g_assert_cmpstr(wanted->title, ==, started->title);
        g_assert_cmpstr(wanted->path, ==, started->path);
    } else if (g_str_has_prefix(command, "remove ")) {
        g_assert_cmpuint(after->entries->len, ==, before->entries->len - 1);
        g_assert_cmpstr(boot_ini_started_path(before), ==,
                        boot_ini_started_path(after));
    } else if (g_str_has_prefix(command, "switch ")) {
        check_switch(before, after, command);
    } else if (g_str_has_prefix(command, "hal ")) {
        check_hal(before, after, command);
    } else if (g_str_has_prefix(command, "rewrite-arc ")) {
        check_rewritten(before, after);
    }
}

/* Lines with their ends. */
static GPtrArray *split(GBytes *bytes)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);
    gsize start = 0;

    for (gsize i = 0; i < size; i++) {
        if (text[i] == '\n' || i + 1 == size ||
            (text[i] == '\r' && text[i + 1] != '\n')) {
            g_ptr_array_add(all, g_strndup(text + start, i + 1 - start));
            start = i + 1;
        }
    }
    return all;
}

static gint compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* How many of the sorted lines @a are not in @b. */
static guint count_missing(GPtrArray *a, GPtrArray *b)
{
    guint missing = 0, j = 0;

    for (guint i = 0; i < a->len; i++) {
        int order = -1;

        while (j < b->len &&
               (order = strcmp(g_ptr_array_index(b, j),
                               g_ptr_array_index(a, i))) < 0) {
            j++;
        }
        if (j < b->len && order == 0) {
            j++;
        } else {
            missing++;
        }
    }
    return missing;
}

/*
 * At most so many lines of the text may be others than before.  The last line
 * counts twice, as it may get an end.
 */
static guint may_change(const BootIni *before, const char *command)
{
    if (g_str_has_prefix(command, "timeout ")) {
        return before->at.timeouts->len + 1;
    }
    if (g_str_has_prefix(command, "rewrite-arc all")) {
        return before->entries->len + 2;
    }
    return 3;
}

static void check_other_lines(const BootIni *ini, GBytes *before,
                              GBytes *after, const char *command)
{
    g_autoptr(GPtrArray) old = split(before);
    g_autoptr(GPtrArray) new = split(after);

    g_ptr_array_sort(old, compare);
    g_ptr_array_sort(new, compare);
    g_assert_cmpuint(count_missing(old, new), <=, may_change(ini, command));
    g_assert_cmpuint(count_missing(new, old), <=,
                     may_change(ini, command) + 2);
}

static void check_behind(GBytes *before, GBytes *after)
{
    gsize old_size, new_size;
    const char *old = g_bytes_get_data(before, &old_size);
    const char *new = g_bytes_get_data(after, &new_size);
    const char *old_end = memchr(old, '\x1a', old_size);
    const char *new_end = memchr(new, '\x1a', new_size);

    g_assert_true(!old_end == !new_end);
    if (old_end) {
        g_assert_cmpmem(old_end, old + old_size - old_end,
                        new_end, new + new_size - new_end);
    }
}

static bool can_repeat(const char *command)
{
    /* The numbers are others afterwards, or the entry is not there. */
    return !g_str_has_prefix(command, "remove ") &&
           !g_str_has_prefix(command, "default ");
}

static void check_again(BootIniEdit *edit, const char *command,
                        const Disk *disk)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GBytes) once = boot_ini_edit_text(edit);
    g_autoptr(GBytes) twice = NULL;
    guint n = boot_ini_edit_changes(edit)->len;

    g_assert_true(boot_command(edit, can_repeat(command) ? command
                               : "default 0", disk, warnings, NULL));
    twice = boot_ini_edit_text(edit);
    g_assert_true(g_bytes_equal(once, twice));
    g_assert_cmpuint(boot_ini_edit_changes(edit)->len, ==, n);
}

static void check_change_lines(const GPtrArray *changes)
{
    for (guint i = 0; i < changes->len; i++) {
        const char *line = g_ptr_array_index(changes, i);

        g_assert_cmpuint(strlen(line), <=, LIMIT_REPORT_STRING);
        for (; *line; line++) {
            g_assert_true(g_ascii_isprint(*line));
        }
    }
}

static void edit_once(BootIniEdit *edit, const Disk *disk)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GBytes) before = boot_ini_edit_text(edit);
    g_autoptr(GBytes) after = NULL;
    g_autoptr(BootIni) ini = boot_ini_parse(before);
    g_autofree char *command = random_command(ini);
    guint n = boot_ini_edit_changes(edit)->len;
    bool ok = boot_command(edit, command, disk, warnings, &err);

    if (g_test_verbose()) {
        g_test_message("%s: %s", command, ok ? "done" : err->message);
    }
    after = boot_ini_edit_text(edit);
    check_change_lines(boot_ini_edit_changes(edit));
    g_assert_true(g_bytes_equal(before, after) ==
                  (boot_ini_edit_changes(edit)->len == n));
    check_behind(before, after);
    if (!ok) {
        g_assert_true(g_str_has_prefix(err->message, "\\boot.ini: "));
        g_assert_true(g_bytes_equal(before, after));
        g_assert_cmpuint(warnings->len, ==, 0);
        return;
    }
    check_result(ini, boot_ini_edit_parsed(edit), command);
    check_other_lines(ini, before, after, command);
    if (boot_ini_started(boot_ini_edit_parsed(edit)) || can_repeat(command)) {
        check_again(edit, command, disk);
    }
}

static void test_random(void)
{
    Disk *disk = boot_test_disk(SIGNATURE, 2);
    unsigned edited = 0;

    for (unsigned i = 0; i < ROUNDS; i++) {
        g_autoptr(GBytes) text = random_text();
        g_autoptr(GError) err = NULL;
        g_autoptr(BootIniEdit) edit = boot_ini_edit_new(text, &err);
        gsize size;
        const char *data = g_bytes_get_data(text, &size);
        g_autofree char *shown = boot_escape(data, size);

        if (!edit) {
            g_assert_error(err, GUEST_ERROR, GUEST_ERROR_REFUSED);
            continue;
        }
        if (g_test_verbose()) {
            g_test_message("%s", shown);
        }
        edit_once(edit, disk);
        edit_once(edit, disk);
        edited++;
    }
    boot_test_disk_free(disk);
    /* Most texts must be worth it. */
    g_assert_cmpuint(edited, >, ROUNDS / 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bootini-edit/random", test_random);
    return g_test_run();
}
