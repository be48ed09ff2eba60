/*
 * Edits of boot.ini as words, for tests that have them in tables
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>
#include <string.h>

#include "bootini-commands.h"

static bool switch_command(BootIniEdit *edit, const char *rest, GError **errp)
{
    const char *blank = strchr(rest, ' ');

    g_assert_nonnull(blank);
    return boot_ini_edit_switch(edit, atoi(rest), blank + 1, errp);
}

static bool hal_command(BootIniEdit *edit, const char *rest, GError **errp)
{
    g_auto(GStrv) words = g_strsplit(rest, " ", 3);

    g_assert_cmpuint(g_strv_length(words), ==, 3);
    return boot_ini_edit_add_hal(edit,
                                 strcmp(words[0], "-") == 0 ? NULL : words[0],
                                 strcmp(words[1], "-") == 0 ? NULL : words[1],
                                 words[2], errp);
}

bool boot_command(BootIniEdit *edit, const char *command, const Disk *disk,
                  GPtrArray *warnings, GError **errp)
{
    g_auto(GStrv) words = g_strsplit(command, " ", 2);
    const char *name = words[0], *rest = words[1];

    g_assert_nonnull(rest);
    if (strcmp(name, "default") == 0) {
        return boot_ini_edit_default(edit, atoi(rest), errp);
    }
    if (strcmp(name, "timeout") == 0) {
        return boot_ini_edit_timeout(edit, atoi(rest), errp);
    }
    if (strcmp(name, "add") == 0) {
        return boot_ini_edit_add(edit, rest, disk, errp);
    }
    if (strcmp(name, "remove") == 0) {
        return boot_ini_edit_remove(edit, atoi(rest), errp);
    }
    if (strcmp(name, "switch") == 0) {
        return switch_command(edit, rest, errp);
    }
    if (strcmp(name, "rewrite-arc") == 0) {
        return boot_ini_edit_rewrite_arc(edit, disk,
                                         strcmp(rest, "started") == 0,
                                         warnings, errp);
    }
    if (strcmp(name, "hal") == 0) {
        return hal_command(edit, rest, errp);
    }
    g_error("there is no command %s", name);
}

Disk *boot_test_disk(uint32_t signature, unsigned n_partitions)
{
    Disk *disk = disk_new();

    disk->signature = signature;
    for (unsigned i = 0; i < n_partitions; i++) {
        Partition partition = { .number = i + 1 };

        g_array_append_val(disk->partitions, partition);
    }
    return disk;
}

void boot_test_disk_free(Disk *disk)
{
    g_array_unref(disk->partitions);
    g_free(disk);
}

char *boot_escape(const char *text, gsize length)
{
    GString *escaped = g_string_new(NULL);

    for (gsize i = 0; i < length; i++) {
        unsigned char c = text[i];

        if (c == '\r') {
            g_string_append(escaped, "\\r");
        } else if (c == '\n') {
            g_string_append(escaped, "\\n");
        } else if (c == '\\') {
            g_string_append(escaped, "\\\\");
        } else if (g_ascii_isprint(c)) {
            g_string_append_c(escaped, c);
        } else {
            g_string_append_printf(escaped, "\\%03o", c);
        }
    }
    return g_string_free(escaped, FALSE);
}
