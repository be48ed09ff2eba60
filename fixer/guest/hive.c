/*
 * Hive: a registry hive, through hivex
 *
 * hivex looks at neither the sequence numbers nor the logs: it would commit a
 * dirty hive as a clean one, and the guest's last changes would be gone.  The
 * base block is therefore checked here, before hivex sees the hive.
 *
 * hivex never uses a freed cell again, so that setting values one by one
 * would write a key's list of values as often.  hive_set_values() takes them
 * all at once.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <stdlib.h>
#include <hivex.h>

#include "error.h"
#include "guest-limits.h"
#include "hive-base.h"
#include "hive.h"
#include "le.h"
#include "memfile.h"

struct Hive {
    hive_h *h;
    char *where;
    int64_t last_written;
};

static bool check_base_block(const uint8_t *base, size_t size,
                             const char *where, GError **errp)
{
    g_autofree char *why = NULL;
    uint32_t bins;

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

static void set_errno(Hive *hive, const char *what, GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID, "%s: %s: %s",
                hive->where, what, g_strerror(errno));
}

Hive *hive_open(GBytes *bytes, const char *where, GError **errp)
{
    g_autoptr(Hive) hive = g_new0(Hive, 1);
    g_autoptr(Memfile) file = NULL;
    gsize size;
    const uint8_t *base = g_bytes_get_data(bytes, &size);

    hive->where = g_strdup(where);
    if (!check_base_block(base, size, where, errp)) {
        return NULL;
    }
    hive->last_written = hive_base_last_written(base);
    file = memfile_new(bytes, errp);
    if (!file) {
        return NULL;
    }
    hive->h = hivex_open(file->name, HIVEX_OPEN_WRITE);
    if (!hive->h) {
        set_errno(hive, "the registry hive is damaged", errp);
        return NULL;
    }
    return g_steal_pointer(&hive);
}

void hive_free(Hive *hive)
{
    if (hive) {
        if (hive->h) {
            hivex_close(hive->h);
        }
        g_free(hive->where);
        g_free(hive);
    }
}

int64_t hive_last_written(const Hive *hive)
{
    return hive->last_written;
}

HiveKey hive_find_key(Hive *hive, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "\\", -1);
    HiveKey key = hivex_root(hive->h);

    for (char **name = names; *name && key != HIVE_NO_KEY; name++) {
        key = hivex_node_get_child(hive->h, key, *name);
    }
    return key;
}

GArray *hive_subkeys(Hive *hive, HiveKey key)
{
    GArray *keys = g_array_new(FALSE, FALSE, sizeof(HiveKey));
    hive_node_h *children = NULL;

    if (key != HIVE_NO_KEY) {
        children = hivex_node_children(hive->h, key);
    }
    for (hive_node_h *child = children; child && *child; child++) {
        HiveKey subkey = *child;

        g_array_append_val(keys, subkey);
    }
    free(children);
    return keys;
}

char *hive_key_name(Hive *hive, HiveKey key)
{
    char *name = hivex_node_name(hive->h, key);

    /* GLib's memory is the C library's, as hivex's is. */
    return name ? name : g_strdup("");
}

static bool is_named(Hive *hive, hive_value_h value, const char *name)
{
    char *key = hivex_value_key(hive->h, value);
    bool same = key && g_ascii_strcasecmp(key, name) == 0;

    free(key);
    return same;
}

GBytes *hive_get_value(Hive *hive, HiveKey key, const char *name,
                       uint32_t *type)
{
    hive_value_h *values = hivex_node_values(hive->h, key);
    GBytes *found = NULL;

    for (hive_value_h *v = values; v && *v && !found; v++) {
        if (is_named(hive, *v, name)) {
            hive_type t;
            size_t length;
            char *data = hivex_value_value(hive->h, *v, &t, &length);

            if (data) {
                found = g_bytes_new_with_free_func(data, length, free, data);
                *type = t;
            }
        }
    }
    free(values);
    return found;
}

bool hive_get_dword(Hive *hive, const char *path, const char *name,
                    uint32_t *value)
{
    HiveKey key = hive_find_key(hive, path);
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

HiveKey hive_create_key(Hive *hive, const char *path, GError **errp)
{
    g_auto(GStrv) names = g_strsplit(path, "\\", -1);
    HiveKey key = hivex_root(hive->h);

    for (char **name = names; *name; name++) {
        HiveKey child = hivex_node_get_child(hive->h, key, *name);

        if (child == HIVE_NO_KEY) {
            child = hivex_node_add_child(hive->h, key, *name);
        }
        if (child == HIVE_NO_KEY) {
            set_errno(hive, path, errp);
            return HIVE_NO_KEY;
        }
        key = child;
    }
    return key;
}

/* hivex's form of a value; it owns its name and data. */
static void clear_set_value(void *opaque)
{
    hive_set_value *value = opaque;

    free(value->key);
    free(value->value);
}

/* Whether one of @changes sets or deletes the value of that name. */
static bool is_changed(GPtrArray *changes, const char *name)
{
    for (guint i = 0; i < changes->len; i++) {
        const RegValue *change = g_ptr_array_index(changes, i);

        if (g_ascii_strcasecmp(change->name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Adds the key's present values but for those that @changes speaks of. */
static bool keep_values(Hive *hive, HiveKey key, GPtrArray *changes,
                        GArray *kept)
{
    hive_value_h *values = hivex_node_values(hive->h, key);
    bool ok = values != NULL;

    for (hive_value_h *v = values; ok && *v; v++) {
        hive_set_value value = { .key = hivex_value_key(hive->h, *v) };

        if (value.key && !is_changed(changes, value.key)) {
            value.value = hivex_value_value(hive->h, *v, &value.t,
                                            &value.len);
            ok = value.value != NULL;
            g_array_append_val(kept, value);
        } else {
            ok = value.key != NULL;
            free(value.key);
        }
    }
    free(values);
    return ok;
}

/* A later change of the same value wins, as in regedit. */
static bool is_last(GPtrArray *changes, guint index)
{
    const RegValue *change = g_ptr_array_index(changes, index);

    for (guint i = index + 1; i < changes->len; i++) {
        const RegValue *later = g_ptr_array_index(changes, i);

        if (g_ascii_strcasecmp(change->name, later->name) == 0) {
            return false;
        }
    }
    return true;
}

static void add_values(GPtrArray *changes, GArray *values)
{
    for (guint i = 0; i < changes->len; i++) {
        const RegValue *change = g_ptr_array_index(changes, i);

        if (!change->remove && is_last(changes, i)) {
            gsize length;
            const void *data = g_bytes_get_data(change->data, &length);
            /* GLib's memory is the C library's, as hivex's is. */
            hive_set_value value = {
                .key = g_strdup(change->name),
                .t = (hive_type)change->type,
                .len = length,
                .value = g_memdup2(data, length),
            };

            g_array_append_val(values, value);
        }
    }
}

bool hive_set_values(Hive *hive, HiveKey key, GPtrArray *changes,
                     GError **errp)
{
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE,
                                           sizeof(hive_set_value));
    bool ok;

    g_array_set_clear_func(values, clear_set_value);
    ok = keep_values(hive, key, changes, values);
    if (ok) {
        add_values(changes, values);
        ok = hivex_node_set_values(hive->h, key, values->len,
                                   (hive_set_value *)values->data, 0) == 0;
    }
    if (!ok) {
        set_errno(hive, "a key's values cannot be set", errp);
    }
    return ok;
}

bool hive_delete_key(Hive *hive, HiveKey key, GError **errp)
{
    if (hivex_node_delete_child(hive->h, key) < 0) {
        set_errno(hive, "a key cannot be deleted", errp);
        return false;
    }
    return true;
}

GBytes *hive_save(Hive *hive, GError **errp)
{
    g_autoptr(Memfile) file = memfile_new(NULL, errp);

    if (!file) {
        return NULL;
    }
    if (hivex_commit(hive->h, file->name, 0) < 0) {
        set_errno(hive, "the registry hive cannot be written", errp);
        return NULL;
    }
    return memfile_read(file, errp);
}
