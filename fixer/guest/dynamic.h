/*
 * Dynamic disk: what its database says of a partition
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_DYNAMIC_H
#define GUEST_DYNAMIC_H

#include "disk.h"

typedef struct DynamicDisk DynamicDisk;

/*
 * Reads the database of the disk whose partition table is @table; that there
 * is none, or no sound one, is an error.
 */
DynamicDisk *dynamic_disk_read(Overlay *overlay, const Disk *table,
                               GError **errp);

void dynamic_disk_free(DynamicDisk *disk);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DynamicDisk, dynamic_disk_free)

/*
 * Refuses @partition, of PARTITION_TYPE_LDM, unless it is exactly one simple
 * volume: then it may be read and written like one of a basic disk.
 */
bool dynamic_disk_check_simple(const DynamicDisk *disk,
                               const Partition *partition, GError **errp);

#endif /* GUEST_DYNAMIC_H */
