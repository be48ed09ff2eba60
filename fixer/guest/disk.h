/*
 * Disk: the partitions of a disk
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_DISK_H
#define GUEST_DISK_H

#include "guid.h"
#include "overlay.h"

typedef enum DiskScheme {
    /* The table of a BIOS: four primaries, logical drives. */
    DISK_MBR,
    /* A GUID partition table: UEFI boots from it. */
    DISK_GPT,
} DiskScheme;

/*
 * Partition types, a byte in the MBR's table.  A GPT has GUIDs instead: basic
 * data and Windows' recovery count as PARTITION_TYPE_IFS and _RECOVERY, both
 * kinds of LDM's as PARTITION_TYPE_LDM, the EFI system partition as _ESP, and
 * whatever else there is as _GPT.
 */
enum {
    PARTITION_TYPE_EMPTY = 0x00,
    PARTITION_TYPE_EXTENDED = 0x05,
    PARTITION_TYPE_IFS = 0x07,          /* NTFS, HPFS, exFAT */
    PARTITION_TYPE_EXTENDED_LBA = 0x0f,
    PARTITION_TYPE_IFS_HIDDEN = 0x17,
    PARTITION_TYPE_RECOVERY = 0x27,     /* NTFS, hidden */
    PARTITION_TYPE_LDM = 0x42,          /* on a dynamic disk */
    PARTITION_TYPE_GPT = 0xee,
    PARTITION_TYPE_ESP = 0xef,
};

/* Bits of a GPT entry's attributes. */
#define GPT_REQUIRED (1ULL << 0)        /* the platform needs it */
#define GPT_LEGACY_BOOT (1ULL << 2)     /* for a BIOS; Windows ignores it */
#define GPT_READ_ONLY (1ULL << 60)      /* of basic data partitions */
#define GPT_SHADOW_COPY (1ULL << 61)
#define GPT_HIDDEN (1ULL << 62)
#define GPT_NO_LETTER (1ULL << 63)

typedef struct Partition {
    /*
     * As ARC paths and Windows count: from 1, primaries in the order of the
     * table, then logical drives; extended partitions are not counted, nor
     * are entries of a GPT that are not used.
     */
    unsigned number;
    uint8_t type;
    /* The BIOS boots from it: at most one, and none of a GPT. */
    bool active;
    /* In bytes. */
    uint64_t start;
    uint64_t size;
    /* Its place in the table, from 0; entries that are not used count. */
    unsigned entry;
    /* Of a GPT only, else zero. */
    Guid type_guid;
    Guid guid;
    uint64_t attributes;
} Partition;

/* A partition table, in bytes: a place where no partition may be. */
typedef struct DiskTable {
    uint64_t offset;
    uint64_t size;
} DiskTable;

typedef struct Disk {
    DiskScheme scheme;
    /* The NT disk signature; Windows gives none to a GPT disk. */
    uint32_t signature;
    /* Of a GPT disk, else zero. */
    Guid guid;
    /* Partition, in the order of their numbers. */
    GArray *partitions;
    /*
     * DiskTable: the MBR, then the tables of logical drives, or the headers
     * and the arrays of both GPTs.
     */
    GArray *tables;
    /* char *: what is wrong with the tables, and does no harm. */
    GPtrArray *warnings;
} Disk;

/*
 * Reads the partition tables.  A disk without any is GUEST_ERROR_NO_GUEST; one
 * of 4096-byte sectors is refused, and one that is cut off: an NTFS, dynamic
 * or active partition, or any of a GPT, ends beyond it.  Any other partition
 * that does has size 0.  Partitions of a GPT do not overlap.
 */
Disk *disk_read(Overlay *overlay, GError **errp);

/* A disk without partitions. */
Disk *disk_new(void);

void disk_free(Disk *disk);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Disk, disk_free)

/* Adds copies of @disk's warnings to @warnings (char *). */
void disk_add_warnings(const Disk *disk, GPtrArray *warnings);

/* The partition of that number, or NULL. */
const Partition *disk_partition(const Disk *disk, unsigned number);

/* The active partition, or NULL: always so on GPT. */
const Partition *disk_active(const Disk *disk);

/*
 * The EFI system partition, the first if there are several, or NULL.  A disk
 * with an MBR may have one, too.
 */
const Partition *disk_esp(const Disk *disk);

/* The EFI system partition that comes after @esp, or NULL. */
const Partition *disk_next_esp(const Disk *disk, const Partition *esp);

/*
 * Whether the GPT has an entry that is not used before that of @partition:
 * Windows may then not find the partition that it boots from (STOP 0x7B).
 */
bool disk_blank_entry_before(const Disk *disk, const Partition *partition);

#endif /* GUEST_DISK_H */
