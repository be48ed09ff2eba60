/*
 * What reads and compares marks, for those who make and who check them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UNDO_DISK_INTERNAL_H
#define UNDO_DISK_INTERNAL_H

#include "undo-disk.h"

/*
 * The digest of the bytes of @mark on the disk; with the new bytes in place
 * of what is there if @patched.
 */
bool undo_mark_digest(BlockBackend *image, const UndoFile *undo,
                      const UndoMark *mark, bool patched,
                      uint8_t digest[UNDO_DIGEST_SIZE], Error **errp);

/* Reads from the disk; tells where if it cannot be read. */
bool undo_disk_read(BlockBackend *image, uint64_t offset, uint64_t length,
                    void *data, Error **errp);

#endif /* UNDO_DISK_INTERNAL_H */
