/*
 * Writes the new bytes of an undo file to the disk, or the old ones
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "undo-disk-internal.h"

#include "qapi/error.h"

static bool write_at(BlockBackend *image, const UndoPatch *patch,
                     const uint8_t *data, Error **errp)
{
    int ret = blk_pwrite(image, patch->offset, patch->length, data, 0);

    if (ret < 0) {
        error_setg_errno(errp, -ret, "cannot write to the disk at offset "
                         "%" PRIu64, patch->offset);
    }
    return ret >= 0;
}

static bool flush(BlockBackend *image, Error **errp)
{
    int ret = blk_flush(image);

    if (ret < 0) {
        error_setg_errno(errp, -ret, "cannot write to the disk: flushing it "
                         "failed");
    }
    return ret >= 0;
}

bool undo_disk_apply(BlockBackend *image, const UndoFile *undo, Error **errp)
{
    for (guint i = 0; i < undo->patches->len; i++) {
        const UndoPatch *patch = &g_array_index(undo->patches, UndoPatch, i);

        if (!write_at(image, patch, patch->new_bytes, errp)) {
            return false;
        }
    }
    return flush(image, errp);
}

/* A disk that is full has room for what needs not be written. */
static bool revert_patch(BlockBackend *image, const UndoPatch *patch,
                         Error **errp)
{
    g_autofree uint8_t *data = g_malloc(patch->length);

    if (!undo_disk_read(image, patch->offset, patch->length, data, errp)) {
        return false;
    }
    return memcmp(data, patch->old_bytes, patch->length) == 0 ||
           write_at(image, patch, patch->old_bytes, errp);
}

bool undo_disk_revert(BlockBackend *image, const UndoFile *undo, Error **errp)
{
    /* What was written last may be what filled the disk. */
    for (guint i = undo->patches->len; i > 0; i--) {
        if (!revert_patch(image, &g_array_index(undo->patches, UndoPatch,
                                                i - 1), errp)) {
            return false;
        }
    }
    return flush(image, errp);
}
