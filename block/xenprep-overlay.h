/*
 * The overlay of one guest: sorted extents of new bytes and of zeros
 *
 * Knows nothing of QEMU's block layer, nor of the helper that the extents
 * come from.  Offsets and lengths are in bytes, and need no alignment.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_OVERLAY_H
#define XENPREP_OVERLAY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct XenprepOverlay XenprepOverlay;

typedef enum XenprepSpanKind {
    /* The overlay has nothing here: what lies below it shows. */
    XENPREP_SPAN_BELOW,
    XENPREP_SPAN_DATA,
    XENPREP_SPAN_ZERO,
} XenprepSpanKind;

/* What a range begins with. */
typedef struct XenprepSpan {
    XenprepSpanKind kind;
    /* How much of the range it covers, at least one byte. */
    uint64_t length;
    /* Of XENPREP_SPAN_DATA, else NULL: @length bytes, the overlay's own. */
    const uint8_t *data;
} XenprepSpan;

XenprepOverlay *xenprep_overlay_new(void);

/* NULL is allowed. */
void xenprep_overlay_free(XenprepOverlay *overlay);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(XenprepOverlay, xenprep_overlay_free)

/*
 * Adds an extent.  It must not be empty, nor wrap around, and must lie behind
 * all others: if not, nothing is added and the result is false.  Takes @data
 * in any case, to be freed with g_free(); NULL makes an extent of zeros.
 */
bool xenprep_overlay_append(XenprepOverlay *overlay, uint64_t offset,
                            uint64_t length, uint8_t *data);

/*
 * What the range of @length bytes, at least one, begins with at @offset.  The
 * span goes as far as one extent, or the gap between two, but not beyond the
 * range.
 */
XenprepSpan xenprep_overlay_span(const XenprepOverlay *overlay,
                                 uint64_t offset, uint64_t length);

#endif /* XENPREP_OVERLAY_H */
