/*
 * Disk: the partitions of a disk
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_DISK_H
#define GUEST_DISK_H

#include "overlay.h"

/* Partition types, a byte in the MBR's table. */
enum {
    PARTITION_TYPE_EMPTY = 0x00,
    PARTITION_TYPE_EXTENDED = 0x05,
    PARTITION_TYPE_IFS = 0x07,          /* NTFS, HPFS, exFAT */
    PARTITION_TYPE_EXTENDED_LBA = 0x0f,
    PARTITION_TYPE_IFS_HIDDEN = 0x17,
    PARTITION_TYPE_RECOVERY = 0x27,     /* NTFS, hidden */
    PARTITION_TYPE_LDM = 0x42,          /* on a dynamic disk */
    PARTITION_TYPE_GPT = 0xee,
};

typedef struct Partition {
    /*
     * As ARC paths and Windows count: from 1, primaries in the order of the
     * table, then logical drives; extended partitions are not counted.
     */
    unsigned number;
    uint8_t type;
    /* The BIOS boots from it: at most one. */
    bool active;
    /* In bytes. */
    uint64_t start;
    uint64_t size;
} Partition;

typedef struct Disk {
    /* The NT disk signature. */
    uint32_t signature;
    /* Partition, in the order of their numbers. */
    GArray *partitions;
    /* uint64_t: where the tables of logical drives are, in bytes. */
    GArray *logical_tables;
} Disk;

/*
 * Reads the partition tables.  A disk without any is GUEST_ERROR_NO_GUEST; a
 * GPT disk is refused, one of 4096-byte sectors, and one that is cut off: an
 * NTFS, dynamic or active partition ends beyond it.  Any other partition that
 * does has size 0.
 */
Disk *disk_read(Overlay *overlay, GError **errp);

/* A disk without partitions. */
Disk *disk_new(void);

void disk_free(Disk *disk);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Disk, disk_free)

/* The partition of that number, or NULL. */
const Partition *disk_partition(const Disk *disk, unsigned number);

/* The active partition, or NULL. */
const Partition *disk_active(const Disk *disk);

#endif /* GUEST_DISK_H */
