/*
 * How NTFS stores a file
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "volume-internal.h"

#include <ntfs-3g/inode.h>

#include "volume-attributes.h"

bool volume_attributes(Volume *volume, const char *path,
                       VolumeAttributes *attributes, GError **errp)
{
    ntfs_inode *ni = volume_open_inode(volume, path, errp);

    if (!ni) {
        return false;
    }
    attributes->directory = ni->mrec->flags & MFT_RECORD_IS_DIRECTORY;
    attributes->compressed = ni->flags & FILE_ATTR_COMPRESSED;
    attributes->encrypted = ni->flags & FILE_ATTR_ENCRYPTED;
    attributes->metadata = ni->mft_no < FILE_first_user;
    attributes->names = le16_to_cpu(ni->mrec->link_count);
    attributes->size = ni->data_size;
    attributes->record = ni->mft_no;
    attributes->sparse = ni->flags & FILE_ATTR_SPARSE_FILE;
    if (ntfs_inode_close(ni) < 0) {
        volume_set_error(volume, path, errp);
        return false;
    }
    return true;
}
