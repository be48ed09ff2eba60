/*
 * What several unit tests need
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "util.h"

char *shared_data(const char *name)
{
    const char *directory = g_getenv("XENPREP_SHARED_DATA");
    g_autofree char *path = NULL;

    if (!directory || !*directory) {
        directory = XENPREP_SOURCE "/../shared/data";
    }
    path = g_build_filename(directory, name, NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_autofree char *why = g_strdup_printf("no %s in the directory of "
                                               "real Windows files", name);

        g_test_skip(why);
        return NULL;
    }
    return g_steal_pointer(&path);
}

GBytes *read_file(const char *path)
{
    g_autoptr(GError) err = NULL;
    char *data;
    gsize size;

    g_file_get_contents(path, &data, &size, &err);
    g_assert_no_error(err);
    return g_bytes_new_take(data, size);
}

typedef struct FileSource {
    ByteSource source;
    int fd;
} FileSource;

static bool file_pread(ByteSource *source, uint64_t offset, void *buf,
                       size_t length, GError **errp)
{
    FileSource *s = (FileSource *)source;

    if (pread(s->fd, buf, length, offset) != (ssize_t)length) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_IO, "pread: %s",
                    g_strerror(errno));
        return false;
    }
    return true;
}

static void file_free(ByteSource *source)
{
    FileSource *s = (FileSource *)source;

    close(s->fd);
    g_free(s);
}

ByteSource *file_source_new(const char *path)
{
    FileSource *s = g_new0(FileSource, 1);
    struct stat st;

    s->fd = open(path, O_RDONLY | O_CLOEXEC);
    g_assert_cmpint(s->fd, >=, 0);
    g_assert_cmpint(fstat(s->fd, &st), ==, 0);
    s->source.size = st.st_size;
    s->source.pread = file_pread;
    s->source.free = file_free;
    return &s->source;
}

char *guest_path(const char *kind)
{
    const char *cache = g_getenv("XENPREP_GUESTS");
    g_autofree char *name = g_strconcat(kind, ".raw", NULL);
    g_autofree char *path = NULL;

    if (!cache || !*cache) {
        g_test_skip("XENPREP_GUESTS does not name the test guests' place");
        return NULL;
    }
    path = g_build_filename(cache, name, NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_autoptr(GError) err = NULL;
        int status;
        char *argv[] = {
            (char *)XENPREP_SOURCE "/tests/guests/make-guest", (char *)kind,
            path, NULL,
        };

        g_spawn_sync(NULL, argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
                     NULL, NULL, &status, &err);
        g_assert_no_error(err);
        g_spawn_check_wait_status(status, &err);
        g_assert_no_error(err);
    }
    return g_steal_pointer(&path);
}

ByteSource *guest_source(const char *kind)
{
    g_autofree char *path = guest_path(kind);

    return path ? file_source_new(path) : NULL;
}
