/*
 * Hive: a registry hive, opened and read
 *
 * A dirty hive, the last changes of which are in its log, is refused here:
 * replaying the log comes before (hive-log.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "error.h"
#include "guest-limits.h"
#include "hive-index.h"
#include "hive-internal.h"
#include "hive-key.h"
#include "hive-value.h"
#include "le.h"

#define FILETIME_EPOCH_OFFSET 116444736000000000LL
#define FILETIME_PER_SECOND 10000000

/* The last second of the year 9999. */
#define LATEST_SECOND 253402300799

static bool check_base_block(const uint8_t *base, size_t size,
                             const char *where, GError **errp)
{
    g_autofree char *why = NULL;
    uint32_t major, minor, bins;

    if (!hive_base_is_hive(base, size)) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: this is no registry hive; restore it in the source "
                    "VM", where);
        return false;
    }
    why = hive_base_why_dirty(base);
    if (why) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "%s: the registry hive is dirty (%s), its last changes "
                    "are only in its log: boot it in the source VM and shut "
                    "it down fully", where, why);
        return false;
    }
    major = get_le32(base + HIVE_BASE_MAJOR);
    minor = get_le32(base + HIVE_BASE_MINOR);
    if (major != 1 || minor < HIVE_MINOR_OLDEST ||
        minor > HIVE_MINOR_NEWEST || size > LIMIT_HIVE_SIZE) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "%s: a registry hive of version %u.%u and %zu bytes "
                    "cannot be edited, only one of 1.%u to 1.%u and %u MiB",
                    where, major, minor, size, HIVE_MINOR_OLDEST,
                    HIVE_MINOR_NEWEST, LIMIT_HIVE_SIZE / MiB);
        return false;
    }
    bins = get_le32(base + HIVE_BASE_BINS_SIZE);
    if (bins > size - HIVE_BASE_SIZE) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: the registry hive is cut off: it should have %u "
                    "bytes more; restore it in the source VM", where,
                    bins - (uint32_t)(size - HIVE_BASE_SIZE));
        return false;
    }
    return true;
}

bool hive_set_damaged(const Hive *hive, const char *why, GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                "%s: the registry hive is damaged: %s; restore it in the "
                "source VM", hive->where, why);
    return false;
}

static bool load(Hive *hive, const uint8_t *base, GError **errp)
{
    uint32_t root = get_le32(base + HIVE_BASE_ROOT);
    g_autofree char *why = NULL;

    hive->image = hive_image_new(hive->original, &why);
    if (!hive->image) {
        return hive_set_damaged(hive, why, errp);
    }
    if (!hive_node(hive->image, root)) {
        return hive_set_damaged(hive, "it has no root key", errp);
    }
    hive->root = hive_key_of(root);
    hive->now = get_le64(base + HIVE_BASE_LAST_WRITTEN);
    hive->sequence = MAX(get_le32(base + HIVE_BASE_PRIMARY_SEQ),
                         get_le32(base + HIVE_BASE_SECONDARY_SEQ));
    return true;
}

Hive *hive_open(GBytes *bytes, const char *where, GError **errp)
{
    g_autoptr(Hive) hive = g_new0(Hive, 1);
    gsize size;
    const uint8_t *base = g_bytes_get_data(bytes, &size);

    if (!check_base_block(base, size, where, errp)) {
        return NULL;
    }
    hive->where = g_strdup(where);
    hive->original = g_bytes_ref(bytes);
    return load(hive, base, errp) ? g_steal_pointer(&hive) : NULL;
}

void hive_free(Hive *hive)
{
    if (hive) {
        g_clear_pointer(&hive->original, g_bytes_unref);
        hive_image_free(hive->image);
        hive_check_free(hive->before);
        g_free(hive->where);
        g_free(hive);
    }
}

int64_t hive_last_written(const Hive *hive)
{
    return hive_base_last_written(g_bytes_get_data(hive->original, NULL));
}

void hive_set_time(Hive *hive, int64_t seconds)
{
    hive->now = CLAMP(seconds, 0, LATEST_SECOND) * FILETIME_PER_SECOND +
                FILETIME_EPOCH_OFFSET;
}

void hive_note_log(Hive *hive, uint32_t sequence)
{
    hive->sequence = MAX(hive->sequence, sequence);
}

HiveKey hive_find_subkey(const Hive *hive, HiveKey key, const char *name)
{
    g_autoptr(GByteArray) buffer = g_byte_array_new();
    HiveName wanted;

    if (!hive_name_from_utf8(name, LIMIT_KEY_NAME, buffer, &wanted)) {
        return HIVE_NO_KEY;
    }
    return hive_key_of(hive_key_find(hive->image, hive_cell_of(key), &wanted));
}

HiveKey hive_find_key(Hive *hive, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "\\", -1);
    HiveKey key = hive->root;

    for (char **name = names; *name && key != HIVE_NO_KEY; name++) {
        key = hive_find_subkey(hive, key, *name);
    }
    return key;
}

GArray *hive_subkeys(Hive *hive, HiveKey key)
{
    GArray *subkeys = g_array_new(FALSE, FALSE, sizeof(HiveKey));
    g_autoptr(HiveIndex) index = NULL;
    g_autoptr(GArray) cells = NULL;

    if (key != HIVE_NO_KEY) {
        index = hive_index_load(hive->image, hive_cell_of(key));
        cells = index ? hive_index_keys(index) : NULL;
    }
    for (guint i = 0; cells && i < cells->len; i++) {
        uint32_t cell = g_array_index(cells, uint32_t, i);
        HiveKey subkey = hive_key_of(cell);

        if (hive_node(hive->image, cell)) {
            g_array_append_val(subkeys, subkey);
        }
    }
    return subkeys;
}

char *hive_key_name(Hive *hive, HiveKey key)
{
    HiveName name = hive_node_name(hive_node(hive->image, hive_cell_of(key)));

    return hive_name_to_utf8(&name);
}

char **hive_value_names(Hive *hive, HiveKey key)
{
    GPtrArray *names = g_ptr_array_new();
    g_autoptr(GArray) values = key == HIVE_NO_KEY
        ? NULL : hive_values(hive->image, hive_cell_of(key));

    for (guint i = 0; values && i < values->len; i++) {
        const uint8_t *value =
            hive_value(hive->image, g_array_index(values, uint32_t, i));

        if (value) {
            HiveName name = hive_value_name(value);

            g_ptr_array_add(names, hive_name_to_utf8(&name));
        }
    }
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

GBytes *hive_get_value(Hive *hive, HiveKey key, const char *name,
                       uint32_t *type)
{
    g_autoptr(GByteArray) buffer = g_byte_array_new();
    HiveName wanted;
    uint32_t value;

    if (!hive_name_from_utf8(name, LIMIT_VALUE_NAME, buffer, &wanted)) {
        return NULL;
    }
    value = hive_value_find(hive->image, hive_cell_of(key), &wanted);
    return value == HIVE_NO_CELL
           ? NULL : hive_value_read(hive->image, value, type);
}

bool hive_get_dword(Hive *hive, const char *path, const char *name,
                    uint32_t *value)
{
    return hive_key_dword(hive, hive_find_key(hive, path), name, value);
}

bool hive_key_dword(Hive *hive, HiveKey key, const char *name,
                    uint32_t *value)
{
    g_autoptr(GBytes) data = NULL;
    uint32_t type;

    if (key != HIVE_NO_KEY) {
        data = hive_get_value(hive, key, name, &type);
    }
    if (!data || type != REG_DWORD || g_bytes_get_size(data) != 4) {
        return false;
    }
    *value = get_le32(g_bytes_get_data(data, NULL));
    return true;
}

char *hive_get_string(Hive *hive, const char *path, const char *name)
{
    return hive_key_string(hive, hive_find_key(hive, path), name);
}

char *hive_key_string(Hive *hive, HiveKey key, const char *name)
{
    g_autoptr(GBytes) data = NULL;
    g_autofree gunichar2 *units = NULL;
    size_t length;
    uint32_t type;

    if (key != HIVE_NO_KEY) {
        data = hive_get_value(hive, key, name, &type);
    }
    if (!data || (type != REG_SZ && type != REG_EXPAND_SZ)) {
        return NULL;
    }
    length = g_bytes_get_size(data) / 2;
    units = g_new0(gunichar2, length + 1);
    for (size_t i = 0; i < length; i++) {
        const uint8_t *p = g_bytes_get_data(data, NULL);

        units[i] = get_le16(p + 2 * i);
    }
    return g_utf16_to_utf8(units, -1, NULL, NULL, NULL);
}
