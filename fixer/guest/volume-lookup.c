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
 * Names are in an order without regard to case.  Equal ones are neighbours in
 * that order, and can lie in an entry and in the block below it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "volume-index.h"

#include <ntfs-3g/dir.h>
#include <ntfs-3g/inode.h>
#include <ntfs-3g/unistr.h>

#include "error.h"
#include "guest-limits.h"

typedef struct Search {
    Index index;
    const ntfschar *name;
    int length;
    /* How many blocks were read, for one name. */
    unsigned read;
    bool found;
    /* Another file has the name, too. */
    bool twice;
    MFT_REF file;
} Search;

static bool search_node(Search *s, IndexNode *node);

static bool search_below(Search *s, const INDEX_ENTRY *entry)
{
    g_auto(IndexNode) node = { 0 };

    if (++s->read > LIMIT_INDEX_BLOCKS) {
        errno = EIO;
        return false;
    }
    return index_below(&s->index, entry, &node) && search_node(s, &node);
}

/* As strcmp(): the name that is looked for, and that of @entry. */
static int compare(const Search *s, const INDEX_ENTRY *entry)
{
    const ntfs_volume *volume = s->index.volume->ntfs;
    const uint8_t *key = (const uint8_t *)&entry->key.file_name;
    const ntfschar *name = (const ntfschar *)
        (key + offsetof(FILE_NAME_ATTR, file_name));

    if (entry->ie_flags & INDEX_ENTRY_END) {
        return -1;
    }
    return ntfs_names_full_collate(
        s->name, s->length, name, entry->key.file_name.file_name_length,
        IGNORE_CASE, volume->upcase, volume->upcase_len);
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
 * Looks through what is left of a node, and what is below it.  Returns false,
 * with errno, if that cannot be read.
 */
static bool search_node(Search *s, IndexNode *node)
{
    while (!s->twice) {
        const INDEX_ENTRY *entry = index_next(node);
        int order = entry ? compare(s, entry) : 0;

        /* What is below an entry comes before it. */
        if (!entry || (order <= 0 && (entry->ie_flags & INDEX_ENTRY_NODE) &&
                       !search_below(s, entry))) {
            return false;
        }
        if (order < 0) {
            return true;
        }
        if (order == 0) {
            note(s, entry);
        }
    }
    return true;
}

static bool search_directory(Search *s, Volume *volume, ntfs_inode *dir)
{
    g_auto(IndexNode) root = { 0 };

    if (!index_open(&s->index, volume, dir)) {
        /* Something that is no directory has nothing in it. */
        return errno == ENOENT;
    }
    return index_root(&s->index, &root) && search_node(s, &root);
}

/* The file called @name in the directory; NULL if there is not just one. */
static ntfs_inode *find_in(Volume *volume, ntfs_inode *dir, const char *name,
                           const char *path, GError **errp)
{
    ntfschar *uname = NULL;
    Search s = { .length = ntfs_mbstoucs(name, &uname) };
    ntfs_inode *ni = NULL;
    bool ok;

    s.name = uname;
    ok = s.length >= 0 && search_directory(&s, volume, dir);
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
    index_close(&s.index);
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
