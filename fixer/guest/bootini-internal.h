/*
 * What the files of the boot.ini parser share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_BOOTINI_INTERNAL_H
#define GUEST_BOOTINI_INTERNAL_H

#include "bootini.h"

typedef enum BootSection {
    /* In front of the first one. */
    SECTION_NONE,
    SECTION_OTHER,
    SECTION_LOADER,
    SECTION_SYSTEMS,
} BootSection;

typedef struct BootParser {
    BootIni *ini;
    /* All of it, its lines cut where they end. */
    const char *text;
    /* The one that is being read. */
    BootSpan line_at;
    BootSection section;
    /* From 1; 0 when all have been read. */
    unsigned line;
} BootParser;

/* Adds a warning about the line. */
void boot_ini_warn(BootParser *parser, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/* The number that a timeout's value is; false if it is none. */
bool boot_ini_timeout(const char *value, int *seconds);

/*
 * Reads @line as if it were in [operating systems]; @warning is the first thing
 * that there is to say of it, to be freed, or NULL.  NULL if it is no entry.
 */
BootEntry *boot_entry_of_line(const char *line, char **warning);

void boot_entry_free(BootEntry *entry);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BootEntry, boot_entry_free)

/* bootini-entry.c */

/* The length of the name in "/NAME=VALUE" or "/NAME:VALUE", behind the "/". */
size_t boot_switch_name_length(const char *name);

/* Whether the switch is of that name, which may go on with a value. */
bool boot_switch_is(const char *text, const char *name, size_t length);

/* The path in front of an entry's title, to be freed; NULL if there is none. */
char *boot_entry_path(const char *line);

/* Whether NTLDR could start it: an ARC path, or one with a drive letter. */
bool boot_entry_is_path(const char *text);

/* The entry in @line; NULL, and a warning, if there is none. */
BootEntry *boot_entry_parse(BootParser *parser, const char *line);

#endif /* GUEST_BOOTINI_INTERNAL_H */
