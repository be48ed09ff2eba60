/*
 * Unit test of the boot.ini editor on real files, by bootini-edits.txt
 *
 * For each edit of each file that has what becomes of the lines that change;
 * all others must stay as they are, byte by byte.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>
#include <string.h>

#include "bootini-commands.h"
#include "util.h"

#define TABLE XENPREP_SOURCE "/tests/unit/bootini-edits.txt"

/* Unless a command says otherwise. */
#define SIGNATURE 0xf55cf55c
#define N_PARTITIONS 2

/* What each file, and each entry of each file, has to be tried with. */
static const char *const file_commands[] = {
    "timeout 20", "timeout -1", "add C:\\=\"DOS\" /win95dos",
    "rewrite-arc started", "rewrite-arc all",
    "hal halaacpi.dll - ACPI Uniprocessor PC",
    "hal - ntkrnlmp.exe ACPI Multiprocessor PC",
    "hal halmacpi.dll ntkrnlmp.exe ACPI Multiprocessor PC",
};

static const char *const entry_commands[] = {
    "default %u", "remove %u", "switch %u /sos", "switch %u /fastdetect",
    "switch %u /noexecute=alwaysoff", "switch %u -/fastdetect",
};

/* What the table has of one edit. */
typedef struct Expected {
    /* As the table has it, for messages. */
    const char *command;
    /* Lines, each with its mark in front: - + ! ~ ? */
    GPtrArray *lines;
} Expected;

static void expected_free(void *opaque)
{
    Expected *expected = opaque;

    g_ptr_array_unref(expected->lines);
    g_free(expected);
}

/* Of a file: its part of the table, Expected *; NULL if it has none. */
static GPtrArray *find_file(char **table, const char *name)
{
    g_autofree char *heading = g_strdup_printf("[%s]", name);
    GPtrArray *all = NULL;

    for (char **p = table; *p; p++) {
        if (**p == '[') {
            if (all) {
                break;
            }
            if (strcmp(*p, heading) == 0) {
                all = g_ptr_array_new_with_free_func(expected_free);
            }
        } else if (all && g_str_has_prefix(*p, "= ")) {
            Expected *expected = g_new0(Expected, 1);

            expected->command = *p + 2;
            expected->lines = g_ptr_array_new();
            g_ptr_array_add(all, expected);
        } else if (all && **p && **p != '#') {
            Expected *last = g_ptr_array_index(all, all->len - 1);

            g_ptr_array_add(last->lines, *p);
        }
    }
    return all;
}

/* Lines with their ends; what is not "" behind the last one is one, too. */
static GPtrArray *split(GBytes *bytes)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);
    gsize start = 0;

    for (gsize i = 0; i < size; i++) {
        if (text[i] == '\n' || i + 1 == size) {
            g_ptr_array_add(lines, g_strndup(text + start, i + 1 - start));
            start = i + 1;
        }
    }
    return lines;
}

/* The lines with that mark, joined; they are without it. */
static char *marked(const Expected *expected, char mark)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < expected->lines->len; i++) {
        const char *line = g_ptr_array_index(expected->lines, i);

        if (*line == mark) {
            g_string_append_printf(text, "%s\n", line + 2);
        }
    }
    return g_string_free(text, FALSE);
}

/* Adds what the table wants in front of line @number of the source. */
static void append_inserted(GString *text, const Expected *expected,
                            guint number)
{
    g_autofree char *mark = g_strdup_printf("+%u ", number);

    for (guint i = 0; i < expected->lines->len; i++) {
        const char *line = g_ptr_array_index(expected->lines, i);

        if (g_str_has_prefix(line, mark)) {
            g_autofree char *bytes = g_strcompress(line + strlen(mark));

            g_string_append(text, bytes);
        }
    }
}

static bool is_removed(const Expected *expected, guint number)
{
    g_autofree char *mark = g_strdup_printf("-%u", number);

    for (guint i = 0; i < expected->lines->len; i++) {
        if (strcmp(g_ptr_array_index(expected->lines, i), mark) == 0) {
            return true;
        }
    }
    return false;
}

/* What the source is after that, by the table. */
static char *apply(const Expected *expected, GBytes *source)
{
    g_autoptr(GPtrArray) lines = split(source);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < lines->len; i++) {
        append_inserted(text, expected, i + 1);
        if (!is_removed(expected, i + 1)) {
            g_string_append(text, g_ptr_array_index(lines, i));
        }
    }
    append_inserted(text, expected, lines->len + 1);
    return g_string_free(text, FALSE);
}

static char *joined(const GPtrArray *lines)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < lines->len; i++) {
        g_string_append_printf(text, "%s\n",
                               (char *)g_ptr_array_index(lines, i));
    }
    return g_string_free(text, FALSE);
}

/* Does all of "COMMAND && COMMAND"; "disk SIGNATURE N" is another disk. */
static bool run(BootIniEdit *edit, const char *commands, GPtrArray *warnings,
                GError **errp)
{
    g_auto(GStrv) all = g_strsplit(commands, " && ", -1);
    Disk *disk = boot_test_disk(SIGNATURE, N_PARTITIONS);
    bool ok = true;

    for (char **p = all; ok && *p; p++) {
        if (g_str_has_prefix(*p, "disk ")) {
            char *end;
            uint32_t signature = strtoul(*p + 5, &end, 16);

            boot_test_disk_free(disk);
            disk = boot_test_disk(signature, atoi(end));
        } else {
            ok = boot_command(edit, *p, disk, warnings, errp);
        }
    }
    boot_test_disk_free(disk);
    return ok;
}

static void check_text(BootIniEdit *edit, const Expected *expected,
                       GBytes *source)
{
    g_autofree char *wanted = apply(expected, source);
    g_autoptr(GBytes) found = boot_ini_edit_text(edit);
    gsize size;
    const char *text = g_bytes_get_data(found, &size);
    g_autofree char *shown = boot_escape(text, size);
    g_autofree char *shown_wanted = boot_escape(wanted, strlen(wanted));

    g_assert_cmpstr(shown, ==, shown_wanted);
}

static void check_one(const Expected *expected, GBytes *source)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(BootIniEdit) edit = boot_ini_edit_new(source, &err);
    g_autofree char *error = NULL, *wanted_error = marked(expected, '?');
    g_autofree char *changes = NULL, *wanted_changes = marked(expected, '!');
    g_autofree char *warned = NULL, *wanted_warned = marked(expected, '~');

    g_assert_no_error(err);
    run(edit, expected->command, warnings, &err);
    error = err ? g_strdup_printf("%s\n", err->message) : g_strdup("");
    g_assert_cmpstr(error, ==, wanted_error);
    check_text(edit, expected, source);
    changes = joined(boot_ini_edit_changes(edit));
    g_assert_cmpstr(changes, ==, wanted_changes);
    warned = joined(warnings);
    g_assert_cmpstr(warned, ==, wanted_warned);
}

static void need_command(const GPtrArray *all, const char *command)
{
    for (guint i = 0; i < all->len; i++) {
        const Expected *expected = g_ptr_array_index(all, i);

        if (strcmp(expected->command, command) == 0) {
            return;
        }
    }
    g_error("bootini-edits.txt does not have: %s", command);
}

/* The table leaves nothing out that there is. */
static void check_complete(const GPtrArray *all, GBytes *source)
{
    g_autoptr(BootIni) ini = boot_ini_parse(source);

    for (unsigned i = 0; i < G_N_ELEMENTS(file_commands); i++) {
        need_command(all, file_commands[i]);
    }
    for (guint n = 1; n <= ini->entries->len; n++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(entry_commands); i++) {
            g_autofree char *number = g_strdup_printf("%u", n);
            g_auto(GStrv) parts = g_strsplit(entry_commands[i], "%u", 2);
            g_autofree char *command = g_strjoinv(number, parts);

            need_command(all, command);
        }
    }
}

static void check_file(char **table, const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_autoptr(GBytes) source = read_file(path);
    g_autoptr(GPtrArray) all = find_file(table, name);

    if (!all) {
        g_error("bootini-edits.txt has no line for %s", name);
    }
    check_complete(all, source);
    for (guint i = 0; i < all->len; i++) {
        const Expected *expected = g_ptr_array_index(all, i);

        g_test_message("[%s] %s", name, expected->command);
        check_one(expected, source);
    }
}

static void test_real_files(void)
{
    g_autofree char *directory = shared_data("bootini");
    g_autoptr(GDir) dir = directory ? g_dir_open(directory, 0, NULL) : NULL;
    g_autofree char *text = NULL;
    g_auto(GStrv) table = NULL;
    const char *name;

    if (!dir) {
        return;
    }
    g_file_get_contents(TABLE, &text, NULL, NULL);
    g_assert_nonnull(text);
    table = g_strsplit(text, "\n", -1);
    while ((name = g_dir_read_name(dir))) {
        check_file(table, directory, name);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bootini-edits/real-files", test_real_files);
    return g_test_run();
}
