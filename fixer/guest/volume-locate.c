/*
 * Where on the disk the data of an NTFS volume lie
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "volume-internal.h"

#include <ntfs-3g/attrib.h>
#include <ntfs-3g/inode.h>

#include "error.h"
#include "volume-locate.h"

/* The part of the run that lies in the wanted range; false if none does. */
static bool cut_run(const Volume *volume, const runlist_element *run,
                    uint64_t offset, uint64_t length, DiskExtent *extent)
{
    uint64_t cluster = volume->ntfs->cluster_size;
    uint64_t start = MAX(run->vcn * cluster, offset);
    uint64_t end = MIN((run->vcn + run->length) * cluster,
                       length > UINT64_MAX - offset ? UINT64_MAX
                                                    : offset + length);

    if (run->lcn < 0 || start >= end) {
        return false;
    }
    extent->offset = volume->start + run->lcn * cluster +
                     (start - run->vcn * cluster);
    extent->length = end - start;
    return true;
}

/* libntfs-3g believes any number of a cluster. */
static bool check_run(const Volume *volume, const runlist_element *run,
                      const char *what, GError **errp)
{
    int64_t clusters = volume->ntfs->nr_clusters;

    if (run->lcn < 0 ||
        (run->lcn <= clusters && run->length <= clusters - run->lcn)) {
        return true;
    }
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                "%s: %s: it has clusters beyond the end of the volume: chkdsk "
                "the volume in the source VM", volume->label, what);
    return false;
}

/* What is resident, or a hole, lies nowhere: it is left out. */
static bool locate(Volume *volume, ntfs_attr *na, const char *what,
                   uint64_t offset, uint64_t length, GArray *extents,
                   GError **errp)
{
    if (!NAttrNonResident(na)) {
        return true;
    }
    if (ntfs_attr_map_whole_runlist(na) < 0) {
        volume_set_error(volume, what, errp);
        return false;
    }
    for (const runlist_element *run = na->rl; run->length; run++) {
        DiskExtent extent;

        if (!check_run(volume, run, what, errp)) {
            return false;
        }
        if (cut_run(volume, run, offset, length, &extent)) {
            g_array_append_val(extents, extent);
        }
    }
    return true;
}

/* Takes the inode. */
static bool locate_inode(Volume *volume, ntfs_inode *ni, const char *what,
                         uint64_t offset, uint64_t length, GArray *extents,
                         GError **errp)
{
    ntfs_attr *na = ntfs_attr_open(ni, AT_DATA, AT_UNNAMED, 0);
    bool ok = na != NULL;

    if (!na) {
        volume_set_error(volume, what, errp);
    } else {
        ok = locate(volume, na, what, offset, length, extents, errp);
        ntfs_attr_close(na);
    }
    ntfs_inode_close(ni);
    return ok;
}

bool volume_locate_file(Volume *volume, const char *path, uint64_t offset,
                        uint64_t length, GArray *extents, GError **errp)
{
    ntfs_inode *ni = volume_open_inode(volume, path, errp);

    return ni && locate_inode(volume, ni, path, offset, length, extents,
                              errp);
}

static bool locate_record(Volume *volume, unsigned record, const char *what,
                          uint64_t offset, uint64_t length, GArray *extents,
                          GError **errp)
{
    ntfs_inode *ni = ntfs_inode_open(volume->ntfs, record);

    if (!ni) {
        volume_set_error(volume, what, errp);
        return false;
    }
    return locate_inode(volume, ni, what, offset, length, extents, errp);
}

bool volume_locate_logfile(Volume *volume, uint64_t offset, uint64_t length,
                           GArray *extents, GError **errp)
{
    return locate_record(volume, FILE_LogFile, "$LogFile", offset, length,
                         extents, errp);
}

bool volume_locate_mft(Volume *volume, uint64_t length, GArray *extents,
                       GError **errp)
{
    ntfs_attr *mft = volume->ntfs->mft_na;

    return locate(volume, mft, "$MFT", 0, MIN(length, mft->initialized_size),
                  extents, errp);
}

bool volume_locate_volume_record(Volume *volume, GArray *extents,
                                 GError **errp)
{
    uint64_t size = volume->ntfs->mft_record_size;

    return locate(volume, volume->ntfs->mft_na, "$MFT", FILE_Volume * size,
                  size, extents, errp);
}
