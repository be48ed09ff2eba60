/*
 * A source of bytes: the disk, a file of the user's, a file in the guest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "source.h"

bool source_read(ByteSource *source, uint64_t offset, void *buf,
                 size_t length, GError **errp)
{
    if (offset > source->size || length > source->size - offset) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "read of %zu bytes at %" G_GUINT64_FORMAT " is beyond "
                    "the end at %" G_GUINT64_FORMAT, length, offset,
                    source->size);
        return false;
    }
    return length == 0 || source->pread(source, offset, buf, length, errp);
}

void source_free(ByteSource *source)
{
    if (source && source->free) {
        source->free(source);
    }
}

typedef struct BytesSource {
    ByteSource source;
    GBytes *bytes;
} BytesSource;

static bool bytes_pread(ByteSource *source, uint64_t offset, void *buf,
                        size_t length, GError **errp)
{
    BytesSource *s = (BytesSource *)source;
    const uint8_t *data = g_bytes_get_data(s->bytes, NULL);

    memcpy(buf, data + offset, length);
    return true;
}

static void bytes_free(ByteSource *source)
{
    BytesSource *s = (BytesSource *)source;

    g_bytes_unref(s->bytes);
    g_free(s);
}

ByteSource *source_new_bytes(GBytes *bytes)
{
    BytesSource *s = g_new0(BytesSource, 1);

    s->source.size = g_bytes_get_size(bytes);
    s->source.pread = bytes_pread;
    s->source.free = bytes_free;
    s->bytes = g_bytes_ref(bytes);
    return &s->source;
}
