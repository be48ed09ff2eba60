/*
 * The base block of a registry hive, and of its logs
 *
 * Layout: "Windows registry file format specification", section "Base block"
 * (github.com/msuhanov/regf).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_HIVE_BASE_H
#define GUEST_HIVE_BASE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define HIVE_BASE_SIZE 4096

#define HIVE_BASE_SIGNATURE 0       /* u8[4], "regf" */
#define HIVE_BASE_PRIMARY_SEQ 4     /* u32, incremented before a write */
#define HIVE_BASE_SECONDARY_SEQ 8   /* u32, made equal after it */
#define HIVE_BASE_LAST_WRITTEN 12   /* u64, FILETIME */
#define HIVE_BASE_MAJOR 20          /* u32, 1 */
#define HIVE_BASE_MINOR 24          /* u32, 3 to 6 */
#define HIVE_BASE_TYPE 28           /* u32, HiveType */
#define HIVE_BASE_ROOT 36           /* u32, offset of the root key's cell */
#define HIVE_BASE_BINS_SIZE 40      /* u32, bytes of hive bins behind this */
#define HIVE_BASE_CLUSTER 44        /* u32, 512-byte blocks of a sector */
#define HIVE_BASE_FLAGS 144         /* u32, since Windows Vista */
#define HIVE_BASE_CHECKSUM 508      /* u32, XOR of the 127 words before it */

/* What every copy of a base block has of it: all fields named above. */
#define HIVE_BASE_CORE_SIZE 512

/* The flag that entries of new logs carry: transactions are pending. */
#define HIVE_BASE_FLAG_LOCKED 1

typedef enum HiveType {
    HIVE_TYPE_PRIMARY = 0,
    /* Old format ("DIRT"), until Windows 8. */
    HIVE_TYPE_LOG = 1,
    /* The same, of Windows 2000. */
    HIVE_TYPE_LOG_2000 = 2,
    /* New format ("HvLE"), since Windows 8.1. */
    HIVE_TYPE_LOG_ENTRIES = 6,
} HiveType;

/*
 * The checksum of the base block at @base, of which 508 bytes are read:
 * XOR-32, in which 0 and -1 stand for something else.
 */
uint32_t hive_base_checksum(const uint8_t *base);

/* Whether the first @size bytes of a file can be a base block: "regf". */
bool hive_base_is_hive(const uint8_t *base, size_t size);

/*
 * Whether the HIVE_BASE_CORE_SIZE bytes at @base have the signature and the
 * checksum of a base block.
 */
bool hive_base_is_valid(const uint8_t *base);

/*
 * Why the hive with this base block (HIVE_BASE_SIZE bytes) is dirty, to be
 * freed, or NULL if it is clean.
 */
char *hive_base_why_dirty(const uint8_t *base);

/*
 * Makes the base block that of a clean hive: both sequence numbers are
 * @sequence, the checksum is right.
 */
void hive_base_make_clean(uint8_t *base, uint32_t sequence);

/* When Windows last wrote it: seconds since 1970, UTC. */
int64_t hive_base_last_written(const uint8_t *base);

#endif /* GUEST_HIVE_BASE_H */
