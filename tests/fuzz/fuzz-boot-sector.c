/*
 * Fuzz target: the boot sector of an NTFS volume, and the BIOS's geometry
 *
 * The input is a disk, as fuzz_sectors_new() has it.  If it has no partition
 * table, all of it behind the first track is the volume.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "bios-geometry.h"
#include "boot-sector.h"
#include "fuzz.h"

#define TRACK (63 * 512)

/* The fix changes the two numbers, and once is enough. */
static void fix_geometry(Overlay *overlay, const Partition *partition,
                         const BiosGeometry *bios)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    BootSector boot;
    GError *err = NULL;

    if (!boot_sector_set_geometry(overlay, partition, bios, warnings, &err)) {
        fuzz_expect_error(err);
        return;
    }
    g_assert_true(boot_sector_read(overlay, partition, &boot, &err));
    g_assert_true(boot_sector_has_geometry(&boot, bios));
}

static void look_at(Overlay *overlay, const Partition *partition)
{
    g_autofree char *warning = NULL;
    BiosGeometry bios;
    BootSector boot;
    GError *err = NULL;

    if (!boot_sector_read(overlay, partition, &boot, &err)) {
        fuzz_expect_error(err);
        return;
    }
    warning = boot_sector_check_hidden(&boot, partition);
    if (bios_geometry_read(overlay, &bios, NULL)) {
        fix_geometry(overlay, partition, &bios);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(ByteSource) source = fuzz_sectors_new(data, size);
    g_autoptr(Overlay) overlay = overlay_new(source, 1024 * 1024);
    g_autoptr(Disk) disk = disk_read(overlay, NULL);
    const Partition whole = {
        .number = 1,
        .type = PARTITION_TYPE_IFS,
        .active = true,
        .start = TRACK,
        .size = source->size > TRACK ? source->size - TRACK : 0,
    };

    if (!disk) {
        look_at(overlay, &whole);
    }
    for (guint i = 0; disk && i < disk->partitions->len; i++) {
        look_at(overlay, &g_array_index(disk->partitions, Partition, i));
    }
    return 0;
}
