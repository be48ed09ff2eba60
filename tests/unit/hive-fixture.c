/*
 * SYSTEM hives made from .reg text, for tests of what edits them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "hive-base.h"
#include "hive-compare.h"
#include "hive-fixture.h"
#include "hive-node.h"
#include "le.h"
#include "registry.h"

#define BIN 4096
#define SYSTEM "HKEY_LOCAL_MACHINE\\SYSTEM\\"

/* The root key, its descriptor and the rest: where their cells begin. */
#define ROOT HIVE_BIN_HEADER
#define ROOT_SIZE 88
#define SECURITY (ROOT + ROOT_SIZE)
#define SECURITY_SIZE 48
#define REST (SECURITY + SECURITY_SIZE)

/* A self-relative security descriptor without owner and lists. */
#define DESCRIPTOR_SIZE 20

static uint8_t *place(uint8_t *bin, uint32_t cell, int32_t size,
                      const char *signature)
{
    put_le32(bin + cell, size);
    memcpy(bin + cell + 4, signature, strlen(signature));
    return bin + cell + 4;
}

static void put_root(uint8_t *bin)
{
    uint8_t *root = place(bin, ROOT, -ROOT_SIZE, "nk");

    put_le16(root + NK_FLAGS, 0x0c | NK_FLAG_NARROW);
    put_le32(root + NK_SUBKEY_LIST, HIVE_NO_CELL);
    put_le32(root + NK_VOLATILE_LIST, HIVE_NO_CELL);
    put_le32(root + NK_VALUE_LIST, HIVE_NO_CELL);
    put_le32(root + NK_SECURITY, SECURITY);
    put_le32(root + NK_CLASS, HIVE_NO_CELL);
    put_le16(root + NK_NAME_LENGTH, 4);
    memcpy(root + NK_NAME, "ROOT", 4);
}

static void put_security(uint8_t *bin)
{
    uint8_t *security = place(bin, SECURITY, -SECURITY_SIZE, "sk");

    put_le32(security + SK_NEXT, SECURITY);
    put_le32(security + SK_PREVIOUS, SECURITY);
    put_le32(security + SK_USERS, 1);
    put_le32(security + SK_LENGTH, DESCRIPTOR_SIZE);
    security[SK_DESCRIPTOR] = 1;
    put_le16(security + SK_DESCRIPTOR + 2, 0x8000);
}

static GBytes *empty_hive(void)
{
    uint8_t *file = g_malloc0(HIVE_BASE_SIZE + BIN);
    uint8_t *bin = file + HIVE_BASE_SIZE;

    memcpy(file, "regf", 4);
    put_le32(file + HIVE_BASE_PRIMARY_SEQ, 1);
    put_le32(file + HIVE_BASE_SECONDARY_SEQ, 1);
    put_le64(file + HIVE_BASE_LAST_WRITTEN, UINT64_C(0x01c9000000000000));
    put_le32(file + HIVE_BASE_MAJOR, 1);
    put_le32(file + HIVE_BASE_MINOR, HIVE_MINOR_HASH_LEAF);
    put_le32(file + HIVE_BASE_MINOR + 8, 1);
    put_le32(file + HIVE_BASE_ROOT, ROOT);
    put_le32(file + HIVE_BASE_BINS_SIZE, BIN);
    put_le32(file + HIVE_BASE_CLUSTER, 1);
    put_le32(file + HIVE_BASE_CHECKSUM, hive_base_checksum(file));
    memcpy(bin, "hbin", 4);
    put_le32(bin + HIVE_BIN_SIZE, BIN);
    put_root(bin);
    put_security(bin);
    place(bin, REST, BIN - REST, "");
    return g_bytes_new_take(file, HIVE_BASE_SIZE + BIN);
}

static RegFile *parse(const char *body)
{
    g_autofree char *text =
        g_strconcat("Windows Registry Editor Version 5.00\r\n\r\n", body,
                    NULL);
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    g_autoptr(GError) err = NULL;
    RegFile *file = regfile_parse("fixture.reg", bytes, &err);

    g_assert_no_error(err);
    return file;
}

Hive *fixture_hive(const char *body)
{
    g_autoptr(GBytes) bytes = empty_hive();
    g_autoptr(RegFile) file = parse(body);
    g_autoptr(GArray) sets = fixture_sets(0);
    g_autoptr(GPtrArray) changes = change_list_new();
    g_autoptr(GError) err = NULL;
    g_autoptr(Hive) hive = hive_open(bytes, "fixture", &err);

    g_assert_no_error(err);
    registry_merge(hive, REGISTRY_SYSTEM, file, "", sets, changes, &err);
    g_assert_no_error(err);
    return fixture_reopen(hive);
}

GArray *fixture_sets(unsigned count)
{
    GArray *sets = g_array_new(FALSE, FALSE, sizeof(unsigned));

    for (unsigned set = 1; set <= count; set++) {
        g_array_append_val(sets, set);
    }
    return sets;
}

Hive *fixture_reopen(Hive *hive)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(GBytes) bytes = hive_save(hive, &err);
    Hive *again;

    g_assert_no_error(err);
    again = hive_open(bytes, "fixture", &err);
    g_assert_no_error(err);
    return again;
}

void fixture_assert(Hive *hive, const char *body)
{
    g_autoptr(Hive) expected = fixture_hive(body);
    g_autoptr(RegFile) file = parse(body);

    for (guint i = 0; i < file->keys->len; i++) {
        const RegKey *key = g_ptr_array_index(file->keys, i);

        g_test_message("%s", key->path);
        g_assert_true(hive_same_key(hive, expected,
                                    key->path + strlen(SYSTEM), false));
    }
    /* Nothing beside them. */
    g_assert_true(hive_same_key(hive, expected, "", true));
}

static void assert_lines(const GPtrArray *found, const char *lines)
{
    g_auto(GStrv) expected = g_strsplit(lines, "\n", -1);
    guint count = g_strv_length(expected);

    /* The text ends with the end of a line. */
    count -= count > 0;
    for (guint i = 0; i < MIN(found->len, count); i++) {
        g_assert_cmpstr(g_ptr_array_index(found, i), ==, expected[i]);
    }
    g_assert_cmpuint(found->len, ==, count);
}

static char *describe(const Change *change)
{
    static const char *const actions[] = {
        [CHANGE_CREATE] = "create ",
        [CHANGE_MODIFY] = "",
        [CHANGE_DELETE] = "delete ",
    };
    g_autoptr(GString) values = g_string_new(NULL);

    g_assert_cmpint(change->object, ==, CHANGE_REGISTRY_KEY);
    g_assert_cmpstr(change->source, ==, "test.profile");
    g_assert_true(g_str_has_prefix(change->path, SYSTEM));
    for (guint i = 0; i < change->values->len; i++) {
        g_string_append_printf(values, "%s%s", i > 0 ? ", " : "",
                               (char *)g_ptr_array_index(change->values, i));
    }
    return g_strdup_printf("%s%s [%s] %s", actions[change->action],
                           change->path + strlen(SYSTEM), values->str,
                           change->reason);
}

void fixture_assert_changes(const GPtrArray *changes, const char *lines)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < changes->len; i++) {
        g_ptr_array_add(found, describe(g_ptr_array_index(changes, i)));
        g_test_message("%s", (char *)g_ptr_array_index(found, i));
    }
    assert_lines(found, lines);
}

void fixture_assert_warnings(const GPtrArray *warnings, const char *lines)
{
    for (guint i = 0; i < warnings->len; i++) {
        g_test_message("%s", (char *)g_ptr_array_index(warnings, i));
    }
    assert_lines(warnings, lines);
}
