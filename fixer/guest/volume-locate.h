/*
 * Where on the disk the data of an NTFS volume lie
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_VOLUME_LOCATE_H
#define GUEST_VOLUME_LOCATE_H

#include "volume.h"

/* In bytes, on the disk. */
typedef struct DiskExtent {
    uint64_t offset;
    uint64_t length;
} DiskExtent;

/*
 * Adds to @extents (DiskExtent) where @length bytes at @offset of a file are.
 * What is in the file's MFT record, in a hole or beyond its end is left out;
 * a compressed file's bytes are not where they seem to be.
 */
bool volume_locate_file(Volume *volume, const char *path, uint64_t offset,
                        uint64_t length, GArray *extents, GError **errp);

/* The same of the volume's journal, $LogFile. */
bool volume_locate_logfile(Volume *volume, uint64_t offset, uint64_t length,
                           GArray *extents, GError **errp);

/* The first @length bytes of the MFT, or all that it has. */
bool volume_locate_mft(Volume *volume, uint64_t length, GArray *extents,
                       GError **errp);

/* The MFT record of $Volume, which holds the volume's flags. */
bool volume_locate_volume_record(Volume *volume, GArray *extents,
                                 GError **errp);

#endif /* GUEST_VOLUME_LOCATE_H */
