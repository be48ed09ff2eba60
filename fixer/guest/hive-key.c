/*
 * Keys of a registry hive: found, made and deleted in its cells
 *
 * Security descriptors are shared: each counts the keys that refer to it, and
 * leaves the ring of descriptors with the last of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "guest-limits.h"
#include "hive-index.h"
#include "hive-key.h"
#include "hive-value.h"
#include "le.h"

#define BAD_LIST \
    "its list of subkeys is damaged, or has more than " \
    G_STRINGIFY(LIMIT_SUBKEYS)

static bool set_damaged(const char *what, GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                "%s; restore the hive in the source VM", what);
    return false;
}

uint32_t hive_key_find(const HiveImage *image, uint32_t node,
                       const HiveName *name)
{
    g_autoptr(HiveIndex) index = hive_index_load(image, node);
    g_autoptr(GArray) keys = index ? hive_index_keys(index) : NULL;
    bool ordered = keys && image->ordered == node;

    for (guint i = ordered ? hive_index_bisect(keys, image, name) : 0;
         keys && i < keys->len; i++) {
        uint32_t key = g_array_index(keys, uint32_t, i);
        const uint8_t *record = hive_node(image, key);
        HiveName other;

        if (record) {
            other = hive_node_name(record);
            if (hive_name_compare(&other, name) == 0) {
                return key;
            }
        }
        if (ordered) {
            break;
        }
    }
    return HIVE_NO_CELL;
}

static uint8_t *security(const HiveImage *image, uint32_t cell)
{
    uint32_t size;

    return hive_record(image, cell, "sk", SK_DESCRIPTOR, &size);
}

/* A key that is in no list yet; its parent's descriptor counts it. */
static uint32_t write_node(HiveImage *image, uint32_t parent,
                           const HiveName *name, uint64_t now, GError **errp)
{
    unsigned length = hive_name_size(name);
    uint32_t cell = hive_cell_new(image, NK_NAME + length, errp);
    uint32_t size;
    uint8_t *record = hive_cell(image, cell, &size);
    uint32_t sk = get_le32(hive_node(image, parent) + NK_SECURITY);

    if (!record) {
        return HIVE_NO_CELL;
    }
    memcpy(record, "nk", 2);
    put_le16(record + NK_FLAGS, name->narrow ? NK_FLAG_NARROW : 0);
    put_le64(record + NK_TIMESTAMP, now);
    put_le32(record + NK_PARENT, parent);
    put_le32(record + NK_SUBKEY_LIST, HIVE_NO_CELL);
    put_le32(record + NK_VOLATILE_LIST, HIVE_NO_CELL);
    put_le32(record + NK_VALUE_LIST, HIVE_NO_CELL);
    put_le32(record + NK_SECURITY, sk);
    put_le32(record + NK_CLASS, HIVE_NO_CELL);
    put_le16(record + NK_NAME_LENGTH, length);
    memcpy(record + NK_NAME, name->bytes, length);
    record = security(image, sk);
    put_le32(record + SK_USERS, get_le32(record + SK_USERS) + 1);
    return cell;
}

static void note_largest(HiveImage *image, uint32_t parent,
                         const HiveName *name)
{
    uint8_t *record = hive_node(image, parent);
    uint16_t length = name->length * 2;

    put_le16(record + NK_MAX_SUBKEY_NAME,
             MAX(length, get_le16(record + NK_MAX_SUBKEY_NAME)));
}

uint32_t hive_key_new(HiveImage *image, uint32_t parent, const HiveName *name,
                      uint64_t now, GError **errp)
{
    g_autoptr(HiveIndex) index = hive_index_load(image, parent);
    const uint8_t *record = hive_node(image, parent);
    bool ordered = image->ordered == parent;
    uint32_t key;

    if (!security(image, get_le32(record + NK_SECURITY))) {
        set_damaged("its security descriptor is damaged", errp);
        return HIVE_NO_CELL;
    }
    if (!index || hive_cell_is_shared(image, get_le32(record +
                                                      NK_SUBKEY_LIST))) {
        set_damaged(BAD_LIST, errp);
        return HIVE_NO_CELL;
    }
    if (hive_index_length(index) >= LIMIT_SUBKEYS) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "it has %u subkeys, and no more are made than that",
                    LIMIT_SUBKEYS);
        return HIVE_NO_CELL;
    }
    key = write_node(image, parent, name, now, errp);
    if (key == HIVE_NO_CELL) {
        return HIVE_NO_CELL;
    }
    if (!hive_index_insert(index, image, key, &ordered)) {
        set_damaged("one of its subkeys is damaged", errp);
        return HIVE_NO_CELL;
    }
    if (!hive_index_store(index, image, parent, errp)) {
        return HIVE_NO_CELL;
    }
    image->ordered = ordered ? parent : HIVE_NO_CELL;
    note_largest(image, parent, name);
    put_le64(hive_node(image, parent) + NK_TIMESTAMP, now);
    return key;
}

/* Takes the descriptor out of the ring, if it has neighbours there. */
static void unlink_security(HiveImage *image, uint32_t cell)
{
    const uint8_t *record = security(image, cell);
    uint32_t next = get_le32(record + SK_NEXT);
    uint32_t previous = get_le32(record + SK_PREVIOUS);

    if (security(image, next)) {
        put_le32(security(image, next) + SK_PREVIOUS, previous);
    }
    if (security(image, previous)) {
        put_le32(security(image, previous) + SK_NEXT, next);
    }
    hive_cell_drop(image, cell);
}

static void release_security(HiveImage *image, uint32_t cell)
{
    uint8_t *record = security(image, cell);
    uint32_t users;

    if (record) {
        users = get_le32(record + SK_USERS);
        if (users > 1) {
            put_le32(record + SK_USERS, users - 1);
        } else {
            unlink_security(image, cell);
        }
    }
}

/* Gives back what the key takes up, its subkeys left aside. */
static void drop_node(HiveImage *image, uint32_t node)
{
    const uint8_t *record = hive_node(image, node);

    hive_values_drop(image, node);
    if (get_le16(record + NK_CLASS_LENGTH) > 0) {
        hive_cell_drop(image, get_le32(record + NK_CLASS));
    }
    release_security(image, get_le32(record + NK_SECURITY));
    hive_cell_drop(image, node);
}

/* Keys are dropped after their subkeys, so that no key loses its list. */
static bool drop_tree(HiveImage *image, uint32_t node, unsigned depth,
                      GError **errp)
{
    g_autoptr(HiveIndex) index = NULL;
    g_autoptr(GArray) keys = NULL;

    if (depth == 0 || !hive_node(image, node)) {
        return set_damaged(depth == 0 ? "keys are nested too deep"
                                      : "one of its subkeys is damaged",
                           errp);
    }
    index = hive_index_load(image, node);
    if (!index) {
        return set_damaged(BAD_LIST, errp);
    }
    keys = hive_index_keys(index);
    for (guint i = 0; i < keys->len; i++) {
        if (!drop_tree(image, g_array_index(keys, uint32_t, i), depth - 1,
                       errp)) {
            return false;
        }
    }
    /* A key that is its own descendant is gone by now. */
    if (!hive_node(image, node)) {
        return set_damaged("its subkeys go round in a circle", errp);
    }
    hive_index_drop(index, image);
    drop_node(image, node);
    return true;
}

bool hive_key_delete(HiveImage *image, uint32_t node, uint64_t now,
                     GError **errp)
{
    uint32_t parent = get_le32(hive_node(image, node) + NK_PARENT);
    g_autoptr(HiveIndex) index = NULL;
    uint8_t *record = hive_node(image, parent);

    /* Another key may come to be in the cell. */
    image->ordered = HIVE_NO_CELL;
    index = record ? hive_index_load(image, parent) : NULL;
    if (!index) {
        return set_damaged("the list that it is in is damaged", errp);
    }
    hive_index_remove(index, node);
    if (!hive_index_store(index, image, parent, errp) ||
        !drop_tree(image, node, LIMIT_KEY_DEPTH, errp)) {
        return false;
    }
    record = hive_node(image, parent);
    if (!record) {
        return set_damaged("its subkeys go round in a circle", errp);
    }
    put_le64(record + NK_TIMESTAMP, now);
    if (get_le32(record + NK_SUBKEYS) == 0) {
        put_le16(record + NK_MAX_SUBKEY_NAME, 0);
    }
    return true;
}
