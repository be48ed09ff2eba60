/*
 * Mapping: whether the files below hold what the disk maps into them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef XENPREP_MAPPING_H
#define XENPREP_MAPPING_H

#include "win-xenprep-compat.h"

/*
 * Whether data of @disk may be mapped beyond the end of a file: not if the
 * disk is the file.
 */
bool xenprep_mapping_can_be_cut(BlockDriverState *disk);

/*
 * Compares the extents of a VMDK, and of those that it is based on, with
 * the lengths of their files.  Returns 0, or -errno with @errp set for one
 * that is cut off.
 */
int GRAPH_RDLOCK
xenprep_mapping_check_extents(BlockDriverState *disk, Error **errp);

/*
 * Block status of all layers of @disk as one, as for
 * bdrv_co_common_block_status_above(); -EIO if the data are mapped beyond the
 * end of their file.
 */
int coroutine_fn GRAPH_RDLOCK
xenprep_mapping_co_status(BlockDriverState *disk, XenprepStatusMode mode,
                          int64_t offset, int64_t bytes, int64_t *pnum,
                          int64_t *map, BlockDriverState **file);

/*
 * The length of the local file that a disk is in, 0 if it is in something
 * else, or -errno.
 */
int64_t GRAPH_RDLOCK xenprep_mapping_file_length(BlockDriverState *disk);

/*
 * Returns 0 if that file still has @length bytes, or more.  What it has lost
 * would read as zeros.
 */
int coroutine_fn GRAPH_RDLOCK
xenprep_mapping_co_check_length(BlockDriverState *disk, int64_t length);

/* The same for the main loop. */
int GRAPH_RDLOCK
xenprep_mapping_check_length(BlockDriverState *disk, int64_t length);

/* Returns 0 if no byte of the range is mapped beyond the end of its file. */
int coroutine_fn GRAPH_RDLOCK
xenprep_mapping_co_check(BlockDriverState *disk, int64_t offset,
                         int64_t bytes);

/* The same for the main loop. */
int GRAPH_RDLOCK
xenprep_mapping_check(BlockDriverState *disk, int64_t offset, int64_t bytes);

#endif /* XENPREP_MAPPING_H */
