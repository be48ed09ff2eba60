/*
 * Discard: whether the disk is such that one can tell what is free
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "discard-internal.h"
#include "error.h"

static bool overlap(const Partition *a, const Partition *b)
{
    return a->start < b->start + b->size && b->start < a->start + a->size;
}

/* A cluster that is free on one volume could be in use on another. */
static bool check_apart(const Disk *disk, const Partition *partition,
                        GError **errp)
{
    for (guint i = 0; i < disk->partitions->len; i++) {
        const Partition *other = &g_array_index(disk->partitions, Partition,
                                                i);

        if (other != partition && overlap(partition, other)) {
            g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                        "partitions %u and %u overlap, so that what one "
                        "calls free may be in use on the other",
                        partition->number, other->number);
            return false;
        }
    }
    return true;
}

static bool check_no_table(const Disk *disk, const Partition *partition,
                           GError **errp)
{
    for (guint i = 0; i < disk->tables->len; i++) {
        const DiskTable *table = &g_array_index(disk->tables, DiskTable, i);

        if (table->offset < partition->start + partition->size &&
            partition->start < table->offset + table->size) {
            g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                        "partition %u: a partition table lies in it, at "
                        "offset %" G_GUINT64_FORMAT " of the disk",
                        partition->number, table->offset);
            return false;
        }
    }
    return true;
}

/*
 * What a volume of a dynamic disk consists of is known to the disk's database
 * only: an entry in the partition table may cover several of them.
 */
static bool check_basic(const Partition *partition, GError **errp)
{
    if (partition->type == PARTITION_TYPE_LDM) {
        g_set_error(errp, GUEST_ERROR, GUEST_ERROR_REFUSED,
                    "partition %u: the disk is dynamic, a cluster that is "
                    "free on one volume may be a part of another",
                    partition->number);
        return false;
    }
    return true;
}

bool discard_check_disk(const Disk *disk, GError **errp)
{
    for (guint i = 0; i < disk->partitions->len; i++) {
        const Partition *partition = &g_array_index(disk->partitions,
                                                    Partition, i);

        if (partition->size > 0 &&
            (!check_basic(partition, errp) ||
             !check_apart(disk, partition, errp) ||
             !check_no_table(disk, partition, errp))) {
            return false;
        }
    }
    return true;
}

bool discard_is_windows_type(uint8_t type)
{
    return type == PARTITION_TYPE_IFS ||
           type == PARTITION_TYPE_IFS_HIDDEN ||
           type == PARTITION_TYPE_RECOVERY;
}
