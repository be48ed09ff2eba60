/*
 * Files that Windows has compressed behind NTFS's back
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_VOLUME_WOF_H
#define GUEST_VOLUME_WOF_H

#include "volume-internal.h"

/* How the contents of a file are kept. */
typedef enum WofKind {
    /* As NTFS has them. */
    WOF_NONE,
    /* Compressed by CompactOS: a WofFile reads them. */
    WOF_XPRESS4K,
    WOF_XPRESS8K,
    WOF_XPRESS16K,
    /* The same, of which there is no reader here. */
    WOF_LZX,
    /* They are in a WIM, of WIMBoot. */
    WOF_WIM,
    /* Behind a reparse point of another kind, or of one that is not known. */
    WOF_OTHER,
} WofKind;

typedef struct WofFile WofFile;

/* Tells how the file @path, which is @ni, is kept. */
bool wof_probe(Volume *volume, ntfs_inode *ni, const char *path,
               WofKind *kind, GError **errp);

/*
 * Opens a file of one of the XPRESS kinds.  @ni and @path must outlive it;
 * @size is the file's, in bytes.
 */
WofFile *wof_open(Volume *volume, ntfs_inode *ni, const char *path,
                  WofKind kind, uint64_t size, GError **errp);

/* Reads @length bytes at @offset, which lie within the file. */
bool wof_read(WofFile *file, uint64_t offset, void *buf, size_t length,
              GError **errp);

void wof_free(WofFile *file);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(WofFile, wof_free)

#endif /* GUEST_VOLUME_WOF_H */
