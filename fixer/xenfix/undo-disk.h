/*
 * An undo file and the disk that it is of: made of it, compared, written
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UNDO_DISK_H
#define UNDO_DISK_H

#include "undo-file.h"
#include "win-xenfix.h"

/*
 * What is about to be changed on @image.  Its pointers are good as long as
 * @result is.  The undo file has no patches if nothing changes; NULL and
 * @errp on failure.
 */
UndoFile *undo_disk_collect(BlockBackend *image, const XenprepResult *result,
                            Error **errp);

/* What a comparison of the disk with the undo file gives. */
typedef enum UndoVerdict {
    /* The disk could not be read. */
    UNDO_VERDICT_ERROR,
    /* It is another disk. */
    UNDO_VERDICT_FOREIGN,
    /* The disk has been changed by somebody else, too. */
    UNDO_VERDICT_CHANGED,
    /* The disk is as win-xenfix has left it. */
    UNDO_VERDICT_SOUND,
} UndoVerdict;

/*
 * Compares them.  *@what names what differs, if something does, and is to be
 * freed; @errp is set for UNDO_VERDICT_ERROR only.
 */
UndoVerdict undo_disk_compare(BlockBackend *image, const UndoFile *undo,
                              char **what, Error **errp);

/* Writes all new bytes, durably. */
bool undo_disk_apply(BlockBackend *image, const UndoFile *undo,
                     Error **errp);

/* Writes the old bytes where the disk has others, durably. */
bool undo_disk_revert(BlockBackend *image, const UndoFile *undo,
                      Error **errp);

#endif /* UNDO_DISK_H */
