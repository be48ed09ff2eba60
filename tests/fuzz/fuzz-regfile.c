/*
 * Fuzz target: .reg files
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "fuzz.h"
#include "registry.h"

static void check_value(const RegValue *value)
{
    g_assert_true(g_utf8_validate(value->name, -1, NULL));
    g_assert_true(value->remove || value->data);
    g_assert_cmpuint(value->line, >, 0);
    g_assert_cmpuint(value->column, >, 0);
}

static void check_key(const RegKey *key)
{
    g_assert_true(g_utf8_validate(key->path, -1, NULL));
    g_assert_cmpuint(key->line, >, 0);
    for (guint i = 0; i < key->values->len; i++) {
        check_value(g_ptr_array_index(key->values, i));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) text = g_bytes_new(data, size);
    GError *err = NULL;
    g_autoptr(RegFile) file = regfile_parse("fuzz.reg", text, &err);

    if (!file) {
        fuzz_expect_error(err);
        return 0;
    }
    for (guint i = 0; i < file->keys->len; i++) {
        check_key(g_ptr_array_index(file->keys, i));
    }
    if (!registry_check_file(file, &err)) {
        fuzz_expect_error(err);
    }
    return 0;
}
