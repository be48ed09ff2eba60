/*
 * Which file of an NTFS volume a path names
 *
 * Windows compares names without regard to case, but a volume can hold names
 * that differ in nothing else: Services for UNIX, or a Linux, makes such.
 * libntfs-3g takes the one that it meets first on its way down the directory's
 * tree, which depends on how that has grown.  To edit the SYSTEM that Windows
 * does not read would be of no use.  So this search goes on for as long as
 * there can be another one, and refuses if there is.
 *
 * A directory is a tree of index blocks, in the order of names without regard
 * to case.  Equal ones are neighbours in that order, and can lie in an entry
 * and in the block below it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "volume-internal.h"

#include <ntfs-3g/attrib.h>
#include <ntfs-3g/dir.h>
#include <ntfs-3g/index.h>
#include <ntfs-3g/inode.h>
#include <ntfs-3g/unistr.h>

#include "error.h"
#include "guest-limits.h"

typedef struct Search {
    Volume *volume;
    ntfs_inode *dir;
    const ntfschar *name;
    int length;
    /* $INDEX_ALLOCATION, once a block was needed. */
    ntfs_attr *blocks;
    uint32_t block_size;
    /* How many blocks were read, for one name. */
    unsigned read;
    bool found;
    /* Another file has the name, too. */
    bool twice;
    MFT_REF file;
} Search;

static bool search_node(Search *s, const INDEX_HEADER *header, size_t size);

static bool is_broken(void)
{
    errno = EIO;
    return false;
}

static bool open_blocks(Search *s)
{
    if (!s->blocks) {
        s->blocks = ntfs_attr_open(s->dir, AT_INDEX_ALLOCATION,
                                   NTFS_INDEX_I30, 4);
    }
    return s->blocks != NULL;
}

/* Blocks are numbered in clusters, or in sectors where those are larger. */
static bool search_block(Search *s, VCN vcn)
{
    uint32_t cluster_size = s->volume->ntfs->cluster_size;
    uint32_t unit = cluster_size <= s->block_size ? cluster_size
                                                  : NTFS_BLOCK_SIZE;
    g_autofree INDEX_BLOCK *block = NULL;

    if (vcn < 0 || vcn > G_MAXINT64 / unit ||
        ++s->read > LIMIT_INDEX_BLOCKS) {
        return is_broken();
    }
    if (!open_blocks(s)) {
        return false;
    }
    block = g_malloc(s->block_size);
    if (ntfs_attr_mst_pread(s->blocks, vcn * unit, 1, s->block_size,
                            block) != 1 ||
        ntfs_index_block_inconsistent(block, s->block_size, s->dir->mft_no,
                                      vcn)) {
        return is_broken();
    }
    return search_node(s, &block->index,
                       s->block_size - offsetof(INDEX_BLOCK, index));
}

/* The entry at @at of a node that ends at @end; NULL if it is none. */
static const INDEX_ENTRY *entry_at(Search *s, const uint8_t *node, size_t at,
                                   size_t end)
{
    const INDEX_ENTRY *entry = (const INDEX_ENTRY *)(node + at);
    size_t least = sizeof(INDEX_ENTRY_HEADER);
    size_t length;

    if (at > end || end - at < least || at % 8 != 0) {
        return NULL;
    }
    length = le16_to_cpu(entry->length);
    if (entry->ie_flags & INDEX_ENTRY_NODE) {
        least += sizeof(VCN);
    }
    if (!(entry->ie_flags & INDEX_ENTRY_END)) {
        least += sizeof(FILE_NAME_ATTR);
    }
    if (length < least || length > end - at || length % 8 != 0 ||
        (!(entry->ie_flags & INDEX_ENTRY_END) &&
         ntfs_index_entry_inconsistent(entry, COLLATION_FILE_NAME,
                                       s->dir->mft_no))) {
        return NULL;
    }
    return entry;
}

/* As strcmp(): the name that is looked for, and that of @entry. */
static int compare(Search *s, const INDEX_ENTRY *entry)
{
    const uint8_t *key = (const uint8_t *)&entry->key.file_name;
    const ntfschar *name = (const ntfschar *)
        (key + offsetof(FILE_NAME_ATTR, file_name));

    if (entry->ie_flags & INDEX_ENTRY_END) {
        return -1;
    }
    return ntfs_names_full_collate(s->name, s->length, name,
                                   entry->key.file_name.file_name_length,
                                   IGNORE_CASE, s->volume->ntfs->upcase,
                                   s->volume->ntfs->upcase_len);
}

static void note(Search *s, const INDEX_ENTRY *entry)
{
    MFT_REF file = le64_to_cpu(entry->indexed_file);

    /* One file may well have two such names. */
    s->twice |= s->found && s->file != file;
    s->found = true;
    s->file = file;
}

/*
 * Looks through a node of @size bytes at most, and what is below it.  Returns
 * false, with errno, if that cannot be read.
 */
static bool search_node(Search *s, const INDEX_HEADER *header, size_t size)
{
    const uint8_t *node = (const uint8_t *)header;
    size_t at = le32_to_cpu(header->entries_offset);
    size_t end = le32_to_cpu(header->index_length);

    if (end > size) {
        return is_broken();
    }
    while (!s->twice) {
        const INDEX_ENTRY *entry = entry_at(s, node, at, end);
        int order = entry ? compare(s, entry) : 0;

        if (!entry) {
            return is_broken();
        }
        /* What is below an entry comes before it. */
        if (order <= 0 && (entry->ie_flags & INDEX_ENTRY_NODE) &&
            !search_block(s, ntfs_ie_get_vcn((INDEX_ENTRY *)entry))) {
            return false;
        }
        if (order < 0) {
            return true;
        }
        if (order == 0) {
            note(s, entry);
        }
        at += le16_to_cpu(entry->length);
    }
    return true;
}

static bool search_directory(Search *s)
{
    s64 size = 0;
    INDEX_ROOT *root = ntfs_attr_readall(s->dir, AT_INDEX_ROOT,
                                         NTFS_INDEX_I30, 4, &size);
    bool ok;

    if (!root) {
        /* Something that is no directory has nothing in it. */
        return s->dir->mrec->flags & MFT_RECORD_IS_DIRECTORY ? is_broken()
                                                             : true;
    }
    s->block_size = size < (s64)sizeof(*root)
                    ? 0 : le32_to_cpu(root->index_block_size);
    if (s->block_size < NTFS_BLOCK_SIZE ||
        s->block_size > LIMIT_INDEX_BLOCK_SIZE ||
        (s->block_size & (s->block_size - 1)) != 0) {
        ok = is_broken();
    } else {
        ok = search_node(s, &root->index,
                         size - offsetof(INDEX_ROOT, index));
    }
    free(root);
    return ok;
}

/* The file called @name in the directory; NULL if there is not just one. */
static ntfs_inode *find_in(Volume *volume, ntfs_inode *dir, const char *name,
                           const char *path, GError **errp)
{
    ntfschar *uname = NULL;
    Search s = {
        .volume = volume,
        .dir = dir,
        .length = ntfs_mbstoucs(name, &uname),
    };
    ntfs_inode *ni = NULL;
    bool ok;

    s.name = uname;
    ok = s.length >= 0 && search_directory(&s);
    if (ok && s.twice) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "%s: %s: '%s' is there twice, by names that differ in "
                    "case only, and which of them Windows would take is not "
                    "certain; rename one in the source VM", volume->label,
                    path, name);
    } else if (ok) {
        errno = ENOENT;
        ni = s.found ? ntfs_inode_open(volume->ntfs, s.file) : NULL;
    }
    if (!ni && !(ok && s.twice)) {
        volume_set_error(volume, path, errp);
    }
    if (s.blocks) {
        ntfs_attr_close(s.blocks);
    }
    free(uname);
    return ni;
}

/* What is deeper Windows could not have named, either. */
static bool check_depth(Volume *volume, const char *path, GError **errp)
{
    size_t depth = 0;

    for (const char *at = path; *at; at++) {
        depth += *at == '\\';
    }
    if (depth > LIMIT_PATH_DEPTH) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NOT_FOUND,
                    "%s: %.60s...: a path of %zu names, more than %u, leads "
                    "nowhere in Windows; mend it in the source VM",
                    volume->label, path, depth, LIMIT_PATH_DEPTH);
        return false;
    }
    return true;
}

ntfs_inode *volume_open_inode(Volume *volume, const char *path,
                              GError **errp)
{
    g_auto(GStrv) names = NULL;
    ntfs_inode *ni;

    if (!check_depth(volume, path, errp)) {
        return NULL;
    }
    names = g_strsplit(path, "\\", -1);
    ni = ntfs_inode_open(volume->ntfs, FILE_root);
    if (!ni) {
        volume_set_error(volume, path, errp);
    }
    for (char **name = names; ni && *name; name++) {
        ntfs_inode *dir = ni;

        if (**name == '\0') {
            continue;
        }
        ni = find_in(volume, dir, *name, path, errp);
        if (ntfs_inode_close(dir) < 0 && ni) {
            volume_set_error(volume, path, errp);
            ntfs_inode_close(ni);
            ni = NULL;
        }
    }
    return ni;
}
