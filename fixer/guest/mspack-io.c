/*
 * libmspack's input and output: a ByteSource and a buffer
 *
 * libmspack does all that it does through a struct mspack_system.  Ours gives
 * it one input, the source, and one output, a buffer; which of them is meant
 * follows from the mode of open(), and whose from the "file name", which is
 * the MspackIo itself.  (The "self" of these functions is no use: the
 * decompressors pass a copy of the structure.)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "error.h"
#include "guest-limits.h"
#include "mspack-io.h"

/* A handle of the input or the output, behind struct mspack_file. */
typedef struct MspackHandle {
    MspackIo *io;
    bool writes;
    uint64_t position;
} MspackHandle;

static struct mspack_file *io_open(struct mspack_system *self G_GNUC_UNUSED,
                                   const char *filename, int mode)
{
    MspackHandle *handle = g_new0(MspackHandle, 1);

    handle->io = (MspackIo *)filename;
    handle->writes = mode != MSPACK_SYS_OPEN_READ;
    return (struct mspack_file *)handle;
}

static void io_close(struct mspack_file *file)
{
    g_free(file);
}

static bool read_window(MspackIo *io, uint64_t position, size_t length,
                        GError **errp)
{
    length = MIN(length, io->input_size - position);
    io->window_length = 0;
    if (!source_read(io->source, position, io->window, length, errp)) {
        return false;
    }
    io->window_start = position;
    io->window_length = length;
    return true;
}

/*
 * Fills the window from @position on.  What is read ahead may lie where the
 * disk cannot be read, and not be needed.
 */
static bool fill_window(MspackIo *io, uint64_t position)
{
    size_t ahead = MIN(io->window_length * 2, MSPACK_IO_MAX_WINDOW);

    if (position == io->window_start + io->window_length &&
        ahead > MSPACK_IO_WINDOW && read_window(io, position, ahead, NULL)) {
        return true;
    }
    return read_window(io, position, MSPACK_IO_WINDOW,
                       io->source_error ? NULL : &io->source_error);
}

/* Bytes of the window at @position, or none. */
static size_t window_at(const MspackIo *io, uint64_t position,
                        const uint8_t **data)
{
    if (position < io->window_start ||
        position - io->window_start >= io->window_length) {
        return 0;
    }
    *data = io->window + (position - io->window_start);
    return io->window_length - (position - io->window_start);
}

static int io_read(struct mspack_file *file, void *buffer, int bytes)
{
    MspackHandle *handle = (MspackHandle *)file;
    MspackIo *io = handle->io;
    uint8_t *out = buffer;
    int done = 0;

    while (done < bytes) {
        const uint8_t *data = NULL;
        size_t length;

        if (handle->writes || handle->position >= io->input_size) {
            break;
        }
        length = window_at(io, handle->position, &data);
        if (length == 0) {
            if (!fill_window(io, handle->position)) {
                return -1;
            }
            continue;
        }
        length = MIN(length, (size_t)(bytes - done));
        memcpy(out + done, data, length);
        handle->position += length;
        done += length;
    }
    return done;
}

static int io_write(struct mspack_file *file, void *buffer, int bytes)
{
    MspackIo *io = ((MspackHandle *)file)->io;

    if (!io->output || bytes < 0 ||
        (size_t)bytes > io->output_max - io->output->len) {
        return -1;
    }
    g_byte_array_append(io->output, buffer, bytes);
    return bytes;
}

static int io_seek(struct mspack_file *file, off_t offset, int mode)
{
    MspackHandle *handle = (MspackHandle *)file;
    uint64_t size = handle->io->input_size;
    uint64_t base = mode == MSPACK_SYS_SEEK_START ? 0
                    : mode == MSPACK_SYS_SEEK_CUR ? handle->position : size;

    /* positions are below 2^33: a 32-bit offset in a 32-bit file */
    if ((offset < 0 && (uint64_t)-offset > base) ||
        (offset > 0 && (uint64_t)offset > size - MIN(base, size))) {
        return -1;
    }
    handle->position = base + offset;
    return 0;
}

static off_t io_tell(struct mspack_file *file)
{
    return ((MspackHandle *)file)->position;
}

/* What libmspack says here it also returns; and nothing may be printed. */
static void io_message(struct mspack_file *file G_GNUC_UNUSED,
                       const char *format G_GNUC_UNUSED, ...)
{
}

static void *io_alloc(struct mspack_system *self G_GNUC_UNUSED, size_t bytes)
{
    /* zeroed: a decompressor's window must never show older memory */
    return bytes <= LIMIT_UNPACKER_PIECE ? g_try_malloc0(bytes) : NULL;
}

static void io_copy(void *src, void *dest, size_t bytes)
{
    memcpy(dest, src, bytes);
}

struct mspack_system mspack_io_system = {
    .open = io_open,
    .close = io_close,
    .read = io_read,
    .write = io_write,
    .seek = io_seek,
    .tell = io_tell,
    .message = io_message,
    .alloc = io_alloc,
    .free = g_free,
    .copy = io_copy,
};

void mspack_io_init(MspackIo *io, ByteSource *source)
{
    *io = (MspackIo) {
        .source = source,
        .input_size = source->size,
        .window = g_malloc(MSPACK_IO_MAX_WINDOW),
    };
}

const char *mspack_io_name(MspackIo *io)
{
    return (const char *)io;
}

void mspack_io_clear(MspackIo *io)
{
    if (io->output) {
        g_byte_array_unref(io->output);
    }
    g_free(io->window);
    g_clear_error(&io->source_error);
}

void mspack_io_start_output(MspackIo *io, size_t max)
{
    g_assert(!io->output);
    io->output = g_byte_array_new();
    io->output_max = max;
}

GBytes *mspack_io_finish_output(MspackIo *io)
{
    return g_byte_array_free_to_bytes(g_steal_pointer(&io->output));
}

static const char *error_cause(int code)
{
    switch (code) {
    case MSPACK_ERR_READ:
    case MSPACK_ERR_SEEK:
        /* the source did not fail, so it came to its end */
        return "it is truncated or damaged: its data goes on beyond its end";
    case MSPACK_ERR_SIGNATURE:
        return "it has a wrong signature";
    case MSPACK_ERR_NOMEMORY:
        return "it needs more memory than a sound one does";
    case MSPACK_ERR_CHECKSUM:
        return "a checksum does not match: it is damaged";
    case MSPACK_ERR_DECRUNCH:
        return "its compressed data is damaged";
    case MSPACK_ERR_WRITE:
        return "more data comes out than its header says";
    default:
        return "it is damaged";
    }
}

void mspack_io_set_error(MspackIo *io, int code, const char *what,
                         GError **errp)
{
    g_autofree char *prefix = what ? g_strconcat(what, ": ", NULL)
                                   : g_strdup("");

    if (io->source_error) {
        g_propagate_prefixed_error(errp, g_steal_pointer(&io->source_error),
                                   "%s", prefix);
        return;
    }
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID, "%s%s", prefix,
                error_cause(code));
}
