/*
 * Hive compare: whether a key was changed by all that was done to its hive
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "guest-limits.h"
#include "hive-compare.h"
#include "hive-index.h"
#include "hive-internal.h"
#include "hive-key.h"
#include "hive-value.h"

Hive *hive_as_opened(const Hive *hive, GError **errp)
{
    return hive_open(hive->original, hive->where, errp);
}

/* Sets @name to that of a key or value; false if the cell holds none. */
typedef bool NameOf(const HiveImage *image, uint32_t cell, HiveName *name);

static bool name_of_value(const HiveImage *image, uint32_t cell,
                          HiveName *name)
{
    const uint8_t *record = hive_value(image, cell);

    if (record) {
        *name = hive_value_name(record);
    }
    return record != NULL;
}

static bool name_of_key(const HiveImage *image, uint32_t cell, HiveName *name)
{
    const uint8_t *record = hive_node(image, cell);

    if (record) {
        *name = hive_node_name(record);
    }
    return record != NULL;
}

/* Pairs of cells of two images, whose names are the same. */
typedef bool SamePair(const HiveImage *a, uint32_t cell, const HiveImage *b,
                      uint32_t other, unsigned depth);

/*
 * Whether each of @cells has one of @others that is the same.  An edit keeps
 * most of a list in its order, so each is looked for behind the last one that
 * was found: a hostile list may be long.
 */
static bool same_list(const HiveImage *a, const GArray *cells,
                      const HiveImage *b, const GArray *others,
                      NameOf *name_of, SamePair *same, unsigned depth)
{
    guint at = 0;

    if (cells->len != others->len) {
        return false;
    }
    for (guint i = 0; i < cells->len; i++) {
        uint32_t cell = g_array_index(cells, uint32_t, i);
        HiveName name, other = { 0 };
        guint tries = 0;

        if (!name_of(a, cell, &name)) {
            return false;
        }
        while (!name_of(b, g_array_index(others, uint32_t, at), &other) ||
               hive_name_compare(&name, &other) != 0) {
            at = (at + 1) % others->len;
            if (++tries == others->len) {
                return false;
            }
        }
        if (!same(a, cell, b, g_array_index(others, uint32_t, at), depth)) {
            return false;
        }
        at = (at + 1) % others->len;
    }
    return true;
}

static bool same_value(const HiveImage *a, uint32_t value, const HiveImage *b,
                       uint32_t other, unsigned depth G_GNUC_UNUSED)
{
    uint32_t type, other_type;
    g_autoptr(GBytes) data = hive_value_read(a, value, &type);
    g_autoptr(GBytes) other_data = hive_value_read(b, other, &other_type);

    return data && other_data && type == other_type &&
           g_bytes_equal(data, other_data);
}

static bool same_values(const HiveImage *a, uint32_t node, const HiveImage *b,
                        uint32_t other)
{
    g_autoptr(GArray) values = hive_values(a, node);
    g_autoptr(GArray) others = hive_values(b, other);

    return same_list(a, values, b, others, name_of_value, same_value, 0);
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

    return keys && others &&
           same_list(a, keys, b, others, name_of_key, same_tree, depth);
}

/* A tree that is nested too deep, as one in a circle, is never the same. */
static bool same_tree(const HiveImage *a, uint32_t node, const HiveImage *b,
                      uint32_t other, unsigned depth)
{
    return depth > 0 && same_values(a, node, b, other) &&
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
                            hive_cell_of(other), LIMIT_KEY_DEPTH)
                : same_values(a->image, hive_cell_of(key), b->image,
                              hive_cell_of(other));
}

bool hive_same_name(const char *a, const char *b)
{
    g_autoptr(GByteArray) buffer_a = g_byte_array_new();
    g_autoptr(GByteArray) buffer_b = g_byte_array_new();
    HiveName name_a, name_b;

    return hive_name_from_utf8(a, LIMIT_VALUE_NAME, buffer_a, &name_a) &&
           hive_name_from_utf8(b, LIMIT_VALUE_NAME, buffer_b, &name_b) &&
           hive_name_compare(&name_a, &name_b) == 0;
}
