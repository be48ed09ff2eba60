/*
 * What the files of the boot.ini editor share
 *
 * An edit works on a copy, the draft, in steps of which each is parsed again,
 * so that where things are and what NTLDR makes of them is never guessed.  If
 * all goes well the draft takes the place of what was before.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_BOOTINI_EDIT_INTERNAL_H
#define GUEST_BOOTINI_EDIT_INTERNAL_H

#include "bootini-edit.h"
#include "bootini-internal.h"
#include "error.h"

struct BootIniEdit {
    GBytes *text;
    BootIni *ini;
    /* char * */
    GPtrArray *changes;
};

/* A copy of @edit to which nothing was done yet. */
BootIniEdit *boot_draft_new(const BootIniEdit *edit);

/*
 * Makes @edit what @draft is, and adds to its changes; fails if NTLDR might
 * not take that much.
 */
bool boot_draft_commit(BootIniEdit *edit, BootIniEdit *draft, GError **errp);

/* Adds a line to the draft's changes. */
void boot_draft_change(BootIniEdit *draft, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/* Makes that entry the one that is started, see boot_ini_edit_default(). */
bool boot_draft_default(BootIniEdit *draft, unsigned number, GError **errp);

/* Gives the default another path, or adds one. */
void boot_draft_default_path(BootIniEdit *draft, const char *path);

/* Sets or takes away a switch that was checked, see boot_ini_edit_switch(). */
bool boot_draft_switch(BootIniEdit *draft, unsigned number, const char *text,
                       GError **errp);

/*
 * Moves the entry, which is @index from 0, in front of the first one that has
 * the same path; false if it is that.
 */
bool boot_draft_move(BootIniEdit *draft, unsigned index);

const BootEntry *boot_draft_entry(const BootIniEdit *draft, unsigned index);

/* The number, from 1, of one of the draft's entries. */
unsigned boot_draft_number(const BootIniEdit *draft, const BootEntry *entry);

/* The entry of that number, 0: the one that is started. */
const BootEntry *boot_draft_find(const BootIniEdit *draft, unsigned number,
                                 GError **errp);

/* bootini-edit-lines.c */

/* Puts @text in the place of what is at @at. */
void boot_draft_replace(BootIniEdit *draft, BootSpan at, const char *text);

/* The same with several places, which are in the order of the text. */
void boot_draft_replace_all(BootIniEdit *draft, const GArray *places,
                            const char *text);

/* Adds a line in front of, or behind, another one, whose line end it gets. */
void boot_draft_insert_before(BootIniEdit *draft, BootSpan line,
                              const char *text);
void boot_draft_insert_behind(BootIniEdit *draft, BootSpan line,
                              const char *text);

/* Moves the line @from in front of the line @to, which is further up. */
void boot_draft_move_line(BootIniEdit *draft, BootSpan from, BootSpan to);

void boot_draft_remove_line(BootIniEdit *draft, BootSpan line);

/* What is at @at, to be freed. */
char *boot_draft_copy(const BootIniEdit *draft, BootSpan at);

/* The line without its end, to be freed. */
char *boot_draft_copy_line(const BootIniEdit *draft, BootSpan line);

/* bootini-edit-check.c */

/* An error about boot.ini; what is not printable in it is escaped. */
void boot_ini_set_error(GError **errp, GuestError code,
                        const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Printable ASCII of bearable length, whatever @text is; to be freed. */
char *boot_ini_printable(const char *text);

/* Whether it is printable ASCII. */
bool boot_ini_is_printable(const char *text);

/* Checks what a user wants as a switch: NTLDR takes it as it looks. */
bool boot_ini_check_switch(const char *text, GError **errp);

/* The same for the "/NAME" of one that is to be taken away. */
bool boot_ini_check_name(const char *text, GError **errp);

/* The entry that a user wants to add; NULL if it is not as it should be. */
BootEntry *boot_ini_check_line(const char *line, const Disk *disk,
                               GError **errp);

#endif /* GUEST_BOOTINI_EDIT_INTERNAL_H */
