/*
 * The overlay of one guest: sorted extents of new bytes and of zeros
 *
 * Notes on the design
 *
 * The extents are appended in the order of the disk, once, and never change
 * again.  So a sorted array with a binary search is all it takes: no lock,
 * whichever thread reads, and no tree.  Neighbours are not merged; that would
 * copy data to save a few steps of a search.
 *
 * Each extent keeps the buffer that its bytes arrived in.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "xenprep-overlay.h"

typedef struct Extent {
    uint64_t offset;
    uint64_t length;
    /* NULL: zeros. */
    uint8_t *data;
} Extent;

struct XenprepOverlay {
    /* Of Extent, ascending, none overlapping. */
    GArray *extents;
};

static void extent_clear(void *opaque)
{
    Extent *extent = opaque;

    g_free(extent->data);
}

XenprepOverlay *xenprep_overlay_new(void)
{
    XenprepOverlay *overlay = g_new0(XenprepOverlay, 1);

    overlay->extents = g_array_new(FALSE, FALSE, sizeof(Extent));
    g_array_set_clear_func(overlay->extents, extent_clear);
    return overlay;
}

void xenprep_overlay_free(XenprepOverlay *overlay)
{
    if (overlay) {
        g_array_unref(overlay->extents);
        g_free(overlay);
    }
}

/* Where the last extent ends, 0 if there is none. */
static uint64_t overlay_end(const XenprepOverlay *overlay)
{
    guint n = overlay->extents->len;
    const Extent *last;

    if (n == 0) {
        return 0;
    }
    last = &g_array_index(overlay->extents, Extent, n - 1);
    return last->offset + last->length;
}

bool xenprep_overlay_append(XenprepOverlay *overlay, uint64_t offset,
                            uint64_t length, uint8_t *data)
{
    Extent extent = { .offset = offset, .length = length, .data = data };

    if (length == 0 || offset < overlay_end(overlay) ||
        length > UINT64_MAX - offset) {
        g_free(data);
        return false;
    }
    g_array_append_val(overlay->extents, extent);
    return true;
}

/* The first extent that ends behind @offset, or NULL. */
static const Extent *find_extent(const XenprepOverlay *overlay,
                                 uint64_t offset)
{
    guint low = 0;
    guint high = overlay->extents->len;

    /* All extents before low end at or before @offset, none from high on. */
    while (low < high) {
        guint middle = low + (high - low) / 2;
        const Extent *extent = &g_array_index(overlay->extents, Extent,
                                              middle);

        if (extent->offset + extent->length <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < overlay->extents->len
           ? &g_array_index(overlay->extents, Extent, low) : NULL;
}

XenprepSpan xenprep_overlay_span(const XenprepOverlay *overlay,
                                 uint64_t offset, uint64_t length)
{
    const Extent *extent = find_extent(overlay, offset);
    XenprepSpan span = { .kind = XENPREP_SPAN_BELOW, .length = length };
    uint64_t skip;

    if (!extent) {
        return span;
    }
    if (offset < extent->offset) {
        span.length = MIN(length, extent->offset - offset);
        return span;
    }
    skip = offset - extent->offset;
    span.length = MIN(length, extent->length - skip);
    span.kind = extent->data ? XENPREP_SPAN_DATA : XENPREP_SPAN_ZERO;
    span.data = extent->data ? extent->data + skip : NULL;
    return span;
}
