/*
 * The index of an NTFS directory, node by node
 *
 * A directory is a tree of index blocks, in the order of names without regard
 * to case.  libntfs-3g has no function that goes through it as a tree: it
 * looks up one name, or reads all blocks that a bitmap says are in use.  What
 * is read here is checked by its functions.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <stdlib.h>

#include "volume-index.h"

#include <ntfs-3g/dir.h>
#include <ntfs-3g/index.h>

#include "guest-limits.h"

static bool is_broken(void)
{
    errno = EIO;
    return false;
}

/* ---------------------------------------------------------------- index */

static bool is_block_size(uint32_t size)
{
    return size >= NTFS_BLOCK_SIZE && size <= LIMIT_INDEX_BLOCK_SIZE &&
           (size & (size - 1)) == 0;
}

bool index_open(Index *index, Volume *volume, ntfs_inode *dir)
{
    uint32_t cluster_size = volume->ntfs->cluster_size;
    s64 size = 0;

    *index = (Index){ .volume = volume, .dir = dir };
    index->root =
        ntfs_attr_readall(dir, AT_INDEX_ROOT, NTFS_INDEX_I30, 4, &size);
    if (!index->root && !(dir->mrec->flags & MFT_RECORD_IS_DIRECTORY)) {
        errno = ENOENT;
        return false;
    }
    if (!index->root || size < (s64)sizeof(*index->root)) {
        return is_broken();
    }
    index->root_size = size;
    index->block_size = le32_to_cpu(index->root->index_block_size);
    /* In clusters, or in sectors where those are larger. */
    index->unit =
        cluster_size <= index->block_size ? cluster_size : NTFS_BLOCK_SIZE;
    return is_block_size(index->block_size) || is_broken();
}

void index_close(Index *index)
{
    if (index->blocks) {
        ntfs_attr_close(index->blocks);
    }
    free(index->root);
    *index = (Index){ 0 };
}

/* ---------------------------------------------------------------- nodes */

/* @size: bytes from the header on. */
static bool node_set(IndexNode *node, const INDEX_HEADER *header, size_t size)
{
    node->data = (const uint8_t *)header;
    node->at = le32_to_cpu(header->entries_offset);
    node->end = le32_to_cpu(header->index_length);
    return node->end <= size || is_broken();
}

bool index_root(Index *index, IndexNode *node)
{
    *node = (IndexNode){ .index = index };
    return node_set(node, &index->root->index,
                    index->root_size - offsetof(INDEX_ROOT, index));
}

/* Where the block below an entry is, in bytes. */
static bool find_below(const Index *index, const INDEX_ENTRY *entry,
                       uint64_t *offset)
{
    VCN vcn = ntfs_ie_get_vcn((INDEX_ENTRY *)entry);

    if (vcn < 0 || vcn > G_MAXINT64 / index->unit) {
        return is_broken();
    }
    *offset = (uint64_t)vcn * index->unit;
    return true;
}

bool index_block_number(const Index *index, const INDEX_ENTRY *entry,
                        uint64_t *number)
{
    if (!find_below(index, entry, number)) {
        return false;
    }
    *number /= index->block_size;
    return true;
}

static bool open_blocks(Index *index)
{
    if (!index->blocks) {
        index->blocks =
            ntfs_attr_open(index->dir, AT_INDEX_ALLOCATION, NTFS_INDEX_I30, 4);
    }
    return index->blocks != NULL;
}

bool index_below(Index *index, const INDEX_ENTRY *entry, IndexNode *node)
{
    uint64_t offset;

    *node = (IndexNode){ .index = index };
    if (!find_below(index, entry, &offset) || !open_blocks(index)) {
        return false;
    }
    node->block = g_malloc(index->block_size);
    if (ntfs_attr_mst_pread(index->blocks, offset, 1, index->block_size,
                            node->block) != 1 ||
        ntfs_index_block_inconsistent(node->block, index->block_size,
                                      index->dir->mft_no,
                                      offset / index->unit)) {
        return is_broken();
    }
    return node_set(node, &node->block->index,
                    index->block_size - offsetof(INDEX_BLOCK, index));
}

void index_node_clear(IndexNode *node)
{
    g_clear_pointer(&node->block, g_free);
}

/* -------------------------------------------------------------- entries */

static bool is_entry(const IndexNode *node, const INDEX_ENTRY *entry)
{
    bool last = entry->ie_flags & INDEX_ENTRY_END;
    size_t length = le16_to_cpu(entry->length);
    size_t least = sizeof(INDEX_ENTRY_HEADER) +
                   (entry->ie_flags & INDEX_ENTRY_NODE ? sizeof(VCN) : 0) +
                   (last ? 0 : sizeof(FILE_NAME_ATTR));

    return length >= least && length <= node->end - node->at &&
           length % 8 == 0 &&
           (last || !ntfs_index_entry_inconsistent(entry, COLLATION_FILE_NAME,
                                                   node->index->dir->mft_no));
}

const INDEX_ENTRY *index_next(IndexNode *node)
{
    const INDEX_ENTRY *entry = (const INDEX_ENTRY *)(node->data + node->at);

    if (node->at > node->end ||
        node->end - node->at < sizeof(INDEX_ENTRY_HEADER) ||
        node->at % 8 != 0 || !is_entry(node, entry)) {
        errno = EIO;
        return NULL;
    }
    node->at += le16_to_cpu(entry->length);
    return entry;
}
