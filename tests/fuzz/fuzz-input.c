/*
 * Taking an input apart
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "fuzz.h"

static uint64_t take(FuzzInput *input, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes && input->left > 0; i++) {
        value |= (uint64_t)*input->p << 8 * i;
        input->p++;
        input->left--;
    }
    return value;
}

uint8_t fuzz_take8(FuzzInput *input)
{
    return take(input, 1);
}

uint32_t fuzz_take32(FuzzInput *input)
{
    return take(input, 4);
}

uint64_t fuzz_take64(FuzzInput *input)
{
    return take(input, 8);
}

GBytes *fuzz_take_bytes(FuzzInput *input, size_t length)
{
    size_t n = MIN(length, input->left);
    GBytes *bytes = g_bytes_new(input->p, n);

    input->p += n;
    input->left -= n;
    return bytes;
}

GBytes *fuzz_take_part(FuzzInput *input)
{
    uint32_t length = fuzz_take32(input);

    return fuzz_take_bytes(input, length);
}

GBytes *fuzz_take_rest(FuzzInput *input)
{
    return fuzz_take_bytes(input, input->left);
}

void fuzz_expect_error(GError *err)
{
    g_assert_nonnull(err);
    g_assert_cmpuint(strlen(err->message), >, 0);
    g_error_free(err);
}
