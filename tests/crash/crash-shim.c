/*
 * Ends a program in the middle of its writes, makes one fail, or records them
 *
 * To be preloaded (LD_PRELOAD); for tests only.  What changes a file below the
 * folder CRASH_DIR, or makes it durable, is counted, from 1 on.  Environment:
 *
 *   CRASH_DIR     the folder, an absolute path without links
 *   CRASH_AT      the number of the operation at which the program is killed
 *   CRASH_WHEN    "before" it, "after" it, or in the "middle": then half of
 *                 the bytes of a write are written
 *   CRASH_FAIL    the number of the operation that fails
 *   CRASH_FAILS   how many fail from there on; default 1
 *   CRASH_ERRNO   with which error
 *   CRASH_TRACE   a file outside the folder that gets a line for each that
 *                 was done: letter, path, further numbers or path, and bytes
 *                 in hexadecimal digits
 *
 * Nothing is made durable in fact: whether it would have been is for those to
 * say who read the trace, and SIGKILL does not care.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* Of one entry of the trace, all of it is written at once. */
#define LINE_SIZE (PATH_MAX * 2 + 64)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long counter;

static long number(const char *name, long none)
{
    const char *text = getenv(name);

    return text ? atol(text) : none;
}

/* Whether @path is in the folder, or is the folder. */
static bool is_watched(const char *path)
{
    const char *dir = getenv("CRASH_DIR");
    size_t length = dir ? strlen(dir) : 0;

    return dir && strncmp(path, dir, length) == 0 &&
           (path[length] == '/' || path[length] == '\0');
}

/* The path of an open file that is watched. */
static bool find_path(int fd, char path[PATH_MAX])
{
    char link[64];
    ssize_t length;

    if (!getenv("CRASH_DIR")) {
        return false;
    }
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) {
        return false;
    }
    path[length] = '\0';
    return is_watched(path);
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    pause();
}

static bool is_when(const char *when)
{
    const char *wanted = getenv("CRASH_WHEN");

    return strcmp(wanted ? wanted : "before", when) == 0;
}

/* The line is whole even if the program is killed next. */
static void trace(const char *line, const void *data, size_t length)
{
    ssize_t (*real_write)(int, const void *, size_t) = dlsym(RTLD_NEXT,
                                                             "write");
    const char *name = getenv("CRASH_TRACE");
    int fd = name ? open(name, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
    size_t at = strlen(line);
    char *text;

    if (fd < 0) {
        return;
    }
    text = malloc(at + 2 * length + 2);
    memcpy(text, line, at);
    for (size_t i = 0; i < length; i++) {
        at += sprintf(text + at, "%02x", ((const unsigned char *)data)[i]);
    }
    text[at++] = '\n';
    if (real_write(fd, text, at) != (ssize_t)at) {
        die();
    }
    free(text);
    close(fd);
}

/* Counts an operation; false if it is to fail.  Locks until leave(). */
static bool enter(void)
{
    long fail = number("CRASH_FAIL", 0);

    pthread_mutex_lock(&lock);
    counter++;
    if (fail && counter >= fail &&
        counter < fail + number("CRASH_FAILS", 1)) {
        pthread_mutex_unlock(&lock);
        errno = number("CRASH_ERRNO", EIO);
        return false;
    }
    if (counter == number("CRASH_AT", 0) && is_when("before")) {
        die();
    }
    return true;
}

static bool in_the_middle(void)
{
    return counter == number("CRASH_AT", 0) && is_when("middle");
}

static void leave(void)
{
    int saved = errno;

    if (counter == number("CRASH_AT", 0)) {
        die();
    }
    pthread_mutex_unlock(&lock);
    errno = saved;
}

/* -------------------------------------------------------------- writes */

static ssize_t real_pwrite(int fd, const void *data, size_t length,
                           off_t offset)
{
    ssize_t (*real)(int, const void *, size_t, off64_t) =
        dlsym(RTLD_NEXT, "pwrite64");

    return real(fd, data, length, offset);
}

static ssize_t watched_write(int fd, const char *path, const void *data,
                             size_t length, off_t offset)
{
    char line[LINE_SIZE];
    ssize_t ret;

    if (!enter()) {
        return -1;
    }
    if (in_the_middle()) {
        real_pwrite(fd, data, length / 2, offset);
        die();
    }
    ret = real_pwrite(fd, data, length, offset);
    if (ret > 0) {
        snprintf(line, sizeof(line), "W %s %lld ", path, (long long)offset);
        trace(line, data, ret);
    }
    leave();
    return ret;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset)
{
    char path[PATH_MAX];

    return find_path(fd, path)
           ? watched_write(fd, path, data, length, offset)
           : real_pwrite(fd, data, length, offset);
}

ssize_t pwritev64(int fd, const struct iovec *iov, int count, off64_t offset)
{
    ssize_t (*real)(int, const struct iovec *, int, off64_t) =
        dlsym(RTLD_NEXT, "pwritev64");
    char path[PATH_MAX], *data;
    size_t length = 0;
    ssize_t ret;

    if (!find_path(fd, path)) {
        return real(fd, iov, count, offset);
    }
    for (int i = 0; i < count; i++) {
        length += iov[i].iov_len;
    }
    data = malloc(length);
    length = 0;
    for (int i = 0; i < count; i++) {
        memcpy(data + length, iov[i].iov_base, iov[i].iov_len);
        length += iov[i].iov_len;
    }
    ret = watched_write(fd, path, data, length, offset);
    free(data);
    return ret;
}

/* ------------------------------------------------- what else is counted */

/* One that has no middle. */
#define OPERATION(call, ...)                                        \
    do {                                                            \
        char line[LINE_SIZE];                                       \
        int ret;                                                    \
                                                                    \
        if (!enter()) {                                             \
            return -1;                                              \
        }                                                           \
        if (in_the_middle()) {                                      \
            die();                                                  \
        }                                                           \
        ret = (call);                                               \
        if (ret >= 0) {                                             \
            snprintf(line, sizeof(line), __VA_ARGS__);              \
            trace(line, NULL, 0);                                   \
        }                                                           \
        leave();                                                    \
        return ret;                                                 \
    } while (0)

int fsync(int fd)
{
    int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
    char path[PATH_MAX];

    if (!find_path(fd, path)) {
        return real(fd);
    }
    OPERATION(0, "S %s", path);
}

int fdatasync(int fd)
{
    int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
    char path[PATH_MAX];

    if (!find_path(fd, path)) {
        return real(fd);
    }
    OPERATION(0, "S %s", path);
}

int ftruncate64(int fd, off64_t length)
{
    int (*real)(int, off64_t) = dlsym(RTLD_NEXT, "ftruncate64");
    char path[PATH_MAX];

    if (!find_path(fd, path)) {
        return real(fd, length);
    }
    OPERATION(real(fd, length), "T %s %lld", path, (long long)length);
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");

    if (!is_watched(to)) {
        return real(from, to);
    }
    OPERATION(real(from, to), "R %s %s", from, to);
}

int unlink(const char *path)
{
    int (*real)(const char *) = dlsym(RTLD_NEXT, "unlink");

    /* What is not there is no change. */
    if (!is_watched(path) || access(path, F_OK) < 0) {
        return real(path);
    }
    OPERATION(real(path), "U %s", path);
}

int open64(const char *path, int flags, ...)
{
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open64");
    int mode = 0;
    va_list ap;

    va_start(ap, flags);
    if (flags & O_CREAT) {
        mode = va_arg(ap, int);
    }
    va_end(ap);
    if (!(flags & O_CREAT) || !is_watched(path)) {
        return real(path, flags, mode);
    }
    OPERATION(real(path, flags, mode), "C %s", path);
}

/*
 * Calls that would go around the count.  The programs under test have none;
 * should they get some, the tests must not go on as if all was counted.
 */
static bool uncounted(int fd)
{
    char path[PATH_MAX];

    if (find_path(fd, path)) {
        fprintf(stderr, "crash-shim: an operation that is not counted\n");
        abort();
    }
    return true;
}

ssize_t write(int fd, const void *data, size_t length)
{
    ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");

    return uncounted(fd) ? real(fd, data, length) : -1;
}

ssize_t writev(int fd, const struct iovec *iov, int count)
{
    ssize_t (*real)(int, const struct iovec *, int) = dlsym(RTLD_NEXT,
                                                            "writev");

    return uncounted(fd) ? real(fd, iov, count) : -1;
}

int posix_fallocate64(int fd, off64_t offset, off64_t length)
{
    int (*real)(int, off64_t, off64_t) = dlsym(RTLD_NEXT,
                                               "posix_fallocate64");

    return uncounted(fd) ? real(fd, offset, length) : EIO;
}

/* Not all hosts have this; QEMU writes zeros then, which are counted. */
int fallocate64(int fd, int mode, off64_t offset, off64_t length)
{
    int (*real)(int, int, off64_t, off64_t) = dlsym(RTLD_NEXT,
                                                    "fallocate64");
    char path[PATH_MAX];

    if (find_path(fd, path)) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return real(fd, mode, offset, length);
}
