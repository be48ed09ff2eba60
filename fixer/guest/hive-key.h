/*
 * Keys of a registry hive: found, made and deleted in its cells
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_HIVE_KEY_H
#define GUEST_HIVE_KEY_H

#include "hive-node.h"

/* The subkey of that name of the key in the cell @node, or HIVE_NO_CELL. */
uint32_t hive_key_find(const HiveImage *image, uint32_t node,
                       const HiveName *name);

/*
 * A new key of that name below the one in the cell @parent, which has none
 * such; it has its parent's security descriptor.  @now is a FILETIME.
 */
uint32_t hive_key_new(HiveImage *image, uint32_t parent,
                      const HiveName *name, uint64_t now, GError **errp);

/* Deletes the key in the cell @node, not the root, and all below it. */
bool hive_key_delete(HiveImage *image, uint32_t node, uint64_t now,
                     GError **errp);

#endif /* GUEST_HIVE_KEY_H */
