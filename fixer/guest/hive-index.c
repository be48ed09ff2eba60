/*
 * Index: the list of a registry key's subkeys
 *
 * The list is one leaf, or an index root (ri) over several of them.  It is
 * sorted by name, for Windows finds keys by bisection: a key out of place is
 * not found, or makes the hive one to be repaired.
 *
 * Layout: "Windows registry file format specification" (msuhanov/regf),
 * sections "Index leaf" to "Index root".
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "hive-index-internal.h"
#include "le.h"

static void leaf_free(void *opaque)
{
    HiveLeaf *leaf = opaque;

    g_array_unref(leaf->keys);
    g_free(leaf);
}

HiveLeaf *hive_leaf_new(uint32_t cell, const char *kind)
{
    HiveLeaf *leaf = g_new0(HiveLeaf, 1);

    leaf->cell = cell;
    memcpy(leaf->kind, kind, sizeof(leaf->kind));
    leaf->keys = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    return leaf;
}

void hive_index_free(HiveIndex *index)
{
    if (index) {
        g_ptr_array_unref(index->leaves);
        g_free(index);
    }
}

/* How many elements a list record has; false if it is none. */
static bool count_elements(const uint8_t *record, uint32_t size,
                           unsigned *count)
{
    if (size < INDEX_ELEMENTS) {
        return false;
    }
    *count = get_le16(record + INDEX_COUNT);
    return *count * hive_index_element((const char *)record) <=
           size - INDEX_ELEMENTS;
}

static bool load_leaf(HiveIndex *index, const HiveImage *image, uint32_t cell)
{
    uint32_t size;
    const uint8_t *record = hive_cell(image, cell, &size);
    unsigned count;
    HiveLeaf *leaf;

    if (!record || !count_elements(record, size, &count) ||
        !(hive_index_is_kind(record, "lf") ||
          hive_index_is_kind(record, "lh") ||
          hive_index_is_kind(record, "li"))) {
        return false;
    }
    leaf = hive_leaf_new(cell, (const char *)record);
    for (unsigned i = 0; i < count; i++) {
        uint32_t key = get_le32(record + INDEX_ELEMENTS +
                                i * hive_index_element(leaf->kind));

        g_array_append_val(leaf->keys, key);
    }
    g_ptr_array_add(index->leaves, leaf);
    return true;
}

/*
 * An index root may name the same leaf 65,535 times, each of as many keys:
 * there cannot be more keys than fit into the hive.
 */
static bool load_root(HiveIndex *index, const HiveImage *image, uint32_t cell)
{
    uint32_t size;
    const uint8_t *record = hive_record(image, cell, "ri", INDEX_ELEMENTS,
                                        &size);
    uint32_t left = image->bins / NK_NAME;
    unsigned count;

    if (!record || !count_elements(record, size, &count)) {
        return false;
    }
    index->root = cell;
    for (unsigned i = 0; i < count; i++) {
        if (!load_leaf(index, image, get_le32(record + INDEX_ELEMENTS +
                                              i * 4)) ||
            hive_leaf_at(index, i)->keys->len > left) {
            return false;
        }
        left -= hive_leaf_at(index, i)->keys->len;
    }
    return true;
}

HiveIndex *hive_index_load(const HiveImage *image, uint32_t node)
{
    g_autoptr(HiveIndex) index = g_new0(HiveIndex, 1);
    const uint8_t *record = hive_node(image, node);
    uint32_t list = get_le32(record + NK_SUBKEY_LIST);
    uint32_t size;

    index->root = HIVE_NO_CELL;
    index->leaves = g_ptr_array_new_with_free_func(leaf_free);
    if (get_le32(record + NK_SUBKEYS) == 0) {
        return g_steal_pointer(&index);
    }
    if (hive_record(image, list, "ri", INDEX_ELEMENTS, &size)
        ? !load_root(index, image, list) : !load_leaf(index, image, list)) {
        return NULL;
    }
    return g_steal_pointer(&index);
}

GArray *hive_index_keys(const HiveIndex *index)
{
    GArray *keys = g_array_new(FALSE, FALSE, sizeof(uint32_t));

    for (guint i = 0; i < index->leaves->len; i++) {
        const HiveLeaf *leaf = hive_leaf_at(index, i);

        g_array_append_vals(keys, leaf->keys->data, leaf->keys->len);
    }
    return keys;
}

static int compare_keys(const void *a, const void *b, void *opaque)
{
    const HiveImage *image = opaque;
    HiveName first = hive_node_name(hive_node(image, *(const uint32_t *)a));
    HiveName second = hive_node_name(hive_node(image, *(const uint32_t *)b));

    return hive_name_compare(&first, &second);
}

/*
 * Whether the keys are in order, and whether all are keys: elements that are
 * damaged count for nothing in the order and stay where they are.
 */
static bool check_order(const GArray *keys, const HiveImage *image,
                        bool *whole)
{
    const uint32_t *previous = NULL;
    bool sorted = true;

    *whole = true;
    for (guint i = 0; i < keys->len; i++) {
        const uint32_t *key = &g_array_index(keys, uint32_t, i);

        if (!hive_node(image, *key)) {
            *whole = false;
            continue;
        }
        sorted = sorted && (!previous || compare_keys(previous, key,
                                                      (void *)image) <= 0);
        previous = key;
    }
    return sorted;
}

/* All keys go into the first leaf, sorted; it is divided when it is stored. */
static void sort(HiveIndex *index, const HiveImage *image, GArray *keys)
{
    g_array_sort_with_data(keys, compare_keys, (void *)image);
    for (guint i = 0; i < index->leaves->len; i++) {
        g_array_set_size(hive_leaf_at(index, i)->keys, 0);
        hive_leaf_at(index, i)->changed = true;
    }
    g_array_append_vals(hive_leaf_at(index, 0)->keys, keys->data, keys->len);
}

/* Into the leaf with the last key before it, or into the first one. */
static void insert_sorted(HiveIndex *index, const HiveImage *image,
                          uint32_t key)
{
    HiveLeaf *found = hive_leaf_at(index, 0);
    guint place = 0;

    for (guint i = 0; i < index->leaves->len; i++) {
        HiveLeaf *leaf = hive_leaf_at(index, i);

        for (guint j = 0; j < leaf->keys->len; j++) {
            uint32_t other = hive_leaf_key(leaf, j);

            if (hive_node(image, other) &&
                compare_keys(&other, &key, (void *)image) < 0) {
                found = leaf;
                place = j + 1;
            }
        }
    }
    g_array_insert_val(found->keys, place, key);
    found->changed = true;
}

bool hive_index_insert(HiveIndex *index, const HiveImage *image, uint32_t key)
{
    g_autoptr(GArray) keys = hive_index_keys(index);
    bool whole;
    bool sorted = check_order(keys, image, &whole);

    if (!sorted && !whole) {
        return false;
    }
    if (index->leaves->len == 0) {
        g_ptr_array_add(index->leaves,
                        hive_leaf_new(HIVE_NO_CELL,
                                 image->minor < HIVE_MINOR_HASH_LEAF
                                 ? "lf" : "lh"));
    }
    if (!sorted) {
        sort(index, image, keys);
    }
    insert_sorted(index, image, key);
    return true;
}

void hive_index_remove(HiveIndex *index, uint32_t key)
{
    for (guint i = 0; i < index->leaves->len; i++) {
        HiveLeaf *leaf = hive_leaf_at(index, i);

        for (guint j = leaf->keys->len; j-- > 0; ) {
            if (hive_leaf_key(leaf, j) == key) {
                g_array_remove_index(leaf->keys, j);
                leaf->changed = true;
            }
        }
    }
}
