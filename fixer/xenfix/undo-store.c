/*
 * An undo file on the host: made, read, and taken away so that no crash hurts
 *
 * Notes on the design
 *
 * The file is written under another name, and has its own name only when it is
 * whole and on the disk: whoever finds it finds all of it.  A file of the
 * other name is rubbish of a run that was cut off, and of no meaning.
 *
 * It holds parts of the guest's files, the registry among them, so that only
 * its owner may read it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "undo-store.h"

/* Of the name under which it is written. */
#define NEW_SUFFIX ".new"

/* At once; a signal between two writes does no harm. */
#define CHUNK_SIZE (1024 * 1024)

static bool fail(GError **error, int errnum, const char *what,
                 const char *path)
{
    g_set_error(error, UNDO_ERROR, UNDO_ERROR_IO, "cannot %s undo file '%s': "
                "%s", what, path, g_strerror(errnum));
    return false;
}

static bool close_file(int fd)
{
    int saved = errno;
    bool ok = close(fd) == 0;

    if (ok) {
        errno = saved;
    }
    return ok;
}

/* ----------------------------------------------------------- reading */

/* Reads up to @length bytes; errno if not all of them are there. */
static bool read_all(int fd, uint8_t *data, size_t length, uint64_t offset)
{
    while (length > 0) {
        ssize_t ret = pread(fd, data, length, offset);

        if (ret == 0) {
            errno = EIO;
            return false;
        }
        if (ret < 0 && errno != EINTR) {
            return false;
        }
        if (ret > 0) {
            data += ret;
            offset += ret;
            length -= ret;
        }
    }
    return true;
}

/* Its size, before any memory is taken for it. */
static bool check_file(int fd, const char *path, size_t *size, GError **error)
{
    struct stat st;

    if (fstat(fd, &st) < 0) {
        return fail(error, errno, "read", path);
    }
    if (!S_ISREG(st.st_mode) || st.st_size > undo_file_max_size()) {
        g_set_error(error, UNDO_ERROR, UNDO_ERROR_DAMAGED,
                    "'%s': it is no undo file of win-xenfix", path);
        return false;
    }
    *size = st.st_size;
    return true;
}

static bool load_open(int fd, const char *path, UndoFile **undo,
                      GError **error)
{
    g_autofree uint8_t *data = NULL;
    size_t size;

    if (!check_file(fd, path, &size, error)) {
        return false;
    }
    data = g_malloc(size + 1);
    if (!read_all(fd, data, size, 0)) {
        return fail(error, errno, "read", path);
    }
    *undo = undo_file_decode(g_steal_pointer(&data), size, error);
    if (!*undo) {
        g_prefix_error(error, "'%s': ", path);
    }
    return *undo;
}

bool undo_store_load(const char *path, UndoFile **undo, GError **error)
{
    /* Not to wait where somebody has put a pipe. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool ok;

    *undo = NULL;
    if (fd < 0) {
        /* Under a name that is too long nothing can be, either. */
        return errno == ENOENT || errno == ENAMETOOLONG ||
               fail(error, errno, "open", path);
    }
    ok = load_open(fd, path, undo, error);
    close_file(fd);
    return ok;
}

/* ----------------------------------------------------------- writing */

static bool write_all(int fd, const uint8_t *data, size_t length,
                      uint64_t offset)
{
    while (length > 0) {
        ssize_t ret = pwrite(fd, data, MIN(length, CHUNK_SIZE), offset);

        if (ret < 0 && errno != EINTR) {
            return false;
        }
        if (ret > 0) {
            data += ret;
            offset += ret;
            length -= ret;
        }
    }
    return true;
}

/* Makes new and lost names durable.  Some file systems cannot, or need not. */
static bool sync_directory(const char *path)
{
    g_autofree char *directory = g_path_get_dirname(path);
    int fd = open(directory, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    bool ok;

    if (fd < 0) {
        return false;
    }
    ok = fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP;
    return close_file(fd) && ok;
}

static bool write_new(const char *path, const GByteArray *file)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                  S_IRUSR | S_IWUSR);
    bool ok;

    if (fd < 0) {
        return false;
    }
    ok = write_all(fd, file->data, file->len, 0) && fsync(fd) == 0;
    return close_file(fd) && ok;
}

/* Without trace of what failed. */
static bool clean_up(const char *path)
{
    int saved = errno;

    unlink(path);
    errno = saved;
    return false;
}

static bool create(const char *path, const GByteArray *file)
{
    g_autofree char *new_path = g_strconcat(path, NEW_SUFFIX, NULL);

    if (unlink(new_path) < 0 && errno != ENOENT) {
        return false;
    }
    if (!write_new(new_path, file)) {
        return errno == EEXIST ? false : clean_up(new_path);
    }
    if (rename(new_path, path) < 0) {
        return clean_up(new_path);
    }
    return sync_directory(path) || clean_up(path);
}

bool undo_store_create(const char *path, const UndoFile *undo,
                       GError **error)
{
    g_autoptr(GByteArray) file = undo_file_encode(undo, error);

    if (!file) {
        return false;
    }
    return create(path, file) || fail(error, errno, "write", path);
}

static bool write_seal(int fd, bool done)
{
    uint8_t header[UNDO_SEAL_OFFSET];
    uint8_t seal[UNDO_DIGEST_SIZE] = { 0 };

    if (done) {
        if (!read_all(fd, header, sizeof(header), 0)) {
            return false;
        }
        undo_file_seal(header, seal);
    }
    return write_all(fd, seal, sizeof(seal), UNDO_SEAL_OFFSET) &&
           fsync(fd) == 0;
}

bool undo_store_set_done(const char *path, bool done, GError **error)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool ok;

    if (fd < 0) {
        return fail(error, errno, "write", path);
    }
    ok = write_seal(fd, done);
    if (!close_file(fd) || !ok) {
        return fail(error, errno, "write", path);
    }
    return true;
}

bool undo_store_remove(const char *path, GError **error)
{
    g_autofree char *new_path = g_strconcat(path, NEW_SUFFIX, NULL);

    if ((unlink(new_path) < 0 && errno != ENOENT) || unlink(path) < 0 ||
        !sync_directory(path)) {
        return fail(error, errno, "remove", path);
    }
    return true;
}
