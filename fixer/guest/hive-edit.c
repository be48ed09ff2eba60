/*
 * Hive: a registry hive, edited
 *
 * hivex reads hives well, but it does not write what Windows would, and two
 * readers are one too many: it is not used at all.  Version 1.3.23 (the first
 * and the third were tried, the rest was read in its source)
 *
 * - sorts subkeys in lower case, where Windows does in upper case: "_" is in
 *   the wrong place then, and the key is not found;
 * - computes wrong hashes for names that are not ASCII;
 * - writes lh lists into the hives of Windows 2000, which knows none, and
 *   never divides a list; it cannot delete a key from an li list;
 * - puts big data into one cell;
 * - writes all values of a key anew when one changes, by names that cannot
 *   hold a NUL, and by a reader that loses the end of some big data;
 * - never uses a free cell, so that hives and patches grow;
 * - does not look at sequence numbers and logs, trusts what the ring of
 *   security descriptors says, and opens hives by file names.
 *
 * hivexregedit, reged and libregf judge in the tests what is written here.
 *
 * What is written: cells as Windows would write them, in free cells first;
 * what an edit does not speak of stays as it is, byte for byte.  hive_save()
 * sets the base block: sequence numbers above all that the hive and its logs
 * have seen, and another time, so that no old log can ever match the hive.
 * Before it gives the hive away it has all of it checked by other code
 * (hive-check.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "guest-limits.h"
#include "hive-internal.h"
#include "hive-key.h"
#include "hive-value.h"
#include "le.h"

/* Before the first edit: what is wrong already, and where there is room. */
static bool begin_edit(Hive *hive, GError **errp)
{
    if (!hive->before) {
        hive->before = hive_check_new(hive->image, hive_cell_of(hive->root));
        hive_image_begin_edit(hive->image,
                              hive_check_references(hive->before));
    }
    return !hive_check_is_hopeless(hive->before) ||
           hive_set_damaged(hive, "it has too many faults", errp);
}

static bool name_the_key(const Hive *hive, const char *key, GError **errp)
{
    g_prefix_error(errp, "%s: key %s: ", hive->where, key);
    return false;
}

static bool check_is_no_link(const Hive *hive, HiveKey key, GError **errp)
{
    const uint8_t *node = hive_node(hive->image, hive_cell_of(key));

    if (get_le16(node + NK_FLAGS) & NK_FLAG_LINK) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "it leads through a link to another key; name that one");
        return false;
    }
    return true;
}

static HiveKey create_subkey(Hive *hive, HiveKey key, const char *name,
                             GError **errp)
{
    g_autoptr(GByteArray) buffer = g_byte_array_new();
    HiveName wanted;

    if (!hive_name_from_utf8(name, LIMIT_KEY_NAME, buffer, &wanted) ||
        wanted.length == 0) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "each name in it must have 1 to %u characters",
                    LIMIT_KEY_NAME);
        return HIVE_NO_KEY;
    }
    return hive_key_of(hive_key_new(hive->image, hive_cell_of(key), &wanted,
                                    hive->now, errp));
}

HiveKey hive_create_key(Hive *hive, const char *path, GError **errp)
{
    g_auto(GStrv) names = g_strsplit(path, "\\", -1);
    HiveKey key = hive->root;

    if (!begin_edit(hive, errp)) {
        return HIVE_NO_KEY;
    }
    for (char **name = names; *name && key != HIVE_NO_KEY; name++) {
        HiveKey subkey = hive_find_subkey(hive, key, *name);

        if (subkey == HIVE_NO_KEY) {
            subkey = create_subkey(hive, key, *name, errp);
        } else if (!check_is_no_link(hive, subkey, errp)) {
            subkey = HIVE_NO_KEY;
        }
        key = subkey;
    }
    if (key == HIVE_NO_KEY) {
        name_the_key(hive, path, errp);
    }
    return key;
}

static bool set_value(Hive *hive, HiveKey key, const RegValue *change,
                      GError **errp)
{
    g_autoptr(GByteArray) buffer = g_byte_array_new();
    HiveName name;

    if (!hive_name_from_utf8(change->name, LIMIT_VALUE_NAME, buffer,
                             &name)) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "a value's name must have at most %u characters",
                    LIMIT_VALUE_NAME);
        return false;
    }
    if (change->remove) {
        return hive_value_delete(hive->image, hive_cell_of(key), &name, errp);
    }
    return hive_value_set(hive->image, hive_cell_of(key), &name, change->type,
                          change->data, errp);
}

bool hive_set_values(Hive *hive, HiveKey key, GPtrArray *changes,
                     GError **errp)
{
    g_autofree char *name = hive_key_name(hive, key);

    if (!begin_edit(hive, errp)) {
        return false;
    }
    for (guint i = 0; i < changes->len; i++) {
        if (!set_value(hive, key, g_ptr_array_index(changes, i), errp)) {
            return name_the_key(hive, name, errp);
        }
    }
    put_le64(hive_node(hive->image, hive_cell_of(key)) + NK_TIMESTAMP,
             hive->now);
    return true;
}

bool hive_delete_key(Hive *hive, HiveKey key, GError **errp)
{
    g_autofree char *name = hive_key_name(hive, key);

    if (!begin_edit(hive, errp)) {
        return false;
    }
    if (key == hive->root) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: its root key cannot be deleted", hive->where);
        return false;
    }
    return hive_key_delete(hive->image, hive_cell_of(key), hive->now, errp) ||
           name_the_key(hive, name, errp);
}

static bool is_changed(const Hive *hive)
{
    gsize size;
    const void *before = g_bytes_get_data(hive->original, &size);

    return hive->image->file->len != size ||
           memcmp(hive->image->file->data, before, size) != 0;
}

/* Windows begins a write with one number and ends it with the other. */
static void seal(Hive *hive)
{
    uint8_t *base = hive->image->file->data;
    uint64_t last = get_le64((const uint8_t *)g_bytes_get_data(hive->original,
                                                               NULL) +
                             HIVE_BASE_LAST_WRITTEN);
    uint64_t now = MAX(hive->now, last + 1);

    put_le32(base + HIVE_BASE_PRIMARY_SEQ, hive->sequence + 1);
    put_le32(base + HIVE_BASE_SECONDARY_SEQ, hive->sequence + 1);
    put_le64(base + HIVE_BASE_LAST_WRITTEN, now);
    put_le64(base + HIVE_BASE_SIZE + HIVE_BIN_TIMESTAMP, now);
    put_le32(base + HIVE_BASE_BINS_SIZE, hive->image->bins);
    put_le32(base + HIVE_BASE_CHECKSUM, hive_base_checksum(base));
}

/* What is wrong with the edited hive, to be freed, or NULL. */
static char *find_fault(const Hive *hive, GBytes *bytes)
{
    const uint8_t *base = g_bytes_get_data(bytes, NULL);
    char *why = hive_base_why_dirty(base);
    g_autoptr(HiveImage) image = why ? NULL : hive_image_new(bytes, &why);
    g_autoptr(HiveCheck) after = NULL;

    if (!image) {
        return why;
    }
    after = hive_check_new(image, get_le32(base + HIVE_BASE_ROOT));
    return hive_check_compare(hive->before, after);
}

char *hive_describe_damage(const Hive *hive)
{
    return hive->before ? hive_check_describe(hive->before) : NULL;
}

GBytes *hive_save(Hive *hive, GError **errp)
{
    g_autoptr(GBytes) bytes = NULL;
    g_autofree char *why = NULL;

    if (!is_changed(hive)) {
        return g_bytes_ref(hive->original);
    }
    seal(hive);
    bytes = g_bytes_new(hive->image->file->data, hive->image->file->len);
    why = find_fault(hive, bytes);
    if (why) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: the edit of the registry hive came out wrong: %s; "
                    "restore it in the source VM (if it is in order there, "
                    "this is an error in win-xenprep)", hive->where, why);
        return NULL;
    }
    return g_steal_pointer(&bytes);
}
