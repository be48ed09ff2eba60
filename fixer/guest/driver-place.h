/*
 * Driver place: a directory or a cabinet that may hold drivers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_DRIVER_PLACE_H
#define GUEST_DRIVER_PLACE_H

#include "drivers.h"

typedef struct DriverPlace {
    /* As messages and reports name it. */
    char *path;
    /* To look into it costs time, as it has to be decompressed. */
    bool cabinet;
    /* In the guest, on this volume; NULL: the user's, and one of the next. */
    Volume *volume;
    /* The user's cabinet; somebody else's. */
    ByteSource *bytes;
    /* The user's directory: from a name in lower case to its UserFile. */
    GHashTable *files;
} DriverPlace;

/* What a place has under the name of a file that is wanted. */
typedef struct DriverFile {
    /* The cabinet, or the file: \WINDOWS\system32\dllcache\atapi.sys. */
    char *path;
    GBytes *bytes;
    /* Of its version resource; for whoever parses it to fill in. */
    bool has_version;
    PeVersion version;
} DriverFile;

void driver_file_free(DriverFile *file);

/*
 * All places (DriverPlace *) in the order of preference: first those of
 * @user_files, which may be NULL, then the profile's.  Whether there is
 * anything at a place of the guest is not looked at, unless its name ends in
 * "*": that stands for all whose names begin so.  NULL if the disk cannot be
 * read.
 */
GPtrArray *driver_places_new(Volume *volume, const Windows *windows,
                             const Profile *profile,
                             const GPtrArray *user_files, GError **errp);

void driver_place_free(DriverPlace *place);

/* Returns false if that cannot be told. */
bool driver_place_exists(const DriverPlace *place, bool *exists,
                         GError **errp);

/*
 * Reads the files called @names (char *), which need not lie there under just
 * that name nor plain, into @found (DriverFile *), in the same order.  If
 * some are not there, their names are added to @missing (char *, not copied)
 * and nothing is read.  What is decompressed of a cabinet is taken off *@left,
 * the bytes that may be.
 */
bool driver_place_read(const DriverPlace *place, const GPtrArray *names,
                       uint64_t *left, GPtrArray *found, GPtrArray *missing,
                       GError **errp);

#endif /* GUEST_DRIVER_PLACE_H */
