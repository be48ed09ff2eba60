/*
 * Volume: one NTFS volume of the guest, through libntfs-3g
 *
 * Paths are written as Windows writes them, from the volume's root, with
 * backslashes: \WINDOWS\system32\config\SYSTEM.  They are compared as Windows
 * compares them, without regard to case.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_VOLUME_H
#define GUEST_VOLUME_H

#include "disk.h"

typedef struct Volume Volume;

typedef enum VolumeKind {
    VOLUME_UNKNOWN,
    VOLUME_NTFS,
    VOLUME_BITLOCKER,
} VolumeKind;

typedef enum VolumeAccess {
    VOLUME_READ_ONLY,
    /* Writes go into the overlay. */
    VOLUME_READ_WRITE,
} VolumeAccess;

typedef struct VolumeFileInfo {
    bool directory;
    /* In bytes. */
    uint64_t size;
    /* Seconds since 1970, UTC. */
    int64_t mtime;
} VolumeFileInfo;

/* What the partition's boot sector says it is. */
bool volume_probe(Overlay *overlay, const Partition *partition,
                  VolumeKind *kind, GError **errp);

/*
 * Mounts the volume in @partition.  @overlay must outlive it.  To be closed
 * by volume_close(), whose result matters after writes, or volume_free().
 */
Volume *volume_open(Overlay *overlay, const Partition *partition,
                    VolumeAccess access, GError **errp);

/* Writes what is pending and frees the volume, even if that fails. */
bool volume_close(Volume *volume, GError **errp);

/* Frees the volume without a word about what could not be written. */
void volume_free(Volume *volume);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Volume, volume_free)

/*
 * Refuses, by GUEST_ERROR_REFUSED, a volume that holds a hibernated session:
 * it is in use, and with it all other volumes of that Windows.
 */
bool volume_check_not_hibernated(Volume *volume, GError **errp);

/*
 * Refuses, by GUEST_ERROR_REFUSED, a volume that Windows did not leave in
 * order: hibernated, with an unclean $LogFile, or marked dirty.  With
 * @allow_dirty the last is a line in @warnings (char *).
 */
bool volume_check_clean(Volume *volume, bool allow_dirty,
                        GPtrArray *warnings, GError **errp);

/*
 * Sets *@exists to whether there is such a file or directory.  Returns false
 * if that cannot be told, which is not the same as no.
 */
bool volume_exists(Volume *volume, const char *path, bool *exists,
                   GError **errp);

bool volume_stat(Volume *volume, const char *path, VolumeFileInfo *info,
                 GError **errp);

/* The whole file; one larger than @max_size bytes is an error. */
GBytes *volume_read(Volume *volume, const char *path, size_t max_size,
                    GError **errp);

/* The file as a source; @volume must outlive it. */
ByteSource *volume_open_file(Volume *volume, const char *path,
                             GError **errp);

/*
 * Makes the existing file's data @bytes.  Name, attributes, security and
 * clusters stay; what is equal already is not written.
 */
bool volume_replace(Volume *volume, const char *path, GBytes *bytes,
                    GError **errp);

/*
 * Creates @path, which must not exist and be a DOS (8.3) name, with @bytes as
 * its data, a WIN32+DOS name, and the security id of a file beside it.
 */
bool volume_create(Volume *volume, const char *path, GBytes *bytes,
                   GError **errp);

/*
 * The names in a directory, UTF-8, sorted, NULL-terminated, in lower case, as
 * libntfs-3g has them where case does not matter; DOS names that only shorten
 * another one are left out.
 */
char **volume_list(Volume *volume, const char *path, GError **errp);

#endif /* GUEST_VOLUME_H */
