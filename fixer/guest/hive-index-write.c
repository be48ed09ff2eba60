/*
 * Index: the list of a registry key's subkeys, written
 *
 * There are three kinds of leaves.  Windows XP and newer write lh in hives of
 * minor version 5; before that it is lf, and li in lists that are longer than
 * a page or have an index root.  A leaf that is written keeps its kind where
 * the hive's version allows it; the hints and hashes are made anew.
 *
 * The lengths at which Windows divides lists were seen in its hives.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "hive-index-internal.h"
#include "le.h"

/* An lf leaf: what fits into a page. */
#define FAST_LEAF_MAX 507

/* Moves what is too much for one leaf into new ones, all about as long. */
static void divide(HiveIndex *index, guint at)
{
    HiveLeaf *leaf = hive_leaf_at(index, at);
    guint64 length = leaf->keys->len;
    guint pieces = (length + INDEX_LEAF_MAX - 1) / INDEX_LEAF_MAX;

    for (guint i = pieces; i-- > 1; ) {
        HiveLeaf *piece = hive_leaf_new(HIVE_NO_CELL, leaf->kind);
        guint start = length * i / pieces;

        g_array_append_vals(piece->keys, &g_array_index(leaf->keys, uint32_t,
                                                        start),
                            leaf->keys->len - start);
        piece->changed = true;
        g_array_set_size(leaf->keys, start);
        g_ptr_array_insert(index->leaves, at + 1, piece);
    }
}

/* Leaves that changed become as many as they have to be, down to none. */
static void arrange(HiveIndex *index, HiveImage *image)
{
    for (guint i = index->leaves->len; i-- > 0; ) {
        HiveLeaf *leaf = hive_leaf_at(index, i);

        if (leaf->keys->len == 0) {
            hive_cell_drop(image, leaf->cell);
            g_ptr_array_remove_index(index->leaves, i);
        } else if (leaf->changed) {
            divide(index, i);
        }
    }
}

static void choose_kind(HiveLeaf *leaf, const HiveImage *image, bool has_root)
{
    bool is_long = has_root || leaf->keys->len > FAST_LEAF_MAX;

    if (image->minor < HIVE_MINOR_HASH_LEAF &&
        !hive_index_is_kind(leaf->kind, "li")) {
        memcpy(leaf->kind, is_long ? "li" : "lf", 2);
    }
}

/*
 * A cell with room for @size bytes in place of @cell, which may be that one.
 * One that has to move gets room to grow, as with Windows.  HIVE_NO_CELL, with
 * an error, if the hive has no room.
 */
static uint32_t make_room(HiveImage *image, uint32_t cell, uint32_t size,
                          GError **errp)
{
    uint32_t room;
    bool exists = hive_cell(image, cell, &room);
    uint32_t other;

    if (exists && room >= size && !hive_cell_is_shared(image, cell)) {
        return cell;
    }
    other = hive_cell_new(image, exists ? size + size / 2 : size, errp);
    if (other != HIVE_NO_CELL) {
        hive_cell_drop(image, cell);
    }
    return other;
}

static void write_element(const HiveImage *image, const HiveLeaf *leaf,
                          uint8_t *element, uint32_t key)
{
    const uint8_t *node = hive_node(image, key);
    HiveName name = node ? hive_node_name(node) : hive_name(NULL, 0, true);

    put_le32(element, key);
    if (hive_index_is_kind(leaf->kind, "lh")) {
        put_le32(element + INDEX_HINT, hive_name_hash(&name));
    } else if (hive_index_is_kind(leaf->kind, "lf")) {
        hive_name_hint(&name, element + INDEX_HINT);
    }
}

static bool write_leaf(HiveImage *image, HiveLeaf *leaf, GError **errp)
{
    unsigned element = hive_index_element(leaf->kind);
    uint32_t size;
    uint8_t *record;

    leaf->cell = make_room(image, leaf->cell,
                           INDEX_ELEMENTS + leaf->keys->len * element, errp);
    record = hive_cell(image, leaf->cell, &size);
    if (!record) {
        return false;
    }
    memcpy(record, leaf->kind, 2);
    put_le16(record + INDEX_COUNT, leaf->keys->len);
    for (guint i = 0; i < leaf->keys->len; i++) {
        write_element(image, leaf, record + INDEX_ELEMENTS + i * element,
                      hive_leaf_key(leaf, i));
    }
    return true;
}

static bool write_root(HiveIndex *index, HiveImage *image, GError **errp)
{
    uint32_t size;
    uint8_t *record;

    index->root = make_room(image, index->root,
                            INDEX_ELEMENTS + index->leaves->len * 4, errp);
    record = hive_cell(image, index->root, &size);
    if (!record) {
        return false;
    }
    memcpy(record, "ri", 2);
    put_le16(record + INDEX_COUNT, index->leaves->len);
    for (guint i = 0; i < index->leaves->len; i++) {
        put_le32(record + INDEX_ELEMENTS + i * 4, hive_leaf_at(index, i)->cell);
    }
    return true;
}

static bool write_leaves(HiveIndex *index, HiveImage *image, GError **errp)
{
    for (guint i = 0; i < index->leaves->len; i++) {
        HiveLeaf *leaf = hive_leaf_at(index, i);

        if (leaf->changed) {
            choose_kind(leaf, image, index->leaves->len > 1);
            if (!write_leaf(image, leaf, errp)) {
                return false;
            }
        }
    }
    return true;
}

bool hive_index_store(HiveIndex *index, HiveImage *image, uint32_t node,
                      GError **errp)
{
    uint32_t count;
    uint8_t *record;

    arrange(index, image);
    if (!write_leaves(index, image, errp)) {
        return false;
    }
    if (index->leaves->len > 1) {
        if (!write_root(index, image, errp)) {
            return false;
        }
    } else if (index->root != HIVE_NO_CELL) {
        hive_cell_drop(image, index->root);
        index->root = HIVE_NO_CELL;
    }
    count = hive_index_length(index);
    record = hive_node(image, node);
    put_le32(record + NK_SUBKEYS, count);
    put_le32(record + NK_SUBKEY_LIST,
             index->root != HIVE_NO_CELL ? index->root
             : count > 0 ? hive_leaf_at(index, 0)->cell : HIVE_NO_CELL);
    return true;
}

void hive_index_drop(const HiveIndex *index, HiveImage *image)
{
    hive_cell_drop(image, index->root);
    for (guint i = 0; i < index->leaves->len; i++) {
        hive_cell_drop(image, hive_leaf_at(index, i)->cell);
    }
}
