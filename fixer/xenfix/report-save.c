/*
 * A page that is written to a file
 *
 * A mistyped name must not cost anybody a disk: a file that is there is only
 * replaced if it is a page already.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "report-page.h"
#include "report-save.h"

#include "qapi/error.h"

/* Whether a file is empty, or begins as a page does. */
static bool is_page(int fd)
{
    char head[sizeof(REPORT_PAGE_HEAD) - 1];
    ssize_t length = pread(fd, head, sizeof(head), 0);

    return length == 0 || (length == sizeof(head) &&
                           memcmp(head, REPORT_PAGE_HEAD, length) == 0);
}

bool report_may_save(const char *path, Error **errp)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;
    bool ok = false;

    if (fd < 0 && errno == ENOENT) {
        return true;
    }
    if (fd < 0) {
        error_setg_errno(errp, errno, "Could not look whether '%s' is a page "
                         "that may be replaced", path);
        return false;
    }
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        error_setg(errp, "'%s' is no file; name one for the page", path);
    } else if (!is_page(fd)) {
        error_setg(errp, "'%s' exists, and is no page of win-xenfix; name "
                   "another file, or move it away", path);
    } else {
        ok = true;
    }
    close(fd);
    return ok;
}

/* A link stays one, and what it leads to is replaced. */
static char *real_path(const char *path)
{
    g_autofree char *real = realpath(path, NULL);

    return g_strdup(real ?: path);
}

bool report_save(const char *path, const char *page, size_t length,
                 Error **errp)
{
    g_autofree char *real = real_path(path);
    g_autoptr(GError) error = NULL;

    if (!g_file_set_contents(real, page, length, &error)) {
        error_setg(errp, "Could not write the page '%s': %s", path,
                   error->message);
        return false;
    }
    return true;
}
