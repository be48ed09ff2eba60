/*
 * The index of an NTFS directory, node by node
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_VOLUME_INDEX_H
#define GUEST_VOLUME_INDEX_H

#include "volume-internal.h"

typedef struct Index {
    Volume *volume;
    ntfs_inode *dir;
    INDEX_ROOT *root;
    size_t root_size;
    /* $INDEX_ALLOCATION, once a block was needed. */
    ntfs_attr *blocks;
    /* Bytes of a block; and of what blocks are numbered in. */
    uint32_t block_size;
    uint32_t unit;
} Index;

/* A node: the root, or a block.  To be cleared. */
typedef struct IndexNode {
    Index *index;
    /* NULL for the root. */
    INDEX_BLOCK *block;
    const uint8_t *data;
    /* Where the next entry is, and where they end, in @data. */
    size_t at, end;
} IndexNode;

/*
 * Opens the index of @dir, which must outlive it.  All of these return false,
 * with errno, if something cannot be read or makes no sense.  What is no
 * directory has no index: errno is ENOENT then.
 */
bool index_open(Index *index, Volume *volume, ntfs_inode *dir);

void index_close(Index *index);

bool index_root(Index *index, IndexNode *node);

/* The node below an entry that has INDEX_ENTRY_NODE. */
bool index_below(Index *index, const INDEX_ENTRY *entry, IndexNode *node);

/* The number of the block below such an entry, counted in blocks. */
bool index_block_number(const Index *index, const INDEX_ENTRY *entry,
                        uint64_t *number);

/*
 * The next entry, which is valid for as long as the node; the last one has
 * INDEX_ENTRY_END and no name, but may have a node below it.
 */
const INDEX_ENTRY *index_next(IndexNode *node);

void index_node_clear(IndexNode *node);

/*
 * Whether each block of a directory that holds names is in use by the index's
 * own bitmap, too; the directory is called @path.  A new name may need a new
 * block: libntfs-3g would take one that is in use, and all names in it would
 * be gone.  To be called before a name is added to a directory that was listed,
 * which is how its size is known to be within limits.
 */
bool index_check_bitmap(Volume *volume, ntfs_inode *dir, const char *path,
                        GError **errp);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Index, index_close)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(IndexNode, index_node_clear)

#endif /* GUEST_VOLUME_INDEX_H */
