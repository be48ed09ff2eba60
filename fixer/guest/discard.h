/*
 * Discard: what of a disk nobody will ever read again
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_DISCARD_H
#define GUEST_DISCARD_H

#include "disk.h"

typedef struct DiscardOptions {
    /* Free clusters of the NTFS volumes. */
    bool free_clusters;
    /* The contents of pagefile.sys and swapfile.sys in their roots. */
    bool pagefiles;
} DiscardOptions;

typedef struct DiscardExtent {
    /* In bytes, on the disk. */
    uint64_t offset;
    uint64_t length;
    /* The partition's number. */
    unsigned partition;
    /* The file's path, a constant; NULL: free clusters. */
    const char *path;
    /* The file's number in the MFT. */
    uint64_t record;
    /* Bytes that were found to be the file's, while that is checked. */
    uint64_t claimed;
} DiscardExtent;

/*
 * Finds what may read as zeros on the NTFS volumes of @disk, whose VolumeKinds
 * are in @kinds, as they are in @overlay: DiscardExtent, ascending, none
 * overlapping.  NULL, with @errp set, if there is a reason not to believe what
 * one of the volumes calls free, such as that a file lies there.  What is left
 * out for a reason that the user should know is a line in @warnings (char *).
 */
GArray *discard_find(Overlay *overlay, const Disk *disk, const GArray *kinds,
                     const DiscardOptions *options, GPtrArray *warnings,
                     GError **errp);

#endif /* GUEST_DISCARD_H */
