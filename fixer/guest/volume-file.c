/*
 * Files of an NTFS volume: read, replace, list
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "volume-internal.h"

#include <ntfs-3g/attrib.h>
#include <ntfs-3g/dir.h>
#include <ntfs-3g/inode.h>
#include <ntfs-3g/unistr.h>

#include "error.h"
#include "guest-limits.h"
#include "volume-wof.h"

/* Between 1601, where NTFS time begins, and 1970; in units of 100 ns. */
#define NTFS_EPOCH_OFFSET 116444736000000000LL
#define NTFS_TICKS_PER_SECOND 10000000

/* What is compared and written at once. */
#define CHUNK_SIZE (64 * 1024)

/* What a file that Windows has compressed needs before it is written. */
#define DECOMPRESS \
    "decompress it in the source VM (compact /u /exe FILE, or all of Windows " \
    "by compact /compactos:never)"

/* An open file: inode and unnamed data attribute. */
typedef struct File {
    ntfs_inode *ni;
    ntfs_attr *na;
    /* Reads a file that CompactOS has compressed; else NULL. */
    WofFile *wof;
} File;

void volume_search_all_space(Volume *volume)
{
    volume->ntfs->full_zones = 0;
}

bool volume_close_inode(Volume *volume, ntfs_inode *ni, const char *path,
                        bool ok, GError **errp)
{
    if (ntfs_inode_close(ni) < 0 && ok) {
        volume_set_error(volume, path, errp);
        return false;
    }
    return ok;
}

static void file_close(File *file)
{
    wof_free(file->wof);
    if (file->na) {
        ntfs_attr_close(file->na);
    }
    if (file->ni) {
        ntfs_inode_close(file->ni);
    }
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(File, file_close)

static bool check_plain(Volume *volume, ntfs_inode *ni, const char *path,
                        GError **errp)
{
    const char *why = NULL;

    if (ni->mrec->flags & MFT_RECORD_IS_DIRECTORY) {
        why = "is a directory";
    } else if (ni->flags & FILE_ATTR_ENCRYPTED) {
        why = "is encrypted; decrypt it in the source VM";
    }
    if (why) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED, "%s: %s: %s",
                    volume->label, path, why);
        return false;
    }
    return true;
}

/*
 * Why the contents of such a file cannot be read; NULL: they can.  The unnamed
 * stream of a file with a reparse point is not what programs in the guest see:
 * CompactOS leaves it a hole, which would read as zeros.
 */
static const char *why_unreadable(WofKind kind)
{
    switch (kind) {
    case WOF_LZX:
        return "is compressed by CompactOS as LZX, which is not read here: "
               DECOMPRESS;
    case WOF_WIM:
        return "has its contents in a WIM (WIMBoot), which is not read here: "
               "apply that without WIMBoot in the source VM";
    case WOF_OTHER:
        return "is behind a reparse point (as deduplication makes them), so "
               "that its contents are not plain: copy it to where it is in "
               "the source VM";
    default:
        return NULL;
    }
}

/* Refuses what cannot be read or, if it is @to_write, written over. */
static bool check_kind(Volume *volume, const char *path, WofKind kind,
                       bool to_write, GError **errp)
{
    const char *why = why_unreadable(kind);

    if (!why && to_write && kind != WOF_NONE) {
        why = "is compressed by CompactOS, and is not written over: "
              DECOMPRESS;
    }
    if (why) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED, "%s: %s: %s",
                    volume->label, path, why);
    }
    return !why;
}

/* @path has to outlive the file. */
static bool file_open(File *file, Volume *volume, const char *path,
                      bool to_write, GError **errp)
{
    WofKind kind;

    file->ni = volume_open_inode(volume, path, errp);
    if (!file->ni || !check_plain(volume, file->ni, path, errp) ||
        !wof_probe(volume, file->ni, path, &kind, errp) ||
        !check_kind(volume, path, kind, to_write, errp)) {
        return false;
    }
    file->na = ntfs_attr_open(file->ni, AT_DATA, AT_UNNAMED, 0);
    if (!file->na) {
        volume_set_error(volume, path, errp);
        return false;
    }
    if (kind != WOF_NONE) {
        file->wof = wof_open(volume, file->ni, path, kind,
                             file->na->data_size, errp);
    }
    return kind == WOF_NONE || file->wof;
}

static bool read_exact(Volume *volume, ntfs_attr *na, const char *path,
                       uint64_t offset, void *buf, size_t length,
                       GError **errp)
{
    size_t done = 0;

    while (done < length) {
        s64 n = ntfs_attr_pread(na, offset + done, length - done,
                                (uint8_t *)buf + done);

        if (n <= 0) {
            errno = n == 0 ? EIO : errno;
            volume_set_error(volume, path, errp);
            return false;
        }
        done += n;
    }
    return true;
}

static bool file_read(File *file, Volume *volume, const char *path,
                      uint64_t offset, void *buf, size_t length,
                      GError **errp)
{
    return file->wof ? wof_read(file->wof, offset, buf, length, errp)
                     : read_exact(volume, file->na, path, offset, buf, length,
                                  errp);
}

/*
 * libntfs-3g takes one run of clusters, no more, from each stretch of 32,768
 * for what is written at once, and says that the volume is full if that does
 * not do.  Where free clusters lie one here, one there it takes smaller and
 * smaller pieces to get at them.
 */
static bool take_smaller_piece(const Volume *volume, size_t *piece)
{
    size_t cluster = volume->ntfs->cluster_size;

    if (errno != ENOSPC || volume->device_error || *piece <= cluster) {
        return false;
    }
    *piece = MAX(cluster, *piece / 2 / cluster * cluster);
    return true;
}

bool volume_write(Volume *volume, ntfs_attr *na, const char *path,
                  uint64_t offset, const void *buf, size_t length,
                  GError **errp)
{
    size_t done = 0;
    size_t piece = length;

    while (done < length) {
        s64 n;

        volume_search_all_space(volume);
        n = ntfs_attr_pwrite(na, offset + done, MIN(piece, length - done),
                             (const uint8_t *)buf + done);
        if (n > 0) {
            done += n;
            continue;
        }
        errno = n == 0 ? ENOSPC : errno;
        if (!take_smaller_piece(volume, &piece)) {
            volume_set_error(volume, path, errp);
            return false;
        }
    }
    return true;
}

bool volume_exists(Volume *volume, const char *path, bool *exists,
                   GError **errp)
{
    g_autoptr(GError) err = NULL;
    ntfs_inode *ni = volume_open_inode(volume, path, &err);

    *exists = ni != NULL;
    if (!ni && !g_error_matches(err, GUEST_ERROR, GUEST_ERROR_NOT_FOUND)) {
        g_propagate_error(errp, g_steal_pointer(&err));
        return false;
    }
    return !ni || volume_close_inode(volume, ni, path, true, errp);
}

bool volume_stat(Volume *volume, const char *path, VolumeFileInfo *info,
                 GError **errp)
{
    ntfs_inode *ni = volume_open_inode(volume, path, errp);

    if (!ni) {
        return false;
    }
    info->directory = ni->mrec->flags & MFT_RECORD_IS_DIRECTORY;
    info->size = ni->data_size;
    info->mtime = (sle64_to_cpu(ni->last_data_change_time) -
                   NTFS_EPOCH_OFFSET) / NTFS_TICKS_PER_SECOND;
    return volume_close_inode(volume, ni, path, true, errp);
}

GBytes *volume_read(Volume *volume, const char *path, size_t max_size,
                    GError **errp)
{
    g_auto(File) file = { 0 };
    g_autofree uint8_t *data = NULL;

    if (!file_open(&file, volume, path, false, errp)) {
        return NULL;
    }
    if (file.na->data_size < 0 || (uint64_t)file.na->data_size > max_size) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_INVALID,
                    "%s: %s: its size of %" G_GINT64_FORMAT " bytes is over "
                    "the limit of %zu", volume->label, path,
                    (gint64)file.na->data_size, max_size);
        return NULL;
    }
    data = g_malloc(file.na->data_size);
    if (!file_read(&file, volume, path, 0, data, file.na->data_size, errp)) {
        return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&data), file.na->data_size);
}

typedef struct FileSource {
    ByteSource source;
    Volume *volume;
    char *path;
    File file;
} FileSource;

static bool file_source_pread(ByteSource *source, uint64_t offset, void *buf,
                              size_t length, GError **errp)
{
    FileSource *s = (FileSource *)source;

    return file_read(&s->file, s->volume, s->path, offset, buf, length,
                     errp);
}

static void file_source_free(ByteSource *source)
{
    FileSource *s = (FileSource *)source;

    file_close(&s->file);
    g_free(s->path);
    g_free(s);
}

ByteSource *volume_open_file(Volume *volume, const char *path, GError **errp)
{
    FileSource *s = g_new0(FileSource, 1);

    s->source.pread = file_source_pread;
    s->source.free = file_source_free;
    s->volume = volume;
    s->path = g_strdup(path);
    if (!file_open(&s->file, volume, s->path, false, errp)) {
        source_free(&s->source);
        return NULL;
    }
    s->source.size = s->file.na->data_size;
    return &s->source;
}

/*
 * Writes the chunks of @data that the file does not hold already; what is
 * beyond its present end is written anyway.
 */
static bool write_changed(Volume *volume, ntfs_attr *na, const char *path,
                          const uint8_t *data, size_t size, GError **errp)
{
    g_autofree uint8_t *before = g_malloc(CHUNK_SIZE);

    for (size_t at = 0; at < size; at += CHUNK_SIZE) {
        size_t n = MIN(CHUNK_SIZE, size - at);
        bool inside = at + n <= (uint64_t)na->data_size;

        if (inside && !read_exact(volume, na, path, at, before, n, errp)) {
            return false;
        }
        if (inside && memcmp(before, data + at, n) == 0) {
            continue;
        }
        if (!volume_write(volume, na, path, at, data + at, n, errp)) {
            return false;
        }
    }
    return true;
}

/*
 * A file may have several names: to write to it is to write to all of them,
 * and the report speaks of one.  A short name is not another name.
 */
static bool check_one_name(Volume *volume, ntfs_inode *ni, const char *path,
                           GError **errp)
{
    ntfs_attr_search_ctx *ctx = ntfs_attr_get_search_ctx(ni, NULL);
    unsigned count = 0;

    while (ctx && ntfs_attr_lookup(AT_FILE_NAME, AT_UNNAMED, 0,
                                   CASE_SENSITIVE, 0, NULL, 0, ctx) == 0) {
        const FILE_NAME_ATTR *name = (const FILE_NAME_ATTR *)
            ((uint8_t *)ctx->attr + le16_to_cpu(ctx->attr->value_offset));

        count += name->file_name_type != FILE_NAME_DOS;
    }
    if (ctx) {
        ntfs_attr_put_search_ctx(ctx);
    }
    if (!ctx || errno != ENOENT) {
        volume_set_error(volume, path, errp);
        return false;
    }
    if (count > 1) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "%s: %s: has another name, a hard link, whose contents "
                    "would change with it; make it a copy in the source VM",
                    volume->label, path);
        return false;
    }
    return true;
}

/* The end of a compressed stream stays plain until it is packed. */
static bool pack_end(Volume *volume, ntfs_attr *na, const char *path,
                     GError **errp)
{
    if (NAttrCompressed(na) && NAttrNonResident(na) &&
        ntfs_attr_pclose(na) != 0) {
        volume_set_error(volume, path, errp);
        return false;
    }
    return true;
}

static bool replace_data(Volume *volume, ntfs_attr *na, const char *path,
                         GBytes *bytes, GError **errp)
{
    gsize size;
    const uint8_t *data = g_bytes_get_data(bytes, &size);

    if (!write_changed(volume, na, path, data, size, errp)) {
        return false;
    }
    if ((uint64_t)na->data_size > size && ntfs_attr_truncate(na, size) < 0) {
        volume_set_error(volume, path, errp);
        return false;
    }
    return pack_end(volume, na, path, errp);
}

bool volume_replace(Volume *volume, const char *path, GBytes *bytes,
                    GError **errp)
{
    g_auto(File) file = { 0 };

    if (!file_open(&file, volume, path, true, errp) ||
        !check_one_name(volume, file.ni, path, errp) ||
        !replace_data(volume, file.na, path, bytes, errp)) {
        return false;
    }
    ntfs_attr_close(g_steal_pointer(&file.na));
    ntfs_inode_update_times(file.ni, NTFS_UPDATE_MCTIME);
    return volume_close_inode(volume, g_steal_pointer(&file.ni), path, true,
                              errp);
}

/* Bytes of the directory's index, or of what says which of it is in use. */
static uint64_t index_size(ntfs_inode *dir, ATTR_TYPES type)
{
    ntfs_attr *na = ntfs_attr_open(dir, type, NTFS_INDEX_I30, 4);
    uint64_t size = na ? na->data_size : 0;

    if (na) {
        ntfs_attr_close(na);
    }
    return size;
}

static bool refuse_long(Volume *volume, const char *path, GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                "%s: %s: a directory of more than %u names or %u MiB is not "
                "listed; make it smaller in the source VM", volume->label,
                path, LIMIT_DIRECTORY_ENTRIES, LIMIT_DIRECTORY_SIZE / MiB);
    return false;
}

/* libntfs-3g goes through all of it, bit by bit, and holes cost nothing. */
static bool check_index_size(Volume *volume, ntfs_inode *dir,
                             const char *path, GError **errp)
{
    return (index_size(dir, AT_INDEX_ALLOCATION) <= LIMIT_DIRECTORY_SIZE &&
            index_size(dir, AT_BITMAP) <=
            LIMIT_DIRECTORY_SIZE / NTFS_BLOCK_SIZE / 8) ||
           refuse_long(volume, path, errp);
}

static int add_name(void *opaque, const ntfschar *name, const int name_len,
                    const int name_type, const s64 pos, const MFT_REF mref,
                    const unsigned dt_type)
{
    GPtrArray *names = opaque;
    char *utf8 = NULL;

    if (name_type == FILE_NAME_DOS) {
        return 0;
    }
    if (names->len >= LIMIT_DIRECTORY_ENTRIES) {
        errno = EFBIG;
        return -1;
    }
    if (ntfs_ucstombs(name, name_len, &utf8, 0) >= 0) {
        g_ptr_array_add(names, g_strdup(utf8));
        free(utf8);
    }
    return 0;
}

static bool read_names(Volume *volume, ntfs_inode *dir, const char *path,
                       GPtrArray *names, GError **errp)
{
    s64 pos = 0;

    if (ntfs_readdir(dir, &pos, names, add_name) == 0) {
        return true;
    }
    if (errno == EFBIG) {
        return refuse_long(volume, path, errp);
    }
    volume_set_error(volume, path, errp);
    return false;
}

static int compare_names(const void *a, const void *b)
{
    return g_ascii_strcasecmp(*(char **)a, *(char **)b);
}

char **volume_list(Volume *volume, const char *path, GError **errp)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    ntfs_inode *dir = volume_open_inode(volume, path, errp);
    bool ok;

    if (!dir) {
        return NULL;
    }
    ok = check_index_size(volume, dir, path, errp) &&
         read_names(volume, dir, path, names, errp);
    if (!volume_close_inode(volume, dir, path, ok, errp)) {
        return NULL;
    }
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}
