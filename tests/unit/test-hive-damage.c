/*
 * Damaged registry hives: an edit succeeds or is refused, and never worse
 *
 * A hive with all kinds of records is damaged in a few places at a time: bits
 * flip, and numbers become others that mean something there, such as the
 * offset of another cell.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "hive-base.h"
#include "hive.h"
#include "le.h"
#include "util.h"

#define ROUNDS 3000
#define SEED 20240229

static GBytes *shared_bytes(const char *name)
{
    g_autofree char *path = shared_data(name);

    return path ? read_file(path) : NULL;
}

static void add_value(GPtrArray *values, const char *name, gsize length)
{
    RegValue *value = g_new0(RegValue, 1);
    guint8 *data = g_malloc(length + 1);

    memset(data, 'x', length);
    value->name = g_strdup(name);
    value->type = REG_BINARY;
    value->data = g_bytes_new_take(data, length);
    g_ptr_array_add(values, value);
}

static void free_value(void *opaque)
{
    RegValue *value = opaque;

    g_free(value->name);
    g_bytes_unref(value->data);
    g_free(value);
}

static bool set_values(Hive *hive, HiveKey key, gsize length, GError **errp)
{
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(free_value);

    add_value(values, "", length);
    add_value(values, "small", 4);
    add_value(values, "größe", 40);
    return hive_set_values(hive, key, values, errp);
}

/* Keys and values, some of them gone again. */
static bool edit(Hive *hive, const char *name, gsize length, GError **errp)
{
    for (unsigned i = 0; i < 12; i++) {
        g_autofree char *path = g_strdup_printf("%s\\key_%u\\below", name, i);
        HiveKey key = hive_create_key(hive, path, errp);

        if (key == HIVE_NO_KEY ||
            (i % 3 == 0 && !set_values(hive, key, length * (i + 1), errp)) ||
            (i % 4 == 3 && !hive_delete_key(hive, key, errp))) {
            return false;
        }
    }
    return true;
}

/* A hive with something of everything. */
static GBytes *sample_hive(void)
{
    g_autoptr(GBytes) bytes = shared_bytes("hives/edge/special");
    g_autoptr(GError) err = NULL;
    g_autoptr(Hive) hive = NULL;
    GBytes *saved = NULL;

    if (bytes) {
        hive = hive_open(bytes, "special", &err);
        g_assert_no_error(err);
        edit(hive, "before", 2000, &err);
        g_assert_no_error(err);
        saved = hive_save(hive, &err);
        g_assert_no_error(err);
    }
    return saved;
}

/* A number that may mean something at another place of the hive. */
static uint32_t odd_number(GRand *rand, const uint8_t *data, gsize size)
{
    switch (g_rand_int_range(rand, 0, 6)) {
    case 0:
        return g_rand_int_range(rand, 0, 4);
    case 1:
        return UINT32_MAX;
    case 2:
        return 0x80000000u | g_rand_int_range(rand, 0, 8);
    case 3:
        return g_rand_int_range(rand, 0, size) & ~7;
    default:
        /* What is the offset of a cell more often than not. */
        return get_le32(data + HIVE_BASE_SIZE +
                        (g_rand_int_range(rand, 32, size - HIVE_BASE_SIZE -
                                          4) & ~3));
    }
}

static GBytes *damage(GBytes *bytes, GRand *rand)
{
    gsize size = g_bytes_get_size(bytes);
    guint8 *data = g_memdup2(g_bytes_get_data(bytes, NULL), size);

    for (int i = g_rand_int_range(rand, 1, 4); i > 0; i--) {
        gsize at = g_rand_int_range(rand, HIVE_BASE_SIZE, size - 4);

        if (g_rand_boolean(rand)) {
            data[at] ^= 1 << g_rand_int_range(rand, 0, 8);
        } else {
            put_le32(data + (at & ~3), odd_number(rand, data, size));
        }
    }
    if (g_rand_int_range(rand, 0, 8) == 0) {
        put_le32(data + HIVE_BASE_ROOT, odd_number(rand, data, size));
    }
    put_le32(data + HIVE_BASE_CHECKSUM, hive_base_checksum(data));
    return g_bytes_new_take(data, size);
}

static void read_keys(Hive *hive, HiveKey key, unsigned depth)
{
    g_autoptr(GArray) keys = hive_subkeys(hive, key);

    for (guint i = 0; depth > 0 && i < keys->len; i++) {
        HiveKey subkey = g_array_index(keys, HiveKey, i);
        g_autofree char *name = hive_key_name(hive, subkey);
        g_autoptr(GBytes) data = NULL;
        uint32_t type;

        g_assert_true(g_utf8_validate(name, -1, NULL));
        data = hive_get_value(hive, subkey, "", &type);
        read_keys(hive, subkey, depth - 1);
    }
}

/* Whether the hive could be edited; if so, it can be opened again. */
static bool try_hive(GBytes *bytes)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(Hive) hive = hive_open(bytes, "it", &err);
    g_autoptr(Hive) again = NULL;
    g_autoptr(GBytes) saved = NULL;
    HiveKey key;

    if (hive) {
        read_keys(hive, hive_find_key(hive, ""), 4);
        key = hive_find_key(hive, "before\\key_5");
        if ((key == HIVE_NO_KEY || hive_delete_key(hive, key, &err)) &&
            edit(hive, "before", 3000, &err) &&
            edit(hive, "after", 10, &err)) {
            saved = hive_save(hive, &err);
        }
    }
    if (!saved) {
        g_assert_nonnull(err);
        g_assert_true(g_str_has_prefix(err->message, "it: "));
        return false;
    }
    again = hive_open(saved, "again", &err);
    g_assert_no_error(err);
    g_assert_cmpuint(hive_find_key(again, "after\\key_0\\below"), !=,
                     HIVE_NO_KEY);
    return true;
}

static void test_damage(void)
{
    g_autoptr(GBytes) bytes = sample_hive();
    g_autoptr(GRand) rand = g_rand_new_with_seed(SEED);
    unsigned edited = 0;

    if (!bytes) {
        return;
    }
    g_assert_true(try_hive(bytes));
    for (unsigned i = 0; i < ROUNDS; i++) {
        g_autoptr(GBytes) damaged = damage(bytes, rand);

        edited += try_hive(damaged);
    }
    g_test_message("%u of %u could be edited", edited, ROUNDS);
    /* Neither all nor none: the damage is where it can be noticed. */
    g_assert_cmpuint(edited, >, ROUNDS / 10);
    g_assert_cmpuint(edited, <, ROUNDS * 9 / 10);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hive-damage/edits", test_damage);
    return g_test_run();
}
