/*
 * Drivers: which files the guest lacks, and where they can be had
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_DRIVERS_H
#define GUEST_DRIVERS_H

#include "file-edit.h"
#include "profile.h"

/* A file that the user brings along: driver-source=. */
typedef struct UserFile {
    /*
     * Its name, in front of it that of the folder it lies in, if it is one
     * that the user named: I386/ATAPI.SY_.  Both belong to somebody else.
     */
    const char *name;
    ByteSource *bytes;
} UserFile;

/* One place where the files were looked for, for the report. */
typedef struct DriverSource {
    /*
     * \WINDOWS\Driver Cache\i386\sp3.cab; of the user's a cabinet as it is
     * named, a folder (I386), "driver-source" for files that are in none.
     */
    char *path;
    /* The files that were lacking come from here; true for one at most. */
    bool used;
    /* The lowest of its files' versions, if they could be read. */
    bool has_version;
    PeVersion version;
    /* Why it was used or passed over. */
    char *reason;
} DriverSource;

void driver_source_free(DriverSource *source);

/*
 * Adds to @edits (FileEdit *) what must be written so that all files of
 * @profile are in the guest and fit: of its machine type, with the modules
 * that they import.  A file that is there and fits stays as it is; all others
 * come from one source: the profile's in the guest, or one made of
 * @user_files (UserFile *).  The sources that were looked at are added to
 * @sources (DriverSource *), lines for the user to @warnings (char *).
 */
bool drivers_plan(Volume *volume, const Windows *windows,
                  const Profile *profile, const GPtrArray *user_files,
                  GPtrArray *edits, GPtrArray *sources, GPtrArray *warnings,
                  GError **errp);

#endif /* GUEST_DRIVERS_H */
