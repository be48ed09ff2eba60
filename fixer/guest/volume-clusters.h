/*
 * Which clusters of an NTFS volume are free
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_VOLUME_CLUSTERS_H
#define GUEST_VOLUME_CLUSTERS_H

#include "volume.h"

/*
 * Called for each run of free clusters, ascending: where it is on the disk,
 * in bytes.
 */
typedef void VolumeFreeFunc(uint64_t offset, uint64_t length, void *opaque);

/*
 * Reads $Bitmap from its begin to its end.  Refuses a volume that is marked
 * dirty or is being checked, and a $Bitmap that cannot be what it should be.  What lies beyond the last cluster
 * (the copy of the boot sector) belongs to no run.
 */
bool volume_foreach_free_run(Volume *volume, VolumeFreeFunc *func,
                             void *opaque, GError **errp);

#endif /* GUEST_VOLUME_CLUSTERS_H */
