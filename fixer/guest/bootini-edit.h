/*
 * boot.ini, edited: what is not meant stays as it is, byte by byte
 *
 * Lines keep their ends, blanks, comments, and the bytes of whatever code page
 * they are in; nothing is sorted or tidied.  Each edit is made at once, and
 * the next one sees its result.  An edit that changes nothing, since boot.ini
 * is like that already, is no error and no change.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_BOOTINI_EDIT_H
#define GUEST_BOOTINI_EDIT_H

#include "bootini.h"

typedef struct BootIniEdit BootIniEdit;

/*
 * Starts to edit @text.  Refused is one that NTLDR does not take for a
 * boot.ini, as nobody could say what an edit would do: without an entry in
 * [operating systems], in UTF-16, larger than LIMIT_BOOT_INI_SIZE, or with
 * more than LIMIT_BOOT_INI_ENTRIES; nor does any edit make it one.
 */
BootIniEdit *boot_ini_edit_new(GBytes *text, GError **errp);

void boot_ini_edit_free(BootIniEdit *edit);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BootIniEdit, boot_ini_edit_free)

/* As it is now; that it is the text from before is no copy.  To be unref'd. */
GBytes *boot_ini_edit_text(const BootIniEdit *edit);

/* Parsed as it is now; valid until the next edit. */
const BootIni *boot_ini_edit_parsed(const BootIniEdit *edit);

/*
 * char *: what was changed, a line each: "timeout: 30, was 0"; printable
 * ASCII, whatever boot.ini has.
 */
const GPtrArray *boot_ini_edit_changes(const BootIniEdit *edit);

/*
 * Entries are numbered from 1, as BootIni has them; 0 is the one that NTLDR
 * starts.  All of these fail with an error that names what is wrong, and then
 * nothing was changed.
 */

/*
 * Makes @entry the one that NTLDR starts.  Of entries with the same path it
 * starts the first, so @entry's line goes in front of those, if there are any.
 */
bool boot_ini_edit_default(BootIniEdit *edit, unsigned entry, GError **errp);

/*
 * Seconds that the menu waits: 0 to 999, or -1 for ever.  If the timeout is
 * given several times, all of them become that.
 */
bool boot_ini_edit_timeout(BootIniEdit *edit, int seconds, GError **errp);

/*
 * Adds PATH="TITLE" /SWITCH... as the last entry; one that is there already
 * with that path and those switches will do.  The path is one of C:\..., or an
 * ARC path of which @disk has the partition; all is printable ASCII, the title
 * of up to LIMIT_BOOT_INI_TITLE characters.
 */
bool boot_ini_edit_add(BootIniEdit *edit, const char *line, const Disk *disk,
                       GError **errp);

/* Removes an entry, but neither the one that is started nor the last one. */
bool boot_ini_edit_remove(BootIniEdit *edit, unsigned entry, GError **errp);

/*
 * Sets a switch of @entry, "/NAME" or "/NAME=VALUE", in the place of the first
 * of that name, the others of which go, else behind all; "-/NAME" takes it
 * away.
 */
bool boot_ini_edit_switch(BootIniEdit *edit, unsigned entry,
                          const char *text, GError **errp);

/*
 * Makes scsi() and signature() the multi() of the same partition of @disk, in
 * the default and in entries: with @started_only in the default and in the
 * entry that is started, else in all that name @disk.  What names another
 * disk, or a partition that is not there, stays, and is a line in @warnings
 * (char *).  What was started is started with the switches that it had, even
 * if another entry has the same path now.
 */
bool boot_ini_edit_rewrite_arc(BootIniEdit *edit, const Disk *disk,
                               bool started_only, GPtrArray *warnings,
                               GError **errp);

/*
 * Makes NTLDR start what it starts now, with other files: /HAL=@hal and
 * /KERNEL=@kernel, each an 8.3 name, or NULL for none such switch.  The entry
 * is a copy of the one that is started, and in front of it, its title followed
 * by " - @title" (and shortened, if the menu has no room for both); the old one
 * stays, as what to fall back on.  One that is
 * there already with that path, HAL and kernel is made the default instead.
 */
bool boot_ini_edit_add_hal(BootIniEdit *edit, const char *hal,
                           const char *kernel, const char *title,
                           GError **errp);

#endif /* GUEST_BOOTINI_EDIT_H */
