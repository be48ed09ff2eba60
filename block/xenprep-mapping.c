/*
 * Mapping: whether the files below hold what the disk maps into them
 *
 * Notes on the design
 *
 * A copy of a VMDK that broke off half-way is a shorter file, whose tables
 * map data beyond its end.  What lies beyond the end of a file reads as zeros
 * in QEMU, so that "qemu-img convert" makes a disk with holes of it and ends
 * with status 0.  A disk that somebody moves away from VMware is often the
 * only copy of it, and the holes are found when the guest fails.
 *
 * So what is mapped is compared with the length of the file: block status and
 * reads fail with EIO where data lie beyond the end.  That costs no scan of
 * the disk.  It is the length at that time: somebody may write over a file
 * while it is converted.  The extents of a VMDK have known lengths, those of
 * flat ones are compared when the disk is opened, before a target exists.
 *
 * A flat extent that is cut reports zeros and data at once: data, since the
 * VMDK says so, and zeros, since the file has none.  Therefore zeros do not
 * excuse.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"

#include "block/coroutines.h"
#include "qapi/error.h"
#include "qapi/qapi-visit-block-core.h"
#include "xenprep-mapping.h"

/* Runs without data that are told of as one: 64 MiB of a VMDK. */
#define MAX_MERGED 1024

bool xenprep_mapping_can_be_cut(BlockDriverState *disk)
{
    BlockDriver *drv = disk->drv;

    return !drv->protocol_name && strcmp(drv->format_name, "raw") != 0;
}

/* Whether the status of a range says that its data are at *@map in a file. */
static bool is_mapped(int status)
{
    return (status & BDRV_BLOCK_DATA) && (status & BDRV_BLOCK_OFFSET_VALID);
}

/* Whether a file of @length bytes ends before @end; or -errno. */
static int check_end(int64_t end, int64_t length)
{
    if (length < 0) {
        return length;
    }
    /* The last sector may be a part of one. */
    return end > ROUND_UP(length, BDRV_SECTOR_SIZE) ? -EIO : 0;
}

static int coroutine_fn GRAPH_RDLOCK
co_status_of_run(BlockDriverState *disk, XenprepStatusMode mode,
                 int64_t offset, int64_t bytes, int64_t *pnum,
                 int64_t *map, BlockDriverState **file)
{
    int ret = bdrv_co_common_block_status_above(disk, NULL, false,
                                                mode | XENPREP_STATUS_MAPPING,
                                                offset, bytes, pnum, map,
                                                file, NULL);
    int cut = 0;

    if (ret >= 0 && is_mapped(ret) && *file) {
        cut = check_end(*map + *pnum, xenprep_co_exact_length(*file));
    }
    return cut < 0 ? cut : ret;
}

/*
 * VMDK tells of each grain of 64 KiB by itself.  Where nothing is allocated,
 * those that follow are told of with it: most of a sparse disk is that, and a
 * conversion has less to ask then than it has without us.  Data stay apart,
 * or it would take larger buffers.
 */
int coroutine_fn GRAPH_RDLOCK
xenprep_mapping_co_status(BlockDriverState *disk, XenprepStatusMode mode,
                          int64_t offset, int64_t bytes, int64_t *pnum,
                          int64_t *map, BlockDriverState **file)
{
    int ret = co_status_of_run(disk, mode, offset, bytes, pnum, map, file);

    if (ret < 0 || (ret & (BDRV_BLOCK_DATA | BDRV_BLOCK_OFFSET_VALID))) {
        return ret;
    }
    for (int i = 0; i < MAX_MERGED && *pnum < bytes; i++) {
        BlockDriverState *next_file = NULL;
        int64_t next_map = 0;
        int64_t n = 0;

        if (co_status_of_run(disk, mode, offset + *pnum, bytes - *pnum, &n,
                             &next_map, &next_file) != ret || n == 0) {
            break;
        }
        *pnum += n;
    }
    return ret;
}

/* The local file that a disk is in, or NULL; extents of a VMDK are others. */
static BlockDriverState * GRAPH_RDLOCK local_file(BlockDriverState *disk)
{
    while (disk && disk->drv && !disk->drv->protocol_name) {
        disk = bdrv_primary_bs(disk);
    }
    return disk && disk->drv && strcmp(disk->drv->format_name, "file") == 0
           ? disk : NULL;
}

int64_t GRAPH_RDLOCK xenprep_mapping_file_length(BlockDriverState *disk)
{
    BlockDriverState *file = local_file(disk);

    return file ? xenprep_exact_length(file) : 0;
}

static int compare_lengths(int64_t now, int64_t before)
{
    return now < 0 ? now : now < before ? -EIO : 0;
}

int coroutine_fn GRAPH_RDLOCK
xenprep_mapping_co_check_length(BlockDriverState *disk, int64_t length)
{
    BlockDriverState *file = length > 0 ? local_file(disk) : NULL;

    return compare_lengths(file ? xenprep_co_exact_length(file) : length,
                           length);
}

int GRAPH_RDLOCK
xenprep_mapping_check_length(BlockDriverState *disk, int64_t length)
{
    BlockDriverState *file = length > 0 ? local_file(disk) : NULL;

    return compare_lengths(file ? xenprep_exact_length(file) : length, length);
}

int coroutine_fn GRAPH_RDLOCK
xenprep_mapping_co_check(BlockDriverState *disk, int64_t offset,
                         int64_t bytes)
{
    while (bytes > 0) {
        BlockDriverState *file = NULL;
        int64_t map = 0;
        int64_t n = 0;
        int ret = xenprep_mapping_co_status(disk, XENPREP_STATUS_MAPPING,
                                            offset, bytes, &n, &map, &file);

        if (ret < 0) {
            return ret;
        }
        if (n == 0) {
            /* Beyond the end of the disk: a read tells what is there. */
            return 0;
        }
        offset += n;
        bytes -= n;
    }
    return 0;
}

int GRAPH_RDLOCK
xenprep_mapping_check(BlockDriverState *disk, int64_t offset, int64_t bytes)
{
    while (bytes > 0) {
        BlockDriverState *file = NULL;
        int64_t map = 0;
        int64_t n = 0;
        int ret = bdrv_block_status_above(disk, NULL, offset, bytes, &n, &map,
                                          &file);

        if (ret >= 0 && is_mapped(ret) && file) {
            ret = check_end(map + n, xenprep_exact_length(file));
        }
        if (ret < 0 || n == 0) {
            return MIN(ret, 0);
        }
        offset += n;
        bytes -= n;
    }
    return 0;
}

/* Whether the last sector before @end is in its file, if it is mapped. */
static int GRAPH_RDLOCK
check_last_sector(BlockDriverState *layer, const char *extent, int64_t end,
                  Error **errp)
{
    BlockDriverState *file = NULL;
    int64_t map = 0;
    int64_t n = 0;
    int64_t length;
    int ret = bdrv_block_status(layer, end - BDRV_SECTOR_SIZE,
                                BDRV_SECTOR_SIZE, &n, &map, &file);

    if (ret < 0) {
        error_setg_errno(errp, -ret, "cannot tell whether '%s' is complete",
                         extent);
        return ret;
    }
    if (!is_mapped(ret) || !file) {
        return 0;
    }
    length = bdrv_getlength(file);
    if (length < 0 || map + n > length) {
        error_setg(errp, "'%s' is cut off: it has %" PRId64 " bytes and "
                   "should have %" PRId64 "; copy it from VMware again",
                   extent, length, map + n);
        return -EIO;
    }
    return 0;
}

/*
 * A file with data of a VMDK has whole sectors.  bdrv_getlength() would count
 * one of which only a part is left as whole, so that the rest reads as zeros.
 */
static int GRAPH_RDLOCK check_whole_sectors(BlockDriverState *file,
                                            Error **errp)
{
    int64_t length = xenprep_exact_length(file);

    if (length < 0) {
        error_setg_errno(errp, -length, "cannot tell the length of '%s'",
                         file->filename);
        return length;
    }
    if (length % BDRV_SECTOR_SIZE) {
        error_setg(errp, "'%s' is cut off: its %" PRId64 " bytes are no "
                   "whole sectors; copy it from VMware again",
                   file->filename, length);
        return -EIO;
    }
    return 0;
}

/* One layer: the disk itself, or what it is based on. */
static int GRAPH_RDLOCK
check_layer(BlockDriverState *layer, Error **errp)
{
    g_autoptr(ImageInfoSpecific) info = NULL;
    BdrvChild *child;
    int64_t end = 0;

    /* Others may have to read for what they would tell, and fail. */
    if (strcmp(layer->drv->format_name, "vmdk") != 0) {
        return 0;
    }
    info = bdrv_get_specific_info(layer, errp);
    if (!info) {
        return -EIO;
    }
    /* A descriptor in a file of its own has no data. */
    QLIST_FOREACH(child, &layer->children, next) {
        if (child->role & BDRV_CHILD_DATA) {
            int ret = check_whole_sectors(child->bs, errp);

            if (ret < 0) {
                return ret;
            }
        }
    }
    for (XenprepExtentList *extent = info->u.vmdk.data->extents; extent;
         extent = extent->next) {
        int ret;

        end += extent->value->virtual_size;
        ret = check_last_sector(layer, extent->value->filename, end, errp);
        if (ret < 0) {
            return ret;
        }
    }
    return 0;
}

int GRAPH_RDLOCK
xenprep_mapping_check_extents(BlockDriverState *disk, Error **errp)
{
    int ret = 0;

    for (BlockDriverState *layer = bdrv_skip_filters(disk);
         layer && ret == 0; layer = bdrv_backing_chain_next(layer)) {
        ret = check_layer(layer, errp);
    }
    return ret;
}
