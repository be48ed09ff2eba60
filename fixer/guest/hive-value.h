/*
 * The values of a registry key, in a hive's cells
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_HIVE_VALUE_H
#define GUEST_HIVE_VALUE_H

#include "hive-node.h"

/* The cells of the values of the key in the cell @node, uint32_t, in order. */
GArray *hive_values(const HiveImage *image, uint32_t node);

/* The cell of the value of that name, or HIVE_NO_CELL. */
uint32_t hive_value_find(const HiveImage *image, uint32_t node,
                         const HiveName *name);

/* The data and type of the value in that cell; NULL if it is damaged. */
GBytes *hive_value_read(const HiveImage *image, uint32_t value,
                        uint32_t *type);

/* Sets the value of that name, which is made if there is none. */
bool hive_value_set(HiveImage *image, uint32_t node, const HiveName *name,
                    uint32_t type, GBytes *data, GError **errp);

/* Deletes the value of that name, if there is one. */
bool hive_value_delete(HiveImage *image, uint32_t node,
                       const HiveName *name, GError **errp);

/* Gives back all that the values of the key take up. */
void hive_values_drop(HiveImage *image, uint32_t node);

#endif /* GUEST_HIVE_VALUE_H */
