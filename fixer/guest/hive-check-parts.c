/*
 * Check: what belongs to a key: its class, its values, its security descriptor
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "hive-check-internal.h"
#include "le.h"

static bool check_segments(HiveCheck *check, const uint8_t *record,
                           uint32_t length)
{
    uint32_t count = get_le16(record + DB_SEGMENTS);
    uint32_t size;
    const uint8_t *table = hive_check_own(check, get_le32(record + DB_LIST),
                                          &size);
    bool whole = true;

    if (!table || count > size / 4 ||
        count != (length + DB_SEGMENT_SIZE - 1) / DB_SEGMENT_SIZE) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t part = MIN(length - i * DB_SEGMENT_SIZE, DB_SEGMENT_SIZE);

        whole = hive_check_own(check, get_le32(table + 4 * i), &size) &&
                size >= part && whole;
    }
    return whole;
}

static bool check_data(HiveCheck *check, const uint8_t *value)
{
    uint32_t length = get_le32(value + VK_SIZE);
    const uint8_t *data;
    uint32_t size;

    if (length & VK_INLINE) {
        return (length & ~VK_INLINE) <= 4;
    }
    if (length == 0) {
        return true;
    }
    data = hive_check_own(check, get_le32(value + VK_DATA), &size);
    if (!data) {
        return false;
    }
    return !hive_is_big_data(check->image, length)
           ? size >= length
           : size >= DB_SIZE && memcmp(data, "db", 2) == 0 &&
             check_segments(check, data, length);
}

static void check_value(HiveCheck *check, uint32_t cell, uint32_t node_cell,
                        const uint8_t *node)
{
    const uint8_t *value = hive_value(check->image, cell);
    HiveName name;

    if (!hive_check_refer(check, cell) || !value) {
        hive_check_fault(check, FAULT_VALUE, cell);
        return;
    }
    if (!check_data(check, value)) {
        hive_check_fault(check, FAULT_DATA, cell);
    }
    name = hive_value_name(value);
    if (name.length * 2 > get_le32(node + NK_MAX_VALUE_NAME) ||
        (get_le32(value + VK_SIZE) & ~VK_INLINE) >
        get_le32(node + NK_MAX_VALUE_DATA)) {
        hive_check_fault(check, FAULT_LARGEST, node_cell);
    }
}

void hive_check_values(HiveCheck *check, uint32_t cell, const uint8_t *node)
{
    uint32_t list;
    uint32_t count = hive_node_values(node, &list);
    const uint8_t *values;
    uint32_t size;

    if (count == 0) {
        return;
    }
    values = hive_check_own(check, list, &size);
    if (!values || count > size / 4) {
        hive_check_fault(check, FAULT_VALUE_LIST, cell);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        check_value(check, get_le32(values + 4 * i), cell, node);
    }
}

void hive_check_class(HiveCheck *check, uint32_t cell, const uint8_t *node)
{
    uint32_t length = get_le16(node + NK_CLASS_LENGTH);
    uint32_t size;

    if (length > 0 &&
        (!hive_check_own(check, get_le32(node + NK_CLASS), &size) ||
         size < length)) {
        hive_check_fault(check, FAULT_CLASS, cell);
    }
}

void hive_check_count_user(HiveCheck *check, const uint8_t *node)
{
    gpointer key = GUINT_TO_POINTER(get_le32(node + NK_SECURITY));
    guint users = GPOINTER_TO_UINT(g_hash_table_lookup(check->users, key));

    g_hash_table_insert(check->users, key, GUINT_TO_POINTER(users + 1));
}

static const uint8_t *security(const HiveCheck *check, uint32_t cell)
{
    uint32_t size;
    const uint8_t *record = hive_record(check->image, cell, "sk",
                                        SK_DESCRIPTOR, &size);

    return record && get_le32(record + SK_LENGTH) <= size - SK_DESCRIPTOR
           ? record : NULL;
}

/* Whether the neighbours of @record, in @cell, know of it. */
static bool is_linked(const HiveCheck *check, uint32_t cell,
                      const uint8_t *record)
{
    const uint8_t *next = security(check, get_le32(record + SK_NEXT));
    const uint8_t *previous = security(check, get_le32(record + SK_PREVIOUS));

    return next && get_le32(next + SK_PREVIOUS) == cell &&
           previous && get_le32(previous + SK_NEXT) == cell;
}

static void check_descriptor(HiveCheck *check, uint32_t cell, uint32_t users)
{
    const uint8_t *record = security(check, cell);

    if (!hive_check_refer(check, cell) || !record) {
        hive_check_fault(check, FAULT_SECURITY, cell);
        return;
    }
    if (get_le32(record + SK_USERS) != users) {
        hive_check_fault(check, FAULT_USERS, cell);
    }
    if (!is_linked(check, cell, record)) {
        hive_check_fault(check, FAULT_RING, cell);
    }
}

/* Descriptors that no key uses are in the ring all the same. */
static void check_unused(HiveCheck *check, uint32_t start)
{
    const uint8_t *record = security(check, start);
    uint32_t left = check->image->bins / SK_DESCRIPTOR;

    while (record && left-- > 0) {
        uint32_t cell = get_le32(record + SK_NEXT);

        record = security(check, cell);
        if (cell == start) {
            return;
        }
        if (record && !g_hash_table_contains(check->users,
                                             GUINT_TO_POINTER(cell))) {
            check_descriptor(check, cell, 0);
        }
    }
}

void hive_check_security(HiveCheck *check, uint32_t root)
{
    const uint8_t *node = hive_node(check->image, root);
    GHashTableIter iter;
    gpointer cell, users;

    g_hash_table_iter_init(&iter, check->users);
    while (g_hash_table_iter_next(&iter, &cell, &users)) {
        check_descriptor(check, GPOINTER_TO_UINT(cell),
                         GPOINTER_TO_UINT(users));
    }
    if (node) {
        check_unused(check, get_le32(node + NK_SECURITY));
    }
}
