/*
 * Registry values that are made here, to be set in a hive
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "le.h"
#include "reg-values.h"

static void value_free(void *opaque)
{
    RegValue *value = opaque;

    g_clear_pointer(&value->data, g_bytes_unref);
    g_free(value);
}

GPtrArray *reg_values_new(void)
{
    return g_ptr_array_new_with_free_func(value_free);
}

static void add(GPtrArray *values, const char *name, uint32_t type,
                GBytes *data)
{
    RegValue *value = g_new0(RegValue, 1);

    value->name = (char *)name;
    value->type = type;
    value->data = data;
    g_ptr_array_add(values, value);
}

void reg_values_add_string(GPtrArray *values, const char *name,
                           uint32_t type, const char *text)
{
    glong length;
    gunichar2 *units = g_utf8_to_utf16(text, -1, NULL, &length, NULL);
    gsize size = (length + 1) * 2;
    uint8_t *data = g_malloc(size);

    for (glong i = 0; i <= length; i++) {
        put_le16(data + 2 * i, units[i]);
    }
    g_free(units);
    add(values, name, type, g_bytes_new_take(data, size));
}

void reg_values_add_number(GPtrArray *values, const char *name,
                           uint32_t number)
{
    uint8_t data[4];

    put_le32(data, number);
    add(values, name, REG_DWORD, g_bytes_new(data, sizeof(data)));
}

void reg_values_add_removal(GPtrArray *values, const char *name)
{
    RegValue *value = g_new0(RegValue, 1);

    value->name = (char *)name;
    value->remove = true;
    g_ptr_array_add(values, value);
}
