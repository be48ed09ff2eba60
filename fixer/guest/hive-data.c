/*
 * The data of registry values, in a hive's cells
 *
 * Data has a cell of its own, or, above 16,344 bytes and since minor version
 * 4, a table of cells (big data).  hivex and reged put data of any size into
 * one cell: such data is read, and goes the right way when it is written.
 *
 * Layout: "Windows registry file format specification" (msuhanov/regf),
 * section "Big data".
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "hive-data.h"
#include "le.h"

/* The table of the big data in @cell, @length bytes; NULL if it is damaged. */
static const uint8_t *segment_table(const HiveImage *image, uint32_t cell,
                                    uint32_t length, uint32_t *count,
                                    uint32_t *table)
{
    uint32_t size;
    const uint8_t *record = hive_record(image, cell, "db", DB_SIZE, &size);
    const uint8_t *cells;

    if (!record) {
        return NULL;
    }
    *count = get_le16(record + DB_SEGMENTS);
    *table = get_le32(record + DB_LIST);
    cells = hive_cell(image, *table, &size);
    return cells && *count <= size / 4 &&
           *count == (length + DB_SEGMENT_SIZE - 1) / DB_SEGMENT_SIZE
           ? cells : NULL;
}

static GBytes *read_big_data(const HiveImage *image, uint32_t cell,
                             uint32_t length)
{
    uint32_t count = 0;
    uint32_t table;
    const uint8_t *cells = segment_table(image, cell, length, &count, &table);
    g_autoptr(GByteArray) data = NULL;

    if (!cells || length > image->bins) {
        return NULL;
    }
    data = g_byte_array_sized_new(length);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t part = MIN(length - data->len, DB_SEGMENT_SIZE);
        uint32_t size;
        const uint8_t *segment = hive_cell(image, get_le32(cells + 4 * i),
                                           &size);

        if (!segment || size < part) {
            return NULL;
        }
        g_byte_array_append(data, segment, part);
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&data));
}

GBytes *hive_data_read(const HiveImage *image, uint32_t cell, uint32_t length)
{
    uint32_t size;
    const uint8_t *data = hive_cell(image, cell, &size);

    if (data && size >= length) {
        return g_bytes_new(data, length);
    }
    return hive_is_big_data(image, length)
           ? read_big_data(image, cell, length) : NULL;
}

void hive_data_drop(HiveImage *image, uint32_t cell, uint32_t length)
{
    uint32_t size;

    if (!hive_cell(image, cell, &size)) {
        return;
    }
    if (size < length && hive_is_big_data(image, length)) {
        uint32_t count = 0;
        uint32_t table;
        const uint8_t *cells = segment_table(image, cell, length, &count,
                                             &table);

        for (uint32_t i = 0; cells && i < count; i++) {
            hive_cell_drop(image, get_le32(cells + 4 * i));
        }
        if (cells) {
            hive_cell_drop(image, table);
        }
    }
    hive_cell_drop(image, cell);
}

static uint32_t new_cell_with(HiveImage *image, const uint8_t *data,
                              uint32_t length, GError **errp)
{
    uint32_t cell = hive_cell_new(image, length, errp);
    uint32_t size;

    if (cell != HIVE_NO_CELL) {
        memcpy(hive_cell(image, cell, &size), data, length);
    }
    return cell;
}

static uint32_t new_big_data(HiveImage *image, const uint8_t *data,
                             uint32_t length, GError **errp)
{
    g_autoptr(GByteArray) table = g_byte_array_new();
    uint8_t record[DB_SIZE] = "db";
    uint32_t cell;

    for (uint32_t done = 0; done < length; done += DB_SEGMENT_SIZE) {
        uint8_t element[4];

        cell = new_cell_with(image, data + done,
                             MIN(length - done, DB_SEGMENT_SIZE), errp);
        if (cell == HIVE_NO_CELL) {
            return HIVE_NO_CELL;
        }
        put_le32(element, cell);
        g_byte_array_append(table, element, sizeof(element));
    }
    cell = new_cell_with(image, table->data, table->len, errp);
    if (cell == HIVE_NO_CELL) {
        return HIVE_NO_CELL;
    }
    put_le16(record + DB_SEGMENTS, table->len / 4);
    put_le32(record + DB_LIST, cell);
    return new_cell_with(image, record, sizeof(record), errp);
}

uint32_t hive_data_new(HiveImage *image, const uint8_t *data,
                       uint32_t length, GError **errp)
{
    return hive_is_big_data(image, length)
           ? new_big_data(image, data, length, errp)
           : new_cell_with(image, data, length, errp);
}
