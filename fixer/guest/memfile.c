/*
 * Memfile: files in memory, for libraries that open by name
 *
 * hivex opens its hive by a file name, but the jailed helper opens nothing:
 * its seccomp filter denies the very system calls.  So the executable has an
 * open() of its own, which takes precedence over the C library's: it knows
 * the names of memfiles, for which it duplicates the descriptor, and hands
 * everything else to the kernel, that is, to the filter.
 *
 * (/proc/self/fd/N would do too, at the price of allowing openat() in the
 * jail; then Landlock alone would stand between a subverted parser and the
 * file system, on those kernels that have it.)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "error.h"
#include "guest-limits.h"
#include "memfile.h"

/* Followed by the descriptor, in decimal. */
#define NAME_PREFIX "memfile:"

static int open_memfile(const char *digits, int flags)
{
    int fd = fcntl(atoi(digits), F_DUPFD_CLOEXEC, 0);

    if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
        ((flags & O_TRUNC) && ftruncate(fd, 0) < 0)) {
        int err = errno;

        if (fd >= 0) {
            close(fd);
        }
        errno = err;
        return -1;
    }
    return fd;
}

/*
 * The names under which libraries know open(): with and without large files,
 * which are the same on 64-bit machines, and the variants of a library built
 * with _FORTIFY_SOURCE.  The labels keep the C library's own redirections out
 * of it.
 */
int memfile_open(const char *name, int flags, ...) __asm__("open");
int memfile_open64(const char *name, int flags, ...)
    __asm__("open64") __attribute__((alias("open")));
int memfile_open_2(const char *name, int flags) __asm__("__open_2");
int memfile_open64_2(const char *name, int flags)
    __asm__("__open64_2") __attribute__((alias("__open_2")));

static int open_any(const char *name, int flags, mode_t mode)
{
    if (g_str_has_prefix(name, NAME_PREFIX)) {
        return open_memfile(name + strlen(NAME_PREFIX), flags);
    }
    return syscall(SYS_openat, AT_FDCWD, name, flags, mode);
}

int memfile_open(const char *name, int flags, ...)
{
    mode_t mode = 0;

    /* It is passed only with certain flags. */
    if (flags & (O_CREAT | __O_TMPFILE)) {
        va_list args;

        va_start(args, flags);
        mode = va_arg(args, unsigned);
        va_end(args);
    }
    return open_any(name, flags, mode);
}

int memfile_open_2(const char *name, int flags)
{
    return open_any(name, flags, 0);
}

static void set_errno(GError **errp)
{
    g_set_error(errp, GUEST_ERROR, GUEST_ERROR_IO,
                "a registry hive cannot be held in memory: %s",
                g_strerror(errno));
}

static bool fill(int fd, GBytes *bytes)
{
    gsize size;
    const uint8_t *data = g_bytes_get_data(bytes, &size);

    while (size > 0) {
        ssize_t n = write(fd, data, size);

        if (n < 0) {
            return false;
        }
        data += n;
        size -= n;
    }
    return true;
}

Memfile *memfile_new(GBytes *bytes, GError **errp)
{
    g_autoptr(Memfile) file = g_new0(Memfile, 1);

    file->fd = memfd_create("hive", MFD_CLOEXEC);
    if (file->fd < 0 || (bytes && !fill(file->fd, bytes))) {
        set_errno(errp);
        return NULL;
    }
    file->name = g_strdup_printf(NAME_PREFIX "%d", file->fd);
    return g_steal_pointer(&file);
}

void memfile_free(Memfile *file)
{
    if (file) {
        if (file->fd >= 0) {
            close(file->fd);
        }
        g_free(file->name);
        g_free(file);
    }
}

GBytes *memfile_read(const Memfile *file, GError **errp)
{
    off_t size = lseek(file->fd, 0, SEEK_END);
    g_autofree uint8_t *data = NULL;

    if (size < 0 || size > LIMIT_HIVE_SIZE) {
        errno = size < 0 ? errno : EFBIG;
        set_errno(errp);
        return NULL;
    }
    data = g_malloc(size);
    for (off_t done = 0; done < size; ) {
        ssize_t n = pread(file->fd, data + done, size - done, done);

        if (n <= 0) {
            set_errno(errp);
            return NULL;
        }
        done += n;
    }
    return g_bytes_new_take(g_steal_pointer(&data), size);
}
