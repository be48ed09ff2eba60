/*
 * The records of a registry hive: where their fields are
 *
 * Layout: "Windows registry file format specification" (msuhanov/regf);
 * offsets are from the end of a cell's size, lengths of names in bytes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_HIVE_NODE_H
#define GUEST_HIVE_NODE_H

#include "hive-cell.h"
#include "hive-name.h"

/* Key node, "nk" */
#define NK_FLAGS 2              /* u16 */
#define NK_TIMESTAMP 4          /* u64, FILETIME of the last change */
#define NK_PARENT 16            /* u32, cell of the key above */
#define NK_SUBKEYS 20           /* u32, how many */
#define NK_SUBKEY_LIST 28       /* u32, cell: lf, lh, li or ri */
#define NK_VOLATILE_LIST 32     /* u32, cell; means nothing in a file */
#define NK_VALUES 36            /* u32, how many */
#define NK_VALUE_LIST 40        /* u32, cell: one u32 for each */
#define NK_SECURITY 44          /* u32, cell: sk */
#define NK_CLASS 48             /* u32, cell */
#define NK_MAX_SUBKEY_NAME 52   /* u16, in UTF-16, though names be narrow */
#define NK_MAX_VALUE_NAME 60    /* u32, the same */
#define NK_MAX_VALUE_DATA 64    /* u32 */
#define NK_NAME_LENGTH 72       /* u16 */
#define NK_CLASS_LENGTH 74      /* u16 */
#define NK_NAME 76

#define NK_FLAG_LINK 0x10       /* to another key, named by a value */
#define NK_FLAG_NARROW 0x20
#define NK_FLAG_PREDEFINED 0x40 /* the value fields are no value list */

/* Value, "vk" */
#define VK_NAME_LENGTH 2        /* u16 */
#define VK_SIZE 4               /* u32, of the data, and VK_INLINE */
#define VK_DATA 8               /* u32, cell, or up to four bytes of data */
#define VK_TYPE 12              /* u32 */
#define VK_FLAGS 16             /* u16 */
#define VK_NAME 20

#define VK_INLINE 0x80000000u
#define VK_FLAG_NARROW 1

/* Security descriptor, "sk", in a ring of them */
#define SK_NEXT 4               /* u32, cell */
#define SK_PREVIOUS 8           /* u32, cell */
#define SK_USERS 12             /* u32, keys that refer to it */
#define SK_LENGTH 16            /* u32, of the descriptor */
#define SK_DESCRIPTOR 20

/* Big data, "db": since minor version 4, for more than fits into a segment */
#define DB_SEGMENTS 2           /* u16, how many */
#define DB_LIST 4               /* u32, cell: one u32 for each */
#define DB_SIZE 8
#define DB_SEGMENT_SIZE 16344   /* bytes in each segment but the last */

/* The key node in that cell, with all of its name; NULL if there is none. */
uint8_t *hive_node(const HiveImage *image, uint32_t cell);

HiveName hive_node_name(const uint8_t *node);

/* The value in that cell, with all of its name; NULL if there is none. */
uint8_t *hive_value(const HiveImage *image, uint32_t cell);

HiveName hive_value_name(const uint8_t *value);

/* How many values the key has by its own account, and the cell of the list. */
uint32_t hive_node_values(const uint8_t *node, uint32_t *list);

/*
 * Whether data of @size bytes, not in the value itself, is big data in a hive
 * of that version.
 */
bool hive_is_big_data(const HiveImage *image, uint32_t size);

#endif /* GUEST_HIVE_NODE_H */
