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

#endif /* GUEST_VOLUME_INTERNAL_H */
