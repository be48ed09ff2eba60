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
    /* For the helper's messages, without the directories above it. */
    char *name;
    uint64_t size;
    /* A file of the user's that is opened when it is read; else NULL. */
    char *path;
    /* When that was last changed, st_mtim in nanoseconds. */
    int64_t mtime;
    /* A file of the user's that is open already; else -1. */
    int fd;
    /*
     * The disk, or the file that holds it: a child of some node, or a backend
     * of a tool's.  Both are NULL for a file of the user's.
     */
    BdrvChild *child;
    BlockBackend *backend;
    /* Bytes of the local file below it when it was added, or 0. */
    int64_t file_length;
} XenprepSource;

/* Sources that follow one another; none if @count is 0. */
typedef struct XenprepSourceRange {
    uint32_t first;
    uint32_t count;
} XenprepSourceRange;

typedef struct XenprepSources {
    /* Of XenprepSource, 1..XENPREP_MAX_SOURCES. */
    GArray *array;
    /* The index of the VMDK's own file, 0 if the disk is no VMDK. */
    uint32_t container;
    /* The index of the user's profile, 0 if there is none. */
    uint32_t profile;
    /* reg-file= */
    XenprepSourceRange reg_files;
    /* driver-source= */
    XenprepSourceRange drivers;
    /* The one of the files with a path that is open, and its descriptor. */
    uint32_t opened;
    int opened_fd;
} XenprepSources;

/*
 * The disk, and if it is a VMDK the file of which it consists, or that says
 * of which it does.  It must outlive the sources.  NULL and @errp on failure.
 */
XenprepSources *xenprep_sources_new(BdrvChild *disk, Error **errp);

/* The same for the disk of a tool. */
XenprepSources *xenprep_sources_new_backend(BlockBackend *disk, Error **errp);

void xenprep_sources_free(XenprepSources *sources);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(XenprepSources, xenprep_sources_free)

/*
 * Adds the profile in the file @path, and behind it, ordered by name, the
 * .reg files and profiles of its directory, which it may refer to.
 */
bool xenprep_sources_add_profile(XenprepSources *sources, const char *path,
                                 Error **errp);

/* Adds one .reg file; all of them are added in a row. */
bool xenprep_sources_add_reg_file(XenprepSources *sources, const char *path,
                                  Error **errp);

/*
 * Adds the file @path, or what is in the folder @path, ordered by name, and
 * in its folders named i386 and amd64, as on a setup CD.  These come last.
 */
bool xenprep_sources_add_drivers(XenprepSources *sources, const char *path,
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
int xenprep_sources_read(XenprepSources *sources, uint32_t number,
                         uint64_t offset, uint32_t length, void *buf);

#endif /* XENPREP_SOURCES_H */
