/*
 * boot.ini, edited: what is said to users, and what they may say
 *
 * What a user wants to write goes through the parser; what that would warn of
 * is refused, as is whatever would be something else in another code page.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "bootini-edit-internal.h"
#include "guest-limits.h"
#include "windows.h"

/* Of an entry that has the switch which is checked. */
#define ANY_ENTRY "C:\\=\"x\" "
#define SWITCH_FORMS "give /NAME, /NAME=VALUE or -/NAME"
#define FORM "it has to be PATH=\"TITLE\" /SWITCH..."

char *boot_ini_printable(const char *text)
{
    GString *printable = g_string_new(NULL);

    for (const char *p = text; *p; p++) {
        if (g_ascii_isprint(*p)) {
            g_string_append_c(printable, *p);
        } else {
            g_string_append_printf(printable, "\\x%02x", (unsigned char)*p);
        }
    }
    if (printable->len > LIMIT_REPORT_STRING) {
        g_string_truncate(printable, LIMIT_REPORT_STRING);
    }
    return g_string_free(printable, FALSE);
}

void boot_ini_set_error(GError **errp, GuestError code,
                        const char *format, ...)
{
    g_autofree char *text = NULL;
    g_autofree char *printable = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    printable = boot_ini_printable(text);
    g_set_error(errp, GUEST_ERROR, code, BOOT_INI_PATH ": %s", printable);
}

bool boot_ini_is_printable(const char *text)
{
    while (g_ascii_isprint(*text)) {
        text++;
    }
    return !*text;
}

bool boot_ini_check_switch(const char *text, GError **errp)
{
    g_autofree char *line = g_strconcat(ANY_ENTRY, text, NULL);
    g_autofree char *warning = NULL;
    g_autoptr(BootEntry) entry = NULL;

    if (!boot_ini_is_printable(text) || strpbrk(text, " \"")) {
        boot_ini_set_error(errp, GUEST_ERROR_INVALID, "the switch %s has "
                           "blanks, quotation marks, or characters beyond "
                           "ASCII: leave them out", text);
        return false;
    }
    entry = boot_entry_of_line(line, &warning);
    if (warning) {
        boot_ini_set_error(errp, GUEST_ERROR_INVALID, "%s: " SWITCH_FORMS,
                           warning);
        return false;
    }
    if (g_strv_length(entry->switches) != 1 ||
        boot_switch_name_length(text + 1) == 0) {
        boot_ini_set_error(errp, GUEST_ERROR_INVALID, "'%s' is not one "
                           "switch: " SWITCH_FORMS, text);
        return false;
    }
    return true;
}

bool boot_ini_check_name(const char *text, GError **errp)
{
    if (*text != '/' || !text[1] || !boot_ini_is_printable(text) ||
        strpbrk(text + 1, "/=: \"")) {
        boot_ini_set_error(errp, GUEST_ERROR_INVALID, "'-%s' does not name a "
                           "switch: give -/NAME, without a value", text);
        return false;
    }
    return true;
}

static bool check_path(const char *path, const Disk *disk, GError **errp)
{
    g_auto(ArcPath) arc = { 0 };
    g_autofree char *other = NULL;

    if (!arc_path_parse(path, &arc)) {
        /* C:\, of which NTLDR looks into its own partition. */
        return true;
    }
    other = arc_path_other_disk(&arc, disk);
    if (other) {
        boot_ini_set_error(errp, GUEST_ERROR_INVALID, "%s is on another disk "
                           "(%s): name a partition of this one, as in "
                           "multi(0)disk(0)rdisk(0)partition(1)", path, other);
    } else if (!arc_path_partition(&arc, disk)) {
        boot_ini_set_error(errp, GUEST_ERROR_NOT_FOUND, "%s: the disk has no "
                           "partition %u, but %u in all: name one of them",
                           path, arc.partition, disk->partitions->len);
    } else {
        return true;
    }
    return false;
}

static bool check_title(const BootEntry *entry, GError **errp)
{
    size_t length = strlen(entry->title);

    if (!entry->at.title_has_quotes || length == 0) {
        boot_ini_set_error(errp, GUEST_ERROR_INVALID, "the line to add has no "
                           "title in quotation marks: " FORM);
    } else if (length > LIMIT_BOOT_INI_TITLE) {
        boot_ini_set_error(errp, GUEST_ERROR_INVALID, "the title '%s' has %zu "
                           "characters, for which the menu has no room: "
                           "shorten it to %d", entry->title, length,
                           LIMIT_BOOT_INI_TITLE);
    } else {
        return true;
    }
    return false;
}

BootEntry *boot_ini_check_line(const char *line, const Disk *disk,
                               GError **errp)
{
    g_autofree char *warning = NULL;
    g_autoptr(BootEntry) entry = NULL;

    if (!boot_ini_is_printable(line)) {
        boot_ini_set_error(errp, GUEST_ERROR_INVALID, "the line to add has "
                           "characters beyond printable ASCII: %s: leave "
                           "them out", line);
        return NULL;
    }
    entry = boot_entry_of_line(line, &warning);
    if (!entry || warning) {
        boot_ini_set_error(errp, GUEST_ERROR_INVALID, "the line to add: %s: "
                           FORM, warning ? warning : "this is no entry");
        return NULL;
    }
    if (!check_title(entry, errp) || !check_path(entry->path, disk, errp)) {
        return NULL;
    }
    return g_steal_pointer(&entry);
}
