/*
 * Fuzz target: boot configuration data
 *
 * The input is a hive; its checksum is made right.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "bcd.h"
#include "fuzz.h"
#include "guest-limits.h"
#include "hive-base.h"
#include "le.h"

static void check_text(const char *text)
{
    g_assert_true(!text || g_utf8_validate(text, -1, NULL));
}

static void check_device(const BcdDevice *device, const Disk *disk)
{
    g_autofree char *text = bcd_device_describe(device);

    g_assert_nonnull(text);
    g_assert_null(bcd_device_partition(device, disk, NULL));
}

static void check_entry(const BcdEntry *entry, const Disk *disk)
{
    g_autofree char *name = bcd_entry_name(entry);

    check_text(name);
    check_text(entry->path);
    check_text(entry->system_root);
    g_assert_true(!entry->system_root ||
                  !g_str_has_suffix(entry->system_root, "\\"));
    check_text(entry->kernel);
    check_text(entry->hal);
    check_device(&entry->device, disk);
    check_device(&entry->os_device, disk);
}

static void check_bcd(const Bcd *bcd)
{
    g_autoptr(Disk) disk = disk_new();

    g_assert_cmpuint(bcd->entries->len, <=, LIMIT_BCD_ENTRIES);
    g_assert_cmpuint(bcd->shown, <=, bcd->entries->len);
    g_assert_true(!bcd->started == !!bcd->why_none);
    for (guint i = 0; i < bcd->entries->len; i++) {
        check_entry(g_ptr_array_index(bcd->entries, i), disk);
    }
}

/* A clean hive, if it is one at all. */
static GBytes *mend(const uint8_t *data, size_t size)
{
    uint8_t *copy = g_memdup2(data, size);

    if (size >= HIVE_BASE_SIZE) {
        put_le32(copy + HIVE_BASE_SECONDARY_SEQ,
                 get_le32(copy + HIVE_BASE_PRIMARY_SEQ));
        put_le32(copy + HIVE_BASE_CHECKSUM, hive_base_checksum(copy));
    }
    return g_bytes_new_take(copy, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = mend(data, size);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Bcd) bcd = NULL;
    GError *err = NULL;
    g_autoptr(Hive) hive = hive_open(bytes, "BCD", &err);

    bcd = hive ? bcd_read(hive, "BCD", warnings, &err) : NULL;
    if (bcd) {
        check_bcd(bcd);
    } else {
        fuzz_expect_error(err);
    }
    return 0;
}
