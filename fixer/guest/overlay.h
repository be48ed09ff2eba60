/*
 * Overlay: copy-on-write sectors over the disk
 *
 * Whatever the engine edits, it edits here; the disk below is only ever read.
 * What differs in the end is the result: the patches.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_OVERLAY_H
#define GUEST_OVERLAY_H

#include "source.h"

typedef struct Overlay Overlay;

/*
 * Called for each patch, ascending by offset: @length bytes at @offset, a run
 * of sectors that differ from the disk (a long one comes in pieces).  Returns
 * false and sets @errp to stop.
 */
typedef bool OverlayPatchFunc(uint64_t offset, const void *data,
                              size_t length, void *opaque, GError **errp);

/*
 * An empty overlay over @disk, which must outlive it.  It holds at most
 * @max_size bytes of changes.
 */
Overlay *overlay_new(ByteSource *disk, size_t max_size);

void overlay_free(Overlay *overlay);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Overlay, overlay_free)

/* In bytes, as the disk's. */
uint64_t overlay_size(const Overlay *overlay);

/* An overlay without changes over the same disk: what was before. */
Overlay *overlay_new_before(const Overlay *overlay);

bool overlay_read(Overlay *overlay, uint64_t offset, void *buf,
                  size_t length, GError **errp);

bool overlay_write(Overlay *overlay, uint64_t offset, const void *buf,
                   size_t length, GError **errp);

/*
 * Calls @func for each patch.  Sectors that were written with what they held
 * before are no patch.
 */
bool overlay_foreach_patch(Overlay *overlay, OverlayPatchFunc *func,
                           void *opaque, GError **errp);

#endif /* GUEST_OVERLAY_H */
