/*
 * GPT: the partition table of disks that UEFI boots from
 *
 * Internal to disk_read().
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_GPT_H
#define GUEST_GPT_H

#include "disk.h"

/*
 * Sets *@found to whether there is a GPT's header in the second sector, sound
 * or not, to a reader who takes a sector for @sector_size bytes.
 */
bool gpt_find_header(Overlay *overlay, unsigned sector_size, bool *found,
                     GError **errp);

/*
 * Reads the GPT of a disk whose MBR says that there is one: sets the GUID of
 * @disk, adds its partitions, its tables and warnings.
 */
bool gpt_read(Disk *disk, Overlay *overlay, GError **errp);

#endif /* GUEST_GPT_H */
