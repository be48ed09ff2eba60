/*
 * Hive compare: whether a key was changed by all that was done to its hive
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "hive-compare.h"
#include "hive-index.h"
#include "hive-internal.h"
#include "hive-key.h"
#include "hive-value.h"

Hive *hive_as_opened(const Hive *hive, GError **errp)
{
    return hive_open(hive->original, hive->where, errp);
}

static bool same_value(const HiveImage *a, uint32_t value, const HiveImage *b,
                       uint32_t node)
{
    const uint8_t *record = hive_value(a, value);
    uint32_t other, type, other_type;
    g_autoptr(GBytes) data = NULL;
    g_autoptr(GBytes) other_data = NULL;
    HiveName name;

    if (!record) {
        return false;
    }
    name = hive_value_name(record);
    other = hive_value_find(b, node, &name);
    data = hive_value_read(a, value, &type);
    other_data = other == HIVE_NO_CELL ? NULL
                                       : hive_value_read(b, other,
                                                         &other_type);
    return data && other_data && type == other_type &&
           g_bytes_equal(data, other_data);
}

static bool same_values(const HiveImage *a, uint32_t node, const HiveImage *b,
                        uint32_t other)
{
    g_autoptr(GArray) values = hive_values(a, node);
    g_autoptr(GArray) others = hive_values(b, other);

    if (values->len != others->len) {
        return false;
    }
    for (guint i = 0; i < values->len; i++) {
        if (!same_value(a, g_array_index(values, uint32_t, i), b, other)) {
            return false;
        }
    }
    return true;
}

static bool same_tree(const HiveImage *a, uint32_t node, const HiveImage *b,
                      uint32_t other, unsigned depth);

static bool same_subkeys(const HiveImage *a, uint32_t node,
                         const HiveImage *b, uint32_t other, unsigned depth)
{
    g_autoptr(HiveIndex) index = hive_index_load(a, node);
    g_autoptr(HiveIndex) other_index = hive_index_load(b, other);
    g_autoptr(GArray) keys = index ? hive_index_keys(index) : NULL;
    g_autoptr(GArray) others = other_index ? hive_index_keys(other_index)
                                           : NULL;

    if (!keys || !others || keys->len != others->len) {
        return false;
    }
    for (guint i = 0; i < keys->len; i++) {
        uint32_t key = g_array_index(keys, uint32_t, i);
        const uint8_t *record = hive_node(a, key);
        HiveName name;

        if (!record) {
            return false;
        }
        name = hive_node_name(record);
        if (!same_tree(a, key, b, hive_key_find(b, other, &name), depth)) {
            return false;
        }
    }
    return true;
}

/* A tree that is nested too deep, as one in a circle, is never the same. */
static bool same_tree(const HiveImage *a, uint32_t node, const HiveImage *b,
                      uint32_t other, unsigned depth)
{
    return depth > 0 && other != HIVE_NO_CELL &&
           same_values(a, node, b, other) &&
           same_subkeys(a, node, b, other, depth - 1);
}

bool hive_same_key(Hive *a, Hive *b, const char *path, bool deep)
{
    HiveKey key = hive_find_key(a, path);
    HiveKey other = hive_find_key(b, path);

    if (key == HIVE_NO_KEY || other == HIVE_NO_KEY) {
        return key == other;
    }
    return deep ? same_tree(a->image, hive_cell_of(key), b->image,
                            hive_cell_of(other), HIVE_DEPTH_MAX)
                : same_values(a->image, hive_cell_of(key), b->image,
                              hive_cell_of(other));
}

bool hive_same_name(const char *a, const char *b)
{
    g_autoptr(GByteArray) buffer_a = g_byte_array_new();
    g_autoptr(GByteArray) buffer_b = g_byte_array_new();
    HiveName name_a, name_b;

    return hive_name_from_utf8(a, HIVE_VALUE_NAME_MAX, buffer_a, &name_a) &&
           hive_name_from_utf8(b, HIVE_VALUE_NAME_MAX, buffer_b, &name_b) &&
           hive_name_compare(&name_a, &name_b) == 0;
}
