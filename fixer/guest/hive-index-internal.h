/*
 * What reads and what writes an index share; see hive-index.h
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_HIVE_INDEX_INTERNAL_H
#define GUEST_HIVE_INDEX_INTERNAL_H

#include <string.h>

#include "hive-index.h"

typedef struct HiveLeaf {
    /* HIVE_NO_CELL: not written yet. */
    uint32_t cell;
    char kind[2];
    /* Cells of keys, uint32_t */
    GArray *keys;
    bool changed;
} HiveLeaf;

struct HiveIndex {
    /* The index root's cell, or HIVE_NO_CELL. */
    uint32_t root;
    /* HiveLeaf */
    GPtrArray *leaves;
};

/* A leaf without keys; the array of leaves frees it. */
HiveLeaf *hive_leaf_new(uint32_t cell, const char *kind);

static inline HiveLeaf *hive_leaf_at(const HiveIndex *index, guint at)
{
    return g_ptr_array_index(index->leaves, at);
}

static inline uint32_t hive_leaf_key(const HiveLeaf *leaf, guint at)
{
    return g_array_index(leaf->keys, uint32_t, at);
}

static inline bool hive_index_is_kind(const void *record, const char *kind)
{
    return memcmp(record, kind, 2) == 0;
}

/* Bytes of an element of a list of that kind. */
static inline unsigned hive_index_element(const char *kind)
{
    return hive_index_is_kind(kind, "li") ||
           hive_index_is_kind(kind, "ri") ? 4 : 8;
}

#endif /* GUEST_HIVE_INDEX_INTERNAL_H */
