/*
 * What the helper may read: the disk, and files that the user named
 *
 * A file stays open while the helper runs and is read when it asks; so a
 * profile among hundreds of large .reg files costs no memory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "qapi/error.h"
#include "qemu/units.h"
#include "xenprep-mapping.h"
#include "xenprep-protocol.h"
#include "xenprep-sources.h"

/* Texts that people write; what is larger was named by mistake. */
#define MAX_FILE_SIZE (16 * MiB)

static void source_clear(void *opaque)
{
    XenprepSource *source = opaque;

    if (source->fd >= 0) {
        qemu_close(source->fd);
    }
    g_free(source->name);
}

static bool add_child(XenprepSources *sources, const char *name,
                      BdrvChild *child, Error **errp)
{
    int64_t size = bdrv_getlength(child->bs);
    XenprepSource source = { .fd = -1, .child = child };

    if (size < 0) {
        error_setg_errno(errp, -size, "cannot tell the size of the %s", name);
        return false;
    }
    source.name = g_strdup(name);
    source.size = size;
    g_array_append_val(sources->array, source);
    return true;
}

XenprepSources *xenprep_sources_new(BdrvChild *disk, Error **errp)
{
    g_autoptr(XenprepSources) sources = g_new0(XenprepSources, 1);
    BlockDriverState *format = bdrv_skip_filters(disk->bs);

    sources->array = g_array_new(FALSE, FALSE, sizeof(XenprepSource));
    g_array_set_clear_func(sources->array, source_clear);
    if (!add_child(sources, "disk", disk, errp)) {
        return NULL;
    }
    if (strcmp(format->drv->format_name, "vmdk") == 0 && format->file) {
        sources->container = sources->array->len;
        if (!add_child(sources, "VMDK", format->file, errp)) {
            return NULL;
        }
    }
    return g_steal_pointer(&sources);
}

void xenprep_sources_free(XenprepSources *sources)
{
    if (sources) {
        g_array_unref(sources->array);
        g_free(sources);
    }
}

/*
 * Opens @path if it is a regular file and small enough.  -1 and @errp
 * otherwise; *@regular then tells whether it is a regular file.
 */
static int open_file(const char *path, uint64_t *size, bool *regular,
                     Error **errp)
{
    struct stat st;
    /* O_NONBLOCK: not to hang on a FIFO. */
    int fd = qemu_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, errp);

    *regular = true;
    if (fd < 0) {
        return -1;
    }
    if (fstat(fd, &st) < 0) {
        error_setg_errno(errp, errno, "cannot tell the size of '%s'", path);
    } else if (!S_ISREG(st.st_mode)) {
        *regular = false;
        error_setg(errp, "'%s' is not a regular file", path);
    } else if (st.st_size > MAX_FILE_SIZE) {
        error_setg(errp, "'%s' has %" PRId64 " bytes, more than the limit of "
                   "%" PRId64 ": is it the right file?", path,
                   (int64_t)st.st_size, (int64_t)MAX_FILE_SIZE);
    } else {
        *size = st.st_size;
        return fd;
    }
    qemu_close(fd);
    return -1;
}

static void add_file(XenprepSources *sources, const char *path, int fd,
                     uint64_t size)
{
    g_autofree char *base = g_path_get_basename(path);
    XenprepSource source = {
        /* A name that is not UTF-8 cannot be asked for, but can be shown. */
        .name = g_utf8_make_valid(base, -1),
        .size = size,
        .fd = fd,
    };

    if (strlen(source.name) > XENPREP_MAX_NAME) {
        *g_utf8_find_prev_char(source.name,
                               source.name + XENPREP_MAX_NAME) = '\0';
    }
    g_array_append_val(sources->array, source);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The paths of all that ends in .reg in a directory, ordered by name. */
static GPtrArray *list_reg_files(const char *directory, Error **errp)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) err = NULL;
    g_autoptr(GDir) dir = g_dir_open(directory, 0, &err);
    const char *name;

    if (!dir) {
        error_setg(errp, "cannot look for .reg files beside the profile: %s",
                   err->message);
        return NULL;
    }
    while ((name = g_dir_read_name(dir))) {
        size_t length = strlen(name);

        if (length > 4 && !g_ascii_strcasecmp(name + length - 4, ".reg")) {
            g_ptr_array_add(paths, g_build_filename(directory, name, NULL));
        }
    }
    g_ptr_array_sort(paths, compare_names);
    return g_steal_pointer(&paths);
}

static bool add_reg_file(XenprepSources *sources, const char *path,
                         Error **errp)
{
    Error *err = NULL;
    uint64_t size;
    bool regular;
    int fd = open_file(path, &size, &regular, &err);

    if (fd < 0 && !regular) {
        /* A directory named x.reg: none of the profile's. */
        error_free(err);
        return true;
    }
    if (fd < 0) {
        error_propagate(errp, err);
        return false;
    }
    add_file(sources, path, fd, size);
    return true;
}

bool xenprep_sources_add_profile(XenprepSources *sources, const char *path,
                                 Error **errp)
{
    g_autofree char *directory = g_path_get_dirname(path);
    g_autoptr(GPtrArray) reg_files = NULL;
    uint64_t size;
    bool regular;
    int fd = open_file(path, &size, &regular, errp);

    if (fd < 0) {
        return false;
    }
    sources->profile = sources->array->len;
    add_file(sources, path, fd, size);
    reg_files = list_reg_files(directory, errp);
    if (!reg_files) {
        return false;
    }
    if (sources->array->len + reg_files->len > XENPREP_MAX_SOURCES) {
        error_setg(errp, "'%s' holds %u .reg files, more than the limit of "
                   "%u: put the profile into a directory of its own, with "
                   "the .reg files that it names", directory, reg_files->len,
                   XENPREP_MAX_SOURCES - sources->array->len);
        return false;
    }
    for (guint i = 0; i < reg_files->len; i++) {
        if (!add_reg_file(sources, g_ptr_array_index(reg_files, i), errp)) {
            return false;
        }
    }
    return true;
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

static int read_child(BdrvChild *child, uint64_t offset, uint32_t length,
                      void *buf)
{
    int ret;

    if (xenprep_mapping_can_be_cut(child->bs)) {
        ret = xenprep_mapping_check(child->bs, offset, length);
        if (ret < 0) {
            return ret;
        }
    }
    ret = bdrv_pread(child, offset, length, buf, 0);
    return MIN(ret, 0);
}

int xenprep_sources_read(const XenprepSources *sources, uint32_t number,
                         uint64_t offset, uint32_t length, void *buf)
{
    const XenprepSource *source = xenprep_sources_get(sources, number);

    return source->child ? read_child(source->child, offset, length, buf)
                         : read_file(source->fd, offset, length, buf);
}
