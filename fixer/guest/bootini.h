/*
 * boot.ini: which Windows NTLDR starts, and how
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_BOOTINI_H
#define GUEST_BOOTINI_H

#include "arc-path.h"

/* Where in the text something is, in bytes; all zero if it is not there. */
typedef struct BootSpan {
    size_t start;
    size_t length;
} BootSpan;

/* Where the parts of an entry are, for those who edit it. */
typedef struct BootEntryPlaces {
    /* With its line end, unless it is the last one and has none. */
    BootSpan line;
    /* From the path to the last switch. */
    BootSpan content;
    BootSpan path;
    /* Without its quotation marks. */
    BootSpan title;
    bool title_has_quotes;
    /* Then all the rest of the line is the title. */
    bool title_is_open;
    /* BootSpan, as many as there are switches. */
    GArray *switches;
    /* There are more than are looked at. */
    bool more_switches;
} BootEntryPlaces;

/* A line of [operating systems]. */
typedef struct BootEntry {
    /* An ARC path, or the likes of C:\ and C:\CMDCONS\BOOTSECT.DAT. */
    char *path;
    /* What the menu shows, without quotes. */
    char *title;
    /* As they are written, "/fastdetect", in order; NULL-terminated. */
    char **switches;
    BootEntryPlaces at;
} BootEntry;

typedef struct BootIniPlaces {
    /* The lines of the first [boot loader] and [operating systems]. */
    BootSpan loader;
    BootSpan systems;
    /* The value of the default that counts, else of one that is empty. */
    bool has_default;
    BootSpan default_path;
    /* BootSpan: the values of all timeouts. */
    GArray *timeouts;
    /* There are more entries than are looked at. */
    bool more_entries;
} BootIniPlaces;

typedef struct BootIni {
    /* Seconds that the menu waits, -1: for ever; if it is given. */
    bool has_timeout;
    int timeout;
    /* The value of "default" in [boot loader]; NULL if there is none. */
    char *default_path;
    /* BootEntry *, in order. */
    GPtrArray *entries;
    /* char *: what NTLDR passes over, or takes otherwise than it looks. */
    GPtrArray *warnings;
    BootIniPlaces at;
} BootIni;

/*
 * Parses boot.ini, of which nothing is an error: what NTLDR does not know it
 * ignores, and a file without a path is as good as none.  Bytes beyond ASCII
 * are passed on as they are.
 */
BootIni *boot_ini_parse(GBytes *text);

void boot_ini_free(BootIni *ini);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BootIni, boot_ini_free)

/*
 * What NTLDR starts if nobody touches a key: the default's path, without one
 * the first entry's; NULL if there is neither.
 */
const char *boot_ini_started_path(const BootIni *ini);

/*
 * The entry that has that path, by which its switches are known; NULL if none
 * has: NTLDR makes up one without switches, "NT (default)" in its menu.
 */
const BootEntry *boot_ini_started(const BootIni *ini);

/*
 * Whether @path, as of an entry, is that of the Windows in @directory of
 * @partition; with @from_ide, and can be started from IDE.
 */
bool boot_path_is_at(const char *path, const Disk *disk,
                     const Partition *partition, const char *directory,
                     bool from_ide);

/*
 * The entry whose path is at that place: the default if it is, else the first
 * that is; NULL if none is, or @ini is NULL.
 */
const BootEntry *boot_ini_find(const BootIni *ini, const Disk *disk,
                               const Partition *partition,
                               const char *directory, bool from_ide);

/*
 * The value of a switch, as "halmacpi.dll" of /hal=halmacpi.dll: @name is
 * "HAL".  One that is there without a value has "".  NULL if the entry, which
 * may be NULL, does not have it.  To be freed.
 */
char *boot_entry_switch(const BootEntry *entry, const char *name);

bool boot_entry_has(const BootEntry *entry, const char *name);

#endif /* GUEST_BOOTINI_H */
