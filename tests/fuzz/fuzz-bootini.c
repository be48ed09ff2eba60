/*
 * Fuzz target: boot.ini
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "bootini.h"
#include "fuzz.h"
#include "guest-limits.h"

/* A disk of two partitions, such as paths may name. */
static Disk *sample_disk(void)
{
    static const Partition partitions[] = {
        { 1, PARTITION_TYPE_IFS, true, 63 * 512, 512 * 1024 },
        { 2, PARTITION_TYPE_IFS, false, 1024 * 1024, 512 * 1024 },
    };
    Disk *disk = disk_new();

    disk->signature = 0x2bd2c32a;
    g_array_append_vals(disk->partitions, partitions,
                        G_N_ELEMENTS(partitions));
    return disk;
}

static void check_entry(const BootEntry *entry)
{
    g_autofree char *hal = boot_entry_switch(entry, "HAL");

    g_assert_nonnull(entry->path);
    g_assert_nonnull(entry->title);
    g_assert_true((hal != NULL) == boot_entry_has(entry, "HAL"));
    g_assert_cmpuint(g_strv_length(entry->switches), <=,
                     LIMIT_BOOT_INI_SWITCHES);
}

static void find_windows(const BootIni *ini)
{
    g_autoptr(Disk) disk = sample_disk();

    for (guint i = 0; i < disk->partitions->len; i++) {
        const Partition *partition = &g_array_index(disk->partitions,
                                                    Partition, i);
        const BootEntry *entry = boot_ini_find(ini, disk, partition,
                                               "\\WINDOWS", false);

        if (entry) {
            g_assert_true(boot_path_is_at(entry->path, disk, partition,
                                          "\\WINDOWS", false));
        }
        boot_ini_find(ini, disk, partition, "\\WINNT", true);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) text = g_bytes_new(data, size);
    g_autoptr(BootIni) ini = boot_ini_parse(text);
    const BootEntry *started = boot_ini_started(ini);

    g_assert_cmpuint(ini->entries->len, <=, LIMIT_BOOT_INI_ENTRIES);
    for (guint i = 0; i < ini->entries->len; i++) {
        check_entry(g_ptr_array_index(ini->entries, i));
    }
    g_assert_true(!started || boot_ini_started_path(ini));
    find_windows(ini);
    return 0;
}
