/*
 * Changes a disk, and takes the change back, so that no crash leaves a mixture
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UNDO_TRANSACTION_H
#define UNDO_TRANSACTION_H

#include "undo-disk.h"

/* The undo file of an image, and how the two go together. */
typedef struct UndoState {
    char *path;
    /* NULL: there is no undo file; then the rest has no meaning. */
    UndoFile *undo;
    UndoVerdict verdict;
    /* What differs; NULL if nothing does. */
    char *what;
} UndoState;

void undo_state_clear(UndoState *state);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UndoState, undo_state_clear)

/* Finds the undo file and compares it with the image, which is only read. */
bool undo_state_read(const XenfixOptions *options, BlockBackend *image,
                     UndoState *state, Error **errp);

/*
 * For whoever is only about to look: whether no run was cut off, as far as the
 * undo file tells.  What a half-changed disk says of its guest is not so.
 */
bool undo_state_check_whole(const XenfixOptions *options,
                            BlockBackend *image, Error **errp);

/*
 * Makes all changes, and the undo file, or none of both.  There must be no
 * undo file at @path.
 */
bool undo_transaction_run(BlockBackend *image, const char *path,
                          const UndoFile *undo, Error **errp);

/*
 * Takes the changes back, and removes the undo file, if that is safe: not if
 * somebody else has written to the disk.
 */
bool undo_transaction_roll_back(BlockBackend *image, const UndoState *state,
                                Error **errp);

/*
 * For whoever is about to change the disk: takes back what an earlier run has
 * left half-done, and refuses to go on if that cannot be.  A run that was
 * completed stays, and is in *@state.
 */
bool undo_transaction_settle(const XenfixOptions *options,
                             BlockBackend *image, UndoState *state,
                             Error **errp);

#endif /* UNDO_TRANSACTION_H */
