/*
 * Which clusters the files of an NTFS volume say are theirs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_VOLUME_OWNERS_H
#define GUEST_VOLUME_OWNERS_H

#include "volume.h"

/* A run of clusters, and the file that it belongs to. */
typedef struct OwnedRun {
    /* The number of the file's (base) record in the MFT. */
    uint64_t record;
    /* In clusters, from the begin of the volume. */
    uint64_t start;
    uint64_t count;
} OwnedRun;

/* Returns false, with an error, to end the walk. */
typedef bool VolumeOwnerFunc(const OwnedRun *run, void *opaque,
                             GError **errp);

/*
 * Calls @func for each run of each file, stream and directory, in the order of
 * the MFT, which is read from its begin to its end; one that is larger than
 * LIMIT_MFT_WALK, or speaks of more than LIMIT_OWNED_RUNS, is
 * GUEST_ERROR_NO_SPACE.  A record is passed over only if one of its sectors is
 * from another time: neither can Windows read it, nor chkdsk save what it had.
 */
bool volume_foreach_owned_run(Volume *volume, VolumeOwnerFunc *func,
                              void *opaque, GError **errp);

/* Where the cluster is on the disk, in bytes. */
uint64_t volume_cluster_offset(const Volume *volume, uint64_t cluster);

/*
 * Refuses a @run that lies where $Bitmap says that nothing does, which names
 * its file.  Returns false.
 */
bool volume_refuse_free_run(Volume *volume, const OwnedRun *run,
                            GError **errp);

#endif /* GUEST_VOLUME_OWNERS_H */
