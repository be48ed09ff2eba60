/*
 * Index: the list of a registry key's subkeys
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_HIVE_INDEX_H
#define GUEST_HIVE_INDEX_H

#include "hive-node.h"

#define INDEX_COUNT 2           /* u16, elements */
#define INDEX_ELEMENTS 4
/* An element: u32, cell of a key; in lf and lh four more bytes, see below. */
#define INDEX_HINT 4            /* lf: u8[4], the name; lh: u32, its hash */

/* Leaves are longer in no hive that Windows wrote, of any version. */
#define INDEX_LEAF_MAX 1012

typedef struct HiveIndex HiveIndex;

/*
 * The subkeys of the key in cell @node, which has to be one; NULL if its list
 * is damaged, or has more than LIMIT_SUBKEYS.
 */
HiveIndex *hive_index_load(const HiveImage *image, uint32_t node);

void hive_index_free(HiveIndex *index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HiveIndex, hive_index_free)

/* How many subkeys there are. */
guint hive_index_length(const HiveIndex *index);

/* The cells of the subkeys, uint32_t, in the order of the list. */
GArray *hive_index_keys(const HiveIndex *index);

/*
 * How many of @keys, which are whole and in order, come before @name: the
 * place of the first that may have this name.
 */
guint hive_index_bisect(const GArray *keys, const HiveImage *image,
                        const HiveName *name);

/*
 * Puts the key in the cell @key where its name belongs.  A list that is not
 * in order is sorted; false if that cannot be, because it holds something
 * that is no key.  @ordered says whether the list is known to be whole and in
 * order, and afterwards whether it is.
 */
bool hive_index_insert(HiveIndex *index, const HiveImage *image,
                       uint32_t key, bool *ordered);

/* Takes the key in the cell @key out. */
void hive_index_remove(HiveIndex *index, uint32_t key);

/* Writes the list, and what the key in cell @node says of it. */
bool hive_index_store(HiveIndex *index, HiveImage *image, uint32_t node,
                      GError **errp);

/* Gives all cells of the list back. */
void hive_index_drop(const HiveIndex *index, HiveImage *image);

#endif /* GUEST_HIVE_INDEX_H */
