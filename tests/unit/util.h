/*
 * What several unit tests need
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEST_UTIL_H
#define TEST_UTIL_H

#include "source.h"

/*
 * The path of @name below the directory of real Windows files, to be freed;
 * or NULL, and the test is marked as skipped, if that is not there.
 */
char *shared_data(const char *name);

/* The whole file; fails the test if it cannot be read. */
GBytes *read_file(const char *path);

/* The file as a source that is read piece by piece. */
ByteSource *file_source_new(const char *path);

/*
 * A guest of tests/guests/make-guest, made on first use and kept; the path
 * of its raw disk, to be freed.  NULL, and the test is marked as skipped, if
 * it cannot be built here.
 */
char *guest_path(const char *kind);

/* The same as a source. */
ByteSource *guest_source(const char *kind);

#endif /* TEST_UTIL_H */
