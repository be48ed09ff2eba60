/*
 * Internals of the search for Windows: what is known while it goes on
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_WINDOWS_FIND_INTERNAL_H
#define GUEST_WINDOWS_FIND_INTERNAL_H

#include "boot-manager.h"
#include "bootini.h"
#include "dynamic.h"
#include "windows.h"

typedef struct Finder {
    Overlay *overlay;
    const Disk *disk;
    /* Volume *, by the partition's number less 1; NULL: not opened yet. */
    GPtrArray *volumes;
    /* NULL until a partition of a dynamic disk is looked at. */
    DynamicDisk *dynamic;
    /* NULL if there is none that could be read. */
    BootIni *boot_ini;
    BootManagers managers;
    /*
     * WindowsPlace *, each installation once; those of the BCD come first,
     * then boot.ini's.
     */
    GPtrArray *found;
    /* char * */
    GPtrArray *warnings;
} Finder;

typedef enum Contents {
    CONTENTS_OTHER,
    CONTENTS_NTFS,
    CONTENTS_BITLOCKER,
    CONTENTS_FAT,
} Contents;

/* windows-find.c */

bool finder_contents(Finder *f, const Partition *partition,
                     Contents *contents, GError **errp);

/*
 * The volume in @partition, which stays the finder's.  One that is not NTFS
 * is refused, and one of which a dynamic disk's partition is only a part.
 */
Volume *finder_volume(Finder *f, const Partition *partition, GError **errp);

/* Adds an installation, unless it is known. */
void finder_add(Finder *f, const Partition *partition,
                const char *system_root);

/* The installation that is known to be there, or NULL. */
const WindowsPlace *finder_lookup(const Finder *f,
                                  const Partition *partition,
                                  const char *system_root);

void finder_warn(Finder *f, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* "2:\WINNT", as the option windows= has it; to be freed. */
char *place_name(const Partition *partition, const char *system_root);

/* windows-search.c */

/*
 * Sets *@missing to the path of a file that %SystemRoot% would hold, and
 * @directory on @volume does not, to be freed; NULL if it is Windows.
 */
bool search_missing_file(Volume *volume, const char *directory,
                         char **missing, GError **errp);

/*
 * Adds what is installed on the NTFS volumes.  Returns false, and says why,
 * if that leaves nothing at all; otherwise volumes that could not be read are
 * passed over.
 */
bool search_disk(Finder *f, GError **errp);

/* windows-choice.c */

/* Adds the installations that boot.ini names. */
void choice_add_entries(Finder *f);

/* The installation that @wanted names, PARTITION:\PATH. */
const WindowsPlace *choice_wanted(Finder *f, const char *wanted,
                                  GError **errp);

/* Whether boot.ini names any place where Windows might be. */
bool choice_has_entry(const Finder *f);

/* The installation that boot.ini's default entry names. */
const WindowsPlace *choice_default(Finder *f, GError **errp);

/* The one that is left if boot.ini names none. */
const WindowsPlace *choice_found(Finder *f);

/* windows-bcd.c */

/*
 * The boot manager that decides which Windows starts: that of UEFI on a GPT,
 * the BIOS's on other disks.  NULL if NTLDR does, or nothing.
 */
const BootManager *bcd_manager(const Finder *f);

/* Whether what it starts is NTLDR, so that boot.ini decides. */
bool bcd_starts_ntldr(const Finder *f);

/* Adds the installations that the BCDs name. */
void bcd_add_entries(Finder *f);

/*
 * The installation that the default entry names, or refuses.  Like the two
 * below it is for a disk with a bcd_manager().
 */
const WindowsPlace *bcd_default(Finder *f, GError **errp);

/* Warns if @place, which somebody named, is not what starts. */
void bcd_warn_of_default(Finder *f, const WindowsPlace *place);

#endif /* GUEST_WINDOWS_FIND_INTERNAL_H */
