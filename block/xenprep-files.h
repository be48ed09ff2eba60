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
 * Opens @path if it is a regular file and small enough.  -1 and @errp
 * otherwise; *@regular then tells whether it is a regular file.
 */
int xenprep_file_open(const char *path, uint64_t max_size, uint64_t *size,
                      bool *regular, Error **errp);

#endif /* XENPREP_FILES_H */
