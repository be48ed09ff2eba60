/*
 * Driver files: whether the files are there that services name
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_DRIVER_FILES_H
#define GUEST_DRIVER_FILES_H

#include "windows.h"

typedef enum DriverFileState {
    /* A driver of the guest's machine type, with the modules it imports. */
    DRIVER_FILE_FITS,
    /* It is there, but what is in it cannot be told. */
    DRIVER_FILE_UNKNOWN,
    /* It is there, and Windows cannot load it. */
    DRIVER_FILE_UNFIT,
    DRIVER_FILE_MISSING,
    /* Of no bytes at all. */
    DRIVER_FILE_EMPTY,
} DriverFileState;

typedef struct DriverFiles DriverFiles;

/* A vtable, so that what only edits a hive can be tested without a volume. */
struct DriverFiles {
    /*
     * Sets *@state to that of the file @path of Windows' volume
     * (\WINDOWS\system32\drivers\atapi.sys).  Returns false if the disk
     * cannot be read.
     */
    bool (*state)(DriverFiles *files, const char *path,
                  DriverFileState *state, GError **errp);
};

/*
 * Those of @volume as they will be when @edits (FileEdit *) are made.  All
 * three must outlive it.
 */
DriverFiles *driver_files_new(Volume *volume, const Windows *windows,
                              const GPtrArray *edits);

/* Of one that driver_files_new() has made. */
void driver_files_free(DriverFiles *files);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DriverFiles, driver_files_free)

/* In words, to follow a file's or a service's name: "is missing". */
const char *driver_file_state_text(DriverFileState state);

#endif /* GUEST_DRIVER_FILES_H */
