/*
 * Witnesses: sectors that change whenever a volume is used
 *
 * Windows writes to $LogFile's restart pages when it mounts a volume, as does
 * chkdsk; Linux' ntfs3 to $Volume when it marks it dirty.  The registry's base
 * block has sequence numbers that count its writes, and SYSTEM is written by
 * every start.
 *
 * ntfs-3g leaves none of these traces on a volume that was clean.  Whatever it
 * writes changes the MFT record of a file, though, its time at least; so the
 * MFT is a witness, too, as far as it can be read in a moment.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "guest-limits.h"
#include "hive-file.h"
#include "witness.h"

/* Two restart pages; "NTFS documentation" of the Linux-NTFS project. */
#define RESTART_PAGES (2 * 4096)

/* A hive's base block: all that is in use of it. */
#define BASE_BLOCK 512

void witness_free(Witness *witness)
{
    g_free(witness->what);
    g_free(witness);
}

static void add(GPtrArray *witnesses, const Partition *partition,
                const char *what, const GArray *extents)
{
    for (guint i = 0; i < extents->len; i++) {
        Witness *witness = g_new0(Witness, 1);

        witness->what = g_strdup_printf("partition %u: %s", partition->number,
                                        what);
        witness->extent = g_array_index(extents, DiskExtent, i);
        g_ptr_array_add(witnesses, witness);
    }
}

static bool find_in_volume(Volume *volume, const Partition *partition,
                           GPtrArray *witnesses, GError **errp)
{
    g_autoptr(GArray) log = g_array_new(FALSE, FALSE, sizeof(DiskExtent));
    g_autoptr(GArray) record = g_array_new(FALSE, FALSE, sizeof(DiskExtent));

    if (!volume_locate_logfile(volume, 0, RESTART_PAGES, log, errp) ||
        !volume_locate_volume_record(volume, record, errp)) {
        return false;
    }
    add(witnesses, partition, "$LogFile", log);
    add(witnesses, partition, "$Volume", record);
    return true;
}

static bool find_in_hive(Volume *volume, const Windows *windows,
                         GPtrArray *witnesses, GError **errp)
{
    g_autoptr(GArray) base = g_array_new(FALSE, FALSE, sizeof(DiskExtent));
    g_autofree char *path = g_strconcat(windows->place.system_root,
                                        "\\system32\\config\\SYSTEM", NULL);

    if (!volume_locate_file(volume, path, 0, BASE_BLOCK, base, errp)) {
        return false;
    }
    add(witnesses, windows->place.partition, path, base);
    return true;
}

static bool find_mft(Volume *volume, const Partition *partition,
                     GPtrArray *witnesses, GError **errp)
{
    g_autoptr(GArray) mft = g_array_new(FALSE, FALSE, sizeof(DiskExtent));

    if (!volume_locate_mft(volume, LIMIT_MFT_SIZE, mft, errp)) {
        return false;
    }
    g_array_set_size(mft, MIN(mft->len, LIMIT_MFT_PIECES));
    add(witnesses, partition, "$MFT", mft);
    return true;
}

bool witness_find(Overlay *overlay, const Partition *partition,
                  const Windows *windows, GPtrArray *witnesses,
                  GError **errp)
{
    g_autoptr(Volume) volume = volume_open(overlay, partition,
                                           VOLUME_READ_ONLY, errp);

    return volume && find_in_volume(volume, partition, witnesses, errp) &&
           (!windows || windows->place.partition != partition ||
            find_in_hive(volume, windows, witnesses, errp)) &&
           find_mft(volume, partition, witnesses, errp);
}
