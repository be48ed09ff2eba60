/*
 * Disks of find-disk.py, and the Windows that is found on them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEST_FIND_FIXTURE_H
#define TEST_FIND_FIXTURE_H

#include "windows.h"

#define FIND_MAX_WISHES 6

/* A disk, and boot.ini as a case has it in place of the disk's own. */
typedef struct Found {
    ByteSource *source;
    Overlay *overlay;
    Disk *disk;
    WindowsPlace place;
    GPtrArray *others;
    GPtrArray *warnings;
    GError *err;
} Found;

/*
 * The disk with those partitions; @dynamic, which may be NULL, is a kind of
 * dynamic disk.  NULL, and the test is marked as skipped, if a tool is missing.
 */
ByteSource *find_make_disk(const char *dynamic,
                           const char *const wishes[FIND_MAX_WISHES]);

/*
 * Takes @source, with that boot.ini unless it is NULL; false if @source is
 * NULL.
 */
bool found_open(Found *found, ByteSource *source, const char *boot_ini);

/* Replaces a file of an NTFS volume. */
void found_write(Found *found, const Partition *partition, const char *path,
                 GBytes *bytes);

/*
 * "1:\WINDOWS 2:\WINNT": the Windows that was chosen, then the others; to
 * be freed.  An error is in @found->err.
 */
char *found_find(Found *found, const char *wanted);

void found_clear(Found *found);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Found, found_clear)

#endif /* TEST_FIND_FIXTURE_H */
