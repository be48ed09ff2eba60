/*
 * Writes the new bytes of an undo file to the disk, or the old ones
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "undo-disk-internal.h"

#include "qapi/error.h"

static bool write_at(BlockBackend *image, uint64_t offset, uint64_t length,
                     const uint8_t *data, Error **errp)
{
    int ret = blk_pwrite(image, offset, length, data, 0);

    if (ret < 0) {
        error_setg_errno(errp, -ret, "cannot write to the disk at offset "
                         "%" PRIu64, offset);
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

        if (!write_at(image, patch->offset, patch->length, patch->new_bytes,
                      errp)) {
            return false;
        }
    }
    return flush(image, errp);
}

/*
 * Whether a read tells what is on the disk for sure.  After a write that failed
 * a format may have tables on the disk that are others than those in memory.
 */
static bool reads_are_true(BlockBackend *image)
{
    return strcmp(bdrv_get_format_name(blk_bs(image)), "raw") == 0;
}

static bool is_sector(const UndoPatch *patch, uint64_t at,
                      const uint8_t *data)
{
    return memcmp(data + at, patch->old_bytes + at, UNDO_SECTOR_SIZE) == 0;
}

/*
 * Writes the sectors that the disk has otherwise, and no others: of a run that
 * filled a sparse file only the first ones are there, and there is no room for
 * those behind them.
 */
static bool revert_sectors(BlockBackend *image, const UndoPatch *patch,
                           const uint8_t *data, Error **errp)
{
    uint64_t end;

    for (uint64_t at = 0; at < patch->length; at = end) {
        end = at + UNDO_SECTOR_SIZE;
        if (is_sector(patch, at, data)) {
            continue;
        }
        while (end < patch->length && !is_sector(patch, end, data)) {
            end += UNDO_SECTOR_SIZE;
        }
        if (!write_at(image, patch->offset + at, end - at,
                      patch->old_bytes + at, errp)) {
            return false;
        }
    }
    return true;
}

/* A disk that is full has room for what needs not be written. */
static bool revert_patch(BlockBackend *image, const UndoPatch *patch,
                         Error **errp)
{
    g_autofree uint8_t *data = g_malloc(patch->length);

    if (!undo_disk_read(image, patch->offset, patch->length, data, errp)) {
        return false;
    }
    if (memcmp(data, patch->old_bytes, patch->length) == 0) {
        return true;
    }
    return reads_are_true(image)
           ? revert_sectors(image, patch, data, errp)
           : write_at(image, patch->offset, patch->length, patch->old_bytes,
                      errp);
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
