/*
 * What the files of the volume module share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_VOLUME_INTERNAL_H
#define GUEST_VOLUME_INTERNAL_H

/* The headers of libntfs-3g expect their users to have included these. */
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <ntfs-3g/types.h>
#include <ntfs-3g/layout.h>
#include <ntfs-3g/device.h>
#include <ntfs-3g/volume.h>
#include <ntfs-3g/attrib.h>
#include <ntfs-3g/inode.h>

#include "volume.h"

struct Volume {
    ntfs_volume *ntfs;
    Overlay *overlay;
    /* In bytes, on the disk. */
    uint64_t start;
    uint64_t size;
    /* "partition 1", how messages name it. */
    char *label;
    /*
     * The first failure of the device since the last message.  libntfs-3g
     * passes on an errno at most: this is the cause behind its EIO.
     */
    GError *device_error;
    /*
     * A read or write failed at any time.  libntfs-3g goes on after some
     * failures as if nothing had happened, so that a volume which was
     * written to is not to be trusted then.
     */
    bool failed;
    VolumeAccess access;
};

/* volume-device.c: a device for libntfs-3g over the overlay. */
struct ntfs_device *volume_device_new(Volume *volume);

/*
 * Sets @errp to "LABEL: WHAT: cause" from the device's error if there is one,
 * else from errno.
 */
void volume_set_error(Volume *volume, const char *what, GError **errp);

/*
 * volume-lookup.c: opens the file or directory that @path names.  One that
 * is not there is GUEST_ERROR_NOT_FOUND; two that differ in case only are
 * GUEST_ERROR_REFUSED.
 */
ntfs_inode *volume_open_inode(Volume *volume, const char *path,
                              GError **errp);

/*
 * volume-file.c: closes the inode, which writes what is pending.  After a
 * failure, of which @ok speaks, its own is not reported.
 */
bool volume_close_inode(Volume *volume, ntfs_inode *ni, const char *path,
                        bool ok, GError **errp);

/*
 * To be called before clusters are asked for: libntfs-3g does not look again
 * for any in a part of the volume that it has once gone through, though it
 * has taken no more than the largest run there.
 */
void volume_search_all_space(Volume *volume);

/* Writes all @length bytes, in as many pieces as the free clusters take. */
bool volume_write(Volume *volume, ntfs_attr *na, const char *path,
                  uint64_t offset, const void *buf, size_t length,
                  GError **errp);

#endif /* GUEST_VOLUME_INTERNAL_H */
