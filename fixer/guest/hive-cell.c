/*
 * Cells: the bytes of a registry hive, and the pieces they are divided into
 *
 * New cells come out of free ones, and only if none is large enough the hive
 * grows by a bin.  Windows does so, too, and the file can nearly always stay
 * where it is on the volume.  A free cell that was begun is used up before
 * another one is: the fewer places change, the fewer sectors do.
 *
 * Windows leaves a file larger than its bins (it grows by 256 KiB): new bins
 * go there before the file grows.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "guest-limits.h"
#include "hive-base.h"
#include "hive-cell.h"
#include "le.h"

#define BIN_UNIT 4096
#define CELL_UNIT 8
#define CELL_HEADER 4

/* Starts of cells are on a grid: hivex accepts the same one. */
#define GRID 4

static uint8_t *at(const HiveImage *image, uint32_t offset)
{
    return image->file->data + HIVE_BASE_SIZE + offset;
}

static int32_t raw_size(const HiveImage *image, uint32_t cell)
{
    return (int32_t)get_le32(at(image, cell));
}

static void set_raw_size(HiveImage *image, uint32_t cell, int32_t size)
{
    put_le32(at(image, cell), (uint32_t)size);
}

static bool is_start(const HiveImage *image, uint32_t cell)
{
    uint32_t bit = cell / GRID;

    return cell < image->bins && cell % GRID == 0 &&
           (image->starts->data[bit / 8] >> bit % 8 & 1);
}

static void mark_start(HiveImage *image, uint32_t cell, bool in_use)
{
    uint32_t bit = cell / GRID;
    uint8_t mask = 1 << bit % 8;

    image->starts->data[bit / 8] &= ~mask;
    image->starts->data[bit / 8] |= in_use ? mask : 0;
}

static void grow_starts(HiveImage *image)
{
    guint before = image->starts->len;

    g_byte_array_set_size(image->starts, image->bins / GRID / 8);
    /* Of a hive without bins there are no bytes, and no place for them. */
    if (image->starts->len > before) {
        memset(image->starts->data + before, 0, image->starts->len - before);
    }
}

/*
 * The size of the cell at @cell, in a bin that ends at @end; 0 if it cannot
 * be right.
 */
static uint32_t cell_size(const HiveImage *image, uint32_t cell, uint32_t end)
{
    int32_t raw = raw_size(image, cell);
    uint32_t size = raw < 0 ? 0 - (uint32_t)raw : (uint32_t)raw;

    return size >= CELL_UNIT && size % GRID == 0 && size <= end - cell
           ? size : 0;
}

/* The size of the bin at @bin; 0 if there is none. */
static uint32_t bin_size(const HiveImage *image, uint32_t bin)
{
    const uint8_t *header = at(image, bin);
    uint32_t size = get_le32(header + HIVE_BIN_SIZE);

    return memcmp(header + HIVE_BIN_SIGNATURE, "hbin", 4) == 0 &&
           get_le32(header + HIVE_BIN_OFFSET) == bin &&
           size > 0 && size % BIN_UNIT == 0 && size <= image->bins - bin
           ? size : 0;
}

/* Calls visit() for each cell of a bin; false, where a cell cannot be right. */
static bool scan_bin(HiveImage *image, uint32_t bin, uint32_t size,
                     void (*visit)(HiveImage *, uint32_t, bool),
                     uint32_t *where)
{
    uint32_t end = bin + size;
    uint32_t cell = bin + HIVE_BIN_HEADER;

    while (cell < end) {
        uint32_t length = cell_size(image, cell, end);

        if (length == 0) {
            *where = cell;
            return false;
        }
        visit(image, cell, raw_size(image, cell) < 0);
        cell += length;
    }
    return true;
}

/* The same for all bins; what is wrong, to be freed, or NULL. */
static char *scan(HiveImage *image,
                  void (*visit)(HiveImage *, uint32_t, bool))
{
    uint32_t bin = 0;

    while (bin < image->bins) {
        uint32_t size = bin_size(image, bin);
        uint32_t cell;

        if (size == 0) {
            return g_strdup_printf("there is no hive bin at offset %u",
                                   HIVE_BASE_SIZE + bin);
        }
        if (!scan_bin(image, bin, size, visit, &cell)) {
            return g_strdup_printf("the cell at offset %u has a size that "
                                   "cannot be", HIVE_BASE_SIZE + cell);
        }
        bin += size;
    }
    return NULL;
}

static void note_start(HiveImage *image, uint32_t cell, bool in_use)
{
    if (in_use) {
        mark_start(image, cell, true);
    }
}

HiveImage *hive_image_new(GBytes *bytes, char **why)
{
    g_autoptr(HiveImage) image = g_new0(HiveImage, 1);
    gsize size;
    const uint8_t *data = g_bytes_get_data(bytes, &size);

    image->file = g_byte_array_sized_new(size);
    g_byte_array_append(image->file, data, size);
    image->starts = g_byte_array_new();
    image->room = HIVE_NO_CELL;
    image->ordered = HIVE_NO_CELL;
    image->minor = get_le32(data + HIVE_BASE_MINOR);
    image->bins = get_le32(data + HIVE_BASE_BINS_SIZE);
    if (image->bins % BIN_UNIT != 0 || image->bins > size - HIVE_BASE_SIZE) {
        *why = g_strdup_printf("%u bytes of hive bins cannot be",
                               image->bins);
        return NULL;
    }
    grow_starts(image);
    *why = scan(image, note_start);
    return *why ? NULL : g_steal_pointer(&image);
}

void hive_image_free(HiveImage *image)
{
    if (image) {
        g_byte_array_unref(image->file);
        g_byte_array_unref(image->starts);
        g_clear_pointer(&image->free, g_array_unref);
        g_free(image);
    }
}

uint8_t *hive_cell(const HiveImage *image, uint32_t cell, uint32_t *size)
{
    if (!is_start(image, cell)) {
        return NULL;
    }
    *size = 0 - (uint32_t)raw_size(image, cell) - CELL_HEADER;
    return at(image, cell) + CELL_HEADER;
}

uint8_t *hive_record(const HiveImage *image, uint32_t cell,
                     const char *signature, uint32_t least, uint32_t *size)
{
    uint8_t *record = hive_cell(image, cell, size);

    return record && *size >= MAX(least, 2) &&
           memcmp(record, signature, 2) == 0 ? record : NULL;
}

static bool has_bit(const HiveImage *image, const uint8_t *bits,
                    uint32_t cell)
{
    uint32_t bit = cell / GRID;

    return cell < image->references->bins && cell % GRID == 0 &&
           (bits[bit / 8] >> bit % 8 & 1);
}

bool hive_cell_is_shared(const HiveImage *image, uint32_t cell)
{
    return has_bit(image, image->references->twice, cell);
}

static void note_free(HiveImage *image, uint32_t cell, bool in_use)
{
    if (!in_use && image->free->len < LIMIT_FREE_CELLS &&
        !has_bit(image, image->references->once, cell)) {
        g_array_append_val(image->free, cell);
    }
}

void hive_image_begin_edit(HiveImage *image, const HiveReferences *references)
{
    g_autofree char *why = NULL;

    image->references = references;
    image->free = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    why = scan(image, note_free);
    g_assert(!why);
}

static uint32_t free_at(const HiveImage *image, guint index)
{
    return g_array_index(image->free, uint32_t, index);
}

/*
 * Whether to take a free cell of @size bytes rather than one of @best: small
 * cells out of the largest one that large cells have no use for, large ones
 * out of the smallest that will do.
 */
static bool is_better(uint32_t needed, uint32_t size, uint32_t best)
{
    bool fits_page = needed <= BIN_UNIT / 2 && size <= BIN_UNIT;
    bool best_fits_page = needed <= BIN_UNIT / 2 && best <= BIN_UNIT;

    return fits_page != best_fits_page ? fits_page
           : fits_page ? size > best : size < best;
}

/* The index of a free cell with that many bytes, header and all, or -1. */
static int find_free(const HiveImage *image, uint32_t needed)
{
    uint32_t best = UINT32_MAX;
    int found = -1;

    for (guint i = 0; i < image->free->len; i++) {
        uint32_t cell = free_at(image, i);
        uint32_t size = (uint32_t)raw_size(image, cell);

        if (size >= needed && cell == image->room) {
            return i;
        }
        if (size >= needed && is_better(needed, size, best)) {
            found = i;
            best = size;
        }
    }
    return found;
}

/* Adds a bin of one free cell, which is the last of the free ones then. */
static bool add_bin(HiveImage *image, uint32_t needed, GError **errp)
{
    uint32_t bin = image->bins;
    uint32_t size = (needed + HIVE_BIN_HEADER + BIN_UNIT - 1) /
                    BIN_UNIT * BIN_UNIT;
    uint32_t cell = bin + HIVE_BIN_HEADER;
    uint8_t *header;

    if (size > LIMIT_HIVE_SIZE - HIVE_BASE_SIZE - bin) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "the hive would become larger than %u MiB, and such a "
                    "one is not edited; make it smaller in the source VM",
                    LIMIT_HIVE_SIZE / MiB);
        return false;
    }
    image->bins += size;
    if (image->file->len < HIVE_BASE_SIZE + image->bins) {
        g_byte_array_set_size(image->file, HIVE_BASE_SIZE + image->bins);
    }
    grow_starts(image);
    header = at(image, bin);
    memset(header, 0, size);
    memcpy(header + HIVE_BIN_SIGNATURE, "hbin", 4);
    put_le32(header + HIVE_BIN_OFFSET, bin);
    put_le32(header + HIVE_BIN_SIZE, size);
    set_raw_size(image, cell, size - HIVE_BIN_HEADER);
    g_array_append_val(image->free, cell);
    return true;
}

/* Takes @needed bytes of a free cell; what remains is a free cell again. */
static uint32_t take(HiveImage *image, guint index, uint32_t needed)
{
    uint32_t cell = free_at(image, index);
    uint32_t size = (uint32_t)raw_size(image, cell);

    if (size - needed >= CELL_UNIT) {
        image->room = cell + needed;
        set_raw_size(image, image->room, size - needed);
        g_array_index(image->free, uint32_t, index) = image->room;
    } else {
        needed = size;
        image->room = HIVE_NO_CELL;
        g_array_remove_index(image->free, index);
    }
    set_raw_size(image, cell, -(int32_t)needed);
    mark_start(image, cell, true);
    memset(at(image, cell) + CELL_HEADER, 0, needed - CELL_HEADER);
    return cell;
}

uint32_t hive_cell_new(HiveImage *image, uint32_t size, GError **errp)
{
    uint32_t needed = (size + CELL_HEADER + CELL_UNIT - 1) / CELL_UNIT *
                      CELL_UNIT;
    int index;

    g_assert(size > 0 && size < LIMIT_HIVE_SIZE && image->free);
    index = find_free(image, needed);
    if (index < 0) {
        if (!add_bin(image, needed, errp)) {
            return HIVE_NO_CELL;
        }
        index = image->free->len - 1;
    }
    return take(image, index, needed);
}

/*
 * Joins the free cell to the free neighbour behind it.  Cells of two bins are
 * never neighbours, for a bin begins with its header.
 */
static void join(HiveImage *image, uint32_t cell, uint32_t behind)
{
    set_raw_size(image, cell, raw_size(image, cell) +
                              raw_size(image, behind));
    if (image->room == behind) {
        image->room = cell;
    }
}

void hive_cell_drop(HiveImage *image, uint32_t cell)
{
    uint32_t end;

    g_assert(image->free);
    if (!is_start(image, cell) || hive_cell_is_shared(image, cell)) {
        return;
    }
    mark_start(image, cell, false);
    set_raw_size(image, cell, -raw_size(image, cell));
    end = cell + (uint32_t)raw_size(image, cell);
    for (guint i = image->free->len; i-- > 0; ) {
        uint32_t other = free_at(image, i);

        if (other == end) {
            join(image, cell, other);
            g_array_remove_index(image->free, i);
        } else if (other + (uint32_t)raw_size(image, other) == cell) {
            join(image, other, cell);
            cell = other;
            g_array_remove_index(image->free, i);
        }
    }
    g_array_append_val(image->free, cell);
}
