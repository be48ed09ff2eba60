/*
 * Files that the user named, as sources of the helper's
 *
 * A text (a profile, a .reg file) is opened at once and stays open.  Of a
 * folder of drivers only the names and sizes are taken: few of its thousands
 * of files will ever be read.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "qapi/error.h"
#include "qemu/timer.h"
#include "xenprep-files.h"
#include "xenprep-protocol.h"
#include "xenprep-sources.h"

/* Beside a profile; each stays open while the helper runs. */
#define MAX_TEXTS 126

int xenprep_file_open(const char *path, uint64_t max_size, struct stat *st,
                      Error **errp)
{
    int ret = 0;
    /* O_NONBLOCK: not to hang on a FIFO. */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0) {
        ret = -errno;
        error_setg_errno(errp, -ret, "Could not open '%s'", path);
        return ret;
    }
    if (fstat(fd, st) < 0) {
        ret = -errno;
        error_setg_errno(errp, -ret, "cannot tell the size of '%s'", path);
    } else if (!S_ISREG(st->st_mode)) {
        ret = -EINVAL;
        error_setg(errp, "'%s' is not a regular file", path);
    } else if (st->st_size > max_size) {
        ret = -EFBIG;
        error_setg(errp, "'%s' has %" PRId64 " bytes, more than the limit of "
                   "%" PRIu64 ": is it the right file?", path,
                   (int64_t)st->st_size, max_size);
    } else {
        return fd;
    }
    qemu_close(fd);
    return ret;
}

int64_t xenprep_file_mtime(const struct stat *st)
{
    return st->st_mtim.tv_sec * NANOSECONDS_PER_SECOND + st->st_mtim.tv_nsec;
}

/* The last part of @path as a name that can be shown. */
static char *display_name(const char *path)
{
    g_autofree char *base = g_path_get_basename(path);
    /* A name that is not UTF-8 cannot be asked for, but can be shown. */
    char *name = g_utf8_make_valid(base, -1);

    if (strlen(name) > XENPREP_MAX_NAME) {
        *g_utf8_find_prev_char(name, name + XENPREP_MAX_NAME) = '\0';
    }
    return name;
}

static void add_file(XenprepSources *sources, const char *path, int fd,
                     uint64_t size)
{
    XenprepSource source = {
        .name = display_name(path),
        .size = size,
        .fd = fd,
    };

    g_array_append_val(sources->array, source);
}

/* The next source is the last one of @range. */
static bool extend_range(XenprepSources *sources, XenprepSourceRange *range,
                         const char *path, Error **errp)
{
    if (sources->array->len >= XENPREP_MAX_SOURCES) {
        error_setg(errp, "'%s': driver-source has more than %d files: name the "
                   "files, or a folder that holds few others", path,
                   XENPREP_MAX_SOURCES);
        return false;
    }
    if (range->count++ == 0) {
        range->first = sources->array->len;
    }
    return true;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a directory, ordered, to be freed with g_strfreev(). */
static char **list_names(const char *directory, const char *purpose,
                         Error **errp)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(GDir) dir = g_dir_open(directory, 0, &err);
    GPtrArray *names;
    const char *name;

    if (!dir) {
        error_setg(errp, "cannot look for %s: %s", purpose,
                   err->message);
        return NULL;
    }
    names = g_ptr_array_new();
    while ((name = g_dir_read_name(dir))) {
        g_ptr_array_add(names, g_strdup(name));
    }
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, false);
}

static bool ends_in(const char *name, const char *ending)
{
    size_t length = strlen(name);
    size_t tail = strlen(ending);

    return length > tail &&
           g_ascii_strcasecmp(name + length - tail, ending) == 0;
}

/* What a profile may refer to. */
static bool is_text_name(const char *name)
{
    return ends_in(name, ".reg") || ends_in(name, ".profile");
}

/*
 * The paths of all that ends in .reg or .profile in the directory of @profile,
 * but for itself, ordered by name.
 */
static GPtrArray *list_texts(const char *profile, const char *directory,
                             Error **errp)
{
    g_auto(GStrv) names = list_names(directory, "files beside the profile",
                                     errp);
    g_autofree char *itself = g_path_get_basename(profile);
    GPtrArray *paths;

    if (!names) {
        return NULL;
    }
    paths = g_ptr_array_new_with_free_func(g_free);
    for (char **name = names; *name; name++) {
        if (is_text_name(*name) && strcmp(*name, itself) != 0) {
            g_ptr_array_add(paths, g_build_filename(directory, *name, NULL));
        }
    }
    return paths;
}

static bool add_if_regular(XenprepSources *sources, const char *path,
                           Error **errp)
{
    Error *err = NULL;
    struct stat st;
    int fd = xenprep_file_open(path, XENPREP_MAX_TEXT, &st, &err);

    if (fd == -EINVAL) {
        /* A directory named x.reg: none of the profile's. */
        error_free(err);
        return true;
    }
    if (fd < 0) {
        error_propagate(errp, err);
        return false;
    }
    add_file(sources, path, fd, st.st_size);
    return true;
}

bool xenprep_sources_add_profile(XenprepSources *sources, const char *path,
                                 Error **errp)
{
    g_autofree char *directory = g_path_get_dirname(path);
    g_autoptr(GPtrArray) texts = NULL;
    struct stat st;
    int fd = xenprep_file_open(path, XENPREP_MAX_TEXT, &st, errp);

    if (fd < 0) {
        return false;
    }
    sources->profile = sources->array->len;
    add_file(sources, path, fd, st.st_size);
    texts = list_texts(path, directory, errp);
    if (!texts) {
        return false;
    }
    if (texts->len > MAX_TEXTS) {
        error_setg(errp, "'%s' holds %u .reg and .profile files, more than "
                   "the limit of %u: put the profile into a directory of its "
                   "own, with the files that it names", directory, texts->len,
                   MAX_TEXTS);
        return false;
    }
    for (guint i = 0; i < texts->len; i++) {
        if (!add_if_regular(sources, g_ptr_array_index(texts, i), errp)) {
            return false;
        }
    }
    return true;
}

bool xenprep_sources_add_reg_file(XenprepSources *sources, const char *path,
                                  Error **errp)
{
    struct stat st;
    int fd = xenprep_file_open(path, XENPREP_MAX_TEXT, &st, errp);

    if (fd < 0) {
        return false;
    }
    if (!extend_range(sources, &sources->reg_files, path, errp)) {
        qemu_close(fd);
        return false;
    }
    add_file(sources, path, fd, st.st_size);
    return true;
}

/* Whether a driver source's name begins with @prefix, or is it. */
static bool is_used(const XenprepSources *sources, const char *prefix)
{
    const XenprepSourceRange *range = &sources->drivers;
    size_t length = strlen(prefix);

    for (uint32_t i = 0; i < range->count; i++) {
        const char *name = xenprep_sources_get(sources,
                                               range->first + i)->name;

        if (strncmp(name, prefix, length) == 0 &&
            (name[length] == '/' || name[length] == '\0')) {
            return true;
        }
    }
    return false;
}

/*
 * What the file or folder @path is called in messages: its own name.  Two
 * folders of one name are two sources, so that the second one is numbered.
 */
static char *unused_name(const XenprepSources *sources, const char *path)
{
    g_autofree char *name = display_name(path);

    /* A file's own name has to follow. */
    if (strlen(name) > XENPREP_MAX_NAME / 2) {
        *g_utf8_find_prev_char(name, name + XENPREP_MAX_NAME / 2) = '\0';
    }
    for (unsigned i = 2; is_used(sources, name); i++) {
        g_autofree char *plain = display_name(path);

        g_free(name);
        name = g_strdup_printf("%.100s (%u)", plain, i);
    }
    return g_steal_pointer(&name);
}

/* A file that will be opened when the helper asks for its bytes. */
static bool add_closed_file(XenprepSources *sources, const char *path,
                            const char *name, const struct stat *st,
                            Error **errp)
{
    XenprepSource source = {
        .fd = -1,
        .size = st->st_size,
        .mtime = xenprep_file_mtime(st),
    };

    if (!extend_range(sources, &sources->drivers, path, errp)) {
        return false;
    }
    source.name = g_strdup(name);
    source.path = g_strdup(path);
    g_array_append_val(sources->array, source);
    return true;
}

/* The folders of a setup CD that hold drivers. */
static bool is_platform_folder(const char *name)
{
    return g_ascii_strcasecmp(name, "i386") == 0 ||
           g_ascii_strcasecmp(name, "amd64") == 0;
}

/*
 * Adds the files in @directory; @shown is what it is called in messages.  What
 * is no file, is too large or has a name that nobody could ask for is none of
 * the drivers.
 */
static bool add_folder(XenprepSources *sources, const char *directory,
                       const char *shown, bool descend, Error **errp)
{
    g_auto(GStrv) names = list_names(directory, "drivers", errp);

    for (char **name = names; name && *name; name++) {
        g_autofree char *path = g_build_filename(directory, *name, NULL);
        g_autofree char *below = g_strconcat(shown, "/", *name, NULL);
        struct stat st;
        bool ok = true;

        if (stat(path, &st) < 0 || strlen(below) > XENPREP_MAX_NAME ||
            !g_utf8_validate(below, -1, NULL)) {
            continue;
        }
        if (S_ISREG(st.st_mode) && st.st_size <= XENPREP_MAX_DRIVER_SIZE) {
            ok = add_closed_file(sources, path, below, &st, errp);
        } else if (S_ISDIR(st.st_mode) && descend &&
                   is_platform_folder(*name)) {
            ok = add_folder(sources, path, below, false, errp);
        }
        if (!ok) {
            return false;
        }
    }
    return names != NULL;
}

static bool add_driver_folder(XenprepSources *sources, const char *path,
                              Error **errp)
{
    g_autofree char *shown = unused_name(sources, path);
    uint32_t before = sources->drivers.count;

    if (!add_folder(sources, path, shown, true, errp)) {
        return false;
    }
    if (sources->drivers.count == before) {
        error_setg(errp, "the folder '%s' holds no files that could be "
                   "drivers: name the folder that holds them, as I386 of a "
                   "setup CD", path);
        return false;
    }
    return true;
}

static bool add_driver_file(XenprepSources *sources, const char *path,
                            Error **errp)
{
    g_autofree char *shown = display_name(path);
    struct stat st;
    int fd = xenprep_file_open(path, XENPREP_MAX_DRIVER_SIZE, &st, errp);

    if (fd < 0) {
        return false;
    }
    qemu_close(fd);
    if (is_used(sources, shown)) {
        error_setg(errp, "'%s' is the second file of that name in "
                   "driver-source: name one of them", path);
        return false;
    }
    return add_closed_file(sources, path, shown, &st, errp);
}

bool xenprep_sources_add_drivers(XenprepSources *sources, const char *path,
                                 Error **errp)
{
    return g_file_test(path, G_FILE_TEST_IS_DIR)
           ? add_driver_folder(sources, path, errp)
           : add_driver_file(sources, path, errp);
}
