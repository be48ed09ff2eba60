/*
 * Boot sector: what an NTFS volume tells its own boot code of the disk
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_BOOT_SECTOR_H
#define GUEST_BOOT_SECTOR_H

#include "bios-geometry.h"
#include "disk.h"

/* As much of the BIOS parameter block of NTFS as somebody needs. */
typedef struct BootSector {
    unsigned bytes_per_sector;
    /* By these boot code before Vista's finds a sector; 0 is possible. */
    unsigned sectors_per_track;
    unsigned heads;
    /* Sectors before the partition, which boot code adds to all it reads. */
    uint32_t hidden_sectors;
    /* Of the volume, not counting the copy of the boot sector behind it. */
    uint64_t total_sectors;
    /* Of the volume, from when it was formatted. */
    uint64_t serial;
} BootSector;

/* The partition's first sector; one that is not NTFS's is an error. */
bool boot_sector_read(Overlay *overlay, const Partition *partition,
                      BootSector *out, GError **errp);

/*
 * Whether boot code would look for the volume in another place than
 * @partition, a primary one: a warning, to be freed, or NULL.
 */
char *boot_sector_check_hidden(const BootSector *boot,
                               const Partition *partition);

/* Whether the BIOS counts as the volume does. */
bool boot_sector_has_geometry(const BootSector *boot,
                              const BiosGeometry *bios);

/*
 * Makes the heads and the sectors per track those of @bios, in the boot sector
 * and in its copy behind the volume, where they are not.  A copy that is not
 * one is left alone, with a line in @warnings.
 */
bool boot_sector_set_geometry(Overlay *overlay, const Partition *partition,
                              const BiosGeometry *bios, GPtrArray *warnings,
                              GError **errp);

#endif /* GUEST_BOOT_SECTOR_H */
