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
    BootSection section;
    /* From 1; 0 when all have been read. */
    unsigned line;
    /* The user knows that there are too many entries. */
    bool full;
} BootParser;

/* Adds a warning about the line. */
void boot_ini_warn(BootParser *parser, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/* bootini-entry.c */

/* The path in front of an entry's title, to be freed; NULL if there is none. */
char *boot_entry_path(const char *line);

/* Whether NTLDR could start it: an ARC path, or one with a drive letter. */
bool boot_entry_is_path(const char *text);

/* The entry in @line; NULL, and a warning, if there is none. */
BootEntry *boot_entry_parse(BootParser *parser, const char *line);

#endif /* GUEST_BOOTINI_INTERNAL_H */
