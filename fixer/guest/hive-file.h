/*
 * Hive files: the guest's registry hives as files of its volume
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_HIVE_FILE_H
#define GUEST_HIVE_FILE_H

#include "hive.h"
#include "windows.h"

/* What to do about a hive whose logs are missing or unusable. */
typedef enum DirtyHive {
    DIRTY_HIVE_REFUSE,
    /* Go on without what is only in the logs. */
    DIRTY_HIVE_USE_PRIMARY,
} DirtyHive;

typedef struct HiveFile {
    /* REGISTRY_SYSTEM or REGISTRY_SOFTWARE */
    const char *name;
    /* \WINDOWS\system32\config\SYSTEM */
    char *path;
    /* Of the file: seconds since 1970, UTC. */
    int64_t mtime;
    /* partition 1: \WINDOWS\system32\config\SYSTEM, for messages. */
    char *where;
    Hive *hive;
    /* Its mirror is written with it. */
    bool mirrored;
} HiveFile;

/*
 * Opens the hive of that name of @windows.  If it is dirty it is what Windows
 * would make of it with its logs; what the user should know of that is added
 * to @warnings (char *).
 */
HiveFile *hive_file_open(Volume *volume, const Windows *windows,
                         const char *name, DirtyHive dirty_hive,
                         GPtrArray *warnings, GError **errp);

void hive_file_free(HiveFile *file);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HiveFile, hive_file_free)

/*
 * Adds to @edits (FileEdit *) what has to be written so that the guest has
 * the hive as it is now, and to @warnings (char *) what was wrong with it.
 */
bool hive_file_plan(HiveFile *file, Volume *volume, GPtrArray *edits,
                    GPtrArray *warnings, GError **errp);

#endif /* GUEST_HIVE_FILE_H */
