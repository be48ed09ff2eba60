/*
 * The values of a registry key, in a hive's cells
 *
 * A value that is not spoken of stays where it is, byte for byte.  One that
 * changes is written over its old data where that fits.
 *
 * Layout: "Windows registry file format specification" (msuhanov/regf),
 * sections "Key values list" and "Key value".
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "guest-limits.h"
#include "hive-data.h"
#include "hive-value.h"
#include "le.h"

/* Data of so many bytes is in the value itself. */
#define INLINE_MAX 4

/*
 * Of a value before big data: its cell has 1 MiB ("Registry element size
 * limits", Microsoft), four bytes of which are the cell's size.
 */
#define PLAIN_DATA_MAX (MiB - 4)

/*
 * The list of a key's values, little-endian numbers of cells, and how many
 * there are.  It is NULL if there are none.
 */
static const uint8_t *value_list(const HiveImage *image, uint32_t node,
                                 uint32_t *count)
{
    uint32_t list = HIVE_NO_CELL;
    uint32_t size = 0;
    const uint8_t *cells = NULL;

    *count = hive_node_values(hive_node(image, node), &list);
    if (*count > 0) {
        cells = hive_cell(image, list, &size);
    }
    *count = cells ? MIN(MIN(*count, LIMIT_VALUES), size / 4) : 0;
    return cells;
}

GArray *hive_values(const HiveImage *image, uint32_t node)
{
    uint32_t count;
    const uint8_t *list = value_list(image, node, &count);
    GArray *values = g_array_sized_new(FALSE, FALSE, sizeof(uint32_t), count);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t value = get_le32(list + 4 * i);

        g_array_append_val(values, value);
    }
    return values;
}

uint32_t hive_value_find(const HiveImage *image, uint32_t node,
                         const HiveName *name)
{
    uint32_t count;
    const uint8_t *list = value_list(image, node, &count);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t cell = get_le32(list + 4 * i);
        const uint8_t *value = hive_value(image, cell);
        HiveName other;

        if (value) {
            other = hive_value_name(value);
            if (hive_name_compare(&other, name) == 0) {
                return cell;
            }
        }
    }
    return HIVE_NO_CELL;
}

GBytes *hive_value_read(const HiveImage *image, uint32_t value,
                        uint32_t *type)
{
    const uint8_t *record = hive_value(image, value);
    uint32_t length;

    if (!record) {
        return NULL;
    }
    length = get_le32(record + VK_SIZE);
    *type = get_le32(record + VK_TYPE);
    if (length & VK_INLINE) {
        length &= ~VK_INLINE;
        return length <= INLINE_MAX ? g_bytes_new(record + VK_DATA, length)
                                    : NULL;
    }
    return length == 0
           ? g_bytes_new(NULL, 0)
           : hive_data_read(image, get_le32(record + VK_DATA), length);
}

static void drop_data(HiveImage *image, uint32_t value)
{
    const uint8_t *record = hive_value(image, value);
    uint32_t length = get_le32(record + VK_SIZE);

    if (!(length & VK_INLINE) && length > 0) {
        hive_data_drop(image, get_le32(record + VK_DATA), length);
    }
}

static bool check_length(const HiveImage *image, gsize length, GError **errp)
{
    if (length > PLAIN_DATA_MAX && image->minor < HIVE_MINOR_BIG_DATA) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "a value of %" G_GSIZE_FORMAT " bytes is too large for "
                    "this hive, which has room for %u; leave it out",
                    length, PLAIN_DATA_MAX);
        return false;
    }
    if (length > LIMIT_HIVE_SIZE / 2) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "a value of %" G_GSIZE_FORMAT " bytes is too large; "
                    "leave it out", length);
        return false;
    }
    return true;
}

/* The cell that the value has for data already, if it is enough for it. */
static uint32_t present_room(const HiveImage *image, uint32_t value,
                             uint32_t length)
{
    const uint8_t *record = hive_value(image, value);
    uint32_t before = get_le32(record + VK_SIZE);
    uint32_t size;

    return before != 0 && !(before & VK_INLINE) &&
           !hive_is_big_data(image, before) &&
           !hive_is_big_data(image, length) &&
           hive_cell(image, get_le32(record + VK_DATA), &size) &&
           !hive_cell_is_shared(image, get_le32(record + VK_DATA)) &&
           size >= length ? get_le32(record + VK_DATA) : HIVE_NO_CELL;
}

/* Puts data that is not inline into cells; the first of them, or none. */
static uint32_t store_data(HiveImage *image, uint32_t value,
                           const uint8_t *data, uint32_t length,
                           GError **errp)
{
    uint32_t cell = present_room(image, value, length);
    uint32_t size;

    if (cell != HIVE_NO_CELL) {
        memcpy(hive_cell(image, cell, &size), data, length);
        return cell;
    }
    cell = hive_data_new(image, data, length, errp);
    if (cell != HIVE_NO_CELL) {
        drop_data(image, value);
    }
    return cell;
}

static bool write_value(HiveImage *image, uint32_t value, uint32_t type,
                        GBytes *bytes, GError **errp)
{
    gsize length;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    uint8_t small[INLINE_MAX] = { 0 };
    uint8_t *record;

    if (length <= INLINE_MAX) {
        drop_data(image, value);
        memcpy(small, data ? data : small, length);
        length |= VK_INLINE;
    } else {
        uint32_t cell = store_data(image, value, data, length, errp);

        if (cell == HIVE_NO_CELL) {
            return false;
        }
        put_le32(small, cell);
    }
    record = hive_value(image, value);
    put_le32(record + VK_SIZE, length);
    memcpy(record + VK_DATA, small, sizeof(small));
    put_le32(record + VK_TYPE, type);
    return true;
}

/* A new value without data. */
static uint32_t new_value(HiveImage *image, const HiveName *name,
                          GError **errp)
{
    unsigned length = hive_name_size(name);
    uint32_t cell = hive_cell_new(image, VK_NAME + length, errp);
    uint32_t size;
    uint8_t *record = hive_cell(image, cell, &size);

    if (!record) {
        return HIVE_NO_CELL;
    }
    memcpy(record, "vk", 2);
    put_le16(record + VK_NAME_LENGTH, length);
    put_le32(record + VK_SIZE, VK_INLINE);
    if (length > 0) {
        put_le16(record + VK_FLAGS, name->narrow ? VK_FLAG_NARROW : 0);
        memcpy(record + VK_NAME, name->bytes, length);
    }
    return cell;
}

/* Appends a value to the list, as Windows does. */
static bool append(HiveImage *image, uint32_t node, uint32_t value,
                   GError **errp)
{
    uint32_t list = HIVE_NO_CELL;
    uint32_t count = hive_node_values(hive_node(image, node), &list);
    uint32_t room = 0;
    uint32_t longer = list;
    uint8_t *cells = count > 0 ? hive_cell(image, list, &room) : NULL;

    if (!cells || room / 4 <= count) {
        /* With some room, or a long list moves for each value. */
        longer = hive_cell_new(image, 4 * (count + 1 + count / 8), errp);
        if (longer == HIVE_NO_CELL) {
            return false;
        }
        if (cells) {
            memcpy(hive_cell(image, longer, &room),
                   hive_cell(image, list, &room), 4 * count);
            hive_cell_drop(image, list);
        }
    }
    put_le32(hive_cell(image, longer, &room) + 4 * count, value);
    put_le32(hive_node(image, node) + NK_VALUES, count + 1);
    put_le32(hive_node(image, node) + NK_VALUE_LIST, longer);
    return true;
}

static bool set_damaged(const char *what, GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                "its %s damaged; restore the hive in the source VM", what);
    return false;
}

/*
 * What is changed in place has to be whole and the key's own, or something
 * else would change with it.
 */
static bool check_place(const HiveImage *image, uint32_t node,
                        uint32_t value, GError **errp)
{
    const uint8_t *record = hive_node(image, node);
    uint32_t list = HIVE_NO_CELL;
    uint32_t count = hive_node_values(record, &list);
    uint32_t size = 0;

    if ((get_le16(record + NK_FLAGS) & NK_FLAG_PREDEFINED) ||
        (count > 0 && (!hive_cell(image, list, &size) || count > size / 4 ||
                       hive_cell_is_shared(image, list)))) {
        return set_damaged("list of values is", errp);
    }
    if (count > LIMIT_VALUES ||
        (count == LIMIT_VALUES && value == HIVE_NO_CELL)) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "it has %u values, and more than %u are not dealt with; "
                    "delete some in the source VM", count, LIMIT_VALUES);
        return false;
    }
    return (value == HIVE_NO_CELL || !hive_cell_is_shared(image, value)) ||
           set_damaged("value of that name is", errp);
}

static void note_largest(HiveImage *image, uint32_t node,
                         const HiveName *name, GBytes *data)
{
    uint8_t *record = hive_node(image, node);
    uint32_t length = name->length * 2;
    uint32_t size = g_bytes_get_size(data);

    put_le32(record + NK_MAX_VALUE_NAME,
             MAX(length, get_le32(record + NK_MAX_VALUE_NAME)));
    put_le32(record + NK_MAX_VALUE_DATA,
             MAX(size, get_le32(record + NK_MAX_VALUE_DATA)));
}

bool hive_value_set(HiveImage *image, uint32_t node, const HiveName *name,
                    uint32_t type, GBytes *data, GError **errp)
{
    uint32_t value = hive_value_find(image, node, name);

    if (!check_place(image, node, value, errp) ||
        !check_length(image, g_bytes_get_size(data), errp)) {
        return false;
    }
    if (value == HIVE_NO_CELL) {
        value = new_value(image, name, errp);
        if (value == HIVE_NO_CELL || !append(image, node, value, errp)) {
            return false;
        }
    }
    note_largest(image, node, name, data);
    return write_value(image, value, type, data, errp);
}

/* Takes the value out of the list, which goes with the last one. */
static void take_out(HiveImage *image, uint32_t node, uint32_t value)
{
    uint8_t *record = hive_node(image, node);
    uint32_t list;
    uint32_t count = hive_node_values(record, &list);
    uint32_t size, left = 0;
    uint8_t *cells = hive_cell(image, list, &size);

    for (uint32_t i = 0; i < count && i < size / 4; i++) {
        uint32_t other = get_le32(cells + 4 * i);

        if (other != value) {
            put_le32(cells + 4 * left++, other);
        }
    }
    put_le32(record + NK_VALUES, left);
    if (left == 0) {
        put_le32(record + NK_VALUE_LIST, HIVE_NO_CELL);
        put_le32(record + NK_MAX_VALUE_NAME, 0);
        put_le32(record + NK_MAX_VALUE_DATA, 0);
        hive_cell_drop(image, list);
    }
}

bool hive_value_delete(HiveImage *image, uint32_t node, const HiveName *name,
                       GError **errp)
{
    uint32_t value = hive_value_find(image, node, name);

    if (!check_place(image, node, value, errp)) {
        return false;
    }
    if (value != HIVE_NO_CELL) {
        take_out(image, node, value);
        drop_data(image, value);
        hive_cell_drop(image, value);
    }
    return true;
}

void hive_values_drop(HiveImage *image, uint32_t node)
{
    g_autoptr(GArray) values = hive_values(image, node);
    uint32_t list;

    for (guint i = 0; i < values->len; i++) {
        uint32_t value = g_array_index(values, uint32_t, i);

        if (hive_value(image, value)) {
            drop_data(image, value);
        }
        hive_cell_drop(image, value);
    }
    if (hive_node_values(hive_node(image, node), &list) > 0) {
        hive_cell_drop(image, list);
    }
}
