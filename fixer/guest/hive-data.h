/*
 * The data of registry values, in a hive's cells
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_HIVE_DATA_H
#define GUEST_HIVE_DATA_H

#include "hive-node.h"

/* The data of @length bytes, not 0, in the cell; NULL if it is damaged. */
GBytes *hive_data_read(const HiveImage *image, uint32_t cell,
                       uint32_t length);

/* Gives back what it takes up. */
void hive_data_drop(HiveImage *image, uint32_t cell, uint32_t length);

/* A cell with that data; HIVE_NO_CELL, with an error, if there is no room. */
uint32_t hive_data_new(HiveImage *image, const uint8_t *data,
                       uint32_t length, GError **errp);

#endif /* GUEST_HIVE_DATA_H */
