/*
 * FAT: files of a FAT12, FAT16 or FAT32 volume, to read
 *
 * Such is the EFI system partition, which holds the boot manager and its BCD.
 * Paths are written as Windows writes them, from the volume's root, with
 * backslashes, and compared without regard to case.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_FAT_H
#define GUEST_FAT_H

#include "disk.h"

typedef struct FatVolume FatVolume;

/* Sets *@is_fat to whether the partition's boot sector is that of a FAT. */
bool fat_probe(Overlay *overlay, const Partition *partition, bool *is_fat,
               GError **errp);

/* The volume in @partition; @overlay must outlive it. */
FatVolume *fat_open(Overlay *overlay, const Partition *partition,
                    GError **errp);

void fat_free(FatVolume *fat);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FatVolume, fat_free)

/*
 * Sets *@exists to whether there is such a file or directory.  Returns false
 * if that cannot be told, which is not the same as no.
 */
bool fat_exists(FatVolume *fat, const char *path, bool *exists,
                GError **errp);

/*
 * The whole file, or an error: GUEST_ERROR_NOT_FOUND if there is none, and
 * GUEST_ERROR_INVALID if it has more than @max_size bytes, is a directory, or
 * is damaged.
 */
GBytes *fat_read(FatVolume *fat, const char *path, size_t max_size,
                 GError **errp);

#endif /* GUEST_FAT_H */
