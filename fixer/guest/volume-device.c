/*
 * A device for libntfs-3g over the overlay
 *
 * libntfs-3g reaches its device through a table of functions.  Ours knows
 * nothing but the partition's bytes in the overlay: there is no file behind
 * it, hence no size ioctl, no open flags and nothing to sync.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "volume-internal.h"

typedef struct DeviceState {
    Volume *volume;
    /* In bytes, from the partition's start; libntfs-3g also seeks. */
    s64 position;
} DeviceState;

static DeviceState *device_state(struct ntfs_device *dev)
{
    return dev->d_private;
}

static int device_open(struct ntfs_device *dev, int flags)
{
    if ((flags & O_ACCMODE) == O_RDONLY) {
        NDevSetReadOnly(dev);
    }
    NDevSetOpen(dev);
    NDevSetBlock(dev);
    return 0;
}

static int device_close(struct ntfs_device *dev)
{
    NDevClearOpen(dev);
    g_free(dev->d_private);
    dev->d_private = NULL;
    return 0;
}

static s64 device_seek(struct ntfs_device *dev, s64 offset, int whence)
{
    DeviceState *s = device_state(dev);
    s64 base = whence == SEEK_CUR ? s->position
               : whence == SEEK_END ? (s64)s->volume->size : 0;

    if (offset < -base || offset > (s64)s->volume->size - base) {
        errno = EINVAL;
        return -1;
    }
    s->position = base + offset;
    return s->position;
}

/* Keeps the first error as the cause, for volume_set_error(). */
static s64 device_failed(DeviceState *s, GError *err)
{
    s->volume->failed = true;
    if (s->volume->device_error) {
        g_error_free(err);
    } else {
        s->volume->device_error = err;
    }
    errno = EIO;
    return -1;
}

/* Bytes of the range that are on the partition. */
static s64 device_clip(DeviceState *s, s64 count, s64 offset)
{
    s64 size = s->volume->size;

    if (count < 0 || offset < 0) {
        errno = EINVAL;
        return -1;
    }
    return offset >= size ? 0 : MIN(count, size - offset);
}

static s64 device_pread(struct ntfs_device *dev, void *buf, s64 count,
                        s64 offset)
{
    DeviceState *s = device_state(dev);
    GError *err = NULL;

    count = device_clip(s, count, offset);
    if (count > 0 && !overlay_read(s->volume->overlay,
                                   s->volume->start + offset, buf, count,
                                   &err)) {
        return device_failed(s, err);
    }
    return count;
}

static s64 device_pwrite(struct ntfs_device *dev, const void *buf, s64 count,
                         s64 offset)
{
    DeviceState *s = device_state(dev);
    GError *err = NULL;

    if (NDevReadOnly(dev)) {
        errno = EROFS;
        return -1;
    }
    count = device_clip(s, count, offset);
    if (count > 0 && !overlay_write(s->volume->overlay,
                                    s->volume->start + offset, buf, count,
                                    &err)) {
        return device_failed(s, err);
    }
    return count;
}

static s64 device_read(struct ntfs_device *dev, void *buf, s64 count)
{
    DeviceState *s = device_state(dev);
    s64 done = device_pread(dev, buf, count, s->position);

    s->position += MAX(done, 0);
    return done;
}

static s64 device_write(struct ntfs_device *dev, const void *buf, s64 count)
{
    DeviceState *s = device_state(dev);
    s64 done = device_pwrite(dev, buf, count, s->position);

    s->position += MAX(done, 0);
    return done;
}

static int device_sync(struct ntfs_device *dev)
{
    return 0;
}

static int device_stat(struct ntfs_device *dev, struct stat *buf)
{
    memset(buf, 0, sizeof(*buf));
    buf->st_mode = S_IFREG | 0600;
    buf->st_size = device_state(dev)->volume->size;
    return 0;
}

static int device_ioctl(struct ntfs_device *dev, unsigned long request,
                        void *argp)
{
    errno = EOPNOTSUPP;
    return -1;
}

static struct ntfs_device_operations device_ops = {
    .open   = device_open,
    .close  = device_close,
    .seek   = device_seek,
    .read   = device_read,
    .write  = device_write,
    .pread  = device_pread,
    .pwrite = device_pwrite,
    .sync   = device_sync,
    .stat   = device_stat,
    .ioctl  = device_ioctl,
};

struct ntfs_device *volume_device_new(Volume *volume)
{
    DeviceState *s = g_new0(DeviceState, 1);
    struct ntfs_device *dev;

    s->volume = volume;
    dev = ntfs_device_alloc(volume->label, 0, &device_ops, s);
    if (!dev) {
        g_free(s);
    }
    return dev;
}
