/*
 * Files that the user named, as sources of the helper's
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_FILES_H
#define XENPREP_FILES_H

#include "qemu/units.h"

/* A cabinet: its own format allows no more. */
#define XENPREP_MAX_DRIVER_SIZE (2 * GiB)

/*
 * Opens @path if it is a regular file of at most @max_size bytes, and sets
 * @st.  Returns a descriptor or -errno and @errp; -EINVAL is what is no
 * regular file.
 */
int xenprep_file_open(const char *path, uint64_t max_size, struct stat *st,
                      Error **errp);

/* When a file was last changed, in nanoseconds since 1970. */
int64_t xenprep_file_mtime(const struct stat *st);

#endif /* XENPREP_FILES_H */
