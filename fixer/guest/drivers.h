/*
 * Drivers: which files the guest lacks, and where they can be had
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_DRIVERS_H
#define GUEST_DRIVERS_H

#include "profile.h"

/* One file that is to be written. */
typedef struct FileEdit {
    /* \WINDOWS\system32\drivers\atapi.sys */
    char *path;
    /* There is none yet; else its data is replaced. */
    bool create;
    GBytes *bytes;
    PeVersion version;
    /* Where the bytes come from, for the report. */
    char *source;
    char *reason;
} FileEdit;

void file_edit_free(FileEdit *edit);

/*
 * Adds to @edits (FileEdit) what must be written so that all files of
 * @profile are in the guest and fit: of its machine type, with the modules
 * that they import.  A file that is there and fits stays as it is; all others
 * come from one cabinet.  Lines for the user are added to @warnings (char *).
 */
bool drivers_plan(Volume *volume, const Windows *windows,
                  const Profile *profile, GPtrArray *edits,
                  GPtrArray *warnings, GError **errp);

#endif /* GUEST_DRIVERS_H */
