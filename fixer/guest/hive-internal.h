/*
 * What reads and what edits a hive share; see hive.h
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_HIVE_INTERNAL_H
#define GUEST_HIVE_INTERNAL_H

#include "hive-base.h"
#include "hive-check.h"
#include "hive.h"

struct Hive {
    /* As it was opened */
    GBytes *original;
    HiveImage *image;
    char *where;
    HiveKey root;
    /* FILETIME that edited keys bear */
    uint64_t now;
    /* The highest sequence number that the hive or a log of it has. */
    uint32_t sequence;
    /* What was wrong before the first edit; NULL: there was none yet. */
    HiveCheck *before;
};

static inline HiveKey hive_key_of(uint32_t cell)
{
    return cell == HIVE_NO_CELL ? HIVE_NO_KEY : (HiveKey)cell + HIVE_BASE_SIZE;
}

static inline uint32_t hive_cell_of(HiveKey key)
{
    return key - HIVE_BASE_SIZE;
}

/* The subkey of that name, or HIVE_NO_KEY. */
HiveKey hive_find_subkey(const Hive *hive, HiveKey key, const char *name);

/* The error of a hive that is not in order: why, and a remedy. */
bool hive_set_damaged(const Hive *hive, const char *why, GError **errp);

#endif /* GUEST_HIVE_INTERNAL_H */
