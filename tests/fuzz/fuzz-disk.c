/*
 * Fuzz target: partition tables and the databases of dynamic disks
 *
 * The input is a disk, as fuzz_sectors_new() has it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "disk.h"
#include "fuzz.h"

static void check_partition(const Disk *disk, const Partition *partition,
                            uint64_t size)
{
    g_assert_true(disk_partition(disk, partition->number) == partition);
    if (partition->size > 0) {
        g_assert_cmpuint(partition->start, <=, size);
        g_assert_cmpuint(partition->size, <=, size - partition->start);
    }
}

static void check_disk(const Disk *disk, uint64_t size)
{
    unsigned active = 0;

    for (guint i = 0; i < disk->partitions->len; i++) {
        const Partition *partition = &g_array_index(disk->partitions,
                                                    Partition, i);

        check_partition(disk, partition, size);
        active += partition->active;
    }
    g_assert_cmpuint(active, <=, 1);
    g_assert_true((disk_active(disk) != NULL) == (active == 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(ByteSource) source = fuzz_sectors_new(data, size);
    g_autoptr(Overlay) overlay = overlay_new(source, 0);
    GError *err = NULL;
    g_autoptr(Disk) disk = disk_read(overlay, &err);

    if (disk) {
        check_disk(disk, source->size);
    } else {
        fuzz_expect_error(err);
    }
    return 0;
}
