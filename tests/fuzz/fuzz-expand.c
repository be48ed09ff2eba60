/*
 * Fuzz target: compressed files of setup CDs, SZDD and KWAJ
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "expand.h"
#include "fuzz.h"

#define MAX_SIZE (256 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(ByteSource) source = source_new_bytes(bytes);
    GError *err = NULL;
    g_autoptr(GBytes) plain = expand_file(source, "atapi.sys", MAX_SIZE,
                                          &err);

    if (plain) {
        g_assert_cmpuint(g_bytes_get_size(plain), <=, MAX_SIZE);
    } else {
        fuzz_expect_error(err);
    }
    return 0;
}
