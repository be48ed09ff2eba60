/*
 * Hive: values that are lists of strings
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "hive-name.h"
#include "hive-strings.h"

static bool is_list(uint32_t type)
{
    return type == REG_MULTI_SZ || type == REG_SZ || type == REG_EXPAND_SZ;
}

/* Bytes of the string at @data in front of its NUL, or of all @size. */
static size_t string_size(const uint8_t *data, size_t size)
{
    size_t length = 0;

    while (size - length >= 2 && (data[length] || data[length + 1])) {
        length += 2;
    }
    return length;
}

char **hive_key_strings(Hive *hive, HiveKey key, const char *name)
{
    g_autoptr(GBytes) value = NULL;
    GPtrArray *strings;
    const uint8_t *data;
    uint32_t type;
    gsize size;

    if (key != HIVE_NO_KEY) {
        value = hive_get_value(hive, key, name, &type);
    }
    if (!value || !is_list(type)) {
        return NULL;
    }
    strings = g_ptr_array_new();
    data = g_bytes_get_data(value, &size);
    while (size >= 2) {
        size_t length = string_size(data, size);
        HiveName string = hive_name(data, length, false);

        if (length == 0) {
            break;
        }
        g_ptr_array_add(strings, hive_name_to_utf8(&string));
        data += MIN(size, length + 2);
        size -= MIN(size, length + 2);
        if (type != REG_MULTI_SZ) {
            break;
        }
    }
    g_ptr_array_add(strings, NULL);
    return (char **)g_ptr_array_free(strings, FALSE);
}
