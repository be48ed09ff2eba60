/*
 * A source of bytes: the disk, a file of the user's, a file in the guest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_SOURCE_H
#define GUEST_SOURCE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct ByteSource ByteSource;

struct ByteSource {
    /* In bytes. */
    uint64_t size;

    /*
     * Reads @length bytes at @offset, all of them or none; the range lies
     * within the source.  Returns false and sets @errp on failure.
     */
    bool (*pread)(ByteSource *source, uint64_t offset, void *buf,
                  size_t length, GError **errp);

    /* Frees the source; NULL for one that somebody else owns. */
    void (*free)(ByteSource *source);
};

/*
 * Reads @length bytes at @offset.  A range that is not within the source is
 * an error, never a short read.
 */
bool source_read(ByteSource *source, uint64_t offset, void *buf,
                 size_t length, GError **errp);

void source_free(ByteSource *source);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ByteSource, source_free)

/* A source over @bytes, of which it keeps a reference. */
ByteSource *source_new_bytes(GBytes *bytes);

#endif /* GUEST_SOURCE_H */
