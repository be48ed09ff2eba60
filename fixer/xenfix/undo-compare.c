/*
 * Compares a disk with its undo file
 *
 * Notes on the design
 *
 * Of a file that is done the disk must have all new bytes and all marks.  Of
 * one that is not, each sector may have its old bytes or its new ones, or,
 * where a write was torn, begin with the ones and go on with the others.  A
 * mark is then compared as if all patches were there, so that what lies beside
 * them must be unchanged in either case.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "undo-disk-internal.h"
#include "undo-internal.h"

#include "block/xenprep-report.h"
#include "qapi/error.h"

/* Of a mark, at once. */
#define CHUNK_SIZE (1024 * 1024)

bool undo_disk_read(BlockBackend *image, uint64_t offset, uint64_t length,
                    void *data, Error **errp)
{
    int ret = blk_pread(image, offset, length, data, 0);

    if (ret < 0) {
        error_setg_errno(errp, -ret, "cannot read the disk at offset "
                         "%" PRIu64, offset);
    }
    return ret >= 0;
}

/* Puts the part of @patch that lies there into @data, bytes of the disk. */
static void lay_over(const UndoPatch *patch, uint64_t offset, uint64_t length,
                     uint8_t *data)
{
    uint64_t start = MAX(offset, patch->offset);
    uint64_t end = MIN(offset + length, patch->offset + patch->length);

    if (start < end) {
        memcpy(data + (start - offset),
               patch->new_bytes + (start - patch->offset), end - start);
    }
}

/* Reads bytes of the disk; as they are once it is patched, if so. */
static bool read_bytes(BlockBackend *image, const UndoFile *undo,
                       uint64_t offset, uint64_t length, bool patched,
                       uint8_t *data, Error **errp)
{
    if (!undo_disk_read(image, offset, length, data, errp)) {
        return false;
    }
    for (guint i = 0; patched && i < undo->patches->len; i++) {
        lay_over(&g_array_index(undo->patches, UndoPatch, i), offset, length,
                 data);
    }
    return true;
}

bool undo_mark_digest(BlockBackend *image, const UndoFile *undo,
                      const UndoMark *mark, bool patched,
                      uint8_t digest[UNDO_DIGEST_SIZE], Error **errp)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree uint8_t *data = g_malloc(MIN(mark->length, CHUNK_SIZE));
    gsize digest_size = UNDO_DIGEST_SIZE;
    uint64_t length;

    for (uint64_t done = 0; done < mark->length; done += length) {
        length = MIN(mark->length - done, CHUNK_SIZE);
        if (!read_bytes(image, undo, mark->offset + done, length, patched,
                        data, errp)) {
            return false;
        }
        g_checksum_update(checksum, data, length);
    }
    g_checksum_get_digest(checksum, digest, &digest_size);
    return true;
}

/* All marks of one kind. */
static UndoVerdict compare_marks(BlockBackend *image, const UndoFile *undo,
                                 UndoMarkKind kind, char **what,
                                 Error **errp)
{
    uint8_t digest[UNDO_DIGEST_SIZE];

    for (guint i = 0; i < undo->marks->len; i++) {
        const UndoMark *mark = &g_array_index(undo->marks, UndoMark, i);

        if (mark->kind != kind) {
            continue;
        }
        if (!undo_mark_digest(image, undo, mark, !undo->done, digest, errp)) {
            return UNDO_VERDICT_ERROR;
        }
        if (memcmp(digest, mark->digest, sizeof(digest)) != 0) {
            *what = xenprep_text_clean(mark->what, strlen(mark->what));
            return kind == UNDO_MARK_IDENTITY ? UNDO_VERDICT_FOREIGN
                                              : UNDO_VERDICT_CHANGED;
        }
    }
    return UNDO_VERDICT_SOUND;
}

/* The name of what is at @offset if it has one, else the offset. */
static char *name_sector(const UndoFile *undo, uint64_t offset)
{
    for (guint i = 0; i < undo->marks->len; i++) {
        const UndoMark *mark = &g_array_index(undo->marks, UndoMark, i);

        if (offset + UNDO_SECTOR_SIZE > mark->offset &&
            offset < mark->offset + mark->length) {
            g_autofree char *what = xenprep_text_clean(mark->what,
                                                       strlen(mark->what));

            return g_strdup_printf("%s (the sector at offset %" PRIu64 ")",
                                   what, offset);
        }
    }
    return g_strdup_printf("the sector at offset %" PRIu64, offset);
}

/* Whether @data begins as @first does, and goes on as @second. */
static bool is_torn(const uint8_t *data, const uint8_t *first,
                    const uint8_t *second, size_t length)
{
    size_t at = 0;

    while (at < length && data[at] == first[at]) {
        at++;
    }
    return memcmp(data + at, second + at, length - at) == 0;
}

/* Sector by sector; @data is what the disk has. */
static bool patch_matches(const UndoFile *undo, const UndoPatch *patch,
                          const uint8_t *data, char **what)
{
    for (uint64_t at = 0; at < patch->length; at += UNDO_SECTOR_SIZE) {
        size_t length = MIN(UNDO_SECTOR_SIZE, patch->length - at);
        const uint8_t *old_bytes = patch->old_bytes + at;
        const uint8_t *new_bytes = patch->new_bytes + at;

        if (memcmp(data + at, new_bytes, length) != 0 &&
            (undo->done || (!is_torn(data + at, new_bytes, old_bytes,
                                     length) &&
                            !is_torn(data + at, old_bytes, new_bytes,
                                     length)))) {
            *what = name_sector(undo, patch->offset + at);
            return false;
        }
    }
    return true;
}

static UndoVerdict compare_patches(BlockBackend *image, const UndoFile *undo,
                                   char **what, Error **errp)
{
    for (guint i = 0; i < undo->patches->len; i++) {
        const UndoPatch *patch = &g_array_index(undo->patches, UndoPatch, i);
        g_autofree uint8_t *data = g_malloc(patch->length);

        if (!undo_disk_read(image, patch->offset, patch->length, data,
                            errp)) {
            return UNDO_VERDICT_ERROR;
        }
        if (!patch_matches(undo, patch, data, what)) {
            return UNDO_VERDICT_CHANGED;
        }
    }
    return UNDO_VERDICT_SOUND;
}

/* That of the disk below a node that presents it prepared. */
static const char *image_format(BlockBackend *image)
{
    BlockDriverState *bs = blk_bs(image);

    GRAPH_RDLOCK_GUARD_MAINLOOP();

    while (strcmp(bs->drv->format_name, "win-xenprep") == 0 &&
           bdrv_primary_bs(bs)) {
        bs = bdrv_primary_bs(bs);
    }
    return bs->drv->format_name;
}

/* What can be told without reading the disk. */
static UndoVerdict compare_images(BlockBackend *image, const UndoFile *undo,
                                  char **what, Error **errp)
{
    const char *format = image_format(image);
    int64_t size = blk_getlength(image);

    if (size < 0) {
        error_setg_errno(errp, -size, "cannot tell the size of the disk");
        return UNDO_VERDICT_ERROR;
    }
    if (size != undo->disk_size) {
        *what = g_strdup_printf("a disk of %" PRIu64 " bytes, this one has "
                                "%" PRId64, undo->disk_size, size);
        return UNDO_VERDICT_FOREIGN;
    }
    if (strcmp(format, undo->format) != 0) {
        g_autofree char *other = xenprep_text_clean(undo->format,
                                                    strlen(undo->format));

        *what = g_strdup_printf("an image of format %s, this is %s", other,
                                format);
        return UNDO_VERDICT_FOREIGN;
    }
    return UNDO_VERDICT_SOUND;
}

UndoVerdict undo_disk_compare(BlockBackend *image, const UndoFile *undo,
                              char **what, Error **errp)
{
    UndoVerdict verdict;

    *what = NULL;
    verdict = compare_images(image, undo, what, errp);
    if (verdict == UNDO_VERDICT_SOUND) {
        verdict = compare_marks(image, undo, UNDO_MARK_IDENTITY, what, errp);
        if (verdict == UNDO_VERDICT_FOREIGN) {
            g_autofree char *mark = *what;

            *what = g_strdup_printf("a disk with other contents in %s", mark);
        }
    }
    /* The marks have names that tell more than a sector's number. */
    if (verdict == UNDO_VERDICT_SOUND) {
        verdict = compare_marks(image, undo, UNDO_MARK_WITNESS, what, errp);
    }
    if (verdict == UNDO_VERDICT_SOUND) {
        verdict = compare_patches(image, undo, what, errp);
    }
    return verdict;
}
