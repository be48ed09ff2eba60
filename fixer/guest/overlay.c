/*
 * Overlay: copy-on-write sectors over the disk
 *
 * Notes on the design
 *
 * Changed data is kept in blocks of 4 KiB, found by their number in a hash
 * table.  A block that is written for the first time is read from the disk
 * whole, so that from then on it alone answers reads.  What it held before is
 * not kept: overlay_foreach_patch() reads it again, which costs one more read
 * per changed block and saves half of the memory.
 *
 * A patch counts in sectors of 512 bytes, whatever the block size: NTFS puts
 * its fixups there, and a smaller patch is a smaller claim.
 *
 * The last block of a disk may be short, and so may its last sector.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "overlay.h"

#define BLOCK_SIZE 4096
#define SECTOR_SIZE 512

/* A patch longer than this is handed out in pieces. */
#define MAX_RUN (256 * 1024)

struct Overlay {
    ByteSource *disk;
    /* Most blocks that may be held. */
    size_t max_blocks;
    /* uint64_t number of the block -> its BLOCK_SIZE bytes */
    GHashTable *blocks;
};

Overlay *overlay_new(ByteSource *disk, size_t max_size)
{
    Overlay *overlay = g_new0(Overlay, 1);

    overlay->disk = disk;
    overlay->max_blocks = max_size / BLOCK_SIZE;
    overlay->blocks = g_hash_table_new_full(g_int64_hash, g_int64_equal,
                                            g_free, g_free);
    return overlay;
}

void overlay_free(Overlay *overlay)
{
    if (overlay) {
        g_hash_table_unref(overlay->blocks);
        g_free(overlay);
    }
}

uint64_t overlay_size(const Overlay *overlay)
{
    return overlay->disk->size;
}

Overlay *overlay_new_before(const Overlay *overlay)
{
    return overlay_new(overlay->disk, 0);
}

static bool check_range(Overlay *overlay, uint64_t offset, size_t length,
                        const char *what, GError **errp)
{
    uint64_t size = overlay_size(overlay);

    if (offset > size || length > size - offset) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s of %zu bytes at offset %" G_GUINT64_FORMAT
                    " is beyond the end of the disk at %" G_GUINT64_FORMAT,
                    what, length, offset, size);
        return false;
    }
    return true;
}

/* Bytes of block @number: BLOCK_SIZE but at the end of the disk. */
static size_t block_length(Overlay *overlay, uint64_t number)
{
    return MIN(BLOCK_SIZE, overlay_size(overlay) - number * BLOCK_SIZE);
}

/* The bytes of the range from @offset that lie in one block. */
static size_t within_block(uint64_t offset, size_t length)
{
    return MIN(length, BLOCK_SIZE - offset % BLOCK_SIZE);
}

/*
 * How far from @offset the disk answers alone: up to the next changed block,
 * at most @length bytes.
 */
static size_t unchanged_run(Overlay *overlay, uint64_t offset, size_t length)
{
    size_t done = 0;

    while (done < length) {
        uint64_t number = (offset + done) / BLOCK_SIZE;

        if (g_hash_table_contains(overlay->blocks, &number)) {
            break;
        }
        done += within_block(offset + done, length - done);
    }
    return done;
}

bool overlay_read(Overlay *overlay, uint64_t offset, void *buf,
                  size_t length, GError **errp)
{
    uint8_t *p = buf;

    if (!check_range(overlay, offset, length, "read", errp)) {
        return false;
    }
    while (length > 0) {
        uint64_t number = offset / BLOCK_SIZE;
        uint8_t *block = g_hash_table_lookup(overlay->blocks, &number);
        size_t n;

        if (block) {
            n = within_block(offset, length);
            memcpy(p, block + offset % BLOCK_SIZE, n);
        } else {
            n = unchanged_run(overlay, offset, length);
            if (!source_read(overlay->disk, offset, p, n, errp)) {
                return false;
            }
        }
        p += n;
        offset += n;
        length -= n;
    }
    return true;
}

/* The block's bytes to write into, read from the disk if it is new. */
static uint8_t *writable_block(Overlay *overlay, uint64_t number,
                               GError **errp)
{
    uint8_t *found = g_hash_table_lookup(overlay->blocks, &number);
    g_autofree uint8_t *block = NULL;

    if (found) {
        return found;
    }
    if (g_hash_table_size(overlay->blocks) >= overlay->max_blocks) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NO_SPACE,
                    "the guest would need more than %zu MiB of changes, "
                    "which no sound guest does",
                    overlay->max_blocks * BLOCK_SIZE / (1024 * 1024));
        return NULL;
    }
    block = g_malloc0(BLOCK_SIZE);
    if (!source_read(overlay->disk, number * BLOCK_SIZE, block,
                     block_length(overlay, number), errp)) {
        return NULL;
    }
    found = block;
    g_hash_table_insert(overlay->blocks, g_memdup2(&number, sizeof(number)),
                        g_steal_pointer(&block));
    return found;
}

bool overlay_write(Overlay *overlay, uint64_t offset, const void *buf,
                   size_t length, GError **errp)
{
    const uint8_t *p = buf;

    if (!check_range(overlay, offset, length, "write", errp)) {
        return false;
    }
    while (length > 0) {
        size_t n = within_block(offset, length);
        uint8_t *block = writable_block(overlay, offset / BLOCK_SIZE, errp);

        if (!block) {
            return false;
        }
        memcpy(block + offset % BLOCK_SIZE, p, n);
        p += n;
        offset += n;
        length -= n;
    }
    return true;
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* The numbers of all changed blocks, ascending. */
static GArray *sorted_numbers(Overlay *overlay)
{
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, overlay->blocks);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        g_array_append_vals(numbers, key, 1);
    }
    g_array_sort(numbers, compare_numbers);
    return numbers;
}

/* The run of differing sectors that is being collected. */
typedef struct Run {
    uint64_t offset;
    GByteArray *data;
    OverlayPatchFunc *func;
    void *opaque;
} Run;

static bool run_flush(Run *run, GError **errp)
{
    bool ok = run->data->len == 0 ||
              run->func(run->offset, run->data->data, run->data->len,
                        run->opaque, errp);

    g_byte_array_set_size(run->data, 0);
    return ok;
}

static bool run_add(Run *run, uint64_t offset, const uint8_t *data,
                    size_t length, GError **errp)
{
    if (offset != run->offset + run->data->len ||
        run->data->len + length > MAX_RUN) {
        if (!run_flush(run, errp)) {
            return false;
        }
        run->offset = offset;
    }
    g_byte_array_append(run->data, data, length);
    return true;
}

/* Adds those sectors of one block that differ from the disk. */
static bool run_add_block(Run *run, Overlay *overlay, uint64_t number,
                          GError **errp)
{
    const uint8_t *block = g_hash_table_lookup(overlay->blocks, &number);
    uint64_t offset = number * BLOCK_SIZE;
    size_t length = block_length(overlay, number);
    uint8_t before[BLOCK_SIZE];

    if (!source_read(overlay->disk, offset, before, length, errp)) {
        return false;
    }
    for (size_t at = 0; at < length; at += SECTOR_SIZE) {
        size_t n = MIN(SECTOR_SIZE, length - at);

        if (memcmp(block + at, before + at, n) != 0 &&
            !run_add(run, offset + at, block + at, n, errp)) {
            return false;
        }
    }
    return true;
}

bool overlay_foreach_patch(Overlay *overlay, OverlayPatchFunc *func,
                           void *opaque, GError **errp)
{
    g_autoptr(GArray) numbers = sorted_numbers(overlay);
    g_autoptr(GByteArray) data = g_byte_array_new();
    Run run = { .data = data, .func = func, .opaque = opaque };

    for (guint i = 0; i < numbers->len; i++) {
        if (!run_add_block(&run, overlay, g_array_index(numbers, uint64_t, i),
                           errp)) {
            return false;
        }
    }
    return run_flush(&run, errp);
}
