/*
 * Limits of registry hives: at each of them, and one beyond
 *
 * docs/limits.rst says which limits are tested elsewhere.  Lists that are
 * too long for a hive that was edited into being are put into one here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "device-instances.h"
#include "enum-walk.h"
#include "error.h"
#include "guest-limits.h"
#include "hive-base.h"
#include "hive-fixture.h"
#include "hive-internal.h"
#include "hive-key.h"
#include "hive-value.h"
#include "le.h"

#define BIN 4096

/* A key in HKEY_LOCAL_MACHINE\SYSTEM, in a .reg file. */
#define KEY(path) "[HKEY_LOCAL_MACHINE\\SYSTEM\\" path "]\n"

static void assert_message(GError *err, int code, const char *part)
{
    g_assert_error(err, GUEST_ERROR, code);
    g_test_message("%s", err->message);
    g_assert_nonnull(strstr(err->message, part));
}

/* ---------------------------------------------------- hives with more cells */

static uint32_t cell_size(uint32_t room)
{
    return (room + 4 + 7) & ~7u;
}

/*
 * The hive of the .reg text @body with a bin more, in which there are @n cells
 * with room for @rooms bytes each; what is left of the bin is a cell, too.
 * All are in use, or free.  Where they are is in @cells.
 */
static Hive *with_cells(const char *body, const uint32_t *rooms, unsigned n,
                        bool in_use, uint32_t *cells)
{
    g_autoptr(Hive) small = fixture_hive(body);
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) saved = hive_save(small, &err);
    g_autoptr(GByteArray) file = g_byte_array_new();
    g_autoptr(GBytes) bytes = NULL;
    uint32_t bins = g_bytes_get_size(saved) - HIVE_BASE_SIZE;
    uint32_t at = HIVE_BIN_HEADER, size;
    uint8_t *bin;
    Hive *hive;

    for (unsigned i = 0; i < n; i++) {
        cells[i] = bins + at;
        at += cell_size(rooms[i]);
    }
    size = (at + 8 + BIN - 1) & ~(BIN - 1u);
    g_byte_array_append(file, g_bytes_get_data(saved, NULL),
                        HIVE_BASE_SIZE + bins);
    g_byte_array_set_size(file, file->len + size);
    bin = file->data + HIVE_BASE_SIZE + bins;
    memset(bin, 0, size);
    memcpy(bin, "hbin", 4);
    put_le32(bin + HIVE_BIN_OFFSET, bins);
    put_le32(bin + HIVE_BIN_SIZE, size);
    for (unsigned i = 0; i < n; i++) {
        put_le32(bin + (cells[i] - bins),
                 in_use ? -cell_size(rooms[i]) : cell_size(rooms[i]));
    }
    put_le32(bin + at, in_use ? -(size - at) : size - at);
    put_le32(file->data + HIVE_BASE_BINS_SIZE, bins + size);
    put_le32(file->data + HIVE_BASE_CHECKSUM, hive_base_checksum(file->data));
    bytes = g_bytes_new(file->data, file->len);
    hive = hive_open(bytes, "it", &err);
    g_assert_no_error(err);
    return hive;
}

static uint8_t *record(Hive *hive, uint32_t cell)
{
    uint32_t size;
    uint8_t *data = hive_cell(hive->image, cell, &size);

    g_assert_nonnull(data);
    return data;
}

static uint8_t *key_record(Hive *hive, const char *path)
{
    HiveKey key = hive_find_key(hive, path);

    g_assert_cmpuint(key, !=, HIVE_NO_KEY);
    return record(hive, hive_cell_of(key));
}

static void value_free(void *opaque)
{
    RegValue *value = opaque;

    g_free(value->name);
    g_bytes_unref(value->data);
    g_free(value);
}

/* A value of @length zeros in the key K. */
static bool set_value(Hive *hive, const char *name, gsize length,
                      GError **errp)
{
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(value_free);
    RegValue *value = g_new0(RegValue, 1);

    value->name = g_strdup(name);
    value->type = 3;
    value->data = g_bytes_new_take(g_malloc0(length + 1), length);
    g_ptr_array_add(values, value);
    return hive_set_values(hive, hive_find_key(hive, "K"), values, errp);
}

/* ------------------------------------------------------------------- lists */

/* The key K has @count values: "v", and for the rest the same "w". */
static Hive *with_values(uint32_t count)
{
    const uint32_t room = 4 * count;
    uint32_t list;
    Hive *hive = with_cells(KEY("K") "\"v\"=\"1\"\n\"w\"=\"2\"\n", &room, 1,
                            true, &list);
    uint8_t *node = key_record(hive, "K");
    uint8_t *old = record(hive, get_le32(node + NK_VALUE_LIST));

    for (uint32_t i = 0; i < count; i++) {
        put_le32(record(hive, list) + 4 * i, get_le32(old + 4 * (i > 0)));
    }
    put_le32(node + NK_VALUES, count);
    put_le32(node + NK_VALUE_LIST, list);
    return hive;
}

/* Nothing refers to the cells: that the lists repeat is not the matter. */
static const HiveReferences no_references;

static HiveName narrow_name(const char *text)
{
    return (HiveName) { (const uint8_t *)text, strlen(text), true };
}

/* Beside hive_set_values(), which looks for other faults first. */
static bool set_one(Hive *hive, const char *name, GError **errp)
{
    g_autoptr(GBytes) data = g_bytes_new("12345678", 8);
    HiveName wanted = narrow_name(name);

    hive_image_begin_edit(hive->image, &no_references);
    return hive_value_set(hive->image, hive_cell_of(hive_find_key(hive, "K")),
                          &wanted, 3, data, errp);
}

static void test_values(void)
{
    g_autoptr(Hive) most = with_values(LIMIT_VALUES);
    g_autoptr(Hive) more = with_values(LIMIT_VALUES + 1);
    g_autoptr(GError) err = NULL;

    set_one(most, "v", &err);
    g_assert_no_error(err);
    g_assert_false(set_one(most, "new", &err));
    assert_message(err, GUEST_ERROR_REFUSED, "it has 131072 values, and more "
                   "than 131072 are not dealt with; delete some");
    g_clear_error(&err);
    g_assert_false(set_one(more, "v", &err));
    assert_message(err, GUEST_ERROR_REFUSED, "it has 131073 values, and more "
                   "than 131072 are not dealt with");
}

static void put_list(Hive *hive, uint32_t cell, const char *kind,
                     uint16_t count, uint32_t first)
{
    uint8_t *list = record(hive, cell);

    memcpy(list, kind, 2);
    put_le16(list + 2, count);
    for (unsigned i = 0; i < count; i++) {
        put_le32(list + 4 + 4 * i, first);
    }
}

/* The key K has @count subkeys, all the same: A, in several lists. */
static Hive *with_subkeys(uint32_t count)
{
    uint32_t full = count / UINT16_MAX, rest = count % UINT16_MAX;
    /* The root, lists; and room, for more keys than fit are not looked at. */
    const uint32_t rooms[] = {
        4 + 4 * (full + 1), 4 + 4 * UINT16_MAX, 4 + 4 * rest,
        count * NK_NAME,
    };
    uint32_t cells[G_N_ELEMENTS(rooms)];
    Hive *hive = with_cells(KEY("K\\A"), rooms, G_N_ELEMENTS(rooms), true,
                            cells);
    uint8_t *node = key_record(hive, "K");
    uint32_t key = hive_cell_of(hive_find_key(hive, "K\\A"));

    put_list(hive, cells[0], "ri", full + 1, cells[1]);
    put_le32(record(hive, cells[0]) + 4 + 4 * full, cells[2]);
    put_list(hive, cells[1], "li", UINT16_MAX, key);
    put_list(hive, cells[2], "li", rest, key);
    put_le32(node + NK_SUBKEYS, count);
    put_le32(node + NK_SUBKEY_LIST, cells[0]);
    return hive;
}

static guint count_subkeys(Hive *hive)
{
    g_autoptr(GArray) keys = hive_subkeys(hive, hive_find_key(hive, "K"));

    return keys->len;
}

static bool create_one(Hive *hive, GError **errp)
{
    HiveName name = narrow_name("new");

    hive_image_begin_edit(hive->image, &no_references);
    return hive_key_new(hive->image, hive_cell_of(hive_find_key(hive, "K")),
                        &name, 0, errp) != HIVE_NO_CELL;
}

static void test_subkeys(void)
{
    g_autoptr(Hive) less = with_subkeys(LIMIT_SUBKEYS - 1);
    g_autoptr(Hive) most = with_subkeys(LIMIT_SUBKEYS);
    g_autoptr(Hive) more = with_subkeys(LIMIT_SUBKEYS + 1);
    g_autoptr(GError) err = NULL;

    create_one(less, &err);
    g_assert_no_error(err);
    g_assert_cmpuint(count_subkeys(less), ==, LIMIT_SUBKEYS);
    g_assert_cmpuint(count_subkeys(most), ==, LIMIT_SUBKEYS);
    g_assert_false(create_one(most, &err));
    assert_message(err, GUEST_ERROR_REFUSED, "it has 131072 subkeys, and no "
                   "more are made than that");
    g_clear_error(&err);
    /* None of them is believed then. */
    g_assert_cmpuint(count_subkeys(more), ==, 0);
    g_assert_false(create_one(more, &err));
    assert_message(err, GUEST_ERROR_INVALID, "its list of subkeys is damaged, "
                   "or has more than 131072");
}

/* Each of @count values of K is none. */
static Hive *with_faults(uint32_t count)
{
    Hive *hive = with_values(count);
    uint8_t *node = key_record(hive, "K");
    uint8_t *list = record(hive, get_le32(node + NK_VALUE_LIST));

    for (uint32_t i = 0; i < count; i++) {
        put_le32(list + 4 * i, HIVE_NO_CELL);
    }
    return hive;
}

static void test_faults(void)
{
    /* One fault more is the cell that nothing refers to. */
    g_autoptr(Hive) some = with_faults(LIMIT_HIVE_FAULTS - 8);
    g_autoptr(Hive) most = with_faults(LIMIT_HIVE_FAULTS);
    g_autoptr(GError) err = NULL;

    g_assert_cmpuint(hive_create_key(some, "new", &err), !=, HIVE_NO_KEY);
    g_assert_no_error(err);
    g_assert_cmpuint(hive_create_key(most, "new", &err), ==, HIVE_NO_KEY);
    assert_message(err, GUEST_ERROR_INVALID, "it has too many faults; restore "
                   "it in the source VM");
}

/* Of more free cells the first ones are used again. */
static void test_free_cells(void)
{
    const unsigned n = LIMIT_FREE_CELLS + 1000;
    g_autofree uint32_t *rooms = g_new(uint32_t, n);
    g_autofree uint32_t *cells = g_new(uint32_t, n);
    g_autoptr(Hive) hive = NULL;
    g_autoptr(Hive) again = NULL;
    g_autoptr(GError) err = NULL;

    for (unsigned i = 0; i < n; i++) {
        rooms[i] = 4;
    }
    hive = with_cells(KEY("K"), rooms, n, false, cells);
    hive_image_begin_edit(hive->image, &no_references);
    g_assert_cmpuint(hive->image->free->len, ==, LIMIT_FREE_CELLS);
    set_value(hive, "v", 100, &err);
    g_assert_no_error(err);
    again = fixture_reopen(hive);
    g_assert_cmpuint(hive_find_key(again, "K"), !=, HIVE_NO_KEY);
}

/* -------------------------------------------------------------------- sizes */

static void test_hive_grows(void)
{
    g_autoptr(Hive) hive = fixture_hive(KEY("K"));
    g_autoptr(GError) err = NULL;

    g_assert_false(set_value(hive, "v", LIMIT_HIVE_SIZE / 2 + 1, &err));
    assert_message(err, GUEST_ERROR_INVALID, "a value of 134217729 bytes is "
                   "too large; leave it out");
    g_clear_error(&err);
    set_value(hive, "v", LIMIT_HIVE_SIZE / 2, &err);
    g_assert_no_error(err);
    g_assert_false(set_value(hive, "w", LIMIT_HIVE_SIZE / 2, &err));
    assert_message(err, GUEST_ERROR_INVALID, "the hive would become larger "
                   "than 256 MiB, and such a one is not edited; make it "
                   "smaller in the source VM");
}

/* A hive of @size bytes: a fixture's, and a bin of one free cell. */
static GBytes *hive_of_size(uint32_t size)
{
    g_autoptr(Hive) small = fixture_hive(KEY("K"));
    g_autoptr(GBytes) saved = hive_save(small, NULL);
    gsize length;
    const void *data = g_bytes_get_data(saved, &length);
    uint8_t *file = g_malloc0(size);
    uint8_t *bin = file + length;

    memcpy(file, data, length);
    memcpy(bin, "hbin", 4);
    put_le32(bin + HIVE_BIN_OFFSET, length - HIVE_BASE_SIZE);
    put_le32(bin + HIVE_BIN_SIZE, size - length);
    put_le32(bin + HIVE_BIN_HEADER, size - length - HIVE_BIN_HEADER);
    put_le32(file + HIVE_BASE_BINS_SIZE, size - HIVE_BASE_SIZE);
    put_le32(file + HIVE_BASE_CHECKSUM, hive_base_checksum(file));
    return g_bytes_new_take(file, size);
}

static void test_hive_opens(void)
{
    g_autoptr(GBytes) most = hive_of_size(LIMIT_HIVE_SIZE);
    g_autoptr(GBytes) more = NULL;
    g_autoptr(GError) err = NULL;
    Hive *hive = hive_open(most, "it", &err);

    g_assert_no_error(err);
    hive_free(hive);
    g_clear_pointer(&most, g_bytes_unref);
    more = hive_of_size(LIMIT_HIVE_SIZE + BIN);
    g_assert_null(hive_open(more, "it", &err));
    assert_message(err, GUEST_ERROR_REFUSED, "it: a registry hive of version "
                   "1.5 and 268439552 bytes cannot be edited, only one of 1.3 "
                   "to 1.6 and 256 MiB");
}

/* ------------------------------------------------------------- names, depth */

static char *repeat(const char *text, unsigned n)
{
    GString *all = g_string_new(NULL);

    while (n-- > 0) {
        g_string_append(all, text);
    }
    return g_string_free(all, FALSE);
}

static void test_key_name(void)
{
    g_autoptr(Hive) hive = fixture_hive(KEY("K"));
    g_autofree char *most = repeat("n", LIMIT_KEY_NAME);
    g_autofree char *more = repeat("n", LIMIT_KEY_NAME + 1);
    g_autoptr(GError) err = NULL;

    hive_create_key(hive, most, &err);
    g_assert_no_error(err);
    g_assert_cmpuint(hive_create_key(hive, more, &err), ==, HIVE_NO_KEY);
    assert_message(err, GUEST_ERROR_INVALID,
                   "each name in it must have 1 to 255 characters");
}

static void test_value_name(void)
{
    g_autoptr(Hive) hive = fixture_hive(KEY("K"));
    g_autofree char *most = repeat("n", LIMIT_VALUE_NAME);
    g_autofree char *more = repeat("n", LIMIT_VALUE_NAME + 1);
    g_autoptr(GError) err = NULL;

    set_value(hive, most, 4, &err);
    g_assert_no_error(err);
    g_assert_false(set_value(hive, more, 4, &err));
    assert_message(err, GUEST_ERROR_INVALID,
                   "a value's name must have at most 16383 characters");
}

/* A hive with as many keys one below the other, beside K. */
static Hive *deep_hive(unsigned depth)
{
    g_autofree char *path = repeat("\\d", depth);
    Hive *hive = fixture_hive(KEY("K"));
    g_autoptr(GError) err = NULL;

    hive_create_key(hive, path + 1, &err);
    g_assert_no_error(err);
    return hive;
}

/*
 * Whoever saved a deeper one would leave Windows with a hive to be repaired.
 * The root is one of the keys.
 */
static void test_key_depth(void)
{
    g_autoptr(Hive) most = deep_hive(LIMIT_KEY_DEPTH - 1);
    g_autoptr(Hive) more = deep_hive(LIMIT_KEY_DEPTH);
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) saved = hive_save(most, &err);

    g_assert_no_error(err);
    g_assert_null(hive_save(more, &err));
    assert_message(err, GUEST_ERROR_INVALID, "the key is nested too deep");
}

/* ------------------------------------------------------------------ devices */

static void count_instance(Hive *system, HiveKey instance, const char *path,
                           void *opaque)
{
    ++*(unsigned *)opaque;
}

/* Each of as many devices of a hive has the same as many instances. */
static void test_enum_keys(void)
{
    const unsigned n = 300;
    g_autoptr(GString) body = g_string_new(NULL);
    g_autoptr(Hive) hive = NULL;
    g_autoptr(GArray) keys = NULL;
    const uint8_t *device;
    unsigned seen = 0;

    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(body, SET1 "Enum\\PCI\\%03u]\n", i);
    }
    hive = fixture_hive(body->str);
    device = key_record(hive, "ControlSet001\\Enum\\PCI");
    keys = hive_subkeys(hive, hive_find_key(hive, "ControlSet001\\Enum\\PCI"));
    g_assert_cmpuint(keys->len, ==, n);
    for (guint i = 0; i < n; i++) {
        uint8_t *key = record(hive, hive_cell_of(g_array_index(keys, HiveKey,
                                                               i)));

        put_le32(key + NK_SUBKEYS, n);
        put_le32(key + NK_SUBKEY_LIST, get_le32(device + NK_SUBKEY_LIST));
    }
    enum_walk(hive, 1, count_instance, &seen);
    /* Of the keys that count one is the enumerator, and some are devices. */
    g_assert_cmpuint(seen, <, LIMIT_ENUM_KEYS);
    g_assert_cmpuint(seen, >=, LIMIT_ENUM_KEYS - 1 - n);
}

#define DEVICE "PCI\\VEN_8086&DEV_7010"
#define GUID "{4D36E96A-E325-11CE-BFC1-08002BE10318}"

/* The instance is off in @n hardware profiles; the keys that are changed. */
static guint settle_in_profiles(unsigned n)
{
    static const char *const services[] = { "intelide", NULL };
    g_autoptr(GString) body = g_string_new(
        SET1 "Services\\intelide]\n\"Start\"=dword:00000000\n"
        SET1 "Enum\\" DEVICE "\\1]\n\"ClassGUID\"=\"" GUID "\"\n"
        "\"Service\"=\"intelide\"\n");
    g_autoptr(Hive) hive = NULL;
    g_autoptr(GPtrArray) changes = change_list_new();
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) sets = fixture_sets(1);
    g_autoptr(GError) err = NULL;

    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(body, SET1 "Hardware Profiles\\%04u\\System\\"
                               "CurrentControlSet\\Enum\\" DEVICE "\\1]\n"
                               "\"CSConfigFlags\"=dword:00000001\n", i);
    }
    hive = fixture_hive(body->str);
    device_instances_settle(hive, DEVICE, services, GUID, "test.profile",
                            "because", sets, changes, warnings, &err);
    g_assert_no_error(err);
    return changes->len;
}

static void test_hardware_profiles(void)
{
    g_assert_cmpuint(settle_in_profiles(LIMIT_HARDWARE_PROFILES), ==,
                     LIMIT_HARDWARE_PROFILES);
    g_assert_cmpuint(settle_in_profiles(LIMIT_HARDWARE_PROFILES + 1), ==,
                     LIMIT_HARDWARE_PROFILES);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/limits-hive/values", test_values);
    g_test_add_func("/limits-hive/subkeys", test_subkeys);
    g_test_add_func("/limits-hive/faults", test_faults);
    g_test_add_func("/limits-hive/free-cells", test_free_cells);
    g_test_add_func("/limits-hive/grows", test_hive_grows);
    g_test_add_func("/limits-hive/opens", test_hive_opens);
    g_test_add_func("/limits-hive/key-name", test_key_name);
    g_test_add_func("/limits-hive/value-name", test_value_name);
    g_test_add_func("/limits-hive/key-depth", test_key_depth);
    g_test_add_func("/limits-hive/enum-keys", test_enum_keys);
    g_test_add_func("/limits-hive/hardware-profiles",
                    test_hardware_profiles);
    return g_test_run();
}
