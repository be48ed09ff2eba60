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

#include "guest-limits.h"
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

/* Adds the keys of a leaf, if there are no more than @left. */
static bool load_leaf(HiveIndex *index, const HiveImage *image, uint32_t cell,
                      uint32_t *left)
{
    uint32_t size;
    const uint8_t *record = hive_cell(image, cell, &size);
    unsigned count;
    HiveLeaf *leaf;

    if (!record || !count_elements(record, size, &count) ||
        !(hive_index_is_kind(record, "lf") ||
          hive_index_is_kind(record, "lh") ||
          hive_index_is_kind(record, "li")) || count > *left) {
        return false;
    }
    *left -= count;
    leaf = hive_leaf_new(cell, (const char *)record);
    g_array_set_size(leaf->keys, count);
    for (unsigned i = 0; i < count; i++) {
        g_array_index(leaf->keys, uint32_t, i) =
            get_le32(record + INDEX_ELEMENTS +
                     i * hive_index_element(leaf->kind));
    }
    g_ptr_array_add(index->leaves, leaf);
    return true;
}

/* An index root may name the same leaf 65,535 times, each of as many keys. */
static bool load_root(HiveIndex *index, const HiveImage *image, uint32_t cell,
                      uint32_t *left)
{
    uint32_t size;
    const uint8_t *record = hive_record(image, cell, "ri", INDEX_ELEMENTS,
                                        &size);
    unsigned count;

    if (!record || !count_elements(record, size, &count)) {
        return false;
    }
    index->root = cell;
    for (unsigned i = 0; i < count; i++) {
        if (!load_leaf(index, image,
                       get_le32(record + INDEX_ELEMENTS + i * 4), left)) {
            return false;
        }
    }
    return true;
}

HiveIndex *hive_index_load(const HiveImage *image, uint32_t node)
{
    g_autoptr(HiveIndex) index = g_new0(HiveIndex, 1);
    const uint8_t *record = hive_node(image, node);
    uint32_t list = get_le32(record + NK_SUBKEY_LIST);
    /* There cannot be more keys than fit into the hive. */
    uint32_t left = MIN(image->bins / NK_NAME, LIMIT_SUBKEYS);
    uint32_t size;

    index->root = HIVE_NO_CELL;
    index->leaves = g_ptr_array_new_with_free_func(leaf_free);
    if (get_le32(record + NK_SUBKEYS) == 0) {
        return g_steal_pointer(&index);
    }
    if (hive_record(image, list, "ri", INDEX_ELEMENTS, &size)
        ? !load_root(index, image, list, &left)
        : !load_leaf(index, image, list, &left)) {
        return NULL;
    }
    return g_steal_pointer(&index);
}

guint hive_index_length(const HiveIndex *index)
{
    guint length = 0;

    for (guint i = 0; i < index->leaves->len; i++) {
        length += hive_leaf_at(index, i)->keys->len;
    }
    return length;
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

/* Whether the key at @at comes before @name; what is no key does not. */
static bool is_before(const GArray *keys, guint at, const HiveImage *image,
                      const HiveName *name)
{
    const uint8_t *node = hive_node(image, g_array_index(keys, uint32_t, at));
    HiveName other;

    if (!node) {
        return false;
    }
    other = hive_node_name(node);
    return hive_name_compare(&other, name) < 0;
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

/* How many of @keys there are up to the last one before @name. */
static guint count_before(const GArray *keys, const HiveImage *image,
                          const HiveName *name)
{
    guint count = 0;

    for (guint i = 0; i < keys->len; i++) {
        if (is_before(keys, i, image, name)) {
            count = i + 1;
        }
    }
    return count;
}

guint hive_index_bisect(const GArray *keys, const HiveImage *image,
                        const HiveName *name)
{
    guint low = 0, high = keys->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;

        if (is_before(keys, middle, image, name)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Behind @count keys: in the leaf of the last of these, or in the first. */
static void insert_at(HiveIndex *index, guint count, uint32_t key)
{
    guint i = 0;
    HiveLeaf *leaf = hive_leaf_at(index, 0);

    while (count > leaf->keys->len) {
        count -= leaf->keys->len;
        leaf = hive_leaf_at(index, ++i);
    }
    g_array_insert_val(leaf->keys, count, key);
    leaf->changed = true;
}

bool hive_index_insert(HiveIndex *index, const HiveImage *image, uint32_t key,
                       bool *ordered)
{
    g_autoptr(GArray) keys = hive_index_keys(index);
    HiveName name = hive_node_name(hive_node(image, key));
    bool sorted = *ordered || check_order(keys, image, ordered);

    if (!sorted && !*ordered) {
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
    insert_at(index, *ordered ? hive_index_bisect(keys, image, &name)
                              : count_before(keys, image, &name), key);
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
