/*
 * What the parts of the hive check share; see hive-check.h
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_HIVE_CHECK_INTERNAL_H
#define GUEST_HIVE_CHECK_INTERNAL_H

#include "hive-check.h"

typedef enum Fault {
    FAULT_USED_TWICE,
    FAULT_KEY,
    FAULT_NAMELESS,
    FAULT_PARENT,
    FAULT_DEPTH,
    FAULT_LIST,
    FAULT_LIST_KIND,
    FAULT_LIST_COUNT,
    FAULT_ORDER,
    FAULT_HASH,
    FAULT_LARGEST,
    FAULT_CLASS,
    FAULT_SECURITY,
    FAULT_USERS,
    FAULT_RING,
    FAULT_VALUE_LIST,
    FAULT_VALUE,
    FAULT_DATA,
} Fault;

typedef struct Pending {
    uint32_t node;
    uint32_t parent;
    unsigned depth;
} Pending;

struct HiveCheck {
    const HiveImage *image;
    /* Fault << 32 | cell, uint64_t; sorted in the end. */
    GArray *faults;
    HiveReferences references;
    /* Cells in use that nothing refers to. */
    uint32_t lost;
    /* While it goes on: keys to visit (Pending), users by descriptor. */
    GArray *pending;
    GHashTable *users;
};

/* hive-check.c */
void hive_check_fault(HiveCheck *check, Fault fault, uint32_t cell);

/* Notes that something refers to the cell; false if it does not exist. */
bool hive_check_refer(HiveCheck *check, uint32_t cell);

/* A cell that only one thing refers to; NULL if it is not such a one. */
const uint8_t *hive_check_own(HiveCheck *check, uint32_t cell,
                              uint32_t *size);

/* hive-check-parts.c: what belongs to the key @node in the cell @cell */
void hive_check_class(HiveCheck *check, uint32_t cell, const uint8_t *node);
void hive_check_values(HiveCheck *check, uint32_t cell, const uint8_t *node);
void hive_check_count_user(HiveCheck *check, const uint8_t *node);

/* The security descriptors, when all their users have been counted. */
void hive_check_security(HiveCheck *check, uint32_t root);

#endif /* GUEST_HIVE_CHECK_INTERNAL_H */
