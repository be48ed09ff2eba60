/*
 * What the helper may read: the disk, and files that the user named
 *
 * The helper opens nothing and sees no path.  It asks for bytes of a source
 * by number; source 0 is the disk.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_SOURCES_H
#define XENPREP_SOURCES_H

#include "win-xenprep-compat.h"

typedef struct XenprepSource {
    /* For the helper's messages, without a directory. */
    char *name;
    uint64_t size;
    /* -1 for the disk. */
    int fd;
} XenprepSource;

typedef struct XenprepSources {
    BdrvChild *disk;
    /* Of XenprepSource, 1..XENPREP_MAX_SOURCES. */
    GArray *array;
} XenprepSources;

/* The disk alone.  It must outlive the sources.  NULL and @errp on failure. */
XenprepSources *xenprep_sources_new(BdrvChild *disk, Error **errp);

void xenprep_sources_free(XenprepSources *sources);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(XenprepSources, xenprep_sources_free)

/*
 * Adds the profile in the file @path as source 1, and behind it, ordered by
 * name, the .reg files of its directory, which the profile may refer to.
 */
bool xenprep_sources_add_profile(XenprepSources *sources, const char *path,
                                 Error **errp);

static inline const XenprepSource *
xenprep_sources_get(const XenprepSources *sources, uint32_t number)
{
    return number < sources->array->len
           ? &g_array_index(sources->array, XenprepSource, number) : NULL;
}

/*
 * Reads @length bytes at @offset of source @number, all of them.  The caller
 * has checked that they are within the source.  Returns 0 or -errno.
 */
int xenprep_sources_read(const XenprepSources *sources, uint32_t number,
                         uint64_t offset, uint32_t length, void *buf);

#endif /* XENPREP_SOURCES_H */
