/*
 * Fuzz target: cabinets, of which drivers are taken
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "cabinet.h"
#include "fuzz.h"

/* Enough for any test, and little enough that a bomb is found. */
#define MAX_SIZE (256 * 1024)

static void extract(Cabinet *cabinet, const char *member)
{
    uint64_t place = 0;
    GError *err = NULL;
    g_autoptr(GBytes) bytes = NULL;

    cabinet_find(cabinet, member, &place);
    bytes = cabinet_extract(cabinet, member, MAX_SIZE, &err);
    if (bytes) {
        g_assert_cmpuint(g_bytes_get_size(bytes), <=, MAX_SIZE);
    } else {
        fuzz_expect_error(err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(ByteSource) source = source_new_bytes(bytes);
    GError *err = NULL;
    g_autoptr(Cabinet) cabinet = cabinet_open(source, &err);

    if (!cabinet) {
        fuzz_expect_error(err);
        return 0;
    }
    if (cabinet_only_member(cabinet)) {
        extract(cabinet, cabinet_only_member(cabinet));
    }
    /* Backwards, so that a folder is begun anew, and once again. */
    extract(cabinet, "pciidex.sys");
    extract(cabinet, "atapi.sys");
    extract(cabinet, "atapi.sys");
    return 0;
}
