/*
 * What the helper may read: the disk, and files that the user named
 *
 * A file is read when the helper asks; so a profile among hundreds of large
 * .reg files costs no memory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "qapi/error.h"
#include "xenprep-files.h"
#include "xenprep-mapping.h"
#include "xenprep-protocol.h"
#include "xenprep-sources.h"

static void source_clear(void *opaque)
{
    XenprepSource *source = opaque;

    if (source->fd >= 0) {
        qemu_close(source->fd);
    }
    g_free(source->name);
    g_free(source->path);
}

static BlockDriverState *source_node(const XenprepSource *source)
{
    return source->backend ? blk_bs(source->backend) : source->child->bs;
}

/* Adds the disk or its file; @source has the one or the other of both. */
static bool GRAPH_RDLOCK
add_node(XenprepSources *sources, const char *name, XenprepSource source,
         Error **errp)
{
    int64_t size = bdrv_getlength(source_node(&source));

    source.file_length = xenprep_mapping_file_length(source_node(&source));
    if (size >= 0 && source.file_length < 0) {
        size = source.file_length;
    }
    if (size < 0) {
        error_setg_errno(errp, -size, "cannot tell the size of the %s", name);
        return false;
    }
    source.fd = -1;
    source.name = g_strdup(name);
    source.size = size;
    g_array_append_val(sources->array, source);
    return true;
}

static XenprepSources *sources_new(XenprepSource disk, Error **errp)
{
    g_autoptr(XenprepSources) sources = g_new0(XenprepSources, 1);
    BlockDriverState *format;

    GRAPH_RDLOCK_GUARD_MAINLOOP();

    format = bdrv_skip_filters(source_node(&disk));
    sources->opened_fd = -1;
    sources->array = g_array_new(FALSE, FALSE, sizeof(XenprepSource));
    g_array_set_clear_func(sources->array, source_clear);
    if (!add_node(sources, "disk", disk, errp)) {
        return NULL;
    }
    if (strcmp(format->drv->format_name, "vmdk") == 0 && format->file) {
        XenprepSource file = { .child = format->file };

        sources->container = sources->array->len;
        if (!add_node(sources, "VMDK", file, errp)) {
            return NULL;
        }
    }
    return g_steal_pointer(&sources);
}

XenprepSources *xenprep_sources_new(BdrvChild *disk, Error **errp)
{
    return sources_new((XenprepSource) { .child = disk }, errp);
}

XenprepSources *xenprep_sources_new_backend(BlockBackend *disk, Error **errp)
{
    return sources_new((XenprepSource) { .backend = disk }, errp);
}

void xenprep_sources_free(XenprepSources *sources)
{
    if (sources) {
        if (sources->opened_fd >= 0) {
            qemu_close(sources->opened_fd);
        }
        g_array_unref(sources->array);
        g_free(sources);
    }
}

/*
 * Opens source @number in place of the one that was open before.  Returns its
 * descriptor or -errno; -ESTALE if it has changed since it was added.
 */
static int reopen_file(XenprepSources *sources, uint32_t number)
{
    const XenprepSource *source = xenprep_sources_get(sources, number);
    struct stat st;
    int fd;

    if (sources->opened_fd >= 0 && sources->opened == number) {
        return sources->opened_fd;
    }
    fd = xenprep_file_open(source->path, XENPREP_MAX_DRIVER_SIZE, &st, NULL);
    if (fd < 0) {
        return fd;
    }
    if (st.st_size != source->size ||
        xenprep_file_mtime(&st) != source->mtime) {
        qemu_close(fd);
        return -ESTALE;
    }
    if (sources->opened_fd >= 0) {
        qemu_close(sources->opened_fd);
    }
    sources->opened = number;
    sources->opened_fd = fd;
    return fd;
}

static int read_file(int fd, uint64_t offset, uint32_t length, uint8_t *buf)
{
    while (length > 0) {
        ssize_t ret = pread(fd, buf, length, offset);

        if (ret == 0) {
            /* The file has become shorter since it was opened. */
            return -EIO;
        }
        if (ret < 0 && errno != EINTR) {
            return -errno;
        }
        if (ret > 0) {
            buf += ret;
            offset += ret;
            length -= ret;
        }
    }
    return 0;
}

static int read_node(const XenprepSource *source, uint64_t offset,
                     uint32_t length, void *buf)
{
    BlockDriverState *bs = source_node(source);
    int ret;

    GRAPH_RDLOCK_GUARD_MAINLOOP();

    if (xenprep_mapping_can_be_cut(bs)) {
        ret = xenprep_mapping_check(bs, offset, length);
        if (ret < 0) {
            return ret;
        }
    }
    ret = source->backend
          ? blk_pread(source->backend, offset, length, buf, 0)
          : bdrv_pread(source->child, offset, length, buf, 0);
    return ret < 0 ? ret
                   : xenprep_mapping_check_length(bs, source->file_length);
}

int xenprep_sources_read(XenprepSources *sources, uint32_t number,
                         uint64_t offset, uint32_t length, void *buf)
{
    const XenprepSource *source = xenprep_sources_get(sources, number);
    int fd;

    if (source->child || source->backend) {
        return read_node(source, offset, length, buf);
    }
    fd = source->path ? reopen_file(sources, number) : source->fd;
    return fd < 0 ? fd : read_file(fd, offset, length, buf);
}
