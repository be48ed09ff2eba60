/*
 * Whether a directory's bitmap knows all blocks of its index
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <stdlib.h>

#include "volume-index.h"

#include <ntfs-3g/dir.h>

#include "error.h"
#include "guest-limits.h"

typedef struct Check {
    Index index;
    /* $BITMAP of the index: a bit for each block. */
    uint8_t *bits;
    uint64_t bits_size;
    /* Of blocks, one below the other. */
    unsigned depth;
    /* The block that has none, or is there twice, if @differs. */
    bool differs;
    uint64_t number;
} Check;

static void check_clear(Check *check)
{
    index_close(&check->index);
    free(check->bits);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Check, check_clear)

/* Whether it was; a block that comes twice is one of a tree in a circle. */
static bool take_bit(Check *check, uint64_t number)
{
    uint8_t mask = 1 << number % 8;

    if (number / 8 >= check->bits_size || !(check->bits[number / 8] & mask)) {
        check->differs = true;
        check->number = number;
        return false;
    }
    check->bits[number / 8] &= ~mask;
    return true;
}

static bool check_node(Check *check, IndexNode *node);

static bool check_below(Check *check, const INDEX_ENTRY *entry)
{
    g_auto(IndexNode) node = { 0 };
    uint64_t number;
    bool ok;

    /* No name that is so deep can be looked up, either. */
    if (check->depth >= LIMIT_INDEX_BLOCKS) {
        errno = EIO;
        return false;
    }
    check->depth++;
    ok = index_block_number(&check->index, entry, &number) &&
         take_bit(check, number) && index_below(&check->index, entry, &node) &&
         check_node(check, &node);
    check->depth--;
    return ok;
}

/* False, with errno, if it cannot be read, and if they differ. */
static bool check_node(Check *check, IndexNode *node)
{
    const INDEX_ENTRY *entry;

    do {
        entry = index_next(node);
        if (!entry || (entry->ie_flags & INDEX_ENTRY_NODE &&
                       !check_below(check, entry))) {
            return false;
        }
    } while (!(entry->ie_flags & INDEX_ENTRY_END));
    return true;
}

/* A small index is in its root alone, and has no bitmap. */
static bool read_bits(Check *check)
{
    s64 size = 0;

    check->bits = ntfs_attr_readall(check->index.dir, AT_BITMAP, NTFS_INDEX_I30,
                                    4, &size);
    check->bits_size = check->bits ? size : 0;
    return check->bits || errno == ENOENT;
}

bool index_check_bitmap(Volume *volume, ntfs_inode *dir, const char *path,
                        GError **errp)
{
    g_auto(Check) check = { 0 };
    g_auto(IndexNode) root = { 0 };

    if (index_open(&check.index, volume, dir) && read_bits(&check) &&
        index_root(&check.index, &root) && check_node(&check, &root)) {
        return true;
    }
    if (check.differs) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: %s: its index does not agree with the index's bitmap "
                    "about block %" G_GUINT64_FORMAT ": chkdsk the volume in "
                    "the source VM",
                    volume->label, path, check.number);
    } else {
        volume_set_error(volume, path, errp);
    }
    return false;
}
