/*
 * Files of an NTFS volume: read, replace, create, list
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
#include <ntfs-3g/reparse.h>
#include <ntfs-3g/unistr.h>

#include "error.h"
#include "guest-limits.h"

/* Between 1601, where NTFS time begins, and 1970; in units of 100 ns. */
#define NTFS_EPOCH_OFFSET 116444736000000000LL
#define NTFS_TICKS_PER_SECOND 10000000

/* What is compared and written at once. */
#define CHUNK_SIZE (64 * 1024)

/* An open file: inode and unnamed data attribute. */
typedef struct File {
    ntfs_inode *ni;
    ntfs_attr *na;
} File;

static ntfs_inode *open_inode(Volume *volume, const char *path,
                              GError **errp)
{
    g_autofree char *unix_path = g_strdelimit(g_strdup(path), "\\", '/');
    ntfs_inode *ni = ntfs_pathname_to_inode(volume->ntfs, NULL, unix_path);

    if (!ni) {
        volume_set_error(volume, path, errp);
    }
    return ni;
}

/*
 * Closes the inode, which writes what is pending.  After a failure, of which
 * @ok speaks, its own is not reported.
 */
static bool close_inode(Volume *volume, ntfs_inode *ni, const char *path,
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
    if (file->na) {
        ntfs_attr_close(file->na);
    }
    if (file->ni) {
        ntfs_inode_close(file->ni);
    }
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(File, file_close)

/*
 * The unnamed stream of a file with a reparse point is not what programs in
 * the guest see: CompactOS leaves it sparse, which would read as zeros.
 */
static bool check_plain(Volume *volume, ntfs_inode *ni, const char *path,
                        GError **errp)
{
    const char *why = NULL;

    if (ni->mrec->flags & MFT_RECORD_IS_DIRECTORY) {
        why = "is a directory";
    } else if (ni->flags & FILE_ATTR_REPARSE_POINT) {
        why = "is behind a reparse point (as CompactOS or deduplication make "
              "them), so that its contents are not plain";
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

static bool file_open(File *file, Volume *volume, const char *path,
                      GError **errp)
{
    file->ni = open_inode(volume, path, errp);
    if (!file->ni || !check_plain(volume, file->ni, path, errp)) {
        return false;
    }
    file->na = ntfs_attr_open(file->ni, AT_DATA, AT_UNNAMED, 0);
    if (!file->na) {
        volume_set_error(volume, path, errp);
        return false;
    }
    return true;
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

static bool write_exact(Volume *volume, ntfs_attr *na, const char *path,
                        uint64_t offset, const void *buf, size_t length,
                        GError **errp)
{
    size_t done = 0;

    while (done < length) {
        s64 n = ntfs_attr_pwrite(na, offset + done, length - done,
                                 (const uint8_t *)buf + done);

        if (n <= 0) {
            errno = n == 0 ? ENOSPC : errno;
            volume_set_error(volume, path, errp);
            return false;
        }
        done += n;
    }
    return true;
}

bool volume_exists(Volume *volume, const char *path, bool *exists,
                   GError **errp)
{
    g_autoptr(GError) err = NULL;
    ntfs_inode *ni = open_inode(volume, path, &err);

    *exists = ni != NULL;
    if (!ni && !g_error_matches(err, GUEST_ERROR, GUEST_ERROR_NOT_FOUND)) {
        g_propagate_error(errp, g_steal_pointer(&err));
        return false;
    }
    return !ni || close_inode(volume, ni, path, true, errp);
}

bool volume_stat(Volume *volume, const char *path, VolumeFileInfo *info,
                 GError **errp)
{
    ntfs_inode *ni = open_inode(volume, path, errp);

    if (!ni) {
        return false;
    }
    info->directory = ni->mrec->flags & MFT_RECORD_IS_DIRECTORY;
    info->size = ni->data_size;
    info->mtime = (sle64_to_cpu(ni->last_data_change_time) -
                   NTFS_EPOCH_OFFSET) / NTFS_TICKS_PER_SECOND;
    return close_inode(volume, ni, path, true, errp);
}

GBytes *volume_read(Volume *volume, const char *path, size_t max_size,
                    GError **errp)
{
    g_auto(File) file = { 0 };
    g_autofree uint8_t *data = NULL;

    if (!file_open(&file, volume, path, errp)) {
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
    if (!read_exact(volume, file.na, path, 0, data, file.na->data_size,
                    errp)) {
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

    return read_exact(s->volume, s->file.na, s->path, offset, buf, length,
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
    if (!file_open(&s->file, volume, path, errp)) {
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
        if (!write_exact(volume, na, path, at, data + at, n, errp)) {
            return false;
        }
    }
    return true;
}

bool volume_replace(Volume *volume, const char *path, GBytes *bytes,
                    GError **errp)
{
    g_auto(File) file = { 0 };
    gsize size;
    const uint8_t *data = g_bytes_get_data(bytes, &size);

    if (!file_open(&file, volume, path, errp) ||
        !write_changed(volume, file.na, path, data, size, errp)) {
        return false;
    }
    if ((uint64_t)file.na->data_size > size &&
        ntfs_attr_truncate(file.na, size) < 0) {
        volume_set_error(volume, path, errp);
        return false;
    }
    ntfs_attr_close(g_steal_pointer(&file.na));
    ntfs_inode_update_times(file.ni, NTFS_UPDATE_MCTIME);
    return close_inode(volume, g_steal_pointer(&file.ni), path, true, errp);
}

/* The file's security id, an index into $Secure; 0 if it has none. */
static le32 security_of(Volume *volume, const char *path)
{
    ntfs_inode *ni = open_inode(volume, path, NULL);
    le32 id = const_cpu_to_le32(0);

    if (ni && !(ni->mrec->flags & MFT_RECORD_IS_DIRECTORY) &&
        test_nino_flag(ni, v3_Extensions)) {
        id = ni->security_id;
    }
    if (ni) {
        close_inode(volume, ni, path, true, NULL);
    }
    return id;
}

/*
 * A new file gets the security descriptor of a file of its kind beside it.
 * Without one, libntfs-3g would let everyone do everything with it.
 */
static bool find_security(Volume *volume, const char *directory,
                          const char *extension, le32 *id, GError **errp)
{
    g_auto(GStrv) names = volume_list(volume, directory, errp);

    for (char **name = names; name && *name; name++) {
        g_autofree char *path = g_strdup_printf("%s\\%s", directory, *name);
        const char *dot = strrchr(*name, '.');

        if (!dot || g_ascii_strcasecmp(dot, extension) != 0) {
            continue;
        }
        *id = security_of(volume, path);
        if (*id != const_cpu_to_le32(0)) {
            return true;
        }
    }
    if (names) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_NOT_FOUND,
                    "%s: %s: there is no other *%s file whose security "
                    "descriptor a new one could get", volume->label,
                    directory, extension);
    }
    return false;
}

static ntfs_inode *create_inode(Volume *volume, ntfs_inode *dir,
                                const char *path, const char *name,
                                le32 security_id, GError **errp)
{
    ntfschar *uname = NULL;
    int length = ntfs_mbstoucs(name, &uname);
    ntfs_inode *ni = NULL;

    if (length > 0) {
        ni = ntfs_create(dir, security_id, uname, length, S_IFREG);
    }
    if (!ni) {
        volume_set_error(volume, path, errp);
    }
    free(uname);
    return ni;
}

static bool write_new(Volume *volume, ntfs_inode *ni, const char *path,
                      GBytes *bytes, GError **errp)
{
    ntfs_attr *na = ntfs_attr_open(ni, AT_DATA, AT_UNNAMED, 0);
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    bool ok;

    if (!na) {
        volume_set_error(volume, path, errp);
        return false;
    }
    ok = write_exact(volume, na, path, 0, data, size, errp);
    ntfs_attr_close(na);
    return ok;
}

/* Creates and fills the file; @dir and the new inode are closed in any case. */
static bool create_in(Volume *volume, ntfs_inode *dir, const char *path,
                      const char *name, le32 security_id, GBytes *bytes,
                      GError **errp)
{
    ntfs_inode *ni = create_inode(volume, dir, path, name, security_id, errp);
    bool ok = ni && write_new(volume, ni, path, bytes, errp);

    if (!ok) {
        if (ni) {
            ntfs_inode_close(ni);
        }
        ntfs_inode_close(dir);
        return false;
    }
    /*
     * Created with a POSIX name.  Setting a DOS name that is equal makes it
     * one WIN32+DOS name, as Windows would; this closes both inodes.
     */
    if (ntfs_set_ntfs_dos_name(ni, dir, name, strlen(name), 0) < 0) {
        volume_set_error(volume, path, errp);
        return false;
    }
    return true;
}

bool volume_create(Volume *volume, const char *path, GBytes *bytes,
                   GError **errp)
{
    const char *slash = strrchr(path, '\\');
    g_autofree char *dir_path = g_strndup(path, slash - path);
    const char *dot = strrchr(slash, '.');
    ntfs_inode *dir;
    le32 security_id;

    if (!find_security(volume, dir_path, dot ? dot : "", &security_id,
                       errp)) {
        return false;
    }
    dir = open_inode(volume, dir_path, errp);
    return dir && create_in(volume, dir, path, slash + 1, security_id, bytes,
                            errp);
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

static int compare_names(const void *a, const void *b)
{
    return g_ascii_strcasecmp(*(char **)a, *(char **)b);
}

char **volume_list(Volume *volume, const char *path, GError **errp)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    ntfs_inode *dir = open_inode(volume, path, errp);
    s64 pos = 0;
    bool ok;

    if (!dir) {
        return NULL;
    }
    ok = ntfs_readdir(dir, &pos, names, add_name) == 0;
    if (!ok) {
        volume_set_error(volume, path, errp);
    }
    if (!close_inode(volume, dir, path, ok, errp)) {
        return NULL;
    }
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}
