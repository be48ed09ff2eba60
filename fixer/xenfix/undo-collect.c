/*
 * Makes the undo file of what the helper wants to change
 *
 * The helper may have been taken over by the guest.  Its patches have been
 * checked by the client; what it says of witnesses is checked here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "undo-disk-internal.h"

#include "block/xenprep-mapping.h"
#include "block/xenprep-protocol.h"
#include "qapi/error.h"

QEMU_BUILD_BUG_ON(UNDO_MAX_PATCHES < XENPREP_MAX_EXTENTS);
QEMU_BUILD_BUG_ON(UNDO_MAX_PATCH_BYTES < XENPREP_MAX_PATCH_BYTES);
QEMU_BUILD_BUG_ON(UNDO_SECTOR_SIZE != XENPREP_SECTOR_SIZE);

/* What is cut off the file must not become old bytes that are zero. */
static bool is_there(BlockBackend *image, uint64_t offset, uint64_t length,
                     Error **errp)
{
    BlockDriverState *bs = blk_bs(image);

    GRAPH_RDLOCK_GUARD_MAINLOOP();

    if (xenprep_mapping_can_be_cut(bs) &&
        xenprep_mapping_check(bs, offset, length) < 0) {
        error_setg(errp, "the image's file ends in front of what is at "
                   "offset %" PRIu64 " of the disk", offset);
        return false;
    }
    return true;
}

static bool add_patch(BlockBackend *image, UndoFile *undo, uint64_t offset,
                      const XenprepSpan *span, Error **errp)
{
    g_autofree uint8_t *old_bytes = g_malloc(span->length);
    UndoPatch patch = {
        .offset = offset,
        .length = span->length,
        .new_bytes = span->data,
    };

    if (!is_there(image, offset, span->length, errp) ||
        !undo_disk_read(image, offset, span->length, old_bytes, errp)) {
        return false;
    }
    if (memcmp(old_bytes, patch.new_bytes, patch.length) != 0) {
        patch.old_bytes = old_bytes;
        g_ptr_array_add(undo->memory, g_steal_pointer(&old_bytes));
        g_array_append_val(undo->patches, patch);
    }
    return true;
}

static bool add_patches(BlockBackend *image, UndoFile *undo,
                        const XenprepOverlay *overlay, Error **errp)
{
    uint64_t offset = 0;

    while (offset < undo->disk_size) {
        XenprepSpan span = xenprep_overlay_span(overlay, offset,
                                                undo->disk_size - offset);

        /* Nothing was to be discarded, so the client took no zeros. */
        assert(span.kind != XENPREP_SPAN_ZERO);
        if (span.kind == XENPREP_SPAN_DATA &&
            !add_patch(image, undo, offset, &span, errp)) {
            return false;
        }
        offset += span.length;
    }
    return true;
}

/* Takes @what. */
static bool add_mark(BlockBackend *image, UndoFile *undo, UndoMark mark,
                     char *what, Error **errp)
{
    const char *end;

    g_ptr_array_add(undo->memory, what);
    if (strlen(what) > UNDO_MAX_WHAT) {
        g_utf8_validate(what, UNDO_MAX_WHAT, &end);
        what[end - what] = '\0';
    }
    mark.what = what;
    if (mark.length == 0 || mark.offset > undo->disk_size ||
        mark.length > undo->disk_size - mark.offset ||
        mark.length > UNDO_MAX_MARK_BYTES - undo_file_mark_bytes(undo) ||
        undo->marks->len == UNDO_MAX_MARKS || !*what) {
        error_setg(errp, "the helper tells of %" PRIu64 " bytes at offset "
                   "%" PRIu64 " of a disk of %" PRIu64 " that they change "
                   "when it is used; please report this as a bug",
                   mark.length, mark.offset, undo->disk_size);
        return false;
    }
    if (!undo_mark_digest(image, undo, &mark, true, mark.digest, errp)) {
        return false;
    }
    g_array_append_val(undo->marks, mark);
    return true;
}

/* With a GPT the first sector says nothing; its partitions have GUIDs. */
static bool has_gpt(const WinXenprepPartitionList *partitions)
{
    while (partitions && !partitions->value->type_guid) {
        partitions = partitions->next;
    }
    return partitions != NULL;
}

/* The header of a GPT, in the second sector, has a checksum of all entries. */
static bool add_gpt(BlockBackend *image, UndoFile *undo, Error **errp)
{
    UndoMark mark = {
        .kind = UNDO_MARK_IDENTITY,
        .offset = UNDO_SECTOR_SIZE,
        .length = UNDO_SECTOR_SIZE,
    };

    return add_mark(image, undo, mark, g_strdup("the GPT"), errp);
}

/* What the partition table is, and the first sector of each partition. */
static bool add_identity(BlockBackend *image, UndoFile *undo,
                         const WinXenprepPartitionList *partitions,
                         Error **errp)
{
    UndoMark mark = {
        .kind = UNDO_MARK_IDENTITY,
        .length = UNDO_SECTOR_SIZE,
    };

    if (!add_mark(image, undo, mark, g_strdup("the partition table"), errp) ||
        (has_gpt(partitions) && !add_gpt(image, undo, errp))) {
        return false;
    }
    for (; partitions; partitions = partitions->next) {
        mark.offset = partitions->value->start;
        /* A table may tell of partitions beyond the disk. */
        if (mark.offset <= undo->disk_size &&
            mark.length <= undo->disk_size - mark.offset &&
            !add_mark(image, undo, mark,
                      g_strdup_printf("partition %" PRId64 ": boot sector",
                                      partitions->value->number), errp)) {
            return false;
        }
    }
    return true;
}

static bool add_witnesses(BlockBackend *image, UndoFile *undo,
                          const WinXenprepWitnessList *witnesses,
                          Error **errp)
{
    for (; witnesses; witnesses = witnesses->next) {
        UndoMark mark = {
            .kind = UNDO_MARK_WITNESS,
            .offset = witnesses->value->offset,
            .length = witnesses->value->length,
        };

        if (!add_mark(image, undo, mark, g_strdup(witnesses->value->what),
                      errp)) {
            return false;
        }
    }
    return true;
}

UndoFile *undo_disk_collect(BlockBackend *image, const XenprepResult *result,
                            Error **errp)
{
    const ImageInfoSpecificWinXenprep *report = result->report.prepare;
    int64_t size = blk_getlength(image);
    g_autoptr(UndoFile) undo = NULL;

    if (size < 0) {
        error_setg_errno(errp, -size, "cannot tell the size of the disk");
        return NULL;
    }
    undo = undo_file_new(bdrv_get_format_name(blk_bs(image)), size);
    if (!add_patches(image, undo, result->overlay, errp) ||
        (undo->patches->len > 0 &&
         (!add_identity(image, undo, report->partitions, errp) ||
          !add_witnesses(image, undo, report->witnesses, errp)))) {
        return NULL;
    }
    return g_steal_pointer(&undo);
}
