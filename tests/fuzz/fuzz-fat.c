/*
 * Fuzz target: files of FAT volumes
 *
 * The input is a disk, as fuzz_sectors_new() has it, all of which is one
 * partition.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "fat.h"
#include "fuzz.h"

#define MAX_SIZE 65536

static const char *const paths[] = {
    "\\EFI\\BOOT\\BCD", "\\EFI\\a long name.", "\\BCD",
};

static void check_path(FatVolume *fat, const char *path)
{
    bool exists = false;
    GError *err = NULL;
    bool known = fat_exists(fat, path, &exists, &err);
    g_autoptr(GBytes) bytes = NULL;

    g_assert_true(known == !err);
    g_clear_error(&err);
    bytes = fat_read(fat, path, MAX_SIZE, &err);
    if (bytes) {
        g_assert_true(known && exists);
        g_assert_cmpuint(g_bytes_get_size(bytes), <=, MAX_SIZE);
    } else {
        fuzz_expect_error(err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(ByteSource) source = fuzz_sectors_new(data, size);
    g_autoptr(Overlay) overlay = overlay_new(source, 0);
    Partition partition = { .number = 1, .size = source->size };
    GError *err = NULL;
    g_autoptr(FatVolume) fat = fat_open(overlay, &partition, &err);

    if (!fat) {
        fuzz_expect_error(err);
        return 0;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(paths); i++) {
        check_path(fat, paths[i]);
    }
    return 0;
}
