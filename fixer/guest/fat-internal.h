/*
 * Internals of FAT volumes
 *
 * fat-chain.c knows sectors, clusters and the table that chains them; fat.c
 * directories and paths.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_FAT_INTERNAL_H
#define GUEST_FAT_INTERNAL_H

#include "fat.h"

/* As much of the table as is kept, in bytes. */
#define FAT_WINDOW 4096

struct FatVolume {
    Overlay *overlay;
    /* "partition 1" */
    char *label;
    /* Bits of an entry of the table: 12, 16 or 32. */
    unsigned bits;
    unsigned cluster_size;          /* in bytes */
    /* Clusters are 2 to this. */
    uint32_t last_cluster;
    /* In bytes, on the disk. */
    uint64_t table;
    uint64_t data;
    /* The root: its first cluster, or on FAT12 and FAT16 a place of its own. */
    uint32_t root_cluster;
    uint64_t root;
    uint32_t root_size;

    /* A part of the table, @window_at bytes from its begin. */
    uint8_t window[FAT_WINDOW];
    uint64_t window_at;
    bool has_window;
};

/* fat-chain.c */

/* Says of the volume that it is damaged: @what; always false. */
bool fat_set_broken(const FatVolume *fat, const char *path, const char *what,
                    GError **errp);

/*
 * Reads the first @size bytes of what begins in @cluster.  A chain that ends
 * before is an error, unless @length is given, which is set to what there is.
 */
bool fat_read_chain(FatVolume *fat, const char *path, uint32_t cluster,
                    uint8_t *bytes, size_t size, size_t *length,
                    GError **errp);

#endif /* GUEST_FAT_INTERNAL_H */
