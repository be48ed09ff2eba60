/*
 * What the files of the discard module share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_DISCARD_INTERNAL_H
#define GUEST_DISCARD_INTERNAL_H

#include "discard.h"

/*
 * discard-disk.c: refuses a disk on which a sector may belong to more than
 * one volume, or to a volume and a partition table.
 */
bool discard_check_disk(const Disk *disk, GError **errp);

/*
 * Whether Windows looks for NTFS in partitions of that type.  What others use
 * may begin with the boot sector of an NTFS that was there before.
 */
bool discard_is_windows_type(uint8_t type);

#endif /* GUEST_DISCARD_INTERNAL_H */
