/*
 * The records of a registry hive: found, and measured before use
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "hive-node.h"
#include "le.h"

uint8_t *hive_node(const HiveImage *image, uint32_t cell)
{
    uint32_t size;
    uint8_t *node = hive_record(image, cell, "nk", NK_NAME, &size);

    return node && get_le16(node + NK_NAME_LENGTH) <= size - NK_NAME
           ? node : NULL;
}

HiveName hive_node_name(const uint8_t *node)
{
    return hive_name(node + NK_NAME, get_le16(node + NK_NAME_LENGTH),
                     get_le16(node + NK_FLAGS) & NK_FLAG_NARROW);
}

uint8_t *hive_value(const HiveImage *image, uint32_t cell)
{
    uint32_t size;
    uint8_t *value = hive_record(image, cell, "vk", VK_NAME, &size);

    return value && get_le16(value + VK_NAME_LENGTH) <= size - VK_NAME
           ? value : NULL;
}

HiveName hive_value_name(const uint8_t *value)
{
    return hive_name(value + VK_NAME, get_le16(value + VK_NAME_LENGTH),
                     get_le16(value + VK_FLAGS) & VK_FLAG_NARROW);
}

uint32_t hive_node_values(const uint8_t *node, uint32_t *list)
{
    if (get_le16(node + NK_FLAGS) & NK_FLAG_PREDEFINED) {
        return 0;
    }
    *list = get_le32(node + NK_VALUE_LIST);
    return get_le32(node + NK_VALUES);
}

bool hive_is_big_data(const HiveImage *image, uint32_t size)
{
    return image->minor >= HIVE_MINOR_BIG_DATA && size > DB_SEGMENT_SIZE;
}
